"""Which objects, and which of their fields, differ between two states of the repository."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.objects import Identity, Object, Path, dotted_path, leaves
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.values import is_same


@dataclass(frozen=True)
class ObjectChange:
    identity: Identity
    before: Object | None
    """None: the object is new."""
    after: Object | None
    """None: the object goes."""
    fields: tuple[Path, ...]
    """Where the two differ; empty for a whole object."""

    @property
    def places(self) -> frozenset[str]:
        """What the change touches, in words that can be compared and shown."""
        if not self.fields:
            return frozenset({str(self.identity)})
        return frozenset(f"{self.identity} {dotted_path(path)}" for path in self.fields)

    def meets(self, other: ObjectChange) -> frozenset[str]:
        """What two changes of the same object have in common; a whole object has all its fields."""
        if self.identity != other.identity:
            return frozenset()
        if not self.fields or not other.fields:
            return frozenset({str(self.identity)})
        return self.places & other.places


def changed_objects(before: Desired, after: Desired) -> tuple[ObjectChange, ...]:
    old, new = _by_identity(before.declarations), _by_identity(after.declarations)
    found = []
    for identity in dict.fromkeys([*old, *new]):
        if old.get(identity) is new.get(identity):
            continue
        was = old[identity].object if identity in old else None
        now = new[identity].object if identity in new else None
        if is_same(was, now):
            continue
        fields = _changed_fields(was, now) if was is not None and now is not None else ()
        found.append(ObjectChange(identity, was, now, fields))
    return tuple(found)


def _by_identity(declarations: Iterable[Declaration]) -> dict[Identity, Declaration]:
    return {one.identity: one for one in declarations}


def _changed_fields(before: Object, after: Object) -> tuple[Path, ...]:
    old, new = dict(leaves(before)), dict(leaves(after))
    missing = object()
    return tuple(
        path for path in dict.fromkeys([*old, *new]) if not is_same(old.get(path, missing), new.get(path, missing))
    )

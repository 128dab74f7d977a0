"""Who owns which field: metadata.managedFields, the conflicts of server-side apply, and what an apply removes.

As the API server does it, but for three things: every list is one value, also those that a schema merges by a key;
fields that are maps are owned by their leaves only; and a write of the sandbox's own takes a field from its owner
without becoming one itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.store.errors import ApiError
from gitops_mcp.sandbox.store.metadata import now
from gitops_mcp.sandbox.store.patches import equal

Field = tuple[str, ...]
Fields = frozenset[Field]

_IDENTITY = frozenset({"apiVersion", "kind"})
_METADATA = frozenset({"labels", "annotations", "finalizers", "ownerReferences"})
_MISSING = object()


@dataclass(frozen=True)
class Owner:
    """One who writes, in one way."""

    manager: str
    operation: Literal["Apply", "Update"]
    subresource: str | None = None

    def described(self, api_version: str) -> str:
        """As a conflict names it."""
        within = f' with subresource "{self.subresource}"' if self.subresource else ""
        return f'"{self.manager}"{within}' + ("" if self.operation == "Apply" else f" using {api_version}")


@dataclass(frozen=True)
class ManagedFieldsEntry:
    owner: Owner
    api_version: str
    time: str
    fields: Fields

    @classmethod
    def read(cls, value: Object) -> ManagedFieldsEntry:
        owner = Owner(value["manager"], value["operation"], value.get("subresource"))
        return cls(owner, value["apiVersion"], value["time"], frozenset(_from_v1(value["fieldsV1"])))

    @property
    def value(self) -> Object:
        made = {
            "manager": self.owner.manager,
            "operation": self.owner.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": _as_v1(self.fields),
        }
        return made | ({"subresource": self.owner.subresource} if self.owner.subresource else {})


def managed_fields_entries(value: Object) -> tuple[ManagedFieldsEntry, ...]:
    return tuple(map(ManagedFieldsEntry.read, value["metadata"].get("managedFields") or ()))


def fields_of(value: Object) -> Fields:
    """Every leaf that somebody can own."""
    found = []
    for key, part in value.items():
        if key == "metadata":
            found += [("metadata", *field) for field in _leaves(part) if field[0] in _METADATA]
        elif key not in _IDENTITY:
            found += [(key, *field) for field in _leaves(part)]
    return frozenset(found)


def record_update(old: Object | None, new: Object, owner: Owner | None) -> Object:
    """The new object with its owners, after a create, an update or a patch by `owner`."""
    before = managed_fields_entries(old) if old else ()
    if owner is None and not before:
        return new
    was, is_now = fields_of(old) if old else frozenset(), fields_of(new)
    changed = frozenset(field for field in is_now if not _same(_value_at(old, field), _value_at(new, field)))
    kept = {entry.owner: replace(entry, fields=entry.fields - changed - (was - is_now)) for entry in before}
    if owner is not None and changed:
        own = kept[owner].fields if owner in kept else frozenset()
        kept[owner] = ManagedFieldsEntry(owner, new["apiVersion"], now(), own | changed)
    return _with_owners(new, kept.values())


def merge_applied(old: Object, wanted: Object, owner: Owner, *, force: bool) -> Object:
    """The object as an apply makes it: with what is wanted, and without what only this owner had wanted before."""
    asked, before = fields_of(wanted), managed_fields_entries(old)
    conflicts = list(_conflicts(old, wanted, asked, before, owner))
    if conflicts and not force:
        raise _conflict_error(conflicts)
    mine = next((entry.fields for entry in before if entry.owner == owner), frozenset())
    theirs = frozenset[Field]().union(*(entry.fields for entry in before if entry.owner != owner))
    result = old
    for field in sorted(_with_parents(mine) - _with_parents(asked), key=len):
        # A section goes with what webhooks filled in there, unless another has something in it.
        if not any(other[: len(field)] == field for other in theirs):
            result = _without_field(result, field)
    made: Object = _overlay_value(
        result, {key: part for key, part in wanted.items() if key != "metadata"} | _applied_metadata(wanted)
    )
    return made


def record_apply(old: Object | None, new: Object, wanted: Object, owner: Owner) -> Object:
    """The new object with its owners, after an apply of `wanted` by `owner`, forced where there were conflicts."""
    before = managed_fields_entries(old) if old else ()
    asked = frozenset(field for field in fields_of(wanted) if _same(_value_at(new, field), _value_at(wanted, field)))
    lost = frozenset(field for field in asked if not _same(_value_at(old, field), _value_at(new, field)))
    kept = {entry.owner: replace(entry, fields=entry.fields - lost) for entry in before if entry.owner != owner}
    mine = next((entry for entry in before if entry.owner == owner), None)
    unchanged = mine is not None and mine.fields == asked
    kept[owner] = mine if mine and unchanged else ManagedFieldsEntry(owner, new["apiVersion"], now(), asked)
    return _with_owners(new, kept.values())


def _with_parents(fields: Fields) -> Fields:
    return frozenset(field[:size] for field in fields for size in range(1, len(field) + 1))


def _conflicts(
    old: Object, wanted: Object, asked: Fields, before: Iterable[ManagedFieldsEntry], owner: Owner
) -> Iterator[tuple[ManagedFieldsEntry, Field]]:
    for entry in before:
        if entry.owner != owner:
            for field in sorted(asked):
                owned = any(_overlap(field, other) for other in entry.fields)
                if owned and not _same(_value_at(old, field), _value_at(wanted, field)):
                    yield entry, field


def _conflict_error(conflicts: list[tuple[ManagedFieldsEntry, Field]]) -> ApiError:
    named = [
        (entry.owner.described(entry.api_version), "".join(f".{key}" for key in field)) for entry, field in conflicts
    ]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who}", "field": field} for who, field in named
    ]
    if len(named) == 1:
        why = f"1 conflict: conflict with {named[0][0]}: {named[0][1]}"
    else:
        lines = []
        for who in sorted({who for who, _ in named}):
            lines += [f"conflicts with {who}:", *(f"- {field}" for other, field in named if other == who)]
        why = f"{len(named)} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", f"Apply failed with {why}", {"causes": causes})


def _with_owners(value: Object, owners: Iterable[ManagedFieldsEntry]) -> Object:
    listed = [entry.value for entry in owners if entry.fields]
    rest = {key: part for key, part in value["metadata"].items() if key != "managedFields"}
    return {**value, "metadata": {**rest, **({"managedFields": listed} if listed else {})}}


def _applied_metadata(wanted: Object) -> Object:
    given = wanted.get("metadata") or {}
    # These are preconditions, or may not change, which admission checks.
    kept = _METADATA | {"resourceVersion", "uid", "deletionTimestamp", "name", "namespace"}
    return {"metadata": {key: part for key, part in given.items() if key in kept}}


def _leaves(value: Any) -> Iterator[Field]:
    if isinstance(value, dict):
        for key, part in value.items():
            if isinstance(part, dict) and part:
                yield from ((key, *field) for field in _leaves(part))
            else:
                yield (key,)


def _value_at(value: Any, field: Field) -> Any:
    for key in field:
        if not isinstance(value, dict) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _same(left: Any, right: Any) -> bool:
    return left is right or (left is not _MISSING and right is not _MISSING and equal(left, right))


def _overlap(left: Field, right: Field) -> bool:
    """Whether one is the other, or holds it."""
    shorter = min(len(left), len(right))
    return left[:shorter] == right[:shorter]


def _without_field(value: Object, field: Field) -> Object:
    """The object without a field, and without the maps that held nothing else."""
    first, rest = field[0], field[1:]
    part = value.get(first)
    if rest and isinstance(part, dict):
        left = _without_field(part, rest)
        if left:
            return {**value, first: left}
    return {key: other for key, other in value.items() if key != first}


def _overlay_value(value: Any, wanted: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(wanted, dict):
        return wanted
    return {**value, **{key: _overlay_value(value.get(key), part) for key, part in wanted.items()}}


def _as_v1(fields: Fields) -> Object:
    tree: Object = {}
    for field in sorted(fields):
        branch = tree
        for key in field:
            branch = branch.setdefault(f"f:{key}", {})
    return tree


def _from_v1(tree: Object) -> Iterator[Field]:
    for key, below in tree.items():
        if below:
            yield from ((key.removeprefix("f:"), *field) for field in _from_v1(below))
        else:
            yield (key.removeprefix("f:"),)

"""What an edit does to everything that the repository produces, by building it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain import model, yamledit
from gitops_mcp.domain.objects import Path, dotted, leaves
from gitops_mcp.domain.plan import FileChange
from gitops_mcp.domain.repository import Declaration, Desired
from gitops_mcp.domain.yamltext import Edit, same

_MOST = 8


@dataclass(frozen=True)
class Effect:
    after: Desired
    declared: Declaration | None
    """The object that was asked for, as it is then; None where it is there no more."""
    is_wanted: bool
    """It became what was asked for, in every field."""
    fields: tuple[Path, ...]
    """Of that object: what changes besides the field."""
    others: tuple[Declaration, ...]
    """Other objects that change, come or go, as they are before where they are."""

    @property
    def is_exact(self) -> bool:
        return self.is_wanted and not self.others


def effect(desired: Desired, changes: Iterable[FileChange], declared: Declaration, wanted: Edit) -> Effect:
    after = model.remodelled(desired, changes)
    before_all = {_key(one): one for one in desired.everything}
    after_all = {_key(one): one for one in after.everything}
    asked = _key(declared)
    now = after_all.get(asked)
    others = [
        before_all.get(key) or after_all[key]
        for key in (*before_all, *(key for key in after_all if key not in before_all))
        if key != asked and _differs(before_all.get(key), after_all.get(key))
    ]
    expected = declared.object
    normal = yamledit.normalized(expected, wanted)
    if normal is not None:
        expected = yamledit.applied(expected, normal)
    is_wanted = now is not None and same(now.object, expected) and (now.opaque is None or now.opaque == declared.opaque)
    return Effect(after, now, is_wanted, _besides(declared, now, wanted.path), tuple(others))


def labels(others: Iterable[Declaration]) -> str:
    """Objects with what applies them, each once."""
    found = tuple(dict.fromkeys(one.label for one in others))
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(found[:_MOST]) + more


def _differs(before: Declaration | None, after: Declaration | None) -> bool:
    return before is None or after is None or not same(before.object, after.object) or before.opaque != after.opaque


def _besides(before: Declaration, after: Declaration | None, path: Path) -> tuple[Path, ...]:
    if after is None:
        return ()
    old, new = dict(leaves(before.object)), dict(leaves(after.object))
    changed = [place for place in {**old, **new} if not same(old.get(place), new.get(place))]
    return tuple(place for place in changed if place[: len(path)] != path[: len(place)])


def fields(paths: Iterable[Path]) -> str:
    return ", ".join(dotted(path) for path in paths)


def _key(one: Declaration) -> tuple[object, ...]:
    by = one.applied
    engine = (by.engine, by.kind, by.namespace, by.name, by.destination, by.generated) if by else ()
    return (*engine, one.root, one.path, one.document, one.base, one.database, one.identity)

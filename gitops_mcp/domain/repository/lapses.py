"""What of a change the base does not say any more: set otherwise since, or gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Identity, Object, Path, dotted_path
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.yaml.values import is_same

_ABSENT = object()


@dataclass(frozen=True)
class Lapse:
    identity: Identity
    fields: tuple[Path, ...]
    """Empty: the object is gone, or is there again."""
    is_whole: bool
    """Whether nothing that was changed of the object stands any more."""
    is_reverted: bool
    """Whether all that lapsed is again what it was before the change."""

    def __str__(self) -> str:
        shown = ", ".join(dotted_path(path) for path in self.fields[:3])
        more = f" and {len(self.fields) - 3} more" if len(self.fields) > 3 else ""
        return f"{self.identity} {shown}{more}".rstrip()


def lapse_of(change: ObjectChange, now: Object | None) -> Lapse | None:
    """What of a change to an object has lapsed, where the base says this of it now; None: all of it stands."""
    before, after = change.before, change.after
    if after is None or now is None:
        if after is now:
            return None
        return Lapse(change.identity, (), True, before is now or (now is not None and is_same(before, now)))
    found = list(_fields(before or {}, after, now, ()))
    lapsed = [(path, back) for path, stands, back in found if not stands]
    if not lapsed:
        return None
    paths = tuple(path for path, _ in lapsed)
    return Lapse(change.identity, paths, len(lapsed) == len(found), all(back for _, back in lapsed))


def _fields(before: Any, after: Any, now: Any, path: Path) -> Iterator[tuple[Path, bool, bool]]:
    """Each changed field: whether it stands, and whether it is again as before. Items of lists count by their name."""
    if _is_equal(before, after):
        return
    parts = [_parts(value) for value in (before, after, now)]
    if _is_equal(after, now):
        yield path, True, False
    elif now is _ABSENT:
        yield path, False, before is _ABSENT
    elif parts[1] is not None and all(
        part is not None or value is _ABSENT for part, value in zip(parts, (before, after, now), strict=True)
    ):
        old, new, here = (part or {} for part in parts)
        for key in dict.fromkeys([*old, *new]):
            yield from _fields(old.get(key, _ABSENT), new.get(key, _ABSENT), here.get(key, _ABSENT), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and isinstance(now, list):
        added = [one for one in after if not _is_among(one, before)]
        removed = [one for one in before if not _is_among(one, after)]
        stands = all(_is_among(one, now) for one in added) and not any(_is_among(one, now) for one in removed)
        yield path, stands and bool(added or removed), _is_equal(before, now)
    else:
        yield path, False, _is_equal(before, now)


def _parts(value: Any) -> Mapping[str, Any] | None:
    """The fields of a mapping, or the items of a list by their names."""
    if isinstance(value, dict):
        return value
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in value)
    ):
        return {one["name"]: one for one in value}
    return None


def _is_among(item: Any, items: list[Any]) -> bool:
    return any(is_same(item, one) for one in items)


def _is_equal(one: Any, other: Any) -> bool:
    return one is other or (one is not _ABSENT and other is not _ABSENT and is_same(one, other))

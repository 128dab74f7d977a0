"""What a value is without what a change did to it, and the edits that make it so.

A list of mappings that all have a name is taken item by item; what has changed beside the change stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.yaml.edits import Remove, Set
from gitops_mcp.domain.yaml.values import is_same

ABSENT = object()


@dataclass(frozen=True)
class AddItem:
    """Before the one at the index, in the list at the path."""

    path: Path
    index: int
    item: Object


@dataclass(frozen=True)
class DropItem:
    path: Path
    name: str


UndoEdit = Set | Remove | AddItem | DropItem


def undo_edits(before: Any, after: Any, now: Any, path: Path = ()) -> Iterator[UndoEdit]:
    """What leads from `now` to what it is without the change; `after` is what the change made of `before`."""
    if _is_equal(before, after) or _is_equal(before, now):
        return
    parts = _parts_of(before, after, now)
    if parts is None:
        value = value_without(before, after, now)
        yield Remove(path) if value is ABSENT else Set(path, value)
    elif isinstance(now, list):
        yield from _edits_of_items(parts, path)
    else:
        old, new, here = parts
        for key in dict.fromkeys([*old, *new]):
            place = (*path, key)
            yield from undo_edits(old.get(key, ABSENT), new.get(key, ABSENT), here.get(key, ABSENT), place)


def value_without(before: Any, after: Any, now: Any) -> Any:
    """What `now` is without the change; ABSENT: nothing."""
    if _is_equal(before, after):
        return now
    parts = _parts_of(before, after, now)
    if parts is None:
        lists = [isinstance(value, list) for value in (before, after, now)]
        return _without_items(before, after, now) if all(lists) and not _is_equal(after, now) else before
    old, new, here = parts
    made = {
        key: value
        for key in _in_order(old, here)
        if (value := value_without(old.get(key, ABSENT), new.get(key, ABSENT), here.get(key, ABSENT))) is not ABSENT
    }
    return [*made.values()] if isinstance(now, list) else made


def _parts_of(before: Any, after: Any, now: Any) -> tuple[Mapping[str, Any], ...] | None:
    """The fields of three mappings, or the items of three lists by their names; None where they are taken whole."""
    if _is_equal(after, now) and (before is ABSENT or after is ABSENT):
        return None
    split = items_by_name if isinstance(now, list) else _fields_of
    parts = [split(value) for value in (before, after, now)]
    found = tuple(part for part in parts if part is not None)
    return found if len(found) == 3 and now is not ABSENT else None


def items_by_name(value: Any) -> Mapping[str, Any] | None:
    """The items of a list by their names; None for what is none, or has one without."""
    if value is ABSENT or value == []:
        return {}
    is_named = isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in value
    )
    found = {one["name"]: one for one in value} if is_named else {}
    return found if is_named and len(found) == len(value) else None


def _edits_of_items(parts: tuple[Mapping[str, Any], ...], path: Path) -> Iterator[UndoEdit]:
    old, new, here = parts
    for index, name in enumerate(here):
        if name in old and name in new:
            yield from undo_edits(old[name], new[name], here[name], (*path, index))
    yield from (DropItem(path, name) for name in here if name in new and name not in old)
    kept = [name for name in _in_order(old, here) if name in here or name not in new]
    kept = [name for name in kept if name in old or name not in new]
    yield from (AddItem(path, index, old[name]) for index, name in enumerate(kept) if name not in here)


def _without_items(before: list[Any], after: list[Any], now: list[Any]) -> list[Any]:
    """Of plain values: those that the change added go, and those that it took away come back."""
    kept = [one for one in now if _is_among(one, before) or not _is_among(one, after)]
    return [*kept, *(one for one in before if not _is_among(one, after) and not _is_among(one, kept))]


def _in_order(old: Iterable[str], here: Iterable[str]) -> list[str]:
    """Those of `here`, and each of the old ones that is missing behind the one that it stood behind."""
    found, before = [*here], -1
    for name in old:
        if name not in found:
            found.insert(before + 1, name)
        before = found.index(name)
    return found


def _fields_of(value: Any) -> Mapping[str, Any] | None:
    return value if isinstance(value, dict) else {} if value is ABSENT else None


def _is_among(item: Any, items: list[Any]) -> bool:
    return any(is_same(item, one) for one in items)


def _is_equal(one: Any, other: Any) -> bool:
    return one is other or (one is not ABSENT and other is not ABSENT and is_same(one, other))

"""What can be asked of a manifest, and what it means for the parsed value.

This is the model that an edited text is proved against, so it knows nothing of text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Path, at, dotted_path
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest


@dataclass(frozen=True)
class Set:
    """Gives a place this value; what is missing on the way is made, a new key stands last in its mapping.

    A mapping or list over another one is set part by part, so what stays the same keeps its text.
    """

    path: Path
    value: Any


@dataclass(frozen=True)
class Remove:
    """Takes a key or an item away; a key that is not there is already removed."""

    path: Path


@dataclass(frozen=True)
class Insert:
    """Puts an item before the one at `index`; the length of the list appends, and a missing list is made."""

    path: Path
    index: int
    value: Any


Edit = Set | Remove | Insert


def normalize_edit(value: Any, edit: Edit) -> Edit | None:
    """The same edit on a parent that is there, or None when there is nothing to do."""
    match edit:
        case Set(path, new):
            return _normalize_set(value, path, new)
        case Insert(path, index, new):
            return _normalize_insert(value, path, index, new)
        case Remove(path):
            return _normalize_remove(value, path)


def apply_edit(value: Any, edit: Edit) -> Any:
    """A value with one normalized edit made; the original stays as it is."""
    if isinstance(edit, Set) and not edit.path:
        return edit.value
    place = edit.path if isinstance(edit, Insert) else edit.path[:-1]
    parent = at(value, *place).copy()
    match edit:
        case Set(path, new):
            parent[path[-1]] = new
        case Insert(_, index, new):
            parent.insert(index, new)
        case Remove(path):
            del parent[path[-1]]
    return apply_edit(value, Set(place, parent))


def edits_between(old: Any, new: Any, path: Path) -> Iterator[Edit]:
    """The parts that make one mapping or list the other, in an order in which each can be made."""
    if is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        for key, value in new.items():
            yield from edits_between(old[key], value, (*path, key)) if key in old else [Set((*path, key), value)]
        yield from (Remove((*path, key)) for key in old if key not in new)
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        yield from _list_edits_between(old, new, path)
    else:
        yield Set(path, new)


def _list_edits_between(old: list[Any], new: list[Any], path: Path) -> Iterator[Edit]:
    matcher = SequenceMatcher(None, [*map(_item_identity, old)], [*map(_item_identity, new)], autojunk=False)
    # From the end, so that the indexes before it stay true; new items first, so that no list is ever empty.
    for _, old_start, old_end, new_start, new_end in reversed(matcher.get_opcodes()):
        pairs = list(zip(old[old_start:old_end], new[new_start:new_end], strict=False))
        if not all(_may_become(one, other) for one, other in pairs):
            pairs = []
        for value in new[new_start + len(pairs) : new_end][::-1]:
            yield Insert(path, old_end, value)
        for index in range(old_start + len(pairs), old_end)[::-1]:
            yield Remove((*path, index))
        for index, (one, other) in enumerate(pairs, old_start):
            yield from edits_between(one, other, (*path, index))


def _may_become(one: Any, other: Any) -> bool:
    """An item with a name never becomes another one: its comments would then speak of the other."""
    return bool(at(one, "name") == at(other, "name"))


def _item_identity(item: Any) -> str:
    """What makes an item of one list the same as one of another: its name, else all of it."""
    name = at(item, "name")
    return f"name {name}" if isinstance(name, str) else repr(item)


def _normalize_set(value: Any, path: Path, new: Any) -> Edit | None:
    here = value
    for depth, step in enumerate(path):
        if here is None:
            return Set(path[:depth], _nest_value(path, depth, new))
        if isinstance(here, dict) and isinstance(step, str):
            if step not in here:
                return Set(path[: depth + 1], _nest_value(path, depth + 1, new))
            here = here[step]
        elif isinstance(here, list) and isinstance(step, int) and 0 <= step < len(here):
            here = here[step]
        else:
            raise InvalidRequest(_misfit(here, path[:depth], step))
    return None if is_same(here, new) else Set(path, new)


def _nest_value(path: Path, depth: int, new: Any) -> Any:
    for step in reversed(path[depth:]):
        if not isinstance(step, str):
            raise InvalidRequest(f"{dotted_path(path)}: there is no list to hold the item {step}")
        new = {step: new}
    return new


def _normalize_insert(value: Any, path: Path, index: int, new: Any) -> Edit | None:
    here = at(value, *path)
    length = len(here) if isinstance(here, list) else 0
    if here is not None and not isinstance(here, list):
        raise InvalidRequest(f"{dotted_path(path) or 'the document'} is {_shape(here)}, not a list")
    if not 0 <= index <= length:
        raise InvalidRequest(f"{dotted_path(path) or 'the document'} has {length} items, so none can be put at {index}")
    return Insert(path, index, new) if length else _normalize_set(value, path, [new])


def _normalize_remove(value: Any, path: Path) -> Edit | None:
    if not path:
        raise InvalidRequest("a whole document is removed with without_document")
    here = value
    for depth, step in enumerate(path):
        if here is None or (isinstance(here, dict) and isinstance(step, str) and step not in here):
            return None
        fits = isinstance(here, dict) if isinstance(step, str) else isinstance(here, list) and 0 <= step < len(here)
        if not fits:
            raise InvalidRequest(_misfit(here, path[:depth], step))
        here = here[step]
    return Remove(path)


def _misfit(here: Any, path: Path, step: str | int) -> str:
    place = dotted_path(path) or "the document"
    if isinstance(here, list) and isinstance(step, int):
        return f"{place} has {len(here)} items; there is none at {step}"
    return f"{place} is {_shape(here)}; there is no {step!r} in it"


def _shape(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else quote(str(value))

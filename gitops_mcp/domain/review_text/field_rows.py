"""The fields of an object before and after, as rows: what is in a list of named items is told item by item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Object, Path, at, leaves
from gitops_mcp.domain.redact import redact_value
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.yaml.values import is_same

_MISSING = object()
_UNTOLD = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
"""What the name of the object says already."""
_LONG = 100


@dataclass(frozen=True)
class FieldRow:
    field: str
    before: str | None
    """As text, without what is secret; None: not there."""
    after: str | None


def field_rows(change: ObjectChange) -> Iterator[FieldRow]:
    """Of a new object what it says; of one that goes, nothing."""
    before, after = change.before, change.after
    if after is None:
        return
    if before is None:
        for path, value in leaves({key: part for key, part in after.items() if key != "status"}):
            if path not in _UNTOLD:
                yield from _rows(path, path, _MISSING, value)
        return
    for path in change.fields:
        yield from _rows(path, path, _value(before, path), _value(after, path))


def _value(of: Object, path: Path) -> Any:
    holder = at(of, *path[:-1])
    return holder[path[-1]] if isinstance(holder, dict) and path and path[-1] in holder else _MISSING


def _rows(path: Path, shown: Path, before: Any, after: Any) -> Iterator[FieldRow]:
    """`shown` has the names of items where `path` has their numbers."""
    if is_same(before, after):
        return
    old, new = _named(before), _named(after)
    if old is not None and new is not None and (old or new):
        for name in dict.fromkeys([*old, *new]):
            yield from _rows((*path, 0), (*shown, f"[{name}]"), old.get(name, _MISSING), new.get(name, _MISSING))
    elif isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _rows((*path, key), (*shown, key), before.get(key, _MISSING), after.get(key, _MISSING))
    elif _are_long_lists(before, after):
        gone, come = ([one for one in a if one not in b] for a, b in ((before, after), (after, before)))
        yield FieldRow(_dotted(shown), _counted(gone, path, before), _counted(come, path, after))
    else:
        yield FieldRow(_dotted(shown), _text(before, path), _text(after, path))


def _named(value: Any) -> dict[str, Any] | None:
    """The items of a list by their names; None where they have none, or not each its own."""
    if value is _MISSING:
        return {}
    if not isinstance(value, list):
        return None
    found = {one["name"]: one for one in value if isinstance(one, dict) and isinstance(one.get("name"), str)}
    return found if len(found) == len(value) else None


def _are_long_lists(before: Any, after: Any) -> bool:
    return isinstance(before, list) and isinstance(after, list) and len(str(before)) + len(str(after)) > _LONG


def _counted(part: list[Any], path: Path, whole: list[Any]) -> str:
    rest = len(whole) - len(part)
    return f"{_text(part, path)}{f' and {rest} that stay' if rest else ''}" if part else f"{rest} that stay"


def _text(value: Any, path: Path) -> str | None:
    if value is _MISSING:
        return None
    told = redact_value(value, path)
    return str(told) if isinstance(told, str) else json.dumps(told, ensure_ascii=False, default=str)


def _dotted(path: Path) -> str:
    text = ""
    for step in path:
        is_item = isinstance(step, int) or step[:1] == "["
        text += f"[{step}]" if isinstance(step, int) else step if is_item or not text else f".{step}"
    return text

"""What a commit makes of the fields of an object: each with its value before and after.

Items of a list are told apart by their `name` where all have one of their own, else by their number where the list
has as many as before; a list of anything else is one value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.yaml.values import is_same

_ABSENT = object()
_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class FieldStep:
    label: str
    """`spec.instances`, `spec.managed.roles[clerk].connectionLimit`."""
    path: Path
    """With a number for each item, by which what is secret is known."""
    before: Any
    """None: there was no such field."""
    after: Any

    def is_about(self, field: str) -> bool:
        """Whether it sets the field, a part of it, or what the field is a part of."""
        return _is_part(self.label, field) or _is_part(field, self.label)


def field_steps(before: Object | None, after: Object | None) -> tuple[FieldStep, ...]:
    """In the order of the fields; those of a whole object where there is none on the other side."""
    return tuple(_steps(before or {}, after or {}, "", ()))


def steps_of_field(before: Object | None, after: Object | None, field: str) -> tuple[FieldStep, ...]:
    """What is done to a field, which may be set with all that is around it."""
    found = [one for one in field_steps(before, after) if one.is_about(field)]
    return tuple(one for step in found for one in _narrowed(step, field))


def _narrowed(step: FieldStep, field: str) -> Iterator[FieldStep]:
    """Of a field that comes, goes or differs with what is around it, its own part."""
    if _is_part(step.label, field):
        yield step
        return
    was, now = (
        next((one for one in _all_parts(value, step.label, step.path) if one[0] == field), None)
        for value in (step.before, step.after)
    )
    before, after = (one[2] if one else None for one in (was, now))
    if (one := now or was) and not is_same(before, after):
        yield FieldStep(field, one[1], before, after)


def field_label(found: Object, field: str) -> str:
    """The field as steps call it: an item that is named by its number is called by its name."""
    while number := _INDEX.search(field):
        items = _value_of(found, field[: number.start()])
        names = _names(items) if isinstance(items, list) else None
        if names is None or int(number[1]) >= len(names):
            break
        field = f"{field[: number.start()]}[{[*names][int(number[1])]}]{field[number.end() :]}"
    return field


def labels(value: Any) -> Iterator[str]:
    """Every field of an object, the wider ones before their parts."""
    return (label for label, _, _ in _all_parts(value))


def _value_of(value: Any, field: str) -> Any:
    return next((part for label, _, part in _all_parts(value) if label == field), None)


def _all_parts(value: Any, label: str = "", path: Path = ()) -> Iterator[tuple[str, Path, Any]]:
    for below, place, part in _parts(value, label, path):
        yield below, place, part
        yield from _all_parts(part, below, place)


def _parts(value: Any, label: str, path: Path) -> Iterator[tuple[str, Path, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield _below(label, key), (*path, key), part
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        names = _names(value) or range(len(value))
        for index, (name, part) in enumerate(zip(names, value, strict=True)):
            yield f"{label}[{name}]", (*path, index), part


def _steps(before: Any, after: Any, label: str, path: Path) -> Iterator[FieldStep]:
    if is_same(before, after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _pair(before.get(key, _ABSENT), after.get(key, _ABSENT), _below(label, key), (*path, key))
    elif isinstance(before, list) and isinstance(after, list) and (items := _pairs_of_items(before, after)) is not None:
        for name, was, now, index in items:
            yield from _pair(was, now, f"{label}[{name}]", (*path, index))
    else:
        yield FieldStep(label, path, before, after)


def _pair(before: Any, after: Any, label: str, path: Path) -> Iterator[FieldStep]:
    if before is _ABSENT or after is _ABSENT:
        yield FieldStep(label, path, None if before is _ABSENT else before, None if after is _ABSENT else after)
    else:
        yield from _steps(before, after, label, path)


def _pairs_of_items(before: list[Any], after: list[Any]) -> list[tuple[str | int, Any, Any, int]] | None:
    """Each item as it was and as it is, with its number; None where that is not told."""
    if not all(isinstance(one, dict) for one in (*before, *after)):
        return None
    old, new = _names(before), _names(after)
    if old is None or new is None:
        alike = enumerate(zip(before, after, strict=True)) if len(before) == len(after) else None
        return [(index, was, now, index) for index, (was, now) in alike] if alike else None
    return [
        (
            name,
            before[old[name]] if name in old else _ABSENT,
            after[new[name]] if name in new else _ABSENT,
            new.get(name, old.get(name, 0)),
        )
        for name in dict.fromkeys([*old, *new])
    ]


def _names(items: Iterable[Any]) -> dict[str, int] | None:
    """By name the number of each; None where some have none, or one that another has."""
    found = [at(one, "name") for one in items]
    is_clear = all(isinstance(one, str) for one in found) and len({*found}) == len(found)
    return {name: index for index, name in enumerate(found)} if is_clear else None


def _below(label: str, key: str) -> str:
    return f"{label}.{key}" if label else dotted_path((key,))


def _is_part(label: str, field: str) -> bool:
    return label == field or label.startswith((f"{field}.", f"{field}["))

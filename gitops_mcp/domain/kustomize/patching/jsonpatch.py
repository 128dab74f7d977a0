"""A JSON6902 patch on an object, as the library that kustomize uses applies it.

It is laxer than the standard: `replace` makes a key that is missing, a negative index counts from the end, and a
number may lead with zeros. The object goes through JSON, so whole numbers beyond 2^53 lose their last digits.
"""

from __future__ import annotations

import re
from typing import Any

from gitops_mcp.domain.budget import size_of, spend
from gitops_mcp.domain.kustomize import scalar
from gitops_mcp.domain.kustomize.draft import Draft, Pen, id_of
from gitops_mcp.domain.kustomize.manifest import quoted_when_printed
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.objects import Object, Path, at

_ANNOTATIONS: Path = ("metadata", "annotations")
_INDEX = re.compile(r"[-+]?[0-9]{1,18}")
_EXACT = 2**53
_OP = "op"


def apply_json_patch(draft: Draft, operations: list[Any], layer: Layer) -> Draft:
    spend(size_of(draft.value))
    draft = draft.renamed()
    pen = Pen(draft, layer)
    pen.value = _round_large(pen.value)
    if not at(pen.value, *_ANNOTATIONS):
        # Kustomize keeps notes of its own there while it works, so the map is never missing.
        pen.value = {**pen.value, "metadata": {**pen.value["metadata"], "annotations": {}}}
    doubts = [f"{layer.place}: it uses all of metadata.annotations" for one in operations if _uses_annotations(one)]
    for number_, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise Unpatchable(f"operation {number_ + 1} is not an object")
        _apply_operation(pen, operation, number_)
    found = id_of(pen.value)
    if not found.kind or not found.name:
        raise Unpatchable("it takes away the kind or the name")
    done = pen.done(blanks=frozenset(), quoted=frozenset(quoted_when_printed(pen.value)))
    return done.doubted(doubts[0]) if doubts else done


def _uses_annotations(operation: Any) -> bool:
    if not isinstance(operation, dict):
        return False
    read = operation.get("path") if operation.get(_OP) == "test" else operation.get("from")
    return read in {"/metadata", "/metadata/annotations"}


def _apply_operation(pen: Pen, operation: Object, number_: int) -> None:
    own: Path = (number_,)
    path = _text_field(operation, "path")
    value = _round_large(operation.get("value"))
    match operation.get(_OP):
        case "add":
            _add_value(pen, path, value, (*own, "value"), literal=True)
        case "replace":
            _replace_value(pen, path, value, (*own, "value"))
        case "remove":
            _remove_value(pen, path, own)
        case "move":
            source = _text_field(operation, "from")
            moved = _get_value(pen, source)
            _remove_value(pen, source, own)
            _add_value(pen, path, moved, own, literal=False)
        case "copy":
            _add_value(pen, path, _get_value(pen, _text_field(operation, "from")), own, literal=False)
        case "test":
            spend(min(size_of(_get_value(pen, path)), size_of(value)))
            if not _are_equal(_get_value(pen, path), value):
                raise Unpatchable(f"the test of {path} fails")
        case other:
            raise Unpatchable(f"operation {number_ + 1}: there is no {other!r}")


def _text_field(operation: Object, key: str) -> str:
    found = operation.get(key)
    if not isinstance(found, str):
        raise Unpatchable(f"{operation.get(_OP)} without {key}")
    return found


def _find_parent(pen: Pen, pointer: str) -> tuple[Path, Any, str]:
    """The path and value of what holds the place, and the last step to it."""
    steps = pointer.split("/")
    if len(steps) < 2:
        raise Unpatchable(f"{pointer or 'the whole object'} cannot be patched")
    path: Path = ()
    holder: Any = pen.value
    for step in map(_unescape_step, steps[1:-1]):
        key: str | int = step
        if isinstance(holder, list):
            key = _list_index(step, len(holder), pointer)
        holder = at(holder, key)
        path = (*path, key)
    if not isinstance(holder, dict | list):
        raise Unpatchable(f"{pointer}: what should hold it is not there")
    return path, holder, _unescape_step(steps[-1])


def _unescape_step(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _list_index(step: str, length: int, pointer: str) -> int:
    if not _INDEX.fullmatch(step):
        raise Unpatchable(f"{pointer}: {step!r} is not an index")
    index = int(step)
    index += length if index < 0 else 0
    if not 0 <= index < length:
        raise Unpatchable(f"{pointer}: {step} is not in the list")
    return index


def _get_value(pen: Pen, pointer: str) -> Any:
    _, holder, step = _find_parent(pen, pointer)
    return holder[_list_index(step, len(holder), pointer)] if isinstance(holder, list) else holder.get(step)


def _add_value(pen: Pen, pointer: str, value: Any, own: Path, *, literal: bool) -> None:
    path, holder, step = _find_parent(pen, pointer)
    if isinstance(holder, dict):
        pen.put((*path, step), value, own, literal=literal, whole=True)
        return
    index = len(holder) if step == "-" else _list_index(step, len(holder) + 1, pointer)
    pen.insert(path, index, value, own, literal=literal)


def _replace_value(pen: Pen, pointer: str, value: Any, own: Path) -> None:
    path, holder, step = _find_parent(pen, pointer)
    key = _list_index(step, len(holder), pointer) if isinstance(holder, list) else step
    pen.put((*path, key), value, own, whole=True)


def _remove_value(pen: Pen, pointer: str, own: Path) -> None:
    path, holder, step = _find_parent(pen, pointer)
    if isinstance(holder, list):
        pen.take(path, _list_index(step, len(holder), pointer), own)
    elif step in holder:
        pen.cut((*path, step), own)
    else:
        raise Unpatchable(f"{pointer} is not there, so it cannot be removed")


def _are_equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_are_equal(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_are_equal, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _round_large(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _round_large(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_round_large(part) for part in value]
    return scalar.whole_as_integer(float(value)) if type(value) is int and abs(value) > _EXACT else value

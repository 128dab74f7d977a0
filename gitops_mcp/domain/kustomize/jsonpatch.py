"""A JSON6902 patch on an object, as the library that kustomize uses applies it.

It is laxer than the standard: `replace` makes a key that is missing, a negative index counts from the end, and a
number may lead with zeros. The object goes through JSON, so whole numbers beyond 2^53 lose their last digits.
"""

from __future__ import annotations

import re
from typing import Any

from gitops_mcp.domain.kustomize import scalar
from gitops_mcp.domain.kustomize.draft import Draft, Pen, id_of
from gitops_mcp.domain.kustomize.manifest import quoted_when_printed
from gitops_mcp.domain.kustomize.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.objects import Object, Path, at

_ANNOTATIONS: Path = ("metadata", "annotations")
_INDEX = re.compile(r"[-+]?[0-9]{1,18}")
_EXACT = 2**53
_OP = "op"


def patched(draft: Draft, operations: list[Any], layer: Layer) -> Draft:
    draft = draft.renamed()
    pen = Pen(draft, layer)
    pen.value = _rounded(pen.value)
    if not at(pen.value, *_ANNOTATIONS):
        # Kustomize keeps notes of its own there while it works, so the map is never missing.
        pen.value = {**pen.value, "metadata": {**pen.value["metadata"], "annotations": {}}}
    doubts = [f"{layer.place}: it uses all of metadata.annotations" for one in operations if _uses_annotations(one)]
    for number_, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise Unpatchable(f"operation {number_ + 1} is not an object")
        _apply(pen, operation, number_)
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


def _apply(pen: Pen, operation: Object, number_: int) -> None:
    own: Path = (number_,)
    path = _text(operation, "path")
    value = _rounded(operation.get("value"))
    match operation.get(_OP):
        case "add":
            _add(pen, path, value, (*own, "value"), literal=True)
        case "replace":
            _replace(pen, path, value, (*own, "value"))
        case "remove":
            _remove(pen, path, own)
        case "move":
            source = _text(operation, "from")
            moved = _get(pen, source)
            _remove(pen, source, own)
            _add(pen, path, moved, own, literal=False)
        case "copy":
            _add(pen, path, _get(pen, _text(operation, "from")), own, literal=False)
        case "test":
            if not _equal(_get(pen, path), value):
                raise Unpatchable(f"the test of {path} fails")
        case other:
            raise Unpatchable(f"operation {number_ + 1}: there is no {other!r}")


def _text(operation: Object, key: str) -> str:
    found = operation.get(key)
    if not isinstance(found, str):
        raise Unpatchable(f"{operation.get(_OP)} without {key}")
    return found


def _parent(pen: Pen, pointer: str) -> tuple[Path, Any, str]:
    """The path and value of what holds the place, and the last step to it."""
    steps = pointer.split("/")
    if len(steps) < 2:
        raise Unpatchable(f"{pointer or 'the whole object'} cannot be patched")
    path: Path = ()
    holder: Any = pen.value
    for step in map(_unescaped, steps[1:-1]):
        key: str | int = step
        if isinstance(holder, list):
            key = _position(step, len(holder), pointer)
        holder = at(holder, key)
        path = (*path, key)
    if not isinstance(holder, dict | list):
        raise Unpatchable(f"{pointer}: what should hold it is not there")
    return path, holder, _unescaped(steps[-1])


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _position(step: str, length: int, pointer: str) -> int:
    if not _INDEX.fullmatch(step):
        raise Unpatchable(f"{pointer}: {step!r} is no index")
    index = int(step)
    index += length if index < 0 else 0
    if not 0 <= index < length:
        raise Unpatchable(f"{pointer}: {step} is not in the list")
    return index


def _get(pen: Pen, pointer: str) -> Any:
    _, holder, step = _parent(pen, pointer)
    return holder[_position(step, len(holder), pointer)] if isinstance(holder, list) else holder.get(step)


def _add(pen: Pen, pointer: str, value: Any, own: Path, *, literal: bool) -> None:
    path, holder, step = _parent(pen, pointer)
    if isinstance(holder, dict):
        pen.put((*path, step), value, own, literal=literal, whole=True)
        return
    index = len(holder) if step == "-" else _position(step, len(holder) + 1, pointer)
    pen.insert(path, index, value, own, literal=literal)


def _replace(pen: Pen, pointer: str, value: Any, own: Path) -> None:
    path, holder, step = _parent(pen, pointer)
    key = _position(step, len(holder), pointer) if isinstance(holder, list) else step
    pen.put((*path, key), value, own, whole=True)


def _remove(pen: Pen, pointer: str, own: Path) -> None:
    path, holder, step = _parent(pen, pointer)
    if isinstance(holder, list):
        pen.take(path, _position(step, len(holder), pointer), own)
    elif step in holder:
        pen.cut((*path, step), own)
    else:
        raise Unpatchable(f"{pointer} is not there, so it cannot be removed")


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_rounded(part) for part in value]
    return scalar.number(float(value)) if type(value) is int and abs(value) > _EXACT else value

"""That no change puts the values of a Secret into Git where everybody can read them.

Whatever planned it: a manifest, a patch that makes or fills one, a generator with literals, text inside of text. What
stood there before is not this change's doing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gitops_mcp.domain.objects import Path, at, dotted_path, list_at
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.errors import Refused

_VALUES = ("data", "stringData")
_POINTERS = tuple(f"/{part}" for part in _VALUES)
_ENCRYPTED = "ENC["
_DEEPEST = 4


def check_no_plaintext(changes: Iterable[FileChange]) -> None:
    """Raises Refused, naming the place and never the value."""
    for change in changes:
        known = {_movable_key(*one) for one in _values_in_text(change.before or "", 0)}
        for path, value in _values_in_text(change.after or "", 0):
            if _movable_key(path, value) not in known:
                raise Refused(
                    f"{change.path} would hold a value of a Secret that everybody can read, at {dotted_path(path)}, "
                    f"and Git keeps it for ever. Let a provider of passwords make the Secret (passwords.provider of "
                    f".gitops-mcp.yaml), or name one that exists with password_source=existing:<name>"
                )


def _movable_key(path: Path, value: str) -> tuple[Path, str]:
    """An item of a list may move when others come and go."""
    return tuple(step for step in path if isinstance(step, str)), value


def _values_in_text(text: str, depth: int) -> Iterator[tuple[Path, str]]:
    try:
        found = parse_documents(text)
    except Unparsable:
        return
    for one in found:
        yield from _values_inside(one.value, (), depth)


def _values_inside(value: Any, path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        if value.get("kind") == "Secret":
            yield from _values_of_secret(value, path)
        if "Secret" in str(at(value, "target", "kind")):
            yield from _values_of_patch(value.get("patch"), (*path, "patch"))
        yield from _values_of_operation(value, path, _POINTERS[1:])
        for key, part in value.items():
            if key == "secretGenerator":
                yield from _values_of_generators(part, (*path, key))
            yield from _values_inside(part, (*path, str(key)), depth)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _values_inside(part, (*path, index), depth)
    elif isinstance(value, str) and depth < _DEEPEST and _may_hold_secret(value):
        yield from ((path + place, found) for place, found in _values_in_text(value, depth + 1))


def _may_hold_secret(text: str) -> bool:
    """Whether a text may be a manifest or a patch that makes or fills a Secret."""
    return ("\n" in text or "{" in text) and ("Secret" in text or "stringData" in text)


def _values_of_secret(value: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for part in _VALUES:
        held = value.get(part)
        for key, found in held.items() if isinstance(held, dict) else ():
            if found not in (None, "") and not str(found).startswith(_ENCRYPTED):
                yield (*path, part, str(key)), str(found)


def _values_of_patch(patch: object, path: Path) -> Iterator[tuple[Path, str]]:
    """The target of a patch may be the only one to say what is patched."""
    try:
        found = [one.value for one in parse_documents(patch)] if isinstance(patch, str) else []
    except Unparsable:
        return
    for one in found:
        if isinstance(one, dict):
            yield from _values_of_secret(one, path)
        for index, operation in enumerate(one if isinstance(one, list) else ()):
            yield from _values_of_operation(operation, (*path, index), _POINTERS)


def _values_of_operation(one: object, path: Path, pointers: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """An operation of a JSON6902 patch has the place in a path of its own; only a Secret has `stringData`."""
    pointer, value = at(one, "path"), at(one, "value")
    if isinstance(pointer, str) and pointer.startswith(pointers) and at(one, "op") is not None and value is not None:
        yield (*path, pointer), repr(value)


def _values_of_generators(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    for index, one in enumerate(value if isinstance(value, list) else ()):
        for literal in list_at(one, "literals"):
            yield (*path, index, "literals"), str(literal)

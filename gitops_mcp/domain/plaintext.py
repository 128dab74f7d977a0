"""That no change puts the values of a Secret into Git where everybody can read them.

Whatever planned it: a manifest, a patch that makes or fills one, a generator with literals, text inside of text. What
stood there before is not this change's doing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gitops_mcp.domain.objects import Path, at, dotted
from gitops_mcp.domain.plan import FileChange
from gitops_mcp.domain.yamltext import Unparsable, documents
from gitops_mcp.errors import Refused

_VALUES = ("data", "stringData")
_ENCRYPTED = "ENC["
_DEEPEST = 4


def check_no_plaintext(changes: Iterable[FileChange]) -> None:
    """Raises Refused, naming the place and never the value."""
    for change in changes:
        if change.after is None:
            continue
        known = set(_places(change.before)) if change.before else set()
        for path, value in _places(change.after):
            if (path, value) not in known:
                raise Refused(
                    f"{change.path} would hold a value of a Secret that everybody can read, at {path}: Git keeps it "
                    f"for ever. Let a provider of passwords make the Secret (passwords.provider of .gitops-mcp.yaml), "
                    f"or name one that exists with password_source=existing:<name>"
                )


def _places(text: str | None) -> Iterator[tuple[str, str]]:
    for place, value in _of_text(text or "", 0):
        yield dotted(place), value


def _of_text(text: str, depth: int) -> Iterator[tuple[Path, str]]:
    try:
        found = documents(text)
    except Unparsable:
        return
    for one in found:
        yield from _inside(one.value, (), depth)


def _inside(value: Any, path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        if value.get("kind") == "Secret":
            yield from _of_secret(value, path)
        if _targets_secret(value):
            yield from _of_operations(value.get("patch"), path)
        for key, part in value.items():
            if key == "secretGenerator":
                yield from _of_generators(part, (*path, key))
            yield from _inside(part, (*path, str(key)), depth)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _inside(part, (*path, index), depth)
    elif isinstance(value, str) and "\n" in value and "Secret" in value and depth < _DEEPEST:
        yield from ((path + place, found) for place, found in _of_text(value, depth + 1))


def _of_secret(value: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for part in _VALUES:
        held = value.get(part)
        for key, found in held.items() if isinstance(held, dict) else ():
            if found not in (None, "") and not str(found).startswith(_ENCRYPTED):
                yield (*path, part, str(key)), str(found)


def _targets_secret(value: dict[str, Any]) -> bool:
    return at(value, "target", "kind") == "Secret" and isinstance(value.get("patch"), str)


def _of_operations(patch: object, path: Path) -> Iterator[tuple[Path, str]]:
    """A JSON6902 patch says the kind in its target, and the place in a path of its own."""
    try:
        operations = documents(str(patch))[0].value
    except (Unparsable, IndexError):
        return
    for index, one in enumerate(operations if isinstance(operations, list) else ()):
        pointer = str(at(one, "path"))
        if pointer.startswith(tuple(f"/{part}" for part in _VALUES)) and at(one, "value") is not None:
            yield (*path, "patch", index, pointer), repr(one["value"])


def _of_generators(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    for index, one in enumerate(value if isinstance(value, list) else ()):
        for literal in at(one, "literals") or ():
            yield (*path, index, "literals"), str(literal)

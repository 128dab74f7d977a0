"""An edit of a live object as a JSON Patch: bound to that very object and to the values that were judged.

It tests the uid, and each value that it takes the place of; inside a list the whole item, since its place is only a
number, and of what is new the mapping or list that it comes into. So what others write elsewhere in between, the status
above all, does not matter. Only where a label or an annotation is new can no value be tested, since others keep theirs
beside it: there the resourceVersion is, of a look just before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gitops_mcp.domain.editing.json_patch import pointer
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.values import is_same

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
VERSION = "/metadata/resourceVersion"
_SHARED = (("metadata", "labels"), ("metadata", "annotations"))
"""Mappings in which each key may be somebody else's."""


def json_patch_steps(live: Object, edits: Iterable[Edit]) -> list[Object]:
    """The tests, then the operations, each on what the ones before it leave."""
    made = [one for edit in edits for one in _edits_by_key(live, edit)]
    guards = dict.fromkeys(_guard(live, edit.path) for edit in made)
    tests = [_test(("metadata", "uid"), at(live, "metadata", "uid"))]
    if not all(map(_may_be_tested, guards)):
        tests.append(_test(("metadata", "resourceVersion"), at(live, "metadata", "resourceVersion")))
    tests += [_test(path, at(live, *path)) for path in guards if _may_be_tested(path)]
    return [*tests, *(_operation(live, edit) for edit in made)]


def is_still_as_tested(steps: Iterable[Object], live: Object) -> bool:
    """Whether the tests of a patch hold for an object, but that of the version, and what it adds is not there yet."""
    for one in steps:
        path = _path_in(live, one["path"])
        if one["op"] == "test" and one["path"] != VERSION and not is_same(at(live, *path), one["value"]):
            return False
        if one["op"] == "add" and path[:2] in _SHARED and _is_there(live, path):
            return False
    return True


def _path_in(value: Any, pointer_: str) -> Path:
    """What a pointer means in a value: a number is a place in a list, and a key elsewhere."""
    path: list[str | int] = []
    for text in pointer_.split("/")[1:]:
        step = text.replace("~1", "/").replace("~0", "~")
        path.append(int(step) if isinstance(at(value, *path), list) and step.isdecimal() else step)
    return tuple(path)


def with_version(steps: Iterable[Object], version: str | None) -> list[Object]:
    return [{**one, "value": version} if one["path"] == VERSION else one for one in steps]


def _edits_by_key(live: Object, edit: Edit) -> Iterator[Edit]:
    """Of a mapping in which others may have keys only the keys that are meant."""
    there = at(live, *edit.path)
    if edit.path in _SHARED and isinstance(there, dict) and not isinstance(edit, Insert):
        wanted = edit.value if isinstance(edit, Set) else {}
        yield from (Set((*edit.path, key), value) for key, value in wanted.items())
        yield from (Remove((*edit.path, key)) for key in there if key not in wanted and key != LAST_APPLIED)
    else:
        yield edit


def _guard(live: Object, path: Path) -> Path:
    """What has to be as it was for the edit to mean what it meant."""
    depth = next((number for number, step in enumerate(path, 1) if isinstance(step, int)), len(path))
    while depth and not _is_there(live, path[:depth]):
        depth -= 1
    return path[:depth]


def _may_be_tested(guard: Path) -> bool:
    return guard[:1] == ("spec",) or (len(guard) > 1 and guard not in _SHARED)


def _operation(live: Object, edit: Edit) -> Object:
    match edit:
        case Set(path, value):
            return {"op": "replace" if _is_there(live, path) else "add", "path": pointer(path), "value": value}
        case Insert(path, index, value):
            return {"op": "add", "path": pointer((*path, index)), "value": value}
        case Remove(path):
            return {"op": "remove", "path": pointer(path)}


def _test(path: Path, value: Any) -> Object:
    return {"op": "test", "path": pointer(path), "value": value}


def _is_there(value: Any, path: Path) -> bool:
    parent = at(value, *path[:-1])
    if isinstance(parent, list):
        return isinstance(path[-1], int) and path[-1] < len(parent)
    return isinstance(parent, dict) and path[-1] in parent

"""One more operation for a JSON6902 patch."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object, Path, at


def operation_to_set(value: Object, path: Path, wanted: Any) -> Object:
    """Sets a field of an object: `replace` where it is there, else `add` with what is missing on the way."""
    if _is_there(value, path):
        return {"op": "replace", "path": pointer(path), "value": wanted}
    length = next(length for length in range(len(path)) if not _is_there(value, path[: length + 1]))
    for step in reversed(path[length + 1 :]):
        wanted = {str(step): wanted}
    return {"op": "add", "path": pointer(path[: length + 1]), "value": wanted}


def pointer(path: Path) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _is_there(value: Object, path: Path) -> bool:
    parent = at(value, *path[:-1])
    return at(value, *path) is not None or (isinstance(parent, dict) and path[-1] in parent)

"""The patches of the API: values in, a new value out; what is given is never changed."""

from __future__ import annotations

import copy
from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.store.errors import ApiError, bad_request


def merge_patch(value: Any, patch: Any) -> Any:
    """RFC 7386: null removes, a mapping merges, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(value) if isinstance(value, dict) else {}
    for key, part in patch.items():
        if part is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), part)
    return result


def json_patch(value: Object, operations: Any) -> Object:
    """RFC 6902: the operations one after the other; all of them hold or none is done."""
    if not isinstance(operations, list) or not all(isinstance(operation, dict) for operation in operations):
        raise bad_request("error decoding patch: json: cannot unmarshal into Go value of type jsonpatch.Patch")
    result: Any = copy.deepcopy(value)
    for operation in operations:
        try:
            result = _apply_operation(result, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request") from error
    if not isinstance(result, dict):
        raise bad_request("the patch leaves no object")
    return result


def _apply_operation(document: Any, operation: Object) -> Any:
    path = _parse_pointer(operation["path"])
    match operation["op"]:
        case "add":
            return _add_value(document, path, operation["value"])
        case "remove":
            return _remove_value(document, path)
        case "replace":
            _value_at(document, path)
            return _add_value(_remove_value(document, path), path, operation["value"]) if path else operation["value"]
        case "test":
            if not equal(_value_at(document, path), operation["value"]):
                raise ValueError(operation["path"])
            return document
        case "move":
            source = _parse_pointer(operation["from"])
            moved = _value_at(document, source)
            return _add_value(_remove_value(document, source), path, moved)
        case "copy":
            return _add_value(document, path, copy.deepcopy(_value_at(document, _parse_pointer(operation["from"]))))
        case unknown:
            raise ValueError(unknown)


def _parse_pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise ValueError(text)
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _list_index(items: list[Any], step: str) -> int:
    index = int(step)
    if not 0 <= index < len(items) or str(index) != step:
        raise IndexError(step)
    return index


def _value_at(document: Any, path: list[str]) -> Any:
    for step in path:
        document = document[_list_index(document, step)] if isinstance(document, list) else document[step]
    return document


def _add_value(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, last = _value_at(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent.insert(len(parent) if last in {"-", str(len(parent))} else _list_index(parent, last), value)
    else:
        parent[last] = value
    return document


def _remove_value(document: Any, path: list[str]) -> Any:
    if not path:
        return None
    parent, last = _value_at(document, path[:-1]), path[-1]
    del parent[_list_index(parent, last) if isinstance(parent, list) else last]
    return document


def equal(left: Any, right: Any) -> bool:
    """JSON's equality: True is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)

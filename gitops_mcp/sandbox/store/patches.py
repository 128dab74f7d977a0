"""The patches of the API: values in, a new value out; what is given is never changed."""

from __future__ import annotations

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
    import jsonpatch
    from jsonpointer import JsonPointerException

    try:
        result: Any = jsonpatch.apply_patch(value, operations)
    except (jsonpatch.JsonPatchException, JsonPointerException, KeyError, TypeError, ValueError) as error:
        raise ApiError(422, "Invalid", "the server rejected our request due to an error in our request") from error
    if not isinstance(result, dict):
        raise bad_request("the patch leaves no object")
    return result


def equal(left: Any, right: Any) -> bool:
    """JSON's equality: True is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return bool(left == right)

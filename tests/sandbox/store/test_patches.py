from __future__ import annotations

import copy
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import ApiError
from gitops_mcp.sandbox.store import patches, strategic


@pytest.mark.parametrize(
    ("value", "patch", "result"),
    [
        # The examples of RFC 7386, appendix A.
        pytest.param({"a": "b"}, {"a": "c"}, {"a": "c"}, id="a value is replaced"),
        pytest.param({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}, id="a key is added"),
        pytest.param({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}, id="null removes"),
        pytest.param({"a": ["b"]}, {"a": "c"}, {"a": "c"}, id="a list gives way"),
        pytest.param({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}, id="mappings merge"),
        pytest.param({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}, id="a list is replaced whole"),
        pytest.param({"e": None}, {"a": 1}, {"e": None, "a": 1}, id="a null that is there stays"),
        pytest.param([1, 2], {"a": "b", "c": None}, {"a": "b"}, id="a list becomes a mapping"),
        pytest.param({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}, id="nothing to remove"),
    ],
)
def test_a_merge_patch_merges(value: Any, patch: Any, result: Any) -> None:
    before = copy.deepcopy(value)
    assert patches.merge_patch(value, patch) == result
    assert value == before


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        pytest.param({"op": "add", "path": "/b", "value": 1}, {"a": [1, 2], "x/y": {"~": 0}, "b": 1}, id="add a key"),
        pytest.param({"op": "add", "path": "/a/1", "value": 9}, {"a": [1, 9, 2], "x/y": {"~": 0}}, id="add between"),
        pytest.param({"op": "add", "path": "/a/-", "value": 9}, {"a": [1, 2, 9], "x/y": {"~": 0}}, id="add at the end"),
        pytest.param({"op": "remove", "path": "/x~1y"}, {"a": [1, 2]}, id="remove an escaped key"),
        pytest.param({"op": "replace", "path": "/x~1y/~0", "value": 5}, {"a": [1, 2], "x/y": {"~": 5}}, id="replace"),
        pytest.param(
            {"op": "replace", "path": "/a/0", "value": 5}, {"a": [5, 2], "x/y": {"~": 0}}, id="replace an item"
        ),
        pytest.param({"op": "replace", "path": "", "value": {"n": 1}}, {"n": 1}, id="replace everything"),
        pytest.param({"op": "move", "from": "/a", "path": "/c"}, {"c": [1, 2], "x/y": {"~": 0}}, id="move"),
        pytest.param(
            {"op": "copy", "from": "/a", "path": "/c"}, {"a": [1, 2], "c": [1, 2], "x/y": {"~": 0}}, id="copy"
        ),
        pytest.param(
            {"op": "test", "path": "/a/0", "value": 1}, {"a": [1, 2], "x/y": {"~": 0}}, id="a test that holds"
        ),
    ],
)
def test_a_json_patch_operates(operation: Object, result: Object) -> None:
    value = {"a": [1, 2], "x/y": {"~": 0}}
    assert patches.json_patch(value, [operation]) == result
    assert value == {"a": [1, 2], "x/y": {"~": 0}}


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "test", "path": "/a/0", "value": 2}, id="a test that fails"),
        pytest.param({"op": "test", "path": "/a/0", "value": True}, id="true is not 1"),
        pytest.param({"op": "remove", "path": "/b"}, id="nothing to remove"),
        pytest.param({"op": "replace", "path": "/b", "value": 1}, id="nothing to replace"),
        pytest.param({"op": "add", "path": "/b/c", "value": 1}, id="no parent"),
        pytest.param({"op": "add", "path": "/a/7", "value": 1}, id="behind the end"),
        pytest.param({"op": "add", "path": "/a/-1", "value": 1}, id="before the start"),
        pytest.param({"op": "add", "path": "/a/01", "value": 1}, id="an index with a leading zero"),
        pytest.param({"op": "add", "path": "a", "value": 1}, id="no pointer"),
        pytest.param({"op": "add", "path": "/b"}, id="no value"),
        pytest.param({"op": "grow", "path": "/a"}, id="no such operation"),
    ],
)
def test_a_json_patch_that_does_not_apply_is_unprocessable_and_changes_nothing(operation: Object) -> None:
    value = {"a": [1, 2]}
    with pytest.raises(ApiError) as caught:
        patches.json_patch(value, [{"op": "add", "path": "/a/-", "value": 3}, operation])
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert value == {"a": [1, 2]}


@pytest.mark.parametrize("patch", [{"op": "add"}, ["add"], "add", None])
def test_what_is_no_json_patch_is_a_bad_request(patch: Any) -> None:
    with pytest.raises(ApiError) as caught:
        patches.json_patch({}, patch)
    assert caught.value.code == 400


POD = {
    "metadata": {"finalizers": ["a"]},
    "spec": {"containers": [{"name": "postgres", "image": "x"}, {"name": "plugin"}], "args": ["1"]},
}


@pytest.mark.parametrize(
    ("patch", "path", "result"),
    [
        pytest.param(
            {"spec": {"containers": [{"name": "postgres", "image": "y"}]}},
            ("spec", "containers"),
            [{"name": "postgres", "image": "y"}, {"name": "plugin"}],
            id="an item is merged by its key",
        ),
        pytest.param(
            {"spec": {"containers": [{"name": "plugin", "$patch": "delete"}]}},
            ("spec", "containers"),
            [{"name": "postgres", "image": "x"}],
            id="an item is deleted by its key",
        ),
        pytest.param(
            {"spec": {"containers": [{"$patch": "replace"}, {"name": "new"}]}},
            ("spec", "containers"),
            [{"name": "new"}],
            id="a list is replaced when asked",
        ),
        pytest.param(
            {"spec": {"$setElementOrder/containers": [{"name": "plugin"}], "args": ["2"]}},
            ("spec", "args"),
            ["2"],
            id="a list without keys is replaced",
        ),
        pytest.param(
            {"metadata": {"finalizers": ["b"]}}, ("metadata", "finalizers"), ["a", "b"], id="a set is added to"
        ),
        pytest.param(
            {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}},
            ("metadata", "finalizers"),
            [],
            id="an item of a set is removed",
        ),
        pytest.param({"spec": {"$patch": "replace", "args": ["3"]}}, ("spec",), {"args": ["3"]}, id="replaced whole"),
        pytest.param({"spec": {"containers": None}}, ("spec",), {"args": ["1"]}, id="null removes"),
        pytest.param(
            {"spec": {"ports": [{"port": 1, "name": "a"}]}},
            ("spec", "ports"),
            [{"port": 1, "name": "a"}],
            id="a list is made",
        ),
    ],
)
def test_a_strategic_patch_merges_lists_by_their_keys(patch: Object, path: tuple[str, ...], result: Any) -> None:
    before = copy.deepcopy(POD)
    found: Any = strategic.strategic_merge(POD, patch)
    for step in path:
        found = found[step]
    assert found == result
    assert before == POD

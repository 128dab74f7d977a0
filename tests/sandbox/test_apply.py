from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.apply import apply_declared


@pytest.mark.parametrize(
    ("live", "declared", "before", "expected"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 3}, {"a": 1}, {"a": 3, "b": 2}, id="what Git never said stays"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1}, id="what Git no longer says goes"),
        pytest.param({"a": 1, "b": 5}, {"a": 1}, {"a": 1, "b": 2}, {"a": 1}, id="also where it was edited live"),
        pytest.param({"a": {"x": 1, "y": 2}}, {}, {"a": {"x": 1}}, {"a": {"y": 2}}, id="what others added to it stays"),
        pytest.param({"a": {"x": 1}}, {}, {"a": {"x": 1}}, {}, id="a mapping that is left empty goes"),
        pytest.param({"a": [1, 2]}, {"a": [3]}, {"a": [1]}, {"a": [3]}, id="a list is replaced whole"),
        pytest.param({"a": 1}, {"a": {"x": 1}}, {"a": 1}, {"a": {"x": 1}}, id="a scalar becomes a mapping"),
        pytest.param({}, {"a": {"x": 1}}, None, {"a": {"x": 1}}, id="the first time"),
        pytest.param({"a": 2}, {"a": 1}, {"a": 1}, {"a": 1}, id="a live edit of what Git says is undone"),
        pytest.param({"a": {"x": 1, "y": 2}}, {"a": {}}, {"a": {"x": 1}}, {"a": {"y": 2}}, id="an emptied mapping"),
    ],
)
def test_apply(live: Object, declared: Object, before: Object | None, expected: Object) -> None:
    assert apply_declared(live, declared, before=before) == expected


def test_what_is_applied_shares_nothing_with_what_was_declared() -> None:
    declared: Object = {"spec": {"list": [1]}}
    result = apply_declared({}, declared, before=None)
    result["spec"]["list"].append(2)
    assert declared == {"spec": {"list": [1]}}

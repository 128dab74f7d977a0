"""One more operation for a JSON6902 patch."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.json_patch import operation_to_set, pointer
from gitops_mcp.domain.objects import Object, Path


@pytest.mark.parametrize(
    ("value", "path", "operation"),
    [
        pytest.param({"spec": {"a": 1}}, ("spec", "a"), {"op": "replace", "path": "/spec/a", "value": 5}, id="it is there"),
        pytest.param({"spec": {"a": None}}, ("spec", "a"), {"op": "replace", "path": "/spec/a", "value": 5}, id="it is null"),
        pytest.param({"spec": {}}, ("spec", "a"), {"op": "add", "path": "/spec/a", "value": 5}, id="it is not there"),
        pytest.param({"spec": {}}, ("spec", "a", "b", "c"), {"op": "add", "path": "/spec/a", "value": {"b": {"c": 5}}}, id="nor is the way to it"),
        pytest.param({}, ("spec", "a"), {"op": "add", "path": "/spec", "value": {"a": 5}}, id="nothing is there"),
    ],
)  # fmt: skip
def test_a_field_is_replaced_where_it_is_and_added_with_what_misses_where_not(
    value: Object, path: Path, operation: Object
) -> None:
    assert operation_to_set(value, path, 5) == operation


def test_a_pointer_escapes_what_means_something_to_it() -> None:
    assert pointer(("metadata", "annotations", "a/b~c", 0)) == "/metadata/annotations/a~1b~0c/0"

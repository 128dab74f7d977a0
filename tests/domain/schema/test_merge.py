from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.schema.merge import merge_change
from tests.domain.schema.specs import of

NODE = of(
    {
        "type": "object",
        "properties": {
            "keyed": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string"}, "size": {"type": "integer"}}},
            }
        },
        "additionalProperties": True,
    }
).root.properties["spec"]


@pytest.mark.parametrize(
    ("live", "before", "after", "expected"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1}, {"a": 3}, {"a": 3, "b": 2}, id="what nobody declared stays"),
        pytest.param({"a": 1, "b": 2}, {"a": 1}, {}, {"b": 2}, id="what is no longer declared goes"),
        pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {}}, {"a": {"c": 2}}, id="inside of a mapping"),
        pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {}, {}, id="a mapping goes with what was added to it"),
        pytest.param({"a": [1, 2]}, {"a": [1, 2]}, {"a": [2]}, {"a": [2]}, id="a list is replaced"),
        pytest.param({"a": 1}, {"a": 1}, {"a": None}, {"a": None}, id="null is a value"),
        pytest.param({"a": [1]}, {}, {"a": {"b": 1}}, {"a": {"b": 1}}, id="another shape"),
        pytest.param(
            {"keyed": [{"name": "a", "size": 1}, {"name": "b"}, {"name": "c"}]},
            {"keyed": [{"name": "a"}, {"name": "b"}]},
            {"keyed": [{"name": "a"}]},
            {"keyed": [{"name": "a", "size": 1}, {"name": "c"}]},
            id="items with keys are merged one by one",
        ),
    ],
)
def test_an_applier_changes_what_it_declares_or_declared(live: Any, before: Any, after: Any, expected: Any) -> None:
    assert merge_change(NODE, live, before=before, after=after) == expected


def test_without_anything_before_all_that_is_live_stays() -> None:
    assert merge_change(NODE, {"a": 1}, before=None, after={"b": 2}) == {"a": 1, "b": 2}

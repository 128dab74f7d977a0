from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.schema.written_back import nulls_written_back, write_back
from tests.domain.schema.specs import of

QUANTITY = {"x-kubernetes-int-or-string": True, "pattern": "^[0-9.]+(Gi)?$"}
REFERENCE = {"type": "object", "properties": {key: {"type": "string"} for key in ("apiGroup", "kind", "name")}}
NODE = of(
    {
        "type": "object",
        "required": ["name", "count", "method", "inner", "list"],
        "properties": {
            "name": {"type": "string"},
            "count": {"type": "integer"},
            "method": {"type": "string", "enum": ["any", "first"]},
            "inner": {"type": "object", "required": ["key"], "properties": {"key": {"type": "string"}}},
            "list": {"type": "array", "items": {"type": "string"}},
            "size": QUANTITY,
            "port": {"x-kubernetes-int-or-string": True},
            "source": REFERENCE,
            "projectedVolumeTemplate": {"type": "object", "properties": {"sources": {"type": "array"}}},
        },
    }
).root.properties["spec"]
ZEROS: dict[str, Any] = {"name": "", "count": 0, "inner": {"key": ""}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param({}, ZEROS, id="zeros that the schema takes, but no choice and no list"),
        pytest.param({"name": "a", "inner": {}}, {**ZEROS, "name": "a"}, id="what is stated stays"),
        pytest.param({"list": [None, "a"]}, {**ZEROS, "list": ["", "a"]}, id="a null among items"),
        pytest.param({"size": " 1Gi"}, {**ZEROS, "size": "1Gi"}, id="a quantity with a blank"),
        pytest.param({"size": 1.5, "port": 5}, {**ZEROS, "size": "1.5", "port": 5}, id="numbers as quantities"),
        pytest.param({"other": None}, {**ZEROS, "other": None}, id="what the schema does not know"),
    ],
)
def test_an_object_comes_back_as_go_writes_it(value: Any, expected: Any) -> None:
    assert write_back(NODE, value) == expected


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ({"source": {"kind": "a"}}, [("source", "apiGroup")]),
        ({"source": {"apiGroup": ""}}, []),
        ({"projectedVolumeTemplate": {}}, [("projectedVolumeTemplate", "sources")]),
        ({"projectedVolumeTemplate": {"sources": []}}, []),
    ],
)
def test_null_comes_back_where_go_has_no_other_zero(value: Any, places: list[tuple[str, ...]]) -> None:
    assert list(nulls_written_back(NODE, value)) == places

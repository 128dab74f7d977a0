from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import Schema, compile_schema
from gitops_mcp.sandbox.store.checks.schema import causes_of, prune_unknown, with_unchecked

SPEC: Object = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["name"],
            "x-kubernetes-validations": [{"rule": "self.name != 'root'", "message": "root is reserved"}],
            "properties": {
                "name": {"type": "string", "maxLength": 5, "pattern": "^[a-z]*$"},
                "count": {"type": "integer", "minimum": 1},
                "mode": {"type": "string", "enum": ["a", "b"]},
                "until": {"type": "string", "format": "date-time"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 1},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "items": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                },
            },
        }
    },
}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return compile_schema(SPEC, key="of the sandbox's tests")


@pytest.mark.parametrize(
    ("spec", "field", "reason", "message"),
    [
        pytest.param({"count": "x"}, "spec.count", "FieldValueTypeInvalid", 'Invalid value: "string": spec.count in body must be of type integer', id="type"),
        pytest.param({"count": 0}, "spec.count", "FieldValueInvalid", "Invalid value: 0: spec.count in body should be greater than or equal to 1", id="bound"),
        pytest.param({"name": "A"}, "spec.name", "FieldValueInvalid", 'Invalid value: "A": spec.name in body should match', id="pattern"),
        pytest.param({"name": "a" * 6}, "spec.name", "FieldValueTooLong", "Too long: may not be more than 5 bytes", id="too long"),
        pytest.param({"labels": {"a": "1", "b": "2"}}, "spec.labels", "FieldValueTooMany", "Too many: 2: must have at most 1 items", id="too many"),
        pytest.param({"mode": "c"}, "spec.mode", "FieldValueNotSupported", 'Unsupported value: "c": supported values: "a", "b"', id="choice"),
        pytest.param({"until": "soon"}, "spec.until", "FieldValueTypeInvalid", 'Invalid value: "soon": spec.until', id="time"),
        pytest.param({"name": "root"}, "spec", "FieldValueInvalid", "Invalid value: root is reserved", id="CEL"),
        pytest.param(
            {"items": [{"name": "x"}, {"name": "x"}]}, "spec.items[1]", "FieldValueDuplicate", "Duplicate value: ", id="twice"
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_in_the_api_servers_form(
    schema: Schema, spec: Object, field: str, reason: str, message: str
) -> None:
    value: Object = {"spec": {"name": "a", **spec}}
    (cause,) = causes_of(schema.faults(value), value)
    assert (cause.field, cause.reason) == (field, reason)
    assert cause.message.startswith(message)


@pytest.mark.parametrize(("spec", "fields"), [({}, ["spec.name", "<nil>"]), ({"name": "A"}, ["spec.name"])])
def test_what_keeps_rules_from_being_judged_is_said(schema: Schema, spec: Any, fields: list[str]) -> None:
    value: Object = {"spec": spec}
    causes = [*causes_of((one for one in schema.faults(value) if one.rule != "cel"), value)]
    assert [one.field for one in with_unchecked(causes, has_rules=True)] == fields
    assert with_unchecked(causes, has_rules=False) == causes


def test_unknown_fields_go_wherever_they_stand_and_are_named(schema: Schema) -> None:
    value: Object = {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {"name": "x"},
        "spec": {"name": "a", "nmae": "b", "free": {"any": {"thing": 1}}, "items": [{"name": "x", "of": True}]},
        "extra": 1,
    }
    assert sorted(prune_unknown(schema.root, value)) == ["extra", "spec.items[0].of", "spec.nmae"]
    assert value == {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {"name": "x"},
        "spec": {"name": "a", "free": {"any": {"thing": 1}}, "items": [{"name": "x"}]},
    }

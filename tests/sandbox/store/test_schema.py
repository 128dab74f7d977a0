from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.store.schema import add_defaults, faults, prune_unknown

SPEC: Object = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]*$"},
                "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
                "mode": {"type": "string", "enum": ["a", "b"]},
                "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "maybe": {"type": "string", "nullable": True},
                "until": {"type": "string", "format": "date-time"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "items": {
                    "type": "array",
                    "maxItems": 2,
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "on": {"type": "boolean", "default": True}},
                    },
                },
            },
        }
    },
}


@pytest.mark.parametrize(
    ("spec", "field", "reason", "message"),
    [
        pytest.param(
            {"name": "a", "count": "x"},
            "spec.count",
            "FieldValueTypeInvalid",
            'Invalid value: "string": spec.count in body must be of type integer: "string"',
            id="wrong type",
        ),
        pytest.param(
            {"name": "a", "count": True},
            "spec.count",
            "FieldValueTypeInvalid",
            'Invalid value: "boolean": spec.count in body must be of type integer: "boolean"',
            id="a boolean is no number",
        ),
        pytest.param(
            {"name": "a", "mode": None},
            "spec.mode",
            "FieldValueTypeInvalid",
            'Invalid value: null: spec.mode in body must be of type string: "null"',
            id="null where null is not allowed",
        ),
        pytest.param(
            {"name": "a", "count": 0},
            "spec.count",
            "FieldValueInvalid",
            "Invalid value: 0: spec.count in body should be greater than or equal to 1",
            id="below the minimum",
        ),
        pytest.param(
            {"name": "a", "count": 10},
            "spec.count",
            "FieldValueInvalid",
            "Invalid value: 10: spec.count in body should be less than or equal to 9",
            id="above the maximum",
        ),
        pytest.param({}, "spec.name", "FieldValueRequired", "Required value", id="absent"),
        pytest.param(
            {"name": ""},
            "spec.name",
            "FieldValueInvalid",
            'Invalid value: "": spec.name in body should be at least 1 chars long',
            id="too short",
        ),
        pytest.param(
            {"name": "abcdef"},
            "spec.name",
            "FieldValueTooLong",
            "Too long: may not be more than 5 bytes",
            id="too long",
        ),
        pytest.param(
            {"name": "a\n"},
            "spec.name",
            "FieldValueInvalid",
            "Invalid value: \"a\\n\": spec.name in body should match '^[a-z]*$'",
            id="a line end after what matches",
        ),
        pytest.param(
            {"name": "a", "mode": "c"},
            "spec.mode",
            "FieldValueNotSupported",
            'Unsupported value: "c": supported values: "a", "b"',
            id="none of the choices",
        ),
        pytest.param(
            {"name": "a", "until": "tomorrow"},
            "spec.until",
            "FieldValueInvalid",
            'Invalid value: "tomorrow": spec.until in body must be of type date-time: "tomorrow"',
            id="no time",
        ),
        pytest.param(
            {"name": "a", "items": [{"name": "x"}, {"name": "x"}]},
            "spec.items[1]",
            "FieldValueDuplicate",
            'Duplicate value: {"name": "x"}',
            id="the same key twice",
        ),
        pytest.param(
            {"name": "a", "items": [{}, {"name": "b"}, {"name": "c"}]},
            "spec.items",
            "FieldValueTooMany",
            "Too many: 3: must have at most 2 items",
            id="too many items",
        ),
        pytest.param(
            {"name": "a", "labels": {"x": 1}},
            "spec.labels.x",
            "FieldValueTypeInvalid",
            'Invalid value: "integer": spec.labels.x in body must be of type string: "integer"',
            id="a value of a map",
        ),
        pytest.param(
            {"name": "a", "port": 1.5},
            "spec.port",
            "FieldValueTypeInvalid",
            'Invalid value: "number": spec.port in body must be of type integer,string: "number"',
            id="neither integer nor string",
        ),
    ],
)
def test_a_fault_is_named_as_the_api_server_names_it(spec: Object, field: str, reason: str, message: str) -> None:
    (fault,) = faults({"spec": spec}, SPEC)
    assert (fault.field, fault.reason, fault.message) == (field, reason, message)


def test_a_good_object_has_no_faults() -> None:
    good = {
        "name": "abc",
        "count": 9,
        "mode": "a",
        "port": "http",
        "maybe": None,
        "until": "2026-01-02T03:04:05Z",
        "labels": {"x": "1"},
        "free": {"x": [1, None, {}]},
        "items": [{"name": "x"}, {"name": "y"}],
    }
    assert not list(faults({"spec": good}, SPEC))


def test_unknown_fields_go_wherever_they_stand_and_are_named() -> None:
    value: Object = {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {"name": "x"},
        "spec": {"name": "a", "nmae": "b", "free": {"any": {"thing": 1}}, "items": [{"name": "x", "of": True}]},
        "extra": 1,
    }
    assert sorted(prune_unknown(value, SPEC)) == ["extra", "spec.items[0].of", "spec.nmae"]
    assert value == {
        "apiVersion": "v1",
        "kind": "X",
        "metadata": {"name": "x"},
        "spec": {"name": "a", "free": {"any": {"thing": 1}}, "items": [{"name": "x"}]},
    }


def test_defaults_fill_what_is_absent_or_wrongly_null_and_nothing_else() -> None:
    value: Object = {"spec": {"name": "a", "count": None, "items": [{"name": "x"}, {"on": False}]}}
    add_defaults(value, SPEC)
    assert value == {"spec": {"name": "a", "count": 3, "items": [{"name": "x", "on": True}, {"on": False}]}}


def test_a_default_is_filled_in_its_turn() -> None:
    schema: Object = {
        "type": "object",
        "properties": {
            "slots": {
                "type": "object",
                "default": {},
                "properties": {"prefix": {"type": "string", "default": "_cnpg_"}},
            }
        },
    }
    first: Object = {}
    add_defaults(first, schema)
    first["slots"]["prefix"] = "mine"
    second: Object = {}
    add_defaults(second, schema)
    assert second == {"slots": {"prefix": "_cnpg_"}}


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        pytest.param(
            {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "at least one schema (anyOf)", id="any"
        ),
        pytest.param(
            {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"a": 1, "b": 1}, "only one schema (oneOf)", id="one"
        ),
        pytest.param({"not": {"required": ["a"]}}, {"a": 1}, "must not validate the schema (not)", id="not"),
        pytest.param({"allOf": [{"required": ["a"]}]}, {}, "Required value", id="all"),
        pytest.param({"minProperties": 1}, {}, "should have at least 1 properties", id="too few properties"),
        pytest.param({"maxProperties": 1}, {"a": 1, "b": 1}, "must have at most 1 items", id="too many properties"),
        pytest.param({"minItems": 1}, [], "should have at least 1 items", id="too few items"),
    ],
)
def test_alternatives_and_counts_are_checked(schema: Object, value: Any, message: str) -> None:
    (fault,) = faults(value, schema, "spec")
    assert message in fault.message

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from tests.domain.schema.specs import INTEGER, TEXT, obj, of


def given(spec: Any) -> Object:
    return {"apiVersion": "example.com/v1", "kind": "Example", "metadata": {"name": "x"}, "spec": spec}


def told(spec: Object, value: Any) -> list[tuple[str, str, str]]:
    return [(fault.field, fault.rule, fault.message) for fault in of(spec).faults(given(value))]


LIST_MAP = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "items": obj(name=TEXT),
}

CASES = [
    pytest.param(INTEGER, 3, "3", "type", "must be an integer, found a string; write it without quotes", id="quoted"),
    pytest.param(INTEGER, 3.0, "x", "type", "must be an integer, found a string", id="text for an integer"),
    pytest.param(INTEGER, -1, 1.5, "type", "must be an integer, found a number", id="a fraction for an integer"),
    pytest.param(INTEGER, 0, True, "type", "must be an integer, found a boolean", id="true is not an integer"),
    pytest.param(TEXT, "3", 3, "type", "must be a string, found an integer; write it in quotes", id="unquoted"),
    pytest.param({"type": "boolean"}, False, 0, "type", "must be true or false, found an integer", id="boolean"),
    pytest.param({"type": "number"}, 1, "many", "type", "must be a number, found a string", id="number"),
    pytest.param({"type": "array", "items": TEXT}, [], {}, "type", "must be a list, found a mapping", id="list"),
    pytest.param({"type": "array"}, [1, "a"], "a", "type", "must be a list, found a string", id="a list of anything"),
    pytest.param(obj(), {}, [], "type", "must be a mapping, found a list", id="mapping"),
    pytest.param(
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        "1Gi",
        True,
        "type",
        "must be an integer or a string, found a boolean",
        id="int-or-string",
    ),
    pytest.param(
        {"x-kubernetes-int-or-string": True, "pattern": "^[0-9]+Gi$"},
        7,
        "1G",
        "pattern",
        "must match ^[0-9]+Gi$",
        id="the pattern of an int-or-string is for the string",
    ),
    pytest.param(
        {**TEXT, "enum": ["any", "first"]}, "any", "all", "enum", '"all" is not one of: any, first', id="enum"
    ),
    pytest.param({**TEXT, "pattern": "^[a-z]+$"}, "ab", "a1", "pattern", "must match ^[a-z]+$", id="pattern"),
    pytest.param({**INTEGER, "minimum": 1}, 1, 0, "bounds", "must be at least 1, found 0", id="minimum"),
    pytest.param(
        {"type": "array", "items": TEXT, "minItems": 1},
        ["a"],
        [],
        "bounds",
        "must have at least 1 items, found 0",
        id="few",
    ),
    pytest.param(
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], **obj(a=TEXT, b=TEXT)},
        {"a": "x"},
        {"a": "x", "b": "y"},
        "alternatives",
        "fits 2 of the alternatives, must fit one (with a, or b)",
        id="oneOf",
    ),
    pytest.param(
        {"anyOf": [{"required": ["a"]}, {"required": ["b"]}], **obj(a=TEXT, b=TEXT)},
        {"a": "x", "b": "y"},
        {},
        "alternatives",
        "fits none of 2 alternatives (with a, or b)",
        id="anyOf",
    ),
    pytest.param({**TEXT, "not": {"enum": ["a"]}}, "b", "a", "alternatives", "fits what the schema excludes", id="not"),
    pytest.param(
        {**TEXT, "allOf": [{"minLength": 2}]}, "ab", "a", "bounds", "must have at least 2 characters", id="allOf"
    ),
]


@pytest.mark.parametrize(("schema", "good", "bad", "rule", "message"), CASES)
def test_a_value_is_accepted_and_another_refused(schema: Object, good: Any, bad: Any, rule: str, message: str) -> None:
    assert told(schema, good) == []
    assert told(schema, bad) == [("spec", rule, message)]


FIELDS = [
    pytest.param(
        {**obj(size=TEXT), "required": ["size"]},
        {"size": "1"},
        {},
        "spec.size",
        "required",
        "is required",
        id="required",
    ),
    pytest.param(
        {**obj(size=TEXT), "required": ["size"]},
        {"size": "1"},
        {"size": None},
        "spec.size",
        "required",
        "is required",
        id="null is dropped where null is not a value",
    ),
    pytest.param(
        obj(storage=TEXT),
        {"storage": "1"},
        {"storge": "1"},
        "spec.storge",
        "unknown field",
        "is not a field of spec; did you mean storage?",
        id="unknown field",
    ),
    pytest.param(
        obj(a=obj()),
        {"a": {}},
        {"a": {"b": 1}},
        "spec.a.b",
        "unknown field",
        "is not a field of spec.a",
        id="no fields at all",
    ),
    pytest.param(
        {"type": "object", "additionalProperties": INTEGER},
        {"a": 1},
        {"a": "b"},
        "spec.a",
        "type",
        "must be an integer, found a string",
        id="the values of a map",
    ),
    pytest.param(
        LIST_MAP,
        [{"name": "a"}, {"name": "b"}],
        [{"name": "a"}, {"name": "b"}, {"name": "a"}],
        "spec[2]",
        "duplicate",
        'name "a" is there already at spec[0]',
        id="list-map",
    ),
    pytest.param(
        {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT},
        ["a", "b"],
        ["a", "a"],
        "spec[1]",
        "duplicate",
        "it is there already at spec[0]",
        id="set",
    ),
    pytest.param(
        obj(
            made={
                "type": "object",
                "x-kubernetes-embedded-resource": True,
                "x-kubernetes-preserve-unknown-fields": True,
            }
        ),
        {"made": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "any": 1}},
        {"made": {"apiVersion": "v1", "metadata": {}}},
        "spec.made.kind",
        "required",
        "is required",
        id="embedded resource",
    ),
    pytest.param(
        {"type": "array", "items": {**TEXT, "nullable": True}},
        ["a", None],
        ["a", 1],
        "spec[1]",
        "type",
        "must be a string, found an integer; write it in quotes",
        id="null where it is a value",
    ),
    pytest.param(
        {"type": "array", "items": TEXT},
        ["a"],
        [None],
        "spec[0]",
        "type",
        "must be a string, found null",
        id="null in a list",
    ),
]


@pytest.mark.parametrize(("schema", "good", "bad", "field", "rule", "message"), FIELDS)
def test_a_field_is_accepted_and_another_refused(
    schema: Object, good: Any, bad: Any, field: str, rule: str, message: str
) -> None:
    assert told(schema, good) == []
    assert told(schema, bad) == [(field, rule, message)]


def test_every_repetition_is_told_against_the_first() -> None:
    assert [message for _, _, message in told(LIST_MAP, [{"name": "a"}] * 3)] == [
        'name "a" is there already at spec[0]'
    ] * 2


def test_what_is_preserved_is_not_looked_at() -> None:
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": INTEGER}}
    assert told(spec, {"anything": {"at": ["all"]}}) == []
    assert told(spec, {"known": "x"}) == [("spec.known", "type", "must be an integer, found a string")]


def test_a_default_fills_a_required_field_and_null_asks_for_it() -> None:
    spec = {**obj(method={**TEXT, "default": "any"}), "required": ["method"]}
    assert told(spec, {}) == []
    assert told(spec, {"method": None}) == []


def test_the_object_stays_as_it_was() -> None:
    spec = obj(a={**obj(b={**INTEGER, "default": 1}), "default": {}}, c=TEXT)
    value = given({"c": None})
    of(spec).verdict(value, before=value)
    assert value == given({"c": None})


def test_a_variable_where_not_every_text_will_do_is_skipped_and_said() -> None:
    spec = obj(
        instances=INTEGER,
        method={**TEXT, "enum": ["any"]},
        size={**TEXT, "pattern": "^[0-9]+$"},
        note=TEXT,
        bad=INTEGER,
    )
    value = {"instances": "${N}", "method": "${M:=any}", "size": "${ S }", "note": "${X}", "bad": "$${N}"}
    verdict = of(spec).verdict(given(value))
    assert verdict.skipped == ("spec.instances", "spec.method", "spec.size")
    assert [fault.field for fault in verdict.faults] == ["spec.bad"]


def test_a_key_with_a_variable_is_no_unknown_field() -> None:
    verdict = of(obj(a=TEXT)).verdict(given({"${NAME}": "x"}))
    assert verdict.faults == ()
    assert verdict.skipped == ("spec.${NAME}",)


def test_alternatives_that_hang_on_a_variable_are_not_decided() -> None:
    spec = {**obj(a=INTEGER), "oneOf": [{"properties": {"a": {"minimum": 3}}}, {"properties": {"a": {"maximum": 1}}}]}
    assert [rule for _, rule, _ in told(spec, {"a": 2})] == ["alternatives"]
    assert told(spec, {"a": "${A}"}) == []


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "("])
def test_a_pattern_that_re2_does_not_take_is_named_and_not_taken_as_held(pattern: str) -> None:
    verdict = of({**TEXT, "pattern": pattern}).verdict(given("1"))
    assert verdict.faults == ()
    assert [(one.field, one.rule) for one in verdict.unchecked] == [("spec", pattern)]


def test_a_text_that_may_be_a_secret_is_not_repeated() -> None:
    spec = obj(a=INTEGER, b={**TEXT, "maxLength": 3}, c={**TEXT, "pattern": "^x$"}, d={**TEXT, "format": "byte"})
    faults = of(spec).faults(given(dict.fromkeys("abcd", "hunter2")))
    assert len(faults) == 4
    assert "hunter2" not in repr(faults)

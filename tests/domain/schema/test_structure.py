from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import Schema, SchemaFault, compile_schema

INTEGER = {"type": "integer"}
TEXT = {"type": "string"}


def of(spec: Object, key: str = "") -> Schema:
    """A kind whose `spec` is this."""
    return compile_schema({"type": "object", "properties": {"spec": spec}}, key=key or repr(spec))


def given(spec: Any) -> Object:
    return {"apiVersion": "example.com/v1", "kind": "Example", "metadata": {"name": "x"}, "spec": spec}


def told(spec: Object, value: Any) -> list[tuple[str, str, str]]:
    return [(fault.field, fault.rule, fault.message) for fault in of(spec).faults(given(value))]


def obj(**properties: Object) -> Object:
    return {"type": "object", "properties": properties}


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
    pytest.param(INTEGER, 0, True, "type", "must be an integer, found a boolean", id="true is no integer"),
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
    pytest.param({**TEXT, "enum": ["any", "first"]}, "any", "all", "enum", '"all" is none of: any, first', id="enum"),
    pytest.param({**TEXT, "pattern": "^[a-z]+$"}, "ab", "a1", "pattern", "must match ^[a-z]+$", id="pattern"),
    pytest.param(
        {**TEXT, "pattern": "^[a-z]+$"}, "ab", "ab\n", "pattern", "must match ^[a-z]+$", id="the end is the end"
    ),
    pytest.param({**TEXT, "pattern": r"[$]\$$"}, "$$", "$", "pattern", r"must match [$]\$$", id="dollars as text"),
    pytest.param({**TEXT, "pattern": r"^\d$"}, "3", "٣", "pattern", r"must match ^\d$", id="digits are ASCII"),
    pytest.param(
        {**TEXT, "format": "date-time"},
        "2030-01-31T10:00:00.5+02:00",
        "2030-02-31T10:00:00Z",
        "format",
        "must be a time such as 2030-01-31T00:00:00Z",
        id="a day that is not",
    ),
    pytest.param(
        {**TEXT, "format": "date-time"},
        "2030-01-31t10:00:00z",
        "2030-01-31",
        "format",
        "must be a time such as 2030-01-31T00:00:00Z",
        id="a day is no time",
    ),
    pytest.param({**TEXT, "format": "byte"}, "YQ==", "YQ", "format", "must be base64", id="base64"),
    pytest.param(
        {**INTEGER, "format": "int32"},
        2147483647,
        2147483648,
        "bounds",
        "must be from -2147483648 to 2147483647 (int32), found 2147483648",
        id="int32",
    ),
    pytest.param(
        {**INTEGER, "format": "int64"},
        -(2**63),
        2**63,
        "bounds",
        "must be from -9223372036854775808 to 9223372036854775807 (int64), found 9223372036854775808",
        id="int64",
    ),
    pytest.param({**INTEGER, "minimum": 1}, 1, 0, "bounds", "must be at least 1, found 0", id="minimum"),
    pytest.param({**INTEGER, "maximum": 9}, 9, 10, "bounds", "must be at most 9, found 10", id="maximum"),
    pytest.param(
        {**INTEGER, "minimum": 1, "exclusiveMinimum": True}, 2, 1, "bounds", "must be more than 1, found 1", id="above"
    ),
    pytest.param(
        {**INTEGER, "maximum": 9, "exclusiveMaximum": True}, 8, 9, "bounds", "must be less than 9, found 9", id="under"
    ),
    pytest.param({**INTEGER, "multipleOf": 8}, 16, 12, "bounds", "must be a multiple of 8, found 12", id="multiple"),
    pytest.param({**TEXT, "minLength": 1}, "é", "", "bounds", "must have at least 1 characters", id="short"),
    pytest.param({**TEXT, "maxLength": 2}, "éé", "abc", "bounds", "must have at most 2 characters", id="long"),
    pytest.param(
        {"type": "array", "items": TEXT, "minItems": 1},
        ["a"],
        [],
        "bounds",
        "must have at least 1 items, found 0",
        id="few",
    ),
    pytest.param(
        {"type": "object", "additionalProperties": TEXT, "maxProperties": 1},
        {"a": "b"},
        {"a": "b", "c": "d"},
        "bounds",
        "must have at most 1 keys, found 2",
        id="many keys",
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
        id="null is dropped where null is no value",
    ),
    pytest.param(
        obj(storage=TEXT),
        {"storage": "1"},
        {"storge": "1"},
        "spec.storge",
        "unknown field",
        "is no field of spec; did you mean storage?",
        id="unknown field",
    ),
    pytest.param(
        obj(a=obj()),
        {"a": {}},
        {"a": {"b": 1}},
        "spec.a.b",
        "unknown field",
        "is no field of spec.a",
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


def test_faults_come_in_the_order_of_their_fields_and_indexes_count_as_numbers() -> None:
    spec = obj(b={"type": "array", "items": INTEGER}, a=TEXT)
    fields = [field for field, _, _ in told(spec, {"b": ["x"] * 11, "a": 1})]
    assert fields == ["spec.a", *(f"spec.b[{index}]" for index in range(11))]


def test_every_repetition_is_told_against_the_first() -> None:
    assert [message for _, _, message in told(LIST_MAP, [{"name": "a"}] * 3)] == [
        'name "a" is there already at spec[0]'
    ] * 2


def test_what_is_preserved_is_not_looked_at() -> None:
    spec = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": INTEGER}}
    assert told(spec, {"anything": {"at": ["all"]}}) == []
    assert told(spec, {"known": "x"}) == [("spec.known", "type", "must be an integer, found a string")]


def test_metadata_is_open_and_its_own_constraints_hold() -> None:
    metadata = {"type": "object", "properties": {"name": {**TEXT, "maxLength": 3}}}
    schema = compile_schema({"type": "object", "properties": {"metadata": metadata}}, key="metadata")
    assert schema.faults({"metadata": {"name": "abc", "labels": {"a": "b"}}}) == ()
    assert schema.faults({"metadata": {"name": "abcd"}}) == (
        SchemaFault(("metadata", "name"), "must have at most 3 characters", "bounds"),
    )
    assert [fault.field for fault in schema.faults({"metadata": {}, "spek": {}})] == ["spek"]


def test_references_to_other_components_are_open() -> None:
    reference = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
    served = {"type": "object", "properties": {"metadata": {"allOf": [reference], "default": {}}, "spec": reference}}
    schema = compile_schema(served, key="served")
    assert schema.faults(given({"any": ["thing"]})) == ()
    assert not schema.has_cel


def test_an_alternative_knows_fields_by_the_schema_around_it() -> None:
    spec = {**obj(a=TEXT, b=TEXT), "anyOf": [{"type": "object", "properties": {"a": {"minLength": 1}}}]}
    assert told(spec, {"a": "x", "b": "y"}) == []


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


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^[[:alpha:]]+$", "ab", ":"),
        (r"^\pL+$", "é", "1"),
        (r"^\Qa.b\E$", "a.b", "axb"),
        (r"^a\z", "a", "ab"),
        (r"^\d$", "3", "٣"),
        (r"^a$", "a", "a\n"),
    ],
)
def test_a_pattern_is_read_as_re2_reads_it(pattern: str, good: str, bad: str) -> None:
    assert told({**TEXT, "pattern": pattern}, good) == []
    assert [rule for _, rule, _ in told({**TEXT, "pattern": pattern}, bad)] == ["pattern"]


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


def test_the_same_key_gives_the_same_schema_and_old_ones_are_let_go() -> None:
    first = of(INTEGER, key="kept")
    assert of(TEXT, key="kept") is first
    for number in range(40):
        of(TEXT, key=f"another {number}")
    assert of(TEXT, key="kept") is not first

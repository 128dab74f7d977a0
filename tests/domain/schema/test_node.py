"""A schema made ready, place by place."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import SchemaFault, compile_schema
from gitops_mcp.domain.schema.node import SchemaNode, has_rules, root_node
from tests.domain.schema.specs import INTEGER, TEXT, listed, obj, of, ruled


def node_of(spec: Object) -> SchemaNode:
    return root_node(obj(spec=spec)).properties["spec"]


def test_each_place_of_a_schema_is_one_node() -> None:
    made = node_of(
        {
            **obj(
                size={**TEXT, "nullable": True, "default": "1Gi"},
                mode={**TEXT, "enum": ["a", "b"]},
                labels={"type": "object", "additionalProperties": TEXT},
                names=listed(TEXT, **{"x-kubernetes-list-type": "set"}),
            ),
            "required": ["mode"],
        }
    )
    assert (made.type, made.required, made.defaults) == ("object", ("mode",), {"size": "1Gi"})
    size, mode, labels, names = (made.below(name) for name in ("size", "mode", "labels", "names"))
    assert size is not None
    assert mode is not None
    assert labels is not None
    assert names is not None
    assert (size.type, size.nullable, mode.nullable, mode.enum) == ("string", True, False, ("a", "b"))
    assert labels.below("anything") is labels.others is not None
    assert (names.is_set, names.keys, names.items and names.items.type) == (True, (), "string")
    assert made.below("other") is None


@pytest.mark.parametrize(
    ("spec", "is_open"),
    [
        pytest.param(obj(a=TEXT), False, id="fields that are named"),
        pytest.param({"type": "object"}, False, id="no fields"),
        pytest.param({"type": "object", "x-kubernetes-preserve-unknown-fields": True}, True, id="fields that are kept"),
        pytest.param({"x-kubernetes-preserve-unknown-fields": True}, True, id="anything"),
        pytest.param({"$ref": "#/components/schemas/other"}, True, id="a reference"),
    ],
)
def test_a_place_lets_fields_through_where_its_schema_does(spec: Object, *, is_open: bool) -> None:
    assert node_of(spec).open is is_open


def test_an_integer_or_a_string_is_a_type_of_its_own() -> None:
    made = node_of({"x-kubernetes-int-or-string": True, "anyOf": [INTEGER, TEXT]})
    assert (made.type, made.any_of) == ("int-or-string", ())


def test_keys_tell_the_items_of_a_list_apart_only_in_a_list_map() -> None:
    keys = {"x-kubernetes-list-map-keys": ["name"]}
    assert node_of(listed(obj(), **{"x-kubernetes-list-type": "map"}, **keys)).keys == ("name",)
    assert node_of(listed(obj(), **{"x-kubernetes-list-type": "atomic"}, **keys)).keys == ()


def test_rules_are_known_to_stand_below() -> None:
    schema = obj(a=obj(b=ruled(TEXT, "true"), c=TEXT), d=obj())
    assert [has_rules(one) for one in (schema, schema["properties"]["a"], schema["properties"]["d"])] == [
        True,
        True,
        False,
    ]
    assert [rule.text for rule in root_node(schema).properties["a"].properties["b"].rules] == ["true"]


def test_a_pattern_that_cannot_be_read_is_known_to_its_place() -> None:
    unread = node_of({**TEXT, "pattern": "("}).unread
    assert unread is not None
    assert unread[0] == "("


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
    assert schema.faults({"kind": "Example", "metadata": {"name": "x"}, "spec": {"any": ["thing"]}}) == ()
    assert not schema.has_cel


def test_an_alternative_knows_fields_by_the_schema_around_it() -> None:
    spec = {**obj(a=TEXT, b=TEXT), "anyOf": [{"type": "object", "properties": {"a": {"minLength": 1}}}]}
    assert of(spec).faults({"spec": {"a": "x", "b": "y"}}) == ()

"""A structural schema made ready: each place of it one node, read when an object has something there first.

A `$ref` that stands for itself and a place without a type are open: anything goes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.regexp import Unreadable
from gitops_mcp.domain.schema.checks import Check, pattern_check, schema_checks
from gitops_mcp.domain.schema.rule import CelRule

_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_RULES = "x-kubernetes-validations"


@dataclass(frozen=True, eq=False, slots=True)
class SchemaNode:
    type: str | None = None
    """As the schema says, `int-or-string`, or None where anything goes."""
    format: str | None = None
    nullable: bool = False
    open: bool = True
    """Fields without a node of their own are let through."""
    enum: tuple[Any, ...] | None = None
    checks: tuple[Check, ...] = ()
    unread: tuple[str, str] | None = None
    """A pattern that cannot be read here, and why."""
    properties: Mapping[str, SchemaNode] = field(default_factory=dict)
    others: SchemaNode | None = None
    """Of the values of a map, whose keys are free."""
    items: SchemaNode | None = None
    required: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """By property."""
    keys: tuple[str, ...] = ()
    """What tells the items of a list-map apart."""
    is_set: bool = False
    all_of: tuple[SchemaNode, ...] = ()
    any_of: tuple[SchemaNode, ...] = ()
    one_of: tuple[SchemaNode, ...] = ()
    none_of: SchemaNode | None = None
    rules: tuple[CelRule, ...] = ()

    def below(self, key: str) -> SchemaNode | None:
        return self.properties.get(key, self.others)


def root_node(schema: Object) -> SchemaNode:
    return _make_node(_with_identity(schema))


def has_rules(schema: Object) -> bool:
    """Here or below."""
    if "$ref" in schema:
        return False
    parts = (*schema.get("properties", {}).values(), schema.get("additionalProperties"), schema.get("items"))
    return bool(schema.get(_RULES)) or any(has_rules(part) for part in parts if isinstance(part, dict))


def _with_identity(schema: Object) -> Object:
    """Every object has these three, said or not; what is in `metadata` is not the schema's to say."""
    properties = schema.get("properties", {})
    metadata = {**properties.get("metadata", {}), _PRESERVE: True}
    identity = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    return {"type": "object", **schema, "properties": {**identity, **properties, "metadata": metadata}}


def _make_node(schema: Object, *, narrows: bool = False) -> SchemaNode:
    """`narrows`: inside of allOf and its like, which know fields only by the schema around them."""
    if "$ref" in schema:
        return SchemaNode()
    if schema.get(_EMBEDDED):
        required = {*schema.get("required", ()), "apiVersion", "kind"}
        schema = {**_with_identity(schema), "required": sorted(required)}
    kind = "int-or-string" if schema.get(_INT_OR_STRING) else schema.get("type")
    others, items = schema.get("additionalProperties"), schema.get("items")
    patterns, unread = _patterns(schema)
    list_type = schema.get("x-kubernetes-list-type")
    return SchemaNode(
        type=kind,
        format=schema.get("format"),
        nullable=bool(schema.get("nullable")),
        open=narrows or kind != "object" or bool(schema.get(_PRESERVE)),
        enum=tuple(schema["enum"]) if "enum" in schema else None,
        checks=(*schema_checks(schema), *patterns),
        unread=unread,
        properties=_Properties(schema.get("properties", {}), narrows=narrows),
        others=_make_node(others, narrows=narrows) if isinstance(others, dict) else SchemaNode() if others else None,
        items=_make_node(items, narrows=narrows) if isinstance(items, dict) else None,
        required=tuple(schema.get("required", ())),
        defaults=_property_defaults(schema),
        keys=tuple(schema.get("x-kubernetes-list-map-keys", ())) if list_type == "map" else (),
        is_set=list_type == "set",
        **_alternatives(schema),
        rules=tuple(map(CelRule.of, schema.get(_RULES, ()))),
    )


class _Properties(Mapping[str, SchemaNode]):
    """Made when they are asked for: of a thousand fields that a kind could have an object has few."""

    def __init__(self, stated: Object, *, narrows: bool) -> None:
        self._stated = stated
        self._narrows = narrows
        self._made: dict[str, SchemaNode] = {}

    def __getitem__(self, key: str) -> SchemaNode:
        if key not in self._made:
            self._made[key] = _make_node(self._stated[key], narrows=self._narrows)
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stated)

    def __len__(self) -> int:
        return len(self._stated)


def _alternatives(schema: Object) -> dict[str, Any]:
    if schema.get(_INT_OR_STRING):
        # anyOf says there once more that it is one of both.
        schema = {key: part for key, part in schema.items() if key != "anyOf"}
    groups = {"all_of": "allOf", "any_of": "anyOf", "one_of": "oneOf"}
    nodes: dict[str, Any] = {
        name: tuple(_make_node(part, narrows=True) for part in schema.get(keyword, ()))
        for name, keyword in groups.items()
    }
    return nodes | {"none_of": _make_node(schema["not"], narrows=True) if "not" in schema else None}


def _patterns(schema: Object) -> tuple[tuple[Check, ...], tuple[str, str] | None]:
    if "pattern" not in schema:
        return (), None
    try:
        return (pattern_check(schema["pattern"]),), None
    except Unreadable as error:
        return (), (schema["pattern"], str(error))


def _property_defaults(schema: Object) -> dict[str, Any]:
    return {key: part["default"] for key, part in schema.get("properties", {}).items() if "default" in part}

"""A structural schema made ready: each place of it one node, read once and walked for every object.

A `$ref` that stands for itself and a place without a type are open: anything goes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.regexp import Unreadable
from gitops_mcp.domain.schema.checks import Check, pattern_check, schema_checks
from gitops_mcp.domain.schema.rule import CelRule, escape_name
from gitops_mcp.domain.schema.verdict import Unchecked

_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_CONVERTED = {"date-time", "byte"}


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
    unread: Unchecked | None = None
    """A pattern that cannot be read here."""
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
    ruled: bool = False
    """Rules stand here or below."""
    plain: bool = True
    """JSON's values here and below are those that CEL sees."""

    def below(self, key: str) -> SchemaNode | None:
        return self.properties.get(key, self.others)


@dataclass(frozen=True)
class NodeTree:
    root: SchemaNode
    unchecked: tuple[Unchecked, ...]


def make_nodes(schema: Object) -> NodeTree:
    maker = _Maker()
    return NodeTree(maker.node(_with_identity(schema), ""), tuple(maker.unchecked))


def _with_identity(schema: Object) -> Object:
    """Every object has these three, said or not; what is in `metadata` is not the schema's to say."""
    properties = schema.get("properties", {})
    metadata = {**properties.get("metadata", {}), _PRESERVE: True}
    identity = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    return {"type": "object", **schema, "properties": {**identity, **properties, "metadata": metadata}}


class _Maker:
    def __init__(self) -> None:
        self.unchecked: list[Unchecked] = []

    def node(self, schema: Object, place: str, *, narrows: bool = False) -> SchemaNode:
        """`narrows`: inside of allOf and its like, which know fields only by the schema around them."""
        if "$ref" in schema:
            return SchemaNode()
        if schema.get(_EMBEDDED):
            required = {*schema.get("required", ()), "apiVersion", "kind"}
            schema = {**_with_identity(schema), "required": sorted(required)}
        kind = "int-or-string" if schema.get(_INT_OR_STRING) else schema.get("type")
        properties = {
            key: self.node(part, f"{place}.{key}" if place else key, narrows=narrows)
            for key, part in schema.get("properties", {}).items()
        }
        others = self._others(schema, place, narrows=narrows)
        items = self._items(schema, place, narrows=narrows)
        patterns, unread = self._patterns(schema, place)
        rules = tuple(self._rules(schema, place))
        children = (*properties.values(), *filter(None, (others, items)))
        list_type = schema.get("x-kubernetes-list-type")
        return SchemaNode(
            type=kind,
            format=schema.get("format"),
            nullable=bool(schema.get("nullable")),
            open=narrows or kind != "object" or bool(schema.get(_PRESERVE)),
            enum=tuple(schema["enum"]) if "enum" in schema else None,
            checks=(*schema_checks(schema), *patterns),
            unread=unread,
            properties=properties,
            others=others,
            items=items,
            required=tuple(schema.get("required", ())),
            defaults=_property_defaults(schema),
            keys=tuple(schema.get("x-kubernetes-list-map-keys", ())) if list_type == "map" else (),
            is_set=list_type == "set",
            **self._alternatives(schema, place),
            rules=rules,
            ruled=bool(rules) or any(child.ruled for child in children),
            plain=_is_plain(schema) and all(child.plain for child in children),
        )

    def _others(self, schema: Object, place: str, *, narrows: bool) -> SchemaNode | None:
        others = schema.get("additionalProperties")
        if isinstance(others, dict):
            return self.node(others, f"{place}.*" if place else "*", narrows=narrows)
        return SchemaNode() if others else None

    def _items(self, schema: Object, place: str, *, narrows: bool) -> SchemaNode | None:
        items = schema.get("items")
        return self.node(items, f"{place}[]", narrows=narrows) if isinstance(items, dict) else None

    def _alternatives(self, schema: Object, place: str) -> dict[str, Any]:
        if schema.get(_INT_OR_STRING):
            # anyOf says there once more that it is one of both.
            schema = {key: part for key, part in schema.items() if key != "anyOf"}
        groups = {"all_of": "allOf", "any_of": "anyOf", "one_of": "oneOf"}
        nodes: dict[str, Any] = {
            name: tuple(self.node(part, place, narrows=True) for part in schema.get(keyword, ()))
            for name, keyword in groups.items()
        }
        return nodes | {"none_of": self.node(schema["not"], place, narrows=True) if "not" in schema else None}

    def _rules(self, schema: Object, place: str) -> Iterator[CelRule]:
        for stated in schema.get("x-kubernetes-validations", ()):
            rule = CelRule.of(stated)
            if rule.trouble:
                self.unchecked.append(Unchecked(place, rule.text, rule.trouble))
            yield rule

    def _patterns(self, schema: Object, place: str) -> tuple[tuple[Check, ...], Unchecked | None]:
        if "pattern" not in schema:
            return (), None
        try:
            return (pattern_check(schema["pattern"]),), None
        except Unreadable as error:
            unread = Unchecked(place, schema["pattern"], str(error))
            self.unchecked.append(unread)
            return (), unread


def _property_defaults(schema: Object) -> dict[str, Any]:
    return {key: part["default"] for key, part in schema.get("properties", {}).items() if "default" in part}


def _is_plain(schema: Object) -> bool:
    return (
        schema.get("format") not in _CONVERTED
        and schema.get("type") != "number"
        and schema.get("x-kubernetes-list-type") not in {"map", "set"}
        and all(escape_name(key) == key for key in schema.get("properties", {}))
    )

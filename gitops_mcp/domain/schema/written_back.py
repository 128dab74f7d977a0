"""An object as a webhook in Go writes it back, once it has read it into its own types.

A required field that is not stated comes back as the zero of its type, a null among items too, and a quantity in its
usual spelling. So the schema's own check, which follows, has nothing to say of some of what was not stated, and refuses
a null where Go writes one. Only what the schema then accepts is filled in here: else it says what is missing.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.structure import Found, examine

_REFERENCE = frozenset({"apiGroup", "kind", "name"})
_ZEROS: dict[str | None, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "int-or-string": "0"}


_STRUCTS = frozenset(
    {
        ("extensions", "image"),
        ("serviceTemplate", "spec"),
        ("pvcTemplate", "resources"),
        ("volumeClaimTemplate", "metadata"),
        ("spec", "resources"),
    }
)
"""Where a mapping stands that Go has no null for, by the field above it and its own."""


def is_struct(path: Path) -> bool:
    """A null there comes back as an empty mapping. `spec.resources` of a Cluster itself is filled in before."""
    return tuple(step for step in path if isinstance(step, str))[-2:] in _STRUCTS


def write_back(node: SchemaNode, value: Any) -> Any:
    if type(value) is dict:
        made = {key: write_back(below, part) if (below := node.below(key)) else part for key, part in value.items()}
        for key in node.required:
            if made.get(key) is None and (below := node.below(key)) is not None:
                made.update(_zero_field(key, below))
        return made
    if type(value) is list and node.items is not None:
        items = node.items
        return [_fitting_zero(items) if item is None else write_back(items, item) for item in value]
    if node.type == "int-or-string" and any(check.rule == "pattern" for check in node.checks):
        return str(value).strip() if type(value) in {str, int, float} else value
    return value


def nulls_written_back(node: SchemaNode, value: Any, path: Path = ()) -> tuple[Path, ...]:
    """Optional fields for which Go has no other zero than null: a reference's group, and the sources of a volume."""
    found: list[Path] = []
    if type(value) is dict:
        for key in ("apiGroup", "sources"):
            below = node.properties.get(key) if node.type == "object" else None
            is_reference = key == "apiGroup" and node.properties.keys() >= _REFERENCE
            if below is None or key in node.required or value.get(key) is not None or below.nullable:
                continue
            if is_reference or (key == "sources" and path[-1:] == ("projectedVolumeTemplate",)):
                found.append((*path, key))
        for key, part in value.items():
            if (child := node.below(key)) is not None:
                found += nulls_written_back(child, part, (*path, key))
    elif type(value) is list and node.items is not None:
        for index, item in enumerate(value):
            found += nulls_written_back(node.items, item, (*path, index))
    return tuple(found)


def without_map_nulls(node: SchemaNode, value: Any) -> Any:
    """Each null in a map as the zero that Go reads it as."""
    if type(value) is dict:
        return {key: _without_null(node, key, part) for key, part in value.items()}
    if type(value) is list and node.items is not None:
        items = node.items
        return [without_map_nulls(items, item) for item in value]
    return value


def _without_null(node: SchemaNode, key: str, part: Any) -> Any:
    below = node.below(key)
    if below is None:
        return part
    return _fitting_zero(below) if part is None and key not in node.properties else without_map_nulls(below, part)


def is_map_value(node: SchemaNode, path: Path) -> bool:
    """Of a map whose keys are free: Go knows no null there."""
    for step in path[:-1]:
        below = node.items if isinstance(step, int) else node.below(step)
        if below is None:
            return False
        node = below
    return node.others is not None and path[-1] not in node.properties


def _zero_field(key: str, node: SchemaNode) -> Object:
    zero = _fitting_zero(node)
    return {} if zero is None else {key: zero}


def _fitting_zero(node: SchemaNode) -> Any:
    """None where the schema would not have it."""
    zero = write_back(node, {}) if node.type == "object" else _ZEROS.get(node.type)
    found = Found()
    examine(node, zero, (), found)
    return None if found.faults else zero

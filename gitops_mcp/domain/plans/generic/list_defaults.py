"""Defaults of the CRD in lists that have no keys, written out where an item is new.

The API fills them in, and an engine compares such a list as a whole: Argo CD reports one that leaves a default out as
out of sync for ever. What an item of Git leaves out already stays so, since then nothing is gained.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object, at, list_at, mapping_at
from gitops_mcp.domain.plans.generic.field_path import FieldPath, ItemKey, keys_of_list
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.structure import fill_defaults


def with_list_defaults(path: FieldPath, value: Any, here: Object) -> tuple[FieldPath, Any]:
    """What to write for a value, and where: around it too, as far as nothing is there yet."""
    inside = is_in_list(path)
    while inside and isinstance(path.steps[-1], str) and at(here, *path.parent.place_in(here)) is None:
        value, path = {path.steps[-1]: value}, path.parent
    place, siblings = path.place_or_none(here), []
    if isinstance(path.steps[-1], ItemKey):
        siblings = list_at(here, *path.parent.place_in(here))
    return path, spelled_out(path.node, value, at(here, *place) if place else None, siblings, inside=inside)


def is_in_list(path: FieldPath) -> bool:
    """Whether a list without keys has it in one of its items."""
    return any(isinstance(step, ItemKey) and not node.keys for step, node in zip(path.steps, path.nodes, strict=False))


def spelled_out(node: SchemaNode, value: Any, old: Any = None, siblings: Any = (), *, inside: bool = False) -> Any:
    """`old`: what stands there, `siblings`: in its list. An empty default says nothing, and is left out."""
    if isinstance(value, list) and node.items is not None:
        inner, there = inside or not (node.keys or node.is_set), list_at(old)
        return [
            spelled_out(node.items, item, _same_item(node, item, index, there), there, inside=inner)
            for index, item in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    known = mapping_at(old)
    made = {
        key: spelled_out(node.below(key) or SchemaNode(), part, known.get(key), inside=inside)
        for key, part in value.items()
    }
    stated = [old] if isinstance(old, dict) else [one for one in siblings if isinstance(one, dict)]
    for key, default in node.defaults.items() if inside else ():
        if key not in made and default != "" and all(key in one for one in stated):
            made[key] = fill_defaults(node.properties[key], default)
    return made


def _same_item(node: SchemaNode, item: Any, index: int, old: list[Any]) -> Any:
    """By what names it, else by its place."""
    if keys := keys_of_list(node):
        return next((one for one in old if all(at(one, key) == at(item, key) for key in keys)), None)
    return old[index] if index < len(old) else None

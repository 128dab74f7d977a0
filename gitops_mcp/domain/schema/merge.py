"""What an applier makes of the live object: server-side apply of one manager, or a three-way patch.

A field that was declared and is no more goes, with what stood in it; one that nobody declared stays, such as what the
operator's webhook filled in. A list is replaced whole, unless its items have keys.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema.node import SchemaNode
from gitops_mcp.domain.schema.structure import item_identity


def merge_change(node: SchemaNode | None, live: Any, *, before: Any, after: Any) -> Any:
    """`after` over `live`, where `before` was declared."""
    if type(live) is dict and type(after) is dict:
        return _merge_object(node, live, before if type(before) is dict else {}, after)
    if type(live) is list and type(after) is list and node is not None and node.keys:
        return _merge_items(node, live, before if type(before) is list else [], after)
    return after


def _merge_object(node: SchemaNode | None, live: Object, before: Object, after: Object) -> Object:
    made = {key: part for key, part in live.items() if key in after or key not in before}
    for key, part in after.items():
        below = node.below(key) if node is not None else None
        made[key] = merge_change(below, live.get(key), before=before.get(key), after=part)
    return made


def _merge_items(node: SchemaNode, live: list[Any], before: list[Any], after: list[Any]) -> list[Any]:
    old, gone = ({item_identity(node, one): one for one in items} for items in (live, before))
    stated = {item_identity(node, one) for one in after}
    kept = [one for key, one in old.items() if key not in stated and key not in gone]
    merged = []
    for one in after:
        key = item_identity(node, one)
        merged.append(merge_change(node.items, old.get(key), before=gone.get(key), after=one))
    return [*merged, *kept]

"""Strategic merge patch for built-in kinds: lists whose items have a key are merged by it.

Which key is a tag on each Go type; here it follows from the list's name, for the kinds served.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object

_KEYS = {
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "ports": "containerPort",
    "secrets": "name",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
_SETS = frozenset({"finalizers"})
_DROP_ITEMS = "$deleteFromPrimitiveList/"


def strategic_merge(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {key: part for key, part in patch.items() if key != "$patch"}
    result = dict(value) if isinstance(value, dict) else {}
    for key, part in patch.items():
        if key.startswith(_DROP_ITEMS):
            field = key.removeprefix(_DROP_ITEMS)
            result[field] = [item for item in result.get(field) or () if item not in part]
        elif key.startswith("$"):
            continue
        elif part is None:
            result.pop(key, None)
        elif isinstance(part, list):
            result[key] = _merge_list(key, result.get(key) or [], part)
        else:
            result[key] = strategic_merge(result.get(key), part)
    return result


def _merge_list(field: str, items: list[Any], patch: list[Any]) -> list[Any]:
    if field in _SETS:
        return [*items, *(item for item in patch if item not in items)]
    key = _KEYS.get(field)
    if field == "ports" and any("port" in item for item in patch if isinstance(item, dict)):
        key = "port"
    if key is None or {"$patch": "replace"} in patch:
        return [item for item in patch if item != {"$patch": "replace"}]
    found: dict[Any, Object] = {item.get(key): item for item in items}
    for item in patch:
        if item.get("$patch") == "delete":
            found.pop(item.get(key), None)
        else:
            found[item.get(key)] = strategic_merge(found.get(item.get(key)), item)
    return list(found.values())

"""The types of the fields that are read of live objects: what has another is taken out, and told as unreadable.

An operator of another version, a CRD without a schema or a controller of somebody's own may write anything. Whoever
reads an object afterwards finds a field of the type that it knows, or none. What is not named here is asked for by
`domain.objects` alone, which passes over another type.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object, Path, dotted_path

_Shape = type | list[Any] | dict[str, Any]
"""A type of JSON, `int` for whole numbers; a list with the shape of its items; a mapping with the shapes of fields."""

_NAMED = {"name": str}
_CONDITION = {"type": str, "status": str, "reason": str, "message": str, "lastTransitionTime": str}
_SOURCE = {"repoURL": str, "path": str, "targetRevision": str, "chart": str, "ref": str}
_SHAPES: dict[str, _Shape] = {
    "metadata": {"finalizers": [str], "ownerReferences": [_NAMED], "managedFields": [{"manager": str}]},
    "spec": {
        "instances": int,
        "imageName": str,
        "plugins": [{"name": str, "parameters": dict}],
        "managed": {"roles": [_NAMED], "services": {"additional": [dict]}},
        "tablespaces": [_NAMED],
        "externalClusters": [_NAMED],
        "postgresql": {"parameters": dict, "synchronous": dict, "extensions": [_NAMED]},
        "backup": {"barmanObjectStore": dict, "volumeSnapshot": dict},
        "bootstrap": {"initdb": dict, "recovery": dict, "pg_basebackup": dict},
        "storage": dict,
        "walStorage": dict,
        "affinity": dict,
        "replica": {"source": str},
        "cluster": _NAMED,
        "extensions": [_NAMED],
        "schemas": [_NAMED],
        "inRoles": [str],
        "passwordSecret": _NAMED,
        "schedule": str,
        "source": _SOURCE,
        "sources": [_SOURCE],
        "destination": {"server": str, "name": str, "namespace": str},
        "syncPolicy": dict,
        "sourceRef": {"kind": str, "name": str},
        "dependsOn": [_NAMED],
        "syncWindows": [dict],
        "url": str,
    },
    "status": {
        **dict.fromkeys(("phase", "phaseReason", "currentPrimary", "targetPrimary", "image", "error", "message"), str),
        **dict.fromkeys(("instances", "readyInstances", "timelineID", "observedGeneration"), int),
        "conditions": [_CONDITION],
        "instanceNames": [str],
        "instancesStatus": dict,
        "instancesReportedState": dict,
        "managedRolesStatus": {"byStatus": dict, "cannotReconcile": dict},
        "tablespacesStatus": [_NAMED],
        "pluginStatus": [_NAMED],
        "certificates": {"expirations": dict},
        "topology": dict,
        "containerStatuses": [_NAMED],
        "inventory": {"entries": [{"id": str}]},
        "resources": [{"kind": str, "name": str, "health": dict}],
        "sync": {"status": str, "revision": str},
        "health": {"status": str, "message": str},
        "operationState": {"phase": str, "message": str, "syncResult": {"resources": [dict]}},
    },
}
_MOST = 10
"""Fields of one object that are told."""


def take_out_unreadable(found: Object) -> tuple[str, ...]:
    """Takes the fields of other types out of an object; what is told of them: `status.phase, found 4`."""
    told: list[str] = []
    _take_out(found, _SHAPES, (), told)
    return (*told[:_MOST], f"and {len(told) - _MOST} more") if len(told) > _MOST else tuple(told)


def _take_out(part: Object, shapes: dict[str, Any], path: Path, told: list[str]) -> None:
    for key, shape in shapes.items():
        value = part.get(key)
        if value is None or type(value) is shape:
            continue
        if not _has_shape(value, shape):
            del part[key]
            told.append(f"{dotted_path((*path, key))}, found {_told(value)}")
        elif type(shape) is dict:
            _take_out(value, shape, (*path, key), told)
        elif type(shape) is list:
            _take_out_items(value, shape[0], (*path, key), told)


def _take_out_items(items: list[Any], shape: Any, path: Path, told: list[str]) -> None:
    odd = [index for index, item in enumerate(items) if not _has_shape(item, shape)]
    told += [f"{dotted_path((*path, index))}, found {_told(items[index])}" for index in odd]
    if type(shape) is dict:
        for index, item in enumerate(items):
            if type(item) is dict:
                _take_out(item, shape, (*path, index), told)
    if odd:
        items[:] = [item for index, item in enumerate(items) if index not in odd]


def _has_shape(value: Any, shape: Any) -> bool:
    wanted = shape if type(shape) is type else type(shape)
    return type(value) is wanted or (wanted is int and type(value) is float and value.is_integer())


def _told(value: Any) -> str:
    """What was found, without a text that may be anything."""
    match value:
        case bool() | int() | float():
            return f"{value!r}"[:20].lower()
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "null" if value is None else "a mapping"

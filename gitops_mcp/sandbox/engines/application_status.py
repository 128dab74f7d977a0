"""`status` of an Application, as Argo CD fills it in."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.engines.operation import Operation, Target, now
from gitops_mcp.sandbox.engines.sync import ObjectKey, Sync, sync_options
from gitops_mcp.sandbox.health import health_of, worst_health


def application_status(
    application: Object, target: Target, operation: Operation | None, sync: Sync, history: list[Object]
) -> Object:
    spec, before = application["spec"], application.get("status", {})
    resources = _resources(application, target, sync)
    statuses = {one["status"] for one in resources}
    status = "Unknown" if target.error else "OutOfSync" if "OutOfSync" in statuses else "Synced"
    # After a fault the branch's name stands where the commit was.
    revision = spec["source"].get("targetRevision", "HEAD") if target.error else target.revision
    compared = {key: spec[key] for key in ("source", "destination", "ignoreDifferences") if key in spec}
    automated = at(operation.asked if operation else None, "initiatedBy", "automated")
    made: Object = {
        "conditions": _conditions(target, operation, before),
        "controllerNamespace": "argocd",
        "health": before.get("health") if target.error and before.get("health") else _health(target, sync, before),
        "history": history,
        "operationState": operation.state if operation else None,
        "resourceHealthSource": "appTree",
        "resources": resources,
        "sourceType": target.kind,
        "sync": {"status": status, "revision": revision, "comparedTo": compared},
    }
    made = {key: value for key, value in made.items() if value}
    return made | ({"sourceHydrator": {}, "summary": {}} if automated else {})


def _resources(application: Object, target: Target, sync: Sync) -> list[Object]:
    confirmed = "Prune=confirm" in (at(application, "spec", "syncPolicy", "syncOptions") or [])
    unknown = "Unknown" if target.error else "OutOfSync"
    declared = [
        _resource(key, value, "Synced" if sync.is_in_sync(key, value) else "OutOfSync", confirmed=confirmed)
        for key, value in target.declared.items()
    ]
    extra = [
        _resource(key, live, unknown, confirmed=confirmed) | {"requiresPruning": True}
        for key, live in sync.undeclared(target.declared)
    ]
    return sorted((*declared, *extra), key=_order)


def _order(one: Object) -> tuple[Any, ...]:
    return tuple(one.get(key, "") for key in ("group", "kind", "namespace", "name"))


def _resource(key: ObjectKey, value: Object, status: str, *, confirmed: bool) -> Object:
    waits = confirmed or {"Prune=confirm", "Delete=confirm"} & sync_options(value)
    return {**key.fields, "status": status, **({"requiresDeletionConfirmation": True} if waits else {})}


def _health(target: Target, sync: Sync, before: Object) -> Object:
    """The worst of what it applies, and whose it is; since when it is so."""
    rated = [(health_of(sync.live(key))["status"], key) for key in target.declared]
    worst = worst_health(status for status, _ in rated)
    cause = next((key for status, key in rated if status == worst), None)
    message = (
        ""
        if cause is None or worst in {"Healthy", "Missing"}
        else f"Caused by {cause.group}/{cause.kind}:{cause.place}"
    )
    same = at(before, "health", "status") == worst
    since = before["health"]["lastTransitionTime"] if same else now()
    return {"status": worst, "lastTransitionTime": since, **({"message": message} if message else {})}


def _conditions(target: Target, operation: Operation | None, before: Object) -> list[Object]:
    if target.error:
        return [_condition("ComparisonError", target.error, before)]
    automated = at(operation.asked if operation else None, "initiatedBy", "automated")
    if operation and operation.phase == "Failed" and automated and operation.target.revision == target.revision:
        said = f"Failed last sync attempt to [{target.revision}]: {operation.message}"
        return [_condition("SyncError", said, before)]
    return []


def _condition(kind: str, message: str, before: Object) -> Object:
    known = [c for c in before.get("conditions", ()) if (c["type"], c["message"]) == (kind, message)]
    return known[0] if known else {"type": kind, "message": message, "lastTransitionTime": now()}

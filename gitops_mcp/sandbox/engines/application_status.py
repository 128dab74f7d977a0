"""`status` of an Application, as Argo CD fills it in, and what its project lets it do."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at
from gitops_mcp.sandbox.engines.operation import Operation, Target, now
from gitops_mcp.sandbox.engines.sync import ObjectKey, Sync, sync_options
from gitops_mcp.sandbox.health import health_of, worst_health

_ALWAYS = "* * * * *"
_OWN_CLUSTER = {"name": "in-cluster", "server": "https://kubernetes.default.svc"}


def why_not_permitted(application: Object, project: Object) -> str | None:
    """Where its project does not let it apply. Addresses of repositories are not looked at: they are stand-ins."""
    destination = mapping_at(application, "spec", "destination")
    given = {key: destination.get(key) or "" for key in ("name", "server", "namespace")}
    is_own = any(given[key] == value for key, value in _OWN_CLUSTER.items())
    if _permits(list_at(project, "spec", "destinations"), given | _OWN_CLUSTER if is_own else given):
        return None
    return (
        f"application destination server '{given['name'] or given['server']}' and namespace '{given['namespace']}' do "
        f"not match any of the allowed destinations in project '{project['metadata']['name']}'"
    )


def _permits(rules: list[Object], found: dict[str, str]) -> bool:
    """One rule has to fit, and none may be a `!` that does not. Half of an address that nobody knows here fits."""
    permitted = False
    for rule in rules:
        patterns = {key: rule.get(key) or "" for key in found}
        fits = {key: _fits(pattern, found[key]) for key, pattern in patterns.items()}
        fits |= {key: bool(patterns[key]) for key in _OWN_CLUSTER if not found[key]}
        denied = {key for key, pattern in patterns.items() if pattern.startswith("!") and not fits[key]}
        if fits["namespace"] and (fits["server"] or fits["name"]):
            permitted = True
        elif denied - {"namespace"} or (denied and fits["server"]):
            return False
    return permitted


def _fits(pattern: str, text: str) -> bool:
    denies = pattern.startswith("!")
    return glob(pattern.removeprefix("!"), crosses=True).fullmatch(text) != denies


def is_closed(application: Object, project: Object | None) -> bool:
    """Whether a window of its project keeps automatic syncs out: of those that are open at any time."""
    mine = [
        one
        for one in list_at(project, "spec", "syncWindows")
        if {"*", application["metadata"]["name"]} & set(one.get("applications") or ())
        or {"*", at(application, "spec", "destination", "namespace")} & set(one.get("namespaces") or ())
    ]
    active = [one["kind"] for one in mine if one["schedule"] == _ALWAYS]
    return "deny" in active or ("allow" not in active and any(one["kind"] == "allow" for one in mine))


def refused_status(before: Object, message: str) -> Object:
    """Of an Application that is not compared at all, as it was but for that."""
    told = {"conditions": [_condition("InvalidSpecError", message, before)]}
    was = before.get("health", {})
    since = was["lastTransitionTime"] if was.get("status") == "Unknown" else now()
    return {
        **before,
        **told,
        "health": {"status": "Unknown", "lastTransitionTime": since},
        "sync": {"status": "Unknown"},
    }


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

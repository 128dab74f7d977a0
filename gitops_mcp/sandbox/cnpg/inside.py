"""What is inside PostgreSQL: the status of Databases and DatabaseRoles, as the instance manager reports it.

There is no PostgreSQL here. A role exists when a manifest says so and the Cluster's primary is up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from gitops_mcp.domain.objects import Object, at

DATABASE_FINALIZER = "cnpg.io/deleteDatabase"
ROLE_FINALIZER = "cnpg.io/deleteRole"
CLUSTER_GONE = "cluster resource has been deleted, skipping reconciliation"


def is_up(cluster: Object | None) -> bool:
    return bool(at(cluster, "status", "currentPrimary"))


def roles_of(cluster: Object, declared: Iterable[Object]) -> frozenset[str]:
    """The roles that exist in PostgreSQL, where `declared` are the Cluster's DatabaseRoles."""
    inline = {role["name"] for role in _inline(cluster) if role.get("ensure") != "absent"}
    applied = {one["spec"]["name"] for one in declared if at(one, "status", "applied") is True}
    owners = {method["owner"] for method in at(cluster, "spec", "bootstrap").values() if "owner" in method}
    return frozenset({"postgres", "streaming_replica"} | inline | applied | owners)


def database_status(database: Object, *, roles: frozenset[str], others: Iterable[Object]) -> Object:
    """`others` are the Databases of the same Cluster."""
    spec = database["spec"]
    if rival := _rival(database, others):
        return _failed(database, f'"{spec["name"]}" is already managed by object "{rival}"')
    absent = spec.get("ensure") == "absent"
    if not absent and spec["owner"] not in roles:
        return _failed(database, f'ERROR: role "{spec["owner"]}" does not exist (SQLSTATE 42704)')
    parts = {
        kind: [{"name": part["name"], "applied": True} for part in spec[kind]]
        for kind in ("schemas", "extensions", "fdws", "servers")
        if spec.get(kind) and not absent
    }
    return {"applied": True, "observedGeneration": database["metadata"]["generation"], **parts}


def role_status(
    role: Object, cluster: Object, *, secrets_seen: Mapping[str, str], others: Iterable[Object], now: datetime
) -> Object:
    """`others` are the DatabaseRoles of the same Cluster."""
    spec = role["spec"]
    if spec["name"] in {inline["name"] for inline in _inline(cluster)}:
        return _failed(role, "database role is already managed by the CNPG cluster")
    if rival := _rival(role, others):
        return _failed(role, f'"{spec["name"]}" is already managed by object "{rival}"')
    made: Object = {"applied": True, "observedGeneration": role["metadata"]["generation"]}
    secret = at(spec, "passwordSecret", "name")
    if secret is None:
        return made
    if secret not in secrets_seen:
        return _failed(role, f'secrets "{secret}" not found')
    version = secrets_seen[secret]
    known: Object = at(role, "status", "conditions", 0) or {}
    changed = {
        "type": "PasswordSecretChange",
        "status": "True",
        "reason": "ChangeDetected",
        "message": version,
        "lastTransitionTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
    }
    return made | {
        "secretResourceVersion": version,
        "conditions": [known if known.get("message") == version else changed],
    }


def _inline(cluster: Object) -> list[Object]:
    return at(cluster, "spec", "managed", "roles") or []


def _rival(declared: Object, others: Iterable[Object]) -> str | None:
    """The object that has declared the same name first."""
    return next(_earlier(declared, others), None)


def _earlier(declared: Object, others: Iterable[Object]) -> Iterator[str]:
    for other in others:
        same = other["spec"]["name"] == declared["spec"]["name"]
        if same and other["metadata"]["uid"] != declared["metadata"]["uid"] and at(other, "status", "applied") is True:
            yield other["metadata"]["name"]


def _failed(declared: Object, message: str) -> Object:
    """The generation that was seen moves only on success."""
    seen = at(declared, "status", "observedGeneration")
    return {"applied": False, "message": message} | ({"observedGeneration": seen} if seen is not None else {})

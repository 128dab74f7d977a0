"""Databases, as the instance manager of the primary applies them: once for each generation, again while it fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_mcp.domain.cnpg.cluster_spec import is_replica
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.postgres import Postgres, SqlError
from gitops_mcp.sandbox.cnpg.reconciled import (
    WAITING,
    ReconcileOutcome,
    failed_status,
    is_going,
    is_seen,
    rival_conflict,
)

FINALIZER = "cnpg.io/deleteDatabase"
_KINDS = ("schemas", "extensions", "fdws", "servers")
_PARTS_FAILED = "database object reconciliation failed"


def database_outcome(
    database: Object, cluster: Object, postgres: Postgres, *, others: Iterable[Object]
) -> ReconcileOutcome:
    """`others` are the Databases of the same Cluster."""
    if is_going(database):
        return _release_database(database, cluster, postgres)
    if is_seen(database):
        return ReconcileOutcome(None)
    if is_replica(cluster):
        return ReconcileOutcome(failed_status(database, WAITING, applied=None))
    return ReconcileOutcome(_database_status(database, postgres, others), held=True)


def _database_status(database: Object, postgres: Postgres, others: Iterable[Object]) -> Object:
    if conflict := rival_conflict(database, others):
        return failed_status(database, conflict)
    try:
        parts = _apply_database(database["spec"], postgres)
    except SqlError as error:
        return failed_status(database, f"{_failed_step(database['spec'], postgres)}: {error}")
    if any(not part["applied"] for listed in parts.values() for part in listed):
        return {**failed_status(database, _PARTS_FAILED), **parts}
    return {"applied": True, "observedGeneration": database["metadata"]["generation"], **parts}


def _release_database(database: Object, cluster: Object, postgres: Postgres) -> ReconcileOutcome:
    """It is dropped only where it says so, was applied once, and PostgreSQL can be written to."""
    wanted = database["spec"].get("databaseReclaimPolicy") == "delete"
    if wanted and at(database, "status", "observedGeneration") and not is_replica(cluster):
        postgres.drop_database(database["spec"]["name"])
    return ReconcileOutcome(None, held=False)


def _apply_database(spec: Object, postgres: Postgres) -> dict[str, list[Object]]:
    name = spec["name"]
    if spec.get("ensure") == "absent":
        postgres.drop_database(name)
        return {}
    if name in postgres.databases:
        postgres.alter_database_owner(name, spec["owner"])
    else:
        postgres.create_database(name, spec["owner"])
    return {kind: list(_apply_parts(kind, spec, postgres)) for kind in _KINDS if spec.get(kind)}


def _failed_step(spec: Object, postgres: Postgres) -> str:
    name, owner = spec["name"], spec["owner"]
    if name in postgres.databases:
        return f'while altering database "{name}" owner to {owner}'
    return f'while creating database "{name}"'


def _apply_parts(kind: str, spec: Object, postgres: Postgres) -> Iterator[Object]:
    """What is no longer listed stays in PostgreSQL: only `ensure: absent` drops it."""
    database = spec["name"]
    for part in spec[kind]:
        name, present = part["name"], part.get("ensure") != "absent"
        try:
            if kind != "schemas":
                postgres.set_part(database, kind, name, present=present)
            elif present:
                owner = part.get("owner") or postgres.databases[database].schemas.get(name, "postgres")
                postgres.set_schema(database, name, owner)
            else:
                postgres.drop_schema(database, name)
        except SqlError as error:
            yield {"name": name, "applied": False, "message": str(error)}
        else:
            yield {"name": name, "applied": True}

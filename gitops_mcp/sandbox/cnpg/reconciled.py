"""What one turn makes of a Database or DatabaseRole: its new status, and whether a finalizer of ours holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.domain.objects import Object, at

CLUSTER_GONE = "cluster resource has been deleted, skipping reconciliation"
WAITING = "waiting for the cluster to become primary"
"""Said on a replica cluster, whose PostgreSQL cannot be written to."""


@dataclass(frozen=True)
class ReconcileOutcome:
    status: Object | None
    """None: as it was."""
    held: bool | None = None
    """Whether the finalizer is there; None: as it was."""


def is_up(cluster: Object | None) -> bool:
    return bool(at(cluster, "status", "currentPrimary"))


def is_going(declared: Object) -> bool:
    return "deletionTimestamp" in declared["metadata"]


def is_seen(declared: Object) -> bool:
    """Whether this generation was applied: then it is not looked at again."""
    return bool(at(declared, "status", "observedGeneration") == declared["metadata"]["generation"])


def outcome_without_cluster(declared: Object) -> ReconcileOutcome:
    """Its Cluster is gone, and a new one of that name starts from nothing."""
    if "status" not in declared:
        return ReconcileOutcome(None)
    kept = {key: value for key, value in declared["status"].items() if key != "observedGeneration"}
    return ReconcileOutcome({**kept, "applied": False, "message": CLUSTER_GONE}, held=False)


def failed_status(declared: Object, message: str, *, applied: bool | None = False) -> Object:
    """The generation that was seen moves only on success; what is neither applied nor failed is not said."""
    before = {key: value for key, value in (declared.get("status") or {}).items() if key != "applied"}
    return {**before, **({} if applied is None else {"applied": applied}), "message": message}


def rival_conflict(declared: Object, others: Iterable[Object]) -> str | None:
    """Why it may not be applied: another object of the Cluster has applied the same name before."""
    if at(declared, "status", "observedGeneration"):
        return None
    name, uid = declared["spec"]["name"], declared["metadata"]["uid"]
    for other in others:
        same = other["spec"]["name"] == name and other["metadata"]["uid"] != uid
        if same and at(other, "status", "observedGeneration"):
            return f'"{name}" is already managed by object "{other["metadata"]["name"]}"'
    return None

"""How Argo CD rates the health of what it applies."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at

_WORST_LAST = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown")
# argo-cd resource_customizations/postgresql.cnpg.io/Cluster/health.lua, as of 3.5.
_CLUSTER = {
    "Cluster in healthy state": "Healthy",
    "Setting up primary": "Progressing",
    "Creating a new replica": "Progressing",
    "Upgrading cluster": "Progressing",
    "Waiting for the instances to become active": "Progressing",
    "Promoting to primary cluster": "Progressing",
    "Switchover in progress": "Degraded",
    "Failing over": "Degraded",
    "Upgrading Postgres major version": "Degraded",
    "Cluster upgrade delayed": "Degraded",
    "Waiting for user action": "Degraded",
    "Primary instance is being restarted in-place": "Degraded",
    "Primary instance is being restarted without a switchover": "Degraded",
    "Online upgrade in progress": "Degraded",
    "Applying configuration": "Degraded",
    "Unable to create required cluster objects": "Suspended",
    "Cluster cannot proceed to reconciliation due to an unknown plugin being required": "Suspended",
    "Cluster has incomplete or invalid image catalog": "Suspended",
    "Cluster is unrecoverable and needs manual intervention": "Suspended",
}

# The condition that Argo CD's own checks go by, and what they say until there is one.
_CONDITIONS = {
    (kinds.EXTERNAL_SECRET.api_version, kinds.EXTERNAL_SECRET.kind): ("Ready", "Waiting for ExternalSecret"),
    (kinds.SEALED_SECRET.api_version, kinds.SEALED_SECRET.kind): (
        "Synced",
        "Waiting for Sealed Secret to be decrypted",
    ),
}


def health_of(live: Object | None) -> Object:
    """Kinds without a check of their own are healthy as soon as they are there."""
    if live is None:
        return {"status": "Missing"}
    if (live["apiVersion"], live["kind"]) in _CONDITIONS:
        return _by_condition(live, *_CONDITIONS[live["apiVersion"], live["kind"]])
    if live["kind"] != kinds.CLUSTER.kind or live["apiVersion"] != kinds.CLUSTER.api_version:
        return {"status": "Healthy"}
    phase = at(live, "status", "phase")
    if phase is None:
        return {"status": "Progressing", "message": "Waiting for the status to be reported"}
    return {"status": _CLUSTER.get(phase, "Unknown"), "message": at(live, "status", "phaseReason") or phase}


def _by_condition(live: Object, kind: str, waiting: str) -> Object:
    stated = next((one for one in at(live, "status", "conditions") or () if one["type"] == kind), None)
    if stated is None:
        return {"status": "Progressing", "message": waiting}
    message = {"message": stated["message"]} if stated.get("message") else {}
    return {"status": "Healthy" if stated["status"] == "True" else "Degraded", **message}


def worst_health(statuses: Iterable[str]) -> str:
    return max(statuses, key=_WORST_LAST.index, default="Healthy")

"""What each phase of a Cluster means, and what a person should do about it.

Matched by the exact string (`api/v1/cluster_types.go`); one that is not here is shown as it is and called unknown, as
a newer operator may say things that this table has never heard of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PhaseClass = Literal["ok", "progressing", "degraded", "waiting", "needs_human", "blocked", "failed", "unknown"]

HEALTHY = "Cluster in healthy state"


@dataclass(frozen=True)
class Phase:
    name: str | None
    kind: PhaseClass
    action: str
    """What to do; empty for what is well."""
    outage: Literal["none", "short", "full"] = "none"
    """What clients may notice while it lasts."""


_WAIT = "wait; it ends by itself"
_RESTART = "wait; while the primary restarts or switches, connections break for a moment"
_OPERATOR_LOG = "read phaseReason and the operator's log"

_KNOWN = {
    phase.name: phase
    for phase in (
        Phase(HEALTHY, "ok", ""),
        Phase("Setting up primary", "progressing", _WAIT),
        Phase("Creating a new replica", "progressing", _WAIT),
        Phase("Applying configuration", "progressing", _WAIT),
        Phase(
            "Waiting for the instances to become active",
            "progressing",
            "wait; if it lasts, look at the instances that are not ready, their pods and events",
        ),
        Phase("Promoting to primary cluster", "progressing", _WAIT),
        Phase("Upgrading cluster", "progressing", _RESTART, "short"),
        Phase("Online upgrade in progress", "progressing", _RESTART, "short"),
        Phase("Primary instance is being restarted in-place", "progressing", _RESTART, "short"),
        Phase("Primary instance is being restarted without a switchover", "progressing", _RESTART, "short"),
        Phase("Switchover in progress", "progressing", _RESTART, "short"),
        Phase(
            "Upgrading Postgres major version",
            "progressing",
            "wait; the cluster is down while pg_upgrade runs, see the job <primary>-major-upgrade. If it fails, revert "
            "the image in Git. Afterwards take a base backup and run ANALYZE",
            "full",
        ),
        Phase(
            "Failing over",
            "degraded",
            "wait for the new primary; if it lasts, look at the failed instance's pod, node and events",
            "short",
        ),
        Phase("Cluster upgrade delayed", "waiting", "wait; the operator spaces rollouts of several clusters out"),
        Phase(
            "Waiting for user action",
            "needs_human",
            "the replicas are updated, the primary waits for a person (primaryUpdateStrategy supervised): promote a "
            "replica with `kubectl cnpg promote`, or restart the primary with `kubectl cnpg restart`",
        ),
        Phase(
            "Cluster cannot proceed to reconciliation due to an unknown plugin being required",
            "blocked",
            "install the plugin that spec.plugins names, or remove it from Git",
        ),
        Phase(
            "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
            "blocked",
            "look at the plugin's deployment and its log, and at the operator's log",
        ),
        Phase(
            "Cluster has incomplete or invalid image catalog",
            "blocked",
            "add an image for the wanted major to the catalog that spec.imageCatalogRef names",
        ),
        Phase("Unable to create required cluster objects", "blocked", f"{_OPERATOR_LOG}; quotas and webhooks do this"),
        Phase("Invalid cluster definition", "blocked", "correct in Git the field that phaseReason names"),
        Phase(
            "Cluster cannot execute instance online upgrade due to missing architecture binary",
            "blocked",
            "use an operator image that has the nodes' architecture",
        ),
        Phase(
            "Cluster is unrecoverable and needs manual intervention",
            "failed",
            "the operator has given up: save the volumes, find out what is lost, then restore into a new Cluster",
            "full",
        ),
    )
}


def find_phase(name: object) -> Phase:
    if not isinstance(name, str) or not name:
        return Phase(
            None, "unknown", "the operator has reported no phase: check that it runs and watches this namespace"
        )
    return _KNOWN.get(name) or Phase(
        name, "unknown", f"this phase is not known here, perhaps of a newer operator: {_OPERATOR_LOG}"
    )

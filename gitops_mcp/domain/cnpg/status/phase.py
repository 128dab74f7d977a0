"""What each phase of a Cluster means, and what a person should do about it.

Matched by the exact string: the constants of `api/v1/cluster_types.go`, and two that stand as literals in
`internal/controller/cluster_controller.go`, of 1.25 to 1.30 and main. One that is not here is shown as it is and
called unknown, as a newer operator may say things that this table has never heard of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.domain.cnpg.cluster_spec import is_disabled
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at

PhaseClass = Literal["ok", "progressing", "degraded", "waiting", "needs_human", "blocked", "failed", "unknown"]

DISK_FULL = "Not enough disk space"
HEALTHY = "Cluster in healthy state"
SETTING_UP = "Setting up primary"
_UNKNOWN_PLUGIN = "Cluster cannot proceed to reconciliation due to an unknown plugin being required"
_PLUGIN = re.compile(r"Unknown plugin: '([^']+)'")


@dataclass(frozen=True)
class Phase:
    name: str | None
    kind: PhaseClass
    action: str
    """What to do; empty for what is well."""
    outage: Literal["none", "short", "full"] = "none"
    """What clients may notice while it lasts."""


WAIT = "wait; if it lasts, "
NOT_EMPTY = "Expected empty archive"
"""What a restore, or the first WAL of a new Cluster, is refused with; it stands in logs alone."""
RESTORE_STEP = (
    f"get_postgres_logs reads the log of the Job that restores: {NOT_EMPTY!r} asks for a serverName of its own in the "
    "archive, 'no target backup found' for a later recoveryTarget; a large backup only takes its time"
)
_WAIT = f"{WAIT}look at the pods, jobs and events of the instance it works on"
_RESTART = "wait; while the primary restarts or switches, connections break for a moment"
_OPERATOR_LOG = "read phaseReason and the operator's log"

_KNOWN = {
    phase.name: phase
    for phase in (
        Phase(HEALTHY, "ok", ""),
        Phase(SETTING_UP, "progressing", _WAIT),
        Phase("Creating a new replica", "progressing", _WAIT),
        Phase("Applying configuration", "progressing", _WAIT),
        Phase(
            "Waiting for the instances to become active",
            "progressing",
            f"{WAIT}look at the instances that are not ready, their pods and events",
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
            _UNKNOWN_PLUGIN,
            "blocked",
            "install the plugin that phaseReason names in the operator's namespace, or remove it from Git",
        ),
        Phase(
            "Cluster cannot proceed to reconciliation due to an error while interacting with plugins",
            "blocked",
            "look at the plugin's deployment and its log, and at the operator's log",
        ),
        Phase(
            "Cluster has incomplete or invalid image catalog",
            "blocked",
            "see that the catalog of spec.imageCatalogRef exists and has an image for the wanted major",
        ),
        Phase(
            "Unable to create required cluster objects",
            "blocked",
            "make what phaseReason misses, such as a Secret that spec.certificates names, or correct its name in Git; "
            "quotas and webhooks do this too: see the operator's log",
        ),
        Phase(
            "Instance Status Extraction Error: HTTP communication issue",
            "blocked",
            "let the operator reach port 8000 of the instances' pods: a NetworkPolicy, or another rule of the network, "
            "keeps it away from pods that are ready",
        ),
        Phase(
            DISK_FULL,
            "failed",
            "enlarge the volume that is full in Git (spec.storage.size or spec.walStorage.size), and its "
            "PersistentVolumeClaim by hand: the operator resizes none while it says this",
            "full",
        ),
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


def phase_of(cluster: Object) -> Phase:
    """The phase that a Cluster reports, with what the rest of the object says about it.

    A Cluster without a phase and with conditions is being worked on: the operator that made them waits for something.
    """
    found = find_phase(at(cluster, "status", "phase"))
    if is_disabled(cluster) and (found.name is None or found.kind == "ok"):
        return replace(found, kind="blocked", action="remove the annotation cnpg.io/reconciliationLoop", outage="none")
    if found.name is None and mapping_at(cluster, "status"):
        return Phase(
            None, "waiting", "wait: the operator has begun, and reports a phase once what it waits for is there or gone"
        )
    if found.name == _UNKNOWN_PLUGIN and (plugin := _named_plugin(cluster)):
        name, where = plugin
        action = f"install the plugin {name}{where} in the operator's namespace, or remove it from Git"
        return replace(found, action=action)
    return found


def _named_plugin(cluster: Object) -> tuple[str, str] | None:
    """The plugin that is not there, and where spec names it: a recovery names one in an external cluster only."""
    places = [(f"spec.plugins[{index}]", one) for index, one in enumerate(list_at(cluster, "spec", "plugins"))]
    outside = list_at(cluster, "spec", "externalClusters")
    places += [(f"spec.externalClusters[{index}].plugin", at(one, "plugin")) for index, one in enumerate(outside)]
    named = [(str(name), place) for place, one in places if (name := text_at(one, "name"))]
    said = _PLUGIN.search(text_at(cluster, "status", "phaseReason") or "")
    if said is not None:
        where = next((f" ({place} names it)" for name, place in named if name == said[1]), "")
        return said[1], where
    return (named[0][0], f" ({named[0][1]} names it)") if len(named) == 1 else None

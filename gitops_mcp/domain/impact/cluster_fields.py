"""The fields of a Cluster that make no pod anew: what a change of each does, read from the operator's source (1.30).

Every leaf of the CRD is decided: here, by the fields of pods (`rules/rollout.py`), or by a function of this folder. Of
two rows that fit the longer one counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, Path, at, dotted_path
from gitops_mcp.domain.rules.rollout import AT_RUN_TIME, POD_FIELDS

_RELOAD, _NEW_PODS = "a reload, without a restart", "only pods that are made from now on have it"
_METRICS = "metrics are collected by it from the next scrape on"
_NEXT_TIME = "takes effect the next time; nothing restarts"

FIELDS: dict[Path, tuple[Level, str]] = {
    ("postgresql", "pg_hba"): (Level.RELOAD, f"{_RELOAD}; who connects from then on is judged by these lines"),
    ("postgresql", "pg_ident"): (Level.RELOAD, _RELOAD),
    ("postgresql", "synchronous"): (Level.RELOAD, f"{_RELOAD}; commits wait for what it says from then on"),
    ("postgresql", "synchronous", "failoverQuorum"): (Level.NONE, "which failovers are safe is decided by it"),
    ("postgresql", "ldap"): (Level.RELOAD, _RELOAD),
    ("postgresql", "enableAlterSystem"): (Level.RELOAD, _RELOAD),
    ("postgresql", "syncReplicaElectionConstraint"): (Level.RELOAD, _RELOAD),
    ("postgresql", "promotionTimeout"): (Level.NONE, _NEXT_TIME),
    ("minSyncReplicas",): (Level.RELOAD, _RELOAD),
    ("maxSyncReplicas",): (Level.RELOAD, _RELOAD),
    ("certificates",): (Level.RELOAD, f"{_RELOAD}; clients that verify the server need the CA that it has then"),
    ("podSelectorRefs",): (Level.RELOAD, f"{_RELOAD}; pg_hba follows the pods that are selected"),
    ("replicationSlots", "highAvailability"): (Level.RELOAD, "slots of the replicas are made or dropped; a reload"),
    ("replicationSlots", "synchronizeReplicas"): (Level.NONE, "which slots are copied to the replicas changes"),
    ("replicationSlots", "updateInterval"): (Level.NONE, _NEXT_TIME),
    **dict.fromkeys(AT_RUN_TIME, (Level.NONE, "the instances look at it at each probe")),
    **dict.fromkeys(
        [("primaryLease",), ("failoverDelay",), ("switchoverDelay",), ("smartShutdownTimeout",)],
        (Level.NONE, _NEXT_TIME),
    ),
    ("priorityClassName",): (Level.NONE, _NEW_PODS),
    ("imagePullPolicy",): (Level.NONE, _NEW_PODS),
    ("imagePullSecrets",): (Level.NONE, "images are pulled with them from now on"),
    ("serviceAccountTemplate",): (Level.NONE, "the ServiceAccount's labels and annotations change"),
    ("inheritedMetadata",): (Level.NONE, "labels and annotations of pods, volumes and Services change in place"),
    ("description",): (Level.NONE, "a note, which nothing reads"),
    ("primaryUpdateMethod",): (Level.NONE, "how the next update reaches the primary"),
    ("enablePDB",): (Level.NONE, "the PodDisruptionBudgets come or go; a drain of nodes heeds them"),
    ("nodeMaintenanceWindow",): (Level.NONE, "nothing restarts by it; it counts when a node is drained"),
    ("monitoring", "customQueriesConfigMap"): (Level.NONE, _METRICS),
    ("monitoring", "customQueriesSecret"): (Level.NONE, _METRICS),
    ("monitoring", "disableDefaultQueries"): (Level.NONE, _METRICS),
    ("monitoring", "metricsQueriesTTL"): (Level.NONE, _METRICS),
    ("monitoring", "enablePodMonitor"): (Level.NONE, "the PodMonitor comes or goes"),
    ("monitoring", "podMonitorMetricRelabelings"): (Level.NONE, "the PodMonitor changes"),
    ("monitoring", "podMonitorRelabelings"): (Level.NONE, "the PodMonitor changes"),
    ("backup", "barmanObjectStore"): (Level.NONE, "WAL and backups go where it says from now on; older ones stay"),
    ("backup", "retentionPolicy"): (Level.NONE, "backups that are older are deleted from the archive"),
    ("backup", "volumeSnapshot"): (Level.NONE, "takes effect for the next VolumeSnapshots"),
    ("backup", "target"): (Level.NONE, "which instance the next backup is taken from"),
    ("bootstrap",): (Level.NONE, "read when a Cluster is made, and never again"),
    ("superuserSecret",): (Level.NONE, "the password of postgres becomes that of the Secret"),
    ("postgresUID",): (Level.NONE, "cannot change"),
    ("postgresGID",): (Level.NONE, "cannot change"),
}

OWN: tuple[Path, ...] = (
    ("instances",),
    ("imageName",),
    ("imageCatalogRef",),
    ("storage",),
    ("walStorage",),
    ("tablespaces",),
    ("postgresql", "parameters"),
    ("postgresql", "shared_preload_libraries"),
    ("managed",),
    ("replica",),
    ("externalClusters",),
    ("enableSuperuserAccess",),
    ("primaryUpdateStrategy",),
)
"""What functions decide, since it depends on more than the field."""


def field_impacts(before: Object, after: Object) -> Iterator[Impact]:
    for path, (level, text) in FIELDS.items():
        old, new = at(before, "spec", *path), at(after, "spec", *path)
        if old != new and _own_part(old, path) != _own_part(new, path):
            yield impact(level, f"{dotted_path(('spec', *path))}: {text}")


def decision_of(path: Path) -> Path | None:
    """The longest of all that decides a field; None: nobody has."""
    decided = (*FIELDS, *OWN, *POD_FIELDS)
    return max((one for one in decided if path[: len(one)] == one), key=len, default=None)


def _own_part(value: Any, path: Path) -> Any:
    """Without the parts that have a row of their own; what is empty is left out."""
    inner = {one[len(path)] for one in FIELDS if len(one) == len(path) + 1 and one[: len(path)] == path}
    if isinstance(value, dict):
        value = {key: part for key, part in value.items() if key not in inner}
    return value or None

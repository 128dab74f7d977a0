"""What becomes of Backups and their schedules here: a Backup fails as a real one does, or is completed at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gitops_mcp.domain.cnpg.notation.cron import next_run
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339
from gitops_mcp.domain.cnpg.status.backups import FAILED, IN_TREE, SCHEDULE_LABEL
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.reconciled import is_up

_ASKED = ("cluster", "method", "pluginConfiguration", "target", "online", "onlineConfiguration")
"""What a Backup has from its schedule."""


def backup_status(
    backup: Object, cluster: Object | None, now: datetime, take: Callable[[Object], str | None]
) -> Object | None:
    """The new status; None: as it was. `take` makes a base backup in a Cluster's archive, and gives its id."""
    if at(backup, "status", "phase") in {"completed", *FAILED}:
        return None
    if cluster is None:
        return {"phase": "pending"}
    method = backup["spec"].get("method", IN_TREE)
    ended = {"method": method, "reconciliationTerminatedAt": format_rfc3339(now)}
    if why := _refusal(backup["spec"], method, cluster["spec"]):
        return {**ended, "phase": "failed", "error": why}
    if not is_up(cluster):
        return {"phase": "pending"}
    name = backup["metadata"]["name"]
    times = dict.fromkeys(("reconciliationStartedAt", "startedAt", "stoppedAt"), format_rfc3339(now))
    instance = {"podName": at(cluster, "status", "currentPrimary") or ""}
    known: Object = {"backupId": name, "backupName": name, "instanceID": instance, "online": True}
    known |= {"majorVersion": major} if (major := at(cluster, "status", "pgDataImageInfo", "majorVersion")) else {}
    if method == "volumeSnapshot":
        known["snapshotBackupStatus"] = {"elements": [{"name": name, "type": "PG_DATA"}]}
    elif (taken := take(cluster)) is not None:
        known |= {"backupId": taken, "backupName": f"backup-{now:%Y%m%d%H%M%S}"}
    return {**ended, **times, "phase": "completed", **known}


def first_run(schedule: Object, now: datetime) -> tuple[Object, Object | None]:
    """The status of a schedule that is seen for the first time, and the Backup that it makes at once, if it does.

    Before the first run nothing says when that will be.
    """
    checked = {"lastCheckTime": format_rfc3339(now)}
    if not schedule["spec"].get("immediate"):
        return checked, None
    due = next_run(schedule["spec"]["schedule"], now)
    ran = {"lastScheduleTime": format_rfc3339(now)} | ({"nextScheduleTime": format_rfc3339(due)} if due else {})
    metadata, spec = schedule["metadata"], schedule["spec"]
    labels = {
        "cnpg.io/cluster": spec["cluster"]["name"],
        "cnpg.io/immediateBackup": "true",
        SCHEDULE_LABEL: metadata["name"],
    }
    backup: Object = {
        "apiVersion": schedule["apiVersion"],
        "kind": "Backup",
        "metadata": {
            "name": f"{metadata['name']}-{now:%Y%m%d%H%M%S}",
            "namespace": metadata["namespace"],
            "labels": labels,
        },
        "spec": {key: spec[key] for key in _ASKED if key in spec},
    }
    return checked | ran, backup


def _refusal(asked: Object, method: str, spec: Object) -> str | None:
    if method == "plugin":
        wanted = at(asked, "pluginConfiguration", "name")
        known = {one["name"] for one in spec.get("plugins", ()) if one.get("enabled", True)}
        return None if wanted in known else "cannot proceed with the backup as the cluster has no plugin configured"
    if not spec.get("backup"):
        return "cannot proceed with the backup as the cluster has no backup section"
    if method == "volumeSnapshot" and not at(spec, "backup", "volumeSnapshot"):
        return "no volumeSnapshot section defined on the target cluster"
    return None

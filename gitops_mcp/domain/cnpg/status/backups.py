"""Backups of a Cluster: who archives, what is planned, what was taken, and since when it can be restored.

Cluster.status says nothing of backups that plugins take; their ObjectStore does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.cron import next_run, with_seconds
from gitops_mcp.domain.cnpg.notation.moment import Moment, format_age, format_rfc3339, moment, parse_time
from gitops_mcp.domain.cnpg.status.reconciled import objects_of_cluster
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at

IN_TREE = "barmanObjectStore"
BARMAN_PLUGIN = "barman-cloud.cloudnative-pg.io"
FAILED = frozenset({"failed", "walArchivingFailing", "invalid backup definition"})
RUNNING = frozenset({"started", "running", "finalizing"})
LATE = timedelta(minutes=5)
"""How late a schedule may run, and how long a Backup may wait, before it is told: the operator looks each minute."""
SCHEDULE_LABEL = "cnpg.io/scheduled-backup"


@dataclass(frozen=True)
class Backup:
    name: str
    phase: str
    method: str
    started: Moment | None
    stopped: Moment | None
    error: str | None
    """Text from the cluster, cut."""
    waits: str | None = None
    """How long it waits to be begun, where that is long: `64m`."""
    schedule: str | None = None
    """The ScheduledBackup that made it."""

    @property
    def failed(self) -> bool:
        return self.phase in FAILED

    @property
    def running(self) -> bool:
        return self.phase in RUNNING


@dataclass(frozen=True)
class Schedule:
    name: str
    schedule: str
    method: str
    suspended: bool
    last: Moment | None
    next: Moment | None
    error: str | None
    late: str | None = None
    """How long ago it should have run, where it stands still: `64m`."""

    @property
    def with_seconds(self) -> str | None:
        """The schedule that was meant, where it has five fields: the operator reads the first as seconds.

        robfig/cron takes `0 2 * * *` as second 0 of minute 2 of every hour.
        """
        fields = self.schedule.split()
        return with_seconds(fields) if len(fields) == 5 and not fields[0].startswith("@") else None


@dataclass(frozen=True)
class RestoreWindow:
    """Since when, and from where, a Cluster can be restored."""

    store: str
    server: str
    first: Moment | None
    last_success: Moment | None
    last_failure: Moment | None


@dataclass(frozen=True)
class RecentBackups:
    """Backup objects, newest first."""

    items: tuple[Backup, ...]
    more: int
    """How many older ones are left off."""
    completed: int
    unfinished: tuple[Backup, ...] = ()
    """All that are neither completed nor failed, newest first."""


def archiver(cluster: Object) -> str | None:
    """What archives WAL: the name of a plugin, `barmanObjectStore`, or None."""
    for plugin in list_at(cluster, "spec", "plugins"):
        if at(plugin, "isWALArchiver") is True and at(plugin, "enabled") is not False:
            return str(at(plugin, "name"))
    return IN_TREE if at(cluster, "spec", "backup", "barmanObjectStore") else None


def recent_backups(cluster: Object, objects: Iterable[Object], *, now: datetime, most: int = 5) -> RecentBackups:
    own = sorted(objects_of_cluster(cluster, objects), key=_start_time, reverse=True)
    shown = tuple(read_backup(one, now=now) for one in own[:most])
    completed = sum(at(one, "status", "phase") == "completed" for one in own)
    open_ = [one for one in own if text_at(one, "status", "phase") not in {"completed", *FAILED}]
    unfinished = tuple(read_backup(one, now=now) for one in open_)
    return RecentBackups(shown, len(own) - len(shown), completed, unfinished)


def schedules(cluster: Object, objects: Iterable[Object], *, now: datetime) -> tuple[Schedule, ...]:
    return tuple(
        Schedule(
            name=str(at(one, "metadata", "name")),
            schedule=str(at(one, "spec", "schedule") or ""),
            method=str(at(one, "spec", "method") or IN_TREE),
            suspended=at(one, "spec", "suspend") is True,
            last=moment(at(one, "status", "lastScheduleTime"), now=now),
            next=_next_time(one, now),
            error=excerpt(at(one, "status", "error")),
            late=late_by(one, now=now),
        )
        for one in objects_of_cluster(cluster, objects)
    )


def _next_time(schedule: Object, now: datetime) -> Moment | None:
    """As the status says; before the first run it does not, and the operator counts from its first look."""
    said, looked = at(schedule, "status", "nextScheduleTime"), parse_time(at(schedule, "status", "lastCheckTime"))
    if said is None and looked is not None and at(schedule, "spec", "suspend") is not True:
        due = next_run(text_at(schedule, "spec", "schedule") or "", looked)
        return Moment(format_rfc3339(due), format_age(due, now)) if due else None
    return moment(said, now=now)


def late_by(schedule: Object, *, now: datetime) -> str | None:
    """How long ago a ScheduledBackup should have run and has not: then it stands still.

    It does so behind a Backup of its own that never ends, and while the operator is down.
    """
    due = parse_time(at(schedule, "status", "nextScheduleTime"))
    if due is None or at(schedule, "spec", "suspend") is True or now - due < LATE:
        return None
    return format_age(due, now)


def restore_windows(cluster: Object, stores: Iterable[Object], *, now: datetime) -> tuple[RestoreWindow, ...]:
    """Of the stores that the Cluster's plugins name, and of its own status for the in-tree way."""
    by_name = {
        str(at(store, "metadata", "name")): store
        for store in stores
        if at(store, "metadata", "namespace") == at(cluster, "metadata", "namespace")
    }
    return tuple(_restore_windows(cluster, by_name, now=now))


def _restore_windows(cluster: Object, stores: dict[str, Object], *, now: datetime) -> Iterator[RestoreWindow]:
    for plugin in list_at(cluster, "spec", "plugins"):
        store = str(at(plugin, "parameters", "barmanObjectName") or "")
        server = str(at(plugin, "parameters", "serverName") or at(cluster, "metadata", "name"))
        found = at(stores.get(store), "status", "serverRecoveryWindow", server)
        if at(plugin, "name") == BARMAN_PLUGIN and found is not None:
            yield RestoreWindow(
                store,
                server,
                moment(at(found, "firstRecoverabilityPoint"), now=now),
                moment(at(found, "lastSuccessfulBackupTime"), now=now),
                moment(at(found, "lastFailedBackupTime"), now=now),
            )
    status = mapping_at(cluster, "status")
    if at(status, "firstRecoverabilityPoint"):
        yield RestoreWindow(
            IN_TREE,
            str(at(cluster, "spec", "backup", "barmanObjectStore", "serverName") or at(cluster, "metadata", "name")),
            moment(at(status, "firstRecoverabilityPoint"), now=now),
            moment(at(status, "lastSuccessfulBackup"), now=now),
            moment(at(status, "lastFailedBackup"), now=now),
        )


def _start_time(object_: Object) -> str:
    return str(at(object_, "status", "startedAt") or at(object_, "metadata", "creationTimestamp") or "")


def backup_method(object_: Object) -> str:
    return text_at(object_, "status", "method") or text_at(object_, "spec", "method") or IN_TREE


def read_backup(object_: Object, *, now: datetime) -> Backup:
    status, phase = mapping_at(object_, "status"), text_at(object_, "status", "phase") or "pending"
    asked = parse_time(at(object_, "metadata", "creationTimestamp"))
    return Backup(
        name=str(at(object_, "metadata", "name")),
        phase=phase,
        method=backup_method(object_),
        started=moment(at(status, "startedAt"), now=now),
        stopped=moment(at(status, "stoppedAt"), now=now) if parse_time(at(status, "stoppedAt")) else None,
        error=excerpt(at(status, "error")) or excerpt(at(status, "commandError")) or _snapshot_failure(status),
        waits=format_age(asked, now) if phase == "pending" and asked and now - asked >= LATE else None,
        schedule=text_at(object_, "metadata", "labels", SCHEDULE_LABEL),
    )


def _snapshot_failure(status: Object) -> str | None:
    """The time since which the snapshotter fails: all that the operator keeps of it, while it tries again."""
    kept = text_at(status, "pluginMetadata", "cnpg_volumesnapshot") or ""
    match = re.search(r'"volumeSnapshotFirstFailure":\s*(\d{1,10})\b', kept)
    if match is None or at(status, "phase") == "completed":
        return None
    since = format_rfc3339(datetime.fromtimestamp(int(match[1]), UTC))
    return f"its VolumeSnapshot fails since {since}: see the events and status of VolumeSnapshots"

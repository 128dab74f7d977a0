"""Backups of a Cluster: who archives, what is planned, what was taken, and since when it can be restored.

Cluster.status says nothing of backups that plugins take; their ObjectStore does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.moment import Moment, moment, parse_time
from gitops_mcp.domain.cnpg.status.reconciled import objects_of_cluster
from gitops_mcp.domain.objects import Object, at

IN_TREE = "barmanObjectStore"
BARMAN_PLUGIN = "barman-cloud.cloudnative-pg.io"
FAILED = frozenset({"failed", "walArchivingFailing", "invalid backup definition"})


@dataclass(frozen=True)
class Backup:
    name: str
    phase: str
    method: str
    started: Moment | None
    stopped: Moment | None
    error: str | None
    """Text from the cluster, cut."""

    @property
    def failed(self) -> bool:
        return self.phase in FAILED


@dataclass(frozen=True)
class Schedule:
    name: str
    schedule: str
    method: str
    suspended: bool
    last: Moment | None
    next: Moment | None
    error: str | None

    @property
    def with_seconds(self) -> str | None:
        """The schedule that was meant, where it has five fields: the operator reads the first as seconds.

        robfig/cron takes `0 2 * * *` as second 0 of minute 2 of every hour.
        """
        zone = [part for part in self.schedule.split()[:1] if part.startswith(("TZ=", "CRON_TZ="))]
        fields = self.schedule.split()[len(zone) :]
        return " ".join([*zone, "0", *fields]) if len(fields) == 5 and not fields[0].startswith("@") else None


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


def archiver(cluster: Object) -> str | None:
    """What archives WAL: the name of a plugin, `barmanObjectStore`, or None."""
    for plugin in at(cluster, "spec", "plugins") or ():
        if at(plugin, "isWALArchiver") is True and at(plugin, "enabled") is not False:
            return str(at(plugin, "name"))
    return IN_TREE if at(cluster, "spec", "backup", "barmanObjectStore") else None


def recent_backups(cluster: Object, objects: Iterable[Object], *, now: datetime, most: int = 5) -> RecentBackups:
    own = sorted(objects_of_cluster(cluster, objects), key=_start_time, reverse=True)
    shown = tuple(_read_backup(one, now=now) for one in own[:most])
    return RecentBackups(shown, len(own) - len(shown), sum(at(one, "status", "phase") == "completed" for one in own))


def schedules(cluster: Object, objects: Iterable[Object], *, now: datetime) -> tuple[Schedule, ...]:
    return tuple(
        Schedule(
            name=str(at(one, "metadata", "name")),
            schedule=str(at(one, "spec", "schedule") or ""),
            method=str(at(one, "spec", "method") or IN_TREE),
            suspended=at(one, "spec", "suspend") is True,
            last=moment(at(one, "status", "lastScheduleTime"), now=now),
            next=moment(at(one, "status", "nextScheduleTime"), now=now),
            error=excerpt(at(one, "status", "error")),
        )
        for one in objects_of_cluster(cluster, objects)
    )


def restore_windows(cluster: Object, stores: Iterable[Object], *, now: datetime) -> tuple[RestoreWindow, ...]:
    """Of the stores that the Cluster's plugins name, and of its own status for the in-tree way."""
    by_name = {
        str(at(store, "metadata", "name")): store
        for store in stores
        if at(store, "metadata", "namespace") == at(cluster, "metadata", "namespace")
    }
    return tuple(_restore_windows(cluster, by_name, now=now))


def _restore_windows(cluster: Object, stores: dict[str, Object], *, now: datetime) -> Iterator[RestoreWindow]:
    for plugin in at(cluster, "spec", "plugins") or ():
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
    status = cluster.get("status") or {}
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


def _read_backup(object_: Object, *, now: datetime) -> Backup:
    status = object_.get("status") or {}
    return Backup(
        name=str(at(object_, "metadata", "name")),
        phase=str(at(status, "phase") or "pending"),
        method=str(at(status, "method") or at(object_, "spec", "method") or IN_TREE),
        started=moment(at(status, "startedAt"), now=now),
        stopped=moment(at(status, "stoppedAt"), now=now) if parse_time(at(status, "stoppedAt")) else None,
        error=excerpt(at(status, "error") or at(status, "commandError")),
    )

"""Everything that the API alone tells of one Cluster, read into values.

What could not be read is None and stays None: a part that is not there and one that was not seen are not the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.moment import Moment, moment
from gitops_mcp.domain.cnpg.status.backups import (
    RecentBackups,
    RestoreWindow,
    Schedule,
    archiver,
    recent_backups,
    restore_windows,
    schedules,
)
from gitops_mcp.domain.cnpg.status.certificates import Certificate, certificates
from gitops_mcp.domain.cnpg.status.conditions import Condition, conditions
from gitops_mcp.domain.cnpg.status.databases import Database, databases
from gitops_mcp.domain.cnpg.status.events import Events, events
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL, Instance, Job, instances, jobs
from gitops_mcp.domain.cnpg.status.reconciled import objects_of_cluster
from gitops_mcp.domain.cnpg.status.roles import (
    DatabaseRole,
    InlineRole,
    UnmanagedRole,
    database_roles,
    inline_roles,
    unmanaged_roles,
)
from gitops_mcp.domain.cnpg.status.services import Budget, Service, budgets, services
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.cnpg.status.volumes import Volume, volumes
from gitops_mcp.domain.objects import Object, as_int, at, list_at, text_at, texts_at

Objects = Iterable[Object] | None


@dataclass(frozen=True)
class Related:
    """The objects of the Cluster's namespace, by kind; None: they could not be read.

    Those of other Clusters may be among them. An empty tuple says that there are none, also of a kind that is not
    installed.
    """

    pods: tuple[Object, ...] | None = None
    claims: tuple[Object, ...] | None = None
    services: tuple[Object, ...] | None = None
    budgets: tuple[Object, ...] | None = None
    events: tuple[Object, ...] | None = None
    databases: tuple[Object, ...] | None = None
    roles: tuple[Object, ...] | None = None
    poolers: tuple[Object, ...] | None = None
    backups: tuple[Object, ...] | None = None
    scheduled_backups: tuple[Object, ...] | None = None
    object_stores: tuple[Object, ...] | None = None


@dataclass(frozen=True)
class Tablespace:
    name: str
    owner: str | None
    state: str
    error: str | None
    """Text from the cluster, cut."""


@dataclass(frozen=True)
class Plugin:
    name: str
    version: str | None
    """None: the Cluster asks for it, and its status does not know it."""
    status: str | None
    archives: bool


@dataclass(frozen=True)
class Pooler:
    name: str
    type: str
    phase: str
    instances: int | None
    reason: str | None
    """Text from the cluster, cut."""


@dataclass(frozen=True)
class Going:
    """An object of the Cluster that is being deleted: as long as something holds it, what comes after it waits."""

    kind: str
    name: str
    since: Moment | None
    held_by: tuple[str, ...]
    """Its finalizers."""


@dataclass(frozen=True)
class Status:
    cluster: Object
    now: datetime
    summary: Summary
    conditions: tuple[Condition, ...]
    instances: tuple[Instance, ...]
    jobs: tuple[Job, ...] | None
    volumes: tuple[Volume, ...] | None
    services: tuple[Service, ...] | None
    budgets: tuple[Budget, ...] | None
    certificates: tuple[Certificate, ...]
    tablespaces: tuple[Tablespace, ...]
    plugins: tuple[Plugin, ...]
    inline_roles: tuple[InlineRole, ...]
    unmanaged_roles: tuple[UnmanagedRole, ...]
    database_roles: tuple[DatabaseRole, ...] | None
    databases: tuple[Database, ...] | None
    poolers: tuple[Pooler, ...] | None
    archiver: str | None
    schedules: tuple[Schedule, ...] | None
    backups: RecentBackups | None
    windows: tuple[RestoreWindow, ...] | None
    events: Events | None
    going: tuple[Going, ...]


def read_status(
    cluster: Object, related: Related, *, now: datetime, most_events: int = 10, most_backups: int = 5
) -> Status:
    seen = Summary(cluster, now)
    kept = related.backups
    others = {str(at(one, "metadata", "name")) for one in _event_objects(cluster, related)}
    return Status(
        cluster=cluster,
        now=now,
        summary=seen,
        conditions=conditions(cluster, now=now),
        instances=instances(cluster, related.pods, now=now),
        jobs=None if related.pods is None else jobs(cluster, related.pods),
        volumes=None if related.claims is None else volumes(cluster, related.claims),
        services=None if related.services is None else services(cluster, related.services),
        budgets=None if related.budgets is None else budgets(cluster, related.budgets),
        certificates=certificates(cluster, now=now),
        tablespaces=_tablespaces(cluster),
        plugins=_plugins(cluster),
        inline_roles=inline_roles(cluster),
        unmanaged_roles=unmanaged_roles(cluster, related.roles or ()),
        database_roles=None if related.roles is None else database_roles(cluster, related.roles),
        databases=None if related.databases is None else databases(cluster, related.databases),
        poolers=None if related.poolers is None else _poolers(cluster, related.poolers),
        archiver=archiver(cluster),
        schedules=None if related.scheduled_backups is None else schedules(cluster, related.scheduled_backups, now=now),
        backups=None if kept is None else recent_backups(cluster, kept, now=now, most=most_backups),
        windows=None if related.object_stores is None else restore_windows(cluster, related.object_stores, now=now),
        events=None
        if related.events is None
        else events(related.events, cluster=seen.name, others=others, now=now, most=most_events),
        going=tuple(_objects_that_go(cluster, related, now=now)),
    )


def _event_objects(cluster: Object, related: Related) -> list[Object]:
    """The objects of other kinds whose events matter here."""
    kinds = (related.databases, related.roles, related.poolers, related.backups, related.scheduled_backups)
    return [one for objects in kinds for one in objects_of_cluster(cluster, objects or ())]


def _objects_that_go(cluster: Object, related: Related, *, now: datetime) -> Iterator[Going]:
    labelled = ("Pod", related.pods), ("PersistentVolumeClaim", related.claims), ("Service", related.services)
    naming = (
        ("Pooler", related.poolers),
        ("Backup", related.backups),
        ("ScheduledBackup", related.scheduled_backups),
        ("Database", related.databases),
        ("DatabaseRole", related.roles),
    )
    name = at(cluster, "metadata", "name")
    own = [
        (kind, one)
        for kind, objects in labelled
        for one in objects or ()
        if at(one, "metadata", "labels", CLUSTER_LABEL) == name
    ]
    own += [(kind, one) for kind, objects in naming for one in objects_of_cluster(cluster, objects or ())]
    for kind, one in [("Cluster", cluster), *own]:
        if (since := at(one, "metadata", "deletionTimestamp")) is not None:
            held_by = tuple(texts_at(one, "metadata", "finalizers"))
            yield Going(kind, str(at(one, "metadata", "name")), moment(since, now=now), held_by)


def _tablespaces(cluster: Object) -> tuple[Tablespace, ...]:
    return tuple(
        Tablespace(
            name=str(at(one, "name")),
            owner=text_at(one, "owner"),
            state=text_at(one, "state") or "unknown",
            error=excerpt(at(one, "error")),
        )
        for one in list_at(cluster, "status", "tablespacesStatus")
    )


def _plugins(cluster: Object) -> tuple[Plugin, ...]:
    """Those that spec asks for; capabilities are of no use to a reader."""
    known = {text_at(one, "name"): one for one in list_at(cluster, "status", "pluginStatus")}
    return tuple(
        Plugin(
            name=str(at(one, "name")),
            version=text_at(known.get(text_at(one, "name")), "version"),
            status=excerpt(at(known.get(text_at(one, "name")), "status")),
            archives=at(one, "isWALArchiver") is True,
        )
        for one in list_at(cluster, "spec", "plugins")
        if at(one, "enabled") is not False
    )


def _poolers(cluster: Object, objects: Iterable[Object]) -> tuple[Pooler, ...]:
    return tuple(map(read_pooler, objects_of_cluster(cluster, objects)))


def read_pooler(one: Object) -> Pooler:
    return Pooler(
        name=str(at(one, "metadata", "name")),
        type=str(at(one, "spec", "type") or "rw"),
        phase=text_at(one, "status", "phase") or "unknown",
        instances=as_int(at(one, "status", "instances")),
        reason=excerpt(at(one, "status", "error") or at(one, "status", "phaseReason")),
    )

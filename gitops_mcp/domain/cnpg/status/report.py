"""Everything that the API alone tells of one Cluster, read into values.

What could not be read is None and stays None: a part that is not there and one that was not seen are not the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
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
from gitops_mcp.domain.cnpg.status.pods import Instance, Job, instances, jobs
from gitops_mcp.domain.cnpg.status.reconciled import objects_of_cluster
from gitops_mcp.domain.cnpg.status.roles import DatabaseRole, InlineRole, database_roles, inline_roles
from gitops_mcp.domain.cnpg.status.services import Budget, Service, budgets, services
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.cnpg.status.volumes import Volume, volumes
from gitops_mcp.domain.objects import Object, at

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
    database_roles: tuple[DatabaseRole, ...] | None
    databases: tuple[Database, ...] | None
    poolers: tuple[Pooler, ...] | None
    archiver: str | None
    schedules: tuple[Schedule, ...] | None
    backups: RecentBackups | None
    windows: tuple[RestoreWindow, ...] | None
    events: Events | None


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
    )


def _event_objects(cluster: Object, related: Related) -> list[Object]:
    """The objects of other kinds whose events matter here."""
    kinds = (related.databases, related.roles, related.poolers, related.backups, related.scheduled_backups)
    return [one for objects in kinds for one in objects_of_cluster(cluster, objects or ())]


def _tablespaces(cluster: Object) -> tuple[Tablespace, ...]:
    return tuple(
        Tablespace(
            name=str(at(one, "name")),
            owner=at(one, "owner"),
            state=str(at(one, "state") or "unknown"),
            error=excerpt(at(one, "error")),
        )
        for one in at(cluster, "status", "tablespacesStatus") or ()
    )


def _plugins(cluster: Object) -> tuple[Plugin, ...]:
    """Those that spec asks for; capabilities are of no use to a reader."""
    known = {at(one, "name"): one for one in at(cluster, "status", "pluginStatus") or ()}
    return tuple(
        Plugin(
            name=str(at(one, "name")),
            version=at(known.get(at(one, "name")), "version"),
            status=excerpt(at(known.get(at(one, "name")), "status")),
            archives=at(one, "isWALArchiver") is True,
        )
        for one in at(cluster, "spec", "plugins") or ()
        if at(one, "enabled") is not False
    )


def _poolers(cluster: Object, objects: Iterable[Object]) -> tuple[Pooler, ...]:
    return tuple(
        Pooler(
            name=str(at(one, "metadata", "name")),
            type=str(at(one, "spec", "type") or "rw"),
            phase=str(at(one, "status", "phase") or "unknown"),
            instances=at(one, "status", "instances"),
            reason=excerpt(at(one, "status", "error") or at(one, "status", "phaseReason")),
        )
        for one in objects_of_cluster(cluster, objects)
    )

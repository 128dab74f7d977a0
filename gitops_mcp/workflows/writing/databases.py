"""What the tools for databases need beside the road: which Cluster, and what the API adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.notation.sql import checked_database_name, checked_sql_name
from gitops_mcp.domain.kinds import DATABASE
from gitops_mcp.domain.names import check_cluster_name
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.databases.database import (
    NewDatabase,
    check_new_database,
    database_places,
    find_database,
    plan_new_database,
    require_database,
)
from gitops_mcp.domain.plans.databases.database_removal import DatabaseDeletion, plan_database_deletion
from gitops_mcp.domain.plans.databases.database_update import (
    DatabaseUpdate,
    plan_database_update,
    require_database_to_update,
)
from gitops_mcp.domain.plans.object_names import database_object_name
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.role import check_cluster_alive
from gitops_mcp.domain.plans.subject import DatabasePart, ObjectPart, Subject
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import live_databases, live_roles, object_at_base, the_cluster


@dataclass(frozen=True)
class WhichDatabase:
    """A database as the caller names it."""

    cluster_name: str
    database_name: str
    namespace: str | None


def create_database(
    app: App,
    request: WriteRequest,
    which: WhichDatabase,
    *,
    owner: str,
    reclaim_policy: Literal["retain", "delete"],
    extensions: Iterable[str],
    schemas: Iterable[str],
) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    new = NewDatabase(
        checked_database_name(which.database_name),
        checked_sql_name(owner, field="owner"),
        reclaim_policy,
        _unique_names(extensions, field="extensions"),
        _unique_names(schemas, field="schemas"),
    )

    def about(view: View) -> Subject:
        _, ref = the_cluster(view, which.cluster_name, which.namespace)
        known = find_database(view.desired, ref, new.name)
        name = known.identity.name if known else database_object_name(view.desired, ref, new.name, ())
        return Subject("create-database", Identity(DATABASE.kind, ref.namespace, name), (DatabasePart(ref, new.name),))

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        roles, unread = live_roles(view, ref)
        check_cluster_alive(ref, roles)
        live, unread_too = live_databases(view, ref)
        told = (*unread, *(one for one in unread_too if not unread))
        if known := check_new_database(view.desired, cluster, ref, new, live):
            return known.warned(told)
        name = database_object_name(view.desired, ref, new.name, live or ())
        candidates = database_places(view.desired, cluster, ref, name, view.settings.layout_database)
        view, places = view.with_places(Identity(DATABASE.kind, ref.namespace, name), candidates)
        made = plan_new_database(view.desired, cluster, ref, new, object_name=name, places=places, live=roles)
        return made.warned(told)

    request = replace(request, cluster=which.cluster_name, namespace=which.namespace)
    return deliver(app, request, Writing(about, plan))


def update_database(
    app: App,
    request: WriteRequest,
    which: WhichDatabase,
    *,
    owner: str | None,
    connection_limit: int | None,
    lists: Mapping[str, Sequence[str | Mapping[str, Any]] | None],
    locale: str | None,
) -> WriteResult:
    check_cluster_name(which.cluster_name, field="cluster_name")
    checked_sql_name(which.database_name, field="database_name")
    if locale is not None:
        raise InvalidRequest(
            "locale: cannot change, nor can encoding, template and collation: a database keeps those that it was made "
            "with. Create another database with the locale, copy the data there (pg_dump), then delete this one"
        )
    asked = DatabaseUpdate.of(owner, connection_limit, lists)

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        declared = require_database_to_update(view.desired, cluster, ref, which.database_name)
        target = replace(declared.identity, namespace=ref.namespace)
        parts = tuple(ObjectPart(declared.identity, path) for path in asked.fields)
        return Subject("update-database", target, parts)

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        roles, unread = live_roles(view, ref)
        check_cluster_alive(ref, roles)
        declared = require_database_to_update(view.desired, cluster, ref, which.database_name)
        declared.check_stays()
        return plan_database_update(view.desired, cluster, ref, declared, asked, live=roles).warned(unread)

    request = replace(request, cluster=which.cluster_name, namespace=which.namespace)
    return deliver(app, request, Writing(about, plan))


def delete_database(app: App, request: WriteRequest, which: WhichDatabase, *, drop: bool) -> WriteResult:
    request = replace(request, cluster=which.cluster_name, namespace=which.namespace)
    return deliver(app, request, database_deletion(which, drop=drop))


def database_deletion(which: WhichDatabase, *, drop: bool) -> Writing:
    check_cluster_name(which.cluster_name, field="cluster_name")
    checked_sql_name(which.database_name, field="database_name")

    def about(view: View) -> Subject:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        declared = require_database(view.desired, cluster, ref, which.database_name)
        target = replace(declared.identity, namespace=ref.namespace)
        return Subject("delete-database", target, (DatabasePart(ref, which.database_name),), removes=True)

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_databases(view, ref)
        declared = require_database(view.desired, cluster, ref, which.database_name)
        deletion = DatabaseDeletion(
            declared, ref, drop, live, object_at_base(view, declared), origin=view.desired.origin
        )
        deletion = replace(deletion, kept=view.source.why_kept(declared, deletion.seen))
        return plan_database_deletion(view.desired, deletion).warned(unread)

    return Writing(about, plan)


def _unique_names(names: Iterable[str], *, field: str) -> tuple[str, ...]:
    found = tuple(checked_sql_name(name, field=field) for name in names)
    if len(set(found)) != len(found):
        raise InvalidRequest(f"{field}: one is named twice, which the operator refuses; name each once")
    return found

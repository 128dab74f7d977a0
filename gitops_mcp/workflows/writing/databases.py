"""What the tools for databases need beside the road: which Cluster, and what the API adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.app import App
from gitops_mcp.domain import database_changes
from gitops_mcp.domain.answers import DatabaseList, DatabaseRow, MemberState, WriteResult, cut
from gitops_mcp.domain.cnpg.sql import database_name, sql_name
from gitops_mcp.domain.database_changes import POLICY, Deletion, NewDatabase, declared_databases, sql_name_of
from gitops_mcp.domain.kinds import DATABASE
from gitops_mcp.domain.names import ClusterRef, cluster_name, object_name
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plan import Plan
from gitops_mcp.domain.repository import Declaration
from gitops_mcp.domain.role_changes import check_alive
from gitops_mcp.domain.roles import bootstrap_database, bootstrap_owner
from gitops_mcp.domain.yamltext import same
from gitops_mcp.errors import GitOpsError, InvalidRequest
from gitops_mcp.workflows import cursors
from gitops_mcp.workflows.deliver import deliver
from gitops_mcp.workflows.members import Reading, live_databases, live_roles, reading, taken, the_cluster
from gitops_mcp.workflows.road import Request, View
from gitops_mcp.workflows.rolelist import object_state

_TOOL = "list_postgres_databases"


@dataclass(frozen=True)
class Which:
    """A database as the caller names it."""

    cluster_name: str
    database_name: str
    namespace: str | None


def create(
    app: App,
    request: Request,
    which: Which,
    *,
    owner: str,
    reclaim_policy: Literal["retain", "delete"],
    extensions: Iterable[str],
    schemas: Iterable[str],
) -> WriteResult:
    cluster_name(which.cluster_name, field="cluster_name")
    new = NewDatabase(
        database_name(which.database_name),
        sql_name(owner, field="owner"),
        reclaim_policy,
        _once(extensions, field="extensions"),
        _once(schemas, field="schemas"),
    )

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        roles, unread = live_roles(view, ref)
        check_alive(ref, roles)
        live, unread_too = live_databases(view, ref)
        told = (*unread, *(one for one in unread_too if not unread))
        if known := database_changes.check_new(view.desired, cluster, ref, new, live):
            return known.warned(told)
        name = object_name(ref.name, new.name, taken=taken(view, ref, DATABASE.kind, live or ()))
        layout = view.settings.layout_database
        tried = database_changes.places(view.desired, cluster, ref, name, layout)
        view = view.with_files(place.path for place in tried if not place.appended)
        made = database_changes.create(view.desired, cluster, ref, new, object_name=name, layout=layout, live=roles)
        return made.warned(told)

    about = replace(request, cluster=which.cluster_name, namespace=which.namespace)
    return deliver(app, about, plan)


def delete(app: App, request: Request, which: Which, *, drop: bool) -> WriteResult:
    cluster_name(which.cluster_name, field="cluster_name")
    sql_name(which.database_name, field="database_name")

    def plan(view: View) -> Plan:
        cluster, ref = the_cluster(view, which.cluster_name, which.namespace)
        live, unread = live_databases(view, ref)
        declared = database_changes.one_database(view.desired, cluster, ref, which.database_name)
        base = view.at_base().desired if view.proposed else view.desired
        merged = next((one.object for one in base.declarations if one.identity == declared.identity), None)
        deletion = Deletion(declared, ref, drop, live, merged, is_direct=view.is_live)
        return database_changes.delete(view.desired, deletion).warned(unread)

    about = replace(request, cluster=which.cluster_name, namespace=which.namespace)
    return deliver(app, about, plan)


def databases(
    app: App, cluster: str, *, namespace: str | None, environment: str | None, limit: int, cursor: str | None
) -> DatabaseList:
    """What Git declares, what is live, and what open changes propose, joined by name."""
    asked = [cluster, namespace, environment]
    skip = cursors.skipped(cursor, asked, _TOOL)
    seen = reading(app, cluster, namespace=namespace, environment=environment)
    rows = sorted(_rows(seen), key=lambda row: (row.name, row.object or ""))
    shown, more = cursors.page(rows, asked, skip=skip, limit=limit)
    return DatabaseList(
        environment=seen.environment.name,
        namespace=seen.ref.namespace,
        cluster=cluster,
        items=shown,
        total=len(rows),
        cursor=more,
        warnings=seen.warnings,
    )


def _once(names: Iterable[str], *, field: str) -> tuple[str, ...]:
    found = tuple(sql_name(name, field=field) for name in names)
    if len(set(found)) != len(found):
        raise InvalidRequest(f"{field}: one is named twice, which the operator refuses; name each once")
    return found


def _rows(seen: Reading) -> Iterator[DatabaseRow]:
    live = _live(seen)
    base = declared_databases(seen.view.desired, seen.ref) if seen.view else ()
    pending = _pending(seen)
    names = set()
    for one in base:
        names.add(sql_name_of(one))
        yield _declared(one, seen.ref, live, pending.get(sql_name_of(one), ()))
    for name, changes in pending.items():
        if name not in names:
            names.add(name)
            said = next((one for _, one in changes if one is not None), None)
            if said is not None:
                yield _row(said.object, state="proposed", pending=[change for change, _ in changes])
    for found in live or ():
        if at(found, "spec", "cluster", "name") == seen.ref.name and str(at(found, "spec", "name")) not in names:
            names.add(str(at(found, "spec", "name")))
            state, message = object_state(found, is_current=True)
            yield _row(found, state=state if seen.is_direct or state == "failing" else "only_live", message=message)
    yield from _of_bootstrap(seen, names)


def _of_bootstrap(seen: Reading, names: set[str]) -> Iterator[DatabaseRow]:
    """The application's database, which needs no object."""
    source = seen.cluster or (seen.declared.object if seen.declared else None)
    name = bootstrap_database(source) if source else None
    if source is None or name is None or name in names:
        return
    up = bool(at(seen.cluster, "status", "currentPrimary"))
    yield DatabaseRow(
        name=name,
        owner=bootstrap_owner(source),
        origin="bootstrap",
        state="reconciled" if up else "pending" if seen.cluster else "unknown" if seen.live is None else "only_in_git",
        declared=seen.declared.place if seen.declared else None,
    )


def _live(seen: Reading) -> tuple[Object, ...] | None:
    if seen.live is None:
        return None
    try:
        return seen.kube.every(DATABASE, seen.ref.namespace)
    except GitOpsError as error:
        seen.warn("unreadable", f"Databases are missing here: {error}")
        return None


def _pending(seen: Reading) -> dict[str, list[tuple[str, Declaration | None]]]:
    """By database the open changes that touch it, with what they say."""
    found: dict[str, list[tuple[str, Declaration | None]]] = {}
    for change in seen.proposed:
        old, new = (
            {sql_name_of(one): one for one in declared_databases(view.desired, seen.ref)}
            for view in (change.before, change.after)
        )
        for name in dict.fromkeys([*old, *new]):
            was, now = old.get(name), new.get(name)
            if not same(was.object if was else None, now.object if now else None):
                found.setdefault(name, []).append((change.name, now))
    return found


def _declared(
    one: Declaration, ref: ClusterRef, live: Iterable[Object] | None, pending: Iterable[tuple[str, object]]
) -> DatabaseRow:
    name = sql_name_of(one)
    state: MemberState = "unknown"
    message: str | None = None
    policy = None
    if live is not None:
        found = next(
            (
                seen
                for seen in live
                if at(seen, "spec", "name") == name
                and at(seen, "spec", "cluster", "name") == ref.name
                and at(seen, "metadata", "name") == one.identity.name
            ),
            None,
        )
        state = "only_in_git"
        if found is not None:
            absent = at(found, "spec", "ensure") == "absent"
            is_current = absent == (at(one.object, "spec", "ensure") == "absent")
            is_current = is_current and at(found, "spec", "owner") == at(one.object, "spec", "owner")
            state, message = object_state(found, is_current=is_current)
            state = "dropped" if absent and state == "reconciled" else state
            policy = at(found, "spec", POLICY)
    row = _row(one.object, state=state, message=message, pending=[change for change, _ in pending])
    return row.model_copy(
        update={"declared": one.place, "reclaim_policy": str(policy) if policy else row.reclaim_policy}
    )


def _row(
    object_: Object, *, state: MemberState, message: str | None = None, pending: Iterable[str] = ()
) -> DatabaseRow:
    spec = object_["spec"]
    return DatabaseRow(
        name=str(at(spec, "name")),
        object=at(object_, "metadata", "name"),
        owner=at(spec, "owner"),
        reclaim_policy=str(at(spec, POLICY) or "retain"),
        extensions=_parts(spec, "extensions"),
        schemas=_parts(spec, "schemas"),
        state=state,
        message=message,
        pending=list(pending),
    )


def _parts(spec: Object, key: str) -> list[str]:
    return [
        cut(str(at(one, "name")), 100) + (" (absent)" if at(one, "ensure") == "absent" else "")
        for one in at(spec, key) or ()
    ][:50]

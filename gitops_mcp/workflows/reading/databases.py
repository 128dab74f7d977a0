"""What list_postgres_databases answers: Git, live state and open changes joined by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.members import DatabaseList, DatabaseRow, MemberState
from gitops_mcp.app import App
from gitops_mcp.domain.kinds import DATABASE
from gitops_mcp.domain.names import ClusterRef, UnplacedCluster
from gitops_mcp.domain.objects import Object, at, list_at, text_at
from gitops_mcp.domain.plans.databases.database import POLICY, declared_databases, sql_name_of
from gitops_mcp.domain.plans.roles.declared_roles import bootstrap_database, bootstrap_owner
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.members import ClusterReading, read_cluster
from gitops_mcp.workflows.reading.roles import object_state

_TOOL = "list_postgres_databases"


def list_databases(
    app: App, cluster: str, *, namespace: str | None, environment: str | None, limit: int, cursor: str | None
) -> DatabaseList:
    """What Git declares, what is live, and what open changes propose, joined by name."""
    asked = [cluster, namespace, environment]
    skip = cursors.rows_to_skip(cursor, asked, _TOOL)
    seen = read_cluster(app, cluster, namespace=namespace, environment=environment)
    rows = sorted(_rows(seen), key=lambda row: (row.name, row.object or ""))
    shown, more = cursors.page_of_rows(rows, asked, skip=skip, limit=limit)
    return DatabaseList(
        environment=seen.environment.name,
        namespace=seen.ref.namespace,
        cluster=cluster,
        items=shown,
        total=len(rows) if seen.whole or rows else None,
        cursor=more,
        warnings=[*seen.warnings, *seen.api.unreadable],
    )


def _rows(seen: ClusterReading) -> Iterator[DatabaseRow]:
    live = _read_live(seen)
    base = declared_databases(seen.desired, seen.ref) if seen.desired else ()
    pending = seen.pending(lambda desired: _by_object(desired, seen.ref), lambda one: one.object)
    names, objects = set(), set()
    for one in base:
        names.add(sql_name_of(one))
        objects.add(one.identity.name)
        yield _declared_row(one, seen.ref, live, pending.get(one.identity.name, ()))
    for object_name, changes in pending.items():
        said = next((one for _, one in changes if one is not None), None)
        if object_name not in objects and said is not None:
            objects.add(object_name)
            names.add(sql_name_of(said))
            yield _row(said.object, state="proposed", pending=[change for change, _ in changes])
    for found in live or ():
        # Two objects may name one database: the operator takes the first, and what it says of the second is shown too.
        if at(found, "spec", "cluster", "name") == seen.ref.name and at(found, "metadata", "name") not in objects:
            names.add(str(at(found, "spec", "name")))
            state, message = object_state(found, is_current=True)
            yield _row(found, state=seen.live_only_state(state), message=message)
    yield from _of_bootstrap(seen, names)


def _of_bootstrap(seen: ClusterReading, names: set[str]) -> Iterator[DatabaseRow]:
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


def _read_live(seen: ClusterReading) -> tuple[Object, ...] | None:
    if seen.live is None or seen.ref.namespace is None:
        return None if seen.live is None else ()
    try:
        return seen.api.every(DATABASE, seen.ref.namespace)
    except GitOpsError as error:
        seen.warn("unreadable", f"Databases are missing here: {error}")
        return None


def _by_object(desired: Desired, ref: ClusterRef | UnplacedCluster) -> dict[str, Declaration]:
    return {one.identity.name: one for one in declared_databases(desired, ref)}


def _declared_row(
    one: Declaration,
    ref: ClusterRef | UnplacedCluster,
    live: Iterable[Object] | None,
    pending: Iterable[tuple[str, object]],
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
            is_current = (at(found, "spec", "ensure") == "absent") == (at(one.object, "spec", "ensure") == "absent")
            is_current = is_current and at(found, "spec", "owner") == at(one.object, "spec", "owner")
            state, message = object_state(found, is_current=is_current)
            policy = at(found, "spec", POLICY)
    row = _row(one.object, state=state, message=message, pending=[change for change, _ in pending])
    return row.model_copy(
        update={"declared": one.place, "reclaim_policy": str(policy) if policy else row.reclaim_policy}
    )


def _row(
    object_: Object, *, state: MemberState, message: str | None = None, pending: Iterable[str] = ()
) -> DatabaseRow:
    spec = at(object_, "spec")
    return DatabaseRow(
        name=str(at(spec, "name")),
        object=text_at(object_, "metadata", "name"),
        owner=text_at(spec, "owner"),
        reclaim_policy=str(at(spec, POLICY) or "retain"),
        extensions=_part_names(spec, "extensions"),
        schemas=_part_names(spec, "schemas"),
        state=state,
        message=message,
        pending=list(pending),
    )


def _part_names(spec: object, key: str) -> list[str]:
    return [
        cut_text(str(at(one, "name")), 100) + (" (absent)" if at(one, "ensure") == "absent" else "")
        for one in list_at(spec, key)
    ][:50]

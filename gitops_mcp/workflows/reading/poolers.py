"""What list_postgres_poolers answers: Git, live state and open changes joined by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gitops_mcp.answers.base import shorten_to_fit
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.poolers import ListedPooler, PoolerList
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.status.report import Pooler, read_pooler
from gitops_mcp.domain.kinds import POOLER
from gitops_mcp.domain.objects import Object, as_int, at, mapping_at
from gitops_mcp.domain.plans.pooler import declared_poolers
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.members import ClusterReading, read_cluster

_TOOL = "list_postgres_poolers"


def list_poolers(
    app: App, cluster: str, *, namespace: str | None, environment: str | None, limit: int, cursor: str | None
) -> PoolerList:
    asked = [cluster, namespace, environment]
    skip = cursors.rows_to_skip(cursor, asked, _TOOL)
    seen = read_cluster(app, cluster, namespace=namespace, environment=environment)
    rows = sorted(_rows(seen), key=lambda row: row.name)
    shown, more = cursors.page_of_rows(rows, asked, skip=skip, limit=limit)
    answer = PoolerList(
        environment=seen.environment.name,
        namespace=seen.ref.namespace,
        cluster=cluster,
        items=shown,
        total=len(rows) if seen.whole or rows else None,
        cursor=more,
        warnings=[*seen.warnings, *seen.api.unreadable],
    )
    return shorten_to_fit(answer, "items", "warnings")


def _rows(seen: ClusterReading) -> Iterator[ListedPooler]:
    live = _read_live(seen)
    declared = declared_poolers(seen.desired, seen.ref) if seen.desired else {}
    pending = seen.pending(lambda desired: declared_poolers(desired, seen.ref), lambda one: one.object)
    by_name = {str(at(one, "metadata", "name")): one for one in live or ()}
    for name in dict.fromkeys([*declared, *pending, *by_name]):
        found = by_name.get(name)
        proposed = next((one for _, one in pending.get(name, ()) if one is not None), None)
        said = declared.get(name) or proposed
        if found is None and said is None:  # an open change takes away what is not there
            continue
        source = found if found is not None else said.object if said is not None else {}
        if found is not None:
            is_known = name in declared or seen.environment.delivery == "direct"
            state = "live" if is_known else "only_live"
        else:
            state = "proposed" if name not in declared else "unknown" if live is None else "only_in_git"
        yield _row(
            read_pooler(source), source, state, declared.get(name), [change for change, _ in pending.get(name, ())]
        )


def _row(row: Pooler, source: Object, state: str, declared: Declaration | None, changes: Sequence[str]) -> ListedPooler:
    parameters = mapping_at(source, "spec", "pgbouncer", "parameters")
    more = {
        "state": state,
        "host": row.name,
        "pool_mode": at(source, "spec", "pgbouncer", "poolMode") or "session",
        "paused": at(source, "spec", "pgbouncer", "paused") is True,
        "wanted": as_int(at(source, "spec", "instances"), default=1),
        "parameters": [cut_text(redact_text(f"{key} = {value}"), 100) for key, value in parameters.items()][:20],
        "declared": declared.place if declared else None,
        "pending": list(changes),
    }
    return ListedPooler.model_validate({**vars(row), **more})


def _read_live(seen: ClusterReading) -> list[Object] | None:
    if seen.live is None or seen.ref.namespace is None:
        return None if seen.live is None else []
    try:
        found = seen.api.every(POOLER, seen.ref.namespace)
    except GitOpsError as error:
        seen.warn("unreadable", f"Poolers are missing here: {error}")
        return None
    return [one for one in found if at(one, "spec", "cluster", "name") == seen.ref.name]

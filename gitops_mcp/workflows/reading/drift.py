"""What get_drift answers: Git, live and the open changes side by side, difference by difference."""

from __future__ import annotations

from gitops_mcp.answers.base import rows_that_fit, shorten_to_fit
from gitops_mcp.answers.drift import DriftReport
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.names import check_cluster_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.object_stores import MARK, with_object_stores
from gitops_mcp.errors import InvalidRequest, NotFound
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.differences import Scope, compare, declared_elsewhere
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.reading import cursors
from gitops_mcp.workflows.reading.cluster_in_git import unknown_cluster
from gitops_mcp.workflows.reading.drift_rows import DriftRows
from gitops_mcp.workflows.reading.engines import passed_over
from gitops_mcp.workflows.reading.live_cluster import live_cluster
from gitops_mcp.workflows.view import allowed_namespace, desired_here, read_texts

_TOOL = "get_drift"
_PAGE = 50
_WARNINGS = 30


def read_drift(
    app: App, cluster: str | None, *, namespace: str | None, environment: str | None, limit: int, cursor: str | None
) -> DriftReport:
    """Raises where nothing of what was asked for could be read."""
    asked = [cluster, namespace, environment]
    skip = cursors.rows_to_skip(cursor, asked, _TOOL)
    settings, ground = app.settings(fetch=True)
    if ground is None:
        raise InvalidRequest(
            "there is no repository here to compare with: start the server in one, or name it with --repo"
        )
    chosen = app.environment(settings, environment, reading=True)
    scope, apis = Scope(allowed_namespace(chosen, namespace)), ApisOnce(app, settings)
    api = apis.at_environment(chosen)
    desired = desired_here(app, ground, chosen, ground.base.commit, apis.at_engine(chosen))
    if cluster is not None:
        scope = Scope(_namespace_of(cluster, scope.namespace, app, ground, chosen, desired, api), cluster)
    texts = read_texts(ground, ground.base.commit, ground.repository.naming(ground.base.commit, MARK))
    desired = with_object_stores(desired, texts)
    others, unknown = declared_elsewhere(app, ground, chosen, settings)
    found = compare(api, chosen, desired, scope, others)
    if found.unread and not found.declared and not found.differences:
        raise found.unread[0]
    told = DriftRows.of(apis, ground, chosen, desired, found.differences)
    rows = rows_that_fit([told.row(one) for one in told.own[skip : skip + min(limit, _PAGE)]])
    end = skip + len(rows)
    answer = DriftReport(
        environment=chosen.name,
        namespace=scope.namespace,
        cluster=cluster,
        base=ground.base.branch,
        base_commit=ground.base.commit,
        compared=found.compared,
        items=rows,
        total=len(told.own),
        complete=not found.unread,
        cursor=cursors.encode_cursor([*asked, end]) if end < len(told.own) else None,
        warnings=[
            *base_warnings(ground),
            *(Notice("unreadable", f"not compared: {one}") for one in found.unread),
            *passed_over(desired),
            *unknown,
            *told.notices,
            *found.notices[:_WARNINGS],
            *(one for one in told.engines.unread if one.id != "engine-source-unreadable"),
            *apis.unreadable,
        ],
    )
    return shorten_to_fit(answer, "warnings")


def _namespace_of(
    name: str, asked: str | None, app: App, ground: Ground, environment: Environment, desired: Desired, api: ApiOnce
) -> str | None:
    """Of a Cluster that Git declares or that is live; None where nothing says it. Raises where neither has it."""
    check_cluster_name(name, field="cluster_name")
    live, unread = live_cluster(api, environment, name, asked)
    space: str | None = asked or at(live, "metadata", "namespace")
    if live is None:
        try:
            space = desired.cluster(name, asked, environment=environment.name).identity.namespace or asked
        except NotFound as error:
            raise unread or unknown_cluster(api, app, ground, environment, name, asked) from error
    return allowed_namespace(environment, space)

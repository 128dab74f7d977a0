"""What update_postgres_cluster needs beside the road: the live Cluster, and one point in time for all its plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gitops_mcp.app import App
from gitops_mcp.domain import cluster_update
from gitops_mcp.domain.answers import WriteResult
from gitops_mcp.domain.cluster_settings import Update
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.names import ClusterRef, cluster_name
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plan import Notice, Plan
from gitops_mcp.errors import Forbidden, NotInstalled, Unavailable
from gitops_mcp.workflows.deliver import deliver
from gitops_mcp.workflows.members import the_cluster
from gitops_mcp.workflows.road import Request, View
from gitops_mcp.workflows.validation import operator_of


def update(app: App, request: Request, name: str, asked: Update, *, namespace: str | None) -> WriteResult:
    cluster_name(name)
    now = datetime.now(UTC)

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, name, namespace)
        live, unread = _live(view, ref)
        images = view.settings.postgres_images
        operator = operator_of(view.look, ref.namespace, ref.name) if live is not None else None
        made = cluster_update.update(
            declared, view.desired, ref, asked, images=images, live=live, operator=operator, now=now
        )
        return made.warned(unread)

    return deliver(app, replace(request, cluster=name, namespace=namespace), plan)


def _live(view: View, ref: ClusterRef) -> tuple[Object | None, list[Notice]]:
    try:
        return view.look.get(CLUSTER, ref.namespace, ref.name), []
    except (Forbidden, NotInstalled, Unavailable) as error:
        text = f"the live Cluster could not be read, so the impact is told from Git: {error}"
        return None, [Notice("live-unavailable", text)]

"""What update_postgres_cluster needs beside the road: the live Cluster."""

from __future__ import annotations

from dataclasses import replace

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.names import check_cluster_name
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
from gitops_mcp.domain.plans.clusters.cluster_update import paths_of_update, plan_cluster_update
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.workflows.running_operator import running_operator
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import live_or_not, the_cluster


def update_cluster(
    app: App, request: WriteRequest, name: str, asked: ClusterUpdate, *, namespace: str | None
) -> WriteResult:
    check_cluster_name(name, field="cluster_name")

    def about(view: View) -> Subject:
        declared, ref = the_cluster(view, name, namespace)
        paths = paths_of_update(declared, view.desired, ref, asked, images=view.settings.postgres_images, now=view.now)
        target = replace(declared.identity, namespace=ref.namespace)
        return Subject(asked.verb, target, tuple(ObjectPart(declared.identity, path) for path in paths))

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, name, namespace)
        found, unread = live_or_not(
            view, ref, f"the live Cluster could not be read, so the impact is judged by {view.desired.origin.name}"
        )
        live = found.object if found else None
        images = view.settings.postgres_images
        operator = running_operator(view.api, view.environment, ref.namespace, ref.name).release
        made = plan_cluster_update(
            declared, view.desired, ref, asked, images=images, live=live, operator=operator, now=view.now
        )
        return made.warned(unread)

    return deliver(app, replace(request, cluster=name, namespace=namespace), Writing(about, plan))

"""What create_postgres_pooler needs beside the road: which Cluster, and whether the name is taken in the API."""

from __future__ import annotations

from dataclasses import replace

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.kinds import POOLER
from gitops_mcp.domain.names import check_cluster_name, check_object_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pooler import NewPooler, checked_pooler_parameters, plan_new_pooler, pooler_name
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.backups import places_of
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import the_cluster


def create_pooler(
    app: App, request: WriteRequest, cluster: str, new: NewPooler, *, namespace: str | None
) -> WriteResult:
    """`new`: without a name it is called after its Cluster and its type."""
    check_cluster_name(cluster, field="cluster_name")
    name = check_object_name(new.name, field="pooler_name") if new.name else pooler_name(cluster, new.type)
    new = replace(new, name=name, parameters=checked_pooler_parameters(new.parameters))

    def about(view: View) -> Subject:
        _, ref = the_cluster(view, cluster, namespace)
        target = Identity(POOLER.kind, ref.namespace, new.name)
        return Subject("create-pooler", target, (ObjectPart(target),))

    def plan(view: View) -> Plan:
        declared, ref = the_cluster(view, cluster, namespace)
        unread = []
        try:
            live = view.api.get(POOLER, ref.namespace, new.name)
        except GitOpsError as error:
            live = None
            text = f"whether a live Pooler {new.name} exists could not be checked: {error}"
            unread.append(Notice("live-unavailable", text))
        made = plan_new_pooler(view.desired, declared, ref, new, live=live, places=places_of(view))
        return made.warned(unread)

    return deliver(app, replace(request, cluster=cluster, namespace=namespace), Writing(about, plan))

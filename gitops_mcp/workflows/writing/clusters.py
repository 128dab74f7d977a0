"""What writing tools for Clusters need beside the road: who is asked for what, and what the API can add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.protection import protecting_annotations
from gitops_mcp.domain.kinds import CLUSTER, NAMESPACE
from gitops_mcp.domain.live.managers import deletion_of
from gitops_mcp.domain.names import ClusterRef, check_cluster_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.clusters.cluster import (
    INSTANCES,
    LiveCluster,
    cluster_places,
    plan_new_cluster,
    plan_scaling,
)
from gitops_mcp.domain.plans.clusters.cluster_deletion import plan_cluster_deletion
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import ObjectPart, Subject
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.namespaces import why_namespace_is_open
from gitops_mcp.domain.rules.limits import check_instances_limit, check_storage_class_limit
from gitops_mcp.errors import Forbidden, GitOpsError, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing.delivery.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest, Writing
from gitops_mcp.workflows.writing.targets import live_or_not, object_at_base, only_namespace


@dataclass(frozen=True)
class NewCluster:
    name: str
    namespace: str | None
    instances: int
    storage_size: str
    postgres_version: str
    storage_class: str | None
    parameters: Mapping[str, str]
    database: str
    owner: str | None
    wait: bool = False
    timeout: int | None = None
    """Seconds."""


def create_cluster(app: App, request: WriteRequest, new: NewCluster) -> WriteResult:
    from gitops_mcp.domain.cnpg.manifest import cluster_manifest
    from gitops_mcp.domain.plans.clusters.cluster_image import image_for

    check_cluster_name(new.name, field="cluster_name")

    def about(view: View) -> Subject:
        target = _identity_of_new(view, new)
        return Subject("create", target, (ObjectPart(target),))

    def plan(view: View) -> Plan:
        settings, target = view.settings, _identity_of_new(view, new)
        ref = ClusterRef(str(target.namespace), new.name)
        check_instances_limit(new.instances, most=settings.max_instances)
        storage_class = check_storage_class_limit(new.storage_class, allowed=settings.storage_classes)
        image = image_for(view.desired, ref, new.postgres_version, images=settings.postgres_images)
        manifest = cluster_manifest(
            ref.name,
            ref.namespace,
            instances=new.instances,
            image=image.name,
            image_catalog_ref=image.catalog,
            database=new.database,
            owner=new.owner,
            storage_size=new.storage_size,
            storage_class=storage_class,
            parameters=new.parameters,
            annotations=protecting_annotations(view.source.engine(view.api, view.desired)),
        )
        notices = _live_namesake(view, ref)
        view, places = view.with_places(target, cluster_places(view.desired, ref, settings.layout_cluster))
        made = plan_new_cluster(view.desired, ref, manifest, tried=places, proposed=view.proposed)
        if new.namespace is not None and not made.unchanged:
            made = _with_namespace(view, made)
        moving = [Notice("moving-tag", image.warning)] if image.warning else []
        return made.warned([*moving, *notices])

    timeout = new.timeout or max(30, min(600, 60 * new.instances))  # a minute an instance, where nothing is said
    wait = new.wait or new.timeout is not None
    request = replace(request, cluster=new.name, namespace=new.namespace, wait=wait, timeout=timeout)
    return deliver(app, request, Writing(about, plan))


def _with_namespace(view: View, made: Plan) -> Plan:
    """The plan with what a namespace needs that is new here; one that a person has configured is known."""
    from gitops_mcp.domain.plans.clusters.cluster_namespace import (
        KIND,
        has_namespace,
        namespace_documents,
        with_namespace,
    )

    namespace, own = str(made.target.namespace), view.environment
    is_known = namespace in (() if own.cut else own.namespaces or ()) or has_namespace(view.desired, namespace)
    if is_known or not view.desired.origin.once:
        return made
    texts = view.source.manifests_with(KIND)
    known = namespace_documents(texts)
    if any(one.name == namespace for one in known):
        return made
    elsewhere = {one.path for one in view.desired.everything if one.identity.namespace == namespace}
    others = [
        f"environment {one.name}"
        for one in view.settings.environments.values()
        if one.name != own.name
        and (namespace in (one.namespaces or ()) or any(f"{path}/".startswith(f"{one.path}/") for path in elsewhere))
    ]
    live, unread = _live_namespace(view, namespace)
    desired = replace(view.desired, texts={**texts, **view.desired.texts})
    return with_namespace(made, desired, known, others, live=live).warned(unread)


def _live_namespace(view: View, name: str) -> tuple[bool | None, list[Notice]]:
    """Whether there is one; where the API does not answer at all, the answer says so already."""
    try:
        return view.api.get(NAMESPACE, None, name) is not None, []
    except Forbidden as error:
        return None, [
            Notice("live-unavailable", f"whether there is a live Namespace {name} could not be read: {error}")
        ]
    except GitOpsError:
        return None, []


def _identity_of_new(view: View, new: NewCluster) -> Identity:
    """In the namespace that was asked for, else the environment's only one, else the context's."""
    namespace = allowed_namespace(view.environment, new.namespace) or only_namespace(view)
    return Identity(CLUSTER.kind, namespace, new.name)


def scale_cluster(app: App, request: WriteRequest, name: str, *, namespace: str | None, instances: int) -> WriteResult:
    request = replace(request, cluster=name, namespace=namespace)
    return deliver(app, request, cluster_scaling(name, namespace=namespace, instances=instances))


def cluster_scaling(name: str, *, namespace: str | None, instances: int) -> Writing:
    check_cluster_name(name, field="cluster_name")

    def about(view: View) -> Subject:
        declared = _declared_cluster(view, name, namespace)
        target = replace(declared.identity, namespace=declared.identity.namespace or namespace)
        return Subject("scale", target, (ObjectPart(declared.identity, INSTANCES),))

    def plan(view: View) -> Plan:
        declared = _declared_cluster(view, name, namespace)
        check_instances_limit(instances, most=view.settings.max_instances)
        space = declared.identity.namespace or namespace
        found: LiveCluster | None = None
        unread: list[Notice] = []
        if space:
            where = view.desired.origin.name
            without = f"how many instances run could not be read, so the impact is judged by {where}"
            found, unread = live_or_not(view, ClusterRef(space, name), without)
        live = found.object if found else None
        made = plan_scaling(declared, view.desired, namespace=namespace, instances=instances, live=live)
        return made.warned([*unread, *_namespace_notices(view.desired, declared, namespace)])

    return Writing(about, plan)


def delete_cluster(app: App, request: WriteRequest, name: str, *, namespace: str | None) -> WriteResult:
    return deliver(app, replace(request, cluster=name, namespace=namespace), cluster_deletion(name, namespace))


def cluster_deletion(name: str, namespace: str | None) -> Writing:
    from gitops_mcp.domain.plans.clusters.restore_note import with_restore_note
    from gitops_mcp.workflows.writing.delivery.backups_left import read_restorable

    check_cluster_name(name, field="cluster_name")

    def about(view: View) -> Subject:
        declared = _declared_cluster(view, name, namespace)
        target = replace(declared.identity, namespace=_namespace_of(view, declared, namespace))
        return Subject("delete", target, (ObjectPart(declared.identity),), removes=True)

    def plan(view: View) -> Plan:
        declared = _declared_cluster(view, name, namespace)
        ref = ClusterRef(_namespace_of(view, declared, namespace), name)
        found, unread = live_or_not(view, ref, "the protection of the live Cluster could not be read, so Git's counts")
        made = plan_cluster_deletion(
            declared,
            view.desired,
            ref=ref,
            live=found,
            merged=object_at_base(view, declared),
            configured=view.environment.engine_type,
        )
        made = with_restore_note(made, read_restorable(view.api, ref, found, deleted=True))
        return made.warned([*unread, *_namespace_notices(view.desired, declared, ref.namespace)])

    def finish(view: View) -> Plan:
        from gitops_mcp.domain.plans.clusters.cluster_leftovers import plan_leftover_removal

        return plan_leftover_removal(view.desired, name)

    return Writing(about, plan, finish)


def _declared_cluster(view: View, name: str, namespace: str | None) -> Declaration:
    asked = allowed_namespace(view.environment, namespace)
    return view.desired.cluster(name, asked, environment=view.environment.name)


def _namespace_of(view: View, declared: Declaration, asked: str | None) -> str:
    return declared.identity.namespace or asked or only_namespace(view, declared)


def _namespace_notices(desired: Desired, declared: Declaration, used: str | None) -> list[Notice]:
    if declared.identity.namespace is not None:
        return []
    where = f"namespace {used} was taken from the request" if used else "it could not be determined"
    return [Notice("namespace-unknown", f"{why_namespace_is_open(desired, declared)}; {where}")]


def _live_namesake(view: View, ref: ClusterRef) -> list[Notice]:
    """A Cluster that runs already without Git knowing it would be taken over."""
    try:
        found = view.api.get(CLUSTER, ref.namespace, ref.name)
    except NotInstalled as error:
        return [Notice("not-installed", f"the operator's kinds are not installed there: {error}")]
    except (Forbidden, Unavailable) as error:
        return [Notice("live-unavailable", f"whether such a Cluster runs already could not be checked: {error}")]
    if found is None:
        return []
    if going := deletion_of(found):
        text = f"a live Cluster {ref} is in deletion {going}: what is applied before it is gone goes with it"
        return [Notice("live-exists", text)]
    return [
        Notice(
            "live-exists",
            f"a live Cluster {ref} exists already, which Git does not declare: applying this takes it over and resets "
            f"the fields named here",
        )
    ]

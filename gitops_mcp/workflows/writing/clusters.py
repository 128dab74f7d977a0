"""What writing tools for Clusters need beside the road: who is asked for what, and what the API can add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.cnpg.manifest import cluster_manifest
from gitops_mcp.domain.cnpg.protection import Engine, protecting_annotations
from gitops_mcp.domain.kinds import APPLICATION, CLUSTER, KUSTOMIZATION
from gitops_mcp.domain.names import ClusterRef, check_cluster_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.domain.plans.cluster import (
    LiveCluster,
    cluster_places,
    plan_cluster_deletion,
    plan_new_cluster,
    plan_scaling,
)
from gitops_mcp.domain.plans.cluster_image import image_for
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.domain.rules.limits import check_instances_limit, check_storage_class_limit
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View, allowed_namespace
from gitops_mcp.workflows.writing.git_delivery import deliver
from gitops_mcp.workflows.writing.request import WriteRequest
from gitops_mcp.workflows.writing.targets import live_or_not


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
    check_cluster_name(new.name)
    engines: list[Engine | Literal["none"] | None] = []  # asked once, however often the planner is

    def plan(view: View) -> Plan:
        environment, settings = view.environment, view.settings
        ref = ClusterRef(_new_namespace(app, view, new.namespace), new.name)
        check_instances_limit(new.instances, most=settings.max_instances)
        storage_class = check_storage_class_limit(new.storage_class, allowed=settings.storage_classes)
        notices = _live_namesake(view, ref)
        if not engines:
            engines.append("none" if view.is_live else _detect_engine(app, environment, settings))
        engine = engines[0] or _declared_engine(view)
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
            annotations=protecting_annotations(engine),
        )
        tried = cluster_places(view.desired, ref, settings.layout_cluster)
        view = view.with_files(place.path for place in tried if not place.appended)
        made = plan_new_cluster(view.desired, ref, manifest, tried=tried, proposed=view.proposed)
        moving = [Notice("moving-tag", image.warning)] if image.warning else []
        ignored = (new.wait or new.timeout is not None) and not view.is_live
        waiting = (
            [Notice("wait", "wait and timeout act in direct delivery only; nothing was waited for")] if ignored else []
        )
        return made.warned([*moving, *notices, *waiting])

    about = replace(
        request,
        cluster=new.name,
        namespace=new.namespace,
        wait=new.wait or new.timeout is not None,
        timeout=_wait_seconds(new),
    )
    return deliver(app, about, plan)


def _wait_seconds(new: NewCluster) -> int:
    """Seconds to wait: a minute an instance, where nothing is said."""
    return new.timeout or max(30, min(600, 60 * new.instances))


def scale_cluster(app: App, request: WriteRequest, name: str, *, namespace: str | None, instances: int) -> WriteResult:
    check_cluster_name(name)

    def plan(view: View) -> Plan:
        asked = allowed_namespace(view.environment, namespace)
        declared = view.desired.cluster(name, asked, environment=view.environment.name)
        check_instances_limit(instances, most=view.settings.max_instances)
        space = declared.identity.namespace or asked
        found: LiveCluster | None = None
        unread: list[Notice] = []
        if space:
            without = "how many instances run could not be read, so the impact is told from Git"
            found, unread = live_or_not(view, ClusterRef(space, name), without)
        live = found.object if found else None
        made = plan_scaling(declared, view.desired, namespace=namespace, instances=instances, live=live)
        return made.warned([*unread, *_namespace_notices(declared.place, declared.identity.namespace, namespace)])

    return deliver(app, replace(request, cluster=name, namespace=namespace), plan)


def delete_cluster(app: App, request: WriteRequest, name: str, *, namespace: str | None) -> WriteResult:
    check_cluster_name(name)

    def plan(view: View) -> Plan:
        asked = allowed_namespace(view.environment, namespace)
        declared = view.desired.cluster(name, asked, environment=view.environment.name)
        space = declared.identity.namespace or asked or _only_namespace(app, view)
        ref = ClusterRef(space, name)
        found, unread = live_or_not(view, ref, "the protection of the live Cluster could not be read, so Git's counts")
        merged = _cluster_in_base(view, declared) if found is None and view.proposed else None
        made = plan_cluster_deletion(declared, view.desired, ref=ref, live=found, merged=merged)
        return made.warned([*unread, *_namespace_notices(declared.place, declared.identity.namespace, space)])

    return deliver(app, replace(request, cluster=name, namespace=namespace), plan)


def _cluster_in_base(view: View, declared: Declaration) -> Object | None:
    """The same Cluster as the base declares it, which is nearer to what is live than a change is."""
    there = view.at_base().desired.declarations
    return next((one.object for one in there if one.identity == declared.identity), None)


def _namespace_notices(place: str, declared: str | None, used: str | None) -> list[Notice]:
    if declared is not None:
        return []
    where = f"namespace {used} was taken from the request" if used else "it could not be told"
    return [Notice("namespace-unknown", f"nothing in the repository says the namespace of {place}; {where}")]


def _new_namespace(app: App, view: View, asked: str | None) -> str:
    """Asked for, else the environment's only one, else the context's."""
    checked = allowed_namespace(view.environment, asked)
    return checked or _only_namespace(app, view)


def _only_namespace(app: App, view: View) -> str:
    environment = view.environment
    if environment.namespaces and len(environment.namespaces) == 1:
        return environment.namespaces[0]
    try:
        context = app.kube(environment, view.settings).namespace()
    except GitOpsError:
        context = None
    if context and environment.namespaces is None:
        return context
    choices = f"; there are: {', '.join(environment.namespaces)}" if environment.namespaces else ""
    raise InvalidRequest(f"namespace: say in which namespace, since nothing else does{choices}")


def _detect_engine(app: App, environment: Environment, settings: Settings) -> Engine | Literal["none"] | None:
    """Which engine applies this environment, as configured or as the API shows; None where that cannot be told."""
    if environment.engine_type != "auto":
        return environment.engine_type
    kube = app.engine_kube(environment, settings)
    try:
        argo = _has_objects(kube, APPLICATION, environment.engine_namespace)
        flux = _has_objects(kube, KUSTOMIZATION, environment.engine_namespace)
    except GitOpsError:
        return None
    if argo == flux:
        return None
    return "argocd" if argo else "flux"


def _declared_engine(view: View) -> Engine | None:
    """The one engine whose objects in Git apply what the environment has; None where that is none, or several."""
    engines = {one.applied.engine for one in view.desired.declarations if one.applied}
    return engines.pop() if len(engines) == 1 else None


def _live_namesake(view: View, ref: ClusterRef) -> list[Notice]:
    """A Cluster that runs already without Git knowing it would be taken over."""
    try:
        found = view.look.get(CLUSTER, ref.namespace, ref.name)
    except NotInstalled as error:
        return [Notice("not-installed", f"the operator's kinds are not installed there: {error}")]
    except (Forbidden, Unavailable) as error:
        return [Notice("live-unavailable", f"whether such a Cluster runs already could not be checked: {error}")]
    if found is None:
        return []
    return [
        Notice(
            "live-exists",
            f"a live Cluster {ref} exists already, which Git does not declare: applying this takes it over and resets "
            f"the fields named here",
        )
    ]


def _has_objects(kube: Kube, resource: Resource, namespace: str | None) -> bool:
    try:
        return bool(kube.page(resource, namespace, limit=1).items)
    except NotInstalled:
        return False

"""What the tools for roles and databases have in common: the Cluster that is meant, and what the API shows of it."""

from __future__ import annotations

from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.domain.repository.namespaces import why_namespace_is_open
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View, allowed_namespace


def the_cluster(view: View, name: str, namespace: str | None) -> tuple[Declaration, ClusterRef]:
    """The Cluster as Git declares it. Raises NotFound, or InvalidRequest where several namespaces have one."""
    asked = allowed_namespace(view.environment, namespace)
    declared = view.desired.cluster(name, asked, environment=view.environment.name)
    space = declared.identity.namespace or asked
    if space is None:
        raise InvalidRequest(f"namespace: {why_namespace_is_open(view.desired, declared)}. Name it")
    return declared, ClusterRef(space, name)


def only_namespace(view: View, declared: Declaration | None = None) -> str:
    """Where nothing names one: the environment's only one, else the context's. Raises InvalidRequest."""
    allowed = view.environment.namespaces
    if allowed and len(allowed) == 1:
        return allowed[0]
    try:
        context = view.api.namespace()
    except GitOpsError:
        context = None
    if context and allowed is None:
        return context
    choices = f"; there are: {', '.join(allowed)}" if allowed else ""
    why = f"{why_namespace_is_open(view.desired, declared)}. Name it" if declared else "say in which namespace"
    raise InvalidRequest(f"namespace: {why}{'' if declared else ', since nothing else does'}{choices}")


def object_at_base(view: View, declared: Declaration) -> Object | None:
    """The same object as the base declares it, which is nearer to what is live than a change is."""
    return next((one.object for one in view.base.declarations if one.identity == declared.identity), None)


def live_or_not(view: View, ref: ClusterRef, without: str) -> tuple[LiveCluster | None, list[Notice]]:
    """The live Cluster; where it cannot be read None, and what that means for the answer."""
    try:
        return LiveCluster(view.api.get(CLUSTER, ref.namespace, ref.name)), []
    except (Forbidden, NotInstalled, Unavailable) as error:
        return None, [Notice("live-unavailable", f"{without}: {error}")]


def live_roles(view: View, ref: ClusterRef) -> tuple[LiveRoles | None, tuple[Notice, ...]]:
    """None, and what that means for the answer, where the API could not be asked."""
    try:
        cluster = view.api.get(CLUSTER, ref.namespace, ref.name)
        try:
            objects: tuple[Object, ...] | None = view.api.every(DATABASE_ROLE, ref.namespace)
        except NotInstalled:
            objects = None
    except (Forbidden, Unavailable, NotInstalled) as error:
        return None, (Notice("live-unavailable", f"the live roles could not be read: {error}"),)
    return LiveRoles(cluster, objects), ()


def live_databases(view: View, ref: ClusterRef) -> tuple[tuple[Object, ...] | None, tuple[Notice, ...]]:
    try:
        return view.api.every(DATABASE, ref.namespace), ()
    except (Forbidden, Unavailable, NotInstalled) as error:
        return None, (Notice("live-unavailable", f"the live databases could not be read: {error}"),)

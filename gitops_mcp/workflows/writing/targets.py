"""What the tools for roles and databases have in common: the Cluster that is meant, and what the API shows of it."""

from __future__ import annotations

from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.cluster import LiveCluster
from gitops_mcp.domain.plans.declared_roles import LiveRoles
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.errors import Forbidden, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View, allowed_namespace


def the_cluster(view: View, name: str, namespace: str | None) -> tuple[Declaration, ClusterRef]:
    """The Cluster as Git declares it. Raises NotFound, or InvalidRequest where several namespaces have one."""
    asked = allowed_namespace(view.environment, namespace)
    declared = view.desired.cluster(name, asked, environment=view.environment.name)
    space = declared.identity.namespace or asked
    if space is None:
        raise InvalidRequest(f"namespace: nothing in the repository says the namespace of {declared.place}; name it")
    return declared, ClusterRef(space, name)


def taken_names(view: View, ref: ClusterRef, kind: str, live: tuple[Object, ...]) -> dict[str, tuple[str, str]]:
    """Names of objects of a kind in the Cluster's namespace, each with its Cluster and its name in PostgreSQL."""
    found = {}
    declared = [
        one.object
        for one in view.desired.declarations
        if one.identity.kind == kind and one.identity.namespace in {ref.namespace, None}
    ]
    for one in (*live, *declared):
        spec = one.get("spec") or {}
        found[str(one["metadata"]["name"])] = (str((spec.get("cluster") or {}).get("name")), str(spec.get("name")))
    return found


def live_or_not(view: View, ref: ClusterRef, without: str) -> tuple[LiveCluster | None, list[Notice]]:
    """The live Cluster; where it cannot be read None, and what that means for the answer."""
    try:
        return LiveCluster(view.look.get(CLUSTER, ref.namespace, ref.name)), []
    except (Forbidden, NotInstalled, Unavailable) as error:
        return None, [Notice("live-unavailable", f"{without}: {error}")]


def live_roles(view: View, ref: ClusterRef) -> tuple[LiveRoles | None, tuple[Notice, ...]]:
    """None, and what that means for the answer, where the API could not be asked."""
    try:
        cluster = view.look.get(CLUSTER, ref.namespace, ref.name)
        try:
            objects: tuple[Object, ...] | None = view.look.every(DATABASE_ROLE, ref.namespace)
        except NotInstalled:
            objects = None
    except (Forbidden, Unavailable, NotInstalled) as error:
        return None, (Notice("live-unavailable", f"the live roles could not be read: {error}"),)
    return LiveRoles(cluster, objects), ()


def live_databases(view: View, ref: ClusterRef) -> tuple[tuple[Object, ...] | None, tuple[Notice, ...]]:
    try:
        return view.look.every(DATABASE, ref.namespace), ()
    except (Forbidden, Unavailable, NotInstalled) as error:
        return None, (Notice("live-unavailable", f"the live databases could not be read: {error}"),)

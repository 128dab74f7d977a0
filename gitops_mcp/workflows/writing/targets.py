"""What the tools for roles and databases have in common: the Cluster that is meant, and what the API shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.answers import Warned
from gitops_mcp.domain.cluster_changes import LiveCluster
from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, cluster_name
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plan import Notice
from gitops_mcp.domain.repository import Declaration
from gitops_mcp.domain.roles import LiveRoles
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, NotInstalled, Unavailable
from gitops_mcp.workflows.deliver import is_merged
from gitops_mcp.workflows.live import base_warnings
from gitops_mcp.workflows.road import View, namespace_checked, view_at
from gitops_mcp.workflows.status import live_cluster

_CHANGES = 20
"""Open changes that a listing looks into."""


def the_cluster(view: View, name: str, namespace: str | None) -> tuple[Declaration, ClusterRef]:
    """The Cluster as Git declares it. Raises NotFound, or InvalidRequest where several namespaces have one."""
    asked = namespace_checked(view.environment, namespace)
    declared = view.desired.cluster(name, asked, environment=view.environment.name)
    space = declared.identity.namespace or asked
    if space is None:
        raise InvalidRequest(f"namespace: nothing in the repository says the namespace of {declared.place}; name it")
    return declared, ClusterRef(space, name)


def taken(view: View, ref: ClusterRef, kind: str, live: tuple[Object, ...]) -> dict[str, tuple[str, str]]:
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


@dataclass(frozen=True)
class OpenChange:
    name: str
    before: View
    """Where it left the base; what was merged since is not its doing."""
    after: View


@dataclass(frozen=True)
class Reading:
    """What a listing stands on; parts that could not be had are None, and named in the warnings."""

    environment: Environment
    ref: ClusterRef
    declared: Declaration | None
    view: View | None
    live: LiveRoles | None
    cluster: Object | None
    """The live Cluster."""
    kube: Kube
    warnings: list[Warned]
    proposed: tuple[OpenChange, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Git is not what the environment is changed through, so that nothing is missing there."""
        return self.environment.delivery == "direct"

    def warn(self, name: str, message: str) -> None:
        self.warnings.append(Warned(id=name, message=message))


def reading(app: App, name: str, *, namespace: str | None, environment: str | None) -> Reading:
    """Raises NotFound with near names where neither Git nor the API knows the Cluster."""
    cluster_name(name, field="cluster_name")
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    asked = namespace_checked(chosen, namespace)
    warnings = base_warnings(ground)
    view = view_at(app, ground, chosen, ground.base.commit, proposed=False) if ground else None
    changes = tuple(_open(app, ground, chosen, view)) if ground and view else ()
    declared, unclear = _declared(view, changes, name, asked)
    kube = app.kube(chosen, settings)
    space = asked or (declared.identity.namespace if declared else None)
    cluster, unread = live_cluster(kube, chosen, name, space)
    if unread is not None:
        warnings.append(Warned(id="live-unavailable", message=str(unread)))
    space = space or at(cluster, "metadata", "namespace")
    if space is None or (declared is None and cluster is None):
        raise unclear or unread or NotFound(f"cluster_name: no Cluster {name!r} in {chosen.name}")
    namespace_checked(chosen, space)
    live = None
    if unread is None:
        try:
            live = LiveRoles(cluster, kube.every(DATABASE_ROLE, space))
        except NotInstalled:
            live = LiveRoles(cluster, None)
        except GitOpsError as error:
            warnings.append(Warned(id="unreadable", message=f"DatabaseRoles are missing here: {error}"))
            live = LiveRoles(cluster, ())
    ref = ClusterRef(space, name)
    return Reading(chosen, ref, declared, view, live, cluster, kube, warnings, changes)


def _declared(
    view: View | None, changes: tuple[OpenChange, ...], name: str, namespace: str | None
) -> tuple[Declaration | None, GitOpsError | None]:
    """The Cluster in the base, else in an open change that is to make it."""
    error: GitOpsError | None = None
    for seen in [view, *(one.after for one in changes)]:
        if seen is None:
            continue
        try:
            return seen.desired.cluster(name, namespace, environment=seen.environment.name), None
        except GitOpsError as found:
            error = error or found
    return None, error


def _open(app: App, ground: Ground, environment: Environment, base: View) -> Iterator[OpenChange]:
    for one in ground.repository.changes(ground.git, ground.base)[:_CHANGES]:
        start = ground.repository.merge_base(ground.base.commit, one.tip)
        if start is None or is_merged(ground, one):
            continue
        before = base if start == ground.base.commit else view_at(app, ground, environment, start, proposed=False)
        yield OpenChange(one.name, before, view_at(app, ground, environment, one.tip, proposed=True))

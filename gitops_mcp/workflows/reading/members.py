"""What is read of one Cluster's roles and databases: Git, live state, open changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import DATABASE_ROLE
from gitops_mcp.domain.names import ClusterRef, check_cluster_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.declared_roles import LiveRoles
from gitops_mcp.domain.repository.desired import Declaration
from gitops_mcp.errors import GitOpsError, NotFound, NotInstalled
from gitops_mcp.workflows.merged import is_merged
from gitops_mcp.workflows.reading.engines import base_warnings
from gitops_mcp.workflows.view import View, allowed_namespace, view_at

_CHANGES = 20
"""Open changes that a listing looks into."""


@dataclass(frozen=True)
class OpenChange:
    name: str
    before: View
    """Where it left the base; what was merged since is not its doing."""
    after: View


@dataclass(frozen=True)
class ClusterReading:
    """What a listing stands on; parts that could not be had are None, and named in the warnings."""

    environment: Environment
    ref: ClusterRef
    declared: Declaration | None
    view: View | None
    live: LiveRoles | None
    cluster: Object | None
    """The live Cluster."""
    kube: Kube
    warnings: list[Notice]
    proposed: tuple[OpenChange, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Git is not what the environment is changed through, so that nothing is missing there."""
        return self.environment.delivery == "direct"

    def warn(self, name: str, message: str) -> None:
        self.warnings.append(Notice(name, message))


def read_cluster(app: App, name: str, *, namespace: str | None, environment: str | None) -> ClusterReading:
    """Raises NotFound with near names where neither Git nor the API knows the Cluster."""
    check_cluster_name(name, field="cluster_name")
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    asked = allowed_namespace(chosen, namespace)
    warnings = base_warnings(ground)
    view = view_at(app, ground, chosen, ground.base.commit, proposed=False) if ground else None
    changes = tuple(_open_changes(app, ground, chosen, view)) if ground and view else ()
    declared, unclear = _declared_cluster(view, changes, name, asked)
    kube = app.kube(chosen, settings)
    space = asked or (declared.identity.namespace if declared else None)
    from gitops_mcp.workflows.reading.cluster_status import live_cluster

    cluster, unread = live_cluster(kube, chosen, name, space)
    if unread is not None:
        warnings.append(Notice("live-unavailable", str(unread)))
    space = space or at(cluster, "metadata", "namespace")
    if space is None or (declared is None and cluster is None):
        raise unclear or unread or NotFound(f"cluster_name: no Cluster {name!r} in {chosen.name}")
    allowed_namespace(chosen, space)
    live = None
    if unread is None:
        try:
            live = LiveRoles(cluster, kube.every(DATABASE_ROLE, space))
        except NotInstalled:
            live = LiveRoles(cluster, None)
        except GitOpsError as error:
            warnings.append(Notice("unreadable", f"DatabaseRoles are missing here: {error}"))
            live = LiveRoles(cluster, ())
    ref = ClusterRef(space, name)
    return ClusterReading(chosen, ref, declared, view, live, cluster, kube, warnings, changes)


def _declared_cluster(
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


def _open_changes(app: App, ground: Ground, environment: Environment, base: View) -> Iterator[OpenChange]:
    for one in ground.repository.changes(ground.git, ground.base)[:_CHANGES]:
        start = ground.repository.merge_base(ground.base.commit, one.tip)
        if start is None or is_merged(ground, one):
            continue
        before = base if start == ground.base.commit else view_at(app, ground, environment, start, proposed=False)
        yield OpenChange(one.name, before, view_at(app, ground, environment, one.tip, proposed=True))

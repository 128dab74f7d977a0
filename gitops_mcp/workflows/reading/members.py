"""What is read of one Cluster's roles and databases: Git, live state, open changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gitops_mcp.answers.members import MemberState
from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment
from gitops_mcp.domain.kinds import DATABASE_ROLE
from gitops_mcp.domain.names import NO_NAMES, ClusterRef, UnplacedCluster, check_cluster_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.namespaces import NAME_IT, why_namespace_is_open
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import GitOpsError, NotFound, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.makers import with_makers
from gitops_mcp.workflows.merged import is_open
from gitops_mcp.workflows.notices import base_warnings
from gitops_mcp.workflows.reading.cluster_in_git import near_names
from gitops_mcp.workflows.reading.live_cluster import live_cluster
from gitops_mcp.workflows.view import allowed_namespace, desired_here

T = TypeVar("T")

_CHANGES = 20
"""Open changes that a listing looks into."""


@dataclass(frozen=True)
class OpenChange:
    name: str
    before: Desired
    """Where it left the base; what was merged since is not its doing."""
    after: Desired


@dataclass(frozen=True)
class ClusterReading:
    """What a listing stands on; parts that could not be had are None, and named in the warnings."""

    environment: Environment
    ref: ClusterRef | UnplacedCluster
    declared: Declaration | None
    desired: Desired | None
    live: LiveRoles | None
    cluster: Object | None
    """The live Cluster."""
    api: ApiOnce
    warnings: list[Notice]
    proposed: tuple[OpenChange, ...] = ()

    @property
    def whole(self) -> bool:
        """Everything live could be read, so that what was not seen is not there."""
        return not any(one.id in {"live-unavailable", "unreadable"} for one in self.warnings)

    def live_only_state(self, state: MemberState) -> MemberState:
        """The state of what only the API has, from how it is doing there.

        A reconciled role `report` without a document is `only_live` where Git is what the environment is changed
        through: somebody made it by hand. With direct delivery nothing is missing there, and it is `reconciled`. That
        it is `failing`, or `dropped` and so not there at all, is told in both.
        """
        return state if state in {"failing", "dropped"} or self.environment.delivery == "direct" else "only_live"

    def pending(
        self, read: Callable[[Desired], Mapping[str, T]], content: Callable[[T], object]
    ) -> dict[str, list[tuple[str, T | None]]]:
        """By name the open changes that touch a member, with what they say of it; None: it goes."""
        found: dict[str, list[tuple[str, T | None]]] = {}
        for change in self.proposed:
            old, new = read(change.before), read(change.after)
            for name in dict.fromkeys([*old, *new]):
                was, now = old.get(name), new.get(name)
                if not is_same(was and content(was), now and content(now)):
                    found.setdefault(name, []).append((change.name, now))
        return found

    def warn(self, name: str, message: str) -> None:
        self.warnings.append(Notice(name, message))


def read_cluster(app: App, name: str, *, namespace: str | None, environment: str | None) -> ClusterReading:
    """Raises NotFound with near names where neither Git nor the API knows the Cluster."""
    check_cluster_name(name, field="cluster_name")
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    asked = allowed_namespace(chosen, namespace)
    warnings = base_warnings(ground)
    apis = ApisOnce(app, settings)
    desired = desired_here(app, ground, chosen, ground.base.commit, apis.at_engine(chosen)) if ground else None
    changes = tuple(open_changes(app, ground, chosen, desired)) if ground and desired else ()
    declared, unclear = _declared_cluster([desired, *(one.after for one in changes)], name, asked, chosen)
    api = apis.at_environment(chosen)
    space = asked or (declared.identity.namespace if declared else None)
    cluster, unread = live_cluster(api, chosen, name, space)
    if unread is not None:
        warnings.append(Notice("live-unavailable", str(unread)))
    space = space or at(cluster, "metadata", "namespace")
    if declared is None and cluster is None:
        error = _why_nowhere(api, chosen, name, asked, unclear, unread)
        if ground is not None and chosen.delivery == "git" and isinstance(error, NotFound):
            error = with_makers(error, app, ground, chosen, name)
        raise error
    allowed_namespace(chosen, space)
    live = None
    if space is None and declared is not None and desired is not None:
        warnings.append(Notice("namespace-unknown", f"{why_namespace_is_open(desired, declared)}; {NAME_IT}"))
        live = None if unread else LiveRoles(None, ())
    elif unread is None:
        try:
            live = LiveRoles(cluster, api.every(DATABASE_ROLE, space))
        except NotInstalled:
            live = LiveRoles(cluster, None)
        except GitOpsError as error:
            warnings.append(Notice("unreadable", f"DatabaseRoles are missing here: {error}"))
            live = LiveRoles(cluster, ())
    ref = ClusterRef(space, name) if space else UnplacedCluster(name)
    return ClusterReading(chosen, ref, declared, desired, live, cluster, api, warnings, changes)


def _why_nowhere(
    api: ApiOnce,
    environment: Environment,
    name: str,
    namespace: str | None,
    unclear: GitOpsError | None,
    unread: GitOpsError | None,
) -> GitOpsError:
    """Of a Cluster that neither has: what can be mended in Git, else what could not be read, else near names."""
    if unclear is not None and not isinstance(unclear, NotFound):
        return unclear
    if unread is not None:
        return unread
    if unclear is not None and environment.delivery == "git":
        return unclear
    near = near_names(api, environment, name, namespace)
    where = f"{environment.name}, namespace {namespace}" if namespace else environment.name
    return NotFound(f"cluster_name: no Cluster {name!r} is live in {where}" + (f"; {near}" if near != NO_NAMES else ""))


def _declared_cluster(
    models: Iterable[Desired | None], name: str, namespace: str | None, environment: Environment
) -> tuple[Declaration | None, GitOpsError | None]:
    """The Cluster in the base, else in an open change that is to make it."""
    error: GitOpsError | None = None
    for seen in models:
        if seen is None:
            continue
        try:
            return seen.cluster(name, namespace, environment=environment.name), None
        except GitOpsError as found:
            error = error or found
    return None, error


def open_changes(app: App, ground: Ground, environment: Environment, base: Desired) -> Iterator[OpenChange]:
    """The first few of them."""
    first = ground.repository.changes(ground.git, ground.base)[:_CHANGES]
    starts = ground.repository.starts(ground.base.commit, [one.tip for one in first])
    for one in first:
        start = starts[one.tip]
        if start is None or not is_open(ground, one):
            continue
        before = base if start == ground.base.commit else app.desired(ground, environment.path, start)
        yield OpenChange(one.name, before, app.desired(ground, environment.path, one.tip))

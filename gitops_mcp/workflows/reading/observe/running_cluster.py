"""A live Cluster and its pods, for what only runs there: logs and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.app import App, Ground
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL, serial_order
from gitops_mcp.domain.kinds import POD
from gitops_mcp.domain.names import check_cluster_name, quote, suggest
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at, texts_at
from gitops_mcp.errors import Forbidden, GitOpsError, NotFound
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.reading.cluster_in_git import declared_cluster, unknown_cluster
from gitops_mcp.workflows.reading.live_cluster import live_cluster
from gitops_mcp.workflows.view import allowed_namespace

INSTANCE = "instance"


@dataclass(frozen=True)
class RunningPod:
    name: str
    kind: str
    """`instance`, `pooler`, or the step of a Job: `initdb`, `full-recovery`."""
    container: str
    """The one that speaks: a plugin may have put others beside it."""
    running: bool = True
    ended: datetime | None = None
    """When the container before this one did."""
    done: bool = False
    """Of a Job: it has succeeded."""


@dataclass(frozen=True)
class RunningCluster:
    settings: Settings
    environment: Environment
    api: ApiOnce
    cluster: Object
    pods: tuple[RunningPod, ...]
    warnings: list[Notice]

    @property
    def namespace(self) -> str:
        return str(at(self.cluster, "metadata", "namespace"))

    @property
    def name(self) -> str:
        return str(at(self.cluster, "metadata", "name"))

    @property
    def remembered(self) -> tuple[Object, tuple[RunningPod, ...]]:
        """What the next call needs to ask for the same at once: as little of the Cluster as that takes."""
        tls = at(self.cluster, "spec", "monitoring", "tls", "enabled")
        metadata = {"namespace": self.namespace, "name": self.name}
        return {"metadata": metadata, "spec": {"monitoring": {"tls": {"enabled": tls}}}}, self.pods

    @property
    def instances(self) -> tuple[RunningPod, ...]:
        return tuple(one for one in self.pods if one.kind == INSTANCE)

    def pod(self, name: str) -> RunningPod:
        """The pod that a caller named. Raises NotFound with those that there are: others are not this Cluster's."""
        found = next((one for one in self.pods if one.name == name), None)
        if found is None:
            raise NotFound(
                f"instance: {quote(name)} is not a pod of Cluster {self.namespace}/{self.name}, and only those are "
                f"read; "
                f"{suggest(name, [one.name for one in self.pods], most=10)}"
            )
        return found


def running_cluster(app: App, name: str, *, namespace: str | None, environment: str | None) -> RunningCluster:
    """Raises NotFound with near names, and where Git declares it; what could not be asked is the error."""
    check_cluster_name(name, field="cluster_name")
    settings, ground = app.settings(fetch=True)
    chosen = app.environment(settings, environment, reading=True)
    asked = allowed_namespace(chosen, namespace)
    apis = ApisOnce(app, settings)
    api = apis.at_environment(chosen)
    live, unread = live_cluster(api, chosen, name, asked)
    if live is None:
        live = _where_git_says(app, ground, chosen, name, asked, api, unread)
    return as_running(api, settings, chosen, live)


def as_running(api: ApiOnce, settings: Settings, environment: Environment, live: Object) -> RunningCluster:
    """A live Cluster that is known already, with its pods."""
    warnings: list[Notice] = []
    return RunningCluster(settings, environment, api, live, tuple(_pods(api, live, warnings)), warnings)


def as_remembered(
    api: ApiOnce, settings: Settings, environment: Environment, cluster: Object, pods: tuple[RunningPod, ...]
) -> RunningCluster:
    return RunningCluster(settings, environment, api, cluster, pods, [])


def _where_git_says(
    app: App,
    ground: Ground | None,
    environment: Environment,
    name: str,
    namespace: str | None,
    api: ApiOnce,
    unread: GitOpsError | None,
) -> Object:
    """What may not be looked for in all namespaces may be read in the one that Git names."""
    declared = declared_cluster(app, ground, environment, name, namespace, [], known=unread is not None)
    if declared and isinstance(unread, Forbidden) and not namespace:
        live, unread = live_cluster(api, environment, name, declared.identity.namespace)
        if live is not None:
            return live
    if unread is not None:
        raise unread
    if declared is not None:
        raise NotFound(
            f"cluster_name: Cluster {name!r} is declared in Git ({declared.place}) and not live in {environment.name}: "
            f"get_cluster_status says what holds it up"
        )
    raise unknown_cluster(api, app, ground, environment, name, namespace)


def _pods(api: ApiOnce, cluster: Object, warnings: list[Notice]) -> Iterator[RunningPod]:
    space, name = str(at(cluster, "metadata", "namespace")), str(at(cluster, "metadata", "name"))
    try:
        found = api.every(POD, space, labels=f"{CLUSTER_LABEL}={name}")
    except Forbidden as error:
        warnings.append(Notice("unreadable", f"pods are taken from the Cluster's status: {error}"))
        yield from (RunningPod(one, INSTANCE, "postgres") for one in texts_at(cluster, "status", "instanceNames"))
        return
    own = (one for one in found if at(one, "metadata", "labels", CLUSTER_LABEL) == name)
    yield from sorted(map(_read_pod, own), key=lambda one: (one.kind != INSTANCE, serial_order(one.name)))


def _read_pod(pod: Object) -> RunningPod:
    labels = mapping_at(pod, "metadata", "labels")
    kind = labels.get("cnpg.io/jobRole") or labels.get("cnpg.io/podRole") or INSTANCE
    names = [str(at(one, "name")) for one in list_at(pod, "spec", "containers")]
    container = next((one for one in ("postgres", "pgbouncer") if one in names), names[0] if names else "postgres")
    status = next((one for one in list_at(pod, "status", "containerStatuses") if at(one, "name") == container), None)
    return RunningPod(
        name=str(at(pod, "metadata", "name")),
        kind=str(kind),
        container=container,
        running=text_at(pod, "status", "phase") == "Running",
        ended=parse_time(at(status, "lastState", "terminated", "finishedAt")),
        done=text_at(pod, "status", "phase") == "Succeeded",
    )

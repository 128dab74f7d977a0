"""The metrics of a Cluster's instances, through the API server or from a Prometheus.

With a Prometheus nothing is asked of the pods, so nobody needs the right to reach their ports. Where it does not
answer, the exporters are asked as if there were none.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gitops_mcp.adapters.prometheus import Found, Prometheus
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.metrics.instance import InstanceMetrics
from gitops_mcp.domain.cnpg.metrics.samples import SETTINGS, WANTED, Samples, gather, read_page
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import Forbidden, GitOpsError, NotFound, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.reading.observe.running_cluster import RunningCluster, RunningPod

_EXPORTER, _STATUS = 9187, 8000
_MOST_BYTES = 5 << 20
_VOLUMES = {"kubelet_volume_stats_used_bytes": 0, "kubelet_volume_stats_capacity_bytes": 1}
_BLOCKED = (
    "The API server reaches pods by itself, and in EKS and GKE a firewall between its control plane and the nodes "
    "often stands in the way. Allow TCP 9187 and 8000 there (EKS: the security group of the nodes; GKE: a firewall "
    "rule for the control plane's range), or name a Prometheus as `metrics: {prometheus: URL}` of the environment"
)


@dataclass(frozen=True)
class Measured:
    """What could be had."""

    source: str
    instances: tuple[InstanceMetrics, ...]
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Why nothing is known of an instance, by its pod."""
    kubelet: Mapping[str, tuple[float, float]] | None = None
    """Used and capacity by the name of a claim; None: no Prometheus was asked."""


def measure(app: App, seen: RunningCluster) -> Measured:
    """From the Prometheus of the environment, else from the pods. Raises where there are instances and no metrics."""
    stopped = _stopped(seen)
    if len(stopped) == len(seen.instances):
        return Measured("no instance", (), stopped)
    unasked: GitOpsError | None = None
    if prometheus := app.prometheus(seen.environment):
        try:
            return _of_prometheus(prometheus, seen)
        except GitOpsError as error:
            unasked = error
    try:
        measured = _of_exporters(seen)
    except GitOpsError as error:
        raise unasked.with_text(f"{unasked}; and of the exporters: {error}") if unasked else error from error
    if unasked is not None:
        seen.warnings.append(Notice("prometheus-unavailable", f"the exporters were asked instead: {unasked}"))
    return measured


def _stopped(seen: RunningCluster) -> dict[str, str]:
    return {one.name: "its pod does not run" for one in seen.instances if not one.running}


def _of_prometheus(prometheus: Prometheus, seen: RunningCluster) -> Measured:
    where, names = f'namespace="{seen.namespace}"', "|".join(sorted(WANTED))
    # The label `name` is that of a setting; what has none is every other metric.
    own = f'pod=~"{seen.name}-[0-9]+",name=~"|{"|".join(sorted(SETTINGS))}"'
    by_pod = defaultdict(list)
    for labels, value in prometheus.query(f'{{__name__=~"{names}",{where},{own}}}'):
        by_pod[labels.get("pod", "")].append((labels.get("__name__", ""), labels, value))
    known = tuple(InstanceMetrics(one.name, gather(by_pod[one.name])) for one in seen.instances if one.name in by_pod)
    if not known:
        raise Unavailable(
            f"Prometheus at {prometheus.url} has no metric of the pods of {seen.namespace}/{seen.name}: check that a "
            f"PodMonitor or the like reads them, and keeps the labels namespace and pod"
        )
    why = "Prometheus has nothing of it: it is down, or not read"
    claims = f'persistentvolumeclaim=~"{seen.name}-[0-9]+.*"'
    kubelet = prometheus.query(f'{{__name__=~"{"|".join(_VOLUMES)}",{where},{claims}}}')
    missing = {one.name: why for one in seen.instances if one.name not in by_pod}
    seen.warnings.extend(Notice("unreadable", f"metrics of {pod} are missing here: {why}") for pod in missing)
    return Measured(prometheus.url, known, missing, _volume_sizes(kubelet))


def _volume_sizes(found: Iterable[Found]) -> dict[str, tuple[float, float]]:
    sizes: dict[str, dict[int, float]] = defaultdict(dict)
    for labels, value in found:
        place = _VOLUMES.get(labels.get("__name__", ""))
        if value is not None and place is not None:
            sizes[labels.get("persistentvolumeclaim", "")][place] = value
    return {name: (one[0], one[1]) for name, one in sizes.items() if len(one) == 2}


def _of_exporters(seen: RunningCluster) -> Measured:
    tls = at(seen.cluster, "spec", "monitoring", "tls", "enabled") is True
    asked = [one for one in seen.instances if one.running]
    # That pods do not answer says nothing of the API itself.
    answers = seen.api.for_one_part().side_by_side(
        lambda side, pod: _read_instance(side, seen.namespace, pod, tls=tls), asked
    )
    found = tuple(one for one in answers if isinstance(one, InstanceMetrics))
    failed = {pod.name: one for pod, one in zip(asked, answers, strict=True) if isinstance(one, GitOpsError)}
    if failed and not found:
        raise next(iter(failed.values()))
    seen.warnings.extend(
        Notice("unreadable", f"metrics of {pod} are missing here: {one}") for pod, one in failed.items()
    )
    return Measured("the exporters, through the API server", found, {pod: str(one) for pod, one in failed.items()})


def _read_instance(api: ApiOnce, namespace: str, pod: RunningPod, *, tls: bool) -> InstanceMetrics | GitOpsError:
    """Both pages at once, since each is on its way for as long."""
    said: Object = {}
    found: Samples | GitOpsError = Samples()

    def read(side: ApiOnce, port: int) -> None:
        nonlocal said, found
        if port == _EXPORTER:
            found = _samples(side, namespace, pod, tls=tls)
        else:
            said = _status_page(side, namespace, pod)

    api.for_one_part().side_by_side(read, [_EXPORTER, _STATUS])
    return InstanceMetrics(pod.name, found, said) if isinstance(found, Samples) else found


def _samples(api: ApiOnce, namespace: str, pod: RunningPod, *, tls: bool) -> Samples | GitOpsError:
    try:
        return read_page(
            api.pod_page(namespace, pod.name, port=_EXPORTER, path="metrics", tls=tls, most_bytes=_MOST_BYTES)
        )
    except GitOpsError as error:
        return _explained(error)
    except ValueError as error:
        return Unavailable(
            f"what answers at port {_EXPORTER} of {pod.name} is not an exporter of CloudNativePG: {error}"
        )


def _explained(error: GitOpsError) -> GitOpsError:
    if isinstance(error, Forbidden | NotFound):
        return error
    if "has more than" in str(error):
        return error.with_text(f"{error}; custom queries of spec.monitoring may make that many series: take some out")
    return error.with_text(f"{error}. {_BLOCKED}")


def _status_page(api: ApiOnce, namespace: str, pod: RunningPod) -> Object:
    """What the instance manager says beside; nothing where it does not answer, since the metrics are there."""
    try:
        body = api.pod_page(namespace, pod.name, port=_STATUS, path="pg/status", tls=True, most_bytes=_MOST_BYTES)
        found = json.loads(body)
    except (GitOpsError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

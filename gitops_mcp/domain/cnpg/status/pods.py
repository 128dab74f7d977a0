"""The instances of a Cluster: what its status reports of each, joined with the pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.notation.moment import Moment, moment
from gitops_mcp.domain.objects import Object, as_int, at, list_at, mapping_at, text_at, texts_at

CLUSTER_LABEL = "cnpg.io/cluster"
_POD_ROLE, _JOB_ROLE = "cnpg.io/podRole", "cnpg.io/jobRole"
_INSTANCE_ROLE, _OLD_ROLE = "cnpg.io/instanceRole", "role"
_ZONE = "topology.kubernetes.io/zone"
"""A label of nodes that Kubernetes gives their pods too, from 1.35 on."""


@dataclass(frozen=True)
class Instance:
    name: str
    role: str
    """`primary`, `replica`, `unhealthy`, or `unknown`."""
    state: str
    """`healthy`, `replicating`, `failed`, as the operator sees it; `unknown` where it says nothing."""
    timeline: int | None
    pod: str | None
    """The pod's phase, `Terminating` once it is being deleted; `missing` where pods were read and it has none; None
    where they were not read."""
    ready: bool | None
    restarts: int | None
    node: str | None
    zone: str | None
    """Of its node, as the pod has it, or as the operator has read it for `syncReplicaElectionConstraint`."""
    image: str | None
    started: Moment | None
    waiting: str | None
    """Why it does not run: scheduling, image, crash. Text from the cluster, cut."""


@dataclass(frozen=True)
class Job:
    """A pod that makes or upgrades an instance and has not succeeded."""

    name: str
    role: str
    """`initdb`, `join`, `full-recovery`, …"""
    pod: str
    waiting: str | None


def instances(cluster: Object, pods: Iterable[Object] | None, *, now: datetime) -> tuple[Instance, ...]:
    """By serial. `pods` None: they could not be read."""
    own = None if pods is None else {str(at(pod, "metadata", "name")): pod for pod in _instance_pods(cluster, pods)}
    status = mapping_at(cluster, "status")
    names = {*texts_at(status, "instanceNames"), *mapping_at(status, "instancesReportedState"), *(own or ())}
    health = mapping_at(status, "instancesStatus")
    states = {name: state for state in health for name in texts_at(health, state)}
    return tuple(
        _instance(name, status, str(states.get(name, "unknown")), None if own is None else own.get(name, {}), now=now)
        for name in sorted(names, key=serial_order)
    )


def jobs(cluster: Object, pods: Iterable[Object]) -> tuple[Job, ...]:
    return tuple(
        Job(
            name=str(at(pod, "metadata", "name")),
            role=str(at(pod, "metadata", "labels", _JOB_ROLE)),
            pod=_pod_phase(pod),
            waiting=_why_waiting(pod),
        )
        for pod in pods
        if _belongs_to(cluster, pod)
        and at(pod, "metadata", "labels", _JOB_ROLE)
        and at(pod, "status", "phase") != "Succeeded"
    )


def serial_order(name: str) -> tuple[int, str]:
    tail = name.rpartition("-")[2]
    return (int(tail) if tail.isdecimal() and len(tail) < 10 else 0, name)


def _belongs_to(cluster: Object, pod: Object) -> bool:
    return bool(at(pod, "metadata", "labels", CLUSTER_LABEL) == at(cluster, "metadata", "name"))


def _instance_pods(cluster: Object, pods: Iterable[Object]) -> Iterator[Object]:
    for pod in pods:
        labels = mapping_at(pod, "metadata", "labels")
        if _belongs_to(cluster, pod) and labels.get(_POD_ROLE, "instance") == "instance" and _JOB_ROLE not in labels:
            yield pod


def _instance(name: str, status: Object, state: str, pod: Object | None, *, now: datetime) -> Instance:
    containers = list_at(pod, "status", "containerStatuses")
    return Instance(
        name=name,
        role=_instance_role(name, status, pod),
        state=state,
        timeline=as_int(at(status, "instancesReportedState", name, "timeLineID")),
        pod=None if pod is None else _pod_phase(pod) if pod else "missing",
        ready=None if pod is None else _is_ready(pod),
        restarts=sum(as_int(at(one, "restartCount")) or 0 for one in containers) if pod else None,
        node=text_at(pod, "spec", "nodeName"),
        zone=text_at(pod, "metadata", "labels", _ZONE) or text_at(status, "topology", "instances", name, _ZONE),
        image=_postgres_image(pod),
        started=moment(at(pod, "status", "startTime") or at(pod, "metadata", "creationTimestamp"), now=now),
        waiting=_why_waiting(pod) if pod else None,
    )


def _instance_role(name: str, status: Object, pod: Object | None) -> str:
    labels = mapping_at(pod, "metadata", "labels")
    role = labels.get(_INSTANCE_ROLE) or labels.get(_OLD_ROLE)
    if isinstance(role, str):
        return role
    primary = at(status, "currentPrimary")
    return "unknown" if not primary else "primary" if name == primary else "replica"


def _pod_phase(pod: Object) -> str:
    """As kubectl shows it: the phase stays what it was while a pod is being deleted."""
    going = at(pod, "metadata", "deletionTimestamp") is not None
    return "Terminating" if going else text_at(pod, "status", "phase") or "unknown"


def _is_ready(pod: Object) -> bool:
    listed = list_at(pod, "status", "conditions")
    return any(at(one, "type") == "Ready" and at(one, "status") == "True" for one in listed)


def _postgres_image(pod: Object | None) -> str | None:
    listed = list_at(pod, "spec", "containers")
    found = next((at(one, "image") for one in listed if at(one, "name") == "postgres"), None)
    return found if isinstance(found, str) else None


def _why_waiting(pod: Object) -> str | None:
    return excerpt("; ".join(_waiting_reasons(pod)))


def _waiting_reasons(pod: Object) -> Iterator[str]:
    """Why a pod does not run, in the words of scheduler and kubelet, and why it stopped before."""
    if at(pod, "metadata", "deletionTimestamp"):
        yield "is being deleted"
    for condition in list_at(pod, "status", "conditions"):
        if at(condition, "type") == "PodScheduled" and at(condition, "status") == "False":
            yield _join_reason(at(condition, "reason"), at(condition, "message"))
    if at(pod, "status", "phase") == "Failed":
        yield _join_reason(at(pod, "status", "reason") or "Failed", at(pod, "status", "message"))
    for key in ("initContainerStatuses", "containerStatuses"):
        for one in list_at(pod, "status", key):
            waiting, last = at(one, "state", "waiting"), at(one, "lastState", "terminated")
            if waiting and at(waiting, "reason") != "PodInitializing":
                yield f"{at(one, 'name')}: {_join_reason(at(waiting, 'reason'), at(waiting, 'message'))}"
            if waiting and last:
                yield f"{at(one, 'name')} stopped: {at(last, 'reason')} (exit code {at(last, 'exitCode')})"


def _join_reason(reason: object, message: object) -> str:
    return f"{reason}: {message}" if message else str(reason)

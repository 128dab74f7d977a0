"""One instance of a live Cluster promoted or restarted, as the kubectl plugin of CloudNativePG does it.

No state that Git could hold, so it is done in environments with direct delivery alone, and a person is asked each time.
Elsewhere the answer is the command that a person runs.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.config import Environment
from gitops_mcp.domain.impact.level import Level, impact
from gitops_mcp.domain.kinds import CLUSTER, POD
from gitops_mcp.domain.names import check_cluster_name, check_object_name, quote, suggest
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at, texts_at
from gitops_mcp.errors import InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.view import allowed_namespace

Act = Literal["promote", "restart"]
_TRIES = 3
"""Looks at the Cluster while a person answers."""
_EFFECT = {
    "promote": "writes pause while the primary moves, and connections to the old one are closed",
    "restart": "the instance is down while PostgreSQL starts again",
}


@dataclass(frozen=True)
class InstanceRequest:
    act: Act
    cluster: str
    instance: str
    namespace: str | None
    environment: str | None
    dry_run: bool


@dataclass(frozen=True)
class _Seen:
    """A Cluster as it was looked at, and the instance that is meant."""

    live: Object
    pod: str
    uid: str
    """Of the pod: one that was made anew is another."""

    @property
    def ref(self) -> str:
        return f"{self.live['metadata']['namespace']}/{self.live['metadata']['name']}"

    @property
    def primary(self) -> str | None:
        return text_at(self.live, "status", "currentPrimary")

    @property
    def judged(self) -> dict[str, object]:
        """With the times that move with every restart and switchover: an answer is for one of them."""
        status = mapping_at(self.live, "status")
        times = {key: status.get(key) for key in ("targetPrimaryTimestamp", "currentPrimaryTimestamp")}
        ready = [at(one, "lastTransitionTime") for one in list_at(status, "conditions") if at(one, "type") == "Ready"]
        target = text_at(self.live, "status", "targetPrimary")
        return {"primary": self.primary, "target": target, "uid": self.uid, **times, "ready since": ready}

    def why_nothing(self, act: Act) -> str | None:
        is_target = act == "promote" and text_at(self.live, "status", "targetPrimary") == self.pod
        return f"{self.pod} is the primary of Cluster {self.ref} already, or about to be" if is_target else None


def act_on_instance(app: App, asked: InstanceRequest) -> WriteResult:
    """Raises Refused where the environment is changed by commits, or the person does not agree."""
    check_cluster_name(asked.cluster, field="cluster_name")
    check_object_name(asked.instance, field="instance")
    for _ in range(_TRIES):
        settings, _ground = app.settings(fetch=True)
        chosen = app.environment(settings, asked.environment)
        space = allowed_namespace(chosen, asked.namespace)
        _check_direct(chosen, asked)
        kube = app.kube(chosen, settings)
        seen = _look(ApiOnce(kube, app.schemas), chosen, asked, space)
        told = f"{asked.act} {seen.pod} of Cluster {seen.ref}"
        nothing = seen.why_nothing(asked.act)
        if nothing or asked.dry_run:
            return _result(chosen, asked.act, nothing or told, outcome="unchanged" if nothing else "dry_run")
        question = f"In environment {chosen.name}, at once and without review: {told}: {_EFFECT[asked.act]}. Go on?"
        namespace, name = seen.live["metadata"]["namespace"], seen.live["metadata"]["name"]
        instead = _command(chosen, asked, namespace)
        if not app.caller.agree(question, about={told: seen.judged}, instead=instead):
            if asked.act == "restart" and seen.pod != seen.primary:
                kube.delete(POD, namespace, seen.pod, uid=seen.uid)
            else:
                kube.merge(CLUSTER, namespace, name, _status(seen, asked.act), subresource="status")
            return _result(chosen, asked.act, told, outcome="applied")
    raise Refused(f"nothing was changed: Cluster {asked.cluster!r} changes all the time; repeat this once it is quiet")


def _check_direct(environment: Environment, asked: InstanceRequest) -> None:
    if environment.delivery != "direct" or environment.protected:
        why = "is protected" if environment.protected else "is changed by commits for review"
        raise Refused(
            f"environment {environment.name!r} {why}, and to {asked.act} one instance is no state that Git could hold: "
            f"nothing was changed. A person would run: {_command(environment, asked, asked.namespace)}"
        )


def _command(environment: Environment, asked: InstanceRequest, namespace: str | None) -> str:
    where = ["--context", environment.context] if environment.context else []
    where += ["-n", namespace] if namespace else []
    return shlex.join(["kubectl", "cnpg", asked.act, asked.cluster, asked.instance, *where])


def _look(api: ApiOnce, environment: Environment, asked: InstanceRequest, namespace: str | None) -> _Seen:
    live = _the_cluster(api, environment, asked.cluster, namespace)
    pod = f"{asked.cluster}-{asked.instance}" if asked.instance.isdecimal() else asked.instance
    known = texts_at(live, "status", "instanceNames")
    found = api.get(POD, live["metadata"]["namespace"], pod) if pod in known else None
    if found is None:
        raise NotFound(
            f"instance: Cluster {asked.cluster!r} has no instance {quote(asked.instance)} with a pod; "
            f"{suggest(asked.instance, known)}"
        )
    seen = _Seen(live, pod, str(at(found, "metadata", "uid")))
    target = text_at(live, "status", "targetPrimary")
    if target != seen.primary and seen.why_nothing(asked.act) is None:
        raise Refused(
            f"nothing was changed: the primary of Cluster {seen.ref} moves from {seen.primary} to {target} just now; "
            f"repeat this once get_cluster_status shows that it is done"
        )
    return seen


def _the_cluster(api: ApiOnce, environment: Environment, name: str, namespace: str | None) -> Object:
    spaces = [namespace] if namespace else [*(environment.namespaces or [None])]
    there = [one for space in spaces for one in api.every(CLUSTER, space)]
    found = [one for one in there if one["metadata"]["name"] == name]
    if len(found) > 1:
        where = ", ".join(sorted(str(one["metadata"]["namespace"]) for one in found))
        raise InvalidRequest(f"namespace: {environment.name} has a Cluster {name!r} in several: {where}; name one")
    if not found:
        near = suggest(name, [str(one["metadata"]["name"]) for one in there])
        raise NotFound(f"no live Cluster {name!r} in {environment.name}; {near}")
    return found[0]


def _status(seen: _Seen, act: Act) -> Object:
    """What the plugin writes; bound to the Cluster as it was looked at."""
    now = datetime.now(UTC)
    ready = {
        "type": "Ready",
        "status": "False",
        "reason": "ClusterIsNotReady",
        "message": "Cluster Is Not Ready",
        "lastTransitionTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    others = [one for one in list_at(seen.live, "status", "conditions") if at(one, "type") != "Ready"]
    status: Object = {"conditions": [*others, ready]}
    if act == "promote":
        status |= {
            "targetPrimary": seen.pod,
            "targetPrimaryTimestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "phase": "Switchover in progress",
            "phaseReason": f"Switching over to {seen.pod}",
        }
    else:
        phase = "Primary instance is being restarted in-place"
        status |= {"phase": phase, "phaseReason": "Requested by the user"}
    return {"metadata": {"resourceVersion": seen.live["metadata"]["resourceVersion"]}, "status": status}


def _result(
    environment: Environment, act: Act, told: str, *, outcome: Literal["applied", "unchanged", "dry_run"]
) -> WriteResult:
    return WriteResult(
        environment=environment.name,
        delivery="direct",
        outcome=outcome,
        summary=told,
        applied=[told] if outcome == "applied" else [],
        impact=impact(Level.NONE if outcome == "unchanged" else Level.ROLLING_RESTART, _EFFECT[act]),
        next=["get_cluster_status shows how far it is"] if outcome == "applied" else [],
    )

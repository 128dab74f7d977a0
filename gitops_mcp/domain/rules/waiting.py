"""Effects that the state of a Cluster puts off: they are told as that, and nothing is refused for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.cluster_spec import is_disabled, is_hibernated, is_replica
from gitops_mcp.domain.cnpg.status.phase import HEALTHY
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.rules.annotation import HIBERNATION, RECONCILIATION
from gitops_mcp.domain.rules.reading import cluster_of, entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_ROLES = ("spec", "managed", "roles")
_CONDITION = "cnpg.io/hibernation"
_UNDER_WAY = ("DeletingPods", "WaitingPodsDeletion", "Hibernated")


@dataclass(frozen=True)
class Wait:
    why: str
    until: str
    """Goes on after "Once Cluster shop/orders"."""


def wait_of(cluster: Object | None) -> Wait | None:
    """Why the operator changes nothing inside a Cluster's PostgreSQL as yet; None where it does."""
    if is_replica(cluster):
        why = (
            "is a replica cluster, where the operator applies nothing inside PostgreSQL until it is promoted "
            "('waiting for the cluster to become primary'): declare it for the Cluster that is primary"
        )
        return Wait(why, "is promoted")
    if is_hibernated(cluster):
        return Wait("is hibernated, and nothing is applied inside PostgreSQL until it is woken", "is awake")
    return None


def unhealthy_phase(after: Object, live: Object | None) -> str | None:
    """The phase that a hibernation waits for the end of; None where it begins at once, or nobody can say."""
    if live is None or not is_hibernated(after) or is_hibernated(live):
        return None
    stated = at(live, "status", "phase")
    phase = stated if isinstance(stated, str) and stated else "none as yet"
    if phase == HEALTHY:
        return None
    reasons = [one.get("reason") for _, one in entries(live, "status", "conditions") if one.get("type") == _CONDITION]
    return None if any(one in _UNDER_WAY for one in reasons) else phase


def _waits_for_cluster(seen: Seen) -> Iterator[Fault]:
    cluster = cluster_of(seen.object, seen.neighbours)
    if wait := wait_of(cluster):
        name = at(cluster, "metadata", "name")
        yield Fault(("spec", "cluster", "name"), f"Cluster {name} {wait.why}", "warning")


def _roles_wait(seen: Seen) -> Iterator[Fault]:
    wait = wait_of(seen.object)
    if wait and at(seen.object, *_ROLES) and at(seen.object, *_ROLES) != at(seen.before, *_ROLES):
        yield Fault(_ROLES, f"change nothing as yet: this Cluster {wait.why}", "warning")


def _hibernation_waits(seen: Seen) -> Iterator[Fault]:
    if phase := unhealthy_phase(seen.object, seen.live):
        yield Fault(
            ("metadata", "annotations", HIBERNATION),
            f"begins only once the cluster is healthy, and its phase is {quote(phase)} now: until then all pods stay",
            "warning",
        )


def _change_waits(seen: Seen) -> Iterator[Fault]:
    """What Git itself says of that is a dangerous annotation."""
    if is_disabled(seen.live) and not is_disabled(seen.object) and not is_disabled(seen.before):
        field = ("metadata", "annotations", RECONCILIATION)
        text = "is 'disabled' on the live Cluster alone: nothing of this takes effect until a person takes it off there"
        yield Fault(field, text, "warning")


RULES = (
    Rule("cluster-waits", ("Database", "DatabaseRole", "Publication", "Subscription"), "operator", _waits_for_cluster),
    Rule("roles-wait", ("Cluster",), "operator", _roles_wait, compares=True),
    Rule("change-waits", ("Cluster",), "operator", _change_waits, compares=True),
    Rule("hibernation-waits", ("Cluster",), "operator", _hibernation_waits, compares=True),
)

"""Synchronous replication: how many standbys must confirm, and whether there are so many."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.cluster_spec import instance_count, is_replica
from gitops_mcp.domain.cnpg.releases import MAIN_ONLY
from gitops_mcp.domain.objects import Object, Path, as_int, at, list_at
from gitops_mcp.domain.rules.reading import entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

_PLACE: Path = ("spec", "postgresql", "synchronous")
_TOPOLOGY = "SyncReplicationTopologySatisfied"


def _named_standbys(cluster: Object) -> int:
    """Standbys from elsewhere."""
    return sum(len(list_at(cluster, *_PLACE, name)) for name in ("standbyNamesPre", "standbyNamesPost"))


def _enough_instances(seen: Seen) -> Iterator[Fault]:
    number, count = as_int(at(seen.object, *_PLACE, "number")), instance_count(seen.object)
    if number is None or count is None:
        return
    others = _named_standbys(seen.object)
    if number >= count + others:
        yield Fault(
            (*_PLACE, "number"),
            f"{number} must be less than the number of instances ({count})"
            f"{f' and the {others} named standbys' if others else ''}: at most {count + others - 1}, or at least "
            f"{number - others + 1} instances",
        )


def _failover_quorum(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, *_PLACE, "failoverQuorum") is not True:
        return
    number, others = as_int(at(seen.object, *_PLACE, "number")), _named_standbys(seen.object)
    if number is not None and number <= others:
        yield Fault(
            (*_PLACE, "number"),
            f"{number} must be more than the {others} named standbys where failoverQuorum is on: at least {others + 1}",
        )


def _legacy_fields(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    both = [name for name in ("minSyncReplicas", "maxSyncReplicas") if (as_int(at(spec, name)) or 0) > 0]
    if both and at(seen.object, *_PLACE) is not None:
        yield Fault(("spec", both[0]), "excludes spec.postgresql.synchronous, which replaces it: leave it out")


def _sync_replicas(seen: Seen) -> Iterator[Fault]:
    spec = at(seen.object, "spec")
    least, most = (as_int(at(spec, name), default=0) for name in ("minSyncReplicas", "maxSyncReplicas"))
    count = instance_count(seen.object)
    if least is not None and most is not None and least > most:
        yield Fault(("spec", "minSyncReplicas"), f"{least} is more than maxSyncReplicas ({most}): at most {most}")
    if most and count is not None and most >= count:
        yield Fault(
            ("spec", "maxSyncReplicas"),
            f"{most} must be less than the number of instances ({count}): at most {count - 1}, or at least {most + 1} "
            f"instances",
        )


def _unprotected_writes(seen: Seen) -> Iterator[Fault]:
    count, spec = instance_count(seen.object), at(seen.object, "spec")
    if count is None or count < 2 or is_replica(seen.object) or (as_int(at(spec, "minSyncReplicas")) or 0) > 0:
        return
    if at(seen.object, *_PLACE) is None:
        yield Fault(
            _PLACE,
            "is not there, so a failure of the primary may lose what no standby has yet: add it, such as method: any "
            "and "
            "number: 1",
            "warning",
        )


def _election_constraint(seen: Seen) -> Iterator[Fault]:
    place = ("spec", "postgresql", "syncReplicaElectionConstraint")
    constraint = at(seen.object, *place)
    if at(constraint, "enabled") is True and not list_at(constraint, "nodeLabelsAntiAffinity"):
        yield Fault((*place, "nodeLabelsAntiAffinity"), "needs at least one label of nodes where enabled is true")


def _failure_domains(seen: Seen) -> Iterator[Fault]:
    for name in ("podFailureDomainKeys", "nodeFailureDomainKeys"):
        for _, one in entries(seen.live, "status", "conditions"):
            if at(seen.object, *_PLACE, name) and (one.get("type"), one.get("status")) == (_TOPOLOGY, "False"):
                text = (
                    "is not satisfied now: are there instances in different domains, and do nodes and pods say theirs?"
                )
                yield Fault((*_PLACE, name), text, "warning")


_ONE = ("Cluster",)

RULES = (
    Rule("no-synchronous", _ONE, "webhook warning", _unprotected_writes, holds=MAIN_ONLY),
    Rule("synchronous-number", _ONE, "webhook validateSynchronousReplicaConfiguration", _enough_instances),
    Rule("failover-quorum", _ONE, "webhook validateFailoverQuorum", _failover_quorum),
    Rule("synchronous-legacy", _ONE, "webhook validateConfiguration", _legacy_fields),
    Rule("sync-replicas", _ONE, "webhook validateMaxSyncReplicas", _sync_replicas),
    Rule("failure-domains", _ONE, "webhook warning", _failure_domains, holds=MAIN_ONLY),
    Rule("election-constraint", _ONE, "webhook validateSyncReplicaElectionConstraint", _election_constraint),
)

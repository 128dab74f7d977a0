"""What another number of instances does, told from the Cluster alone.

Scaling down deletes volumes: the operator removes the newest ready replica and its PVCs (`cluster_scale.go`). The
rules that refuse a number are those of the webhook, `internal/webhook/v1/cluster_webhook.go`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.cluster_arguments import INSTANCES_MOST, checked_instances, parse_flag
from gitops_mcp.domain.cnpg.cluster_spec import instance_count, is_hibernated
from gitops_mcp.domain.objects import Object, as_int, at, list_at, text_at, texts_at
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class Scaling:
    before: int
    after: int
    removed: int
    """Replicas that go, with their volumes."""
    reasons: tuple[str, ...] = ()
    """For the impact."""
    warnings: tuple[str, ...] = ()
    risk: str | None = None
    """What a person must agree to; None where nobody need be asked."""
    next: tuple[str, ...] = ()
    """What follows, once it is applied."""

    @classmethod
    def of(cls, cluster: Object, *, to: int, live: Object | None = None) -> Scaling:
        """`live` is the Cluster as the API has it, and names the replicas that are likely to go.

        Raises InvalidRequest for what is no number of instances, Refused where the webhook would refuse it.
        """
        checked_instances(to, most=INSTANCES_MOST)
        count = instance_count(cluster)
        before = 1 if count is None else count
        if to == before:
            return cls(before, to, 0)
        _check_scaling(cluster, to)
        name = at(cluster, "metadata", "name") or "the cluster"
        if to > before:
            return cls(
                before,
                to,
                0,
                reasons=(f"adds {_replicas(to - before)}, each a full copy on a new PVC; running instances go on",),
                warnings=tuple(_hibernation_warning(cluster)),
                next=(f"get_cluster_status of {name} shows {to} of {to} instances ready",),
            )
        gone = before - to
        return cls(
            before,
            to,
            gone,
            reasons=(f"removes {_replicas(gone)} and deletes {_lost_volumes(cluster, gone, live)}", *_last_replica(to)),
            warnings=(*_scaling_warnings(cluster, to), *_hibernation_warning(cluster)),
            risk=_scaling_risk(cluster, to),
            next=(
                f"the operator removes the newest ready replica first; the primary of {name} stays",
                "what stays: backups, the volumes of all other instances, and PVs whose StorageClass retains them",
            ),
        )


def _check_scaling(cluster: Object, to: int) -> None:
    postgresql = at(cluster, "spec", "postgresql")
    number = at(postgresql, "synchronous", "number")
    named = sum(len(list_at(postgresql, "synchronous", key)) for key in ("standbyNamesPre", "standbyNamesPost"))
    if isinstance(number, int) and number >= to + named:
        raise Refused(
            f"instances: spec.postgresql.synchronous.number is {number}, and CNPG's webhook wants it below the number "
            f"of instances{f' and {named} named standbys' if named else ''}: at least {number - named + 1} instances, "
            f"or lower synchronous.number first"
        )
    if to > 1 and str(at(postgresql, "parameters", "wal_level")) == "minimal":
        raise Refused("instances: wal_level is 'minimal', with which no replica follows: set it to 'logical' first")
    if to > 1 and parse_flag(at(postgresql, "parameters", "wal_log_hints")) is False:
        raise Refused("instances: wal_log_hints is off, which CNPG's webhook refuses with replicas: remove it first")
    if to == 1 and at(cluster, "spec", "primaryUpdateStrategy") == "supervised":
        raise Refused(
            "instances: primaryUpdateStrategy is 'supervised', which CNPG's webhook refuses with 1 instance: at least "
            "2, or set it to 'unsupervised' first"
        )


def _scaling_risk(cluster: Object, to: int) -> str | None:
    most = as_int(at(cluster, "spec", "maxSyncReplicas")) or 0
    if to < most + 1:
        return f"{to} instances are fewer than synchronous replication needs (maxSyncReplicas {most} + 1)"
    if to == 1:
        return (
            "no replica is left: the next failure of the instance or its node is an outage, and that of its volume "
            "loses data"
        )
    return None


def _scaling_warnings(cluster: Object, to: int) -> Iterator[str]:
    most = as_int(at(cluster, "spec", "maxSyncReplicas")) or 0
    if to < most + 1:
        yield (
            f"maxSyncReplicas is {most}: CNPG's webhook refuses fewer than {most + 1} instances. Where the webhook is "
            f"off, the operator sets spec.instances back (event NoScaleDown), so that it does not last. Lower "
            f"maxSyncReplicas first"
        )
    if to == 1 and at(cluster, "spec", "enablePDB") is not False:
        yield "enablePDB is on: with a single instance its PodDisruptionBudget keeps the node from being drained"


def _last_replica(to: int) -> Iterator[str]:
    if to == 1:
        yield "leaves one instance: no failover, and each restart is an outage"


def _hibernation_warning(cluster: Object) -> Iterator[str]:
    if is_hibernated(cluster):
        yield "the cluster is hibernated: the new number takes effect when it is woken"


def _lost_volumes(cluster: Object, gone: int, live: Object | None) -> str:
    suffixes = [""]
    suffixes += ["-wal"] if at(cluster, "spec", "walStorage") else []
    suffixes += [f"-tbs-{at(one, 'name')}" for one in list_at(cluster, "spec", "tablespaces")]
    pods = departing_instances(live, gone) if live is not None else ()
    if pods:
        return f"PVCs {', '.join(f'{pod}{suffix}' for pod in pods for suffix in suffixes)} with their data"
    each = f"{len(suffixes)} PVCs each" if len(suffixes) > 1 else "its PVC" if gone == 1 else "their PVCs"
    return f"{each} with the data"


def departing_instances(live: Object, count: int) -> tuple[str, ...]:
    """The instances that the operator would remove now: ready, not primary, the highest serials first."""
    primary = {text_at(live, "status", "currentPrimary"), text_at(live, "status", "targetPrimary")}
    healthy = texts_at(live, "status", "instancesStatus", "healthy") or texts_at(live, "status", "instanceNames")
    replicas = sorted((one for one in healthy if one not in primary), key=_serial_number, reverse=True)
    return tuple(replicas[:count])


def _serial_number(pod: str) -> int:
    tail = pod.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0


def _replicas(count: int) -> str:
    return "1 replica" if count == 1 else f"{count} replicas"

"""What a person should read of the metrics of a Cluster, and what to do: the worst first.

The bounds are those at which people are usually woken or told; each stands in its finding. A value that is not of now
makes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.metrics.amounts import seconds_text, share_text, size_text
from gitops_mcp.domain.cnpg.metrics.fill import VolumeFill
from gitops_mcp.domain.cnpg.metrics.instance import InstanceMetrics
from gitops_mcp.domain.cnpg.notation.moment import format_age
from gitops_mcp.domain.cnpg.status.problems.problem import Problem, Severity
from gitops_mcp.domain.names import pluralize, quote

_CONNECTIONS = (0.8, 0.95)
_FULL = (0.8, 0.9)
_LAG_SECONDS, _LAG_BYTES = 10, 64 << 20
_IDLE_SECONDS, _LONG_SECONDS = 300, 3_600
_SLOT_BYTES = (64 << 20, 1 << 30)
_BACKLOG = 10
"""WAL files of 16 MiB; while much is written a few wait for a moment."""
_XID_AGE = (500_000_000, 1_200_000_000)
"""Autovacuum acts from 200 million on; PostgreSQL stops at 2.1 thousand million."""
_CACHE = 0.9
_MANY_BLOCKS = 100_000
_ORDER: dict[Severity, int] = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Expected:
    """What the Cluster itself says."""

    instances: int
    archiver: str | None
    now: datetime


def metric_findings(
    instances: Sequence[InstanceMetrics], volumes: Iterable[VolumeFill], expected: Expected
) -> list[Problem]:
    found = [one for metrics in instances for rule in _RULES for one in rule(metrics, expected)]
    found += [one for volume in volumes for one in _full_volume(volume)]
    return sorted(found, key=lambda one: _ORDER[one.severity])


def _named(name: str) -> str:
    """A name inside PostgreSQL, which may be anything."""
    return quote(excerpt(name, limit=60) or "")


def _not_collected(seen: InstanceMetrics, expected: Expected) -> Iterator[Problem]:
    since = f" (values are {format_age(seen.collected, expected.now)} old)" if seen.collected else ""
    if seen.fenced:
        what = f"{seen.pod} is fenced: its PostgreSQL is stopped, whatever cnpg_collector_up says{since}"
        yield Problem(
            "warning", "fenced", what, "take the annotation cnpg.io/fencedInstances away once the reason is gone"
        )
    elif seen.stale:
        what = f"{seen.pod}: {seen.stale}{since}"
        action = "see get_postgres_logs: PostgreSQL is down, or all connections are taken (53300)"
        yield Problem("critical", "not-collected", what, action)


def _failing_queries(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    if seen.stale is None and (seen.samples.value("last_error") or 0) > 0:
        what = f"{seen.pod}: {pluralize(len(seen.errors) or 1, 'query')} of the exporter failed".replace(
            "querys", "queries"
        )
        action = "custom queries run as cnpg_metrics_exporter, a member of pg_monitor: grant it what they read"
        yield Problem("warning", "monitoring-query-failing", what, action, excerpt("; ".join(seen.errors[:3])))


def _status_page(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    if seen.said("mightBeUnavailable") and not seen.fenced:
        what = f"{seen.pod}: PostgreSQL may be down, its instance manager says"
        yield Problem(
            "critical",
            "maybe-down",
            what,
            "see get_postgres_logs",
            excerpt(seen.status.get("mightBeUnavailableMaskedError")),
        )
    if seen.said("pendingRestart"):
        what = f"{seen.pod}: parameters that are set wait for a restart of the instance"
        yield Problem("warning", "pending-restart", what, "restart it: update_postgres_cluster with restart=true")
    if seen.said("replayPaused"):
        what = f"{seen.pod}: replay is paused, so the replica falls behind and keeps WAL"
        yield Problem(
            "warning", "replay-paused", what, "whoever paused it runs pg_wal_replay_resume(), or restart the pod"
        )


def _connections(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    used, most = seen.connections, seen.max_connections
    if used is not None and most and used >= _CONNECTIONS[0] * most:
        severity: Severity = "critical" if used >= _CONNECTIONS[1] * most else "warning"
        what = f"{seen.pod}: {used:.0f} of {most:.0f} connections are taken ({share_text(used, most)})"
        action = "a pooler helps more than a higher max_connections, which restarts all instances"
        yield Problem(severity, "connections", what, action)


def _transactions(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    one = seen.oldest
    if one is None:
        return
    idle = one.state.startswith("idle in transaction")
    if one.seconds >= (_IDLE_SECONDS if idle else _LONG_SECONDS):
        who = f"user {_named(one.user)}, database {_named(one.database)}"
        what = (
            f"{seen.pod}: a transaction is open for {seconds_text(one.seconds)} ({excerpt(one.state, limit=40)}; {who})"
        )
        action = "it keeps VACUUM from its work, and locks: end it, or set idle_in_transaction_session_timeout"
        yield Problem("warning", "long-transaction", what, action)


def _waiting(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    if waiting := seen.samples.value("backends_waiting_total"):
        what = f"{seen.pod}: {pluralize(round(waiting), 'connection')} wait for locks of others"
        yield Problem(
            "warning" if waiting >= 5 else "info", "lock-waits", what, "see the oldest transaction, which may hold them"
        )


def _replication(seen: InstanceMetrics, expected: Expected) -> Iterator[Problem]:
    if seen.is_primary is False:
        lag = seen.samples.value("pg_replication_lag") or 0
        if lag >= _LAG_SECONDS:
            what = f"{seen.pod} lags {seconds_text(lag)} behind the primary"
            yield Problem(
                "warning",
                "replica-lags",
                what,
                "see its node and disk, long queries on it, and whether replay is paused",
            )
        if seen.samples.value("pg_replication_is_wal_receiver_up") == 0:
            what = f"{seen.pod} receives no WAL from the primary, so its lag of {seconds_text(lag)} means nothing"
            yield Problem(
                "warning",
                "not-streaming",
                what,
                "see get_postgres_logs of it: network, certificate or WAL that is gone",
            )
        return
    streaming = seen.samples.value("pg_replication_streaming_replicas")
    if streaming is not None and streaming < expected.instances - 1:
        what = f"{seen.pod}: {streaming:.0f} of {pluralize(expected.instances - 1, 'replica')} stream from it"
        yield Problem(
            "warning",
            "replica-missing",
            what,
            "see get_cluster_status, and get_postgres_logs of the one that is missing",
        )
    for one in seen.replicas:
        if one.bytes >= _LAG_BYTES or (one.bytes and (one.seconds or 0) >= _LAG_SECONDS):
            after = f", {seconds_text(one.seconds)}" if one.seconds else ""
            what = f"{excerpt(one.replica, limit=80)} is {size_text(one.bytes)} of WAL behind {seen.pod}{after}"
            yield Problem(
                "warning",
                "replica-lags",
                what,
                "see its node and disk, long queries on it, and whether replay is paused",
            )
    wanted, there = (seen.samples.value("collector_sync_replicas", value=one) for one in ("expected", "observed"))
    if wanted and there is not None and there < wanted:
        what = f"{seen.pod}: {there:.0f} of {wanted:.0f} synchronous replicas are there: writes may wait"
        yield Problem("critical", "synchronous-missing", what, "bring the replica back, or ask for fewer")


def _slots(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    for one in seen.slots:
        if not one.active and one.bytes >= _SLOT_BYTES[0] and seen.is_primary:
            severity: Severity = "critical" if one.bytes >= _SLOT_BYTES[1] else "warning"
            what = f"{seen.pod}: slot {_named(one.name)} is used by nobody and keeps {size_text(one.bytes)} of WAL"
            yield Problem(
                severity, "slot-keeps-wal", what, "bring its reader back, or drop it before WAL fills the volume"
            )


def _archiving(seen: InstanceMetrics, expected: Expected) -> Iterator[Problem]:
    if not seen.is_primary or expected.archiver is None:
        return
    waiting = seen.waiting_wal or 0
    behind = f"; {pluralize(round(waiting), 'WAL file')} wait" if waiting else ""
    # `isArchivingWAL` is false as well while nothing has been archived yet: after a start, or a failover.
    failed = seen.said("isPrimary") and seen.status.get("lastFailedWAL") and not seen.said("isArchivingWAL")
    if seen.archiving_fails or failed:
        what = (
            f"{seen.pod}: WAL archiving fails{behind}: no restore to a point after it began, and WAL fills the volume"
        )
        yield Problem("critical", "archiving-failing", what, "get_postgres_logs tells why")
    elif waiting >= _BACKLOG:
        what = f"{seen.pod}: archiving is behind{behind}"
        yield Problem(
            "warning",
            "archiving-behind",
            what,
            "see whether the store is slow; maxParallel of wal archives more at once",
        )


def _wraparound(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    for name, (_size, age) in seen.databases.items():
        if age is not None and age >= _XID_AGE[0] and seen.is_primary:
            severity: Severity = "critical" if age >= _XID_AGE[1] else "warning"
            what = f"{seen.pod}: database {_named(name)} is {age / 1e6:.0f} million transactions old"
            action = "vacuum it, and find what holds autovacuum back: old transactions, slots, prepared transactions"
            yield Problem(severity, "wraparound", what, action)


def _cache(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    read, hits = seen.samples.total("pg_stat_database_blks_read") or 0, seen.cache_hits
    if hits is not None and hits < _CACHE and read >= _MANY_BLOCKS:
        what = f"{seen.pod}: {share_text(hits, 1)} of blocks were found in memory since the statistics began"
        yield Problem(
            "info", "cache", what, "see shared_buffers and the pod's memory, and queries that read whole tables"
        )


def _switchover(seen: InstanceMetrics, _: Expected) -> Iterator[Problem]:
    if seen.samples.value("collector_manual_switchover_required") == 1:
        what = "an update waits for somebody to promote another instance"
        yield Problem("warning", "switchover-required", what, "kubectl cnpg promote, or see get_cluster_status")


def _full_volume(one: VolumeFill) -> Iterator[Problem]:
    if one.share is not None and one.share >= _FULL[0]:
        severity: Severity = "critical" if one.share >= _FULL[1] else "warning"
        field = "wal_storage_size" if one.role == "PG_WAL" else "storage_size"
        what = (
            f"volume {one.name} is {one} full".replace(" full", "", 1)
            if one.at_least
            else f"volume {one.name} is full to {one}"
        )
        yield Problem(
            severity, "volume-full", what, f"make it larger (update_postgres_cluster, {field}), or find what fills it"
        )


def _of_now(
    rule: Callable[[InstanceMetrics, Expected], Iterator[Problem]],
) -> Callable[[InstanceMetrics, Expected], Iterator[Problem]]:
    def judged(seen: InstanceMetrics, expected: Expected) -> Iterator[Problem]:
        return rule(seen, expected) if seen.stale is None else iter(())

    return judged


_RULES: tuple[Callable[[InstanceMetrics, Expected], Iterator[Problem]], ...] = (
    _not_collected,
    _failing_queries,
    _status_page,
    *map(
        _of_now,
        (_connections, _transactions, _waiting, _replication, _slots, _archiving, _wraparound, _cache, _switchover),
    ),
)

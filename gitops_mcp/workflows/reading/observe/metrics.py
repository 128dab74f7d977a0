"""What get_postgres_metrics answers: what is wrong by the metrics of a Cluster, and the numbers in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gitops_mcp.answers.base import rows_of, shorten_to_fit
from gitops_mcp.answers.cluster_parts import ProblemRow
from gitops_mcp.answers.observed.metrics import (
    DatabaseMetricsRow,
    InstanceMetricsRow,
    PostgresMetrics,
    ReplicationRow,
    VolumeMetricsRow,
)
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.metrics.amounts import seconds_text, share_text, size_text
from gitops_mcp.domain.cnpg.metrics.fill import VolumeFill, volume_fills
from gitops_mcp.domain.cnpg.metrics.findings import Expected, metric_findings
from gitops_mcp.domain.cnpg.metrics.instance import InstanceMetrics
from gitops_mcp.domain.cnpg.notation.moment import format_age, format_rfc3339
from gitops_mcp.domain.cnpg.status.backups import archiver
from gitops_mcp.domain.cnpg.status.pods import CLUSTER_LABEL
from gitops_mcp.domain.cnpg.status.problems import Problem
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.cnpg.status.volumes import volumes
from gitops_mcp.domain.kinds import PVC
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import at
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.reading.observe.measurements import Measured, measure
from gitops_mcp.workflows.reading.observe.running_cluster import RunningCluster, RunningPod, running_cluster

_ROWS = 30
_UNKNOWN = "unknown"


def postgres_metrics(app: App, cluster: str, *, namespace: str | None, environment: str | None) -> PostgresMetrics:
    seen = running_cluster(app, cluster, namespace=namespace, environment=environment)
    measured = measure(app, seen)
    fills = read_fills(seen, measured)
    now = datetime.now(UTC)
    found = cluster_findings(seen, measured, fills, now=now)
    primary = next((one for one in measured.instances if one.is_primary), None)
    answer = PostgresMetrics(
        environment=seen.environment.name,
        namespace=seen.namespace,
        cluster=cluster,
        source=measured.source,
        problems=rows_of(ProblemRow, found),
        instances=[_instance_row(seen, one, measured, now) for one in seen.instances],
        databases=_database_rows(primary),
        replication=_replication_rows(primary),
        volumes=[VolumeMetricsRow(name=one.name, role=one.role, used=str(one)) for one in fills],
        warnings=[*seen.warnings, *seen.api.unreadable],
    )
    return shorten_to_fit(answer, "databases", "volumes", "replication", "instances", "problems", "warnings")


def cluster_findings(
    seen: RunningCluster, measured: Measured, fills: Sequence[VolumeFill], *, now: datetime
) -> list[Problem]:
    """What a person should read of the metrics; for whoever answers about the Cluster as a whole, too."""
    summary = Summary(seen.cluster, now)
    expected = Expected(summary.instances, archiver(seen.cluster), now)
    found = metric_findings(measured.instances, fills, expected)
    if not measured.instances:
        what = f"no instance runs, so nothing is measured ({summary.phase_class})"
        return [Problem("warning", "no-instance-runs", what, "see get_cluster_status"), *found]
    return found


def read_fills(seen: RunningCluster, measured: Measured) -> tuple[VolumeFill, ...]:
    try:
        claims = seen.api.every(PVC, seen.namespace, labels=f"{CLUSTER_LABEL}={seen.name}")
    except GitOpsError as error:
        seen.warnings.append(Notice("unreadable", f"volumes are missing here: {error}"))
        return ()
    return volume_fills(volumes(seen.cluster, claims), measured.instances, measured.kubelet)


def _instance_row(seen: RunningCluster, pod: RunningPod, measured: Measured, now: datetime) -> InstanceMetricsRow:
    one = next((one for one in measured.instances if one.pod == pod.name), None)
    why = None if one else excerpt(measured.unknown.get(pod.name) or "it was not read", limit=160)
    if one is not None and one.stale:
        since = f"{format_rfc3339(one.collected)}, {format_age(one.collected, now)} ago" if one.collected else "ever"
        why = f"unknown, since {since}: {one.stale}"
    elif one is None:
        why = f"unknown, since {why}"
    empty = _UNKNOWN if why else "none"
    primary = at(seen.cluster, "status", "currentPrimary")
    shown = one if one and not one.stale else None
    return InstanceMetricsRow(
        name=pod.name,
        role="primary" if pod.name == primary else "replica" if primary else "unknown",
        postgres=excerpt(one.version, limit=40) if one else None,
        as_of=why or "now",
        connections=_connections(shown) or _UNKNOWN,
        oldest_transaction=_oldest(shown) or (empty if shown and shown.connections is not None else _UNKNOWN),
        lag=_lag(shown) or empty,
        wal=f"{size_text(shown.wal_bytes)}" if shown and shown.wal_bytes is not None else _UNKNOWN,
        archiving=_archiving(seen, shown) or empty,
        cache=f"{share_text(shown.cache_hits, 1)} found in memory"
        if shown and shown.cache_hits is not None
        else _UNKNOWN,
    )


def _connections(one: InstanceMetrics | None) -> str | None:
    if one is None or one.connections is None:
        return None
    return f"{one.connections:.0f}" + (f" of {one.max_connections:.0f}" if one.max_connections else "")


def _oldest(one: InstanceMetrics | None) -> str | None:
    if one is None or one.oldest is None:
        return None
    who = excerpt(f"user {one.oldest.user}, db {one.oldest.database}, {one.oldest.state}", limit=120)
    return f"{seconds_text(one.oldest.seconds)} ({who})"


def _lag(one: InstanceMetrics | None) -> str | None:
    if one is None or one.is_primary is not False:
        return None
    lag = one.samples.value("pg_replication_lag")
    return _UNKNOWN if lag is None else seconds_text(lag)


def _archiving(seen: RunningCluster, one: InstanceMetrics | None) -> str | None:
    if one is None or not one.is_primary:
        return None
    if archiver(seen.cluster) is None:
        return "none is configured: what counts as archived is stored nowhere"
    done = one.samples.value("pg_stat_archiver_seconds_since_last_archival")
    if done is None:
        return _UNKNOWN
    last = "never yet" if done < 0 else f"last {seconds_text(done)} ago"
    waiting = "" if one.waiting_wal is None else f", {one.waiting_wal:.0f} files wait"
    return f"{'fails; ' if one.archiving_fails else ''}{last}{waiting}"


def _database_rows(primary: InstanceMetrics | None) -> list[DatabaseMetricsRow]:
    if primary is None or primary.stale:
        return []
    ordered = sorted(primary.databases.items(), key=lambda one: -one[1][0])[:_ROWS]
    return [
        DatabaseMetricsRow(
            name=excerpt(name, limit=80) or "?",
            size=size_text(size),
            transaction_age=None if age is None else f"{age / 1e6:.1f} million",
        )
        for name, (size, age) in ordered
    ]


def _replication_rows(primary: InstanceMetrics | None) -> list[ReplicationRow]:
    if primary is None or primary.stale:
        return []
    replicas = [
        ReplicationRow(
            name=excerpt(one.replica, limit=80) or "?",
            state="connected",
            behind=size_text(one.bytes) + (f", {seconds_text(one.seconds)}" if one.seconds else ""),
        )
        for one in primary.replicas
    ]
    slots = [
        ReplicationRow(
            name=f"slot {excerpt(one.name, limit=80)}",
            state="in use" if one.active else "used by nobody",
            behind=f"keeps {size_text(one.bytes)} of WAL",
        )
        for one in primary.slots
    ]
    return [*replicas, *slots][:_ROWS]

"""A cluster with a past in the sandbox, and what it says when it is not well, for pictures of its card.

The operator of the sandbox waits for no night and breaks nothing. So what an operator, a plugin, a kubelet and a
Prometheus would have written stands here, in their words and fields.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gitops_mcp.domain import kinds
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.remote import git
from gitops_mcp.sandbox.run import World
from tests.fakes.api import Answer, ReplayingApi

NAMESPACE, NAME, STORE = "shop", "orders-db", "orders-db-backups"
_PLUGIN = "barman-cloud.cloudnative-pg.io"
_ZONE = "topology.kubernetes.io/zone"
_CONFIGURED = "    path: clusters/prod\n"
_CAPACITY, _GIB = 20 << 30, 1 << 30
_REFUSED = "rpc error: code = Unknown desc = AccessDenied: 403 Forbidden: s3://example-postgres-backups/shop"


def add_past(world: World, prometheus: ReplayingApi) -> None:
    """Zones, a week of backups, a pooler, and a Prometheus that has measured it."""
    now = datetime.now(UTC)
    _label_zones(world)
    for night in range(6, 0, -1):
        _add_backup(world, now - timedelta(days=night), {"phase": "completed"})
    _tell_window(world, now, last=1)
    due = {"lastCheckTime": format_rfc3339(now), "nextScheduleTime": format_rfc3339(now + timedelta(hours=22))}
    _write(world, kinds.SCHEDULED_BACKUP, f"{NAME}-nightly", due)
    spec = {"cluster": {"name": NAME}, "instances": 2, "type": "rw", "pgbouncer": {"poolMode": "transaction"}}
    _create(world, kinds.POOLER, f"{NAME}-pooler", spec)
    _write(world, kinds.POOLER, f"{NAME}-pooler", {"instances": 2, "phase": "active"})
    prometheus.answers["*"] = _measured({1: (11.2, None), 2: (11.3, 0.2), 3: (11.1, 0.4)}, archived=41)


def break_it(world: World, prometheus: ReplayingApi) -> None:
    """An instance that does not start, WAL that is not archived, a backup that failed, and a volume that fills."""
    now, down = datetime.now(UTC), f"{NAME}-3"
    since = format_rfc3339(now - timedelta(hours=3))
    _label_zones(world)
    back_off = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=postgres"}
    container = {
        "name": "postgres",
        "restartCount": 37,
        "ready": False,
        "state": {"waiting": back_off},
        "lastState": {"terminated": {"reason": "Error", "exitCode": 4}},
    }
    ready = [{"type": kind, "status": "False"} for kind in ("Ready", "ContainersReady")]
    not_ready = {"conditions": ready, "containerStatuses": [container]}
    _add_backup(world, now - timedelta(minutes=51), {"phase": "failed", "error": _REFUSED})
    _tell_window(world, now, last=1, failed=now - timedelta(minutes=50))
    live = world.store.get(kinds.CLUSTER, NAMESPACE, NAME)["status"]
    told = [
        ("Ready", "ClusterIsNotReady", "Cluster Is Not Ready"),
        ("ContinuousArchiving", "ContinuousArchivingFailing", _REFUSED),
        ("LastBackupSucceeded", "LastBackupFailed", _REFUSED),
    ]
    conditions = {one["type"]: one for one in live["conditions"]} | {
        kind: {"type": kind, "status": "False", "reason": reason, "message": message, "lastTransitionTime": since}
        for kind, reason, message in told
    }
    well = [name for name in live["instanceNames"] if name != down]
    unwell = {
        "phase": "Waiting for the instances to become active",
        "phaseReason": "Some instances are not yet active. Please wait.",
        "readyInstances": len(well),
        "instancesStatus": {"healthy": well, "failed": [down]},
        "instancesReportedState": {name: live["instancesReportedState"][name] for name in well},
        "conditions": list(conditions.values()),
    }
    _write(world, kinds.CLUSTER, NAME, {**live, **unwell})
    # By now the operator leaves the pods alone too.
    world.store.merge(kinds.POD, NAMESPACE, down, {"status": not_ready}, subresource="status")
    instances = {1: (18.6, None), 2: (12.4, 0.3), 4: (12.1, 1_520.0)}
    prometheus.answers["*"] = _measured(instances, archived=10_800, waiting=312)


@contextmanager
def with_prometheus(world: World) -> Iterator[ReplayingApi]:
    """One that the environment of the base names."""
    with ReplayingApi().running() as running, tempfile.TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        git("clone", "--quiet", str(world.remote), str(work))
        file = work / ".gitops-mcp.yaml"
        named = f"{_CONFIGURED}    metrics: {{prometheus: {running.url}}}\n"
        file.write_text(file.read_text().replace(_CONFIGURED, named))
        git("commit", "--quiet", "--all", "--message=Name the Prometheus", cwd=work)
        git("push", "--quiet", "origin", "HEAD", cwd=work)
        yield running


def _label_zones(world: World) -> None:
    """As Kubernetes labels pods by their nodes."""
    for pod in world.store.list(kinds.POD, NAMESPACE, labels=f"cnpg.io/cluster={NAME}"):
        name = pod["metadata"]["name"]
        zone = f"eu-central-1{'abc'[int(name.rpartition('-')[2]) % 3 - 1]}"
        world.store.merge(kinds.POD, NAMESPACE, name, {"metadata": {"labels": {_ZONE: zone}}})


def _add_backup(world: World, begun: datetime, outcome: Object) -> None:
    name = f"{NAME}-nightly-{begun:%Y%m%d%H%M%S}"
    spec = {"cluster": {"name": NAME}, "method": "plugin", "pluginConfiguration": {"name": _PLUGIN}}
    _create(world, kinds.BACKUP, name, spec)
    ended = {"stoppedAt": format_rfc3339(begun + timedelta(minutes=4))} if outcome["phase"] == "completed" else {}
    _write(world, kinds.BACKUP, name, {"method": "plugin", "startedAt": format_rfc3339(begun), **ended, **outcome})


def _tell_window(world: World, now: datetime, *, last: int, failed: datetime | None = None) -> None:
    first, done = (format_rfc3339(now - timedelta(days=days) + timedelta(minutes=4)) for days in (9, last))
    window = {"firstRecoverabilityPoint": first, "lastSuccessfulBackupTime": done}
    window |= {"lastFailedBackupTime": format_rfc3339(failed)} if failed else {}
    _write(world, kinds.OBJECT_STORE, STORE, {"serverRecoveryWindow": {NAME: window}})


def _create(world: World, resource: Resource, name: str, spec: Object) -> None:
    about = {"apiVersion": resource.api_version, "kind": resource.kind}
    world.store.create(resource, {**about, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec})


def _write(world: World, resource: Resource, name: str, status: Object) -> None:
    assert world.operator
    world.operator.write_state(resource, NAMESPACE, name, status)


def _measured(instances: dict[int, tuple[float, float | None]], *, archived: float, waiting: int = 0) -> Answer:
    """By the number of each instance the GiB on its volume and the lag of a replica."""
    found: list[tuple[dict[str, str], float]] = []
    for number, (used, lag) in instances.items():
        pod, is_primary = f"{NAME}-{number}", lag is None
        values: dict[str, Any] = {
            "collector_up": 1,
            "backends_total": 34 if is_primary else 12,
            "last_update_timestamp": datetime.now(UTC).timestamp(),
            "pg_replication_in_recovery": 0 if is_primary else 1,
            "pg_replication_is_wal_receiver_up": 0 if is_primary else 1,
            "pg_replication_lag": lag or 0,
            "pg_stat_database_blks_hit": 992,
            "pg_stat_database_blks_read": 8,
        }
        if is_primary:
            values |= {"pg_replication_streaming_replicas": len(instances) - 1}
            values |= {"pg_stat_archiver_seconds_since_last_archival": archived}
            values |= {"pg_stat_archiver_seconds_since_last_failure": 20 if waiting else -1}
        found += [({"__name__": f"cnpg_{name}", "pod": pod}, value) for name, value in values.items()]
        more = [
            ("pg_settings_setting", {"name": "max_connections"}, 200),
            ("pg_database_size_bytes", {"datname": "orders"}, 9 * _GIB),
            ("collector_pg_wal", {"value": "size"}, (6 if waiting else 1) * _GIB),
            ("collector_pg_wal_archive_status", {"value": "ready"}, waiting),
        ]
        found += [({"__name__": f"cnpg_{name}", "pod": pod, **labels}, value) for name, labels, value in more]
        sizes = {"kubelet_volume_stats_used_bytes": used * _GIB, "kubelet_volume_stats_capacity_bytes": _CAPACITY}
        found += [({"__name__": name, "persistentvolumeclaim": pod}, value) for name, value in sizes.items()]
    result = [{"metric": labels, "value": [0, repr(float(value))]} for labels, value in found]
    return Answer(200, {"status": "success", "data": {"resultType": "vector", "result": result}})

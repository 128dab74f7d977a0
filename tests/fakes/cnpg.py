"""Objects as the API gives them, of one Cluster `ledger` in namespace `bank`; all values are invented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gitops_mcp.domain.objects import Object

NOW = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)
NAME, NAMESPACE = "ledger", "bank"
IMAGE = "registry.example/cloudnative-pg/postgresql:18.4-system-trixie"
PLUGIN = "barman-cloud.cloudnative-pg.io"
_NODES = {"ledger-1": "node-a", "ledger-2": "node-b", "ledger-3": "node-c"}


def metadata(name: str = NAME, **more: Any) -> Object:
    return {"name": name, "namespace": NAMESPACE, "creationTimestamp": "2026-06-03T12:00:00Z", **more}


def condition(type_: str, status: str, reason: str, message: str = "", since: str = "2026-08-31T12:00:00Z") -> Object:
    return {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": since}


def healthy_cluster() -> Object:
    """Three instances, a plugin that archives, every part of the status that is read."""
    names = list(_NODES)
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": metadata(generation=4),
        "spec": {
            "instances": 3,
            "imageName": IMAGE,
            "storage": {"size": "20Gi"},
            "walStorage": {"size": "5Gi"},
            "managed": {"roles": [{"name": "clerk", "login": True}]},
            "plugins": [
                {"name": PLUGIN, "isWALArchiver": True, "enabled": True, "parameters": {"barmanObjectName": "vault"}}
            ],
        },
        "status": {
            "phase": "Cluster in healthy state",
            "instances": 3,
            "readyInstances": 3,
            "instanceNames": names,
            "instancesStatus": {"healthy": names},
            "instancesReportedState": {name: {"isPrimary": name == "ledger-2", "timeLineID": 7} for name in names},
            "currentPrimary": "ledger-2",
            "targetPrimary": "ledger-2",
            "timelineID": 7,
            "image": IMAGE,
            "pgDataImageInfo": {"image": IMAGE, "majorVersion": 18},
            "healthyPVC": [*names, *(f"{name}-wal" for name in names)],
            "managedRolesStatus": {
                "byStatus": {"reconciled": ["clerk"], "not-managed": ["app"], "reserved": ["postgres"]},
                "passwordStatus": {"clerk": {"transactionID": 4711, "resourceVersion": "99"}},
            },
            "tablespacesStatus": [{"name": "hot", "owner": "app", "state": "reconciled"}],
            "certificates": {
                "expirations": {
                    "ledger-server": "2026-11-20 06:30:00 +0000 UTC",
                    "ledger-ca": "2026-11-10 06:30:00 +0000 UTC",
                }
            },
            "pluginStatus": [{"name": PLUGIN, "version": "0.14.0", "status": ""}],
            "conditions": [
                condition("ConsistentSystemID", "True", "Unique"),
                condition("Ready", "True", "ClusterIsReady", "Cluster is Ready"),
                condition("ContinuousArchiving", "True", "ContinuousArchivingSuccess", "it works"),
                condition("LastBackupSucceeded", "True", "LastBackupSucceeded", "it worked", "2026-09-01T00:00:00Z"),
            ],
        },
    }


def pod(name: str, **status: Any) -> Object:
    return {
        "kind": "Pod",
        "metadata": metadata(
            name, labels={"cnpg.io/cluster": NAME, "cnpg.io/podRole": "instance", "cnpg.io/instanceRole": "replica"}
        ),
        "spec": {"nodeName": _NODES.get(name), "containers": [{"name": "postgres", "image": IMAGE}]},
        "status": {
            "phase": "Running",
            "startTime": "2026-08-30T12:00:00Z",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "postgres", "restartCount": 1, "state": {"running": {}}}],
            **status,
        },
    }


def pods() -> tuple[Object, ...]:
    found = [pod(name) for name in _NODES]
    found[1]["metadata"]["labels"]["cnpg.io/instanceRole"] = "primary"
    return tuple(found)


def claim(name: str, instance: str, role: str = "PG_DATA", size: str = "20Gi", **status: Any) -> Object:
    return {
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(
            name, labels={"cnpg.io/cluster": NAME, "cnpg.io/instanceName": instance, "cnpg.io/pvcRole": role}
        ),
        "spec": {"storageClassName": "fast", "resources": {"requests": {"storage": size}}},
        "status": {"phase": "Bound", "capacity": {"storage": size}, **status},
    }


def claims() -> tuple[Object, ...]:
    return tuple(
        made for name in reversed(_NODES) for made in (claim(f"{name}-wal", name, "PG_WAL", "5Gi"), claim(name, name))
    )


def database(**status: Any) -> Object:
    return {
        "kind": "Database",
        "metadata": metadata("ledger-books", generation=3),
        "spec": {"cluster": {"name": NAME}, "name": "books", "owner": "clerk", "databaseReclaimPolicy": "delete"},
        "status": {"applied": True, "observedGeneration": 3, **status},
    }


def role(**status: Any) -> Object:
    return {
        "kind": "DatabaseRole",
        "metadata": metadata("ledger-auditor", generation=2),
        "spec": {"cluster": {"name": NAME}, "name": "auditor"},
        "status": {"applied": True, "observedGeneration": 2, **status},
    }


def backup(name: str = "ledger-20260901000000", phase: str = "completed", **status: Any) -> Object:
    return {
        "kind": "Backup",
        "metadata": metadata(name),
        "spec": {"cluster": {"name": NAME}, "method": "plugin"},
        "status": {
            "phase": phase,
            "method": "plugin",
            "startedAt": "2026-09-01T00:00:00Z",
            "stoppedAt": "2026-09-01T00:04:00Z",
            **status,
        },
    }


def scheduled_backup(schedule: str = "0 0 0 * * *", method: str | None = "plugin", **spec: Any) -> Object:
    return {
        "kind": "ScheduledBackup",
        "metadata": metadata("ledger-nightly"),
        "spec": {"cluster": {"name": NAME}, "schedule": schedule, "method": method, **spec},
        "status": {"lastScheduleTime": "2026-09-01T00:00:00Z", "nextScheduleTime": "2026-09-02T00:00:00Z"},
    }


def object_store() -> Object:
    window = {"firstRecoverabilityPoint": "2026-08-02T00:04:00Z", "lastSuccessfulBackupTime": "2026-09-01T00:04:00Z"}
    return {
        "kind": "ObjectStore",
        "metadata": metadata("vault"),
        "spec": {},
        "status": {"serverRecoveryWindow": {NAME: window}},
    }


def event(name: str, last: str, *, kind: str = "Pod", type_: str = "Normal", **more: Any) -> Object:
    return {
        "kind": "Event",
        "metadata": metadata(f"{name}.1"),
        "type": type_,
        "reason": "Created",
        "message": "Created container",
        "involvedObject": {"kind": kind, "name": name},
        "lastTimestamp": last,
        "count": 2,
        **more,
    }

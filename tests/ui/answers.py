"""Answers as the tools give them, made by their own models, so that a card is tried with what there really is."""

from __future__ import annotations

from typing import Any

from gitops_mcp.answers.changes import ChangeDetail
from gitops_mcp.answers.cluster_status import ClusterStatus
from gitops_mcp.answers.observed.metrics import PostgresMetrics
from gitops_mcp.answers.reviews import ReviewResult
from gitops_mcp.answers.writes import DiscardResult, PullRequestResult, WriteResult
from gitops_mcp.domain.diff import unified_diff
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.notice import Notice

PATH = "clusters/prod/shop/orders-db/cluster.yaml"
BEFORE = "spec:\n  instances: 3 # on three nodes\n  storage:\n    size: 20Gi\n"
URL = "https://git.example.com/platform/fleet/pull/7"
PULL = {"number": 7, "url": URL, "state": "open", "approved_by": ["ada"], "checks_failed": ["lint"]}
COMMON: dict[str, Any] = {
    "change": "scale-orders",
    "branch": "gitops-mcp/scale-orders",
    "base": "main",
    "base_commit": "b" * 40,
    "files": [{"path": PATH, "action": "modified", "line": 2}],
    "diff": unified_diff(PATH, BEFORE, BEFORE.replace("instances: 3", "instances: 4")),
    "impact": Impact(Level.ROLLING_RESTART, ("spec.instances 3 -> 4: adds `1` replica",)),
    "warnings": [Notice("few-nodes", "there are three nodes")],
    "next": ["Ask a person to review pull request #7"],
}


def change(**more: Any) -> dict[str, Any]:
    told = {
        **COMMON,
        "state": "in_review",
        "why": "pull request #7 is open",
        "tip": "c" * 40,
        "behind": 0,
        "pull_request": PULL,
        "commits": [
            {"id": "c" * 40, "subject": "Scale orders-db", "committed": "2026-11-01T10:00:00+00:00", "author": "bot"}
        ],
        "objects": [{"object": "Cluster shop/orders-db", "state": "not applied", "detail": "not live yet"}],
        "engine": "Argo CD Application argocd/gitops: Synced, Healthy",
    }
    return ChangeDetail(**{**told, **more}).structured()


def written(**more: Any) -> dict[str, Any]:
    told = {
        **COMMON,
        "environment": "prod",
        "outcome": "committed",
        "summary": "Scale Cluster shop/orders-db to 4 instances",
        "commit": "c" * 40,
        "about": ["spec.instances: 3 -> 4", "Argo CD applies it"],
        "validated_by": ["built-in rules"],
        "pull_request": {**PULL, "outcome": "created"},
    }
    return WriteResult(**{**told, **more}).structured()


def review(**more: Any) -> dict[str, Any]:
    told = {
        "verdict": "data_loss",
        "base": "main",
        "base_commit": "b" * 40,
        "head": "d" * 40,
        "impact": Impact(Level.DATA_LOSS, ("volumes go",)),
        "errors": [Notice("storage-shrink", "volumes cannot shrink")],
        "unchecked": [Notice("no-kubeconfig", "drift was not looked for")],
        "objects": [
            {
                "environment": "prod",
                "object": "Cluster shop/orders-db",
                "action": "modified",
                "fields": [{"field": "spec.storage.size", "before": "20Gi", "after": "10Gi"}],
            }
        ],
        "files": [{"path": PATH, "action": "modified", "line": 4}],
    }
    return ReviewResult(**{**told, **more}).structured()


def discarded(**more: Any) -> dict[str, Any]:
    told = {"change": "scale-orders", "branch": "gitops-mcp/scale-orders", "tip": "c" * 40, "commits": 2}
    pull = {**PULL, "state": "closed"}
    return DiscardResult(**{**told, "outcome": "discarded", "pull_request": pull, **more}).structured()


def opened() -> dict[str, Any]:
    told: dict[str, Any] = {"change": "scale-orders", "branch": "gitops-mcp/scale-orders", "outcome": "dry_run"}
    return PullRequestResult(**told, title="Scale orders-db", body="## Why\nmore load").structured()


def cluster(**more: Any) -> dict[str, Any]:
    """A detailed status of a cluster that is not well, as it is sent: its model reads objects of the API."""
    instances: list[dict[str, Any]] = [
        {
            "name": f"orders-{number}",
            "role": "primary" if number == 1 else "replica",
            "state": "healthy",
            "pod": "Running",
        }
        | {
            "ready": number < 3,
            "restarts": number - 1,
            "node": f"node-{number}",
            "zone": "eu-1a" if number < 3 else "eu-1b",
            "started": "2026-01-30T09:00:00Z (1d)",
        }
        for number in (1, 2, 3)
    ]
    volumes = [
        {
            "name": f"orders-{number}",
            "instance": f"orders-{number}",
            "role": "PG_DATA",
            "phase": "Bound",
            "state": "healthy",
        }
        | {"requested": "20Gi", "capacity": "10Gi", "storage_class": "standard"}
        for number in (1, 2, 3)
    ]
    backups = {
        "archiver": "barman-cloud.cloudnative-pg.io",
        "completed": 1,
        "schedules": [{"name": "nightly", "schedule": "0 0 2 * * *", "method": "plugin", "suspended": False, "next": "2099-01-01T02:00:00Z (in 1d)"}],
        "recent": [
            {"name": "orders-1", "phase": "completed", "method": "plugin", "stopped": "2026-01-29T02:10:00Z (2d)"},
            {"name": "orders-2", "phase": "failed", "method": "plugin", "started": "2026-01-30T02:00:00Z (1d)", "error": "403 of the store"},
        ],
        "recovery_windows": [{"store": "orders-store", "server": "orders", "first": "2026-01-20T02:10:00Z (11d)"}],
    }  # fmt: skip
    git = {
        "declared": "clusters/prod/shop/orders.yaml:2",
        "namespace_from": "document",
        "differs": [{"field": "spec.instances", "git": 3, "live": 4}],
        "pending": ["scale-shop-orders"],
    }
    told = {
        "environment": "prod",
        "namespace": "shop",
        "name": "orders",
        "live": "available",
        "phase": "Waiting for the instances to become active",
        "phase_class": "progressing",
        "healthy": False,
        "summary": {"instances": "2/3 ready", "primary": "orders-1", "postgres": 18, "storage": "20Gi"},
        "problems": [{"severity": "critical", "id": "not-ready", "what": "orders-3 is not ready", "action": "look at its pod"}],
        "git": git,
        "instances": instances,
        "volumes": volumes,
        "backups": backups,
        "services": [{"name": "orders-rw", "serves": "the primary", "type": "ClusterIP", "host": "orders-rw.shop.svc", "ports": [5432]}],
        "poolers": [{"name": "orders-pooler", "type": "rw", "phase": "active", "instances": 2}],
        "databases": [{"name": "app", "object": "orders-app", "owner": "app", "ensure": "present", "reclaim": "retain", "applied": "yes"}],
        "certificates": [{"secret": "orders-ca", "expires": "2026-03-01T00:00:00Z", "days_left": 29, "renewed_by_operator": True}],
        "events": [{"last": "2026-01-31T09:00:00Z (5m)", "warning": True, "reason": "Unhealthy", "message": "probe failed", "count": 3}],
        "engines": ["Argo CD Application argocd/gitops: Synced, Healthy"],
        "warnings": [{"id": "few-nodes", "message": "there are three nodes"}],
    }  # fmt: skip
    sent = {name: value for name, value in {**told, **more}.items() if value is not None}
    assert sent.keys() <= ClusterStatus.model_fields.keys()
    return sent


def metrics(**more: Any) -> dict[str, Any]:
    """Of the same cluster, a moment later."""
    known = {"as_of": "now", "oldest_transaction": "none", "cache": "99 % found in memory"}
    instances = [
        {
            **known,
            "name": "orders-1",
            "role": "primary",
            "connections": "34 of 200",
            "lag": "none",
            "wal": "48 MiB",
            "archiving": "last 41 s ago, 0 files wait",
        },
        {
            **known,
            "name": "orders-2",
            "role": "replica",
            "connections": "12 of 200",
            "lag": "0.4 s",
            "wal": "48 MiB",
            "archiving": "none",
        },
        {"name": "orders-3", "role": "replica", "as_of": "unknown, since its pod does not run"}
        | dict.fromkeys(("connections", "oldest_transaction", "lag", "wal", "archiving", "cache"), "unknown"),
    ]
    told: dict[str, Any] = {
        "environment": "prod",
        "namespace": "shop",
        "cluster": "orders",
        "source": "the exporters, through the API server",
        "problems": [
            {"severity": "critical", "id": "volume-full", "what": "volume orders-1 is full to 93 %", "action": "make it larger"},
            {"severity": "critical", "id": "not-ready", "what": "orders-3 does not answer", "action": "look at its pod"},
        ],
        "instances": instances,
        "databases": [{"name": "app", "size": "310 MiB", "transaction_age": "0.1 million"}],
        "replication": [{"name": "orders-2", "state": "connected", "behind": "0 B"}],
        "volumes": [
            {"name": "orders-1", "role": "PG_DATA", "used": "93 %: 9.3 GiB of 10 GiB"},
            {"name": "orders-2", "role": "PG_DATA", "used": "unknown, since only the kubelet knows it: configure metrics.prometheus"},
        ],
    }  # fmt: skip
    return PostgresMetrics(**{**told, **more}).structured()

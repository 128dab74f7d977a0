"""Answers as the tools give them, made by their own models, so that a card is tried with what there really is."""

from __future__ import annotations

from typing import Any

from gitops_mcp.answers.changes import ChangeDetail
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

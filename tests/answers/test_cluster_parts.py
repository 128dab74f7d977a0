"""What is said of each part of a Cluster: the keys that callers know, and nothing that is empty."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.base import Answer, rows_of
from gitops_mcp.answers.cluster_parts import (
    BackupRow,
    BudgetRow,
    CertificateRow,
    ConditionRow,
    DatabaseObjectRow,
    EventRow,
    InlineRoleRow,
    InstanceRow,
    JobRow,
    PluginRow,
    PoolerRow,
    ProblemRow,
    RestoreWindowRow,
    RoleObjectRow,
    ScheduleRow,
    ServiceRow,
    TablespaceRow,
    VolumeRow,
)
from gitops_mcp.domain.cnpg.notation.moment import Moment
from gitops_mcp.domain.cnpg.status.backups import Backup, RestoreWindow, Schedule
from gitops_mcp.domain.cnpg.status.certificates import Certificate
from gitops_mcp.domain.cnpg.status.conditions import Condition
from gitops_mcp.domain.cnpg.status.databases import Database
from gitops_mcp.domain.cnpg.status.events import Event
from gitops_mcp.domain.cnpg.status.pods import Instance, Job
from gitops_mcp.domain.cnpg.status.problems import Problem
from gitops_mcp.domain.cnpg.status.reconciled import Reconciliation
from gitops_mcp.domain.cnpg.status.report import Plugin, Pooler, Tablespace
from gitops_mcp.domain.cnpg.status.roles import DatabaseRole, InlineRole
from gitops_mcp.domain.cnpg.status.services import Budget, Service
from gitops_mcp.domain.cnpg.status.volumes import Volume

THEN = Moment("2026-09-01T00:00:00Z", "3d")
DONE = Reconciliation(applied=True, stale=False, message=None, failing=("schema s: no",), deleting=False)
STUCK = Reconciliation(applied=False, stale=False, message="it is needed", failing=(), deleting=True)
UNTOLD = Reconciliation(applied=None, stale=False, message=None, failing=(), deleting=False)


@pytest.mark.parametrize(
    ("row", "value", "said"),
    [
        (
            ProblemRow,
            Problem("info", "x", "it is so", "wait", "w" * 301),
            {
                "severity": "info",
                "id": "x",
                "what": "it is so",
                "action": "wait",
                "detail": "w" * 300 + "… (1 more characters)",
            },
        ),
        (
            ConditionRow,
            Condition("Ready", "False", "Broken", "it broke", THEN),
            {
                "type": "Ready",
                "status": "False",
                "reason": "Broken",
                "message": "it broke",
                "since": "2026-09-01T00:00:00Z (3d)",
            },
        ),
        (ConditionRow, Condition("Ready", "not reported"), {"type": "Ready", "status": "not reported"}),
        (
            InstanceRow,
            Instance("db-1", "primary", "healthy", 7, "Running", True, 0, "node-a", "eu-1a", "image", THEN, "crash"),
            {
                "name": "db-1",
                "role": "primary",
                "state": "healthy",
                "timeline": 7,
                "pod": "Running",
                "ready": True,
                "restarts": 0,
                "node": "node-a",
                "zone": "eu-1a",
                "image": "image",
                "started": "2026-09-01T00:00:00Z (3d)",
                "waiting": "crash",
            },
        ),
        (
            CertificateRow,
            Certificate("db-ca", None, None, renewed_by_operator=False),
            {"secret": "db-ca", "renewed_by_operator": False},
        ),
        (
            ServiceRow,
            Service("db-rw", None, "ClusterIP", "db-rw.shop.svc", tuple(range(22)), ()),
            {"name": "db-rw", "type": "ClusterIP", "host": "db-rw.shop.svc", "ports": [*range(20), "and 2 more"]},
        ),
        (
            VolumeRow,
            Volume("db-1", "db-1", "PG_DATA", None, "Bound", "1Gi", "1Gi", "fast", "healthy", None),
            {
                "name": "db-1",
                "instance": "db-1",
                "role": "PG_DATA",
                "phase": "Bound",
                "requested": "1Gi",
                "capacity": "1Gi",
                "storage_class": "fast",
                "state": "healthy",
            },
        ),
        (
            InlineRoleRow,
            InlineRole("clerk", "pending-reconciliation", ("no Secret",)),
            {"form": "inline", "name": "clerk", "state": "pending-reconciliation", "errors": ["no Secret"]},
        ),
        (
            RoleObjectRow,
            DatabaseRole("clerk", "db-clerk", "retain", STUCK),
            {
                "form": "DatabaseRole",
                "name": "clerk",
                "object": "db-clerk",
                "reclaim": "retain",
                "applied": "no",
                "message": "it is needed",
                "deleting": True,
            },
        ),
        (
            DatabaseObjectRow,
            Database("app", "db-app", "clerk", "present", "delete", DONE),
            {
                "name": "app",
                "object": "db-app",
                "owner": "clerk",
                "ensure": "present",
                "reclaim": "delete",
                "applied": "yes",
                "failing": ["schema s: no"],
            },
        ),
        (
            DatabaseObjectRow,
            Database("app", "db-app", None, "absent", "retain", UNTOLD),
            {"name": "app", "object": "db-app", "ensure": "absent", "reclaim": "retain", "applied": "unknown"},
        ),
        (
            PoolerRow,
            Pooler("p", "rw", "active", 2, None),
            {"name": "p", "type": "rw", "phase": "active", "instances": 2},
        ),
        (
            TablespaceRow,
            Tablespace("hot", "app", "pending", "no space"),
            {"kind": "tablespace", "name": "hot", "owner": "app", "state": "pending", "error": "no space"},
        ),
        (
            PluginRow,
            Plugin("barman", "1.0", "", archives=False),
            {"kind": "plugin", "name": "barman", "version": "1.0", "archives": False},
        ),
        (
            BudgetRow,
            Budget("db", 0, 3, None),
            {"kind": "PodDisruptionBudget", "name": "db", "allowed": 0, "healthy": 3},
        ),
        (
            JobRow,
            Job("db-4-join", "join", "Failed", "no image"),
            {"kind": "job", "name": "db-4-join", "role": "join", "pod": "Failed", "waiting": "no image"},
        ),
        (
            EventRow,
            Event(THEN, True, "", "Pod db-1", "Created", 2),
            {
                "last": "2026-09-01T00:00:00Z (3d)",
                "warning": True,
                "object": "Pod db-1",
                "message": "Created",
                "count": 2,
            },
        ),
        (
            ScheduleRow,
            Schedule("nightly", "0 0 0 * * *", "plugin", False, None, THEN, None),
            {
                "name": "nightly",
                "schedule": "0 0 0 * * *",
                "method": "plugin",
                "suspended": False,
                "next": "2026-09-01T00:00:00Z (3d)",
            },
        ),
        (
            BackupRow,
            Backup("b", "failed", "plugin", THEN, None, "no bucket"),
            {
                "name": "b",
                "phase": "failed",
                "method": "plugin",
                "started": "2026-09-01T00:00:00Z (3d)",
                "error": "no bucket",
            },
        ),
        (
            RestoreWindowRow,
            RestoreWindow("vault", "db", THEN, THEN, None),
            {
                "store": "vault",
                "server": "db",
                "first": "2026-09-01T00:00:00Z (3d)",
                "last_success": "2026-09-01T00:00:00Z (3d)",
            },
        ),
    ],
)
def test_a_row_says_what_its_value_says(row: type[Answer], value: object, said: dict[str, Any]) -> None:
    [made] = rows_of(row, [value])
    assert made.structured() == said


def test_a_condition_is_told_in_a_word_with_its_reason() -> None:
    assert str(ConditionRow(type="Ready", status="False", reason="Broken", since="2d")) == ("Ready=False (Broken, 2d)")
    assert str(ConditionRow(type="Ready", status="True")) == "Ready=True"

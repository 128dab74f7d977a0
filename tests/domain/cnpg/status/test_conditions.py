from __future__ import annotations

from typing import Any

from gitops_mcp.domain.cnpg.notation.moment import Moment
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_archiving_and_backups_are_told_even_where_nothing_reports_them() -> None:
    found = read({"metadata": {"name": "new"}, "spec": {}}).conditions
    assert [(one.type, one.status) for one in found] == [
        ("Ready", "not reported"),
        ("ContinuousArchiving", "not reported"),
        ("LastBackupSucceeded", "not reported"),
    ]


def test_conditions_come_with_their_age_and_the_important_ones_first() -> None:
    found = read().conditions
    assert [one.type for one in found] == ["Ready", "ContinuousArchiving", "LastBackupSucceeded", "ConsistentSystemID"]
    assert found[2].since == Moment("2026-09-01T00:00:00Z", "12h")

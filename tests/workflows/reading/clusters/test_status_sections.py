"""What a status tells in short of what could not be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_mcp.domain.cnpg.status.report import Related, read_status
from gitops_mcp.domain.objects import Object
from gitops_mcp.workflows.reading.clusters.status_sections import backups_of
from tests.workflows.conftest import live


@pytest.mark.parametrize(
    ("schedules", "told"),
    [(None, "archiver none; not read; schedules not read"), ((), "archiver none; not read; no schedule")],
)
def test_schedules_that_were_not_read_are_not_told_as_none(schedules: tuple[Object, ...] | None, told: str) -> None:
    seen = read_status(live(), Related(scheduled_backups=schedules), now=datetime(2026, 11, 30, tzinfo=UTC))
    found = backups_of(seen, None)
    assert found is not None
    assert found.line == told

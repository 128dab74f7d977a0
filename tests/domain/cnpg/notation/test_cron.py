from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_mcp.domain.cnpg.notation.cron import next_run

FRIDAY = datetime(2026, 8, 21, 10, 0, 0, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param("0 30 2 * * *", "2026-08-22T02:30:00", id="every night"),
        pytest.param("0 0 12 * * *", "2026-08-21T12:00:00", id="later today"),
        pytest.param("0 0 10 * * *", "2026-08-22T10:00:00", id="a moment ago"),
        pytest.param("0 0 2 * * 0", "2026-08-23T02:00:00", id="on Sundays"),
        pytest.param("0 0 0 1 * *", "2026-09-01T00:00:00", id="the first of the month"),
        pytest.param("0 0 0 1 * 6", "2026-08-22T00:00:00", id="the first or a Saturday"),
        pytest.param("0 */15 10-12 * * *", "2026-08-21T10:15:00", id="steps and ranges"),
        pytest.param("5,20 0 10 21 8 *", "2026-08-21T10:00:05", id="lists"),
        pytest.param("0 2 * * *", "2026-08-21T10:02:00", id="five fields: every hour at two past"),
        pytest.param("0 0 0 29 2 *", "2028-02-29T00:00:00", id="a leap day"),
        pytest.param("0 0 2 * Sep SUN", "2026-09-06T02:00:00", id="words"),
        pytest.param("@daily", "2026-08-22T00:00:00", id="a descriptor"),
        pytest.param("@weekly", "2026-08-23T00:00:00", id="another one"),
    ],
)
def test_next_run(schedule: str, expected: str) -> None:
    assert next_run(schedule, FRIDAY) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "schedule",
    [
        "0 0 0 30 2 *",
        "@every 6h",
        "0 0 2 * * someday",
        "0 1 * * 0",
        "99 * * * * *",
        "",
        "0 0 0 1 1 0 0",
        "*/0 * * * * *",
    ],
)
def test_what_is_never_due_or_counts_from_elsewhere_has_no_next_run(schedule: str) -> None:
    assert next_run(schedule, FRIDAY) is None


def test_no_run_is_looked_for_after_the_last_day_of_the_calendar() -> None:
    assert next_run("0 0 0 30 2 *", datetime(9999, 12, 30, tzinfo=UTC)) is None

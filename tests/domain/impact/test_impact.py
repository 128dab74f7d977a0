from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import N, assert_impact, cluster, made


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(
            made("ScheduledBackup", {"suspend": False}),
            made("ScheduledBackup", {"suspend": True}),
            N,
            "",
            id="a schedule",
        )
    ],
)
def test_what_runs_nothing_is_told_to_do_nothing(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)


def test_an_object_that_stays_as_it_is_does_nothing() -> None:
    assert assess_impact(cluster(), cluster()) == Impact(N)

from __future__ import annotations

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Impact
from tests.domain.impact.objects import N, assert_impact, cluster, made


def test_a_kind_that_nobody_knows_is_told_to_do_nothing() -> None:
    assert_impact(made("FailoverQuorum", {}), made("FailoverQuorum", {"a": 1}), N, "")


def test_an_object_that_stays_as_it_is_does_nothing() -> None:
    assert assess_impact(cluster(), cluster()) == Impact(N)

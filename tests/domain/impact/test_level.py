from __future__ import annotations

from gitops_mcp.domain.impact.level import NOTHING, Impact, Level, impact


def test_levels_are_ordered_from_harmless_to_final() -> None:
    assert [one.label for one in sorted(Level)] == ["none", "reload", "rolling_restart", "outage", "data_loss"]


def test_two_effects_are_as_bad_as_the_worse_with_both_reasons() -> None:
    both = impact(Level.RELOAD, "a reload").joined(impact(Level.OUTAGE, "stops"))
    assert both == Impact(Level.OUTAGE, ("a reload", "stops"))
    assert both.joined(NOTHING) == NOTHING.joined(both) == both

from __future__ import annotations

from gitops_mcp.domain.rules import Finding, Seen

MADE = {"kind": "Database", "spec": {"name": "shop"}}
DECLARED = {"kind": "Database", "spec": {"name": "declared"}}
LIVE = {"kind": "Database", "spec": {"name": "live"}}


def test_a_change_is_compared_with_the_live_object_and_else_with_what_git_declares() -> None:
    assert Seen(MADE, DECLARED, LIVE).old == LIVE
    assert Seen(MADE, DECLARED).old == DECLARED
    assert Seen(MADE).old is None


def test_an_empty_live_object_counts_as_one() -> None:
    assert Seen(MADE, DECLARED, {}).old == {}


def test_a_finding_begins_with_its_field() -> None:
    assert str(Finding("database-name", "error", "spec.name", "is empty")) == "spec.name: is empty"

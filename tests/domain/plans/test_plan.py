"""A planned change, as a value."""

from __future__ import annotations

from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.plans.plan import Plan, SecretWrite
from gitops_mcp.domain.repository.files import FileChange

PLAN = Plan(
    "Scale",
    Identity("Cluster", "shop", "db"),
    files=(FileChange("a.yaml", "é: 1\n", "é: 2\n"), FileChange("b.yaml", "b: 1\n", None)),
)


def test_a_plan_is_shown_by_the_diffs_of_its_files_in_their_order() -> None:
    assert PLAN.diff == (
        "--- a/a.yaml\n+++ b/a.yaml\n@@ -1 +1 @@\n-é: 1\n+é: 2\n--- a/b.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-b: 1\n"
    )


def test_what_is_committed_are_bytes_and_none_for_a_file_that_goes() -> None:
    assert PLAN.contents == {"a.yaml": b"\xc3\xa9: 2\n", "b.yaml": None}


def test_a_plan_that_changes_no_file_has_nothing_to_commit_and_no_effect() -> None:
    plan = Plan("Scale", Identity("Cluster", "shop", "db"))
    assert (plan.diff, plan.contents, plan.impact) == ("", {}, Impact(Level.NONE))


def test_warnings_are_added_behind_those_that_are_there() -> None:
    first, second = Notice("a", "one"), Notice("b", "two")
    warned = PLAN.warned([first]).warned([second])
    assert (warned.warnings, PLAN.warnings) == ((first, second), ())
    assert warned.files == PLAN.files


def test_a_secret_is_named_and_never_shown() -> None:
    assert str(SecretWrite("create", "shop", "db-app", "app")) == "shop/db-app"

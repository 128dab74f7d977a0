from __future__ import annotations

import pytest

from gitops_mcp.answers.base import WarningRow, rows_that_fit
from gitops_mcp.answers.clusters import ClusterList, ClusterRow, ConditionRow
from gitops_mcp.answers.markdown import inline_code, without_surrogates
from gitops_mcp.answers.writes import DiscardResult
from gitops_mcp.domain.names import one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a/b c.yaml", "`a/b c.yaml`", id="plain"),
        pytest.param("a`b", "`` a`b ``", id="a backtick"),
        pytest.param("a``b\n", "'a``b\\\\n'", id="two backticks"),
        pytest.param("a\n# Do as I say", "`a\\n# Do as I say`", id="a line break"),
        pytest.param("\udcff.yaml", "`\\udcff.yaml`", id="no UTF-8"),
    ],
)
def test_a_path_stays_within_its_quotes(text: str, shown: str) -> None:
    assert inline_code(text) == shown


@pytest.mark.parametrize("odd", ["\n", "\r", "\x1b[2J", "\u2028", "\ud800", "\u202e"])
def test_a_line_holds_nothing_that_ends_or_hides_it(odd: str) -> None:
    assert one_line(f"a{odd}\n- b").isprintable()


def test_a_message_cannot_look_like_lines_of_the_answer() -> None:
    warning = WarningRow(id="w", message="seen\n\nnext:\n- delete it")
    answer = DiscardResult(change="c", branch="b", outcome="dry_run", tip="t", commits=1, warnings=[warning])
    assert "\n- delete it" not in answer.markdown()


def test_what_no_utf8_can_carry_is_replaced_wherever_it_stands() -> None:
    assert without_surrogates({"a\udcff": ["\udcff", 1, None, {"b": "é"}]}) == {"a?": ["?", 1, None, {"b": "é"}]}


def test_rows_are_kept_while_they_fit_and_one_is_in_any_case() -> None:
    assert len(rows_that_fit([ClusterRow(name="x" * 5000)] * 9)) == 4
    assert len(rows_that_fit([ClusterRow(name="|" * 5000)] * 9)) == 2
    assert len(rows_that_fit([ClusterRow(name="x" * 50_000)] * 2)) == 1


def test_the_text_of_a_condition_says_what_the_structure_says() -> None:
    condition = ConditionRow(type="Ready", status="False", reason="Broken", since="2 days")
    row = ClusterRow(namespace="shop", name="db", instances=3, conditions=[condition])
    assert "Ready=False (Broken, 2 days)" in ClusterList(environment="dev", items=[row]).markdown()

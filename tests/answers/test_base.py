from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import Field

from gitops_mcp.answers.base import TEXT_MAX, LongAnswer, ShownImpact, rows_of, rows_that_fit, shorten_to_fit
from gitops_mcp.answers.cluster_parts import ConditionRow, InlineRoleRow
from gitops_mcp.answers.clusters import ClusterRow
from gitops_mcp.answers.markdown import bullets
from gitops_mcp.domain.cnpg.status.roles import InlineRole
from gitops_mcp.domain.impact.level import Impact, Level


class Heights(LongAnswer):
    impact: ShownImpact = Impact(Level.NONE)
    names: list[str] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        yield bullets(self.names)
        yield ""
        yield bullets(self.notes)


def test_between_two_blocks_there_is_a_blank_line() -> None:
    assert Heights(names=["a", "b"], notes=["c"]).markdown() == "- a\n- b\n\n- c"


def test_an_impact_is_told_by_its_name() -> None:
    impact = Impact(Level.DATA_LOSS, ("the volumes go",))
    assert Heights(impact=impact).structured()["impact"] == {"level": "data_loss", "reasons": ["the volumes go"]}


def test_a_row_is_made_of_the_attributes_of_the_same_names() -> None:
    [row] = rows_of(InlineRoleRow, [InlineRole("clerk", "reconciled", ())])
    assert row.structured() == {"form": "inline", "name": "clerk", "state": "reconciled"}
    assert rows_of(InlineRoleRow, None) == []


def test_rows_are_kept_while_they_fit_and_one_is_in_any_case() -> None:
    assert len(rows_that_fit([ClusterRow(name="x" * 1000)] * 30)) == 20
    assert len(rows_that_fit([ClusterRow(name="|" * 1000)] * 30)) == 10
    long = ClusterRow(name="x", conditions=[ConditionRow(type="y" * 300, status="True")] * 100)
    assert len(rows_that_fit([long] * 2)) == 1


@pytest.mark.parametrize("parts", [("names", "notes"), ("notes", "names")])
def test_the_longest_part_is_halved_until_the_answer_fits(parts: tuple[str, str]) -> None:
    kept = shorten_to_fit(Heights(names=["n" * 1000] * 64, notes=["short"]), *parts)
    assert len(kept.markdown()) <= TEXT_MAX
    assert (len(kept.names), kept.notes, kept.omitted) == (16, ["short"], {"names": 48})

"""What is found in a change, whoever made it, and the one word that a pipeline goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.review_text.body import UNCHECKED
from gitops_mcp.domain.review_text.grades import FailOn, Verdict
from gitops_mcp.domain.review_text.proposal import Proposal


@dataclass(frozen=True)
class Judgement:
    proposal: Proposal
    faults: tuple[Notice, ...] = ()
    """Of the change as a whole: the broken rules."""
    notices: tuple[Notice, ...] = ()

    @property
    def errors(self) -> tuple[Notice, ...]:
        return tuple(dict.fromkeys((*self.faults, *(one for part in self.proposal.parts for one in part.faults))))

    @property
    def warnings(self) -> tuple[Notice, ...]:
        return tuple(one for one in self._told if one.id not in UNCHECKED)

    @property
    def unchecked(self) -> tuple[Notice, ...]:
        """What could not be looked at, or only in part; it passes, and is told."""
        return tuple(one for one in self._told if one.id in UNCHECKED)

    @cached_property
    def _told(self) -> tuple[Notice, ...]:
        return tuple(dict.fromkeys((*self.notices, *(one for part in self.proposal.parts for one in part.notices))))

    @property
    def verdict(self) -> Verdict:
        """The worst that there is."""
        return max(self._verdicts(), key=get_args(Verdict).index)

    def _verdicts(self) -> Iterator[Verdict]:
        yield "passed"
        if self.warnings:
            yield "warning"
        if self.errors:
            yield "error"
        if self.proposal.impact.level >= Level.OUTAGE:
            yield "data_loss" if self.proposal.impact.level is Level.DATA_LOSS else "outage"


def is_failed(verdict: Verdict, fail_on: FailOn) -> bool:
    """Whether it is what a pipeline fails on, or worse."""
    order = (*get_args(Verdict), "never")
    return order.index(verdict) >= order.index(fail_on)

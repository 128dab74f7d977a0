"""The pull request of a change in an answer: of a listing what that holds, of one change with reviews and checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from gitops_mcp.answers.base import Answer
from gitops_mcp.answers.markdown import plain
from gitops_mcp.domain.pull_requests import PullRequest


class ShownPullRequest(Answer):
    """What a forge has not told is left out."""

    number: int
    url: str
    state: Literal["open", "merged", "closed"]
    draft: bool = False
    base: str | None = None
    """Left out where it is the base of the change."""
    mergeable: Literal["yes", "conflicts", "no"] | None = None
    approved_by: list[str] | None = None
    changes_requested_by: list[str] | None = None
    waiting_for: list[str] | None = None
    """Reviewers who were asked and have not answered."""
    approvals_required: int | None = None
    checks_failed: list[str] | None = None
    checks_pending: list[str] | None = None
    checks_passed: int | None = None
    unread: list[str] | None = None
    """What could not be read of it, and what would allow that."""

    @classmethod
    def of(cls, pull: PullRequest, *, base: str | None = None) -> Self:
        """`base`: that of the change, which goes without saying."""
        return cls(
            number=pull.number,
            url=pull.url,
            state=pull.state,
            draft=pull.draft,
            base=pull.base if base is not None and pull.base != base else None,
            mergeable=pull.mergeable if pull.state == "open" else None,
        )

    def step(self, base: str) -> str | None:
        """What a person does about it, where it is open; `base`: that of the change."""
        if self.state != "open":
            return None
        if self.base:
            return f"A person sets the base of pull request #{self.number} back to {base}: {self.url}"
        ready = "mark it ready, " if self.draft else ""
        return f"Ask a person to {ready}review and merge pull request #{self.number}: {self.url}"

    def line(self) -> str:
        """On one line, without reviews and checks."""
        state = f"{self.state}, draft" if self.draft else self.state
        against = f", against {plain(self.base)}" if self.base else ""
        return f"pull request #{self.number} ({state}{against}): {plain(self.url)}"

    def cell(self) -> str:
        """In a table."""
        told = "draft" if self.draft else self.state
        return f"#{self.number} {told}: {self.url}"

    def lines(self) -> Iterator[str]:
        """With what decides whether it can be merged."""
        yield self.line()
        if self.mergeable:
            yield f"mergeable: {self.mergeable}"
        for title, names in (
            ("approved by", self.approved_by),
            ("changes requested by", self.changes_requested_by),
            ("waits for the review of", self.waiting_for),
            ("checks that failed", self.checks_failed),
            ("checks that run or have not begun", self.checks_pending),
        ):
            if names:
                yield f"{title}: {', '.join(map(plain, names))}"
        if self.approvals_required:
            yield f"approvals that the base requires: {self.approvals_required}"
        if self.checks_passed:
            yield f"checks that passed: {self.checks_passed}"
        yield from (f"not read: {plain(one)}" for one in self.unread or ())

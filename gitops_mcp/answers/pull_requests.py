"""The pull request of a change in an answer: of a listing what that holds, of one change with reviews and checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field

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
    changes_requested_by: list[str] = Field(default_factory=list)
    waiting_for: list[str] = Field(default_factory=list)
    """Reviewers who were asked and have not answered."""
    approvals_required: int | None = None
    checks_failed: list[str] = Field(default_factory=list)
    checks_pending: list[str] = Field(default_factory=list)
    checks_passed: int | None = None
    unread: list[str] = Field(default_factory=list)
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

    def line(self) -> str:
        """On one line, without reviews and checks."""
        state = f"{self.state}, draft" if self.draft else self.state
        against = f", against {plain(self.base)}" if self.base else ""
        return f"pull request #{self.number} ({state}{against}): {plain(self.url)}"

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
            yield f"approvals that the base asks for: {self.approvals_required}"
        if self.checks_passed:
            yield f"checks that passed: {self.checks_passed}"
        yield from (f"not read: {plain(one)}" for one in self.unread)


class WrittenPullRequest(ShownPullRequest):
    """The pull request of a change after a write."""

    outcome: Literal["created", "updated", "adopted", "unchanged", "closed"]
    """`adopted`: people have opened it, and its text is theirs. `unchanged`: nothing was written to it."""
    by: str | None = None
    """Who has acted, and by which credential."""

    @classmethod
    def after(cls, pull: PullRequest, *, outcome: str, by: str | None, base: str) -> Self:
        shown = ShownPullRequest.of(pull, base=base)
        return cls.model_validate({**shown.structured(), "outcome": outcome, "by": by})

    def line(self) -> str:
        by = f" as {plain(self.by)}" if self.by else ""
        return f"{super().line()}, {self.outcome}{by}"

"""What a writing tool answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer, ShownImpact, TouchedFile
from gitops_mcp.answers.markdown import (
    bullets,
    code_block,
    file_blocks,
    impact_blocks,
    next_blocks,
    plain,
    section,
    warning_blocks,
)
from gitops_mcp.answers.pull_requests import ShownPullRequest
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.pull_requests import PullRequest


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


class WriteResult(LongAnswer):
    """What a writing tool did."""

    environment: str
    delivery: Literal["git", "direct"] = "git"
    outcome: Literal["committed", "applied", "unchanged", "dry_run"]
    summary: str
    change: str | None = None
    """Left out in direct delivery, as are the branch, the base and the files."""
    branch: str | None = None
    base: str | None = None
    base_commit: str | None = None
    commit: str | None = None
    applied: list[str] = Field(default_factory=list)
    """What was done to the API, in order, with the resourceVersion that came of it."""
    files: list[TouchedFile] = Field(default_factory=list)
    diff: str | None = None
    diff_omitted_lines: int | None = None
    impact: ShownImpact
    about: list[str] = Field(default_factory=list)
    """What changes, and which engine object applies it."""
    validated_by: list[str] = Field(default_factory=list)
    operator: str | None = None
    """The release that the rules were asked for, and who says that it runs; `unknown`: any supported one."""
    pull_request: WrittenPullRequest | None = None
    """That of the change, open or not; left out where there is none, and `next` or a warning says why."""
    warnings: list[Notice] = Field(default_factory=list)
    next: list[str] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        done = {
            "committed": "Committed",
            "applied": "Applied",
            "unchanged": "Nothing to commit" if self.delivery == "git" else "Nothing to do",
            "dry_run": "Dry run, nothing written",
        }
        left = self.omitted.get
        yield f"**{done[self.outcome]}** ({self.environment}, {self.delivery}): {plain(self.summary)}"
        if self.pull_request:
            yield self.pull_request.line()
        yield from impact_blocks(self.impact)
        yield from warning_blocks(self.warnings, left("warnings", 0))
        yield from section("Done", bullets(map(plain, self.applied), left("applied", 0)))
        yield from section("Change", bullets(self._change_lines(), left("about", 0)))
        yield from file_blocks(self.files, left("files", 0), diff=self.diff, diff_omitted_lines=self.diff_omitted_lines)
        yield from next_blocks(self.next, left("next", 0))

    def _change_lines(self) -> Iterator[str]:
        if self.change and self.base_commit:
            against = f"`{self.base}` at {self.base_commit[:12]}"
            yield f"change `{self.change}`, branch `{self.branch}` against {against}"
        if self.commit:
            yield f"commit {self.commit}"
        yield from map(plain, self.about)
        if self.validated_by:
            release = f"; operator: {plain(self.operator)}" if self.operator else ""
            yield f"validated by: {', '.join(self.validated_by)}{release}"


class DiscardResult(Answer):
    """What discard_change did."""

    change: str
    branch: str
    outcome: Literal["discarded", "dry_run"]
    tip: str
    commits: int
    pull_request: ShownPullRequest | None = None
    """As it is now; of a dry run, the one that would be closed."""
    warnings: list[Notice] = Field(default_factory=list)
    next: list[str] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        done = "Discarded" if self.outcome == "discarded" else "Dry run, nothing removed"
        lost = f"{pluralize(self.commits, 'commit')}, tip {self.tip}"
        yield f"**{done}**: change `{self.change}`, branch `{self.branch}` ({lost})"
        if self.pull_request:
            yield self.pull_request.line()
        yield from warning_blocks(self.warnings)
        yield from next_blocks(self.next)


class PullRequestResult(Answer):
    """What open_pull_request did."""

    change: str
    branch: str
    outcome: Literal["created", "updated", "adopted", "unchanged", "closed", "not_opened", "dry_run"]
    """`not_opened`: a warning says why, and `next` where a person opens it."""
    pull_request: WrittenPullRequest | None = None
    """Left out in a dry run, and where none was opened."""
    title: str | None = None
    """That of a dry run, as is the text."""
    body: str | None = None
    warnings: list[Notice] = Field(default_factory=list)
    next: list[str] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        done = {"dry_run": "**Dry run, nothing opened**: ", "not_opened": "**Nothing opened**: "}
        yield f"{done.get(self.outcome, '')}change `{self.change}`, branch `{self.branch}`"
        if self.pull_request:
            yield self.pull_request.line()
        yield from warning_blocks(self.warnings)
        if self.body:
            yield from section(plain(self.title or ""), code_block(self.body, "markdown"))
        yield from next_blocks(self.next)

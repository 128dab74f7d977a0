"""What a writing tool answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer, TouchedFile, WarningRow
from gitops_mcp.answers.markdown import code_block, more_lines, next_step_lines, touched_lines, warning_lines
from gitops_mcp.domain.names import one_line, pluralize


class ImpactAnswer(Answer):
    level: Literal["none", "reload", "rolling_restart", "outage", "data_loss"]
    reasons: list[str] = Field(default_factory=list)


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
    impact: ImpactAnswer
    about: list[str] = Field(default_factory=list)
    """What changes, and which engine object applies it."""
    validated_by: list[str] = Field(default_factory=list)
    warnings: list[WarningRow] = Field(default_factory=list)
    next: list[str] = Field(default_factory=list)

    def markdown(self) -> str:
        done = {
            "committed": "Committed",
            "applied": "Applied",
            "unchanged": "Nothing to commit" if self.delivery == "git" else "Nothing to do",
            "dry_run": "Dry run, nothing written",
        }
        lines = [f"**{done[self.outcome]}** ({self.environment}, {self.delivery}): {self.summary}", ""]
        if self.change and self.base_commit:
            against = f"`{self.base}` at {self.base_commit[:12]}"
            lines.append(f"change `{self.change}`, branch `{self.branch}` against {against}")
        lines += [f"- done: {one_line(text)}" for text in self.applied]
        lines += more_lines(self.omitted, "applied")
        if self.commit:
            lines.append(f"commit {self.commit}")
        lines += [one_line(text) for text in self.about]
        lines += more_lines(self.omitted, "about")
        lines.append(f"impact: {self.impact.level}")
        lines += [f"- {one_line(reason)}" for reason in self.impact.reasons]
        if self.files:
            lines += ["", *touched_lines(self.files), *more_lines(self.omitted, "files")]
        if self.diff:
            lines += ["", *code_block(self.diff, "diff")]
            if self.diff_omitted_lines:
                lines.append(f"({self.diff_omitted_lines} more lines of diff)")
        if self.validated_by:
            lines += ["", f"validated by: {', '.join(self.validated_by)}"]
        lines += [*warning_lines(self.warnings), *more_lines(self.omitted, "warnings")]
        return "\n".join([*lines, *next_step_lines(self.next), *more_lines(self.omitted, "next")])


class DiscardResult(Answer):
    """What discard_change did."""

    change: str
    branch: str
    outcome: Literal["discarded", "dry_run"]
    tip: str
    commits: int
    warnings: list[WarningRow] = Field(default_factory=list)
    next: list[str] = Field(default_factory=list)

    def markdown(self) -> str:
        done = "Discarded" if self.outcome == "discarded" else "Dry run, nothing removed"
        lost = f"{pluralize(self.commits, 'commit')}, tip {self.tip}"
        lines = [f"**{done}**: change `{self.change}`, branch `{self.branch}` ({lost})"]
        return "\n".join([*lines, *warning_lines(self.warnings), *next_step_lines(self.next)])

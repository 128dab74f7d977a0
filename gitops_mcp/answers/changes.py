"""What the tools answer that read changes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer, TouchedFile, WarningRow
from gitops_mcp.answers.markdown import (
    cell,
    code_block,
    inline_code,
    more_lines,
    next_step_lines,
    touched_lines,
    warning_lines,
)
from gitops_mcp.answers.writes import ImpactAnswer
from gitops_mcp.domain.names import one_line


class ChangeRow(Answer):
    change: str
    branch: str
    state: Literal["draft", "pushed", "in_review", "merged", "applied", "healthy", "closed", "failed"]
    subject: str
    commits: int
    files: list[str]
    behind: int
    """Commits of the base that the change lacks."""
    updated: str
    """RFC 3339, of the last commit."""
    age: str
    why: str | None = None


class ChangeList(Answer):
    """Changes of this repository."""

    base: str
    base_commit: str
    items: list[ChangeRow]
    total: int
    cursor: str | None = None
    warnings: list[WarningRow] = Field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"{len(self.items)} of {self.total} changes shown, base {self.base} at {self.base_commit[:12]}"]
        if self.items:
            lines += [
                "",
                "| change | state | subject | commits | files | behind | updated | why |",
                "|---|---|---|---|---|---|---|---|",
            ]
        for row in self.items:
            updated = f"{row.updated} ({row.age})" if row.age else row.updated
            cells = (
                row.change,
                row.state,
                row.subject,
                row.commits,
                ", ".join(row.files),
                row.behind,
                updated,
                row.why,
            )
            lines.append("| " + " | ".join(cell(one) for one in cells) + " |")
        if self.cursor:
            lines += ["", f"there are more: continue with cursor={self.cursor}"]
        return "\n".join([*lines, *warning_lines(self.warnings)])


class LiveObject(Answer):
    """One object that a change touches, as it is now."""

    object: str
    state: Literal["applied", "not applied", "healthy", "failed", "unknown"]
    detail: str | None = None


class ChangeDetail(LongAnswer):
    """One change in full."""

    change: str
    branch: str
    state: Literal["draft", "pushed", "in_review", "merged", "applied", "healthy", "closed", "failed"]
    why: str
    """What the state was concluded from."""
    base: str
    base_commit: str
    tip: str
    behind: int
    conflicts: list[str] = Field(default_factory=list)
    commits: list[dict[str, str]] = Field(default_factory=list)
    impact: ImpactAnswer
    files: list[TouchedFile] = Field(default_factory=list)
    diff: str | None = None
    diff_omitted_lines: int | None = None
    objects: list[LiveObject] = Field(default_factory=list)
    engine: str | None = None
    engine_revision: str | None = None
    warnings: list[WarningRow] = Field(default_factory=list)
    next: list[str] = Field(default_factory=list)

    def markdown(self) -> str:
        lines = [
            f"change `{self.change}` is **{self.state}**: {self.why}",
            "",
            (
                f"branch `{self.branch}` at {self.tip[:12]}, base `{self.base}` at {self.base_commit[:12]}, "
                f"behind {self.behind}"
            ),
            f"impact: {self.impact.level}",
            *(f"- {one_line(reason)}" for reason in self.impact.reasons),
        ]
        if self.conflicts:
            lines.append(f"conflicts with {self.base} in: {', '.join(inline_code(one) for one in self.conflicts)}")
            lines += more_lines(self.omitted, "conflicts")
        for one in self.commits:
            lines.append(
                f"- commit {one['id'][:12]} {one_line(one['subject'])} ({one['committed']}, {one_line(one['author'])})"
            )
            lines += code_block(one["body"], "") if one.get("body") else []
        lines += [*more_lines(self.omitted, "commits"), *touched_lines(self.files), *more_lines(self.omitted, "files")]
        if self.engine:
            lines.append(
                f"engine: {one_line(self.engine)}" + (f" at {self.engine_revision}" if self.engine_revision else "")
            )
        for seen in self.objects:
            lines.append(
                f"- {one_line(seen.object)}: {seen.state}" + (f" ({one_line(seen.detail)})" if seen.detail else "")
            )
        lines += more_lines(self.omitted, "objects")
        if self.diff:
            lines += ["", *code_block(self.diff, "diff")]
            if self.diff_omitted_lines:
                lines.append(f"({self.diff_omitted_lines} more lines of diff)")
        return "\n".join(
            [*lines, *warning_lines(self.warnings), *more_lines(self.omitted, "warnings"), *next_step_lines(self.next)]
        )

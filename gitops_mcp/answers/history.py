"""What the tool answers that tells which commits changed an object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_serializer

from gitops_mcp.answers.base import Answer
from gitops_mcp.answers.cluster_status import Scalar
from gitops_mcp.answers.markdown import bullets, cursor_line, inline_code, plain, section, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.redact import UNTRUSTED


class FieldStepRow(Answer):
    """A field that a commit set, took away or added."""

    field: str
    before: Scalar
    """None: there was no such field, which is said by a null."""
    after: Scalar

    @model_serializer
    def with_nulls(self) -> dict[str, Scalar]:
        return {"field": self.field, "before": self.before, "after": self.after}

    def line(self) -> str:
        before, after = (json.dumps(value, ensure_ascii=False) for value in (self.before, self.after))
        return plain(f"{self.field}: {before} → {after}")


class HistoryRow(Answer):
    """A commit that changed the object as it is built."""

    commit: str
    action: Literal["created", "changed", "moved", "deleted"]
    committed: str
    age: str
    author: str
    subject: str
    reason: str | None = None
    """What its message says beside the subject."""
    change: str | None = None
    """The change of this server that it belongs to."""
    tool: str | None = None
    impact: str | None = None
    """As the commit says it; it was judged then."""
    merged_by: str | None = None
    """The merge that brought it to the base."""
    pull_request: int | None = None
    """By the subject of the merge, or its own after a squash."""
    declared: str | None = None
    moved_from: str | None = None
    fields: list[FieldStepRow] = Field(default_factory=list)
    fields_more: int | None = None

    def facts(self) -> Iterator[str]:
        yield f"{plain(self.committed)} ({self.age})" if self.age else plain(self.committed)
        yield plain(self.author)
        if self.pull_request:
            yield f"pull request {self.pull_request}"
        if self.merged_by:
            yield f"merged by {self.merged_by[:12]}"
        if self.change:
            yield f"change {plain(self.change)}" + (f" by {plain(self.tool)}" if self.tool else "")
        if self.impact:
            yield f"impact {plain(self.impact)}"

    def block(self) -> str:
        place = f" at {inline_code(self.declared)}" if self.declared and not self.fields else ""
        source = f", before at {inline_code(self.moved_from)}" if self.moved_from else ""
        head = f"**{self.commit[:12]}** {self.action}{place}{source}: {plain(self.subject)}"
        lines = [*([f"why: {plain(self.reason)}"] if self.reason else []), *(one.line() for one in self.fields)]
        return "\n\n".join(filter(None, (f"{head} ({'; '.join(self.facts())})", bullets(lines, self.fields_more or 0))))


class ObjectHistory(Answer):
    """The commits that changed an object, newest first."""

    environment: str
    namespace: str | None = None
    kind: str
    name: str
    field: str | None = None
    base: str
    base_commit: str
    declared: str | None = None
    """Where it stands at that commit; left out: Git does not declare it there."""
    items: list[HistoryRow]
    ends: str | None = None
    """Why there may be more before that is not told."""
    cursor: str | None = None
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        about = f" that set {inline_code(self.field)}" if self.field else ""
        where = f"declared at {inline_code(self.declared)}" if self.declared else "not declared there now"
        yield (
            f"**{self.kind} {name}** in {self.environment}: {pluralize(len(self.items), 'commit')} of "
            f"{plain(self.base)}{about}, newest first; {where} (base at {self.base_commit[:12]})"
        )
        if self.field and self.items:
            last = self.items[0]
            who = f"{last.commit[:12]}, {plain(last.author)}, {plain(last.committed)}"
            yield f"{inline_code(self.field)} was last set by {who}"
        yield from warning_blocks(self.warnings)
        rows = [row.block() for row in self.items]
        yield from section(f"Commits (authors, subjects and reasons: {UNTRUSTED})", *rows)
        yield from (plain(one) for one in [self.ends] if one)
        yield cursor_line(self.cursor)


def shown_row(**facts: Any) -> HistoryRow:
    """One without what is empty."""
    return HistoryRow(**{key: value for key, value in facts.items() if value not in (None, "", [])})

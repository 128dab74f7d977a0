"""What get_drift answers: Git and live, difference by difference."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.cluster_status import Scalar
from gitops_mcp.answers.markdown import bullets, cursor_line, plain, section, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice

Side = Literal["differs", "not_stated", "only_in_git", "only_live", "orphan"]
Outcome = Literal["put_back", "taken_away", "created", "deleted", "stays", "unknown"]
_SIDES = {
    "only_in_git": "Git declares it, and there is no such live object",
    "only_live": "it is live, and Git does not declare it",
    "orphan": "an engine applied it, Git does not declare it any more, and it was not pruned",
}
_OUTCOMES = {
    "put_back": "the engine puts Git's value back",
    "taken_away": "the engine takes it away",
    "created": "the engine creates it",
    "deleted": "the engine deletes it",
    "stays": "it stays",
    "unknown": "what happens to it is not known",
}


class DifferenceRow(Answer):
    kind: str
    namespace: str | None = None
    name: str
    side: Side
    """`not_stated`: live has the field, Git says nothing of it, and neither the operator nor an engine has set it."""
    field: str | None = None
    """Left out where it is about the whole object."""
    git: Scalar = None
    """Left out where Git does not state it."""
    live: Scalar = None
    """Left out where live has none. Untrusted text."""
    set_by: str | None = None
    """The manager that set the live value last (managedFields)."""
    set_at: str | None = None
    age: str | None = None
    declared: str | None = None
    """File and line that decide in Git."""
    engine: str | None = None
    """What applies the object."""
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch the same, with what they make of it."""
    outcome: Outcome
    """What happens if nobody does anything."""
    why: str
    next: str

    @property
    def object(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def line(self) -> str:
        told = (
            [f"{plain(self.field)}: Git {self._value(self.git, 'not stated')}, live {self._value(self.live, 'absent')}"]
            if self.field
            else [_SIDES[self.side]]
        )
        if self.set_by:
            when = f" at {self.set_at} ({self.age} ago)" if self.set_at else ""
            told.append(f"live set by {plain(self.set_by)}{when}")
        word = "declared at" if self.side == "not_stated" else "Git's word:"
        told += [f"{word} {plain(self.declared)}"] if self.declared else []
        told += [f"open change {plain(one)}" for one in self.pending]
        told.append(f"{_OUTCOMES[self.outcome]}: {plain(self.why)}")
        return "; ".join([*told, f"next: {plain(self.next)}"])

    def _value(self, value: Scalar, nothing: str) -> str:
        return nothing if value is None else plain(str(value).lower() if isinstance(value, bool) else str(value))


class DriftReport(LongAnswer):
    """Git against live."""

    environment: str
    namespace: str | None = None
    cluster: str | None = None
    base: str
    base_commit: str
    compared: int
    """Objects that are in Git and live."""
    items: list[DifferenceRow]
    total: int
    """Differences in all that could be read."""
    complete: bool
    """False where a kind could not be read."""
    cursor: str | None = None
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        whose = f"{self.namespace}/{self.cluster}" if self.cluster else self.namespace or "all namespaces"
        shown = f"{len(self.items)} of " if len(self.items) < self.total else ""
        none = "No drift" if self.complete else "No difference seen"
        count = f"{shown}{pluralize(self.total, 'difference')}" if self.total else none
        unread = "" if self.complete else "; not all could be read, so there may be more"
        yield (
            f"{count} between {self.base} at {self.base_commit[:12]} and live, {whose} of {self.environment}: "
            f"{pluralize(self.compared, 'object')} compared{unread}"
        )
        yield from warning_blocks(self.warnings)
        for title, rows in groupby(self.items, key=lambda one: one.object):
            listed = list(rows)
            by = f"applied by {plain(listed[0].engine)}" if listed[0].engine else ""
            yield from section(title, by, bullets(one.line() for one in listed))
        yield cursor_line(self.cursor)

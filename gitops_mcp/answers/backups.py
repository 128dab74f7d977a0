"""What the tools answer that read backups and poolers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.cluster_parts import (
    BackupRow,
    ProblemRow,
    RestoreWindowRow,
    ScheduleRow,
    Text,
    TextOrNone,
    When,
)
from gitops_mcp.answers.markdown import UNTRUSTED, bullets, cursor_line, plain, section, table, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice


class Verdict(Answer):
    """Whether the Cluster could be restored."""

    restorable: Literal["yes", "no", "unknown"]
    why: Text
    since: When = None
    """The first time that can be restored."""
    until: When = None
    last_backup: When = None


class DeclaredSchedule(ScheduleRow):
    state: Literal["live", "only_in_git", "only_live", "proposed", "unknown"]
    declared: str | None = None
    """File and line in Git."""
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch it."""


class ArchiveRow(Answer):
    """Where WAL and base backups go."""

    by: Text
    """A plugin, `barmanObjectStore`, or `none`."""
    store: TextOrNone = None
    """The ObjectStore."""
    server: TextOrNone = None
    """The folder in it."""
    destination: TextOrNone = None
    retention: TextOrNone = None
    state: Text
    """`working`, `failing`, `no archive`, `not reported`, or `unknown`."""


class BackupList(LongAnswer):
    """The backups of a cluster."""

    environment: str
    namespace: str | None = None
    cluster: str
    verdict: Verdict
    findings: list[ProblemRow] = Field(default_factory=list)
    archiving: ArchiveRow
    windows: list[RestoreWindowRow] = Field(default_factory=list)
    schedules: list[DeclaredSchedule] = Field(default_factory=list)
    items: list[BackupRow] = Field(default_factory=list)
    """Backup objects, newest first."""
    total: int | None = None
    """Left out where they could not be read."""
    cursor: str | None = None
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        named = f"{self.namespace}/{self.cluster}" if self.namespace else self.cluster
        yield f"restorable: {self.verdict.restorable}. {plain(self.verdict.why)} ({named} in {self.environment})"
        told = self.verdict
        times = (("from", told.since), ("until", told.until), ("last backup", told.last_backup))
        yield bullets(f"{name} {when}" for name, when in times if when)
        yield from warning_blocks(self.warnings)
        yield from section("Findings", bullets(map(_finding_line, self.findings)))
        one = self.archiving
        facts = (("store", one.store), ("server", one.server), ("at", one.destination), ("keeps", one.retention))
        said = ", ".join(f"{name} {plain(value)}" for name, value in facts if value)
        yield from section("Archiving", f"{plain(one.by)}: {one.state}{f' ({said})' if said else ''}")
        rows = ((w.store, w.server, w.first, w.last_success, w.last_failure) for w in self.windows)
        yield from section("Windows", table(("store", "server", "from", "last backup", "last failure"), rows))
        yield from section("Schedules", table(_SCHEDULE, map(_schedule_cells, self.schedules)))
        count = "Backups" if self.total is None else f"{len(self.items)} of {pluralize(self.total, 'Backup')}"
        cells = ((b.name, b.phase, b.method, b.started, b.stopped, b.waits) for b in self.items)
        errors = bullets(f"{plain(b.name)}: {plain(b.error)} ({UNTRUSTED})" for b in self.items if b.error)
        shown = table(("backup", "phase", "method", "started", "stopped", "waits"), cells)
        yield from section(count, shown, errors, cursor_line(self.cursor))


_SCHEDULE = ("schedule", "at", "method", "state", "next", "last", "declared", "open changes")


def _schedule_cells(row: DeclaredSchedule) -> tuple[object, ...]:
    state = f"{row.state}, suspended" if row.suspended else row.state
    return row.name, row.schedule, row.method, state, row.next, row.last, row.declared, ", ".join(row.pending)


def _finding_line(row: ProblemRow) -> str:
    detail = f" [{plain(row.detail)}] ({UNTRUSTED})" if row.detail else ""
    return f"{row.severity} {row.id}: {plain(row.what)}. To do: {plain(row.action)}{detail}"

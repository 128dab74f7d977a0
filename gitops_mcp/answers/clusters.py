"""What the tool answers that lists Clusters."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from gitops_mcp.answers.base import Answer
from gitops_mcp.answers.cluster_parts import ConditionRow
from gitops_mcp.answers.markdown import bullets, cursor_line, plain, section, table, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice

_UNREAD = {"live-unavailable", "not-installed", "forbidden"}
"""Warnings that something could not be listed."""


class ClusterRow(Answer):
    environment: str | None = None
    """Where those of several are listed."""
    namespace: str | None = None
    name: str
    instances: int | None = None
    """Left out where Git says something that is no number, such as a variable."""
    ready: int | None = None
    phase: str | None = None
    phase_class: str | None = None
    findings: str | None = None
    """What the Cluster itself shows to be wrong, the worst first, as get_cluster_status calls it."""
    primary: str | None = None
    image: str | None = None
    storage: str | None = None
    declared: str | None = None
    """File and line in Git."""
    live: str | None = None
    """`unavailable`, or `absent` for one that only Git knows; left out where the row is live state."""
    conditions: list[ConditionRow] | None = None
    backups: str | None = None
    delivery: str | None = None

    @property
    def label(self) -> str:
        where = f"{self.environment}: " if self.environment else ""
        return f"{where}{self.namespace or '?'}/{self.name}"


class UnappliedRow(Answer):
    """A Cluster that a file declares, and that nothing applies."""

    namespace: str | None = None
    name: str
    declared: str
    reason: str


class ClusterList(Answer):
    """The clusters of an environment."""

    environment: str
    items: list[ClusterRow]
    total: int | None = None
    examined: int | None = None
    """Of a list of those that are unwell: how many were looked at, from the first page on."""
    cursor: str | None = None
    not_applied: list[UnappliedRow] | None = None
    """Not among the items, and never edited: nothing that was seen applies these."""
    not_applied_more: int | None = None
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        unread = self.total is None and {one.id for one in self.warnings} & _UNREAD
        more = "; the total is not known, since not all could be read" if unread else ""
        yield f"{self._count}{more}"
        yield from warning_blocks(self.warnings)
        rows = table(
            ("namespace/name", "ready", "phase", "findings", "primary", "image", "storage"),
            (
                (
                    row.label,
                    f"{'?' if row.ready is None else row.ready}/{'?' if row.instances is None else row.instances}",
                    row.live or f"{row.phase or 'not reported'} ({row.phase_class})",
                    row.findings,
                    row.primary,
                    row.image,
                    row.storage,
                )
                for row in self.items
            ),
        )
        details = bullets(
            plain(f"{row.label}: {'; '.join(facts)}") for row in self.items if (facts := [*_details(row)])
        )
        yield from section("Clusters", rows, details, cursor_line(self.cursor))
        idle = (
            plain(f"{one.namespace or '?'}/{one.name}, {one.declared}: {one.reason}") for one in self.not_applied or ()
        )
        yield from section("Declared, but applied by nothing", bullets(idle, self.not_applied_more or 0))

    @property
    def _count(self) -> str:
        if self.examined is not None:
            unwell, seen = pluralize(len(self.items), "unwell cluster"), pluralize(self.examined, "cluster")
            return f"{unwell} among {seen} of {self.environment}"
        if self.total is not None:
            return f"{len(self.items)} of {pluralize(self.total, 'cluster')} shown in {self.environment}"
        return f"{pluralize(len(self.items), 'cluster')} shown in {self.environment}"


def _details(row: ClusterRow) -> Iterator[str]:
    if row.conditions:
        yield f"conditions: {', '.join(map(str, row.conditions))}"
    for name, value in (("backups", row.backups), ("delivery", row.delivery), ("declared", row.declared)):
        if value:
            yield f"{name}: {value}"

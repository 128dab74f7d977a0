"""What the tool answers that reads poolers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import LongAnswer
from gitops_mcp.answers.cluster_parts import PoolerRow, TextOrNone
from gitops_mcp.answers.markdown import UNTRUSTED, bullets, cursor_line, plain, section, table, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice


class ListedPooler(PoolerRow):
    state: Literal["live", "only_in_git", "only_live", "proposed", "unknown"]
    host: TextOrNone = None
    """Its Service; port 5432."""
    pool_mode: TextOrNone = None
    paused: bool = False
    wanted: int | None = None
    """The number of pods that is asked for."""
    parameters: list[str] = Field(default_factory=list)
    declared: str | None = None
    """File and line in Git."""
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch it."""


class PoolerList(LongAnswer):
    """The poolers of a cluster."""

    environment: str
    namespace: str | None = None
    cluster: str
    items: list[ListedPooler]
    total: int | None = None
    """Left out where there is nothing to count, since it could not be read."""
    cursor: str | None = None
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        named = f"{self.namespace}/{self.cluster}" if self.namespace else self.cluster
        known = f"{len(self.items)} of {pluralize(self.total, 'pooler')}" if self.total is not None else "poolers"
        unread = "; the total is not known, since not all could be read" if self.total is None else ""
        yield f"{known} of {named} in {self.environment}{unread}"
        yield from warning_blocks(self.warnings)
        titles = ("pooler", "state", "phase", "type", "pods", "mode", "host", "parameters", "declared", "open changes")
        rows = (
            (
                one.name,
                f"{one.state}, paused" if one.paused else one.state,
                one.phase,
                one.type,
                f"{one.instances if one.instances is not None else '?'}/{one.wanted}",
                one.pool_mode,
                one.host,
                "; ".join(one.parameters),
                one.declared,
                ", ".join(one.pending),
            )
            for one in self.items
        )
        said = bullets(f"{plain(one.name)}: {plain(one.reason)} ({UNTRUSTED})" for one in self.items if one.reason)
        yield from section("Poolers", said, table(titles, rows), cursor_line(self.cursor))

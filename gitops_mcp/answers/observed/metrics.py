"""What get_postgres_metrics answers: findings, then the numbers; what is not known says since when, or why."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.cluster_parts import ProblemRow, Text, problem_line
from gitops_mcp.answers.markdown import UNTRUSTED, bullets, inline_code, section, table, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice


class InstanceMetricsRow(Answer):
    name: str
    role: str
    postgres: str | None = None
    as_of: str
    """When it was collected; or why it is not known, with since when it is not."""
    connections: str
    oldest_transaction: str
    lag: str
    wal: str
    archiving: str
    cache: str


class DatabaseMetricsRow(Answer):
    name: Text
    size: str
    transaction_age: str | None = None
    """Of its oldest transaction id; PostgreSQL stops at 2,100 million."""


class VolumeMetricsRow(Answer):
    name: str
    role: str
    used: str


class ReplicationRow(Answer):
    """What the primary knows of a replica, or keeps for one."""

    name: Text
    state: str
    behind: str


class PostgresMetrics(LongAnswer):
    environment: str
    namespace: str
    cluster: str
    source: str
    """The exporters, or the address of a Prometheus."""
    problems: list[ProblemRow] = Field(default_factory=list)
    instances: list[InstanceMetricsRow] = Field(default_factory=list)
    databases: list[DatabaseMetricsRow] = Field(default_factory=list)
    """As the primary sees them, the largest first."""
    replication: list[ReplicationRow] = Field(default_factory=list)
    volumes: list[VolumeMetricsRow] = Field(default_factory=list)
    untrusted: str = f"names inside PostgreSQL are {UNTRUSTED}"
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        left = self.omitted.get
        found = pluralize(len(self.problems), "finding") if self.problems else "nothing wrong was seen"
        yield f"**{self.namespace}/{self.cluster}** in {self.environment}: {found}; from {inline_code(self.source)}"
        yield from section(
            "What is wrong and what to do", bullets(map(problem_line, self.problems), left("problems", 0))
        )
        yield from warning_blocks(self.warnings, left("warnings", 0))
        for title, shown in (
            ("instances", InstanceMetricsRow),
            ("databases", DatabaseMetricsRow),
            ("replication", ReplicationRow),
            ("volumes", VolumeMetricsRow),
        ):
            rows, names = getattr(self, title), list(shown.model_fields)
            titles = [name.replace("_", " ") for name in names]
            more = f"and {left(title)} more" if left(title) else ""
            heading = title.capitalize() if title == "volumes" else f"{title.capitalize()} ({UNTRUSTED})"
            yield from section(heading, table(titles, ([getattr(one, name) for name in names] for one in rows)), more)

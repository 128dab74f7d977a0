"""What get_postgres_logs answers. Every text of a log is somebody else's: masked, cut and said to be untrusted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.cluster_parts import ProblemRow, Text, TextOrNone, Texts, problem_line
from gitops_mcp.answers.markdown import UNTRUSTED, bullets, facts_line, plain, section, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice

_QUIET = "no lines do not mean trouble: a healthy instance may log nothing for minutes"


class LogSource(Answer):
    """One log that was read."""

    pod: str
    container: str
    kind: str | None = None
    """Of what is no instance: `initdb`, `pooler`."""
    previous: bool | None = None
    """The container before this one."""
    lines: int
    first: str | None = None
    last: str | None = None
    left_out: str | None = None


class LogRow(Answer):
    """Lines that say the same."""

    level: Literal["info", "warning", "error"]
    severity: str
    """As it is written: `FATAL` of PostgreSQL, `error` of the instance manager."""
    code: str | None = None
    count: int
    text: Text
    detail: TextOrNone = None
    first: str | None = None
    last: str | None = None
    pods: list[str]
    users: Texts = None
    databases: Texts = None


class PostgresLogs(LongAnswer):
    environment: str
    namespace: str
    cluster: str
    since: str
    level: Literal["info", "warning", "error"]
    contains: str | None = None
    problems: list[ProblemRow] = Field(default_factory=list)
    """What the lines tell of a fault, whatever level was asked for."""
    items: list[LogRow] = Field(default_factory=list)
    """The worst first, then the most recent."""
    total: int
    untrusted: str = f"text, detail, users and databases are {UNTRUSTED}"
    sources: list[LogSource] = Field(default_factory=list)
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        left = self.omitted.get
        found = pluralize(len(self.problems), "finding") if self.problems else "nothing wrong was seen"
        read = sum(one.lines for one in self.sources)
        yield (
            f"**{self.namespace}/{self.cluster}** in {self.environment}: {found} in {pluralize(read, 'line')} of "
            f"{pluralize(len(self.sources), 'log')} since {self.since}"
        )
        yield from section("What the logs tell", bullets(map(problem_line, self.problems), left("problems", 0)))
        yield from warning_blocks(self.warnings, left("warnings", 0))
        with_ = f" with {plain(self.contains)!r}" if self.contains else ""
        more = self.total - len(self.items)
        yield from section(f"Lines of level {self.level}{with_} ({UNTRUSTED})", bullets(map(_line, self.items), more))
        if not self.items:
            yield f"no line of level {self.level}{with_}; {_QUIET}"
        yield from section("Read", bullets(map(facts_line, self.sources), left("sources", 0)))


def _line(one: LogRow) -> str:
    said = f"{one.severity}{f' {one.code}' if one.code else ''}: {plain(one.text)}"
    said += f" [{plain(one.detail)}]" if one.detail else ""
    times = f"{one.count} times, last " if one.count > 1 else ""
    about = [*one.pods, *(f"user {name}" for name in one.users or ()), *(f"db {name}" for name in one.databases or ())]
    return f"{said} ({times}{one.last or 'without a time'}; {plain(', '.join(about))})"

"""What the tool answers that reads one Cluster in depth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AliasPath, Field, model_serializer

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.cluster_parts import (
    BackupRow,
    BudgetRow,
    CertificateRow,
    ConditionRow,
    DatabaseObjectRow,
    EventRow,
    InlineRoleRow,
    InstanceRow,
    JobRow,
    PluginRow,
    PoolerRow,
    ProblemRow,
    RestoreWindowRow,
    RoleObjectRow,
    ScheduleRow,
    ServiceRow,
    TablespaceRow,
    Text,
    TextOrNone,
    Texts,
    TrueOrNone,
    UnmanagedRoleRow,
    VolumeRow,
    problem_line,
)
from gitops_mcp.answers.markdown import UNTRUSTED, bullets, facts_line, inline_code, plain, section, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice

Scalar = str | int | float | bool | None
Section = Literal["state", "instances", "storage", "roles", "databases", "backups", "certificates", "git"]
"""Of a status, what may be asked for alone."""


class DriftRow(Answer):
    """A field that Git states and live has otherwise."""

    field: str
    git: Scalar
    live: Scalar
    """None: live has no such field, which is said by a null."""

    @model_serializer
    def with_nulls(self) -> dict[str, Scalar]:
        return {"field": self.field, "git": self.git, "live": self.live}


class LastChange(Answer):
    """The last commit that changed an object as it is built."""

    committed: str
    age: str
    author: str
    subject: str
    change: str | None = None
    """The change of this server that it belongs to."""
    pull_request: int | None = None

    def __str__(self) -> str:
        facts = [f"{self.committed} ({self.age})", self.author]
        facts += [f"change {self.change}"] if self.change else []
        facts += [f"pull request {self.pull_request}"] if self.pull_request else []
        return plain(f"{', '.join(facts)} [it says (untrusted text): {self.subject}]")


class ClusterInGit(Answer):
    """What Git declares of a cluster, and how the live one differs."""

    declared: str
    """File and line."""
    commit: str | None = None
    """The last one that changed it as it is built, by whatever file; get_history tells those before."""
    last_change: LastChange | None = None
    namespace_from: Literal["document", "kustomization", "engine", "unknown"]
    differs: list[DriftRow] = Field(default_factory=list)
    differs_more: int | None = None
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch the same file."""
    made_by: list[str] = Field(default_factory=list)
    """What else has a part in it, in order: patches, namespaces, and where each stands."""
    applied_by: str | None = None
    """The engine object of the repository that applies it."""
    not_chosen: list[str] = Field(default_factory=list)
    """What names it too and is not applied, with the reason."""

    def lines(self) -> Iterator[str]:
        for one in self.differs:
            git, live = (json.dumps(value, ensure_ascii=False) for value in (one.git, one.live))
            yield plain(f"differs: {one.field}: Git {git}, live {live}")
        if self.differs_more:
            yield f"and {self.differs_more} more fields differ"
        yield f"declared in Git at {inline_code(self.declared)}"
        if self.commit and self.last_change:
            yield f"last changed by commit {self.commit[:12]}, {self.last_change}"
        if self.made_by:
            yield f"other parts of it: {', '.join(map(inline_code, self.made_by))}"
        if self.applied_by:
            yield f"applied by {plain(self.applied_by)}"
        yield from (f"not chosen: {plain(one)}" for one in self.not_chosen)
        if self.pending:
            yield f"open changes of that file: {', '.join(self.pending)}"


class ClusterFacts(Answer):
    """A Cluster at a glance."""

    instances: TextOrNone = None
    phase_reason: TextOrNone = None
    primary: TextOrNone = None
    switching_to: TextOrNone = None
    timeline: int | None = None
    postgres: Annotated[int | None, Field(validation_alias="major")] = None
    image: TextOrNone = None
    storage: TextOrNone = None
    wal_storage: TextOrNone = None
    created: Annotated[str | None, Field(validation_alias=AliasPath("created", "age"))] = None
    replica_of: TextOrNone = None
    fenced: Texts = None
    hibernated: TrueOrNone = None
    deleting: TrueOrNone = None


class BackupFacts(Answer):
    line: str | None = None
    """All of it in short, where that is all that is told."""
    archiver: Text | None = None
    """What archives WAL, or `none`."""
    schedules: list[ScheduleRow] | None = None
    more_schedules: int | None = None
    completed: int | None = None
    recent: list[BackupRow] | None = None
    """The newest first."""
    older: int | None = None
    recovery_windows: list[RestoreWindowRow] | None = None

    def lines(self) -> Iterator[str]:
        if self.line:
            yield plain(self.line)
        if self.archiver:
            done = f", {self.completed} completed" if self.completed is not None else ""
            yield f"archiver {plain(self.archiver)}{done}"
        yield from (f"schedule {facts_line(one)}" for one in self.schedules or ())
        if self.more_schedules:
            yield f"and {self.more_schedules} more schedules"
        yield from (f"backup {facts_line(one)}" for one in self.recent or ())
        if self.older:
            yield f"and {self.older} older"
        yield from (f"recovery window: {facts_line(one)}" for one in self.recovery_windows or ())


class ClusterStatus(LongAnswer):
    """One cluster in depth."""

    environment: str
    namespace: str | None = None
    name: str
    live: str
    """`available`, `absent`, or `unavailable`."""
    phase: str | None = None
    phase_class: str | None = None
    healthy: bool | None = None
    summary: ClusterFacts | None = None
    git: ClusterInGit | None = None
    engines: list[str] = Field(default_factory=list)
    # What is not told is left out, and what is told may be empty.
    conditions: list[ConditionRow] | None = None
    instances: list[InstanceRow] | None = None
    backups: BackupFacts | None = None
    certificates: list[CertificateRow] | None = None
    services: list[ServiceRow] | None = None
    volumes: list[VolumeRow] | None = None
    roles: list[InlineRoleRow | RoleObjectRow | UnmanagedRoleRow] | None = None
    databases: list[DatabaseObjectRow] | None = None
    poolers: list[PoolerRow] | None = None
    others: list[TablespaceRow | PluginRow | BudgetRow | JobRow] | None = None
    events: list[EventRow] | None = None
    problems: list[ProblemRow] = Field(default_factory=list)
    """What is wrong and what to do, the worst first."""
    not_read: list[str] = Field(default_factory=list)
    """`logs` or `metrics`, where nothing could be had of them: what they would tell is not among the problems."""
    warnings: list[Notice] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        left = self.omitted.get
        yield self._headline()
        yield from section(
            "What is wrong and what to do", bullets(map(problem_line, self.problems), left("problems", 0))
        )
        yield from warning_blocks(self.warnings, left("warnings", 0))
        yield from section("Summary", facts_line(self.summary) if self.summary else "")
        yield from section("Git", bullets(self._git_lines()))
        yield from section("Engine", bullets(map(plain, self.engines), left("engines", 0)))
        yield from section("Backups", bullets(self.backups.lines() if self.backups else ()))
        for title in _SECTIONS:
            given: Sequence[Answer] | None = getattr(self, title)
            rows = given or ()
            told = title in {"conditions", "events"} or any(getattr(one, "message", None) for one in rows)
            heading = f"{title.capitalize()} ({UNTRUSTED})" if told else title.capitalize()
            is_partial = any(one.id == "unreadable" for one in self.warnings)
            none = (
                f"none{' that could be read' if is_partial else ''}" if given is not None and title != "others" else ""
            )
            yield from section(heading, bullets(map(facts_line, rows), left(title, 0)) or none)

    def _headline(self) -> str:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        health = f" ({self.phase_class}; {'healthy' if self.healthy else 'not healthy'})" if self.phase else ""
        found = pluralize(len(self.problems), "finding") if self.problems else "nothing wrong was seen"
        if self.live == "unavailable" and not self.problems:
            found = "what is wrong could not be seen"
        if self.not_read:
            found += f" ({' and '.join(self.not_read)} could not be read)"
        return f"**{name}** in {self.environment}: {plain(self.phase or f'live state {self.live}')}{health}; {found}"

    def _git_lines(self) -> Iterator[str]:
        if self.git:
            if self.live == "available" and not self.git.differs:
                yield "the live object is the same"
            yield from self.git.lines()
            if self.git.namespace_from == "unknown":
                yield "nothing in the repository says its namespace"
            elif self.git.namespace_from != "document":
                where = [one.removeprefix("namespace ") for one in self.git.made_by if one.startswith("namespace ")]
                by = inline_code(where[0]) if where else f"the {self.git.namespace_from}"
                yield f"namespace {self.namespace}, set by {by}"


_SECTIONS = (
    "conditions",
    "instances",
    "certificates",
    "services",
    "volumes",
    "roles",
    "databases",
    "poolers",
    "others",
    "events",
)

"""What the tools answer that read Clusters."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer, Section, WarningRow
from gitops_mcp.answers.markdown import cell, facts_line, inline_code, more_lines, section_lines, warning_lines
from gitops_mcp.domain.names import one_line, pluralize


class ConditionRow(Answer):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    since: str | None = None

    def __str__(self) -> str:
        about = ", ".join(part for part in (self.reason, self.since) if part)
        return f"{self.type}={self.status}" + (f" ({about})" if about else "")


class ClusterRow(Answer):
    namespace: str | None = None
    name: str
    instances: int | None = None
    """Left out where Git says something that is no number, such as a variable."""
    ready: int | None = None
    phase: str | None = None
    phase_class: str | None = None
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


class ClusterList(Answer):
    """The clusters of an environment."""

    environment: str
    items: list[ClusterRow]
    total: int | None = None
    cursor: str | None = None
    warnings: list[WarningRow] = Field(default_factory=list)

    def markdown(self) -> str:
        known = f"{len(self.items)} of {self.total}" if self.total is not None else f"{len(self.items)}"
        lines = [f"{known} clusters shown in {self.environment}"]
        if self.items:
            lines += ["", "| namespace/name | ready | phase | primary | image | storage |", "|---|---|---|---|---|---|"]
        for row in self.items:
            ready = f"{'?' if row.ready is None else row.ready}/{'?' if row.instances is None else row.instances}"
            phase = row.live or f"{row.phase or 'not reported'} ({row.phase_class})"
            cells = [f"{row.namespace or '?'}/{row.name}", ready, phase, row.primary, row.image, row.storage]
            lines.append("| " + " | ".join(cell(one) for one in cells) + " |")
        for row in self.items:
            lines += _details(row)
        if self.cursor:
            lines += ["", f"there are more: continue with cursor={self.cursor}"]
        return "\n".join([*lines, *warning_lines(self.warnings)])


def _details(row: ClusterRow) -> list[str]:
    facts = [f"conditions: {', '.join(str(one) for one in row.conditions)}"] if row.conditions else []
    facts += [f"{name}: {value}" for name, value in (("backups", row.backups), ("delivery", row.delivery)) if value]
    facts += [f"declared: {row.declared}"] if row.declared else []
    return [one_line(f"- {row.namespace or '?'}/{row.name}: {'; '.join(facts)}")] if facts else []


class ClusterInGit(Answer):
    """What Git declares of a cluster, and how the live one differs."""

    declared: str
    """File and line."""
    commit: str
    namespace_from: Literal["document", "kustomization", "engine", "unknown"]
    differs: list[dict[str, Any]] = Field(default_factory=list)
    """Only fields that Git states: field, git, live."""
    differs_more: int | None = None
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch the same file."""
    made_by: list[str] = Field(default_factory=list)
    """What else has a part in it, in order: patches, namespaces, and where each stands."""
    applied_by: str | None = None
    """The engine object of the repository that applies it."""
    not_chosen: list[str] = Field(default_factory=list)
    """What names it too and is not applied, with the reason."""


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
    summary: dict[str, Any] = Field(default_factory=dict)
    git: ClusterInGit | None = None
    engines: list[str] = Field(default_factory=list)
    conditions: Section = Field(default_factory=list)
    instances: Section = Field(default_factory=list)
    backups: dict[str, Any] = Field(default_factory=dict)
    certificates: Section = Field(default_factory=list)
    services: Section = Field(default_factory=list)
    volumes: Section = Field(default_factory=list)
    roles: Section = Field(default_factory=list)
    databases: Section = Field(default_factory=list)
    poolers: Section = Field(default_factory=list)
    others: Section = Field(default_factory=list)
    """Tablespaces, plugins, PodDisruptionBudgets and jobs."""
    events: Section = Field(default_factory=list)
    problems: Section = Field(default_factory=list)
    """What is wrong and what to do, the worst first."""
    warnings: list[WarningRow] = Field(default_factory=list)

    def markdown(self) -> str:
        name = f"{self.namespace}/{self.name}" if self.namespace else self.name
        lines = [f"**{name}** in {self.environment}: {self.phase or f'live state {self.live}'}"]
        if self.phase:
            lines[0] += f" ({self.phase_class}; {'healthy' if self.healthy else 'not healthy'})"
            lines[0] += f"; {pluralize(len(self.problems), 'finding')}, at the end" if self.problems else ""
        lines += [facts_line(self.summary)] if self.summary else []
        lines += self._git()
        lines += [f"engine: {one_line(one)}" for one in self.engines]
        lines += more_lines(self.omitted, "engines")
        if self.backups:
            lines += ["", f"backups: {facts_line(self.backups)}"]
        for title in (
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
        ):
            lines += section_lines(title, getattr(self, title), self.omitted.get(title, 0))
        lines += [*warning_lines(self.warnings), *more_lines(self.omitted, "warnings")]
        return "\n".join([*lines, "", *self._found(), *more_lines(self.omitted, "problems")])

    def _found(self) -> list[str]:
        if not self.problems:
            return ["what is wrong could not be seen" if self.live == "unavailable" else "nothing wrong was seen"]
        return [
            "what is wrong and what to do:",
            *(
                one_line(f"- {one['severity']}: {one['what']}. Do: {one['action']}")
                + (f" [{one_line(str(one['detail']))}]" if "detail" in one else "")
                for one in self.problems
            ),
        ]

    def _git(self) -> list[str]:
        if self.git is None:
            return []
        where = f"declared in Git at {inline_code(self.git.declared)} (commit {self.git.commit[:12]})"
        told = self.git.namespace_from == "document"
        lines = ["", where if told else f"{where}; its namespace: {self.git.namespace_from}"]
        lines += (
            [f"made by it and: {'; '.join(inline_code(one) for one in self.git.made_by)}"] if self.git.made_by else []
        )
        lines += [f"applied by {one_line(self.git.applied_by)}"] if self.git.applied_by else []
        lines += [f"- not chosen: {one_line(one)}" for one in self.git.not_chosen]
        lines += [f"- differs: {one['field']}: Git {one['git']!r}, live {one['live']!r}" for one in self.git.differs]
        lines += [f"- and {self.git.differs_more} more fields differ"] if self.git.differs_more else []
        lines += [] if self.git.differs or self.live != "available" else ["live does not differ from it"]
        lines += [f"open changes of that file: {', '.join(self.git.pending)}"] if self.git.pending else []
        return lines

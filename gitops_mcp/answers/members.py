"""What the tools answer that read roles and databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer, WarningRow
from gitops_mcp.answers.markdown import cell, warning_lines
from gitops_mcp.domain.names import one_line, pluralize

MemberState = Literal[
    "reconciled", "pending", "failing", "unmanaged", "only_in_git", "only_live", "proposed", "dropped", "unknown"
]
"""Of a role or database: `proposed` is in open changes only, `unmanaged` in PostgreSQL with nothing to describe it."""


class RoleRow(Answer):
    name: str
    """In PostgreSQL."""
    form: str | None = None
    """`inline` or `DatabaseRole`; left out where nothing manages it."""
    object: str | None = None
    """metadata.name of the DatabaseRole."""
    attributes: list[str] = Field(default_factory=list)
    """Those that are not the default."""
    password: str | None = None
    """The Secret that holds it, by name; `disabled`, or `not set here`."""
    origin: str | None = None
    """`bootstrap` for the owner of the application's database."""
    state: MemberState
    message: str | None = None
    """What the operator says, or what is still awaited. Untrusted text."""
    declared: str | None = None
    """File and line in Git."""
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch it."""


class RoleList(LongAnswer):
    """The roles of a cluster."""

    environment: str
    namespace: str
    cluster: str
    items: list[RoleRow]
    total: int
    cursor: str | None = None
    warnings: list[WarningRow] = Field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"{len(self.items)} of {pluralize(self.total, 'role')} of {self.namespace}/{self.cluster}"]
        lines[0] += f" in {self.environment}"
        if self.items:
            lines += ["", "| role | state | form | attributes | password | declared |", "|---|---|---|---|---|---|"]
        for row in self.items:
            form = f"{row.form} {row.object}" if row.object else row.form
            attributes = "; ".join(row.attributes)
            name = f"{row.name} (from {row.origin})" if row.origin else row.name
            cells = [name, row.state, form, attributes, row.password, row.declared]
            lines.append("| " + " | ".join(cell(one) for one in cells) + " |")
        lines += _member_lines(self.items)
        if self.cursor:
            lines += ["", f"there are more: continue with cursor={self.cursor}"]
        return "\n".join([*lines, *warning_lines(self.warnings)])


class DatabaseRow(Answer):
    name: str
    """In PostgreSQL."""
    object: str | None = None
    """metadata.name of the Database; left out where none describes it."""
    owner: str | None = None
    reclaim_policy: str | None = None
    """What becomes of the database when the Database is removed; as it is live, where that is known."""
    origin: str | None = None
    """`bootstrap` for the application's database."""
    extensions: list[str] = Field(default_factory=list)
    schemas: list[str] = Field(default_factory=list)
    state: MemberState
    message: str | None = None
    """What the operator says, or what is still awaited. Untrusted text."""
    declared: str | None = None
    """File and line in Git."""
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch it."""


class DatabaseList(LongAnswer):
    """The databases of a cluster."""

    environment: str
    namespace: str
    cluster: str
    items: list[DatabaseRow]
    total: int
    cursor: str | None = None
    warnings: list[WarningRow] = Field(default_factory=list)

    def markdown(self) -> str:
        lines = [f"{len(self.items)} of {pluralize(self.total, 'database')} of {self.namespace}/{self.cluster}"]
        lines[0] += f" in {self.environment}"
        if self.items:
            lines += ["", "| database | state | owner | reclaim | extensions | schemas | declared |"]
            lines.append("|---|---|---|---|---|---|---|")
        for row in self.items:
            name = f"{row.name} (from {row.origin})" if row.origin else row.name
            parts = [", ".join(row.extensions), ", ".join(row.schemas)]
            cells = [name, row.state, row.owner, row.reclaim_policy, *parts, row.declared]
            lines.append("| " + " | ".join(cell(one) for one in cells) + " |")
        lines += _member_lines(self.items)
        if self.cursor:
            lines += ["", f"there are more: continue with cursor={self.cursor}"]
        return "\n".join([*lines, *warning_lines(self.warnings)])


def _member_lines(rows: Iterable[RoleRow | DatabaseRow]) -> list[str]:
    lines = [f"- {one_line(row.name)}: {one_line(row.message)} (untrusted text)" for row in rows if row.message]
    lines += [f"- {one_line(row.name)}: open change {', '.join(row.pending)}" for row in rows if row.pending]
    return ["", *lines] if lines else []

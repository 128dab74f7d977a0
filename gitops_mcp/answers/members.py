"""What the tools answer that read roles and databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from gitops_mcp.answers.base import Answer, LongAnswer
from gitops_mcp.answers.markdown import bullets, cursor_line, plain, section, table, warning_blocks
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice

MemberState = Literal[
    "reconciled", "pending", "failing", "unmanaged", "only_in_git", "only_live", "proposed", "dropped", "unknown"
]
"""Of a role or database: `proposed` is in open changes only, `unmanaged` in PostgreSQL with nothing to describe it."""


class MemberRow(Answer):
    """What rows of roles and of databases have in common."""

    name: str
    """In PostgreSQL."""
    object: str | None = None
    """metadata.name of the DatabaseRole or Database; left out where none describes it."""
    origin: str | None = None
    """`bootstrap` for the application's database and its owner."""
    state: MemberState
    message: str | None = None
    """What the operator says, or what is still awaited. Untrusted text."""
    declared: str | None = None
    """File and line in Git."""
    pending: list[str] = Field(default_factory=list)
    """Open changes that touch it."""


class RoleRow(MemberRow):
    form: str | None = None
    """`inline` or `DatabaseRole`; left out where nothing manages it."""
    attributes: list[str] = Field(default_factory=list)
    """Those that are not the default."""
    password: str | None = None
    """The Secret that holds it, by name; `disabled`, or `not set here`."""


class DatabaseRow(MemberRow):
    owner: str | None = None
    reclaim_policy: str | None = None
    """What becomes of the database when the Database is removed; as it is live, where that is known."""
    extensions: list[str] = Field(default_factory=list)
    schemas: list[str] = Field(default_factory=list)


class MemberList(LongAnswer):
    environment: str
    namespace: str | None = None
    """Left out where nothing says it."""
    cluster: str
    items: Sequence[MemberRow]
    total: int | None = None
    """Left out where there is nothing to count, since it could not be read."""
    cursor: str | None = None
    warnings: list[Notice] = Field(default_factory=list)

    def _blocks(self, noun: str, rows: str) -> Iterator[str]:
        known = f"{len(self.items)} of {pluralize(self.total, noun)}" if self.total is not None else f"{noun}s"
        unread = "; the total is not known, since not all could be read" if self.total is None else ""
        named = f"{self.namespace}/{self.cluster}" if self.namespace else self.cluster
        yield f"{known} of {named} in {self.environment}{unread}"
        yield from warning_blocks(self.warnings)
        said = bullets(f"{plain(one.name)}: {plain(one.message)} (untrusted text)" for one in self.items if one.message)
        open_ = bullets(f"{plain(one.name)}: open change {', '.join(one.pending)}" for one in self.items if one.pending)
        yield from section(f"{noun.capitalize()}s", said, rows, open_, cursor_line(self.cursor))


class RoleList(MemberList):
    """The roles of a cluster."""

    items: list[RoleRow]

    def blocks(self) -> Iterator[str]:
        rows = (
            (
                _name_text(row),
                row.state,
                f"{row.form} {row.object}" if row.object else row.form,
                "; ".join(row.attributes),
                row.password,
                row.declared,
            )
            for row in self.items
        )
        return self._blocks("role", table(("role", "state", "form", "attributes", "password", "declared"), rows))


class DatabaseList(MemberList):
    """The databases of a cluster."""

    items: list[DatabaseRow]

    def blocks(self) -> Iterator[str]:
        titles = ("database", "state", "owner", "reclaim", "extensions", "schemas", "declared")
        rows = (
            (
                _name_text(row),
                row.state,
                row.owner,
                row.reclaim_policy,
                ", ".join(row.extensions),
                ", ".join(row.schemas),
                row.declared,
            )
            for row in self.items
        )
        return self._blocks("database", table(titles, rows))


def _name_text(row: MemberRow) -> str:
    return f"{row.name} (from {row.origin})" if row.origin else row.name

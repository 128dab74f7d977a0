"""A planned change: what files hold before and after, what applying it does, and how it is told.

A plan is a value. It can be printed, tested and refused before anything has moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from gitops_mcp.domain.impact.level import Impact, Level
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity
from gitops_mcp.domain.repository.files import FileChange

if TYPE_CHECKING:
    from gitops_mcp.domain.plans.asked import AskedRequest

NO_TRAILERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class SecretWrite:
    """A Secret that provider `cluster` writes to the API with the change; its values are not here."""

    how: Literal["create", "rotate", "delete"]
    namespace: str
    name: str
    username: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class Plan:
    subject: str
    target: Identity
    files: tuple[FileChange, ...] = ()
    impact: Impact = field(default_factory=lambda: Impact(Level.NONE))
    warnings: tuple[Notice, ...] = ()
    destroys: str | None = None
    """What a person loses; such a plan needs `confirm_deletion`."""
    stops: str | None = None
    """What nobody can use for a time; such a plan needs `confirm_outage`."""
    unchanged: str | None = None
    """Why there is nothing to commit."""
    body: tuple[str, ...] = ()
    """What a reviewer should know, for the message."""
    next: tuple[str, ...] = ()
    """What happens after the change is merged, and what to call then."""
    validated_by: tuple[str, ...] = ()
    operator: str | None = None
    """The release of the operator that it was judged for, and who says so."""
    writes: tuple[SecretWrite, ...] = ()
    """What goes to the API besides the commit."""
    caution: str = ""
    """What nobody may overlook, as a sentence."""
    reason: str = ""
    """Why, where earlier commits say it and the call does not."""
    requests: tuple[AskedRequest, ...] = ()
    """What its commit keeps as asked, where that is not what the call asked."""

    @property
    def at_stake(self) -> str | None:
        """What a person has to agree to."""
        return "; ".join(filter(None, (self.destroys, self.stops))) or None

    @property
    def headline(self) -> str:
        """The first line of an answer."""
        if self.unchanged:
            return self.unchanged
        return f"{self.subject}. Mind: {self.caution}" if self.caution else self.subject

    @property
    def diff(self) -> str:
        return "".join(change.diff for change in self.files)

    @property
    def contents(self) -> dict[str, bytes | None]:
        return {change.path: None if change.after is None else change.after.encode("utf-8") for change in self.files}

    def warned(self, notices: Iterable[Notice]) -> Plan:
        return replace(self, warnings=(*self.warnings, *notices))

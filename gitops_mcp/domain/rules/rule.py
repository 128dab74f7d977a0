"""What a rule is, what it looks at, and what it says.

A check gives faults at places of the object; the table adds the rule's id and decides how much a fault counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.domain.cnpg.releases import ALL, Release, Releases
from gitops_mcp.domain.objects import Object, Path

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Fault:
    field: Path
    message: str
    """What was found and what would work, without the field."""
    severity: Severity = "error"
    holds: Releases | None = None
    """The releases of the operator that refuse it; None: those of its rule."""
    ours: bool | None = None
    """Stricter than the server, which accepts it; None: as its rule is."""


@dataclass(frozen=True)
class Finding:
    rule: str
    severity: Severity
    field: str
    """`spec.managed.roles[0].name`"""
    message: str
    is_old: bool = False
    """It was so before the change, which is then not to blame."""
    stands_in_the_way: bool = False
    """It is old, and the operator's webhook, which looks at the whole object, refuses every change for it."""
    ours: bool = False
    """The API and the operator's webhook would accept it, and the message says so."""

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


@dataclass(frozen=True)
class Seen:
    """One object that a change leaves behind, and what is known around it."""

    object: Object
    before: Object | None = None
    """What Git declares now; None: nothing."""
    live: Object | None = None
    """The object as the API has it; None: not looked at, or not there."""
    operator: Release | None = None
    """The operator's version, such as (1, 30, 0); None: nobody could say."""
    neighbours: tuple[Object, ...] = ()
    """Other objects that Git declares, or the API has, beside this one."""
    declared: Object | None = None
    """The object as Git has it, where `object` is what comes of it in the API, with every default; None: it is that."""
    declared_before: Object | None = None
    """Of `before` the same."""

    @property
    def stated(self) -> Object:
        """Without what nobody wrote down."""
        return self.declared if self.declared is not None else self.object

    @property
    def stated_before(self) -> Object | None:
        return self.declared_before if self.declared_before is not None else self.before

    @property
    def earlier(self) -> Seen | None:
        """The same as if nothing changed; None where nothing was."""
        if self.before is None:
            return None
        return replace(self, object=self.before, declared=self.declared_before, before=None, declared_before=None)

    @property
    def old(self) -> Object | None:
        """What the API compares a change with: the live object, or what Git declared as far as is known."""
        return self.live if self.live is not None else self.before


@dataclass(frozen=True)
class Rule:
    id: str
    kinds: tuple[str, ...]
    source: str
    """Who enforces it: "webhook validateName", "CRD CEL since 1.28.4", "operator" once applied, or "server"."""
    check: Callable[[Seen], Iterator[Fault]]
    compares: bool = False
    """It looks at a change, so what was there before is no excuse."""
    holds: Releases = ALL
    """The releases of the operator that have it."""
    ours: bool = False
    """Stricter than the server, on purpose; its message blames no server."""
    reads_variables: bool = False
    """`${…}` is the operator's own there, and judged; elsewhere it may be a variable that an engine fills in."""

    @property
    def by_webhook(self) -> bool:
        """The validating webhook has it, which judges the whole object at every change, also what was there before."""
        return self.source.startswith("webhook")

    @property
    def is_ours(self) -> bool:
        """Nobody refuses the object when it is applied, though the operator may stumble on it later."""
        return self.ours or self.source in {"operator", "server"}

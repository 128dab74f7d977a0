"""Dropping in steps what a manifest declares of PostgreSQL: the step that is due, and what a person loses.

Removing a declaration from Git leaves a role or database as it is. To drop it Git first has to ask for that, and what
Git says counts once it is live. So dropping takes two changes, and each call plans the one that is due.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from gitops_mcp.domain.cnpg.protection import Engine, Protection, blockers, spell_out
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.plans.applier_notes import applier_lines, applier_notices
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.pruning import engine_in_use, wait_for_live
from gitops_mcp.domain.plans.roles.role_attributes import VALIDATED, quote_sql_name
from gitops_mcp.domain.repository.desired import Declaration, Desired, Origin

_BY_HAND = "a person has to delete it"


@dataclass(frozen=True)
class RemovalStep:
    due: Literal["ask", "wait", "remove"]
    """`ask`: Git says that it is to be dropped; `remove`: Git says nothing of it any more."""
    why: str


@dataclass(frozen=True)
class Kept:
    """What keeps a live object although its manifest goes."""

    why: str
    alone: tuple[Protection, ...] = ()
    """Those that the live object carries and Git does not declare, so that no change takes them away."""


class Removal(ABC):
    """A role or database that is to go from Git."""

    noun: ClassVar[str]
    kind: ClassVar[str]
    how: ClassVar[str]
    """As in `drops it with all data`."""
    unseen: ClassVar[str]
    """That nothing live says it."""
    ref: ClusterRef
    drop: bool
    """The caller asks for that."""
    merged: Object | None
    """What the base declares of it, which an engine may apply at any time."""
    kept: Kept | None
    origin: Origin

    @property
    def goes_only(self) -> RemovalStep:
        return RemovalStep("remove", f"the only step: it goes from {self.origin.name}, and stays in PostgreSQL")

    @property
    @abstractmethod
    def seen(self) -> Object | None:
        """What is live of it."""

    @property
    @abstractmethod
    def is_nowhere(self) -> bool:
        """The API was asked, and shows nothing of it."""

    @property
    @abstractmethod
    def step(self) -> RemovalStep:
        """The one that is due."""

    @abstractmethod
    def said(self) -> tuple[Object | None, Object | None]:
        """What Git, and what is live, says of it."""

    @abstractmethod
    def asks(self, said: Object | None) -> bool:
        """Whether that asks for the drop."""

    @property
    def drops(self) -> bool:
        """Whether it is dropped in the end.

        What asks for that counts wherever it stands: what Git says may be applied at any time, and until then what is
        live holds.
        """
        declared, live = self.said()
        asked = self.asks(live) or self.asks(self.merged)
        return asked or (not self.is_nowhere and (self.drop or self.asks(declared)))

    @property
    def stays(self) -> str | None:
        """What keeps the live object although Git says nothing of it any more."""
        return None if self.is_nowhere or self.kept is None else self.kept.why

    @property
    def survives(self) -> str | None:
        """What keeps it from being dropped with its manifest."""
        return self.stays

    def plan(self, desired: Desired, target: Identity, declared: Declaration, *, name: str, lost: str) -> Plan:
        """The plan of the step without its edits and its impact; one that waits is whole.

        `lost`: what dropping it loses, and how it can be kept.
        """
        step, label = self.step, f"{self.noun} {quote_sql_name(name)} of Cluster {self.ref}"
        is_dropped = self.drops and not (step.due == "remove" and self.survives)
        plan = Plan(f"{'Drop' if is_dropped else 'Release'} {label}", target, validated_by=VALIDATED)
        if step.due == "wait":
            done = self.origin.while_waiting("it is applied") or "the operator has done so"
            again = f"Wait until {done} (list_postgres_{self.noun}s shows it), then call this again"
            return replace(plan, unchanged=step.why, next=(again,))
        if step.due == "remove" and self.seen is not None and self.kept and self.kept.alone:
            return wait_for_live(plan, declared, self.kept.alone, self.seen, self.merged, self.origin.name)
        return replace(
            plan,
            destroys=self._what_is_lost(name, lost) if self.drops else None,
            body=(f"This is {step.why}", *applier_lines(declared)),
            warnings=applier_notices(declared, desired),
        )

    def _what_is_lost(self, name: str, lost: str) -> str:
        what = f"deleting {self.noun} {quote(name)} of Cluster {self.ref}"
        if self.is_nowhere:
            return f"{what} may drop it {self.how}: {self.unseen}, but the base asks for its drop"
        if self.survives is not None and self.step.due == "remove":
            return f"{what} would drop it {self.how}, but for this: {self.survives}"
        return f"{what} drops it {self.how}{lost}"

    def fate_without_drop(self, name: str, *, nothing: str, later: str = "") -> str | None:
        """What becomes of it where the live object is kept, or there is none; None: that is not so."""
        if self.stays is not None:
            return f"The live {self.kind} stays, and so does {self.noun} {name}, since {self.stays}: {_BY_HAND}"
        unless = ", unless the base, which asks for it, is applied before this" if self.drops else ""
        kept = f"what PostgreSQL has under that name{later} stays"
        return f"Nothing is dropped{unless}: no live {nothing} {name}; {kept}" if self.is_nowhere else None


def step_without_api(*, is_merged: bool) -> RemovalStep:
    """Where the API could not be asked, what counts is whether the base asks for the drop."""
    if is_merged:
        return RemovalStep("remove", "step 2 of 2; whether step 1 has been applied could not be read")
    return RemovalStep("wait", "step 1 of 2 is proposed but not merged, and the API could not be read")


def why_not_pruned(
    declared: Declaration, live: Object | None, configured: Engine | Literal["none", "auto"] = "auto"
) -> Kept | None:
    """What keeps a live object although Git says nothing of it any more; None: an engine that prunes deletes it."""
    by, engine = declared.applied, engine_in_use(declared, configured)
    on_live, in_git = blockers(live, engine), blockers(declared.object, engine)
    if held := on_live or in_git:
        return Kept(f"{spell_out(held)} protects it against pruning", () if in_git else on_live)
    return Kept(f"{by} does not prune by itself") if by is not None and not by.prunes else None

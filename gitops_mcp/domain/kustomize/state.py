"""What a kustomization has gathered so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.produced import BuildFault


@dataclass(frozen=True)
class State:
    drafts: tuple[Draft, ...] = ()
    faults: tuple[BuildFault, ...] = ()
    unread: bool = False
    """There are more objects, none of them of CNPG's group."""
    unknown: bool = False
    """There may be more objects, of any kind."""
    customs: tuple[str, ...] = ()
    """What changes how kustomize treats fields from here on, in a way that is not known here."""

    def mapped(self, change: Callable[[Draft], Draft | None]) -> State:
        spend(len(self.drafts))
        return replace(self, drafts=tuple(new for new in map(change, self.drafts) if new is not None))

    def with_faults(self, faults: Iterable[BuildFault]) -> State:
        found = tuple(dict.fromkeys((*self.faults, *faults)))
        return self if found == self.faults else replace(self, faults=found)

    def refused(self, place: str, reason: str) -> State:
        """Kustomize builds nothing because of this."""
        return self.with_faults([BuildFault(place, reason, fatal=True)])

    def unsure(self, place: str, reason: str) -> State:
        """This is not understood; the caller marks what it may touch."""
        return self.with_faults([BuildFault(place, reason, fatal=False)])

    def doubted(self, place: str, reason: str) -> State:
        """This is not understood, and may touch everything."""
        return self.unsure(place, reason).mapped(lambda one: one.doubted(f"{place}: {reason}") if one.is_cnpg else one)

    def may_hold(self, of_cnpg: bool) -> bool:
        """Whether an object that is not here may be there all the same."""
        return self.unknown or (self.unread and not of_cnpg)

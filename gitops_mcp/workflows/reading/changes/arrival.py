"""The state of a merged change and why, from what was found of each object that it touches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gitops_mcp.answers.changes import ChangeState, LiveObject
from gitops_mcp.domain.live.arrival import Arrival
from gitops_mcp.domain.live.engine_states.standing import STUCK, Standing
from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.notice import Notice
from gitops_mcp.workflows.engines import SeenEngine
from gitops_mcp.workflows.spans import Span


@dataclass
class Seen:
    """What has been found of a change so far."""

    warnings: list[Notice]
    objects: list[LiveObject] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    by_engine: list[Arrival] = field(default_factory=list)
    """Of objects that are not read: what the engine says of them."""
    held: list[tuple[Standing, SeenEngine]] = field(default_factory=list)
    engine: SeenEngine | None = None
    unseen: bool = False
    several: bool = False
    """Whether the change touches more than one object: then it is told which one is meant."""

    def named(self, here: Arrival, label: str) -> Arrival:
        return replace(here, detail=f"{label}: {here.detail}") if self.several else here


def arrival_state(span: Span, seen: Seen) -> tuple[ChangeState, str]:
    """The state of a merged change and why, from what was found of its objects.

    Of a change to Cluster db and Database books: books at the old value is `merged`, and `failed` where the engine
    cannot apply what Git says. Both at the new value is `applied` while db still restarts, `healthy` once it runs, and
    `failed` once an operator reports that it cannot do it. An object that could not be read keeps it at `merged`.
    """
    failed = next((one for one in seen.arrivals if one.state == "failed"), None)
    if failed:
        return "failed", f"{span.why}; {failed.detail}"
    if (waiting := _what_waits(seen)) is not None:
        return waiting[0], f"{span.why}; {waiting[1]}"
    if not seen.arrivals:
        return "applied", f"{span.why}; {next(one.detail for one in seen.by_engine if one.state == 'applied')}"
    live = _what_is_live(span, seen)
    if all(one.state == "healthy" for one in seen.arrivals):
        well = "" if all(one.is_removal for one in seen.arrivals) else ", and they are healthy"
        return "healthy", f"{span.why}; {live}{well}"
    unwell = next(one.detail for one in seen.arrivals if one.state == "applied")
    return "applied", f"{span.why}; {live}, but: {unwell}"


def _what_is_live(span: Span, seen: Seen) -> str:
    gone = "what it deletes is gone"
    removals = [one.is_removal for one in seen.arrivals]
    if all(removals):
        return gone
    fields = "every changed field that still stands" if span.in_part else "every changed field"
    return f"{gone + ', ' if any(removals) else ''}{fields} of its CloudNativePG objects is live"


def _what_waits(seen: Seen) -> tuple[ChangeState, str] | None:
    """The state and the reason where something has not arrived, or cannot be seen."""
    seen.held.sort(key=lambda one: STUCK.index(one[0].state) if one[0].state in STUCK else len(STUCK))
    held = seen.held[0][0] if seen.held else None
    all_waiting = [one.detail for one in (*seen.arrivals, *seen.by_engine) if one.state == "not applied"]
    others = f" (and {pluralize(len(all_waiting) - 1, 'other object')})" if len(all_waiting) > 1 else ""
    waiting = f"{all_waiting[0]}{others}" if all_waiting else None
    if waiting is not None:
        if held and held.state == "refused":
            return "failed", held.why
        return "merged", f"{waiting}; {held.why}" if held else waiting
    if seen.unseen:
        return "merged", "its objects could not be read"
    if not seen.arrivals and not any(one.state == "applied" for one in seen.by_engine):
        return "merged", seen.by_engine[0].detail if seen.by_engine else "its objects could not be read"
    return None

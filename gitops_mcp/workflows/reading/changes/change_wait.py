"""Waiting for a change: until it is where it was wanted, or cannot come there by waiting, or the time is over.

To wait for `merged` is to wait for the review, so a person who has to merge is what is waited for. Anything else that a
person has to do first ends the wait at once, and so does a merge that is not there when more than that is wanted.
"""

from __future__ import annotations

import time
from typing import Literal

from gitops_mcp.app import App
from gitops_mcp.caller import pause
from gitops_mcp.domain.budget import call_budget
from gitops_mcp.workflows.newest_pull import PullSeen
from gitops_mcp.workflows.reading.changes.look import ChangeLook, look_at_change

Goal = Literal["merged", "applied", "healthy"]
SECONDS = 300
LEAST = 5.0
"""Seconds between two looks."""
_ARRIVED: dict[Goal, frozenset[str]] = {
    "merged": frozenset({"merged", "applied", "healthy", "failed", "superseded", "reverted"}),
    "applied": frozenset({"applied", "healthy"}),
    "healthy": frozenset({"healthy"}),
}
_ENDS = {
    "empty": "its branch holds nothing of its own",
    "closed": "it was closed without being merged",
    "failed": "it has failed",
    "superseded": "the base has changed it since",
    "reverted": "it was reverted",
}


def why_it_ends(goal: Goal, look: ChangeLook) -> str | None:
    """Why waiting is over: the state is there, or does not come by waiting. None: it may come yet."""
    state = look.span.state
    if state in _ARRIVED[goal]:
        return f"it is {state}"
    if state in _ENDS:
        return f"waiting does not bring {goal}: {_ENDS[state]}"
    if look.is_open and goal != "merged":
        return f"waiting does not bring {goal}: it is not merged yet, which wait_for=merged waits for"
    if look.is_open and (look.conflicts or (look.standing and not look.standing.waits)):
        return f"waiting does not bring {goal}: somebody has to act first"
    if look.behind.stuck:
        return f"waiting does not bring {goal}: somebody has to act first"
    return None


def wait_for_change(app: App, name: str, goal: Goal, *, seconds: int | None) -> tuple[ChangeLook, str]:
    """The last look, and why it was the last."""
    whole = seconds or SECONDS
    begun = time.monotonic()
    known: PullSeen | None = None
    while True:
        with call_budget():
            look = look_at_change(app, name, known)
        spent = time.monotonic() - begun
        app.caller.told(min(spent, whole), whole, f"change {name} is {look.span.state}: {look.span.why}")
        if (why := why_it_ends(goal, look)) is not None:
            return look, f"waited {spent:.0f} s for {goal}: {why}"
        pausing = max(LEAST, look.seen.wait)
        if spent + pausing > whole:
            limit = f"; the forge takes no requests for {pausing:.0f} s" if look.seen.wait > LEAST else ""
            return look, f"waited {spent:.0f} s for {goal}, which has not come yet{limit}: the same call waits on"
        pause(pausing)
        known = _what_stays(look.seen)


def _what_stays(seen: PullSeen) -> PullSeen | None:
    """A pull request that is merged stays merged, so that the forge need not be asked again."""
    return seen if seen.pull and seen.pull.state == "merged" else None

"""Publications and Subscriptions: who sends, who receives, and what stops."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.protection import Engine, blockers, spell_out
from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, at

_STOPS = {
    "Publication": "its subscribers receive nothing more",
    "Subscription": "nothing more is received, and its slot at the publisher goes",
}


def impacts(
    before: Object | None, after: Object | None, live: Object | None = None, engine: Engine | None = None
) -> Iterator[Impact]:
    kind = str(at(after or before, "kind"))
    what, policy = f"{kind.lower()} {at(after or before, 'spec', 'name')}", f"{kind.lower()}ReclaimPolicy"
    if after is None:
        if held := blockers(live, engine) or blockers(before, engine):
            yield impact(Level.NONE, f"{what} stays: {spell_out(held)} protects its object against pruning")
        elif "delete" in [at(seen, "spec", policy) for seen in (before, live)]:
            yield impact(Level.OUTAGE, f"drops {what} ({policy} delete): {_STOPS[kind]}")
        else:
            yield impact(Level.NONE, f"{what} stays in PostgreSQL, and is no longer managed")
    elif before is None:
        yield impact(Level.NONE, f"{what} is made, or an existing one taken over")
    elif at(before, "spec", "target") != at(after, "spec", "target"):
        yield impact(Level.NONE, f"{what}: what is sent changes; subscribers see it after REFRESH PUBLICATION")
    elif at(before, "spec") != at(after, "spec"):
        yield impact(Level.NONE, f"{what} is changed in place")

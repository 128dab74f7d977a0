"""Roles, listed in a Cluster or objects of their own."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.protection import blocking, described
from gitops_mcp.domain.impact.single import one
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plan import Impact, Level
from gitops_mcp.domain.rules.reading import mapping, word


def impacts(before: Object | None, after: Object | None, live: Object | None = None) -> Iterator[Impact]:
    name = word(at(after or before, "spec", "name"))
    if after is None:
        if held := blocking(live) or blocking(before):
            yield one(Level.NONE, f"role {name} stays: {described(held)} protects its object against pruning")
        elif "delete" in {at(seen, "spec", "databaseRoleReclaimPolicy") for seen in (before, live)}:
            yield one(
                Level.OUTAGE,
                f"drops role {name} (databaseRoleReclaimPolicy delete), and who logs in as it is turned away",
            )
        else:
            yield one(Level.NONE, f"role {name} stays in PostgreSQL, and is managed by nobody")
    elif at(before, "spec") != at(after, "spec"):
        old = mapping(at(before, "spec")) if before is not None else None
        yield from login(f"role {name}", old, mapping(at(after, "spec")))


def login(what: str, old: Object | None, new: Object) -> Iterator[Impact]:
    """A change of one role, listed in a Cluster or an object of its own."""
    if new.get("ensure") == "absent":
        yield one(Level.OUTAGE, f"{what}: the role is dropped, and who logs in as it is turned away")
    elif old is not None and old.get("login") is True and new.get("login") is not True:
        yield one(Level.OUTAGE, f"{what}: the role may no longer log in")
    elif old is None:
        yield one(Level.NONE, f"{what}: the role is made, or an existing one is set to exactly this")
    else:
        yield one(Level.NONE, f"{what}: the role is changed in place")

"""Roles, listed in a Cluster or objects of their own."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.protection import Engine, blockers, spell_out
from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.rules.reading import as_text
from gitops_mcp.domain.rules.role import has_client_certificate


def impacts(
    before: Object | None, after: Object | None, live: Object | None = None, engine: Engine | None = None
) -> Iterator[Impact]:
    name = as_text(at(after or before, "spec", "name"))
    if after is None:
        if held := blockers(live, engine) or blockers(before, engine):
            yield impact(Level.NONE, f"role {name} stays: {spell_out(held)} protects its object against pruning")
        elif "delete" in [at(seen, "spec", "databaseRoleReclaimPolicy") for seen in (before, live)]:
            yield impact(
                Level.OUTAGE,
                f"drops role {name} (databaseRoleReclaimPolicy delete), and whoever logs in as it is turned away",
            )
        else:
            yield impact(Level.NONE, f"role {name} stays in PostgreSQL, and is no longer managed")
    elif at(before, "spec") != at(after, "spec"):
        old = mapping_at(before, "spec") if before is not None else None
        yield from login_impacts(f"role {name}", old, mapping_at(after, "spec"))


def login_impacts(what: str, old: Object | None, new: Object) -> Iterator[Impact]:
    """A change of one role, listed in a Cluster or an object of its own."""
    if new.get("ensure") == "absent":
        yield impact(Level.OUTAGE, f"{what}: the role is dropped, and whoever logs in as it is turned away")
    elif old is not None and old.get("login") is True and new.get("login") is not True:
        yield impact(Level.OUTAGE, f"{what}: the role may no longer log in")
    elif old is not None and has_client_certificate(old) and not has_client_certificate(new):
        yield impact(Level.OUTAGE, f"{what}: its client certificate goes, and whoever logs in with it is turned away")
    elif old is None:
        yield impact(Level.NONE, f"{what}: the role is made, or an existing one is set to exactly this")
    else:
        yield impact(Level.NONE, f"{what}: the role is changed in place")

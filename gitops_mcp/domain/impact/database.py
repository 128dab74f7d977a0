"""Databases: dropping one, or a part of one, loses what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.protection import Engine, blockers, spell_out
from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.rules.database import PARTS
from gitops_mcp.domain.rules.reading import as_text, entries

_AT_FIRST = (
    *("template", "encoding", "locale", "localeProvider", "localeCollate", "localeCType", "icuLocale", "icuRules"),
    *("builtinLocale", "collationVersion"),
)


def impacts(
    before: Object | None, after: Object | None, live: Object | None = None, engine: Engine | None = None
) -> Iterator[Impact]:
    name = as_text(at(after or before, "spec", "name"))
    if after is None:
        if held := blockers(live, engine) or blockers(before, engine):
            yield impact(Level.NONE, f"database {name} stays: {spell_out(held)} protects its object against pruning")
        elif "delete" in [at(seen, "spec", "databaseReclaimPolicy") for seen in (before, live)]:
            yield impact(Level.DATA_LOSS, f"drops database {name} with its data (databaseReclaimPolicy delete)")
        else:
            yield impact(Level.NONE, f"database {name} stays in PostgreSQL, and is no longer managed")
        return
    if at(after, "spec", "ensure") == "absent":
        if at(before, "spec", "ensure") != "absent":
            yield impact(Level.DATA_LOSS, f"spec.ensure: drops database {name} with its data")
        return
    for part in PARTS:
        old = {as_text(item.get("name")): item.get("ensure") for _, item in entries(before, "spec", part)}
        for _, item in entries(after, "spec", part):
            inner = as_text(item.get("name"))
            if item.get("ensure") == "absent" and old.get(inner) != "absent":
                yield impact(Level.DATA_LOSS, f"spec.{part}[{inner}]: is dropped from database {name}")
    yield from _access_impacts(name, before, after)
    if before is None:
        yield impact(Level.NONE, f"database {name} is made, or an existing one taken over")
    else:
        yield from _other_impacts(name, mapping_at(before, "spec"), mapping_at(after, "spec"))


def _other_impacts(name: str, old: Object, new: Object) -> Iterator[Impact]:
    changed = {field for field in {*old, *new} if old.get(field) != new.get(field)}
    for field in sorted(changed.intersection(_AT_FIRST)):
        yield impact(Level.NONE, f"spec.{field}: read when the database is made; one that exists keeps its own")
    if changed.difference(_AT_FIRST):
        yield impact(Level.NONE, f"database {name} is changed in place")


def _access_impacts(name: str, before: Object | None, after: Object) -> Iterator[Impact]:
    for field, closed in (("allowConnections", False), ("connectionLimit", 0)):
        old, new = (at(one, "spec", field) for one in (before, after))
        if new is not None and new == closed and old != closed:
            yield impact(Level.OUTAGE, f"spec.{field}: nobody but a superuser connects to database {name} any more")
    if before is not None and at(before, "spec", "tablespace") != at(after, "spec", "tablespace"):
        yield impact(Level.OUTAGE, f"spec.tablespace: all data of database {name} is moved, with nobody connected")

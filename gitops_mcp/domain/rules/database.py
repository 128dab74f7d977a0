"""Databases, and what is declared inside them."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.rules.reading import (
    as_text,
    cluster_of,
    entries,
    first_owners,
    has_unfilled,
    names_in,
    repeats,
    siblings,
)
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen

PARTS = ("schemas", "extensions", "fdws", "servers")


def _database_name(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, "spec", "name") == "":
        yield Fault(("spec", "name"), "is empty, and a database needs a name: use one such as 'app'")


def _names_once(seen: Seen) -> Iterator[Fault]:
    for part in PARTS:
        found = list(entries(seen.object, "spec", part))
        places = [((*path, "name"), as_text(item.get("name"))) for path, item in found]
        for path, _ in found:
            for inner in ("options", "usage"):
                inside = [
                    ((*place, "name"), f"{place[:-1]} {as_text(one.get('name'))}")
                    for place, one in entries(seen.object, *path, inner)
                ]
                places += inside
        for path, _ in repeats((path, f"{path[1]} {name}") for path, name in places):
            yield Fault(path, f"{quote(str(at(seen.object, *path)))} is there already: use each name once")


def _foreign_wrappers(seen: Seen) -> Iterator[Fault]:
    known = names_in(seen.object, "spec", "fdws")
    for path, item in entries(seen.object, "spec", "servers"):
        wanted = as_text(item.get("fdw"))
        # A server is dropped without its wrapper, which may be gone already.
        if wanted not in known and item.get("ensure") != "absent" and not has_unfilled(known):
            yield Fault((*path, "fdw"), f"no item of spec.fdws is named {quote(wanted)}; {suggest(wanted, known)}")


def _database_conflict(seen: Seen) -> Iterator[Fault]:
    name = at(seen.object, "spec", "name")
    for other in siblings(seen.object, seen.neighbours):
        if at(other, "spec", "name") == name:
            yield Fault(
                ("spec", "name"),
                f"Database {at(other, 'metadata', 'name')} has {quote(str(name))} already, and the operator lets one "
                f"object have a database: change that one",
            )


def _database_owner(seen: Seen) -> Iterator[Fault]:
    cluster = cluster_of(seen.object, seen.neighbours)
    owner = as_text(at(seen.object, "spec", "owner"))
    if cluster is None or not owner or at(seen.object, "spec", "ensure") == "absent":
        return
    known = {
        *first_owners(cluster),
        *names_in(cluster, "spec", "managed", "roles"),
        *(as_text(at(one, "spec", "name")) for one in siblings(seen.object, seen.neighbours, kind="DatabaseRole")),
    }
    if owner not in known and not has_unfilled(sorted(known)):
        yield Fault(
            ("spec", "owner"),
            f"no role {quote(owner)} is declared for Cluster {at(cluster, 'metadata', 'name')}, and the operator makes "
            f"the database only once it exists; {suggest(owner, known)}",
            "warning",
        )


def _database_danger(seen: Seen) -> Iterator[Fault]:
    if at(seen.object, "spec", "databaseReclaimPolicy") == "delete":
        yield Fault(
            ("spec", "databaseReclaimPolicy"),
            "'delete' drops the database with its data when this object is deleted; 'retain' keeps it",
            "warning",
        )
    if at(seen.object, "spec", "ensure") == "absent":
        yield Fault(("spec", "ensure"), "'absent' drops the database with its data", "warning")


def _database_left(seen: Seen) -> Iterator[Fault]:
    for part in PARTS:
        new = names_in(seen.object, "spec", part)
        for _, item in entries(seen.before, "spec", part):
            name = as_text(item.get("name"))
            if name not in new and item.get("ensure") != "absent" and not has_unfilled([name, *new]):
                yield Fault(
                    ("spec", part),
                    f"{quote(name)} is no longer listed, and stays in the database; `ensure: absent` drops it",
                    "warning",
                )


def _external_cluster(seen: Seen) -> Iterator[Fault]:
    cluster, wanted = cluster_of(seen.object, seen.neighbours), as_text(at(seen.object, "spec", "externalClusterName"))
    known = names_in(cluster, "spec", "externalClusters")
    if cluster is not None and wanted not in known and not has_unfilled(known):
        label = f"Cluster {at(cluster, 'metadata', 'name')}"
        text = f"{label} has no item of spec.externalClusters that is named {quote(wanted)}; {suggest(wanted, known)}"
        yield Fault(("spec", "externalClusterName"), text)


_ONE = ("Database",)

RULES = (
    Rule("database-name", _ONE, "operator", _database_name, ours=True),
    Rule("database-once", _ONE, "webhook validateNameOptionsUsages", _names_once),
    Rule("database-wrappers", _ONE, "webhook validateForeignServers", _foreign_wrappers),
    Rule("database-conflict", _ONE, "operator", _database_conflict),
    Rule("database-owner", _ONE, "operator", _database_owner),
    Rule("database-danger", _ONE, "server", _database_danger),
    Rule("database-left", _ONE, "operator", _database_left, compares=True),
    Rule("subscription-source", ("Subscription",), "operator", _external_cluster),
)

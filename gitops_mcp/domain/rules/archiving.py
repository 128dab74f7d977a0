"""Where a Cluster archives its WAL, without which no point in time is restored, and the plugins that it does so by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.objects import Object, Path, at, mapping_at
from gitops_mcp.domain.rules.reading import as_text, entries
from gitops_mcp.domain.rules.rule import Fault, Rule, Seen


def _archiving_ends(seen: Seen) -> Iterator[Fault]:
    if (was := _archiver(seen.before)) and _archiver(seen.object) is None:
        field = ("spec", "backup") if was == "barmanObjectStore" else ("spec", "plugins")
        text = (
            f"{was} archives WAL no more, and nothing does: from then on no point in time can be restored, and backups"
        )
        yield Fault(field, f"{text} of the plugin or the object store fail", "warning")


def _archive_moves(seen: Seen) -> Iterator[Fault]:
    """Where the same archiver writes elsewhere; backups that move to the plugin keep their archive."""
    was, will = (_archive(one) for one in (seen.before, seen.object))
    if was and will and was[0] == will[0] and was != will:
        text = "WAL goes to another archive from then on, without a base backup: nothing after that can be restored"
        yield Fault(was[0], f"{text} until there is one (create_postgres_backup, once this is applied)", "warning")


def _unknown_plugin(seen: Seen) -> Iterator[Fault]:
    """Barman's own is known where its ObjectStores are."""
    clusters = (one for one in (seen.before, *seen.neighbours) if at(one, "kind") == "Cluster")
    known = {BARMAN_PLUGIN, *(name for one in clusters for name in _enabled_plugins(one))}
    known |= {as_text(item.get("name")) for _, item in entries(seen.live, "status", "pluginStatus")}
    for name in _enabled_plugins(seen.object):
        if name not in known:
            text = f"no other Cluster here uses {quote(name)}: where it is not installed the operator does nothing for"
            yield Fault(("spec", "plugins"), f"{text} this one ('unknown plugin being required')", "warning")


def _archiver(cluster: Object | None) -> str | None:
    """What archives WAL, so that a point in time can be restored."""
    plugins = (item for _, item in entries(cluster, "spec", "plugins") if item.get("enabled") is not False)
    named = next((as_text(item.get("name")) for item in plugins if item.get("isWALArchiver") is True), None)
    in_tree = at(cluster, "spec", "backup", "barmanObjectStore") is not None
    return named or ("barmanObjectStore" if in_tree else None)


def _archive(cluster: Object | None) -> tuple[Path, tuple[Any, ...]] | None:
    own = at(cluster, "metadata", "name")
    for _, item in entries(cluster, "spec", "plugins"):
        if item.get("enabled") is not False and item.get("isWALArchiver") is True:
            given = mapping_at(item, "parameters")
            where = (item.get("name"), given.get("barmanObjectName"), given.get("serverName") or own)
            return ("spec", "plugins"), where
    place = ("spec", "backup", "barmanObjectStore")
    store = mapping_at(cluster, *place)
    where = (*map(store.get, ("destinationPath", "endpointURL")), store.get("serverName") or own)
    return (place, where) if store else None


def _enabled_plugins(cluster: Object | None) -> list[str]:
    found = (item for _, item in entries(cluster, "spec", "plugins") if item.get("enabled") is not False)
    return [as_text(item.get("name")) for item in found]


_ONE = ("Cluster",)

RULES = (
    Rule("archiving-ends", _ONE, "operator", _archiving_ends, compares=True),
    Rule("archive-moves", _ONE, "operator", _archive_moves, compares=True),
    Rule("unknown-plugin", _ONE, "operator", _unknown_plugin, compares=True),
)

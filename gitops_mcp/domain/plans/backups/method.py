"""By which method a Cluster is backed up, told from its spec: a plugin, its own object store, or VolumeSnapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_mcp.domain.cnpg.backups.archive import SNAPSHOT
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN, IN_TREE
from gitops_mcp.domain.objects import Object, at, list_at
from gitops_mcp.errors import Refused

PLUGIN = "plugin"


@dataclass(frozen=True)
class Method:
    name: str
    plugin: str = ""

    @property
    def spec(self) -> Object:
        """As a Backup or ScheduledBackup says it."""
        more = {"pluginConfiguration": {"name": self.plugin}} if self.plugin else {}
        return {"method": self.name, **more}

    def is_of(self, found: Object) -> bool:
        """Whether a Backup or ScheduledBackup is made so."""
        same = (at(found, "spec", "method") or IN_TREE) == self.name
        return same and (not self.plugin or at(found, "spec", "pluginConfiguration", "name") == self.plugin)

    def __str__(self) -> str:
        return f"plugin {self.plugin}" if self.plugin else self.name


def methods_of(cluster: Object) -> Iterator[Method]:
    """Those that it is set up for, the likeliest first: what archives its WAL, then Barman Cloud, then its own section.

    Other plugins may have nothing to do with backups.
    """
    enabled = [one for one in list_at(cluster, "spec", "plugins") if at(one, "enabled") is not False]
    archivers = [str(at(one, "name")) for one in enabled if at(one, "isWALArchiver") is True]
    barman = [BARMAN_PLUGIN for one in enabled if at(one, "name") == BARMAN_PLUGIN]
    yield from (Method(PLUGIN, name) for name in dict.fromkeys([*archivers, *barman]))
    for name in (IN_TREE, SNAPSHOT):
        if at(cluster, "spec", "backup", name) is not None:
            yield Method(name)


def method_of(cluster: Object, label: str, wanted: str | None = None) -> Method:
    """The method that is asked for, else the likeliest. Raises Refused where the Cluster is not set up for it."""
    known = [*methods_of(cluster)]
    found = next((one for one in known if wanted in {None, one.name}), None)
    if found is not None:
        return found
    if wanted is None:
        raise Refused(
            f"{label} is not set up for backups: it has no plugin and no spec.backup. schedule_postgres_backups sets "
            f"it up, with destination_path and credentials_secret, or object_store"
        )
    needs = {
        PLUGIN: "a plugin in spec.plugins: name object_store, or destination_path",
        IN_TREE: f"spec.backup.{IN_TREE}, which CloudNativePG 1.31 removes: use method 'plugin'",
        SNAPSHOT: f"spec.backup.{SNAPSHOT} with a className: set it with update_postgres_object first",
    }
    has = f"; it has: {', '.join(map(str, known))}" if known else ""
    raise Refused(f"method: {wanted!r} needs {needs[wanted]}. {label} has none{has}")

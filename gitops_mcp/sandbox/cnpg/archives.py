"""The object stores of the sandbox: which archive holds what, and whether a Cluster can be restored from one.

There are no files. An archive is known by its place and its name, as a bucket knows it: two Clusters that write to the
same one meet there. It outlives its Cluster, with what PostgreSQL held.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339, parse_time
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.cnpg.postgres import Postgres

PLUGIN = "barman-cloud.cloudnative-pg.io"
NOT_EMPTY = "Expected empty archive"
NO_BACKUP = "no target backup found"
Key = tuple[str, str]
"""Where it lies, and its name there."""
Stores = Mapping[tuple[str, str], Object]
"""ObjectStores by namespace and name."""


@dataclass
class StoredArchive:
    owner: str
    """The uid of the Cluster that began it."""
    until: datetime
    """The last WAL in it."""
    backups: dict[str, datetime] = field(default_factory=dict)
    """When each base backup ended, by its id."""
    inside: Postgres | None = None


class Archives:
    def __init__(self) -> None:
        self._kept: dict[Key, StoredArchive] = {}

    def write(self, cluster: Object, stores: Stores, inside: Postgres | None, now: datetime) -> str:
        """WAL up to now; why that fails, where it does."""
        key = _own_key(cluster, stores)
        if key is None:
            return ""
        kept = self._kept.setdefault(key, StoredArchive(cluster["metadata"]["uid"], now))
        if kept.owner != cluster["metadata"]["uid"]:
            return "unexpected failure invoking barman-cloud-wal-archive: exit status 1"
        kept.until, kept.inside = now, inside or kept.inside
        return ""

    def add_backup(self, cluster: Object, stores: Stores, now: datetime) -> str | None:
        """The id of a base backup that ended now; None where its archive is another Cluster's."""
        key = _own_key(cluster, stores)
        if key is None or self.write(cluster, stores, None, now):
            return None
        self._kept[key].backups[name := f"{now:%Y%m%dT%H%M%S}"] = now
        return name

    def window(self, cluster: Object, stores: Stores) -> Object | None:
        """As the plugin writes it into its ObjectStore, and the operator into the Cluster's status."""
        kept = self._kept.get(_own_key(cluster, stores) or ("", ""))
        if kept is None or not kept.backups:
            return None
        ends = sorted(kept.backups.values())
        return {"first": format_rfc3339(ends[0]), "last": format_rfc3339(ends[-1])}

    def why_not_restored(
        self, cluster: Object, stores: Stores, backups: Iterable[Object], alive: Container[str]
    ) -> str | None:
        """What its job would say, in the order in which the real one looks; None where it succeeds.

        `alive`: the uids of the Clusters that are there.
        """
        recovery = cluster["spec"]["bootstrap"]["recovery"]
        own = self._kept.get(_own_key(cluster, stores) or ("", ""))
        if own is not None and own.owner != cluster["metadata"]["uid"]:
            return NOT_EMPTY
        known = {one["metadata"]["name"]: one for one in backups}
        if snapshot := at(recovery, "volumeSnapshots", "storage", "name"):
            return None if _snapshot_taken(known.values(), snapshot) else f'volumesnapshots "{snapshot}" not found'
        if name := at(recovery, "backup", "name"):
            if at(known.get(name), "status", "phase") != "completed":
                return f'backups.postgresql.cnpg.io "{name}" not found'
            return None
        archive = self._kept.get(self._source_key(cluster, stores) or ("", ""))
        if archive is None:
            return NO_BACKUP
        until = datetime.now(UTC) if archive.owner in alive else archive.until
        return _why_not_reached(archive, at(recovery, "recoveryTarget") or {}, until)

    def restored(self, cluster: Object, stores: Stores, backups: Iterable[Object]) -> Postgres | None:
        """What is inside a Cluster that comes from a backup."""
        recovery = at(cluster, "spec", "bootstrap", "recovery")
        if recovery is None:
            return None
        kept = self._kept.get(self._source_key(cluster, stores) or ("", ""))
        if kept is None and (name := at(recovery, "backup", "name")):
            source = next(
                (at(one, "spec", "cluster", "name") for one in backups if one["metadata"]["name"] == name), None
            )
            kept = next((one for key, one in self._kept.items() if key[1] == source), None)
        return deepcopy(kept.inside) if kept is not None else None

    def _source_key(self, cluster: Object, stores: Stores) -> Key | None:
        source = at(cluster, "spec", "bootstrap", "recovery", "source")
        for one in at(cluster, "spec", "externalClusters") or ():
            if one["name"] == source:
                parameters = at(one, "plugin", "parameters") or {}
                if own := one.get("barmanObjectStore"):
                    return _place(own), own.get("serverName") or one["name"]
                store = stores.get((cluster["metadata"]["namespace"], parameters.get("barmanObjectName", "")))
                server = parameters.get("serverName") or cluster["metadata"]["name"]
                return (_place(store["spec"]["configuration"]), server) if store else None
        return None


def _own_key(cluster: Object, stores: Stores) -> Key | None:
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    for one in at(cluster, "spec", "plugins") or ():
        store = stores.get((namespace, at(one, "parameters", "barmanObjectName") or ""))
        if one["name"] == PLUGIN and one.get("enabled", True) and store is not None:
            return _place(store["spec"]["configuration"]), at(one, "parameters", "serverName") or name
    own = at(cluster, "spec", "backup", "barmanObjectStore")
    return (_place(own), own.get("serverName") or name) if own else None


def own_archive(cluster: Object) -> tuple[str | None, str]:
    """The ObjectStore that the plugin's entry names, and the archive's name in it."""
    for one in at(cluster, "spec", "plugins") or ():
        if one["name"] == PLUGIN and one.get("enabled", True):
            parameters = one.get("parameters") or {}
            return parameters.get("barmanObjectName"), parameters.get("serverName") or cluster["metadata"]["name"]
    return None, cluster["metadata"]["name"]


def _place(configuration: Object) -> str:
    return f"{configuration.get('endpointURL', '')} {configuration['destinationPath'].rstrip('/')}"


def _snapshot_taken(backups: Iterable[Object], snapshot: str) -> bool:
    return any(
        at(one, "status", "phase") == "completed" and at(element, "name") == snapshot
        for one in backups
        for element in at(one, "status", "snapshotBackupStatus", "elements") or ()
    )


def _why_not_reached(archive: StoredArchive, target: Object, archived: datetime) -> str | None:
    if wanted := target.get("backupID"):
        return None if wanted in archive.backups else NO_BACKUP
    until = parse_time(target.get("targetTime"))
    if not [end for end in archive.backups.values() if until is None or end.replace(microsecond=0) <= until]:
        return NO_BACKUP
    if until is not None and until > archived:
        return "recovery ended before configured recovery target was reached"
    return None

"""What a Cluster is restored from: its last manifest, its archive, and the backups that are known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.backups.archive import (
    SNAPSHOT,
    Archive,
    archive_of,
    archiving_stopped,
    is_usable,
    window_of,
)
from gitops_mcp.domain.cnpg.backups.recovery_target import (
    Span,
    Target,
    base_backup,
    check_usable,
    find_backup,
    is_backup_id,
)
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339, parse_time
from gitops_mcp.domain.cnpg.status.backups import BARMAN_PLUGIN, IN_TREE, backup_method
from gitops_mcp.domain.names import ClusterRef, quote, suggest
from gitops_mcp.domain.objects import Object, at, list_at, mapping_at, text_at
from gitops_mcp.errors import InvalidRequest, NotFound, Refused


@dataclass(frozen=True)
class RestoreSource:
    ref: ClusterRef
    spec: Object | None
    """Its spec as it was last said; None: nothing tells it."""
    told_by: str
    """`Git`, `the live Cluster`, or the commit that said it last."""
    archive: Archive | None
    live: Object | None = None
    stores: tuple[Object, ...] | None = None
    """The live ObjectStores of the namespace; None: they could not be read."""
    declared_stores: Mapping[str, Object] | None = None
    backups: tuple[Object, ...] | None = None
    """Its Backup objects; None: they could not be read."""
    unread: str = ""

    @property
    def usable(self) -> list[Object]:
        """Those whose base backup lies in the archive."""
        archive, own = self.archive, archive_of({"metadata": {"name": self.ref.name}, "spec": self.spec or {}})
        if archive is None:
            return []
        is_own = archive.server == (own.server if own else self.ref.name)  # a plugin's Backup does not say its archive
        return [
            one
            for one in self.backups or ()
            if is_usable(one, archive) and (is_own or at(one, "status", "serverName") == archive.server)
        ]

    @property
    def store_known(self) -> bool:
        name = self.archive.store if self.archive else ""
        live = [str(at(one, "metadata", "name")) for one in self.stores or ()]
        return name in {*live, *(self.declared_stores or ())}


def archive_to_restore(
    spec: Object | None, ref: ClusterRef, *, from_store: str | None, server_name: str | None, needed: bool
) -> Archive | None:
    """As it is named, else as the manifest has it. Raises where neither tells it, or another plugin's is meant.

    `needed`: nothing else will do, such as VolumeSnapshots.
    """
    told = archive_of({"metadata": {"name": ref.name}, "spec": spec}) if spec is not None else None
    if from_store is not None:
        same = told if told and told.store == from_store else None
        server = server_name or (same.server if same else ref.name if spec is not None else None)
        if server is None:
            raise InvalidRequest(
                f"server_name: no manifest of Cluster {ref} is known, so nothing says what its archive in ObjectStore "
                f"{from_store} is called: name it, which is the Cluster's name unless somebody chose another"
            )
        return Archive(BARMAN_PLUGIN, from_store, server)
    if told is not None and told.by not in {BARMAN_PLUGIN, IN_TREE}:
        if not needed:
            return None
        raise Refused(
            f"Cluster {ref} archives by plugin {told.by}, whose parameters for a restore are not known here: restore a "
            f"VolumeSnapshot (target='backup'), or follow that plugin's manual"
        )
    if told is not None and server_name is not None:
        return Archive(told.by, told.store, server_name)
    return told


def span_of(source: RestoreSource) -> Span | None:
    """None where it could not be read. Raises Refused for a source without backups."""
    archive = source.archive
    if archive is None or (archive.store and source.stores is None):
        return None
    live = _live_of(source, archive)
    where = (
        f"ObjectStore {archive.store} (server {archive.server})" if archive.store else f"the archive {archive.server}"
    )
    first, newest = _times_of_store(source, archive) if archive.store else _times_of_status(live)
    ends = sorted(end for one in source.usable if (end := parse_time(at(one, "status", "stoppedAt"))) is not None)
    first, newest = first or (ends[0] if ends else None), newest or (ends[-1] if ends else None)
    if first is None and newest is None:
        if (archive.store or live is not None) and source.backups is not None:
            raise Refused(
                f"{where} holds no backup that is known, so Cluster {source.ref} cannot be restored from it"
                f"{_other_servers(source, archive)}: list_postgres_backups says what there is"
            )
        return None
    stopped = archiving_stopped(live)
    if stopped is not None:
        return Span(where, first, stopped, "since then no WAL reaches the archive", newest)
    if live is None:
        return Span(where, first, newest, "", newest)
    return Span(where, first, None, "", newest)


def _times_of_store(source: RestoreSource, archive: Archive) -> tuple[datetime | None, datetime | None]:
    found = window_of(source.stores or (), source.ref.namespace, archive.store, archive.server)
    if source.stores is not None and found is None and not source.store_known:
        names = [str(at(one, "metadata", "name")) for one in source.stores]
        raise NotFound(
            f"from_store: namespace {source.ref.namespace} has no ObjectStore {quote(archive.store)}; "
            f"{suggest(archive.store, names)}"
        )
    return parse_time(at(found, "firstRecoverabilityPoint")), parse_time(at(found, "lastSuccessfulBackupTime"))


def _live_of(source: RestoreSource, archive: Archive) -> Object | None:
    """The live Cluster where it writes to that archive: of any other one its status says nothing."""
    own = archive_of(source.live or {})
    return source.live if own and (own.store, own.server) == (archive.store, archive.server) else None


def _times_of_status(live: Object | None) -> tuple[datetime | None, datetime | None]:
    status = mapping_at(live, "status")
    by_method = mapping_at(status, "firstRecoverabilityPointByMethod")
    first = text_at(by_method, IN_TREE) if by_method else text_at(status, "firstRecoverabilityPoint")
    return parse_time(first), parse_time(at(status, "lastSuccessfulBackup"))


def _other_servers(source: RestoreSource, archive: Archive) -> str:
    store = next((one for one in source.stores or () if at(one, "metadata", "name") == archive.store), None)
    names = [name for name in mapping_at(store, "status", "serverRecoveryWindow") if name != archive.server]
    return f" (servers with backups there: {', '.join(sorted(names)[:8])}; name one as server_name)" if names else ""


@dataclass(frozen=True)
class Recovery:
    """`spec.bootstrap.recovery` without database and owner, and what it refers to."""

    spec: Object
    external: Object | None
    major: int | None = None
    """Of the backup that it begins with, where that is known."""
    body: str = ""


def recovery_of(source: RestoreSource, target: Target) -> Recovery:
    """Raises where the backup that is meant is not there, or not done."""
    if target.kind == "backup":
        return _of_backup(source, target)
    if source.archive is None:
        raise Refused(
            f"Cluster {source.ref} has no archive: from_store and server_name name one; with VolumeSnapshots say "
            f"target='backup' and the Backup's name"
        )
    point: Object = {}
    base = base_backup(source.usable, target)
    match target.kind:
        case "time":
            point = {"targetTime": target.value}
        case "lsn":
            point = {"targetLSN": target.value}
        case "restore_point":
            wanted = text_at(base, "status", "backupId")
            if wanted is None:
                raise Refused(
                    "target: a restore point says nothing of its time, so the backup to begin with has to be known, "
                    "and no completed Backup could be read: say target='time' or 'latest'"
                )
            point = {"targetName": target.value, "backupID": wanted}
    more = {"recoveryTarget": point} if point else {}
    major = at(base, "status", "majorVersion")
    return Recovery({"source": source.ref.name, **more}, _external(source), major if isinstance(major, int) else None)


def _external(source: RestoreSource) -> Object | None:
    archive = source.archive
    if archive is None:
        return None
    if archive.by == IN_TREE:
        own = mapping_at(source.spec, "backup", IN_TREE)
        return {"name": source.ref.name, IN_TREE: {**own, "serverName": archive.server}}
    parameters = {"barmanObjectName": archive.store, "serverName": archive.server}
    return {"name": source.ref.name, "plugin": {"name": archive.by, "parameters": parameters}}


def _of_backup(source: RestoreSource, target: Target) -> Recovery:
    found = find_backup(source.backups or (), target.value)
    if found is None:
        if source.archive is not None and is_backup_id(target.value):
            point = {"backupID": target.value, "targetImmediate": True}
            return Recovery({"source": source.ref.name, "recoveryTarget": point}, _external(source))
        names = [str(at(one, "metadata", "name")) for one in source.backups or ()]
        raise NotFound(
            f"target_value: no Backup {quote(target.value)} of Cluster {source.ref}; {suggest(target.value, names)}"
        )
    check_usable(found)
    major = at(found, "status", "majorVersion")
    known = major if isinstance(major, int) else None
    if backup_method(found) == SNAPSHOT:
        return Recovery(*_of_snapshots(source, found), known)
    if source.archive is None:
        raise Refused(
            f"target_value: Backup {target.value} lies in an archive that nothing names: say from_store and server_name"
        )
    wanted = text_at(found, "status", "backupId")
    if wanted is None:
        raise Refused(f"target_value: Backup {target.value} says no backupId, by which the archive knows it")
    point = {"backupID": wanted, "targetImmediate": True}
    ended = parse_time(at(found, "status", "stoppedAt"))
    body = f"as the data was when Backup {at(found, 'metadata', 'name')} ended" + (
        f", {format_rfc3339(ended)}" if ended else ""
    )
    if source.archive.by == IN_TREE and backup_method(found) == IN_TREE:
        reference = {"name": at(found, "metadata", "name")}
        return Recovery({"backup": reference, "recoveryTarget": point}, None, known, body)
    return Recovery({"source": source.ref.name, "recoveryTarget": point}, _external(source), known, body)


def _of_snapshots(source: RestoreSource, backup: Object) -> tuple[Object, Object | None]:
    """The volumes of it; one that was taken while PostgreSQL ran needs the WAL of that time from the archive."""
    name = at(backup, "metadata", "name")
    elements = list_at(backup, "status", "snapshotBackupStatus", "elements")
    by_type = {str(at(one, "type")): one for one in elements if at(one, "type") != "PG_TABLESPACE"}
    if "PG_DATA" not in by_type:
        raise Refused(f"target_value: Backup {name} names no VolumeSnapshot of the data")
    volumes: Object = {"storage": _snapshot(by_type["PG_DATA"])}
    if "PG_WAL" in by_type:
        volumes["walStorage"] = _snapshot(by_type["PG_WAL"])
    spaces = {str(at(one, "tablespaceName")): _snapshot(one) for one in elements if at(one, "type") == "PG_TABLESPACE"}
    if spaces:
        volumes["tablespaceStorage"] = spaces
    is_online = at(backup, "status", "online") is not False
    if is_online and source.archive is None:
        raise Refused(
            f"target_value: Backup {name} was taken while PostgreSQL ran, so its VolumeSnapshots need the WAL of that "
            f"time, and no archive is known: say from_store and server_name"
        )
    if not is_online:
        return {"volumeSnapshots": volumes}, None
    point = {"targetImmediate": True}
    return {"source": source.ref.name, "volumeSnapshots": volumes, "recoveryTarget": point}, _external(source)


def _snapshot(element: Object) -> Object:
    return {"name": at(element, "name"), "kind": "VolumeSnapshot", "apiGroup": "snapshot.storage.k8s.io"}


def taken_servers(stores: Iterable[Object], archive: Archive, namespace: str) -> set[str]:
    """The archives that an ObjectStore says it holds."""
    return {
        server
        for one in stores
        if (at(one, "metadata", "namespace"), at(one, "metadata", "name")) == (namespace, archive.store)
        for server in mapping_at(one, "status", "serverRecoveryWindow")
    }


def running_image(source: RestoreSource) -> Object:
    """What a source runs whose manifest leaves it to the operator, whose default may be of another major by now."""
    image = text_at(source.live, "status", "image") or text_at(source.live, "spec", "imageName")
    return {"imageName": image} if image else {}


def told_spec(source: RestoreSource) -> str:
    if source.told_by:
        return f"its spec is that of {source.told_by}"
    return "the source's spec is not known, so only what was asked for is declared"

"""Whether a Cluster that is lost could be made again from a backup, by what the API says.

Backups and entries of an ObjectStore outlive their Cluster, so what is older than this one is of another of its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_mcp.domain.cnpg.notation.moment import parse_time
from gitops_mcp.domain.cnpg.status.backups import FAILED, IN_TREE, RUNNING, archiver, backup_method, restore_windows
from gitops_mcp.domain.cnpg.status.reconciled import objects_of_cluster
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object, at, list_at, text_at

SNAPSHOT = "volumeSnapshot"
_PHASES = frozenset({"pending", "completed", *RUNNING, *FAILED})
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Restorable:
    ref: ClusterRef
    sources: tuple[str, ...] = ()
    """What it could be made again from."""
    why_not: str = ""
    unread: str = ""
    """What could not be read, where that leaves it open."""

    def __str__(self) -> str:
        if self.sources:
            return f"Cluster {self.ref} can be restored from {' and '.join(self.sources)}"
        if self.unread:
            return f"whether Cluster {self.ref} could be restored from a backup is not known: {self.unread}"
        return f"there is no backup that Cluster {self.ref} could be restored from: {self.why_not}"


def restorable(
    ref: ClusterRef,
    live: Object,
    backups: Iterable[Object],
    stores: Iterable[Object],
    *,
    now: datetime,
    deleted: bool = False,
    unread: str = "",
) -> Restorable:
    """`backups` and `stores`: those of the namespace that could be read; `unread`: why others could not be.

    `deleted`: as it will be once the Cluster is, with what it owns.
    """
    since = _since(live)
    own = own_backups(live, backups)
    done = [one for one in own if at(one, "status", "phase") == "completed"]
    stored = [one for one in done if backup_method(one) != SNAPSHOT]
    archived = [*_windows(live, stores, since, now)] or [*_newest(stored, "Backup")]
    whole = [one for one in done if _is_whole_snapshot(live, one)]
    snapshots = _newest(whole, "the VolumeSnapshots of Backup")
    gone = deleted and _owner_of_snapshots(live, done)
    sources = (*archived, *(() if gone else snapshots))
    return Restorable(ref, sources) if sources else Restorable(ref, (), _why_not(live, own, gone=gone), unread)


def own_backups(live: Object, backups: Iterable[Object]) -> list[Object]:
    """Those of this Cluster, and none of an older one of its name."""
    return [one for one in objects_of_cluster(live, backups) if _ended(one) >= _since(live)]


def _since(live: Object) -> datetime:
    return parse_time(at(live, "metadata", "creationTimestamp")) or _EVER


def _windows(live: Object, stores: Iterable[Object], since: datetime, now: datetime) -> Iterator[str]:
    for window in restore_windows(live, stores, now=now):
        if window.first is None or window.store == IN_TREE:
            continue
        last = parse_time(window.last_success.at) if window.last_success else None
        if (last or parse_time(window.first.at) or _EVER) >= since:
            last_one = f", the last backup {window.last_success.age} ago" if window.last_success else ""
            yield f"ObjectStore {window.store} (server {window.server}), since {window.first.at}{last_one}"
    points = at(live, "status", "firstRecoverabilityPointByMethod")
    first = text_at(live, "status", "firstRecoverabilityPointByMethod", IN_TREE)
    if points is None:
        first = text_at(live, "status", "firstRecoverabilityPoint")
    if first is not None and parse_time(first) is not None:
        yield f"its archive in object storage, since {first}"


def _newest(backups: Iterable[Object], what: str) -> Iterator[str]:
    newest = max(backups, key=_ended, default=None)
    if newest is not None:
        when = text_at(newest, "status", "stoppedAt") or "an unknown time"
        yield f"{what} {at(newest, 'metadata', 'name')} of {when}"


def _is_whole_snapshot(live: Object, backup: Object) -> bool:
    """One that was taken while PostgreSQL ran needs the WAL of that time."""
    is_offline = at(backup, "status", "online") is False
    return backup_method(backup) == SNAPSHOT and (is_offline or archiver(live) is not None)


def _owner_of_snapshots(live: Object, done: Iterable[Object]) -> bool:
    """Whether the snapshots go with the Cluster: by spec.backup.volumeSnapshot.snapshotOwnerReference."""
    owner = at(live, "spec", "backup", SNAPSHOT, "snapshotOwnerReference")
    owners = (one for backup in done for one in list_at(backup, "metadata", "ownerReferences"))
    return owner == "cluster" or (owner == "backup" and any(at(one, "kind") == "Cluster" for one in owners))


def _why_not(live: Object, own: Iterable[Object], *, gone: bool) -> str:
    phases = sorted({text_at(one, "status", "phase") or "pending" for one in own} & _PHASES)
    by = archiver(live)
    without = f"{by} archives its WAL" if by else "nothing archives its WAL"
    some = f"no Backup of it can be used (there are some that are {', '.join(phases)})"
    known = some if phases else "it has no Backup"
    return f"{without}, and {'its VolumeSnapshots are deleted with it' if gone else known}"


def _ended(backup: Object) -> datetime:
    times = (("status", "stoppedAt"), ("status", "startedAt"), ("metadata", "creationTimestamp"))
    return next((found for path in times if (found := parse_time(at(backup, *path)))), _EVER)

"""The archive of a Cluster, where its WAL and base backups go, and the times that can be restored from it.

An archive is a folder of an object store: its name is `serverName`, by default that of the Cluster, without namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gitops_mcp.domain.cnpg.backups.restorable import Restorable, own_backups
from gitops_mcp.domain.cnpg.notation.moment import Moment, format_age, format_rfc3339, moment, parse_time
from gitops_mcp.domain.cnpg.status.backups import IN_TREE, archiver, backup_method, restore_windows
from gitops_mcp.domain.objects import Object, at, list_at, text_at

SNAPSHOT = "volumeSnapshot"


@dataclass(frozen=True)
class Archive:
    by: str
    """The name of a plugin, or `barmanObjectStore`."""
    store: str
    """The ObjectStore; "" for the object store in the Cluster's own spec, and of other plugins."""
    server: str


def archive_of(cluster: Object) -> Archive | None:
    """Where it writes its WAL to, else where it writes base backups to."""
    name = str(at(cluster, "metadata", "name"))
    enabled = [one for one in list_at(cluster, "spec", "plugins") if at(one, "enabled") is not False]
    for one in sorted(enabled, key=lambda one: at(one, "isWALArchiver") is not True):
        store = text_at(one, "parameters", "barmanObjectName") or ""
        if store or at(one, "isWALArchiver") is True:
            return Archive(str(at(one, "name")), store, text_at(one, "parameters", "serverName") or name)
    own = at(cluster, "spec", "backup", IN_TREE)
    return Archive(IN_TREE, "", text_at(own, "serverName") or name) if own else None


def window_of(stores: Iterable[Object], namespace: str, store: str, server: str) -> Object | None:
    """What an ObjectStore says of an archive; `{}` where it says nothing, None where there is no such ObjectStore."""
    for one in stores:
        if (at(one, "metadata", "namespace"), at(one, "metadata", "name")) == (namespace, store):
            return at(one, "status", "serverRecoveryWindow", server) or {}
    return None


def archiving_stopped(cluster: Object | None) -> datetime | None:
    """Since when no WAL reaches the archive; None while it does, or where nothing says otherwise."""
    for one in list_at(cluster, "status", "conditions"):
        if at(one, "type") == "ContinuousArchiving" and at(one, "status") == "False":
            return parse_time(at(one, "lastTransitionTime"))
    return None


def _archives(cluster: Object) -> bool:
    conditions = list_at(cluster, "status", "conditions")
    return any(at(one, "type") == "ContinuousArchiving" and at(one, "status") == "True" for one in conditions)


@dataclass(frozen=True)
class Recoverability:
    """The one verdict on the backups of a Cluster."""

    state: Literal["yes", "no", "unknown"]
    why: str
    first: Moment | None = None
    last: Moment | None = None
    """Until when; with `state` yes and none it is not known."""
    last_backup: Moment | None = None


def recoverability(
    found: Restorable, live: Object, backups: Iterable[Object], stores: Iterable[Object], *, now: datetime
) -> Recoverability:
    """`found`: from what it could be restored."""
    if not found.sources:
        return Recoverability("unknown" if found.unread else "no", str(found))
    done = [one for one in own_backups(live, backups) if at(one, "status", "phase") == "completed"]
    windows = restore_windows(live, stores, now=now)
    firsts = [one.first.at for one in windows if one.first] or [*_ends(done)]
    lasts = [*_ends(done), *(one.last_success.at for one in windows if one.last_success)]
    first, newest = (moment(one, now=now) for one in (min(firsts, default=None), max(lasts, default=None)))
    stopped = archiving_stopped(live)
    if archiver(live) is None:
        why = f"{found}: as it was when one of them was made, and at no time between, since nothing archives its WAL"
        return Recoverability("yes", why, first, newest, newest)
    if stopped is not None:
        last = Moment(format_rfc3339(stopped), format_age(stopped, now))
        return Recoverability(
            "yes", f"{found}: until {last.at}, since no WAL is archived since then", first, last, newest
        )
    if not _archives(live):
        why = f"{found}: until its last backup at least: nothing says whether WAL is archived since"
        return Recoverability("yes", why, first, newest, newest)
    why = f"{found}: any time until now, but for what is not archived yet (archive_timeout, by default 5 minutes)"
    return Recoverability("yes", why, first, Moment(format_rfc3339(now), "0s"), newest)


def _ends(done: Iterable[Object]) -> Iterator[str]:
    for one in done:
        ended = parse_time(at(one, "status", "stoppedAt"))
        if ended is not None:
            yield format_rfc3339(ended)


def is_usable(backup: Object, archive: Archive) -> bool:
    """Whether a Backup object tells of a base backup that lies whole in an archive."""
    if at(backup, "status", "phase") != "completed" or backup_method(backup) == SNAPSHOT:
        return False
    server = text_at(backup, "status", "serverName")
    return server in {None, archive.server}

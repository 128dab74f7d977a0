"""Backups: what is made by a schedule, once, and where it goes. None of it touches what runs, but for the sidecar."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.impact.level import Impact, Level, impact
from gitops_mcp.domain.objects import Object, at

_SIDECAR = (("instanceSidecarConfiguration",), ("configuration", "endpointCA"))
"""What is part of every pod that has the plugin's container."""


def schedule_impacts(before: Object | None, after: Object | None) -> Iterator[Impact]:
    if after is None:
        owned = at(before, "spec", "backupOwnerReference") == "self"
        stays = "its Backup objects go with it, and" if owned else "Backup objects and"
        yield impact(
            Level.NONE, f"no backup is made by this schedule any more; {stays} what is in object storage stays"
        )
    elif before is None:
        at_once = ", the first one at once" if at(after, "spec", "immediate") is True else ""
        yield impact(Level.NONE, f"backups are made by the schedule {at(after, 'spec', 'schedule')}{at_once}")
    elif at(after, "spec", "suspend") is True and at(before, "spec", "suspend") is not True:
        yield impact(Level.NONE, "spec.suspend: no backup is made until it is false again")
    elif at(before, "spec") != at(after, "spec"):
        yield impact(Level.NONE, "takes effect from the next backup on; nothing restarts")


def backup_impacts(before: Object | None, after: Object | None) -> Iterator[Impact]:
    if after is None:
        yield impact(Level.NONE, "the object goes; the backup in object storage stays, VolumeSnapshots that it owns go")
    elif before is None:
        yield impact(Level.NONE, "one backup is made, which loads the instance that it is taken from")


def store_impacts(before: Object | None, after: Object | None) -> Iterator[Impact]:
    if after is None:
        yield impact(
            Level.OUTAGE,
            "WAL archiving and backups of every Cluster that names this store fail, and WAL fills their volumes; what "
            "is stored stays",
        )
        return
    if before is None:
        yield impact(Level.NONE, "a place for backups; nothing uses it until a Cluster names it")
        return
    for path in _SIDECAR:
        if at(before, "spec", *path) != at(after, "spec", *path):
            text = "part of the pods of every Cluster that names this store, which are recreated"
            yield impact(Level.ROLLING_RESTART, f"spec.{'.'.join(path)}: {text}")
    if at(before, "spec", "retentionPolicy") != at(after, "spec", "retentionPolicy"):
        yield impact(Level.NONE, "spec.retentionPolicy: backups that are older are deleted from the store")
    old, new = ({**(at(one, "spec", "configuration") or {}), "endpointCA": None} for one in (before, after))
    if old != new:
        yield impact(
            Level.NONE, "spec.configuration: WAL and backups go by it from now on; what is elsewhere stays there"
        )

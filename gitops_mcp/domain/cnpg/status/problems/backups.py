"""Backups that failed or wait, and schedules that do not run as they were meant."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.status.backups import IN_TREE, Backup, Schedule
from gitops_mcp.domain.cnpg.status.conditions import LAST_BACKUP, find_condition
from gitops_mcp.domain.cnpg.status.problems.problem import Problem
from gitops_mcp.domain.cnpg.status.report import Status


def backup_problems(status: Status) -> Iterator[Problem]:
    last = find_condition(status.conditions, LAST_BACKUP)
    if last and last.status == "False" and last.reason == "LastBackupFailed":
        yield Problem(
            "critical",
            "last-backup-failed",
            "the last backup failed",
            "see the newest Backup object and the log of the instance it ran on",
            last.message,
        )
    if status.backups and status.backups.items and status.backups.items[0].failed:
        newest = status.backups.items[0]
        yield Problem(
            "warning",
            "backup-failed",
            f"the newest Backup {newest.name} ended as {newest.phase!r}",
            "correct what it names; the next one by schedule is a new object",
            newest.error,
        )
    unfinished = status.backups.unfinished if status.backups else ()
    for one in unfinished:
        if one.waits:
            yield _waiting_backup(status, one, next((other.name for other in unfinished if other.running), None))
    if status.schedules == () and status.backups is not None and status.backups.completed == 0:
        taken = any(one.last_success for one in status.windows or ())
        if not taken:
            yield Problem(
                "warning",
                "no-backup",
                "there is no backup and no ScheduledBackup",
                "schedule_postgres_backups adds a ScheduledBackup, of six fields such as '0 0 2 * * *'",
            )


def _waiting_backup(status: Status, backup: Backup, running: str | None) -> Problem:
    what = f"the Backup {backup.name} has waited for {backup.waits} and is not begun"
    if running:
        return Problem("info", "backup-waits", what, f"wait: the Backup {running} of this Cluster runs first")
    plugin = _missing_plugin(status) if backup.method == "plugin" else None
    if plugin:
        action = f"install the plugin {plugin} in the operator's namespace; without it no Backup of it ever begins"
    else:
        action = "see that the operator and the Backup's plugin run, and read the Backup's events"
    return Problem("warning", "backup-waits", what, action)


def _missing_plugin(status: Status) -> str | None:
    return next((one.name for one in status.plugins if one.version is None), None)


def _late_schedule(status: Status, schedule: Schedule) -> Problem:
    """The operator makes no new Backup while one of the same schedule is not done, however long that takes."""
    what = f"ScheduledBackup {schedule.name} should have run {schedule.late} ago and did not"
    unfinished = status.backups.unfinished if status.backups else ()
    before = next((one for one in unfinished if one.schedule == schedule.name), None)
    if before is None:
        return Problem("warning", "schedule-stands-still", what, "see that the operator runs, and read its log")
    if before.running:
        return Problem("info", "schedule-stands-still", what, f"wait: its Backup {before.name} still runs")
    action = f"mend what its Backup {before.name} waits for; or delete that Backup, and the schedule goes on"
    return Problem("warning", "schedule-stands-still", what, action)


def schedule_problems(status: Status) -> Iterator[Problem]:
    for one in status.schedules or ():
        if one.with_seconds:
            yield Problem(
                "warning",
                "five-field-schedule",
                f"ScheduledBackup {one.name} has five fields ({one.schedule!r}): the first is read as seconds, so that "
                f"it runs far too often",
                f"write six fields: '{one.with_seconds}'",
            )
        if one.error:
            yield Problem(
                "warning", "schedule-failing", f"ScheduledBackup {one.name} fails", "correct what it names", one.error
            )
        if one.late:
            yield _late_schedule(status, one)
        if one.suspended:
            yield Problem(
                "info", "schedule-suspended", f"ScheduledBackup {one.name} is suspended", "set suspend to false in Git"
            )
        if one.method == IN_TREE and status.archiver not in {None, IN_TREE}:
            yield Problem(
                "warning",
                "schedule-method",
                f"ScheduledBackup {one.name} uses method barmanObjectStore (the default), and the Cluster has none",
                "set method: plugin and pluginConfiguration.name in Git",
            )

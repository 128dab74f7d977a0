"""WAL archiving, and a restore that does not begin."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.cnpg.status.backups import IN_TREE
from gitops_mcp.domain.cnpg.status.conditions import ARCHIVING, NO_ARCHIVE, NOT_REPORTED, find_condition
from gitops_mcp.domain.cnpg.status.phase import NOT_EMPTY, RESTORE_STEP
from gitops_mcp.domain.cnpg.status.problems.problem import Problem
from gitops_mcp.domain.cnpg.status.report import Status


def restore_problems(status: Status) -> Iterator[Problem]:
    """The first instance does not come out of its backup; why not, the status never says."""
    failed = next((one for one in status.jobs or () if one.pod == "Failed" or one.waiting), None)
    if status.summary.restores and failed:
        what = f"the restore does not succeed: the pod {failed.name} is {failed.pod}"
        yield Problem("critical", "restore-failing", what, RESTORE_STEP, failed.waiting)


def archiving_problems(status: Status) -> Iterator[Problem]:
    condition = find_condition(status.conditions, ARCHIVING)
    claims = condition is not None and condition.status == NO_ARCHIVE
    if status.archiver is None:
        if not status.summary.replica_of:
            yield Problem(
                "warning",
                "no-archiver",
                "nothing archives WAL: this Cluster cannot be restored to a point in time"
                + (" (its condition ContinuousArchiving is True all the same)" if claims else ""),
                "schedule_postgres_backups sets an archive up: an ObjectStore, and a plugin with isWALArchiver",
            )
        return
    if condition and condition.status == "False" and "switchover in progress" in (condition.message or ""):
        yield Problem(
            "warning",
            "archiving-paused",
            "WAL archiving was refused while the primary changed, and nothing was archived since",
            "wait for the next WAL file (5 minutes in an idle Cluster); if it stays so, read the primary's log",
            condition.message,
        )
    elif condition and condition.status == "False":
        yield Problem(
            "critical",
            "archiving-failing",
            "WAL archiving fails: no restore to a point after it began, and WAL fills the volume (Ready says nothing "
            "of it)",
            f"read the primary's log: '{NOT_EMPTY}' says that the archive holds another Cluster's WAL: give this one a "
            f"serverName of its own; else check the object store's address, credentials and space",
            condition.message,
        )
    elif condition is None or condition.status == NOT_REPORTED:
        yield Problem(
            "warning",
            "archiving-unproven",
            f"{status.archiver} should archive WAL, and nothing shows yet that it works",
            "wait for the first archived segment; if it stays so, read the log of the plugin",
        )
    if status.archiver == IN_TREE:
        yield Problem(
            "warning",
            "in-tree-barman",
            "spec.backup.barmanObjectStore is deprecated and is to go with CloudNativePG 1.31",
            "migrate_postgres_backups moves it to the Barman Cloud plugin, before the operator is upgraded",
        )

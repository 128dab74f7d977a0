from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.notation.moment import Moment
from gitops_mcp.domain.cnpg.status.backups import schedules
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_backups_come_newest_first_with_a_count_of_the_rest() -> None:
    backups = tuple(cnpg.backup(f"b{day}", startedAt=f"2026-08-0{day}T00:00:00Z") for day in range(1, 9))
    seen = read(backups=(*backups, cnpg.backup("bad", "failed", error="disk full"))).backups
    assert seen is not None
    assert [one.name for one in seen.items] == ["bad", "b8", "b7", "b6", "b5"]
    assert (seen.more, seen.completed, seen.items[0].failed, seen.items[0].error) == (4, 8, True, "disk full")


def test_the_recovery_window_is_that_of_the_store_the_plugin_names() -> None:
    seen = read(object_stores=(cnpg.object_store(),)).windows
    assert seen is not None
    assert (seen[0].store, seen[0].server) == ("vault", "ledger")
    assert seen[0].first == Moment("2026-08-02T00:04:00Z", "30d")
    assert (seen[0].last_success, seen[0].last_failure) == (Moment("2026-09-01T00:04:00Z", "11h"), None)
    assert read(object_stores=()).windows == ()


def test_the_window_of_the_in_tree_way_is_in_the_cluster() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["spec"] |= {"plugins": [], "backup": {"barmanObjectStore": {"serverName": "old"}}}
    cluster["status"]["firstRecoverabilityPoint"] = "2026-08-31T12:00:00Z"
    seen = read(cluster, object_stores=())
    assert seen.archiver == "barmanObjectStore"
    assert seen.windows is not None
    assert (seen.windows[0].server, seen.windows[0].first) == ("old", Moment("2026-08-31T12:00:00Z", "24h"))


@pytest.mark.parametrize(
    ("schedule", "meant"),
    [
        ("0 2 * * *", "0 0 2 * * *"),
        ("0 0 2 * * *", None),
        ("@daily", None),
        ("@every 6h", None),
        ("30 2 * * 7", "0 30 2 * * 0"),
        ("", None),
    ],
)
def test_a_schedule_of_five_fields_is_told_with_the_one_that_was_meant(schedule: str, meant: str | None) -> None:
    (found,) = schedules(cnpg.healthy_cluster(), [cnpg.scheduled_backup(schedule)], now=NOW)
    assert found.with_seconds == meant

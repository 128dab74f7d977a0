from __future__ import annotations

from typing import Any

from gitops_mcp.domain.cnpg.notation.moment import Moment
from gitops_mcp.domain.cnpg.status.events import events
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_events_are_those_of_the_cluster_newest_first_with_a_count_of_the_rest() -> None:
    listed = [
        cnpg.event("ledger-1", "2026-09-01T11:00:00Z"),
        cnpg.event("ledger", "2026-09-01T11:30:00Z", kind="Cluster", type_="Warning"),
        cnpg.event("ledger-1-wal", "2026-09-01T10:00:00Z"),
        cnpg.event("ledger-4-join-abc", "2026-09-01T09:00:00Z"),
        cnpg.event("ledger-books", "2026-09-01T08:00:00Z", kind="Database"),
        cnpg.event("ledger-archive-1", "2026-09-01T12:00:00Z"),
        cnpg.event("other-1", "2026-09-01T12:00:00Z"),
    ]
    found = events(listed, cluster="ledger", others={"ledger-books"}, now=NOW, most=4)
    assert [one.object for one in found.items] == [
        "Cluster ledger",
        "Pod ledger-1",
        "Pod ledger-1-wal",
        "Pod ledger-4-join-abc",
    ]
    assert found.more == 1
    assert found.items[0].warning
    assert (found.items[0].last, found.items[0].count) == (Moment("2026-09-01T11:30:00Z", "30m"), 2)


def test_events_of_new_kinds_have_their_time_elsewhere_and_long_messages_are_cut() -> None:
    series = {"lastObservedTime": "2026-09-01T11:59:00.000000Z", "count": 9}
    new = cnpg.event("ledger-1", "", lastTimestamp=None, series=series, message="x" * 1000)
    (found,) = events([new], cluster="ledger", now=NOW).items
    assert (found.last, found.count) == (Moment("2026-09-01T11:59:00Z", "60s"), 9)
    assert found.message == "x" * 300 + "…"


def test_events_of_related_objects_are_found_by_their_names() -> None:
    listed = (cnpg.event("ledger-books", "2026-09-01T08:00:00Z", kind="Database"),)
    assert read(events=listed).events == events(listed, cluster="none-such", now=NOW)
    seen = read(events=listed, databases=(cnpg.database(),)).events
    assert seen is not None
    assert len(seen.items) == 1

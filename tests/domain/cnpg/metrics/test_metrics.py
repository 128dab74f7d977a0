"""What a person should read of each recorded page, and nothing of one that is healthy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.metrics.amounts import seconds_text, size_text
from gitops_mcp.domain.cnpg.metrics.fill import VolumeFill, volume_fills
from gitops_mcp.domain.cnpg.metrics.findings import Expected, metric_findings
from gitops_mcp.domain.cnpg.metrics.instance import InstanceMetrics
from gitops_mcp.domain.cnpg.metrics.samples import Samples, gather, read_page
from gitops_mcp.domain.cnpg.status.problems import Problem
from gitops_mcp.domain.cnpg.status.volumes import Volume
from gitops_mcp.domain.objects import Object
from tests.fakes.observed_logs import SOON
from tests.fakes.observed_metrics import PAGES, STATUSES, recorded_page, recorded_status

QUERY = "warning monitoring-query-failing"
OF_PAGES: dict[str, list[str]] = {
    "primary-after-backup": [QUERY],
    "primary-archive-failing": ["critical archiving-failing", QUERY],
    "primary-healthy": [],
    "primary-postgres-18": ["warning replica-missing"],
    "primary-replica-lags": ["warning replica-lags"],
    "primary-too-many-connections": ["critical not-collected"],
    "replica-fenced-up-still-1": ["warning fenced"],
    "replica-healthy": [],
    "replica-lagging": ["warning replica-lags"],
    "replica-postgres-down-fenced": ["warning fenced"],
}
OF_STATUSES: dict[str, list[str]] = {
    "archive-failing": ["critical archiving-failing"],
    "bad-parameter": [],
    "pending-restart": ["warning pending-restart"],
    "postgres-18": [],
    "postgres-down": ["critical maybe-down"],
    "primary": [],
    "primary-replica-lags": [],
    "replica": [],
    "replica-replay-paused": ["warning replay-paused"],
}


def findings(
    seen: InstanceMetrics, *volumes: VolumeFill, instances: int = 2, archiver: str | None = "x"
) -> list[Problem]:
    return metric_findings([seen], volumes, Expected(instances, archiver, SOON))


def page(text: str, *, healthy: bool = True, status: Object | None = None) -> InstanceMetrics:
    """A page of a primary with what a test says, instead of what a healthy one would."""
    own = "cnpg_collector_up 1\ncnpg_pg_replication_in_recovery 0\n" if healthy else ""
    return InstanceMetrics("db-1", read_page(f"{own}{text}\n".encode()), status or {})


@pytest.mark.parametrize("name", PAGES)
def test_of_each_recorded_page_is_told_what_a_person_should_read(name: str) -> None:
    seen = InstanceMetrics("shop-1", read_page(recorded_page(name)))
    found = findings(seen)
    assert [f"{one.severity} {one.id}" for one in found] == OF_PAGES[name]
    assert all(one.action for one in found)


@pytest.mark.parametrize("name", STATUSES)
def test_of_each_recorded_status_is_told_what_a_person_should_read(name: str) -> None:
    healthy = recorded_page("replica-healthy" if "replica" in name and "primary" not in name else "primary-healthy")
    found = findings(InstanceMetrics("shop-1", read_page(healthy), recorded_status(name)))
    assert [f"{one.severity} {one.id}" for one in found] == OF_STATUSES[name]


def test_a_fenced_instance_is_not_up_whatever_its_page_says() -> None:
    seen = InstanceMetrics("shop-2", read_page(recorded_page("replica-fenced-up-still-1")))
    assert seen.samples.value("collector_up") == 1
    assert (seen.fenced, seen.stale) == (True, "the instance is fenced, so its PostgreSQL is stopped")
    assert seen.collected == datetime(2026, 11, 29, 21, 53, 4, tzinfo=UTC)


def test_without_an_archive_what_counts_as_archived_says_nothing() -> None:
    seen = InstanceMetrics("shop-1", read_page(recorded_page("primary-archive-failing")))
    assert [one.id for one in findings(seen, archiver=None)] == ["monitoring-query-failing"]


TX = 'cnpg_backends_max_tx_duration_seconds{{application_name="a",datname="d",state="{}",usename="u"}} {}'


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('cnpg_backends_total 85\ncnpg_pg_settings_setting{name="max_connections"} 100', ["warning connections"]),
        ('cnpg_backends_total 96\ncnpg_pg_settings_setting{name="max_connections"} 100', ["critical connections"]),
        ('cnpg_backends_total 79\ncnpg_pg_settings_setting{name="max_connections"} 100', []),
        (TX.format("idle in transaction", 301), ["warning long-transaction"]),
        (TX.format("active", 301), []),
        (TX.format("active", 3601), ["warning long-transaction"]),
        ('cnpg_backends_max_tx_duration_seconds{usename="streaming_replica",state="active"} 99999', []),
        ("cnpg_backends_waiting_total 2", ["info lock-waits"]),
        ("cnpg_backends_waiting_total 5", ["warning lock-waits"]),
        ("cnpg_pg_replication_streaming_replicas 0", ["warning replica-missing"]),
        ('cnpg_pg_stat_replication_replay_diff_bytes{application_name="r"} 70000000', ["warning replica-lags"]),
        (
            (
                'cnpg_pg_stat_replication_replay_diff_bytes{application_name="r"} 0\n'
                'cnpg_pg_stat_replication_replay_lag_seconds{application_name="r"} 500'
            ),
            [],
        ),
        (
            'cnpg_pg_replication_slots_active{slot_name="s"} 0\ncnpg_pg_replication_slots_pg_wal_lsn_diff{slot_name="s"} 2e9',
            ["critical slot-keeps-wal"],
        ),
        (
            'cnpg_pg_replication_slots_active{slot_name="s"} 1\ncnpg_pg_replication_slots_pg_wal_lsn_diff{slot_name="s"} 2e9',
            [],
        ),
        ('cnpg_collector_pg_wal_archive_status{value="ready"} 12', ["warning archiving-behind"]),
        ('cnpg_pg_database_size_bytes{datname="d"} 1\ncnpg_pg_database_xid_age{datname="d"} 6e8', ["warning wraparound"]),
        ('cnpg_pg_database_size_bytes{datname="d"} 1\ncnpg_pg_database_xid_age{datname="d"} 2e9', ["critical wraparound"]),
        ("cnpg_pg_stat_database_blks_hit 5e5\ncnpg_pg_stat_database_blks_read 5e5", ["info cache"]),
        (
            'cnpg_collector_sync_replicas{value="expected"} 1\ncnpg_collector_sync_replicas{value="observed"} 0',
            ["critical synchronous-missing"],
        ),
        ("cnpg_collector_manual_switchover_required 1", ["warning switchover-required"]),
    ],
)  # fmt: skip
def test_a_value_beyond_its_bound_is_a_finding(text: str, found: list[str]) -> None:
    assert [f"{one.severity} {one.id}" for one in findings(page(text))] == found


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ({"isPrimary": True}, []),
        ({"isPrimary": True, "lastFailedWAL": ""}, []),
        ({"isPrimary": True, "lastFailedWAL": "000000010000000000000003"}, ["archiving-failing"]),
        ({"isPrimary": True, "isArchivingWAL": True, "lastFailedWAL": "000000010000000000000003"}, []),
    ],
)
def test_a_primary_that_has_not_archived_anything_yet_does_not_fail(status: Object, found: list[str]) -> None:
    assert [one.id for one in findings(page("", status=status))] == found


@pytest.mark.parametrize("value", ["+Inf", "-Inf", "NaN"])
@pytest.mark.parametrize("name", ["backends_waiting_total", 'collector_pg_wal_archive_status{value="ready"}'])
def test_what_is_no_finite_number_makes_no_finding(name: str, value: str) -> None:
    assert findings(page(f"cnpg_{name} {value}")) == []


def test_a_replica_that_receives_nothing_is_not_at_the_primarys_end() -> None:
    text = "cnpg_collector_up 1\ncnpg_pg_replication_in_recovery 1\ncnpg_pg_replication_is_wal_receiver_up 0\n"
    (one,) = findings(page(f"{text}cnpg_pg_replication_lag 0", healthy=False))
    assert one.id == "not-streaming"
    assert "its lag of 0.0 s means nothing" in one.what


def test_labels_are_read_as_they_are_escaped_and_no_number_is_none() -> None:
    text = r'cnpg_errors_total{errorUserQueries="a \"b\" \\ c\nd, e=\"f\""} 1'
    seen = page(f'{text}\ncnpg_collector_pg_wal{{value="slots_max"}} NaN\ncnpg_backends_total 3 1795987847000')
    assert seen.errors == ['a "b" \\ c\nd, e="f"']
    assert seen.samples.value("collector_pg_wal", value="slots_max") is None
    assert seen.connections == 3


def test_what_is_no_page_of_an_exporter_is_refused() -> None:
    for body in (b"", b"<html>log in</html>", b"go_goroutines 8\n"):
        with pytest.raises(ValueError, match="there is no metric of CloudNativePG on it"):
            read_page(body)


def test_of_many_series_the_first_are_kept() -> None:
    lines = "".join(f'cnpg_backends_total{{application_name="{number}"}} 1\n' for number in range(20_000))
    assert read_page(lines.encode()).total("backends_total") == 5_000


@given(st.binary(max_size=200))
def test_no_page_is_too_odd(body: bytes) -> None:
    read_page(b"cnpg_collector_up 1\ncnpg_backends_total{" + body)


def volume(name: str, role: str, capacity: str = "1Gi") -> Volume:
    return Volume(name, "db-1", role, None, "Bound", capacity, capacity, "standard", "healthy", None)


def test_how_full_a_volume_is_comes_from_the_kubelet_else_the_least_is_told() -> None:
    seen = page('cnpg_pg_database_size_bytes{datname="a"} 536870912\ncnpg_collector_pg_wal{value="size"} 402653184')
    (one,) = volume_fills([volume("db-1", "PG_DATA")], [seen], {})
    assert str(one) == "at least 88 %: 896 MiB of 1.0 GiB"
    assert [two.severity for two in findings(seen, one)] == ["warning"]
    data, wal = volume_fills([volume("db-1", "PG_DATA"), volume("db-1-wal", "PG_WAL")], [seen], {"db-1": (99.0, 100.0)})
    assert (str(data), str(wal)) == ("99 %: 99 B of 100 B", "at least 38 %: 384 MiB of 1.0 GiB")
    (full,) = findings(seen, data, wal)
    assert (full.severity, full.what) == ("critical", "volume db-1 is full to 99 %: 99 B of 100 B")
    data, space = volume_fills([volume("db-1", "PG_DATA"), volume("db-1-tbs-a", "PG_TABLESPACE")], [seen], None)
    assert {str(data), str(space)} == {"unknown, since only the kubelet knows it: configure metrics.prometheus"}


def test_amounts_are_told_in_units_that_people_use() -> None:
    assert [size_text(one) for one in (0, 1023, 1536, 10 << 20, 3 << 40)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "10 MiB",
        "3.0 TiB",
    ]
    assert [seconds_text(one) for one in (0, 59.6, 121, 7_300, 200_000)] == ["0.0 s", "60 s", "2.0 min", "2.0 h", "2 d"]


def test_only_what_is_read_is_kept() -> None:
    assert gather([("cnpg_other", {}, 1.0), ("cnpg_pg_settings_setting", {"name": "work_mem"}, 1.0)]) == Samples({})


def test_a_slot_of_which_nobody_knows_what_it_keeps_keeps_no_nan() -> None:
    (slot,) = page(
        'cnpg_pg_replication_slots_active{slot_name="s"} 0\ncnpg_pg_replication_slots_pg_wal_lsn_diff{slot_name="s"} NaN'
    ).slots
    assert (slot.active, slot.bytes) == (False, 0)


def test_what_an_instance_had_once_says_nothing_of_how_full_its_volume_is() -> None:
    size = 'cnpg_collector_up 0\ncnpg_pg_database_size_bytes{datname="a"} 1073741824'
    (one,) = volume_fills([volume("db-1", "PG_DATA")], [page(size, healthy=False)], {})
    assert one.used is None

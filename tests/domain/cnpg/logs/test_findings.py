"""What a person should read of each recorded situation, and nothing of what is normal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.logs.findings import log_findings
from gitops_mcp.domain.cnpg.logs.line import LogLine, read_line
from gitops_mcp.domain.cnpg.status.problems import Problem
from tests.fakes.observed_logs import SITUATIONS, SOON, recorded_log

LOGIN = "warning login-failing"
EXPECTED: dict[str, list[str]] = {
    "archive-not-empty": ["critical archive-not-empty"],
    "archiver-failing": ["critical archiver-missing"],
    "archiver-plugin-missing": ["critical archiver-missing"],
    "authentication": [LOGIN] * 9,
    "autovacuum": [],
    "backup-in-tree-and-archiving": ["info slow-statements"],
    "checkpoints": [],
    "crash-of-a-backend": ["critical crash"],
    "disk-full": ["critical disk-full"],
    "failover-new-primary": ["warning failover", "info replication-lost"],
    "failover-old-primary": ["critical archiving-failing", "warning failover", "warning replication-lost"],
    "fatal-too-many-connections": ["critical too-many-connections"],
    "fenced-postgres-stopped": ["warning fenced"],
    "healthy-running": [],
    "locks-and-deadlock": ["warning deadlock", "warning lock-waits"],
    "long-lines-shortened": [],
    "odd-bytes-and-multi-line": [LOGIN],
    "pgaudit": [],
    "pgbouncer-cannot-start": [],
    "postgres-18": [LOGIN, LOGIN, "info slow-statements"],
    "postgres-18-connections": [],
    "postgres-hangs": ["critical not-answering"],
    "reload-bad-parameter": ["critical parameters-refused"],
    "replication-lost": ["info replication-lost", "info temporary-files"],
    "restart-shutting-down-and-starting-up": ["warning operator-refused"],
    "restore-no-target-backup": ["critical restore-failing"],
    "restore-successful": [],
    "role-and-database-reconciliation": ["warning operator-refused"],
    "secrets-in-statements": ["info slow-statements"],
    "slow-statements": ["info slow-statements"],
    "sql-errors": [],
    "start-up-initdb": [],
    "start-up-join-and-replica": [],
    "start-up-primary": [],
    "temporary-files": ["info temporary-files"],
}


def findings(lines: list[LogLine]) -> list[Problem]:
    return log_findings(lines, now=SOON)


def of(situation: str) -> list[Problem]:
    return findings([read_line(one, pod="shop-1") for one in recorded_log(situation)])


def postgres(severity: str, code: str, message: str, **more: Any) -> LogLine:
    record = {"error_severity": severity, "sql_state_code": code, "message": message, **more}
    line = {"level": "info", "ts": "2026-11-29T22:00:00.123456789Z", "logger": "postgres", "record": record}
    return read_line(json.dumps(line), pod="db-1")


def manager(message: str, *, level: str = "info", logger: str = "instance-manager", **more: Any) -> LogLine:
    line = {"level": level, "ts": "2026-11-29T22:00:01Z", "logger": logger, "msg": message, **more}
    return read_line(json.dumps(line), pod="db-1")


@pytest.mark.parametrize("situation", SITUATIONS)
def test_of_each_recorded_situation_is_told_what_a_person_should_read(situation: str) -> None:
    found = of(situation)
    assert [f"{one.severity} {one.id}" for one in found] == EXPECTED[situation]
    assert all(one.action for one in found)


def test_why_a_login_fails_is_told_where_the_client_never_sees_it() -> None:
    told = "; ".join(one.what for one in of("authentication"))
    for why in (
        "'app' fail: the password is wrong (from 10.244.0.1; shop-1: 2 lines",
        "'nouser' fail: there is no such role",
        "'streaming_replica' fail: it has no password",
        "'reader' fail: its password has expired (from 10.244.0.1; shop-1: 2 lines",
    ):
        assert why in told
    assert of("authentication")[-1].what == "and 3 more roles or reasons for which logins fail"


def test_the_parameter_that_is_refused_is_named() -> None:
    (one,) = of("reload-bad-parameter")
    assert (one.detail or "").startswith('unrecognized configuration parameter "nosuch_param" in file')


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param(postgres("ERROR", "P0001", "Expected empty archive"), [], id="an application says it"),
        pytest.param(postgres("ERROR", "P0001", "FATAL 53300: x"), [], id="an application quotes a code"),
        pytest.param(postgres("ERROR", "XX001", "invalid page in block 3"), ["data-corrupted"], id="damaged"),
        pytest.param(postgres("ERROR", "53200", "out of memory"), ["out-of-memory"], id="memory"),
        pytest.param(
            postgres("WARNING", "01000", 'database "app" must be vacuumed within 9 transactions'),
            ["wraparound"],
            id="wraparound",
        ),
        pytest.param(
            postgres(
                "FATAL",
                "08P01",
                "could not receive data from WAL stream: ERROR:  requested WAL segment 0 has already been removed",
            ),
            ["wal-gone"],
            id="WAL gone",
        ),
        pytest.param(
            postgres("ERROR", "42501", "permission denied for table t", user_name="cnpg_metrics_exporter"),
            ["monitoring-query-failing"],
            id="a custom query",
        ),
        pytest.param(
            manager("failed to run wal-archive command", level="error", logger="wal-archive", error="exit status 1"),
            ["archiving-failing"],
            id="archiving",
        ),
        pytest.param(
            manager(
                "failed to run wal-archive command",
                level="error",
                logger="wal-archive",
                error="switchover in progress, refusing archiving",
            ),
            [],
            id="archiving while the primary changes",
        ),
        pytest.param(postgres("FATAL", "57P03", "the database system is starting up"), [], id="starting"),
        pytest.param(read_line("goroutine 1 [running]:", pod="db-1"), [], id="no JSON"),
    ],
)
def test_a_sign_is_one_by_who_says_it(line: LogLine, found: list[str]) -> None:
    assert [one.id for one in findings([line])] == found


def test_what_is_over_by_the_end_is_told_as_such_until_it_begins_anew() -> None:
    fails = manager("failed to run wal-archive command", level="error", logger="wal-archive", error="exit status 1")
    works = manager("Archived WAL file", logger="wal-archive")
    assert [one.severity for one in findings([works, fails])] == ["critical"]
    (one,) = findings([fails, works])
    assert (one.severity, "it was over" in one.what) == ("info", True)
    assert [one.severity for one in findings([fails, works, fails])] == ["critical"]

"""Parameters, judged as PostgreSQL 14 to 18 judged them: `postgres -c name=value -C name`, without extensions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitops_mcp.domain.cnpg.postgres.parameters import is_read_at_start, judge_parameter, nearly_parameter
from gitops_mcp.domain.cnpg.postgres.server_settings import MAJORS, is_known_extension, majors_with, settings_of

_ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "recorded" / "parameter-values.jsonl").read_text().splitlines()
]
"""A value each, and the majors that took it or refused it."""
VALUES = [
    (major, row["name"], row["value"], said == "accepted")
    for row in _ROWS
    for said in ("accepted", "refused")
    for major in row[said]
]
_NOT_DECIDED = {("io_method", "io_uring"): "where PostgreSQL was built", ("pg_stat_statements.max", "x"): "is loaded"}


def test_every_value_is_judged_as_postgresql_judged_it_or_not_decided_with_the_reason() -> None:
    wrong = []
    for major, name, value, accepted in VALUES:
        verdict = judge_parameter(name, value, major)
        reason = _NOT_DECIDED.get((name, value))
        is_right = verdict.accepted is accepted or (reason and verdict.accepted is None and reason in verdict.why)
        if not is_right or bool(verdict.why) == (verdict.accepted is True):
            wrong.append((major, name, value, verdict))
    assert (len(VALUES), wrong) == (1060, [])


@pytest.mark.parametrize(
    ("name", "value", "major", "why"),
    [
        pytest.param(
            "work_mem",
            "lots",
            16,
            "'lots' is not a number with B, kB, MB, GB or TB: use one such as '64kB'",
            id="a word",
        ),
        pytest.param("work_mem", "64mb", 16, "such as '64MB'", id="a unit in small letters"),
        pytest.param("statement_timeout", "5m", 18, "such as '5min'", id="minutes"),
        pytest.param(
            "statement_timeout", "1w", 18, "not a number with us, ms, s, min, h or d: use one such as '0'", id="weeks"
        ),
        pytest.param(
            "shared_buffers", "8kB", 18, "outside of 128kB to 8589934584kB: use one such as '128kB'", id="too little"
        ),
        pytest.param("max_connections", "9" * 5000, 18, "is not a number: use one such as '1'", id="without end"),
        pytest.param("max_connections", "08", 18, "is not a number", id="octal that is none"),
        pytest.param("max_connections", "0x", 18, "is not a number", id="hexadecimal without digits"),
        pytest.param("max_connections", "1e", 18, "is not a number", id="an exponent without a number"),
        pytest.param("max_connections", "inf", 18, "is not a number", id="infinity as an integer"),
        pytest.param("max_connections", "10 kB", 18, "is not a number", id="a unit where none is"),
        pytest.param(
            "autovacuum_vacuum_cost_delay", "200ms", 18, "outside of -1 to 100ms: use one such as '100ms'", id="a real"
        ),
        pytest.param("work_mem", "4MB 8kB", 18, "is not a number with", id="two sizes"),
        pytest.param("jit", "o", 18, "neither 'on' nor 'off'", id="half of a boolean"),
        pytest.param("wal_compression", "lz5", 18, "there are: pglz, on, off", id="no choice"),
        pytest.param("log_connections", "receipts", 18, "'receipts' does not exist", id="no word of a list"),
        pytest.param("server_version", "18", 18, "cannot be set in a file", id="what is only told"),
        pytest.param("transaction_read_only", "on", 18, "cannot be set in a file", id="what no file may set"),
        pytest.param("allow_alter_system", "on", 16, "it came with 17: leave it out", id="a newer one"),
        pytest.param("old_snapshot_threshold", "-1", 17, "it went with 17: leave it out", id="one that went"),
        pytest.param(
            "work_men", "4MB", 16, "PostgreSQL 16, which does not start with it; did you mean work_mem?", id="?"
        ),
        pytest.param("checkpoint_segments", "3", 14, "did you mean max_wal_size?", id="what took its place"),
        pytest.param("no_such", "1", 14, "does not start with it; leave it out", id="like none"),
        pytest.param("pg_stat_statements.mx", "1", 17, "did you mean pg_stat_statements.max?", id="of an extension"),
    ],
)
def test_a_refusal_says_what_would_work(name: str, value: str, major: int, why: str) -> None:
    verdict = judge_parameter(name, value, major)
    assert (verdict.accepted, why in verdict.why) == (False, True), verdict


@pytest.mark.parametrize(
    ("name", "value", "major"),
    [
        pytest.param("WORK_MEM", "4MB", 14, id="a name in capitals"),
        pytest.param("wal_level", "archive", 16, id="a choice that no list shows"),
        pytest.param("client_min_messages", "Info", 16, id="another, in another case"),
        pytest.param("wal_compression", "true", 18, id="a boolean for on"),
        pytest.param("wal_compression", "t", 14, id="a boolean before it had choices"),
        pytest.param("default_transaction_isolation", "repeatable read", 18, id="a choice of two words"),
        pytest.param("sort_mem", "4MB", 18, id="an old name"),
        pytest.param("force_parallel_mode", "on", 17, id="an old name that had a time of its own"),
        pytest.param("max_connections", "+0x40", 18, id="hexadecimal with a sign"),
        pytest.param("random_page_cost", "0x1.8p0", 18, id="a hexadecimal real"),
        pytest.param("work_mem", "1.1MB", 18, id="a fraction that counts to the next smaller unit"),
        pytest.param("timescaledb.max_background_workers", "x", 18, id="an extension that nobody knows here"),
        pytest.param("log_timezone", "<+03>-3", 18, id="a time zone by its offset"),
        pytest.param("log_connections", "receipt, all", 18, id="a list of words"),
        pytest.param("log_connections", "yes", 14, id="a boolean before it was a list"),
    ],
)
def test_what_postgresql_takes_is_taken(name: str, value: str, major: int) -> None:
    assert judge_parameter(name, value, major).accepted is True


@pytest.mark.parametrize(
    ("name", "value", "major", "why"),
    [
        pytest.param("wal_compression", "zstd", 15, "where PostgreSQL was built with it", id="of a build"),
        pytest.param("pg_stat_statements.track", "most", 15, "goes on without", id="judged by an extension"),
        pytest.param("max_connections", "262000", 17, "together with max_worker_processes", id="a sum"),
    ],
)
def test_what_only_a_server_can_tell_is_not_decided(name: str, value: str, major: int, why: str) -> None:
    verdict = judge_parameter(name, value, major)
    assert (verdict.accepted, why in verdict.why) == (None, True), verdict


def test_each_major_has_its_own_parameters() -> None:
    counts = [len([name for name in settings_of(major) if "." not in name]) for major in MAJORS]
    assert counts == [348, 355, 364, 380, 401]  # with the old names
    assert majors_with("summarize_wal") == [17, 18]
    assert (is_known_extension("pgaudit.x"), is_known_extension("pg.x")) == (True, False)
    one = settings_of(16)["maintenance_work_mem"]
    assert (one.context, one.kind, one.unit, one.least, one.most) == ("u", "i", "kB", 1024, 2147483647)


@pytest.mark.parametrize(
    ("key", "majors"),
    [
        pytest.param("shared_buffers", {13, 14, 17, 18, 19}, id="always"),
        pytest.param("SHARED_BUFFERS", {13, 14, 17, 18, 19}, id="in capitals"),
        pytest.param("wal_decode_buffer_size", {17, 18, 19}, id="since 15"),
        pytest.param("old_snapshot_threshold", {13, 14}, id="until 16"),
        pytest.param("autovacuum_max_workers", {13, 14, 17}, id="read again since 18"),
        pytest.param("pg_stat_statements.max", {13, 14, 17, 18, 19}, id="of an extension"),
        pytest.param("work_mem", set(), id="never"),
    ],
)
def test_whether_a_parameter_is_read_at_the_start_depends_on_the_major(key: str, majors: set[int]) -> None:
    assert {major for major in (13, 14, 17, 18, 19) if is_read_at_start(key, major)} == majors
    assert is_read_at_start(key, None) is bool(majors)


def test_a_name_that_is_nearly_a_parameter_of_any_major_is_told() -> None:
    names = ("shared_bufers", "Shared_Buffers", "a.shared_bufers", "tde_key")
    assert [nearly_parameter(name) for name in names] == ["shared_buffers", None, None, None]

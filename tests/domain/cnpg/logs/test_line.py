from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.logs.groups import group_lines
from gitops_mcp.domain.cnpg.logs.line import read_line
from gitops_mcp.domain.cnpg.logs.shown import shown_detail, shown_message
from tests.fakes.observed_logs import SITUATIONS, recorded_log


def test_the_severity_is_postgresqls_and_of_two_keys_the_first_speaks() -> None:
    record = '"record":{"error_severity":"PANIC","sql_state_code":"53100","message":"full"}'
    one = read_line(f'{{"level":"info","logger":"postgres","msg":"record",{record},"logger":"x"}}', pod="db-1")
    assert (one.level, one.word, one.code, one.raw) == ("error", "PANIC", "53100", "postgres PANIC 53100: full")
    one = read_line('{"level":"info","logger":"roles_reconciler","msg":"m","logger":"instance-manager"}', pod="p")
    assert one.raw == "roles_reconciler info : m"


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        pytest.param('{"level":"error","msg":"m","error":"e"}', "error", "m: e", id="the manager's own"),
        pytest.param(
            '{"level":"info","logger":"barman-cloud-wal-archive","msg":"2026-11-29 21:39:37,453 [9] ERROR: no"}',
            "error",
            "no",
            id="barman's text",
        ),
        pytest.param(
            '{"level":"info","logger":"barman-cloud-wal-restore",'
            '"msg":"2026-11-29 21:54:18,471 [3] ERROR: WAL file 00000002.history for server shop does not exist"}',
            "info",
            "WAL file 00000002.history for server shop does not exist",
            id="what every standby says",
        ),
        pytest.param(
            '{"record":{"error_severity":"FEHLER","sql_state_code":"42P01","message":"m"}}',
            "error",
            "m",
            id="in German",
        ),
        pytest.param(
            '{"record":{"error_severity":"LOG","sql_state_code":"42704","message":"m"}}',
            "info",
            "m",
            id="a code of a LOG",
        ),
        pytest.param("panic: runtime error", "error", "panic: runtime error", id="no JSON"),
        pytest.param('{"level":"info"', "info", '{"level":"info"', id="cut JSON"),
        pytest.param("[1,2]", "info", "[1,2]", id="another JSON"),
        pytest.param('{"record":{"error_severity":"LOG"}}', "info", "", id="not even a message"),
        pytest.param('{"ts":7,"level":null,"msg":["x"],"record":9}', "info", "['x']", id="other types"),
        pytest.param("[" * 100_000, "info", "[" * 300 + "…", id="deep"),
    ],
)
def test_every_line_is_one(line: str, level: str, text: str) -> None:
    one = read_line(line, pod="db-1")
    assert (one.level, one.text) == (level, text)


@given(st.text(max_size=300))
def test_no_line_is_too_odd(line: str) -> None:
    one = read_line(line, pod="db-1")
    assert one.text.isprintable()
    as_message = read_line(
        json.dumps({"record": {"message": line, "detail": line, "sql_state_code": "28P01"}}), pod="p"
    )
    assert as_message.text.isprintable()
    assert (as_message.detail or "").isprintable()


@pytest.mark.parametrize(
    ("code", "message", "shown"),
    [
        ("00000", "statement: alter role a password 'pw-1'", "statement: alter role a password ?"),
        (
            "00000",
            "duration: 3.1 ms  statement: select E'it\\'s pw', $$pw$$, $x$pw$x$, 4711 /* pw */ -- pw",
            "duration: 3.1 ms statement: select ?, ?, ?, ? ? ?",
        ),
        ("00000", "duration: 2 ms  execute p1: select $1, 'pw", "duration: 2 ms execute p1: select $1, ?"),
        ("00000", "duration: 9.9 ms  plan:\nQuery Text: select 'pw'\nResult  (cost=0.5)", "duration: 9.9 ms plan: Query Text: select ? Result (cost=?)"),
        ("00000", """statement: SELECT "it's" FROM "t_1" WHERE name = 'pw'""", 'statement: SELECT ? FROM "t_1" WHERE name = ?'),
        ("00000", """statement: SELECT 1 AS "a""'b" WHERE name = 'pw'""", 'statement: SELECT ? AS "a"? WHERE name = ?'),
        ("00000", "Anweisung: alter role a password 'it''s pw'", "Anweisung: alter role a password …"),
        ("00000", "instruction : alter role a password $x$pw$x$", "instruction : alter role a password …"),
        ("22P02", "ungültige Eingabesyntax für Typ integer: »pw«", "ungültige Eingabesyntax für Typ integer: …"),
        ("22P02", "syntaxe en entrée invalide pour le type integer : « pw »", "syntaxe en entrée invalide pour le type integer : …"),
        ("42601", "Syntaxfehler bei »pw»", "Syntaxfehler bei …"),
        ("42601", '语法错误 在 "pw" 或附近的', '语法错误 在 "…" 或附近的'),
        ("22003", 'value "4711" is out of range for type integer', 'value "…" is out of range for type integer'),
        ("38000", "Programm »curl -H pw« fehlgeschlagen", "Programm …"),
        ("23502", 'null value in column "a" of relation "t" violates', 'null value in column "a" of relation "t" violates'),
        ("22P02", 'invalid input syntax for type integer: "pw"', 'invalid input syntax for type integer: "…"'),
        ("42601", 'syntax error at or near "pw"', 'syntax error at or near "…"'),
        ("38000", 'program "curl -u admin:pw https://x" failed', 'program "…" failed'),
        ("P0001", "call it with -u admin:pw-2 now", "call it with … now"),
        ("", "LOG: x STATEMENT:  alter role a password 'pw'", "LOG: x STATEMENT: …"),
        ("42P01", 'relation "nowhere" does not exist', 'relation "nowhere" does not exist'),
    ],
)  # fmt: skip
def test_a_statement_is_shown_without_its_values(code: str, message: str, shown: str) -> None:
    assert shown_message(message, code) == shown


def test_a_code_is_no_longer_than_one_of_postgresql() -> None:
    one = read_line(json.dumps({"record": {"sql_state_code": "42P01" * 1000, "message": "m"}}), pod="db-1")
    assert one.code == "42P01"


def test_a_detail_is_shown_where_it_holds_no_row() -> None:
    assert shown_detail("Key (email)=(a@b) already exists.", "23505") is None
    assert shown_detail("Parameters: $1 = 'pw'", "00000") is None
    waits = "Process 1 waits for ShareLock on transaction 7; blocked by process 2."
    assert shown_detail(f"{waits}\nProcess 1: alter role a password 'pw'", "40P01") == waits
    assert shown_detail('User "a" has no password assigned.', "28P01") == 'User "a" has no password assigned.'


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_planted_secret_is_shown_or_found(situation: str) -> None:
    lines = [read_line(one, pod="shop-1") for one in recorded_log(situation)]
    told = "".join(f"{one.text}{one.detail}{one.user}{one.database}" for one in lines)
    assert "canary" not in told
    assert "Ignore previous instructions" not in told
    assert group_lines(lines, level="info", contains="canary") == []


def test_lines_that_differ_in_numbers_are_one_group_and_the_worst_comes_first() -> None:
    lines = [read_line(one, pod="shop-1") for one in recorded_log("fatal-too-many-connections")]
    (first, second) = group_lines(lines, level="error", contains=None)
    assert (first.count, second.count) == (1, 9)
    assert second.users == ("app", "cnpg_metrics_exporter")
    assert [one.newest.level for one in group_lines(lines, level="info", contains=None)][:2] == ["error", "error"]
    assert group_lines(lines, level="info", contains="FOR ROLE")[0].count == 1

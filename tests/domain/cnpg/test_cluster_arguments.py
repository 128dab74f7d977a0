from __future__ import annotations

from collections.abc import Callable

import pytest

from gitops_mcp.domain.cnpg.cluster_arguments import (
    FIXED_PARAMETERS,
    checked_first_database,
    checked_first_owner,
    checked_instances,
    checked_parameters,
    checked_storage_class,
    parse_flag,
)
from gitops_mcp.errors import InvalidRequest


def test_parameters_that_the_webhook_lets_pass_stay_as_given() -> None:
    given = {
        "max_connections": "200",
        "pg_stat_statements.max": "10000",
        "shared_buffers": "1.5 GB",
        "wal_level": "replica",
    }
    assert checked_parameters(given, instances=3) == given
    assert checked_parameters({"wal_level": "minimal", "wal_log_hints": "off"}, instances=1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"port": "5433"}, "port may not be set: the operator sets it itself", id="fixed"),
        pytest.param({"Archive_Command": "x"}, "may not be set: a backup plugin sets it", id="fixed in other case"),
        pytest.param({"max connections": "1"}, "'max connections' is not the name of a parameter", id="bad key"),
        pytest.param({"a.b.c": "1"}, "'a.b.c' is not the name", id="two points"),
        pytest.param(
            {"max_connections": 200}, "value of max_connections must be a string, such as .*'200'", id="number"
        ),
        pytest.param({"jit": True}, "value of jit must be a string, such as .*'true'", id="boolean"),
        pytest.param({"work_mem": "1\n2"}, "must be one line", id="two lines"),
        pytest.param({"wal_level": "logica"}, "wal_level 'logica' does not exist; there are: logical", id="wal_level"),
        pytest.param({"wal_level": "minimal"}, "one instance only", id="minimal with replicas"),
        pytest.param({"wal_log_hints": "OFF"}, "may not be off with more than one", id="hints off with replicas"),
        pytest.param({"shared_buffers": "25%"}, "not a size of PostgreSQL", id="shared_buffers"),
        pytest.param({"app.conninfo": "host=x password=y1"}, "looks as if it held a password", id="a password"),
        pytest.param({"shared_buffers": "512MB "}, "not a size of PostgreSQL", id="a blank at the end"),
        pytest.param({"shared_buffers": "\u0665MB"}, "not a size of PostgreSQL", id="digits of another script"),
        pytest.param({"shared_buffers": "1.5"}, "not a size of PostgreSQL", id="a fraction without a unit"),
        pytest.param({"wal_log_hints": "fal"}, "may not be off with more than one", id="a prefix of false"),
        pytest.param({"hot_standby_feedback": "maybe"}, "must be 'on' or 'off'", id="no boolean"),
    ],
)
def test_parameters_that_the_webhook_would_refuse_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^parameters: .*{message}"):
        checked_parameters(given, instances=3)


def test_the_list_of_fixed_parameters_is_that_of_the_operator() -> None:
    assert len(FIXED_PARAMETERS) == 64
    assert {"shared_preload_libraries", "ssl_passphrase_command", "pg_failover_slots.primary_dsn"} <= FIXED_PARAMETERS


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        pytest.param(True, True, id="a boolean"),
        pytest.param("ON", True, id="in capitals"),
        pytest.param("tru", True, id="a prefix of true"),
        pytest.param("ye", True, id="a prefix of yes"),
        pytest.param(1, True, id="a number"),
        pytest.param("n", False, id="one letter"),
        pytest.param("of", False, id="a prefix of off"),
        pytest.param("o", None, id="what on and off begin with"),
        pytest.param(" on", None, id="with a blank"),
        pytest.param("maybe", None, id="no boolean"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_a_flag_is_what_postgresql_takes_for_a_boolean(value: object, *, flag: bool | None) -> None:
    assert parse_flag(value) is flag


@pytest.mark.parametrize("name", ["app", "My_App", "shop-orders", "_x$1", "a" * 63])
def test_names_that_postgresql_keeps(name: str) -> None:
    assert checked_first_database(name) == checked_first_owner(name) == name


@pytest.mark.parametrize(
    ("check", "name"),
    [
        *(
            (check, name)
            for check in (checked_first_database, checked_first_owner)
            for name in ("", "1st", "-x", "a b", 'a"b', "a" * 64, "ä", "a\n", "postgres")
        ),
        *((checked_first_database, name) for name in ("template0", "template1")),
        *((checked_first_owner, name) for name in ("pg_monitor", "cnpg_pooler", "streaming_replica")),
        *((checked_storage_class, name) for name in ("", "Fast", "-fast", "a..b", "a" * 254, "fast\n")),
    ],
)
def test_names_that_are_taken_or_illegal_are_refused_with_one_that_works(
    check: Callable[[str], str], name: str
) -> None:
    with pytest.raises(InvalidRequest, match="such as"):
        check(name)


@pytest.mark.parametrize("count", [0, -1, 10, 10**9, "three", True, 1.0, None])
def test_a_number_of_instances_is_whole_and_within_the_limit(count: object) -> None:
    with pytest.raises(InvalidRequest, match="from 1 to 9, such as 3"):
        checked_instances(count, most=9)


def test_a_storage_class_is_a_dns_subdomain() -> None:
    assert checked_storage_class("csi.example-com") == "csi.example-com"
    assert checked_instances(9, most=9) == 9

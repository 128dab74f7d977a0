from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.notation.sql import checked_database_name, checked_role_name, checked_sql_name
from gitops_mcp.errors import InvalidRequest


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a", id="one letter"),
        pytest.param("1", id="a digit"),
        pytest.param("MyRole", id="upper case"),
        pytest.param("my role", id="a space"),
        pytest.param('o"brien', id="a double quote"),
        pytest.param("it's", id="a single quote"),
        pytest.param("my-role.v2; --", id="punctuation"),
        pytest.param("роль", id="Cyrillic"),
        pytest.param("角色", id="Chinese"),
        pytest.param("🐘", id="beyond the basic plane"),
        pytest.param("a" * 63, id="63 bytes"),
        pytest.param("é" * 31 + "a", id="63 bytes in 32 characters"),
    ],
)
def test_a_name_in_postgresql_is_any_text_up_to_63_bytes(name: str) -> None:
    assert checked_sql_name(name, field="role_name") == name
    assert checked_role_name(name) == name
    assert checked_database_name(name) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("", "owner: it is empty", id="empty"),
        pytest.param("a" * 64, "owner: it has 64 bytes in UTF-8", id="64 bytes"),
        pytest.param("é" * 32, "owner: it has 64 bytes in UTF-8", id="64 bytes in 32 characters"),
        pytest.param("a\x00b", "owner: it holds a control character", id="NUL"),
        pytest.param("a\nb", "owner: it holds a control character", id="line feed"),
        pytest.param("a\x7f", "owner: it holds a control character", id="DEL"),
        pytest.param("a\x85", "owner: it holds a control character", id="C1"),
        pytest.param("a\ud800", "owner: it holds a control character or half of a character", id="lone surrogate"),
    ],
)
def test_what_postgresql_refuses_or_cuts_is_refused(name: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked_sql_name(name, field="owner")
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize("name", ["postgres://app:hunter2@db/app", "password=hunter2"])
def test_a_name_that_holds_a_secret_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(InvalidRequest, match="role_name: it looks as if it held a password") as refused:
        checked_role_name(name)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["postgres", "streaming_replica", "pg_", "pg_read_all_data", "cnpg_pooler_pgbouncer", "public", "none"]
)
def test_a_reserved_role_cannot_be_managed(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"owner: '{name}' is reserved for PostgreSQL or the operator"):
        checked_role_name(name, field="owner")


@pytest.mark.parametrize("name", ["Postgres", "pgbouncer", "cnpg", "PG_admin", "Public"])
def test_a_name_that_only_looks_like_a_reserved_role_is_free(name: str) -> None:
    assert checked_role_name(name) == name


@pytest.mark.parametrize("name", ["postgres", "template0", "template1"])
def test_a_database_of_postgresql_itself_cannot_be_managed(name: str) -> None:
    with pytest.raises(InvalidRequest, match=f"database_name: '{name}' is PostgreSQL's own"):
        checked_database_name(name)


def test_databases_may_be_called_as_roles_may_not() -> None:
    assert checked_database_name("pg_stats") == "pg_stats"
    assert checked_database_name("streaming_replica") == "streaming_replica"

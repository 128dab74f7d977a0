from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg import role
from gitops_mcp.domain.cnpg.role import RoleAttributes
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.errors import InvalidRequest

FULL = RoleAttributes(
    login=True,
    superuser=True,
    inherit=False,
    createdb=True,
    createrole=True,
    replication=True,
    bypassrls=True,
    connection_limit=0,
    valid_until="2027-01-31T00:00:00Z",
    in_roles=("readers", "pg_monitor"),
    comment="of the night",
)
FULL_SPEC: Object = {
    "comment": "of the night",
    "login": True,
    "superuser": True,
    "createdb": True,
    "createrole": True,
    "inherit": False,
    "replication": True,
    "bypassrls": True,
    "connectionLimit": 0,
    "validUntil": "2027-01-31T00:00:00Z",
    "inRoles": ["readers", "pg_monitor"],
}


@pytest.mark.parametrize(
    ("attributes", "explicit", "spec"),
    [
        pytest.param(RoleAttributes(), False, {}, id="defaults of an object"),
        pytest.param(RoleAttributes(), True, {"inherit": True, "connectionLimit": -1}, id="defaults of an entry"),
        pytest.param(RoleAttributes(login=True), False, {"login": True}, id="one attribute"),
        pytest.param(FULL, False, FULL_SPEC, id="all, in an object"),
        pytest.param(FULL, True, FULL_SPEC, id="all, in an entry"),
    ],
)
def test_an_entry_of_the_list_says_the_defaults_that_the_crd_would_fill_in(
    attributes: RoleAttributes, explicit: bool, spec: Object
) -> None:
    made = attributes.spec(explicit=explicit)
    assert made == spec
    assert list(made) == list(spec)


@given(
    st.builds(
        RoleAttributes,
        connection_limit=st.integers(-1, role.CONNECTIONS_MOST),
        valid_until=st.none() | st.just("2027-01-31T00:00:00Z"),
        in_roles=st.lists(st.text(min_size=1)).map(tuple),
        comment=st.text(),
    ),
    st.booleans(),
)
def test_attributes_survive_being_written(attributes: RoleAttributes, explicit: bool) -> None:
    assert RoleAttributes.of(attributes.spec(explicit=explicit)) == attributes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("{name: app}", RoleAttributes(), id="nothing said"),
        pytest.param("{name: app, ensure: absent, login: true, inherit: null}", RoleAttributes(login=True), id="a null"),
        pytest.param("{validUntil: 2027-01-31T00:00:00Z}", replace(RoleAttributes(), valid_until="2027-01-31T00:00:00Z"), id="an unquoted time"),
        pytest.param("{inRoles: []}", RoleAttributes(), id="an empty list"),
        pytest.param("null", RoleAttributes(), id="no spec"),
    ],
)  # fmt: skip
def test_what_a_spec_does_not_say_is_the_default(text: str, expected: RoleAttributes) -> None:
    (found,) = parse_documents(text)
    assert RoleAttributes.of(found.value) == expected


def test_what_a_reviewer_has_to_see_is_told_with_what_it_allows() -> None:
    assert RoleAttributes(login=True, createdb=True).powers == ()
    assert FULL.powers == (
        "superuser: it may do everything, without any check of permissions",
        "createrole: it may make and change other roles",
        "replication: it may stream all data of the cluster and make backups of it",
        "bypassrls: it sees all rows, in spite of row-level security",
    )


def test_every_attribute_is_listed_with_its_value() -> None:
    assert RoleAttributes().listed() == (
        "comment: none",
        "login: false",
        "superuser: false",
        "createdb: false",
        "createrole: false",
        "inherit: true",
        "replication: false",
        "bypassrls: false",
        "connection_limit: -1",
        "valid_until: never",
        "in_roles: none",
    )
    assert FULL.listed()[0] == "comment: of the night"
    assert FULL.listed()[-3:] == (
        "connection_limit: 0",
        "valid_until: 2027-01-31T00:00:00Z",
        "in_roles: 'readers', 'pg_monitor'",
    )


def test_a_manifest_names_its_cluster_first() -> None:
    made = role.role_manifest("orders-app", "shop", "orders", {"name": "app", "login": True})
    assert yaml.safe_dump(made, sort_keys=False) == (
        "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata:\n  name: orders-app\n  namespace: shop\n"
        "spec:\n  cluster:\n    name: orders\n  name: app\n  login: true\n"
    )


@pytest.mark.parametrize("limit", [-1, 0, 1, 2**31 - 1])
def test_a_connection_limit_is_none_or_any_number(limit: int) -> None:
    assert role.checked_connection_limit(limit) == limit


@pytest.mark.parametrize("limit", [-2, 2**31])
def test_a_connection_limit_that_postgresql_does_not_take_is_refused(limit: int) -> None:
    with pytest.raises(InvalidRequest, match=f"connection_limit: {limit} is not a limit"):
        role.checked_connection_limit(limit)


@pytest.mark.parametrize(
    "instant",
    [
        "2027-01-31T00:00:00Z",
        "2027-01-31T00:00:00+02:00",
        "2027-01-31T00:00:00-11:30",
        "2027-01-31T00:00:00.5Z",
        "2027-01-31T00:00:00.123456789Z",
        "2028-02-29T23:59:59Z",
    ],
)
def test_a_time_of_rfc_3339_is_kept_as_it_is_given(instant: str) -> None:
    assert role.checked_valid_until(instant) == instant


@pytest.mark.parametrize(
    "instant",
    [
        pytest.param("", id="empty"),
        pytest.param("2027-01-31", id="no time"),
        pytest.param("2027-01-31T00:00:00", id="no zone"),
        pytest.param("2027-01-31 00:00:00Z", id="a space"),
        pytest.param("2027-02-29T00:00:00Z", id="no such day"),
        pytest.param("2027-01-31T25:00:00Z", id="no such hour"),
        pytest.param("2027-01-31T00:00:00+25:00", id="no such zone"),
        pytest.param("2027-01-31T00:00:00Z\n", id="a line feed behind it"),
        pytest.param("٢٠٢٧-01-31T00:00:00Z", id="digits of another script"),
        pytest.param("infinity", id="a word"),
    ],
)
def test_what_is_no_time_of_rfc_3339_is_refused(instant: str) -> None:
    with pytest.raises(InvalidRequest, match="valid_until: it is not a time as in RFC 3339"):
        role.checked_valid_until(instant)


NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        pytest.param(None, False, id="never"),
        pytest.param("2027-01-31T12:00:00Z", True, id="now"),
        pytest.param("2027-01-31T12:00:01Z", False, id="in a second"),
        pytest.param("2027-01-31T13:00:00+02:00", True, id="an hour ago elsewhere"),
        pytest.param("2027-01-31T11:00:00-02:00", False, id="in an hour elsewhere"),
    ],
)
def test_a_password_expires_at_its_instant(instant: str | None, expected: bool) -> None:
    assert role.is_past(instant, now=NOON) is expected


def test_memberships_keep_their_order() -> None:
    assert role.checked_in_roles(["writers", "pg_monitor", "Readers"], role="app") == (
        "writers",
        "pg_monitor",
        "Readers",
    )
    assert role.checked_in_roles([], role="app") == ()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        pytest.param(["readers", "app"], "in_roles: a role cannot be a member of itself", id="itself"),
        pytest.param(["readers", "readers"], "in_roles: a role is named twice", id="twice"),
        pytest.param(["readers", ""], "in_roles: it is empty", id="an empty name"),
        pytest.param(["public"], "in_roles: 'public' is a keyword of SQL, not a role", id="everybody"),
    ],
)
def test_memberships_that_cannot_be_are_refused(names: list[str], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        role.checked_in_roles(names, role="app")


def test_a_comment_is_any_text_that_postgresql_stores() -> None:
    assert role.checked_comment("two\nlines, a \ttab and 'quotes'") == "two\nlines, a \ttab and 'quotes'"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800"])
def test_a_comment_that_postgresql_cannot_store_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="comment: it holds a NUL or half of a character"):
        role.checked_comment(text)


def test_a_comment_that_tells_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(InvalidRequest, match="comment: it looks as if it held a password") as refused:
        role.checked_comment("the app; password=hunter2")
    assert "hunter2" not in str(refused.value)

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.names import OBJECT_NAME_MAX, make_object_name

LEGAL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("app", "orders-app", id="legal as it is"),
        pytest.param("my_role", "orders-my-role", id="an underscore"),
        pytest.param("MyRole", "orders-myrole", id="upper case"),
        pytest.param("o'brien & sons", "orders-o-brien-sons", id="signs and spaces"),
        pytest.param("_app_", "orders-app", id="signs at the ends"),
        pytest.param("角色1", "orders-1", id="what is legal of another script"),
        pytest.param("роль", "orders-a57f33", id="nothing that is legal"),
        pytest.param("---", "orders-cb3f91", id="nothing but signs"),
    ],
)
def test_an_object_is_called_after_its_cluster_and_its_name_in_postgresql(sql: str, expected: str) -> None:
    assert make_object_name("orders", sql, taken=()) == expected


def test_names_that_differ_only_in_postgresql_get_names_of_their_own() -> None:
    taken: list[str] = []
    for sql in ("my_role", "My-Role", "my-role"):
        taken.append(make_object_name("orders", sql, taken=taken))
    assert taken == ["orders-my-role", "orders-my-role-7fcf78", "orders-my-role-5e2280"]


def test_the_hash_does_not_depend_on_what_else_is_taken() -> None:
    one = make_object_name("orders", "My-Role", taken=["orders-my-role"])
    assert make_object_name("orders", "My-Role", taken=["orders-my-role", "orders-other"]) == one


def test_a_long_name_is_cut_and_told_apart_by_its_hash() -> None:
    one, other = (make_object_name("c" * 50, "team_reporting_" + end, taken=()) for end in ("eu", "us"))
    assert one != other
    assert one.startswith("c" * 50 + "-team-")
    assert len(one) == len(other) <= OBJECT_NAME_MAX


def test_a_name_that_just_fits_is_not_cut() -> None:
    assert make_object_name("c" * 50, "a" * 12, taken=()) == "c" * 50 + "-" + "a" * 12


@given(
    st.from_regex(r"[a-z]([-a-z0-9]{0,48}[a-z0-9])?", fullmatch=True), st.text(min_size=1, max_size=63), st.booleans()
)
def test_every_name_in_postgresql_has_a_legal_name(cluster: str, sql: str, is_taken: bool) -> None:
    plain = make_object_name(cluster, sql, taken=())
    made = make_object_name(cluster, sql, taken={plain} if is_taken else ())
    assert LEGAL.fullmatch(made)
    assert len(made) <= OBJECT_NAME_MAX
    assert made.startswith(f"{cluster}-"[:56].rstrip("-"))

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.names import (
    OBJECT_NAME_MAX,
    ClusterRef,
    check_change_name,
    check_cluster_name,
    check_namespace_name,
    make_object_name,
    one_line,
    pluralize,
    quote,
    slug,
    suggest,
)
from gitops_mcp.errors import InvalidRequest

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


@pytest.mark.parametrize("name", ["a", "orders", "a-1", "a" * 50])
def test_a_legal_name_of_a_cluster_is_given_back(name: str) -> None:
    assert check_cluster_name(name) == name


@pytest.mark.parametrize(
    ("name", "example"),
    [
        pytest.param("", "example", id="none"),
        pytest.param("Orders", "orders", id="upper case"),
        pytest.param("orders_db", "orders-db", id="an underscore"),
        pytest.param("1orders", "orders", id="a digit first"),
        pytest.param("orders-", "orders", id="a dash last"),
        pytest.param("a" * 51, "a" * 50, id="too long"),
        pytest.param("orders\n", "orders", id="a line break"),
        pytest.param("42", "example", id="nothing that could begin it"),
    ],
)
def test_what_is_no_name_of_a_cluster_is_refused_with_one_that_is(name: str, example: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_cluster_name(name)
    assert str(refused.value) == (
        f"name: {name!r} is not a Cluster name: at most 50 characters, lower-case letters, digits and '-', starting with "
        f"a letter and ending with a letter or digit, such as {example!r}"
    )
    assert check_cluster_name(example) == example


@pytest.mark.parametrize(
    ("name", "example"),
    [
        pytest.param("Shop", "shop", id="upper case"),
        pytest.param("a" * 64, "a" * 63, id="too long"),
        pytest.param("shop.eu", "shop-eu", id="a dot"),
    ],
)
def test_what_is_no_namespace_is_refused_with_one_that_is(name: str, example: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_namespace_name(name, field="to")
    assert str(refused.value).startswith(f"to: {name!r} is not a namespace: ")
    assert str(refused.value).endswith(f"such as {example!r}")
    assert check_namespace_name(example) == example


def test_a_namespace_may_begin_with_a_digit() -> None:
    assert check_namespace_name("1" * 63) == "1" * 63


@pytest.mark.parametrize(
    ("name", "example"),
    [
        pytest.param("", "example", id="none"),
        pytest.param("../main", "main", id="a way out"),
        pytest.param("a" * 64, "a" * 63, id="too long"),
        pytest.param("-x", "x", id="what git takes for an option"),
        pytest.param("Scale Up", "scale-up", id="words"),
    ],
)
def test_what_is_no_name_of_a_change_is_refused_with_one_that_is(name: str, example: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_change_name(name)
    assert str(refused.value).startswith(f"change: {name!r} is not the name of a change: ")
    assert str(refused.value).endswith(f"such as {example!r}")
    assert check_change_name(example) == example


@pytest.mark.parametrize("name", ["password=hunter2", "postgres://app:hunter2@db/x", "user@hunter2", "Xy7Qm2Lp9Rt4Z"])
def test_what_may_be_a_secret_is_no_start_for_a_name(name: str) -> None:
    with pytest.raises(InvalidRequest, match="such as 'example'"):
        check_change_name(name)


@pytest.mark.parametrize(
    ("namespace", "name"), [("Shop", "orders"), ("shop", "Orders")], ids=["the namespace", "the name"]
)
def test_a_reference_to_a_cluster_cannot_be_wrong(namespace: str, name: str) -> None:
    assert str(ClusterRef("shop", "orders")) == "shop/orders"
    with pytest.raises(InvalidRequest):
        ClusterRef(namespace, name)


@given(st.text(max_size=80), st.booleans())
def test_a_slug_is_always_a_legal_label(text: str, letter_first: bool) -> None:
    made = slug(text, limit=20, letter_first=letter_first)
    assert LEGAL.fullmatch(made)
    assert len(made) <= 20
    assert not (letter_first and made[0].isdigit())


@pytest.mark.parametrize(
    ("name", "known", "told"),
    [
        pytest.param("ordres", ["billing", "orders"], "there are: orders, billing", id="the near one first"),
        pytest.param("x", [], "there are none", id="none"),
        pytest.param("x", ["b", "a", "b"], "there are: a, b", id="each once, in order"),
        pytest.param("c3", [f"c{n}" for n in range(8)], "there are: c3, c7, c6, c5, c4 and 3 more", id="too many"),
    ],
)
def test_a_name_that_was_not_found_is_answered_with_those_there_are(name: str, known: list[str], told: str) -> None:
    assert suggest(name, known) == told


@pytest.mark.parametrize(("number", "told"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_a_count_is_told_with_its_noun(number: int, told: str) -> None:
    assert pluralize(number, "row") == told


def test_what_a_caller_gave_is_quoted_and_cut() -> None:
    assert quote("a\nb") == r"'a\nb'"
    assert quote("a" * 80) == f"'{'a' * 80}'"
    assert quote("ab" * 41, limit=4) == "'abab…'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("one  line", "one  line", id="one line as it is"),
        pytest.param("one\n\ntwo\r\nthree\t4", "one two three 4", id="lines and tabs"),
        pytest.param("a\u2028b\x1b[2J", "a b [2J", id="what a terminal would obey"),
        pytest.param("\n", "", id="nothing else"),
    ],
)
def test_what_others_wrote_is_shown_on_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object, list_at, mapping_at
from gitops_mcp.domain.rules.reading import (
    annotations_of,
    as_text,
    cluster_of,
    entries,
    has_unfilled,
    names_in,
    parameters_of,
    repeats,
    same_namespace,
    siblings,
)


def named(kind: str, name: str, cluster: str = "", *, namespace: str | None = "shop") -> Object:
    place = {} if namespace is None else {"namespace": namespace}
    return {"kind": kind, "metadata": {"name": name, **place}, "spec": {"cluster": {"name": cluster}}}


@pytest.mark.parametrize(
    ("value", "unfilled"),
    [
        pytest.param("${SIZE}", True, id="a variable"),
        pytest.param("a-${SIZE:=1Gi}", True, id="a part of a text"),
        pytest.param({"a": [{"b": "${SIZE}"}]}, True, id="deep inside"),
        pytest.param("$${SIZE}", False, id="a text that is kept as it is"),
        pytest.param("${podselector:api}", False, id="a placeholder of CNPG"),
        pytest.param({"${KEY}": "x"}, False, id="a key"),
        pytest.param([1, None, True, "x"], False, id="values without one"),
    ],
)
def test_a_value_is_unfilled_where_a_variable_stands_in_it(value: object, *, unfilled: bool) -> None:
    assert has_unfilled(value) is unfilled


def test_the_mappings_of_a_list_come_with_their_own_paths() -> None:
    value = {"spec": {"roles": [{"name": "a"}, "b", None, {"name": "c"}]}}
    assert list(entries(value, "spec", "roles")) == [
        (("spec", "roles", 0), {"name": "a"}),
        (("spec", "roles", 3), {"name": "c"}),
    ]


def test_names_that_are_no_text_are_left_out() -> None:
    assert names_in({"roles": [{"name": "b"}, {"name": 1}, {}, {"name": "a"}]}, "roles") == ["b", "a"]


@pytest.mark.parametrize("value", [None, "text", 3, True])
def test_what_has_another_shape_is_absent(value: Any) -> None:
    assert (list_at(value), mapping_at(value)) == ([], {})
    assert list(entries({"spec": value}, "spec", "roles")) == []
    assert parameters_of({"spec": {"postgresql": value}}) == {}
    assert annotations_of({"metadata": value}) == {}


def test_a_text_is_read_as_it_is_and_all_else_as_none() -> None:
    assert [as_text(one) for one in ("app", "", 5432, None, ["app"])] == ["app", "", "", "", ""]


def test_a_name_repeats_each_time_after_the_first() -> None:
    names = [((0,), "a"), ((1,), "b"), ((2,), "a"), ((3,), "a")]
    assert list(repeats(names)) == [((2,), "a"), ((3,), "a")]


def test_parameters_and_annotations_have_texts_for_keys() -> None:
    assert parameters_of({"spec": {"postgresql": {"parameters": {1: "x"}}}}) == {"1": "x"}
    assert annotations_of({"metadata": {"annotations": {True: "x"}}}) == {"True": "x"}


def test_an_object_without_a_namespace_may_be_in_any() -> None:
    shop, billing, anywhere = (named("Cluster", "db", namespace=one) for one in ("shop", "billing", None))
    assert same_namespace(shop, shop)
    assert same_namespace(shop, anywhere)
    assert same_namespace(anywhere, billing)
    assert not same_namespace(shop, billing)


def test_the_cluster_of_an_object_has_its_name_and_its_namespace() -> None:
    database, cluster = named("Database", "shop", "orders"), named("Cluster", "orders")
    others = (named("Cluster", "billing"), named("Pooler", "orders"), named("Cluster", "orders", namespace="other"))
    assert cluster_of(database, (*others, cluster)) is cluster
    assert cluster_of(database, others) is None


def test_siblings_belong_to_the_same_cluster_and_are_not_the_object_itself() -> None:
    role, sibling = named("DatabaseRole", "app", "orders"), named("DatabaseRole", "report", "orders")
    others = (
        named("DatabaseRole", "app", "orders"),
        named("DatabaseRole", "far", "orders", namespace="other"),
        named("DatabaseRole", "report", "billing"),
        named("Database", "app", "orders"),
    )
    assert list(siblings(role, (*others, sibling))) == [sibling]


def test_siblings_of_another_kind_may_have_the_same_name() -> None:
    database, role = named("Database", "app", "orders"), named("DatabaseRole", "app", "orders")
    assert list(siblings(database, (database, role), kind="DatabaseRole")) == [role]

"""Kubernetes objects as they come."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.objects import Identity, Path, Resource, as_int, at, dotted_path, leaves
from gitops_mcp.domain.yaml.values import is_same

VALUE = {"spec": {"roles": [{"name": "app"}, {"name": "ro"}], "none": None}, "5": "text"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        pytest.param((), VALUE, id="all of it"),
        pytest.param(("spec", "roles", 0, "name"), "app", id="an item of a list"),
        pytest.param(("spec", "roles", -1, "name"), "ro", id="from the end"),
        pytest.param(("spec", "roles", 2), None, id="past the end"),
        pytest.param(("spec", "roles", -3), None, id="before the start"),
        pytest.param(("spec", "roles", "name"), None, id="a key of a list"),
        pytest.param(("spec", 0), None, id="an item of a map"),
        pytest.param(("spec", "none", "x"), None, id="below null"),
        pytest.param(("5", 0), None, id="a character of a text"),
        pytest.param(("spec", "roles", True), None, id="true is not an index"),
    ],
)
def test_a_value_is_found_at_its_path_or_is_none(path: Path, found: Any) -> None:
    assert at(VALUE, *path) == found


@pytest.mark.parametrize(
    ("value", "number"),
    [(3, 3), (0, 0), (None, 7), ("3", None), (3.0, 3), (3.5, None), (True, None)],
    ids=["a number", "zero", "nothing is the default", "a text", "no fraction", "a fraction", "true"],
)
def test_only_a_whole_number_is_one(value: object, number: int | None) -> None:
    assert as_int(value, default=7) == number


def test_leaves_are_scalars_empty_maps_and_whole_lists() -> None:
    value = {"a": {"b": 1, "c": {}}, "l": [{"name": "x"}, 2], "n": None}
    assert list(leaves(value)) == [(("a", "b"), 1), (("a", "c"), {}), (("l",), [{"name": "x"}, 2]), (("n",), None)]
    assert list(leaves(5)) == [((), 5)]


maps = st.recursive(
    st.none() | st.booleans() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(maps)
def test_every_leaf_is_found_at_its_path(value: Any) -> None:
    for path, leaf in leaves(value):
        assert is_same(at(value, *path), leaf)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(("spec", "managed", "roles", 0, "name"), "spec.managed.roles[0].name", id="fields and items"),
        pytest.param((0, "spec"), "[0].spec", id="an item first"),
        pytest.param(("a", 0, 1), "a[0][1]", id="a list in a list"),
        pytest.param((), "", id="nothing"),
    ],
)
def test_a_path_is_spelled_as_the_api_server_spells_it(path: Path, text: str) -> None:
    assert dotted_path(path) == text


def test_an_identity_is_spelled_with_its_namespace_where_it_has_one() -> None:
    assert str(Identity("Cluster", "shop", "orders")) == "Cluster shop/orders"
    assert str(Identity("ClusterImageCatalog", None, "team")) == "ClusterImageCatalog team"


def test_a_kind_of_the_core_group_has_no_group_in_its_version() -> None:
    assert Resource("postgresql.cnpg.io", "v1", "clusters", "Cluster").api_version == "postgresql.cnpg.io/v1"
    assert Resource("", "v1", "secrets", "Secret").api_version == "v1"

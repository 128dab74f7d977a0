"""What an edit means for the parsed value."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set, apply_edit, edits_between, normalize_edit
from gitops_mcp.domain.yaml.text import edit_text
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest

VALUE = {"a": 1, "l": ["x"], "n": None, "m": {"k": [{"b": 2}]}}


@pytest.mark.parametrize(
    ("edit", "normal"),
    [
        pytest.param(Set(("m", "k", 0, "b"), 3), Set(("m", "k", 0, "b"), 3), id="what is there"),
        pytest.param(Set(("m", "c", "d"), 3), Set(("m", "c"), {"d": 3}), id="a missing parent is made"),
        pytest.param(Set(("n", "c", "d"), 3), Set(("n",), {"c": {"d": 3}}), id="nothing is a missing parent"),
        pytest.param(Set(("a",), 1), None, id="it is so already"),
        pytest.param(Set(("a",), value=True), Set(("a",), value=True), id="true is not one"),
        pytest.param(Insert(("l",), 0, "y"), Insert(("l",), 0, "y"), id="into a list"),
        pytest.param(Insert(("m", "l"), 0, "y"), Set(("m", "l"), ["y"]), id="into a list that is missing"),
        pytest.param(Insert(("n",), 0, "y"), Set(("n",), ["y"]), id="into nothing"),
        pytest.param(Remove(("m", "k", 0)), Remove(("m", "k", 0)), id="an item goes"),
        pytest.param(Remove(("m", "c", "d")), None, id="a key that is gone already"),
        pytest.param(Remove(("n", "c")), None, id="a key of nothing"),
    ],
)
def test_an_edit_is_made_on_a_parent_that_is_there(edit: Edit, normal: Edit | None) -> None:
    assert normalize_edit(VALUE, edit) == normal


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(Set(("a", "b"), 1), "a is '1'; there is no 'b' in it", id="a key of a scalar"),
        pytest.param(Set(("l", 2), 1), "l has 1 items; there is none at 2", id="an item past the end"),
        pytest.param(Set(("l", -1), 1), "l has 1 items; there is none at -1", id="an item before the start"),
        pytest.param(Set(("l", "x"), 1), "l is a list; there is no 'x' in it", id="a key of a list"),
        pytest.param(Set((0,), 1), "the document is a mapping; there is no 0 in it", id="an item of a mapping"),
        pytest.param(Set(("n", 0), 1), "n[0]: there is no list to hold the item 0", id="an item of nothing"),
        pytest.param(Remove(("l", 1)), "l has 1 items; there is none at 1", id="an item that is not there"),
        pytest.param(Remove(("a", "b")), "a is '1'; there is no 'b' in it", id="a key of a scalar to be removed"),
        pytest.param(Remove(()), "a whole document is removed with without_document", id="the whole document"),
        pytest.param(Insert(("l",), 2, 1), "l has 1 items, so none can be put at 2", id="past the end of a list"),
        pytest.param(Insert(("a",), 0, 1), "a is '1', not a list", id="into a scalar"),
        pytest.param(Insert((), 0, 1), "the document is a mapping, not a list", id="into a document"),
    ],
)
def test_an_edit_that_makes_no_sense_is_an_invalid_request(edit: Edit, message: str) -> None:
    with pytest.raises(InvalidRequest) as invalid:
        normalize_edit(VALUE, edit)
    assert str(invalid.value) == message


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        pytest.param(Set(("m", "k", 0, "b"), 3), {**VALUE, "m": {"k": [{"b": 3}]}}, id="set"),
        pytest.param(Insert(("m", "k"), 0, 1), {**VALUE, "m": {"k": [1, {"b": 2}]}}, id="insert"),
        pytest.param(Remove(("m", "k", 0)), {**VALUE, "m": {"k": []}}, id="remove"),
        pytest.param(Set((), 5), 5, id="the whole document"),
    ],
)
def test_an_edit_gives_a_new_value_and_leaves_the_old_one(edit: Edit, after: Any) -> None:
    before = copy.deepcopy(VALUE)
    assert apply_edit(VALUE, edit) == after
    assert before == VALUE


@pytest.mark.parametrize(
    ("old", "new", "edits"),
    [
        pytest.param({"a": 1, "b": 2}, {"a": 1, "c": 3}, [Set(("c",), 3), Remove(("b",))], id="keys"),
        pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [Set(("a", "c"), 3)], id="below a key"),
        pytest.param(["a", "b", "c"], ["a", "c", "d"], [Insert((), 3, "d"), Remove((1,))], id="items from the end"),
        pytest.param([{"name": "a"}], [{"name": "b"}], [Insert((), 1, {"name": "b"}), Remove((0,))], id="no name becomes another"),
        pytest.param(["a"], ["b"], [Set((0,), "b")], id="an item without a name does"),
        pytest.param({"a": 1}, {}, [Set((), {})], id="nothing is left"),
        pytest.param([1], {"a": 1}, [Set((), {"a": 1})], id="another shape"),
    ],
)  # fmt: skip
def test_one_value_becomes_another_by_its_parts(old: Any, new: Any, edits: list[Edit]) -> None:
    assert list(edits_between(old, new, ())) == edits


items = st.one_of(st.integers(0, 3), st.fixed_dictionaries({"name": st.sampled_from("abc"), "x": st.integers(0, 2)}))
values = st.recursive(
    st.one_of(st.integers(0, 2), st.booleans(), st.none(), st.sampled_from("ab")),
    lambda inner: st.one_of(
        st.lists(st.one_of(items, inner), max_size=4), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values, values)
def test_the_edits_between_two_values_make_the_one_the_other(old: Any, new: Any) -> None:
    value = old
    for edit in edits_between(old, new, ()):
        normal = normalize_edit(value, edit)
        assert normal is not None, "no edit does nothing"
        value = apply_edit(value, normal)
    assert is_same(value, new)


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param("l:\n- a\n- b\n- c\n", Set(("l",), ["a", "c", "d"]), "l:\n- a\n- c\n- d\n", id="a list over a list"),
        pytest.param("l:\n# one\n- name: a\n# two\n- name: b\n", Set(("l",), [{"name": "b", "x": 1}, {"name": "c"}]), "l:\n# two\n- name: b\n  x: 1\n- name: c\n", id="items are the same by name"),
        pytest.param("l:\n# one\n- name: a\n", Set(("l",), [{"name": "c"}]), "l:\n- name: c\n", id="a name never becomes another"),
    ],
)  # fmt: skip
def test_an_item_of_the_same_name_keeps_its_text_and_its_comments(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.plans.undo.inverse import AddItem, DropItem, UndoEdit, items_by_name, undo_edits, value_without
from gitops_mcp.domain.yaml.edits import Remove, Set, apply_edit, normalize_edit

SCALARS = st.integers(0, 3) | st.sampled_from(["a", "b"])
NAMES = st.sampled_from("xyz")


def mappings(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.dictionaries(NAMES, values, max_size=3)


ITEMS = st.lists(
    st.builds(lambda name, value: {"name": name, "v": value}, NAMES, SCALARS), unique_by=lambda one: one["name"]
)
VALUES = st.recursive(SCALARS | ITEMS | st.lists(SCALARS, unique=True, max_size=3), mappings, max_leaves=8)
OBJECTS = mappings(VALUES)


def edited(value: Any, edit: UndoEdit) -> Any:
    match edit:
        case AddItem(path, index, item):
            items = at(value, path)
            return edited(value, Set(path, [*items[:index], item, *items[index:]]))
        case DropItem(path, name):
            return edited(value, Set(path, [one for one in at(value, path) if one["name"] != name]))
        case _:
            normal = normalize_edit(value, edit)
            return value if normal is None else apply_edit(value, normal)


def unordered(value: Any) -> Any:
    """Items by their names: those that stay may have changed places."""
    if isinstance(value, dict):
        return {key: unordered(part) for key, part in value.items()}
    if isinstance(value, list) and value and (items := items_by_name(value)):
        return {"items": unordered(dict(items))}
    return value


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@given(OBJECTS, OBJECTS)
def test_the_edits_lead_to_what_is_left_without_the_change(before: Any, after: Any) -> None:
    made = after
    for edit in undo_edits(before, after, after):
        made = edited(made, edit)
    assert made == value_without(before, after, after)


@given(OBJECTS, OBJECTS)
def test_without_the_change_it_is_what_it_was(before: Any, after: Any) -> None:
    assert unordered(value_without(before, after, after)) == unordered(before)


@given(OBJECTS, OBJECTS)
def test_what_the_change_left_alone_stays(before: Any, after: Any) -> None:
    same = {key: value for key, value in after.items() if key in before and before[key] == value}
    assert same.items() <= value_without(before, after, after).items()


@pytest.mark.parametrize(
    ("before", "after", "now", "wanted", "edits"),
    [
        ({"a": 1}, {"a": 2}, {"a": 2, "b": 3}, {"a": 1, "b": 3}, [Set(("a",), 1)]),
        ({}, {"m": {"x": 1}}, {"m": {"x": 1, "y": 2}}, {"m": {"y": 2}}, [Remove(("m", "x"))]),
        ({}, {"m": {"x": 1}}, {"m": {"x": 1}}, {}, [Remove(("m",))]),
        (
            {"roles": [{"name": "x"}]},
            {"roles": [{"name": "x"}, {"name": "y"}]},
            {"roles": [{"name": "x"}, {"name": "y"}, {"name": "z"}]},
            {"roles": [{"name": "x"}, {"name": "z"}]},
            [DropItem(("roles",), "y")],
        ),
        (
            {"roles": [{"name": "x", "v": 1}]},
            {"roles": [{"name": "x", "v": 2}]},
            {"roles": [{"name": "w"}, {"name": "x", "v": 2}]},
            {"roles": [{"name": "w"}, {"name": "x", "v": 1}]},
            [Set(("roles", 1, "v"), 1)],
        ),
        (
            {"roles": [{"name": "x"}, {"name": "y"}]},
            {"roles": [{"name": "y"}]},
            {"roles": [{"name": "y"}]},
            {"roles": [{"name": "x"}, {"name": "y"}]},
            [AddItem(("roles",), 0, {"name": "x"})],
        ),
        ({"in": ["a"]}, {"in": ["a", "b"]}, {"in": ["a", "b", "c"]}, {"in": ["a", "c"]}, [Set(("in",), ["a", "c"])]),
    ],
)
def test_what_came_later_beside_it_stays(before: Any, after: Any, now: Any, wanted: Any, edits: list[UndoEdit]) -> None:
    assert value_without(before, after, now) == wanted
    assert list(undo_edits(before, after, now)) == edits

"""What is told of a field: its value before and after, by a name that stays the same when items move."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.repository.field_steps import field_label, field_steps, labels, steps_of_field

Step = tuple[str, Any, Any]


def steps(before: Any, after: Any, field: str | None = None) -> list[Step]:
    found = field_steps(before, after) if field is None else steps_of_field(before, after, field)
    return [(one.label, one.before, one.after) for one in found]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="nothing"),
        pytest.param({"a": 1}, {"a": True}, [("a", 1, True)], id="another type"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)], id="a part"),
        pytest.param({"a": 1}, {"b": 1}, [("a", 1, None), ("b", None, 1)], id="goes and comes"),
        pytest.param({"a": {}}, {"a": {"b": {"c": 1}}}, [("a.b", None, {"c": 1})], id="comes with all of it"),
        pytest.param({"a": ["x"]}, {"a": ["x", "y"]}, [("a", ["x"], ["x", "y"])], id="a list of texts"),
        pytest.param(
            {"a": [{"name": "x", "n": 1}, {"name": "y"}]},
            {"a": [{"name": "y"}, {"name": "x", "n": 2}]},
            [("a[x].n", 1, 2)],
            id="items by their names",
        ),
        pytest.param(
            {"a": [{"name": "x"}]},
            {"a": [{"name": "y"}]},
            [("a[x]", {"name": "x"}, None), ("a[y]", None, {"name": "y"})],
            id="items that go and come",
        ),
        pytest.param({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 1}, {"n": 3}]}, [("a[1].n", 2, 3)], id="by number"),
        pytest.param({"a": [{"n": 1}]}, {"a": []}, [("a", [{"n": 1}], [])], id="nothing tells the items"),
        pytest.param(
            {"a": [{"name": "x"}, {"name": "x"}]},
            {"a": [{"name": "x"}]},
            [("a", [{"name": "x"}, {"name": "x"}], [{"name": "x"}])],
            id="one name twice",
        ),
    ],
)
def test_each_field_that_differs_is_told(before: Any, after: Any, told: list[Step]) -> None:
    assert steps(before, after) == told


def test_the_path_of_an_item_has_its_number() -> None:
    [step] = field_steps({"a": [{"name": "x"}, {"name": "y", "n": 1}]}, {"a": [{"name": "x"}, {"name": "y", "n": 2}]})
    assert (step.label, step.path) == ("a[y].n", ("a", 1, "n"))


@pytest.mark.parametrize(
    ("field", "told"),
    [
        pytest.param("a.b", [("a.b", 1, 2)], id="itself"),
        pytest.param("a", [("a.b", 1, 2), ("a.bc", 1, 2)], id="its parts"),
        pytest.param("a.b.c", [], id="what it never had"),
        pytest.param("new.x.y", [("new.x.y", None, 1)], id="set with all around it"),
        pytest.param("new.x", [("new.x", None, {"y": 1})], id="set once, whatever parts it has"),
        pytest.param("old", [("old", [{"name": "i"}], None)], id="taken away"),
        pytest.param("old[i].name", [("old[i].name", "i", None)], id="taken away with all around it"),
    ],
)
def test_one_field_is_told_with_what_it_was(field: str, told: list[Step]) -> None:
    before = {"a": {"b": 1, "bc": 1}, "old": [{"name": "i"}]}
    assert steps(before, {"a": {"b": 2, "bc": 2}, "new": {"x": {"y": 1}}}, field) == told


@pytest.mark.parametrize(
    ("field", "told"),
    [
        pytest.param("l[0].n", [], id="the same on both sides"),
        pytest.param("l[1].n", [("l[1].n", None, 2)], id="on one side only"),
        pytest.param("l", [("l", [{"n": 1}], [{"n": 1}, {"n": 2}])], id="the list itself"),
    ],
)
def test_a_part_of_a_list_that_is_told_whole_has_its_value_of_both_sides(field: str, told: list[Step]) -> None:
    assert steps({"l": [{"n": 1}]}, {"l": [{"n": 1}, {"n": 2}]}, field) == told


def test_an_item_named_by_its_number_is_called_by_its_name() -> None:
    found = {"a": [{"name": "x", "b": [{"name": "y"}]}, {"n": 1}], "c": [{"name": "z"}]}
    assert field_label(found, "c[0].n") == "c[z].n"
    assert field_label(found, "c[7].n") == "c[7].n"
    assert field_label(found, "a[0].b[0]") == "a[0].b[0]"


def test_every_field_has_a_label() -> None:
    found = {"a": {"x/y.z": 1}, "b": [{"name": "i", "n": 1}], "c": ["t"]}
    assert list(labels(found)) == ["a", "a.x/y.z", "b", "b[i]", "b[i].name", "b[i].n", "c"]

"""Parts of engine objects as plain values."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.reading import (
    TextPlace,
    clean_path,
    file_and_line,
    kustomization_path,
    mappings_in,
    overlay_section,
    read_documents,
    string_values,
    texts_in,
    value_at_place,
)
from gitops_mcp.domain.objects import mapping_at

TEXT = """\
# all
items:
  - metadata: {name: one}
  - spec: 1
    metadata: {name: two}
"""


def test_a_place_tells_the_line_of_a_part() -> None:
    place = TextPlace("apps.yaml", 0, ("items", 1), 4)
    assert (str(place), file_and_line(place.below("metadata", "name"), {"apps.yaml": TEXT})) == (
        "apps.yaml:4",
        "apps.yaml:5",
    )
    assert file_and_line(place, {}) == "apps.yaml:4"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("./a/b/", "a/b", id="relative"),
        pytest.param("/a", "a", id="absolute"),
        pytest.param(".", "", id="here"),
        pytest.param("", "", id="nothing"),
        pytest.param(None, "", id="not said"),
        pytest.param("a//b/../c", "a/c", id="roundabout"),
    ],
)
def test_folders_are_written_one_way(path: str | None, folder: str) -> None:
    assert clean_path(path) == folder


def test_a_folder_outside_of_the_repository_is_none_of_its_folders() -> None:
    assert clean_path("../a") == "../a"


def test_a_value_is_read_where_it_stands() -> None:
    place = TextPlace("a.yaml", 0, ("items", 1, "metadata", "name"), 4)
    assert value_at_place(place, {"a.yaml": TEXT}) == "two"
    assert value_at_place(TextPlace("a.yaml", 1, (), 1), {"a.yaml": TEXT}) is None
    assert value_at_place(place, {}) is None


def test_what_has_another_type_is_as_if_it_were_not_there() -> None:
    assert (mapping_at([1]), texts_in("a"), mappings_in({}), string_values([])) == ({}, (), (), {})
    assert texts_in(["a", 1]) == ("a",)
    assert mappings_in([{"a": 1}, 2]) == ({"a": 1},)
    assert string_values({"a": 1}) == {"a": "1"}
    assert read_documents("a: [") == ()


def test_a_kustomization_has_several_names() -> None:
    assert kustomization_path({"a/kustomization.yml": ""}, "a") == "a/kustomization.yml"
    assert kustomization_path({}, "a") is None


def test_an_overlay_has_the_fields_that_say_something() -> None:
    place = TextPlace("a.yaml", 0, (), 1)
    found = overlay_section(place, "spec", namespace="shop", namePrefix="", patches=None)
    assert found is not None
    assert (found.base, found.value) == (("spec",), {"namespace": "shop"})
    assert overlay_section(place, "spec", namespace="") is None

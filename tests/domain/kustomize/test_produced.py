"""What a build made, and who had the last word."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.produced import BuildFault, Layer, Produced, Word
from gitops_mcp.domain.objects import Identity, Path

DOCUMENT = Layer("document", "a.yaml", 0, (), None, 3, "")
MADE = Produced(
    {"kind": "Cluster", "metadata": {"name": "eu-db"}, "spec": {"list": [{"a": 1}], "none": None}},
    (DOCUMENT,),
    {
        ("metadata", "name"): Word(1, ("namePrefix",), literal=False),
        ("spec", "list"): Word(0, ("spec", "list"), literal=True),
        ("spec", "none"): Word(0, ("spec", "none"), literal=True),
    },
)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        pytest.param(("spec", "list"), Word(0, ("spec", "list"), literal=True), id="a list"),
        pytest.param(("spec", "list", 0, "a"), Word(0, ("spec", "list", 0, "a"), literal=True), id="a part of it"),
        pytest.param(("spec", "list", 1), None, id="an item that is not there"),
        pytest.param(("spec", "none"), Word(0, ("spec", "none"), literal=True), id="a null"),
        pytest.param(("metadata", "name"), Word(1, ("namePrefix",), literal=False), id="what is made"),
        pytest.param(("spec",), None, id="a mapping"),
        pytest.param(("spec", "gone"), None, id="what is not there"),
    ],
)
def test_a_field_has_one_word_where_it_is_one_value(path: Path, word: Word | None) -> None:
    assert MADE.word(path) == word


def test_the_words_below_a_mapping_are_those_of_its_parts() -> None:
    assert [path for path, _ in MADE.below(("spec",))] == [("spec", "list"), ("spec", "none")]


def test_names_and_places_are_told() -> None:
    assert MADE.identity == Identity("Cluster", None, "eu-db")
    assert DOCUMENT.place == "a.yaml:3"
    assert str(BuildFault("a.yaml:3", "odd", fatal=True)) == "a.yaml:3: odd"

"""YAML as kustomize reads it."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.manifest import (
    inner_line,
    line_of,
    name_of,
    parse_json,
    quoted_when_printed,
    read_manifests,
    read_own_documents,
)
from gitops_mcp.domain.yaml.tree import Unparsable

TEXT = """\
kind: A
data: {a: yes, b: "5", c: 2024-05-01, d: 1.50}
empty:
---
---
kind: BList
items:
- kind: B
- kind: CList
  items: [{kind: C}]
"""


def test_documents_and_items_of_lists_are_objects_of_their_own() -> None:
    found = read_manifests(TEXT)
    assert [(one.value["kind"], one.document, one.base, one.line) for one in found] == [
        ("A", 0, (), 1),
        ("B", 2, ("items", 0), 8),
        ("C", 2, ("items", 1, "items", 0), 10),
    ]
    (first, *_) = found
    assert first.value["data"] == {"a": "yes", "b": "5", "c": "2024-05-01T00:00:00Z", "d": 1.5}
    assert [*first.blanks, *first.quoted] == [("empty",), ("data", "b")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("- a\n", "line 1: not an object", id="a list"),
        pytest.param(
            "kind: List\nitems: [a]\n", "line 1: the items of a list are not objects", id="items that are none"
        ),
    ],
)
def test_what_is_no_object_is_refused(text: str, told: str) -> None:
    with pytest.raises(Unparsable) as raised:
        read_manifests(text)
    assert str(raised.value) == told


def test_a_list_without_items_is_nothing() -> None:
    assert read_manifests("kind: List\nitems:\n") == ()


def test_kustomizes_own_files_have_the_old_booleans_and_no_dates() -> None:
    assert read_own_documents("a: on\nb: y\nc: 2024-05-01\n") == ({"a": True, "b": True, "c": "2024-05-01"},)


def test_what_begins_with_a_bracket_has_to_be_json() -> None:
    assert parse_json('[{"op": "test"}]') == [{"op": "test"}]
    with pytest.raises(Unparsable, match=r"^what begins with \[ has to be JSON: "):
        parse_json("[{op: test}]")


def test_lines_are_those_of_the_file() -> None:
    assert line_of(TEXT, 2, ("items", 1, "items", 0)) == 10
    assert inner_line("a: |\n  kind: A\n  spec: 1\n", 0, ("a",), 2) == 3
    assert inner_line('a: "kind: A"\n', 0, ("a",), 2) == 1
    assert inner_line("a: 1\n", 0, ("b",), 2) == 1


def test_an_object_has_a_name_or_none() -> None:
    assert name_of({"metadata": {"name": "a"}}) == "a"
    assert name_of({}) == ""


def test_texts_that_get_quotes_are_known_by_their_place() -> None:
    assert list(quoted_when_printed({"a": "5", "b": {"c": "on", "d": "x"}, "e": ["5"]})) == [("a",), ("b", "c")]

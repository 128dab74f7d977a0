"""Splices in what is written in brackets and braces."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.text import edit_text
from gitops_mcp.errors import Refused


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param("l: [a, b, c]\n", Remove(("l", 1)), "l: [a, c]\n", id="the middle item in brackets"),
        pytest.param("l: [a, b]\n", Insert(("l",), 1, "x"), "l: [a, x, b]\n", id="into brackets"),
        pytest.param("l: [a, b, ]\n", Insert(("l",), 2, "x"), "l: [a, b, x, ]\n", id="before a trailing comma"),
        pytest.param("m: { a: 1 }\n", Set(("m", "b"), 2), "m: { a: 1, b: 2 }\n", id="padded braces"),
        pytest.param("m: {a, b: 1}\n", Set(("m", "a"), 2), "m: {a: 2, b: 1}\n", id="a key in braces without a value"),
        pytest.param("m: {a: }\n", Set(("m", "a"), 2), "m: {a: 2}\n", id="a key in braces with nothing"),
        pytest.param('{\n  "a": 1,\n  "b": "x"\n}\n', Set(("c",), "y"), '{\n  "a": 1,\n  "b": "x",\n  "c": "y"\n}\n', id="JSON"),
        pytest.param('{\n  "a": 1,\n  "b": "x"\n}\n', Remove(("b",)), '{\n  "a": 1\n}\n', id="the last key of JSON"),
        pytest.param("l: [\n  a, # one\n  b, # two\n]\n", Insert(("l",), 2, "c"), "l: [\n  a, # one\n  b, # two\n  c,\n]\n", id="one a line, trailing comma"),
        pytest.param("l: [\n  a, # one\n  b # two\n]\n", Insert(("l",), 2, "c"), "l: [\n  a, # one\n  b, # two\n  c\n]\n", id="one a line, none"),
        pytest.param("l: [\n  a, # one\n  b # two\n]\n", Remove(("l", 1)), "l: [\n  a # one\n]\n", id="the last of one a line"),
        pytest.param("l: [\n  # of a\n  a,\n  b\n]\n", Remove(("l", 0)), "l: [\n  b\n]\n", id="the first of one a line and its comment"),
        pytest.param("l: [\n  # of a\n  a,\n  b\n]\n", Insert(("l",), 0, "z"), "l: [\n  z,\n  # of a\n  a,\n  b\n]\n", id="in front of one a line"),
        pytest.param("l: [a,\n    b]\n", Insert(("l",), 2, "c"), "l: [a,\n    b,\n    c]\n", id="the bracket beside the last item"),
        pytest.param("l: [a: 1, b]\n", Set(("l", 0, "c"), 2), "l: [{a: 1, c: 2}, b]\n", id="a pair in brackets gets the braces it needs"),
        pytest.param("l: [a: 1, b]\n", Remove(("l", 0, "a")), "l: [{}, b]\n", id="a pair in brackets goes"),
    ],
)  # fmt: skip
def test_what_stands_in_brackets_keeps_its_commas_lines_and_comments(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "words"),
    [
        pytest.param("{ # why\n  a: 1 }\n", Remove(("a",)), ["line 1", "comment"], id="a comment in braces would be lost"),
        pytest.param("l: [a, # why\n  b]\n", Remove(("l", 1)), ["line 1", "comment"], id="a comment in brackets would be lost"),
    ],
)  # fmt: skip
def test_a_comment_in_brackets_is_not_lost(text: str, edit: Edit, words: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        edit_text(text, 0, edit)
    assert [word for word in words if word not in str(refused.value)] == []

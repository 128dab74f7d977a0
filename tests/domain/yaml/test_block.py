"""Splices in what is written over lines: style, quotes and comments stay."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.text import edit_text
from gitops_mcp.errors import Refused


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param("'a': 'x'\n", Set(("b",), "y"), "'a': 'x'\n'b': 'y'\n", id="quoted keys"),
        pytest.param('"a b": 1\n', Set(("a b",), 2), '"a b": 2\n', id="a quoted key is found"),
        pytest.param("a: 1\n", Set(("on",), "off"), 'a: 1\n"on": "off"\n', id="ambiguous key and value"),
        pytest.param("a:    1\n", Set(("a",), 2), "a:    2\n", id="aligned values"),
        pytest.param("a : 1\n", Set(("a",), 2), "a : 2\n", id="a blank before the colon"),
        pytest.param("a: 1\t# tab\n", Set(("a",), 2), "a: 2\t# tab\n", id="a tab before the comment"),
        pytest.param("a: 1", Set(("a",), 2), "a: 2", id="no final newline on set"),
        pytest.param("a: 1", Set(("b",), 2), "a: 1\nb: 2", id="no final newline on append"),
        pytest.param("a: 1\nb: 2", Remove(("b",)), "a: 1", id="no final newline on remove"),
        pytest.param(
            "a: |\n  x", Set(("b",), 2), "a: |-\n  x\nb: 2", id="a block scalar that ended with the file keeps its value"
        ),
        pytest.param("- |\n  x\n- a", Remove((1,)), "- |\n  x\n", id="a block scalar above the last line keeps its break"),
        pytest.param("s: 😀é # 😀\nb: 1\n", Set(("b",), 2), "s: 😀é # 😀\nb: 2\n", id="emoji before the edit"),
        pytest.param("s: old\n", Set(("s",), "😀"), "s: 😀\n", id="emoji as the value"),
    ],
)  # fmt: skip
def test_a_line_keeps_its_quotes_its_blanks_and_its_ending(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param('a: "3"\n', Set(("a",), 3), "a: 3\n", id="an int over a quoted number"),
        pytest.param("a: 3\n", Set(("a",), "3"), 'a: "3"\n', id="a quoted number over an int"),
        pytest.param("a: 'x'\n", Set(("a",), "it's\there"), 'a: "it\'s\\there"\n', id="what single quotes cannot carry"),
        pytest.param('a: "x"\n', Set(("a",), 'say "hi"\n'), 'a: "say \\"hi\\"\\n"\n', id="double quotes carry all"),
        pytest.param("a: x\n", Set(("a",), None), "a: null\n", id="null"),
        pytest.param("a:\n", Set(("a",), 1), "a: 1\n", id="over nothing"),
        pytest.param("a:   # todo\nb: 1\n", Set(("a",), {"x": 1}), "a:   # todo\n  x: 1\nb: 1\n", id="over a comment only"),
        pytest.param("a: b\n  c\n  d # e\n", Set(("a",), "x"), "a: x # e\n", id="over a plain scalar of several lines"),
        pytest.param('a: "b\n  c"\n', Set(("a",), "x"), 'a: "x"\n', id="over a quoted scalar of several lines"),
        pytest.param("a:\n  b # c\n", Set(("a",), "x"), "a:\n  x # c\n", id="a value on the line after its key"),
        pytest.param("a: >-\n  b\n  c\nd: 1\n", Set(("a",), "x"), "a: x\nd: 1\n", id="a short string over a folded one"),
        pytest.param("a: | # why\n  b\nd: 1\n", Set(("a",), "x"), "a: x # why\nd: 1\n", id="the comment of a block scalar"),
        pytest.param("a: |-\n  - {b: 1}\nd: 1\n", Set(("a",), "- {b: 2}"), "a: |-\n  - {b: 2}\nd: 1\n", id="a line of a block scalar that would need quotes"),
        pytest.param("a: x # why\n", Set(("a",), "b\nc\n"), "a: | # why\n  b\n  c\n", id="a block scalar gets the comment"),
        pytest.param("a: |\n     b\n", Set(("a",), "b\nc\n"), "a: |\n     b\n     c\n", id="the indent of a block scalar"),
        pytest.param("a: |\n\n     b\n", Set(("a",), "b\nc\n"), "a: |\n     b\n     c\n", id="behind a blank line"),
        pytest.param("a: |+\n\n\nd: 1\n", Set(("a",), "b\nc\n"), "a: |\n  b\n  c\nd: 1\n", id="of nothing but blank lines"),
        pytest.param("a: |+\n  b\n\nd: 1\n", Set(("a",), "x"), "a: x\nd: 1\n", id="kept blank lines are part of the value"),
        pytest.param("a: |+\n  b\n\nd: 1\n", Set(("e",), 1), "a: |+\n  b\n\nd: 1\ne: 1\n", id="kept blank lines above"),
        pytest.param("x:\n  a: |+\n    b\n\n", Set(("x", "c"), 1), "x:\n  a: |+\n    b\n\n  c: 1\n", id="after kept blank lines"),
        pytest.param("x:\n  a: |-\n    b\n\ny: 1\n", Set(("x", "c"), 1), "x:\n  a: |-\n    b\n  c: 1\n\ny: 1\n", id="before stripped ones"),
        pytest.param("a: x\n    # deep\n", Set(("a",), "b\nc\n"), 'a: "b\\nc\\n"\n    # deep\n', id="a comment must not become text"),
        pytest.param("a: x\n", Set(("a",), " b\nc"), 'a: " b\\nc"\n', id="a first line that begins with a blank"),
    ],
)  # fmt: skip
def test_a_value_is_hung_where_the_old_one_hung(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param("- - a\n  - b\n", Remove((0, 0)), "- - b\n", id="the first item of a list in a list"),
        pytest.param("- - a\n", Insert((0,), 0, "z"), "- - z\n  - a\n", id="before the first item of a list in a list"),
        pytest.param("l:\n- a\n- c\n", Insert(("l",), 1, "b"), "l:\n- a\n- b\n- c\n", id="in the middle of an unindented list"),
        pytest.param("l:\n  - a # x\n  # b\n  - b\n", Insert(("l",), 0, "z"), "l:\n  - z\n  - a # x\n  # b\n  - b\n", id="in front"),
        pytest.param("l:\n- a\n  # deeper\n- b\n", Remove(("l", 0)), "l:\n- b\n", id="a deeper comment below an item goes too"),
        pytest.param("l:\n- a: 1\n# - b: 2\n#   c: 3\n# on d\n- d: 4\n", Remove(("l", 1)), "l:\n- a: 1\n# - b: 2\n#   c: 3\n", id="an item that was commented out stays"),
        pytest.param("l:\n- a\n# - b\n- c\n", Insert(("l",), 1, "x"), "l:\n- a\n# - b\n- x\n- c\n", id="below an item that was commented out"),
        pytest.param("l:\n- a\n\n# apart\n\n- b\n", Remove(("l", 1)), "l:\n- a\n\n# apart\n\n", id="a comment apart from an item stays"),
        pytest.param("l:\n- name: a # x\n  # y\n  b: 1\n", Remove(("l", 0, "name")), "l:\n-\n  # y\n  b: 1\n", id="the key beside a dash, a comment below"),
    ],
)  # fmt: skip
def test_an_item_comes_and_goes_with_the_comments_that_are_attached_to_it(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "words"),
    [
        pytest.param("a:\n  # why\n  b: 1\n", Set(("a",), 1), ["line 2", "comment"], id="a comment would be lost"),
        pytest.param("a:\n  - b\n  - c # why\n", Set(("a",), 1), ["line 3", "comment"], id="the last comment would be lost"),
        pytest.param("? a\n? b\n", Set(("a",), 1), ["line 1", "`?`"], id="a key written with ? that has no value"),
        pytest.param("? a\n: 1\n? b\n: 2\n", Remove(("a",)), ["line 1", "line of its own"], id="a key written with ? to be removed"),
    ],
)  # fmt: skip
def test_what_would_lose_a_comment_or_has_no_line_of_its_own_is_refused(
    text: str, edit: Edit, words: list[str]
) -> None:
    with pytest.raises(Refused) as refused:
        edit_text(text, 0, edit)
    assert [word for word in words if word not in str(refused.value)] == []

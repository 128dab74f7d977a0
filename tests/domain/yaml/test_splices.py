"""Which node an edit meets, and whether it may be touched there."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.yaml.edits import Edit, Insert, Remove, Set
from gitops_mcp.domain.yaml.text import edit_text
from gitops_mcp.errors import Refused


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param(
            "spec:\n    managed:\n        roles:\n            -   name: a\n                login: true\n",
            Insert(("spec", "managed", "roles"), 1, {"name": "b", "inRoles": ["x"]}),
            "spec:\n    managed:\n        roles:\n            -   name: a\n                login: true\n"
            "            -   name: b\n                inRoles:\n                    -   x\n",
            id="four columns a step, a dash of four",
        ),
        pytest.param(
            "spec:\n  roles:\n  - a\n",
            Set(("spec", "tags"), ["x", {"z": [1]}]),
            "spec:\n  roles:\n  - a\n  tags:\n  - x\n  - z:\n    - 1\n",
            id="a new list is indented as its sibling is not",
        ),
        pytest.param(
            "a:\n  roles:\n  - x\nb:\n    c: 1\n",
            Set(("b", "d", "e"), 2),
            "a:\n  roles:\n  - x\nb:\n    c: 1\n    d:\n      e: 2\n",
            id="the usual step decides between two",
        ),
    ],
)  # fmt: skip
def test_what_is_new_is_indented_as_the_document_does_it(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param("spec:\n  roles: [] # none\n", Insert(("spec", "roles"), 0, {"name": "a"}), "spec:\n  roles: # none\n    - name: a\n", id="an empty list opens up"),
        pytest.param("a: {}\n", Set(("a", "b"), 1), "a:\n  b: 1\n", id="an empty mapping opens up"),
        pytest.param("l: [{}]\n", Set(("l", 0, "b"), 1), "l: [{b: 1}]\n", id="but not within brackets"),
        pytest.param("a: 1\n", Insert(("l",), 0, "x"), "a: 1\nl:\n  - x\n", id="a missing list is made"),
        pytest.param("l: null\n", Insert(("l",), 0, "x"), "l:\n  - x\n", id="a null list is made"),
        pytest.param("l: # c\n  # above\n  - a\n", Remove(("l", 0)), "l: [] # c\n", id="the only item and its comment"),
        pytest.param("l:\n  # far\n\n  - a\n", Remove(("l", 0)), "l: []\n  # far\n\n", id="the only item, a comment apart"),
        pytest.param("m: # c\n  # stays\n  a: 1\nb: 1\n", Remove(("m", "a")), "m: {} # c\n  # stays\nb: 1\n", id="the only key, its comment stays"),
        pytest.param("a: 1\n", Remove(("a",)), "{}\n", id="the only key of a document"),
        pytest.param("- - a\n", Remove((0, 0)), "- []\n", id="the only item of a list in a list"),
        pytest.param("- a: 1\n- b\n", Set((0,), "x"), "- x\n- b\n", id="a scalar over a mapping beside a dash"),
        pytest.param("- x # c\n", Set((0,), {"a": 1, "b": 2}), "- a: 1 # c\n  b: 2\n", id="a mapping beside a dash"),
        pytest.param("a:\n  b: 1\n", Set(("a",), [1]), "a:\n  - 1\n", id="a list over a mapping"),
        pytest.param("- []\n-   - a\n-   - b\n", Insert((0,), 0, [1, 2]), "- - - 1\n    - 2\n-   - a\n-   - b\n", id="an empty list keeps its place beside a dash"),
        pytest.param("a: [1]\n", Set(("a",), {"b": 1}), "a: {b: 1}\n", id="brackets become braces"),
    ],
)  # fmt: skip
def test_a_collection_comes_and_goes(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        pytest.param("a: &x 1\nb: 2\n", Set(("a",), 3), "a: &x 3\nb: 2\n", id="an anchor that nothing uses stays"),
        pytest.param("a: &x 1 # *x\n", Set(("a",), 3), "a: &x 3 # *x\n", id="an alias in a comment is not a use"),
        pytest.param("l: [&x 1, 2]\n", Set(("l", 0), 3), "l: [&x 3, 2]\n", id="an anchor in brackets"),
        pytest.param("[1, 2]\n", Set((), {"a": 1}), "{a: 1}\n", id="a whole document in brackets"),
        pytest.param("a: &x 1\nb: *x\n", Set(("b",), 3), "a: &x 1\nb: 3\n", id="a scalar over an alias"),
        pytest.param("a: &x {k: 1}\nb: *x\n", Set(("b",), {"k": 2}), "a: &x {k: 1}\nb:\n  k: 2\n", id="a mapping over an alias"),
        pytest.param("a:\n  b: &x 1\n  c:\n    d: *x\n# e: 2\n", Set(("a", "f"), 2), "a:\n  b: &x 1\n  c:\n    d: *x\n  f: 2\n# e: 2\n", id="behind an alias, before a comment"),
        pytest.param("a:\n  b: &x 1\n  c:\n    - *x # one\n  # two\n", Set(("a", "f"), 2), "a:\n  b: &x 1\n  c:\n    - *x # one\n  f: 2\n  # two\n", id="behind one in a list"),
        pytest.param("a:\r\n  b: &x 1\r\n  c: *x", Set(("a", "f"), 2), "a:\r\n  b: &x 1\r\n  c: *x\r\n  f: 2", id="behind one that ends the text"),
        pytest.param("a: &x 1\nb: {c: *x}\n", Set(("b",), {"c": 2}), "a: &x 1\nb: {c: 2}\n", id="a mapping over one that holds an alias"),
        pytest.param("a: &x {k: 1}\nb: *x\n", Remove(("b",)), "a: &x {k: 1}\n", id="an alias goes"),
        pytest.param("a: &x {k: 1}\nb: *x\nc: 1\n", Set(("c",), 2), "a: &x {k: 1}\nb: *x\nc: 2\n", id="beside them"),
        pytest.param("a: &x\n  k: 1\n", Set(("a", "l"), 2), "a: &x\n  k: 1\n  l: 2\n", id="inside of an anchor that nothing uses"),
        pytest.param("a: &x\n  k: 1\n", Remove(("a", "k")), "a: &x {}\n", id="an anchored mapping becomes empty"),
        pytest.param("a: &x\nb: 1\n", Set(("a",), 2), "a: &x 2\nb: 1\n", id="an anchored nothing"),
        pytest.param("b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n", Set(("c", "k"), 2), "b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n  k: 2\n", id="a merged key is overridden"),
        pytest.param("b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n", Set(("c",), {"k": 2, "m": 3}), "b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n  k: 2\n", id="a mapping over one that merges"),
        pytest.param("b: &b\n  k: {x: 1, y: 1}\nc:\n  <<: *b\n", Set(("c",), {"k": {"x": 2, "y": 1}}), 'b: &b\n  k: {x: 1, y: 1}\nc:\n  <<: *b\n  k:\n    x: 2\n    "y": 1\n', id="a part of a merged key overrides all of it"),
        pytest.param("b: &b\n  k: 1\nc:\n  <<: *b\n  m: 3\n", Remove(("c", "m")), "b: &b\n  k: 1\nc:\n  <<: *b\n", id="an own key beside a merge goes"),
        pytest.param("a: !!str 3\n", Set(("a",), 4), "a: 4\n", id="a tag goes with its value"),
        pytest.param("a: !vault x\nb: 1\n", Set(("b",), 2), "a: !vault x\nb: 2\n", id="an application's tag elsewhere stays"),
        pytest.param("? a\n: b\n", Set(("a",), "c"), "? a\n: c\n", id="a key written with a question mark"),
    ],
)  # fmt: skip
def test_anchors_aliases_merges_and_tags_are_left_as_they_are(before: str, edit: Edit, after: str) -> None:
    assert edit_text(before, 0, edit) == after


@pytest.mark.parametrize(
    ("text", "edit", "words"),
    [
        pytest.param("a: &x {k: 1}\nb: *x\nc: *x\n", Set(("a", "k"), 2), ["line 1", "&x", "lines 2, 3"], id="inside of an anchored mapping"),
        pytest.param("a: &x 1\nb: *x\n", Set(("a",), 2), ["line 1", "&x", "lines 2"], id="an anchored scalar"),
        pytest.param("a: &x {k: 1}\nb: *x\nc: *x\n", Set(("b", "k"), 2), ["line 2", "*x", "lines 1, 2, 3"], id="through an alias"),
        pytest.param("a: &x [1]\nb: *x\n", Insert(("b",), 1, 2), ["line 2", "*x", "lines 1, 2"], id="into a list through an alias"),
        pytest.param("a: &x [1]\nb: *x\n", Insert(("a",), 1, 2), ["line 1", "&x", "lines 2"], id="into an anchored list"),
        pytest.param("a: &x 1\nb: *x\n", Remove(("a",)), ["line 1", "&x", "lines 2", "lose it"], id="an anchor that is used"),
        pytest.param("a:\n  b: &x 1\nc: *x\n", Remove(("a",)), ["line 2", "&x", "lines 3"], id="a used anchor deep inside"),
        pytest.param("a:\n  b: &x 1\nc: *x\n", Set(("a",), 1), ["line 2", "&x", "lines 3"], id="a scalar over a used anchor"),
        pytest.param("b: &b {k: 1}\nc: {<<: *b}\n", Remove(("c", "k")), ["line 2", "c.k", "<<", "line 1"], id="a merged key"),
        pytest.param("b: &b {k: 1}\nc: {<<: *b, k: 2}\n", Remove(("c", "k")), ["line 2", "c.k", "<<"], id="the override of a merged key"),
        pytest.param("b: &b {k: {x: 1}}\nc: {<<: *b}\n", Set(("c", "k", "x"), 2), ["line 2", "c.k", "<<"], id="inside of a merged key"),
        pytest.param("- &x one\n", Set((0,), [1]), ["line 1", "written anew", "anchor"], id="a list over an anchored item"),
    ],
)  # fmt: skip
def test_what_another_place_uses_is_not_edited(text: str, edit: Edit, words: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        edit_text(text, 0, edit)
    assert [word for word in words if word not in str(refused.value)] == []

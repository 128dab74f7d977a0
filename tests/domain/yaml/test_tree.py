"""YAML text as a tree that knows its lines and comments."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.tree import Node, Unparsable, header_end, key_text

TEXT = "# é\r\na: 1 # one\r\nb:\n  - c"


@pytest.mark.parametrize(
    ("at", "start", "end", "following", "line", "column", "first"),
    [
        pytest.param("# é", "# é", "\r\na:", "a: 1", 1, 0, True, id="the first line"),
        pytest.param("1 #", "a: 1", "\r\nb:", "b:", 2, 3, False, id="in a line that ends with CRLF"),
        pytest.param("\r\nb:", "a: 1", "\r\nb:", "b:", 2, 10, False, id="before its line break"),
        pytest.param("- c", "  - c", "", "", 4, 2, True, id="the last line, which does not end"),
    ],
)
def test_a_place_in_a_text_knows_its_line(
    at: str, start: str, end: str, following: str, line: int, column: int, *, first: bool
) -> None:
    source, index = parse_yaml(TEXT), TEXT.index(at)
    assert TEXT[source.line_start(index) :].startswith(start)
    assert (TEXT[source.line_end(index) :].startswith(end), source.line_end(index) == len(TEXT)) == (True, not end)
    assert TEXT[source.next_line(index) :].startswith(following)
    assert (source.line(index), source.column(index), source.starts_line(index)) == (line, column, first)


@pytest.mark.parametrize(
    ("text", "comments"),
    [
        pytest.param("# a\nb: 1 # c\n# d\n", ["# a", "# c", "# d"], id="above, behind and below"),
        pytest.param("a: x#y\nb: 'p # q'\nc: \"\n  # r\"\n", [], id="what only looks like one"),
        pytest.param("a: | # why\n  # text\n  b # text\n", ["# why"], id="the header of a block scalar"),
        pytest.param("a: [1, # b\n  2] # c\n", ["# b", "# c"], id="in brackets"),
    ],
)
def test_comments_are_found_outside_of_values(text: str, comments: list[str]) -> None:
    found = parse_yaml(text).comments(0, len(text))
    assert [text[at:].partition("\n")[0] for at in found] == comments


def test_only_the_comments_of_a_span_are_found() -> None:
    text = "# a\nb: 1 # c\n# d\n"
    source = parse_yaml(text)
    assert source.comments(text.index("b"), text.index("# d")) == [text.index("# c")]
    assert source.comments(text.index("1"), text.index("1")) == []


def test_the_nodes_of_a_tree_come_in_the_order_of_the_text_and_aliases_are_not_followed() -> None:
    root = parse_yaml("a: &x {b: 1}\nc: [*x, 2]\n").trees[0].root
    assert [(node.kind, node.text) for node in root.nodes()] == [
        ("mapping", ""),
        ("scalar", "a"),
        ("mapping", ""),
        ("scalar", "b"),
        ("scalar", "1"),
        ("scalar", "c"),
        ("sequence", ""),
        ("alias", "x"),
        ("scalar", "2"),
    ]


def test_a_document_knows_who_uses_an_anchor() -> None:
    tree = parse_yaml("a: &x 1\nb: *x\nc: &y 2\nd: [*x]\n").trees[0]
    first, _, second, _ = (entry.value for entry in tree.root.entries)
    assert [alias.line for alias in tree.uses(first)] == [2, 4]
    assert tree.uses(second) == []


@pytest.mark.parametrize(
    ("text", "name", "merges"),
    [
        pytest.param("<<: {}\n", "<<", True, id="a merge"),
        pytest.param("!!merge <<: {}\n", "<<", True, id="a merge by its tag"),
        pytest.param("'<<': {}\n", "<<", False, id="in quotes it is a key like any other"),
        pytest.param("1: a\n", "1", False, id="a number is its text"),
    ],
)
def test_a_key_is_its_text(text: str, name: str, *, merges: bool) -> None:
    (entry,) = parse_yaml(text).trees[0].root.entries
    assert entry.key is not None
    assert (entry.name, entry.key.is_merge) == (name, merges)


def test_a_key_may_be_an_alias_and_an_item_has_none() -> None:
    root = parse_yaml("a: &x name\n*x : [1]\n").trees[0].root
    assert root.entries[1].name == "name"
    assert root.entries[1].value.entries[0].name == ""


def test_a_key_that_is_no_scalar_is_refused_with_its_line() -> None:
    with pytest.raises(Unparsable, match=r"^line 7: a key that is not a scalar"):
        key_text(Node("mapping", 0, 2, 7, flow=True))


@pytest.mark.parametrize(
    ("text", "header"),
    [("a: |\n  x\n", "|"), ("a: >2-\n   x\n", ">2-"), ("a: &x |+ # c\n  x\n", "|+"), ("a: x\n", "")],
    ids=["plain", "with an indent", "behind an anchor", "no block scalar"],
)
def test_the_header_of_a_block_scalar_ends_before_its_comment(text: str, header: str) -> None:
    node = parse_yaml(text).trees[0].root.entries[0].value
    assert text[node.content : header_end(text, node)] == header

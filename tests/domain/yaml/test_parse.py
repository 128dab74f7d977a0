"""Where everything in a text stands, and what is no YAML that Kubernetes' tools would read."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.tree import Unparsable


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        pytest.param("s: 😀\nb: 'it''s' # c\n", ["s", "😀", "b", "'it''s'"], id="quotes belong to it, a comment does not"),
        pytest.param("a: b\n  c\n", ["a", "b\n  c"], id="over lines"),
        pytest.param("a: &x !!str 1\nb: *x\n", ["a", "&x !!str 1", "b", "*x"], id="anchor, tag and alias"),
        pytest.param("a: &x\nb: 1\n", ["a", "&x", "b", "1"], id="an anchor on nothing"),
        pytest.param("a:\nb: ''\n", ["a", "b", "''"], id="nothing is not a leaf"),
        pytest.param("a: |\n  x\n\nb: 1\n", ["a", "|\n  x", "b", "1"], id="blank lines below a block scalar are nobody's"),
        pytest.param("a: |\r\n  x\r\n\r\nb: 1\r\n", ["a", "|\r\n  x", "b", "1"], id="with CRLF too"),
        pytest.param("a: |+\n  x\n\nb: 1\n", ["a", "|+\n  x\n\n", "b", "1"], id="those that are kept are its own"),
    ],
)  # fmt: skip
def test_a_scalar_and_an_alias_stand_where_they_are_written(text: str, leaves: list[str]) -> None:
    assert [text[leaf.start : leaf.end] for leaf in parse_yaml(text).leaves] == leaves


def test_a_collection_ends_where_its_last_leaf_does() -> None:
    text = "k: &n !t # c\n  a: 1\n\n# far\nl:\n- - x\n- y: 2\nf: {a, b: 1} # d\n? q\n"
    root = parse_yaml(text).trees[0].root
    assert [text[entry.value.start : entry.value.end] for entry in root.entries] == [
        "&n !t # c\n  a: 1",
        "- - x\n- y: 2",
        "{a, b: 1}",
        "",
    ]
    anchored, listed, braced, _ = (entry.value for entry in root.entries)
    assert (text[: anchored.properties], text[anchored.content :][:4]) == ("k: &n !t", "a: 1")
    assert (anchored.anchor, anchored.tag) == ("n", "!t")
    assert [text[item.start : item.end] for item in listed.entries] == ["- - x", "- y: 2"]
    assert [text[: entry.lead][-2:] if entry.lead >= 0 else None for entry in root.entries] == ["k:", "l:", "f:", None]
    assert [entry.lead >= 0 for entry in braced.entries] == [False, True]


def test_a_document_begins_at_its_marker_and_an_empty_one_stands_there() -> None:
    trees = parse_yaml("--- # c\n---\nb: 1\n").trees
    assert [(tree.start, tree.marker, tree.line, tree.is_empty) for tree in trees] == [
        (0, 3, 1, True),
        (8, 11, 3, False),
    ]
    assert [tree.marker for tree in parse_yaml("b: 1\n").trees] == [-1]


@pytest.mark.parametrize(
    ("text", "eol"),
    [
        pytest.param("a: 1\nb: 2\n", "\n", id="LF"),
        pytest.param("a: 1\r\nb: 2\r\n", "\r\n", id="CRLF"),
        pytest.param("a: 1\r\nb: 2\n", "\r\n", id="half and half"),
        pytest.param("a: 1\r\nb: 2\nc: 3\n", "\n", id="more LF"),
        pytest.param("a: 1", "\n", id="none"),
    ],
)
def test_new_lines_end_as_most_lines_do(text: str, eol: str) -> None:
    assert parse_yaml(text).eol == eol


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: 1\na: 2\n", "line 2: the key 'a' is there twice", id="a key twice"),
        pytest.param("a: 1\n'a': 2\n", "line 2: the key 'a' is there twice", id="once in quotes"),
        pytest.param('1: 1\n"1": 2\n', "line 2: the key '1' is there twice", id="once as a number"),
        pytest.param("m: {a: 1,\n a: 2}\n", "line 2: the key 'a' is there twice", id="in braces"),
        pytest.param("a: 1\n b: 2\n", "line 2", id="wrong indent"),
        pytest.param("a: [1\n", "line 2", id="an open bracket"),
        pytest.param("a: {{ .Values.x }}\n", "line 1: a key that is not a scalar", id="a template"),
        pytest.param("{{- if .Values.x }}\na: 1\n", "line 1", id="a template around a document"),
        pytest.param("a: 1\nb: *x\n", "line 2: the alias *x has no anchor before it", id="an unknown alias"),
        pytest.param("a: &x [*x]\n", "line 1: the alias *x stands inside of what it repeats", id="a loop"),
        pytest.param("a: 1\nb: \x07\n", "line 2", id="a control character"),
        pytest.param("a: \ud83d\n", "line 1", id="half a character"),
        pytest.param("[" * 300 + "]" * 300, "line 1: nested deeper than 200 levels", id="nested too deep"),
    ],
)  # fmt: skip
def test_what_is_not_yaml_for_kubernetes_is_unparsable_and_says_where(text: str, message: str) -> None:
    with pytest.raises(Unparsable) as unparsable:
        parse_yaml(text)
    assert str(unparsable.value).startswith(message)


def test_aliases_that_multiply_are_refused_before_they_are_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(Unparsable, match="line 1: its aliases make"):
        parse_yaml("\n".join(lines))


def test_aliases_that_nest_too_deep_are_refused() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 250))]
    with pytest.raises(Unparsable, match="nested deeper than 200 levels"):
        parse_yaml("\n".join(lines))

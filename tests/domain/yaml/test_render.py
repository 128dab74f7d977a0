"""Values as text that every reader takes for the same value."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.render import Indentation, flow, flow_entry, item_lines, render_manifest
from gitops_mcp.domain.yaml.text import edit_text, parse_documents
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import InvalidRequest


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(
            {
                "apiVersion": "v1",
                "metadata": {"name": "a", "labels": {}},
                "spec": {"roles": [{"name": "app", "inRoles": ["x", "y z"]}, {"name": "b"}], "sql": "SELECT 1;\nSELECT 2;\n"},
            },
            "apiVersion: v1\nmetadata:\n  name: a\n  labels: {}\nspec:\n  roles:\n    - name: app\n      inRoles:\n"
            "        - x\n        - y z\n    - name: b\n  sql: |\n    SELECT 1;\n    SELECT 2;\n",
            id="a manifest",
        ),
        pytest.param({"l": [[1, [2]], [], {}]}, "l:\n  - - 1\n    - - 2\n  - []\n  - {}\n", id="lists in lists"),
        pytest.param({}, "{}\n", id="nothing"),
    ],
)  # fmt: skip
def test_a_new_file_is_in_block_style(value: Object, text: str) -> None:
    assert render_manifest(value) == text
    assert parse_documents(text)[0].value == value


def test_a_new_file_can_have_another_style() -> None:
    assert render_manifest({"a": {"b": [1]}}, eol="\r\n", indent=4, indent_lists=False) == "a:\r\n    b:\r\n    - 1\r\n"


AMBIGUOUS = (
    "on off yes No y n Y N true FALSE null ~ NaN .inf -.INF = << 0 -1 +1 1.5 .5 5. 1e3 1e+3 12e03 0644 0o17 0x1F 0b11 "
    "1_000 10:20 1:30:00 2020-01-01 2020-01-01T00:00:00Z 1.2.3 10.0.0.1 16.3"
)


@pytest.mark.parametrize("word", AMBIGUOUS.split())
def test_a_string_that_some_reader_takes_for_something_else_is_double_quoted(word: str) -> None:
    assert render_manifest({"a": word, word: 1}) == f'a: "{word}"\n"{word}": 1\n'
    assert edit_text("a: x\nb: 1\n", 0, Set(("a",), word)) == f'a: "{word}"\nb: 1\n'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("plain words", "plain words", id="words"),
        pytest.param("10Gi", "10Gi", id="a quantity"),
        pytest.param("30d", "30d", id="a time span"),
        pytest.param("0 0 2 * * *", "0 0 2 * * *", id="a schedule"),
        pytest.param("ghcr.io/cnpg/postgresql:16", "ghcr.io/cnpg/postgresql:16", id="an image"),
        pytest.param("--verbose", "--verbose", id="an option"),
        pytest.param("é😀", "é😀", id="letters beyond ASCII"),
        pytest.param("it's", "it's", id="an apostrophe"),
        pytest.param("", '""', id="nothing"),
        pytest.param(" a", '" a"', id="a blank in front"),
        pytest.param("a ", '"a "', id="a blank behind"),
        pytest.param("a: b", '"a: b"', id="a colon"),
        pytest.param("a:", '"a:"', id="a colon behind"),
        pytest.param("a #b", '"a #b"', id="a comment"),
        pytest.param("- a", '"- a"', id="a dash"),
        pytest.param("---", '"---"', id="a marker"),
        pytest.param("{a", '"{a"', id="a brace"),
        pytest.param("*a", '"*a"', id="an alias"),
        pytest.param("%a", '"%a"', id="a directive"),
        pytest.param("${A}", "${A}", id="a variable"),
        pytest.param('a"b\\c', 'a"b\\c', id="quotes inside"),
        pytest.param("a\tb", '"a\\tb"', id="a tab"),
        pytest.param(
            "\x00\x07\x85\u2028\ufeff\U000e0001", '"\\0\\x07\\x85\\u2028\\ufeff\\U000e0001"', id="not printable"
        ),
        pytest.param("a\nb", "|-\n  a\n  b", id="two lines"),
        pytest.param("a\n\tb\n\nc\n", "|\n  a\n  \tb\n\n  c", id="tabs and blank lines"),
        pytest.param("a\n\n", '"a\\n\\n"', id="blank lines behind"),
        pytest.param("a \nb", '"a \\nb"', id="a blank behind a line"),
        pytest.param("a\r\nb", '"a\\r\\nb"', id="a carriage return"),
        pytest.param("\n", '"\\n"', id="an empty line"),
        pytest.param(True, "true", id="true"),
        pytest.param(None, "null", id="null"),
        pytest.param(1.0, "1.0", id="a float"),
        pytest.param(1e16, "1.0e+16", id="a great float"),
        pytest.param(1.5e-7, "1.5e-07", id="a small float"),
        pytest.param(math.inf, ".inf", id="infinity"),
        pytest.param(-math.inf, "-.inf", id="minus infinity"),
        pytest.param(math.nan, ".nan", id="not a number"),
        pytest.param(2**64 - 1, "18446744073709551615", id="the greatest integer"),
    ],
)
def test_a_value_is_written_so_that_it_is_read_back(value: Any, text: str) -> None:
    assert render_manifest({"a": value}) == f"a: {text}\n"
    assert is_same(parse_documents(render_manifest({"a": value}))[0].value, {"a": value})
    assert is_same(parse_documents(edit_text("a: [x]\n", 0, Set(("a", 0), value)))[0].value, {"a": [value]})


@pytest.mark.parametrize("word", ["a: b", "a,b", "[a", "a?", "a:b", "x"])
def test_a_string_in_brackets_is_read_back(word: str) -> None:
    text = edit_text("{a: [x]}\n", 0, Set(("a", 0), word), Set((word,), {word: [word]}))
    assert parse_documents(text)[0].value == {"a": [word], word: {word: [word]}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param({1: 2}, "the key 1 is not a string", id="a key that JSON has not"),
        pytest.param(b"x", "a bytes cannot stand in a manifest", id="a value that JSON has not"),
        pytest.param(2**64, "the number 0x10000000000000000 does not fit into 64 bits", id="a huge number"),
        pytest.param(
            "\ud83d",
            "a string holds half of a character (a lone surrogate), which UTF-8 cannot carry",
            id="half a character",
        ),
    ],
)
def test_what_cannot_stand_in_a_manifest_is_an_invalid_request(value: Any, message: str) -> None:
    with pytest.raises(InvalidRequest) as invalid:
        render_manifest({"a": [value]})
    assert str(invalid.value) == message


def test_what_stands_in_brackets_is_on_one_line_whatever_it_holds() -> None:
    assert flow({"a": [1, None, {"b": "x, y"}], "on": "two\nlines"}) == (
        '{a: [1, null, {b: "x, y"}], "on": "two\\nlines"}'
    )
    assert flow_entry("a", "b", style='"', key_style="'") == "'a': \"b\""


def test_an_item_stands_as_far_behind_its_dash_as_the_others() -> None:
    assert item_lines({"a": 1, "b": [2]}, 2, Indentation(step=4, offset=0, gap=4)) == [
        "  -   a: 1",
        "      b:",
        "      -   2",
    ]

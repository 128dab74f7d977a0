"""What a scalar is read as, and how a value is written so that every reader reads that."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml

from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.render import render_manifest
from gitops_mcp.domain.yaml.text import edit_text, parse_documents
from gitops_mcp.domain.yaml.values import TaggedValue, is_same


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param("~", None, id="tilde"),
        pytest.param("Null", None, id="null"),
        pytest.param("yes", True, id="yes"),
        pytest.param("Off", False, id="off"),
        pytest.param("TRUE", True, id="true"),
        pytest.param("y", "y", id="y"),
        pytest.param("2020-01-01", "2020-01-01", id="a date"),
        pytest.param("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z", id="a time"),
        pytest.param("10:20", "10:20", id="sexagesimal"),
        pytest.param("=", "=", id="an equals sign"),
        pytest.param("0644", 420, id="octal"),
        pytest.param("0o17", 15, id="octal of 1.2"),
        pytest.param("089", 89.0, id="not octal"),
        pytest.param("0x1F", 31, id="hexadecimal"),
        pytest.param("-0b11", -3, id="binary"),
        pytest.param("1_000", 1000, id="underscores"),
        pytest.param("+1", 1, id="plus"),
        pytest.param("1e3", 1000.0, id="an exponent"),
        pytest.param(".5", 0.5, id="no digit before the point"),
        pytest.param("1.", 1.0, id="no digit after it"),
        pytest.param("1.2.3", "1.2.3", id="a version"),
        pytest.param("-.INF", -math.inf, id="infinity"),
        pytest.param(".nan", math.nan, id="not a number"),
        pytest.param("18446744073709551615", 2**64 - 1, id="the greatest integer"),
        pytest.param("18446744073709551616", 2.0**64, id="beyond it"),
        pytest.param("9" * 5000, math.inf, id="far beyond it"),
        pytest.param("+", "+", id="a sign"),
        pytest.param("10Gi", "10Gi", id="a quantity"),
        pytest.param("'1'", "1", id="in single quotes"),
        pytest.param('"\\u00e9\\x41"', "éA", id="in double quotes"),
        pytest.param("! 1", "1", id="the bare tag"),
        pytest.param("!!str 1", "1", id="a string by tag"),
        pytest.param('!!int "1"', 1, id="an integer by tag"),
        pytest.param("!!float 1", 1.0, id="a float by tag"),
        pytest.param("!vault 1", TaggedValue("!vault", "1"), id="an application's tag"),
        pytest.param("!vault [1]", TaggedValue("!vault", [1]), id="an application's tag on a list"),
        pytest.param("!!binary aGk=", TaggedValue("tag:yaml.org,2002:binary", "aGk="), id="base64"),
    ],
)
def test_a_scalar_is_read_as_go_yaml_reads_it(text: str, value: Any) -> None:
    assert is_same(parse_documents(f"a: {text}\n")[0].value, {"a": value})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &x\n  k: 1\n  l: 2\nb:\n  <<: *x\n  l: 3\n", id="an own key wins"),
        pytest.param("a: &x {k: 1}\nc: &y {k: 2, l: 2}\nb:\n  <<: [*x, *y]\n", id="the first of several wins"),
        pytest.param("a: &x {k: 1}\nc: &y {<<: *x, l: 2}\nb: {<<: *y}\n", id="a merge in a merge"),
        pytest.param("b: {<<: {k: 1}, l: 2}\n", id="a merge without an alias"),
        pytest.param("k: &k name\nb: {*k : 1}\n", id="an alias as a key"),
    ],
)
def test_merges_and_aliases_are_read_as_pyyaml_reads_them(text: str) -> None:
    assert is_same(parse_documents(text)[0].value, yaml.safe_load(text))


def test_an_alias_means_the_last_anchor_of_its_name() -> None:
    # As in go-yaml; PyYAML refuses a second anchor of the same name.
    assert parse_documents("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")[0].value == {"a": 1, "b": 1, "c": 2, "d": 2}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param(1, True, False, id="one and true"),
        pytest.param(1, 1.0, False, id="one and one point nothing"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, id="keys in another order"),
        pytest.param({"a": 1}, {"b": 1}, False, id="other keys"),
        pytest.param({"a": [1]}, {"a": [True]}, False, id="deep inside"),
        pytest.param([1], [1, 2], False, id="another length"),
        pytest.param(math.nan, math.nan, True, id="not a number"),
        pytest.param(math.nan, 1.0, False, id="not a number and one"),
        pytest.param(TaggedValue("!a", 1), TaggedValue("!a", True), False, id="under a tag"),
        pytest.param(TaggedValue("!a", 1), TaggedValue("!b", 1), False, id="another tag"),
    ],
)
def test_values_are_the_same_only_in_type_too(a: Any, b: Any, *, expected: bool) -> None:
    assert is_same(a, b) is expected


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

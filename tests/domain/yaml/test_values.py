"""What YAML text is read as."""

from __future__ import annotations

import math
from typing import Any

import pytest
import yaml

from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.yaml.parse import parse_yaml
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.domain.yaml.values import TaggedValue, entry_at, is_opaque, is_same, merged_entry, own_entry


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


def test_values_of_aliases_are_values_of_their_own() -> None:
    value = parse_documents("a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n")[0].value
    value["a"]["k"] = 2
    assert value == {"a": {"k": 2}, "b": {"k": 1}, "c": {"k": 1}}


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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a:\n  <<: 1\n", "line 2: << brings in something that is not a mapping", id="a merge of a number"),
        pytest.param("a: !!int x\n", "line 1: 'x' under the tag !!int", id="a tag that does not fit"),
    ],
)
def test_what_means_nothing_is_unparsable_and_says_where(text: str, message: str) -> None:
    with pytest.raises(Unparsable) as unparsable:
        parse_documents(text)
    assert str(unparsable.value) == message


MERGED = "a: &x {k: 1, deep: {b: 2}}\nc:\n  <<: *x\n  own: 3\nd: *x\nl: [4]\n"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        pytest.param(("a", "k"), "k: 1", id="a key"),
        pytest.param(("c", "own"), "own: 3", id="beside a merge"),
        pytest.param(("c", "deep", "b"), "b: 2", id="through a merge"),
        pytest.param(("d", "k"), "k: 1", id="through an alias"),
        pytest.param(("l", 0), "4", id="an item"),
        pytest.param(("l", 1), None, id="an item that is not there"),
        pytest.param(("l", -1), None, id="no item counts from the end"),
        pytest.param(("l", "k"), None, id="a key of a list"),
        pytest.param(("a", 0), None, id="an item of a mapping"),
        pytest.param(("a", "k", "k"), None, id="a key of a scalar"),
        pytest.param((), None, id="the document is not an entry"),
    ],
)
def test_an_entry_is_found_where_it_is_written(path: Path, written: str | None) -> None:
    entry = entry_at(parse_yaml(MERGED).trees[0].root, path)
    assert (MERGED[entry.start : entry.end] if entry else None) == written


def test_what_is_merged_in_is_told_from_what_a_mapping_holds_itself() -> None:
    found = entry_at(parse_yaml(MERGED).trees[0].root, ("c",))
    assert found is not None
    mapping = found.value
    assert (own_entry(mapping, "k"), merged_entry(mapping, "own")) == (None, None)
    own, merged = own_entry(mapping, "own"), merged_entry(mapping, "k")
    assert own is not None
    assert merged is not None
    assert (own.value.line, merged.value.line) == (4, 1)
    assert own_entry(mapping, "<<") is None


@pytest.mark.parametrize(
    ("text", "opaque"),
    [
        pytest.param("a: 1\n", False, id="no tag"),
        pytest.param("a: !!str 1\n", False, id="a tag that says what it is"),
        pytest.param("a: !!map {}\n", False, id="of a mapping"),
        pytest.param("a: !!int 1\n", True, id="a tag that decides"),
        pytest.param("a: !vault x\n", True, id="a tag of an application"),
    ],
)
def test_a_tag_that_changes_what_a_value_means_is_known(text: str, *, opaque: bool) -> None:
    assert is_opaque(parse_yaml(text).trees[0].root.entries[0].value) is opaque

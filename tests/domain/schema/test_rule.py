"""One CEL rule, compiled once: what is known of it before it meets a value."""

from __future__ import annotations

from typing import Any

import pytest
from cel import Context

from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.schema.rule import CelRule, compile_rule, escape_name


def rule(text: str, **more: Any) -> CelRule:
    return CelRule.of({"rule": text, **more})


def holds(text: str, value: Any) -> Any:
    found = rule(text)
    assert found.program is not None, found.trouble
    return found.program.execute(Context({"self": value}, dict(found.functions)))


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        pytest.param("self.size() == 2", "é€", "é", id="size counts characters"),
        pytest.param("size(self) == 2 && 'size(a)' != self", "é€", "é", id="size as a function"),
        pytest.param("self.size > 1", {"size": 2}, {"size": 1}, id="a field named size"),
        pytest.param("self.size() < 2", ["é"], ["a", "b"], id="the size of a list"),
        pytest.param("self.matches('^[a-z]+$')", "ab", "ab\n", id="matches"),
        pytest.param(r"self.matches(r'^\d$')", "3", "٣", id="matches, by digits as RE2 knows them"),
        pytest.param("self.exists_one(x, x == 1)", [1, 2], [1, 1], id="exists_one"),
        pytest.param("self.map(x, x > 1, x * 2) == [4]", [1, 2], [1], id="map with a condition"),
        pytest.param("self.lowerAscii().trim().split('-').size() == 2", " A-B", "A", id="functions on strings"),
        pytest.param("duration(self) <= duration('1h30m')", "90m", "91m", id="duration"),
    ],
)
def test_a_function_means_what_kubernetes_has_it_mean(text: str, good: Any, bad: Any) -> None:
    assert (holds(text, good), holds(text, bad)) == (True, False)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("self.?a.hasValue()", "the CEL library cannot read it"),
        ("self.?a != optional.of('oldSelf')", "the CEL library cannot read it"),
        ("quantity(self).isGreaterThan(quantity('1'))", "the CEL library does not know isGreaterThan, quantity"),
        ("cel.bind(x, self, x == '')", "the CEL library does not know bind"),
    ],
)
def test_a_rule_that_cannot_be_read_is_kept_with_its_trouble(text: str, trouble: str) -> None:
    found = rule(text)
    assert (found.trouble, found.program, found.text) == (trouble, None, text)


@pytest.mark.parametrize(
    ("text", "names", "whole"),
    [
        pytest.param("self.c == 'd'", {"self", "c", "d"}, False, id="a field and a literal"),
        pytest.param("has(self.a.b) && self.c > 1", {"self", "a", "c"}, False, id="presence reads what is around"),
        pytest.param("!has(self.a)", {"self"}, False, id="presence alone"),
        pytest.param("self == {'a': 1}", {"self", "a"}, True, id="the value as such"),
        pytest.param("size(self) > 1", {"size", "self"}, True, id="its size"),
        pytest.param("self.all(x, x.a > 1)", {"self", "all", "x", "a"}, False, id="a field of each item"),
        pytest.param("self.all(x, x > 1)", {"self", "all", "x"}, True, id="each item as such"),
        pytest.param("self.a in ['x'] || true", {"self", "a", "in", "x", "true"}, False, id="words of CEL are no values"),
    ],
)  # fmt: skip
def test_what_a_rule_reads_is_told_from_its_text(text: str, names: set[str], *, whole: bool) -> None:
    assert (set(rule(text).names), rule(text).whole) == (names, whole)


@pytest.mark.parametrize(
    ("text", "transition", "searches"),
    [
        ("self == oldSelf", True, False),
        ("self != 'oldSelf'", False, False),
        ("self.?a != oldSelf", True, False),
        ("self.all(x, x > 1)", False, True),
        ("self.exists_one(x, x > 1)", False, False),
    ],
    ids=["the old value", "a text that names it", "in what cannot be read", "a search", "no search"],
)
def test_what_a_rule_compares_and_searches_is_known(text: str, *, transition: bool, searches: bool) -> None:
    assert (rule(text).transition, rule(text).searches) == (transition, searches)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        pytest.param({"message": "must be\n  more than 0\n"}, "must be more than 0", id="on one line"),
        pytest.param({"message": " "}, "failed rule: self > 0", id="an empty one"),
        pytest.param({}, "failed rule: self > 0", id="none"),
    ],
)
def test_a_rule_has_a_message_in_any_case(stated: Object, message: str) -> None:
    assert rule(" self > 0\n", **stated).message == message


@pytest.mark.parametrize(
    ("stated", "path"),
    [("", ()), (".a.b", ("a", "b")), (".a['b-c'].d", ("a", "b-c", "d"))],
    ids=["none", "names", "a name in brackets"],
)
def test_a_rule_may_name_the_field_that_is_at_fault(stated: str, path: Path) -> None:
    assert rule("true", fieldPath=stated).field_path == path


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("instances", "instances"),
        ("a-b", "a__dash__b"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("a__b", "a__underscores__b"),
        ("namespace", "__namespace__"),
    ],
)
def test_a_property_that_is_no_identifier_is_spelled_as_kubernetes_does(name: str, escaped: str) -> None:
    assert escape_name(name) == escaped


def test_a_rule_is_compiled_once() -> None:
    assert compile_rule("self.once > 1") is compile_rule("self.once > 1")

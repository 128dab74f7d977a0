from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import Unchecked, compile_schema
from tests.domain.schema.specs import INTEGER, TEXT, listed, obj, of, ruled

MISSING = object()


def told(spec: Object, value: Any, old: Any = MISSING) -> list[tuple[str, str]]:
    verdict = of(spec).verdict({"spec": value}, before=None if old is MISSING else {"spec": old})
    assert verdict.unchecked == ()
    return [(fault.field, fault.message) for fault in verdict.faults]


def undecided(spec: Object, value: Any, old: Any = MISSING) -> list[tuple[str, str]]:
    verdict = of(spec).verdict({"spec": value}, before=None if old is MISSING else {"spec": old})
    assert verdict.faults == ()
    return [(one.field, one.reason) for one in verdict.unchecked]


PLAIN = [
    pytest.param(ruled(INTEGER, "self > 0"), 1, 0, id="a scalar"),
    pytest.param(ruled(obj(a=TEXT, b=TEXT), "has(self.a) != has(self.b)"), {"a": ""}, {"a": "", "b": ""}, id="has"),
    pytest.param(
        ruled({**TEXT, "format": "date-time"}, "self.getFullYear() > 2029"),
        "2030-01-01T00:00:00Z",
        "2029-12-31T00:00:00Z",
        id="a time is a timestamp",
    ),
    pytest.param(
        ruled(obj(a=listed({**TEXT, "format": "date-time"})), "self.a.all(x, x > timestamp('2029-12-31T00:00:00Z'))"),
        {"a": ["2030-01-01T00:00:00Z"]},
        {"a": ["2029-01-01T00:00:00Z"]},
        id="a time further down",
    ),
    pytest.param(ruled({**TEXT, "format": "byte"}, "self == b'a'"), "YQ==", "Yg==", id="base64 is bytes"),
    pytest.param(
        ruled({"type": "number"}, "self / 2.0 > 1.0"), 3, 2, id="an integer where a number stands is a double"
    ),
    pytest.param(
        ruled(obj(**{"a-b": INTEGER, "namespace": TEXT}), "self.a__dash__b > 0 && self.__namespace__ != ''"),
        {"a-b": 1, "namespace": "x"},
        {"a-b": 0, "namespace": "x"},
        id="escaped names",
    ),
    pytest.param(
        ruled({"type": "object", "additionalProperties": {"type": "number"}}, "'a-b' in self && self['a-b'] > 0.0"),
        {"a-b": 1},
        {"a-b": 0},
        id="the keys of a map are as they are",
    ),
    pytest.param(
        ruled({"x-kubernetes-int-or-string": True}, "type(self) == int ? self > 0 : self.endsWith('%')"),
        "5%",
        0,
        id="int-or-string",
    ),
    pytest.param(ruled(obj(a={**INTEGER, "default": 3}), "self.a > 2"), {}, {"a": 2}, id="defaults are seen"),
]


@pytest.mark.parametrize(("spec", "good", "bad"), PLAIN)
def test_a_rule_accepts_one_value_and_refuses_another(spec: Object, good: Any, bad: Any) -> None:
    assert told(spec, good) == []
    assert told(spec, bad) == [("spec", "no")]


SAME = "self == oldSelf"
NAMED = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}

TRANSITIONS = [
    pytest.param(ruled(TEXT, SAME), "a", "b", [("spec", "no")], id="changed"),
    pytest.param(ruled(TEXT, SAME), "a", "a", [], id="the same"),
    pytest.param(obj(a=ruled(TEXT, SAME)), {"a": "x"}, {}, [], id="added"),
    pytest.param(obj(a=ruled(TEXT, SAME)), {}, {"a": "x"}, [], id="removed: no rule stands where nothing is"),
    pytest.param(
        ruled(obj(a={**TEXT, "default": "x"}), SAME), {"a": "x"}, {}, [], id="what was there has its defaults too"
    ),
    pytest.param(
        listed(obj(name=TEXT, a=ruled(TEXT, SAME)), **NAMED),
        [{"name": "two", "a": "x"}, {"name": "one", "a": "y"}],
        [{"name": "one", "a": "z"}, {"name": "two", "a": "x"}],
        [("spec[1].a", "no")],
        id="items of a list-map are matched by their keys",
    ),
    pytest.param(
        listed(obj(name=TEXT, a=ruled(TEXT, SAME))),
        [{"name": "one", "a": "y"}],
        [{"name": "one", "a": "z"}],
        [],
        id="items of other lists are not matched",
    ),
    pytest.param(
        listed(obj(a=ruled(TEXT, "self != oldSelf"))),
        [{"a": "x"}],
        [{"a": "x"}],
        [],
        id="not even where they are equal",
    ),
    pytest.param(
        {"type": "object", "additionalProperties": ruled(TEXT, SAME)},
        {"a": "x", "b": "y"},
        {"a": "z"},
        [("spec.a", "no")],
        id="values of a map are matched by their keys",
    ),
    pytest.param(
        ruled(listed(TEXT, **{"x-kubernetes-list-type": "set"}), SAME),
        ["a", "b"],
        ["b", "a"],
        [],
        id="a set has no order",
    ),
    pytest.param(ruled(listed(TEXT), SAME), ["a", "b"], ["b", "a"], [("spec", "no")], id="another list has"),
    pytest.param(ruled(TEXT, "self != 'oldSelf'"), "oldSelf", MISSING, [("spec", "no")], id="a text is not a mention"),
]


@pytest.mark.parametrize(("spec", "value", "old", "faults"), TRANSITIONS)
def test_a_rule_compares_with_what_was_in_the_same_place(
    spec: Object, value: Any, old: Any, faults: list[tuple[str, str]]
) -> None:
    assert told(spec, value, old) == faults
    assert told(spec, value) == [fault for fault in faults if old is MISSING]


def test_a_rule_may_ask_whether_there_was_an_old_value() -> None:
    spec = obj(a=ruled(TEXT, "oldSelf.hasValue() ? oldSelf.value() == self : self == 'new'", optionalOldSelf=True))
    assert told(spec, {"a": "new"}, {}) == []
    assert told(spec, {"a": "old"}, {"a": "old"}) == []
    assert told(spec, {"a": "old"}) == [("spec.a", "no")]
    assert told(spec, {"a": "new"}, {"a": "old"}) == [("spec.a", "no")]


def test_null_is_asked_for_by_the_rule_above_it() -> None:
    spec = obj(a=ruled({**TEXT, "nullable": True}, "self.size() > 0"))
    assert told(spec, {"a": None}) == []
    assert told(spec, {"a": ""}) == [("spec.a", "no")]


def test_rules_stand_at_the_root_too() -> None:
    schema = compile_schema(ruled(obj(), "self.metadata.name.startsWith('x')"), key="root")
    assert schema.faults({"metadata": {"name": "x1"}}) == ()
    assert [str(fault) for fault in schema.faults({"metadata": {"name": "y1"}})] == ["no"]


def test_a_fault_is_told_at_the_path_that_the_rule_names() -> None:
    spec = ruled(obj(a=obj(**{"b-c": INTEGER})), "!has(self.a)", fieldPath=".a['b-c']")
    assert told(spec, {"a": {"b-c": 1}}) == [("spec.a.b-c", "no")]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        pytest.param({"messageExpression": "'is ' + string(self)", "message": "no"}, "is 0", id="an expression"),
        pytest.param({"messageExpression": "string(1 / self)", "message": "no"}, "no", id="that fails"),
        pytest.param({"messageExpression": "self ++", "message": "no"}, "no", id="that is none"),
        pytest.param({"messageExpression": "self", "message": "no"}, "no", id="that gives no text"),
        pytest.param({"messageExpression": "'A'.lowerAscii() + 'b'"}, "ab", id="with functions"),
        pytest.param({"messageExpression": "''"}, "failed rule: self > 0", id="that is empty, and no message"),
        pytest.param({}, "failed rule: self > 0", id="no message"),
    ],
)
def test_the_message_falls_back_to_the_rule(stated: Object, message: str) -> None:
    assert told({**INTEGER, "x-kubernetes-validations": [{"rule": "self > 0", **stated}]}, 0) == [("spec", message)]


def test_a_rule_that_reads_what_is_not_set_is_refused_as_the_api_server_does() -> None:
    spec = ruled(obj(a=TEXT), "self.a != ''")
    assert told(spec, {}) == [("spec", "no (the rule reads a, which is not set)")]
    assert told(ruled(obj(a=obj(b=TEXT)), "has(self.a.b)"), {}) == [("spec", "no (the rule reads a, which is not set)")]
    assert told(ruled(INTEGER, "1 / self == 1"), 0) == [
        ("spec", "no (the rule cannot be evaluated on this value, which the API server refuses)")
    ]
    assert told(ruled(obj(a=TEXT), "self.a != '' || true"), {}) == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("self ==", "the CEL library cannot read it"),
        ("self == '' && nothing", "the CEL library could not evaluate it (RuntimeError)"),
        ("self > 1", "the CEL library could not evaluate it (TypeError)"),
        ("self + 'a'", "it answers neither true nor false"),
    ],
)
def test_a_rule_that_cannot_be_decided_is_never_taken_as_held(rule: str, reason: str) -> None:
    assert undecided(ruled(TEXT, rule), "") == [("spec", reason)]


@pytest.mark.parametrize(
    ("rule", "value", "error"),
    [
        ("size(self) > 1", "7", "TypeError"),
        ("self.matches('a')", "7", "AttributeError"),
        ("self.matches('(?!a)')", "'a'", "Unreadable"),
        ("self.split(7) == ['a']", "'a'", "TypeError"),
    ],
)
def test_a_function_that_fails_says_nothing_beside_the_answer(
    rule: str, value: str, error: str, capfd: pytest.CaptureFixture[str]
) -> None:
    text = rule.replace("self", f"(self == '' ? {value} : {value})")
    assert undecided(ruled(TEXT, text), "") == [("spec", f"the CEL library could not evaluate it ({error})")]
    assert capfd.readouterr() == ("", "")


def test_rules_that_cannot_be_read_are_told_of_what_is_there() -> None:
    spec = obj(
        a=listed(ruled(TEXT, "self.nosuch()")), b={"type": "object", "additionalProperties": ruled(TEXT, "url(self)")}
    )
    assert of(spec).verdict({"spec": {"a": [""], "b": {"c": ""}}}).unchecked == (
        Unchecked("spec.a[0]", "self.nosuch()", "the CEL library does not know nosuch"),
        Unchecked("spec.b.c", "url(self)", "the CEL library does not know url"),
    )
    assert undecided(spec, {}) == []


def test_a_search_that_stumbles_over_one_item_is_not_decided() -> None:
    spec = ruled(listed(obj(a=INTEGER)), "self.exists(x, x.a == 1)")
    assert told(spec, [{"a": 1}]) == []
    assert undecided(spec, [{}, {"a": 1}]) == [("spec", "a value that it reads is not there")]


def test_faults_of_the_value_come_before_a_rule_that_stumbles_over_them() -> None:
    spec = {**ruled(obj(a=TEXT), "self.a != ''"), "required": ["a"]}
    verdict = of(spec).verdict({"spec": {}})
    assert [(fault.field, fault.rule) for fault in verdict.faults] == [("spec.a", "required")]
    assert verdict.unchecked == (Unchecked("spec", "self.a != ''", "the faults of the value come first"),)


VARIABLE = "a part that it reads holds an unfilled variable"

VARIABLES = [
    pytest.param(ruled(TEXT, "self != 'a'"), "${A}", [("spec", VARIABLE)], id="the value itself"),
    pytest.param(ruled(obj(a=TEXT), "self.a != ''"), {"a": "${A}"}, [("spec", VARIABLE)], id="a field that is read"),
    pytest.param(ruled(obj(a=TEXT, b=TEXT), "self.b != 'x'"), {"a": "${A}", "b": "y"}, [], id="one that is not"),
    pytest.param(ruled(obj(a=TEXT, b=TEXT), "!(has(self.a) && has(self.b))"), {"a": "${A}"}, [], id="presence"),
    pytest.param(
        ruled(obj(a=obj(b=TEXT)), "self.a != {'b': 'x'}"), {"a": {"b": "${B}"}}, [("spec", VARIABLE)], id="around"
    ),
    pytest.param(ruled(obj(a=TEXT), "self != {'a': 'x'}"), {"a": "${A}"}, [("spec", VARIABLE)], id="the whole"),
    pytest.param(ruled(obj(a=TEXT), "self['a'] != ''"), {"a": "${A}"}, [("spec", VARIABLE)], id="by its key"),
    pytest.param(
        ruled(listed(obj(a=TEXT, b=TEXT)), "self.all(x, x.a != '')"),
        [{"a": "x", "b": "${B}"}],
        [],
        id="another in an item",
    ),
    pytest.param(
        ruled(listed(obj(a=TEXT, b=TEXT)), "self.all(x, x.b != '')"),
        [{"a": "x", "b": "${B}"}],
        [("spec", VARIABLE)],
        id="one in an item",
    ),
    pytest.param(
        ruled(listed(TEXT), "self.all(x, x.size() > 9)"), ["${A}"], [("spec", VARIABLE)], id="items themselves"
    ),
]


@pytest.mark.parametrize(("spec", "value", "undecided_ones"), VARIABLES)
def test_a_rule_that_reads_a_variable_is_not_decided(
    spec: Object, value: Any, undecided_ones: list[tuple[str, str]]
) -> None:
    assert undecided(spec, value) == undecided_ones


def test_a_variable_in_what_was_there_leaves_a_comparison_open() -> None:
    spec = obj(a=ruled(TEXT, SAME))
    assert undecided(spec, {"a": "x"}, {"a": "${A}"}) == [("spec.a", VARIABLE)]
    assert undecided(ruled(obj(a=TEXT), SAME), {"a": "x"}, {"a": "${A}"}) == [("spec", VARIABLE)]


def test_no_value_reaches_a_reason_or_a_remark() -> None:
    spec = ruled(obj(a=TEXT), "int(self.a) > 1", "self[self.a] == 'x'")
    verdict = of(spec).verdict({"spec": {"a": "hunter2"}})
    assert (len(verdict.faults), len(verdict.unchecked)) == (1, 1)
    assert "hunter2" not in repr(verdict)

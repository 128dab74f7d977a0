"""Every recorded verdict of a real API server and operator, judged as the product judges it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from gitops_mcp.domain.rules.admission import admit
from tests.conftest import examples
from tests.domain.rules.recorded.rows import MAIN, Row, fault_of, judge_row, schema_of, verdicts


def live_of(row: Row) -> Object | None:
    """What the server had stored, with its defaults and what the operator wrote into the status."""
    return None if row.old is None else fill_webhook_defaults(schema_of(row.old).fill(row.old), operator=MAIN)


def test_each_verdict_is_the_servers() -> None:
    faults = {row.id: fault_of(row, judge_row(row, live=live_of(row))) for row in verdicts()}
    assert {row: text for row, text in faults.items() if text} == {}


def test_each_verdict_without_the_api_is_the_servers() -> None:
    """By what Git declared before; the status alone is missing then."""
    faults = {row.id: fault_of(row, judge_row(row, live=None)) for row in verdicts()}
    assert {row: text for row, text in faults.items() if text} == {}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in verdicts() if row.impact])
def test_the_impact_is_what_the_operator_does(row: Row) -> None:
    effect = assess_impact(row.old, row.new, live=live_of(row), operator=MAIN)
    assert (effect.level, row.impact) == (Level.OUTAGE, "outage")


def test_missing_synchronous_replication_is_told_where_the_operator_tells_it() -> None:
    wrong = []
    for row in verdicts():
        if not row.accepted or "cnpg.io/validation" in (row.new["metadata"].get("annotations") or {}):
            continue  # the webhook says nothing at all then
        told = any("no synchronous replication configured" in one for one in row.warnings)
        found = {one.rule for one in admit(Seen(row.new, row.before, live_of(row), MAIN), schema_of(row.new)).findings}
        if ("no-synchronous" in found) != told:
            wrong.append(row.id)
    assert wrong == []


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["on", "1Gi", "${VAR}", "x:17", "*", "4h", "2027-01-31t00:00:00z", "a/b", "[a", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Of every part of an object but its kind."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path and path != ("kind",) else []
    return found + [place for key, part in parts for place in places(part, (*path, key))]


@st.composite
def mutations(draw: st.DrawFn, value: Object) -> Object:
    """An object with up to three parts of it gone, moved or replaced by something that nobody would write."""
    made: Any = copy.deepcopy(value)
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(places(made)))
        inner = made
        for step in path[:-1]:
            inner = inner[step]
        if draw(st.booleans()):
            inner[path[-1]] = draw(ANYTHING)
        elif isinstance(inner, dict):
            inner[draw(st.text(max_size=6))] = inner.pop(path[-1])
        else:
            inner.append(inner[path[-1]])
    return {**made, "kind": value["kind"]}


@settings(deadline=None, max_examples=examples(400))
@given(st.data())
def test_no_mutation_of_a_recorded_row_stops_the_judge(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(verdicts()))
    new, old = data.draw(mutations(row.new)), data.draw(mutations(row.old or row.new))
    live = data.draw(st.none() | mutations(row.old or row.new))
    operator = data.draw(st.sampled_from([None, MAIN, (1, 25, 0), (1, 27, 4), (1, 28, 2)]))
    before = old if row.old is not None else None
    seen = Seen(new, before, live, operator, (old,))
    assert all(one.field or one.message for one in admit(seen, schema_of(new)).findings)


@settings(deadline=None, max_examples=examples(200))
@given(st.data())
def test_what_does_not_change_is_never_refused_as_new(data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(verdicts()))
    value = data.draw(mutations(row.new))
    live = data.draw(st.none() | mutations(row.old or row.new))
    found = admit(Seen(value, value, live), schema_of(value)).findings
    assert [str(one) for one in found if one.severity == "error"] == []

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object, leaves
from gitops_mcp.domain.rules import RULES, Seen, findings
from tests.conftest import examples
from tests.domain.rules.collected import ACCEPTED, REFUSED

OBJECTS: list[Object] = [*(one.seen.object for _, one in ACCEPTED), *(one.seen.object for _, one in REFUSED)]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 40) | st.sampled_from(["", "on", "app", "1Gi", "${VAR}", "x:17", "*"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "size", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def replaced(value: Object, path: tuple[Any, ...], new: Any) -> Object:
    made: Any = copy.deepcopy(value)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = new
    return dict(made)


@st.composite
def objects(draw: st.DrawFn) -> Object:
    """An example, with up to three parts of it replaced by something that nobody would write."""
    value = draw(st.sampled_from(OBJECTS))
    for _ in range(draw(st.integers(0, 3))):
        path, _old = draw(st.sampled_from(list(leaves(value["spec"])) or [((), None)]))
        path = path[: draw(st.integers(1, len(path)))] if path else ()
        if path:
            value = replaced(value, ("spec", *path), draw(ANYTHING))
    return value


@settings(deadline=None, max_examples=examples(300))
@given(objects())
def test_an_object_that_does_not_change_has_no_errors_and_no_impact(value: Object) -> None:
    assert [str(one) for one in findings(Seen(value, value)) if one.severity == "error"] == []
    assert assess_impact(value, copy.deepcopy(value)).level is Level.NONE


@settings(deadline=None, max_examples=examples(300))
@given(objects(), objects(), objects())
def test_whatever_stands_in_files_and_clusters_is_judged_without_an_exception(
    value: Object, before: Object, live: Object
) -> None:
    before, live = ({**one, "kind": value["kind"]} for one in (before, live))
    assert findings(Seen(value, before, live, (1, 29, 0), (before, live))) is not None
    assert assess_impact(before, value, live=live).level in Level
    assert assess_impact(before, None).level in Level
    assert assess_impact(None, value).level in Level


@settings(deadline=None, max_examples=examples(200))
@given(st.sampled_from(OBJECTS), st.data())
def test_no_error_stands_at_a_value_with_an_unfilled_variable(value: Object, data: st.DataObject) -> None:
    texts = [path for path, leaf in leaves(value["spec"]) if isinstance(leaf, str | int) and path]
    path = ("spec", *data.draw(st.sampled_from(texts or [("name",)])))
    value = replaced(value, path, "a${VAR}b")
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]
    # What CNPG fills in itself is judged: ${image_root} is the one that the environment of an extension may have.
    judged = {rule.id for rule in RULES if rule.reads_variables}
    assert field not in {one.field for one in findings(Seen(value)) if one.rule not in judged}

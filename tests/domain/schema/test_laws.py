from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.schema import compile_schema

TEXT = {"type": "string"}
RULES = [
    {"rule": "!(has(self.image) && has(self.catalog))", "message": "image or catalog"},
    {"rule": "oldSelf.image == self.image", "message": "immutable"},
]
ITEM = {
    "type": "object",
    "properties": {
        "name": {**TEXT, "minLength": 1},
        "login": {"type": "boolean", "default": False},
        "until": {**TEXT, "format": "date-time"},
    },
    "required": ["name"],
    "x-kubernetes-validations": [{"rule": "self.name.size() < 9 || self.login", "message": "long names log in"}],
}
SPEC = {
    "type": "object",
    "properties": {
        "instances": {"type": "integer", "minimum": 1, "default": 1},
        "image": {**TEXT, "default": "i"},
        "catalog": TEXT,
        "parameters": {"type": "object", "additionalProperties": TEXT},
        "roles": {
            "type": "array",
            "items": ITEM,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
    },
    "x-kubernetes-validations": RULES,
}
SCHEMA = compile_schema({"type": "object", "properties": {"spec": SPEC}}, key="laws")

ROLES = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(min_size=1, max_size=8)},
        optional={"login": st.booleans(), "until": st.just("2030-01-31T00:00:00Z")},
    ),
    unique_by=lambda role: role["name"],
    max_size=4,
)
VALID = st.fixed_dictionaries(
    {},
    optional={
        "instances": st.integers(1, 9),
        "image": st.text(max_size=3),
        "parameters": st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=4),
        "roles": ROLES,
    },
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4) | st.just("${A}"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*SPEC["properties"], "name", "login", "other"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@given(VALID)
def test_what_is_valid_is_valid_and_may_replace_itself(spec: Object) -> None:
    assert SCHEMA.faults({"spec": spec}) == ()
    assert SCHEMA.faults({"spec": spec}, before={"spec": spec}) == ()


@given(VALID | ANYTHING, st.randoms(use_true_random=False))
def test_the_order_of_keys_means_nothing(spec: Any, order: random.Random) -> None:
    other = shuffled({"spec": spec}, order)
    assert SCHEMA.faults(other, before={"spec": spec}) == SCHEMA.faults({"spec": spec}, before=other)
    assert SCHEMA.faults(other) == SCHEMA.faults({"spec": spec})


@given(VALID | ANYTHING, VALID | ANYTHING)
def test_validating_changes_nothing(spec: Any, before: Any) -> None:
    value, old = {"spec": spec}, {"spec": before}
    kept = copy.deepcopy((value, old))
    SCHEMA.verdict(value, before=old)
    assert (value, old) == kept


@given(VALID, ANYTHING)
def test_a_fault_stands_where_the_wrong_value_stands(spec: Object, wrong: Any) -> None:
    value = {"spec": {**spec, "roles": wrong}}
    for fault in SCHEMA.faults(value):
        assert fault.path[:2] == ("spec", "roles")

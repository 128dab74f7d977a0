from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.schema.cel_cost import takes_too_long
from tests.domain.schema.hostile_rules import HOSTILE_RULES
from tests.fuzz.limits import spent_by


@pytest.mark.parametrize("name", HOSTILE_RULES)
def test_a_rule_that_would_take_too_long_is_not_begun(name: str) -> None:
    spent = spent_by("tests.domain.schema.hostile_rules", "run_hostile", name)
    assert spent.is_bounded, spent
    told = "spec: failed rule: false" if name == "a message" else "it would take too long on a value of this size"
    assert spent.said == told


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param("self.all(x, x.startsWith('a'))", ["a" * 60] * 5_000, id="one loop over many"),
        pytest.param("self.all(x, self.exists_one(y, x == y))", ["a"] * 500, id="each with each"),
        pytest.param("self.all(x, x in ['a', 'b', 'c'])", ["a"] * 5_000, id="one of a few"),
        pytest.param("self.replace('-', '').size() > 3", "a-b" * 80, id="a name without its signs"),
        pytest.param("has(self.a) && 'b' in self.a && self.a.b + 1 > 2", {"a": {"b": 3}}, id="no loop"),
    ],
)
def test_what_schemas_ask_is_begun(rule: str, value: Any) -> None:
    assert not takes_too_long(rule, value)

"""Rules of a schema that ask for more time than there is, each within the characters that one may have."""

from __future__ import annotations

from typing import Any

from tests.domain.schema.specs import TEXT, listed, of

_LISTS = "[" + ", ".join(["1"] * 300) + "]"
_DOUBLED = "[self]" + ".map(x, x + x)" * 40
HOSTILE_RULES: dict[str, tuple[dict[str, Any], Any]] = {
    "a text doubled again and again": ({"rule": f"{_DOUBLED}.size() > 0"}, "x"),
    "lists that stand in the rule": (
        {"rule": f"{_LISTS}.all(a, {_LISTS}.all(b, {_LISTS}.all(c, a + b + c > 0)))"},
        "x",
    ),
    "a long text many times": ({"rule": f"({' + '.join(['self'] * 2_000)}).size() > 0"}, "x" * 1_000_000),
    "each letter replaced by all": ({"rule": "self.replace('x', self).size() > 0"}, "x" * 200_000),
    "what was replaced replaced again": ({"rule": f"self{'''.replace('x', 'xx')''' * 40}.size() > 0"}, "x"),
    "an item in a list for each item": ({"rule": "self.all(a, a in self)"}, [str(one) for one in range(50_000)]),
    "an item of a list for each item": ({"rule": "self.all(a, self.exists(b, a == b))"}, ["a"] * 20_000),
    "a message": ({"rule": "false", "messageExpression": f"{_DOUBLED}.join('')"}, "x"),
}


def run_hostile(name: str) -> str:
    """What was found: faults and what was not checked, with the reasons."""
    rule, value = HOSTILE_RULES[name]
    kind = listed(TEXT) if isinstance(value, list) else TEXT
    verdict = of({**kind, "x-kubernetes-validations": [rule]}).verdict({"spec": value})
    return " | ".join([*map(str, verdict.faults), *(one.reason for one in verdict.unchecked)])

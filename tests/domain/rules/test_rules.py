from __future__ import annotations

from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.rules import RULES, Seen, findings
from tests.domain.rules.collected import ACCEPTED, REFUSED


def test_every_rule_has_an_example_that_it_accepts_and_one_that_it_refuses() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert {one.rule for _, one in ACCEPTED} == {one.rule for _, one in REFUSED} == set(ids)


def test_what_a_rule_accepts_is_of_a_kind_that_it_judges() -> None:
    kinds = {rule.id: rule.kinds for rule in RULES}
    assert [name for name, one in ACCEPTED if one.seen.object["kind"] not in kinds[one.rule]] == []


def test_every_rule_is_of_cnpgs_kinds() -> None:
    assert {kind for rule in RULES for kind in rule.kinds} <= {kind.kind for kind in CNPG_KINDS}


def test_what_was_there_before_does_not_block_a_change() -> None:
    blocked = []
    for name, example in REFUSED:
        same = Seen(example.seen.object, example.seen.object, neighbours=example.seen.neighbours)
        found = [one for one in findings(same) if one.rule == example.rule]
        blocked += [f"{name}: {one}" for one in found if one.severity == "error"]
    assert blocked == []

from __future__ import annotations

import re

import pytest

from gitops_mcp.domain import rules
from gitops_mcp.domain.kinds import CNPG_KINDS
from gitops_mcp.domain.rules import RULES, Finding, Rule, Seen, findings
from gitops_mcp.workflows.writing.validation import packaged_schema
from tests.domain.rules.examples import (
    ACCEPTED,
    ACCEPTED_BY_CRD,
    REFUSED,
    REFUSED_BY_CRD,
    Refused,
    cluster,
    database,
    inline,
    parameters,
    synchronous,
    tablespaces,
)

BY_ID = {rule.id: rule for rule in RULES}

accepted = pytest.mark.parametrize(
    ("rule", "seen"),
    [
        pytest.param(BY_ID[name], seen, id=f"{name}-{n}")
        for name, all_of in ACCEPTED.items()
        for n, seen in enumerate(all_of)
    ],
)
refused = pytest.mark.parametrize(
    ("rule", "example"),
    [
        pytest.param(BY_ID[name], one, id=f"{name}-{n}")
        for name, all_of in REFUSED.items()
        for n, one in enumerate(all_of)
    ],
)


def of(rule: Rule, seen: Seen) -> list[Finding]:
    return [one for one in findings(seen) if one.rule == rule.id]


def test_every_rule_has_an_example_that_it_accepts_and_one_that_it_refuses() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    assert sorted(ACCEPTED) == sorted(REFUSED) == sorted(ids)


@accepted
def test_a_good_object_is_not_found_fault_with(rule: Rule, seen: Seen) -> None:
    assert seen.object["kind"] in rule.kinds
    assert of(rule, seen) == []
    assert [str(one) for one in findings(seen) if one.severity == "error"] == []


@refused
def test_a_bad_object_is_found_at_its_field_with_what_would_work(rule: Rule, example: Refused) -> None:
    found = [one for one in of(rule, example.seen) if one.field == example.field]
    assert [one.severity for one in found] == [example.severity]
    assert re.search(example.says, found[0].message)


@refused
def test_what_was_there_before_does_not_block_a_change(rule: Rule, example: Refused) -> None:
    same = Seen(example.seen.object, example.seen.object, neighbours=example.seen.neighbours)
    assert [str(one) for one in of(rule, same) if one.severity == "error"] == []


def test_a_fault_that_moved_in_its_list_is_still_an_old_one() -> None:
    before = inline({"name": "app"}, {"name": "pg_x", "login": True})
    after = inline({"name": "pg_x", "login": True})
    names = [one for one in findings(Seen(after, before)) if one.rule == "role-name"]
    assert [(one.field, one.severity) for one in names] == [("spec.managed.roles[0].name", "warning")]
    assert names[0].message.endswith("(it was so before this change)")


def test_a_size_that_was_less_than_the_live_one_does_not_block_another_change() -> None:
    live = cluster(storage={"size": "20Gi"})
    found = findings(Seen(cluster(instances=2), cluster(), live))
    assert [(one.rule, one.severity) for one in found] == [("storage-shrink", "warning")]
    shrunk = findings(Seen(cluster(storage={"size": "9Gi"}), cluster(), live))
    assert [(one.rule, one.severity) for one in shrunk] == [("storage-shrink", "error")]


def test_a_fault_is_new_where_its_value_is() -> None:
    found = findings(Seen(parameters(port="5434"), parameters(port="5433")))
    assert [one.severity for one in found] == ["error"]


def test_a_fault_is_new_where_another_field_brings_it() -> None:
    found = findings(Seen(synchronous(1), synchronous(2)))
    assert [one.severity for one in found if one.rule == "synchronous-number"] == ["error"]


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(Seen(cluster(storage={"size": "${SIZE:=10Gi}"}), cluster()), id="a size, with a default"),
        pytest.param(Seen(cluster(imageName="example/postgresql:${VERSION}"), cluster()), id="a part of an image"),
        pytest.param(Seen(cluster(), cluster(imageName="example/postgresql:${VERSION}")), id="the image before"),
        pytest.param(Seen(parameters(shared_buffers="${BUFFERS}")), id="a parameter"),
        pytest.param(Seen(database(name="${DB}"), database()), id="an immutable field"),
        pytest.param(Seen(database(), database(name="${DB}")), id="an immutable field before"),
        pytest.param(Seen(cluster(name="${NAME}")), id="a name"),
        pytest.param(Seen(tablespaces("${HOT}"), tablespaces("hot")), id="a tablespace that may be the old one"),
        pytest.param(
            Seen(
                cluster(
                    imageName="example/postgresql:${VERSION}",
                    replicationSlots={"highAvailability": {"synchronizeLogicalDecoding": True}},
                )
            ),
            id="a major that a rule asks for",
        ),
    ],
)
def test_a_variable_that_nobody_filled_in_is_not_judged(seen: Seen) -> None:
    assert [one for one in findings(seen) if one.severity == "error"] == []


def test_a_kind_that_is_not_cnpgs_has_no_rules() -> None:
    assert findings(Seen({"kind": "Deployment", "spec": {"replicas": 0}})) == ()
    assert {kind for rule in RULES for kind in rule.kinds} <= {kind.kind for kind in CNPG_KINDS}


def test_the_table_is_what_the_package_offers() -> None:
    assert rules.RULES is RULES
    assert str(findings(Seen(database(name="")))[0]).startswith("spec.name: is empty")


def _faults(seen: Seen) -> list[tuple[str, str]]:
    resource = next(one for one in CNPG_KINDS if one.kind == seen.object["kind"])
    found = packaged_schema(resource).faults(seen.object, before=seen.before)
    return [(one.field, one.message) for one in found]


@accepted
def test_the_crd_accepts_what_the_rules_accept(rule: Rule, seen: Seen) -> None:
    assert _faults(seen) == [], rule.id


@pytest.mark.parametrize("seen", ACCEPTED_BY_CRD)
def test_what_is_left_to_the_crd_is_accepted_by_it_and_by_the_rules(seen: Seen) -> None:
    assert _faults(seen) == []
    assert [str(one) for one in findings(seen) if one.severity == "error"] == []


@pytest.mark.parametrize("example", REFUSED_BY_CRD)
def test_what_is_left_to_the_crd_is_refused_by_it_and_by_no_rule(example: Refused) -> None:
    (message,) = [message for field, message in _faults(example.seen) if field == example.field]
    assert message.startswith(example.says)
    assert example.field not in [one.field for one in findings(example.seen) if one.severity == "error"]

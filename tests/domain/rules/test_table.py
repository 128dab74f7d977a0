from __future__ import annotations

import pytest

from gitops_mcp.domain.rules import Seen, findings
from tests.domain.rules.examples import cluster, database, inline, parameters, synchronous, tablespaces


def test_a_fault_that_moved_in_its_list_is_still_an_old_one() -> None:
    before = inline({"name": "app"}, {"name": "pg_x", "login": True})
    after = inline({"name": "pg_x", "login": True})
    names = [one for one in findings(Seen(after, before)) if one.rule == "role-name"]
    assert [(one.field, one.severity) for one in names] == [("spec.managed.roles[0].name", "warning")]
    assert "(it was so before this change, and every change of this object is refused" in names[0].message


def test_a_size_that_was_less_than_the_live_one_does_not_block_another_change() -> None:
    live = cluster(storage={"size": "20Gi"})
    found = findings(Seen(cluster(instances=2), cluster(), live))
    assert [(one.rule, one.severity) for one in found] == [("storage-shrink", "warning")]
    shrunk = findings(Seen(cluster(storage={"size": "9Gi"}), cluster(), live))
    assert [(one.rule, one.severity) for one in shrunk] == [("storage-shrink", "error")]


def test_an_old_fault_that_only_some_releases_refuse_is_told_as_old_and_not_to_stand_in_the_way() -> None:
    before = cluster(securityContext={"runAsUser": 26})
    after = cluster(instances=2, securityContext={"runAsUser": 26})
    unknown, known = (findings(Seen(after, before, operator=one)) for one in (None, (1, 27, 4)))
    assert [(one.severity, one.is_old, one.stands_in_the_way) for one in unknown] == [("warning", True, False)]
    assert unknown[0].message.endswith("which one runs here is not known) (it was so before this change)")
    assert [(one.severity, one.is_old, one.stands_in_the_way) for one in known] == [("warning", True, True)]


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

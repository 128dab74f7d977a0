"""What a kustomization has gathered so far."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.produced import BuildFault, Word
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.objects import Object


def draft(api_version: str) -> Draft:
    value: Object = {"apiVersion": api_version, "kind": "X", "metadata": {"name": "x"}}
    return Draft(value, (), {(): Word(0, (), literal=True)})


BOTH = State((draft("postgresql.cnpg.io/v1"), draft("v1")))


def test_what_may_touch_everything_is_a_doubt_of_the_objects_that_are_asked_for() -> None:
    found = BOTH.doubted("k.yaml:1", "odd")
    assert [one.doubts for one in found.drafts] == [("k.yaml:1: odd",), ()]
    assert found.faults == (BuildFault("k.yaml:1", "odd", fatal=False),)


def test_a_fault_is_told_once_and_what_kustomize_refuses_is_fatal() -> None:
    found = BOTH.refused("k.yaml:1", "no").refused("k.yaml:1", "no").unsure("k.yaml:2", "odd")
    assert [(one.reason, one.fatal) for one in found.faults] == [("no", True), ("odd", False)]


def test_an_object_that_a_change_makes_none_of_goes() -> None:
    assert BOTH.mapped(lambda one: one if one.is_cnpg else None).drafts == BOTH.drafts[:1]


@pytest.mark.parametrize(
    ("state", "of_cnpg", "others"),
    [
        pytest.param(State(), False, False, id="all is here"),
        pytest.param(State(unread=True), False, True, id="files that declare nothing of CNPG were not read"),
        pytest.param(State(unknown=True), True, True, id="something is elsewhere"),
    ],
)
def test_an_object_that_is_not_here_may_be_there_all_the_same(state: State, *, of_cnpg: bool, others: bool) -> None:
    assert (state.may_hold(of_cnpg=True), state.may_hold(of_cnpg=False)) == (of_cnpg, others)

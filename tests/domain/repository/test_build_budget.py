"""What a repository may ask of one build."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.budget import Spent, build_budget, call_budget, size_of, spend, spent_by
from tests.domain.repository.hostile_builds import HOSTILE_BUILDS
from tests.fuzz.limits import spent_by as spent_by_call

_LEFT_ALONE = frozenset(
    {"two names at each level", "a long list", "a huge scalar", "a huge block", "a list of ignored files"}
    | {"comments without end", "a matrix of two lists", "a list in lists", "a path for each folder"}
)
"""Those that are built in time, or not at all for another reason."""
_ALIKE = frozenset(
    {"a long list", "labels for each object", "Kustomizations on one folder", "a flow of millions", "a list in lists"}
    | {"comments without end", "a deep nest of blocks", "a huge block", "many small alias bombs"}
)
"""Those for which others ask the same of the same code."""
_SECONDS = frozenset({"Applications on one folder", "a list of millions", "documents without end"})
"""Those that take seconds until they are given up."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.thorough if name in _ALIKE | _SECONDS else ()) for name in HOSTILE_BUILDS],
)
def test_a_build_ends_in_time_and_names_the_file_that_asks_for_too_much(name: str) -> None:
    spent = spent_by_call("tests.domain.repository.hostile_builds", "run_hostile", name)
    assert spent.is_bounded, spent
    assert name in _LEFT_ALONE or ".yaml: " in spent.said, spent


def test_the_file_that_has_spent_most_is_named() -> None:
    with build_budget(0), spent_by("greedy.yaml"):
        spend(590_000)
        with spent_by("modest.yaml"), pytest.raises(Spent, match=r"^greedy\.yaml: what it asks for takes too much"):
            spend(20_000)


def test_many_files_may_take_more_than_few() -> None:
    with build_budget(10_000):
        spend(1_500_000)


def test_the_builds_of_one_call_share_what_it_may_take() -> None:
    with call_budget():
        with build_budget(0):
            spend(400_000)
        spend(400_000)  # between them nothing counts
        with build_budget(0), pytest.raises(Spent):
            spend(400_000)
    with build_budget(0):
        spend(400_000)


def test_each_build_of_a_call_has_what_its_files_need() -> None:
    with call_budget():
        for _ in range(1_000):
            with build_budget(100):
                spend(15_000)


def test_without_a_build_nothing_is_counted() -> None:
    spend(10**12)


def test_a_value_that_holds_itself_over_and_over_is_not_walked_to_its_end() -> None:
    value: list[object] = ["x"]
    for _ in range(60):
        value = [value, value]
    assert 600_000 < size_of(value) < 700_000

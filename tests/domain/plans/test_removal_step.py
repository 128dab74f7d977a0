from __future__ import annotations

import pytest

from gitops_mcp.domain.plans.removal_step import step_without_api, why_not_pruned
from tests.domain.plans.role_files import CLUSTER, read

PROTECTED = {"metadata": {"annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}}}


@pytest.mark.parametrize(("is_merged", "due"), [(True, "remove"), (False, "wait")])
def test_without_the_api_the_base_says_which_step_is_due(is_merged: bool, due: str) -> None:
    assert step_without_api(is_merged=is_merged).due == due


def test_a_live_object_stays_for_its_protection_and_for_no_other_reason() -> None:
    _, orders = read(CLUSTER)
    assert why_not_pruned(orders, None) is None
    told = why_not_pruned(orders, PROTECTED)
    assert told == "`kustomize.toolkit.fluxcd.io/prune: disabled` protects it against pruning"

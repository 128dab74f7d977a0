from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.protection import Engine
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
    assert told is not None
    assert told.why == "`kustomize.toolkit.fluxcd.io/prune: disabled` protects it against pruning"


@pytest.mark.parametrize(("configured", "alone"), [("auto", 1), ("flux", 1), ("argocd", None)])
def test_what_only_the_live_object_carries_is_told_apart_unless_the_other_engine_reads_it(
    configured: Engine, alone: int | None
) -> None:
    _, orders = read(CLUSTER)
    told = why_not_pruned(orders, PROTECTED, configured)
    assert (told and len(told.alone)) == alone


def test_what_git_declares_too_is_no_persons_doing() -> None:
    _, orders = read(
        CLUSTER.replace("metadata:\n", "metadata:\n  annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}\n")
    )
    told = why_not_pruned(orders, PROTECTED)
    assert told is not None
    assert told.alone == ()

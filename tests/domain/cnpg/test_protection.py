from __future__ import annotations

import pytest

from gitops_mcp.domain.cnpg.protection import (
    Engine,
    Protection,
    asking_protections,
    blockers,
    protecting_annotations,
    protections,
    spell_out,
    without_blocking,
)
from gitops_mcp.domain.objects import Object

ARGO = "argocd.argoproj.io/sync-options"
FLUX = "kustomize.toolkit.fluxcd.io/prune"


def annotated(annotations: object, labels: object = None) -> Object:
    return {"metadata": {"annotations": annotations, "labels": labels}}


@pytest.mark.parametrize(
    ("annotations", "effects"),
    [
        pytest.param({ARGO: "Prune=false"}, ["keeps"], id="argo never prunes"),
        pytest.param({ARGO: " Delete=confirm , Prune=confirm,Foo=bar"}, ["asks_on_app_deletion", "asks"], id="a list"),
        pytest.param({ARGO: "prune=false"}, [], id="argo wants it spelled exactly"),
        pytest.param({FLUX: "Disabled"}, ["keeps"], id="flux in any case"),
        pytest.param({FLUX: "enabled"}, [], id="flux enabled"),
        pytest.param({"kustomize.toolkit.fluxcd.io/force": "disabled"}, ["never_recreates"], id="flux force"),
        pytest.param({ARGO: ["Prune=false"]}, [], id="no string"),
        pytest.param(None, [], id="none"),
    ],
)
def test_protections_are_read_as_their_engine_reads_them(annotations: object, effects: list[str]) -> None:
    assert [one.effect for one in protections(annotated(annotations))] == effects


def test_flux_reads_labels_too() -> None:
    (found,) = blockers(annotated(None, {FLUX: "disabled"}))
    assert found == Protection("flux", "labels", FLUX, "disabled", "keeps")


def test_only_what_keeps_the_object_blocks_pruning() -> None:
    object_ = annotated({ARGO: "Prune=confirm,Delete=false", FLUX: "disabled"})
    assert [one.engine for one in blockers(object_)] == ["flux"]
    assert [str(one) for one in asking_protections(object_)] == ["`argocd.argoproj.io/sync-options: Prune=confirm`"]
    assert blockers(None) == ()


def test_protections_are_described_as_they_are_written() -> None:
    object_ = annotated({ARGO: "Prune=false", FLUX: "disabled"})
    assert spell_out(blockers(object_)) == f"`{ARGO}: Prune=false` and `{FLUX}: disabled`"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({ARGO: "Prune=false"}, {}, id="alone in the list"),
        pytest.param({ARGO: "Prune=false, Delete=confirm"}, {ARGO: "Delete=confirm"}, id="first in the list"),
        pytest.param({ARGO: "A=b,Prune=false,C=d"}, {ARGO: "A=b,C=d"}, id="in the middle"),
        pytest.param({FLUX: "disabled", "x": "y"}, {"x": "y"}, id="flux"),
        pytest.param(
            {ARGO: "Prune=confirm,  Delete=confirm"}, {ARGO: "Prune=confirm,  Delete=confirm"}, id="untouched"
        ),
    ],
)
def test_only_what_blocks_pruning_is_taken_out(before: dict[str, str], after: dict[str, str]) -> None:
    assert without_blocking(before) == after
    assert blockers(annotated(without_blocking(before))) == ()


@pytest.mark.parametrize(
    ("engine", "keys"), [("argocd", {ARGO}), ("flux", {FLUX, "kustomize.toolkit.fluxcd.io/force"}), ("none", set())]
)
def test_a_new_cluster_is_protected_for_the_engine_in_use(engine: Engine, keys: set[str]) -> None:
    assert set(protecting_annotations(engine)) == keys


def test_a_new_cluster_is_protected_for_both_where_the_engine_is_not_known() -> None:
    assert protecting_annotations(None) == {
        ARGO: "Prune=confirm,Delete=confirm",
        FLUX: "disabled",
        "kustomize.toolkit.fluxcd.io/force": "disabled",
    }

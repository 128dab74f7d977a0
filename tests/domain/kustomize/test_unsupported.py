"""What a kustomization may hold and is not understood: named, and marked on whatever it could touch."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kinds import may_mean_cnpg
from gitops_mcp.domain.kustomize import Build, FileTree, build_folder
from tests.domain.kustomize.trees import one


def built(kustomization: str, **files: str) -> Build:
    return build_folder(FileTree(one(kustomization, **files), may_mean=may_mean_cnpg), "")


@pytest.mark.parametrize(
    ("kustomization", "told", "doubted"),
    [
        pytest.param("helmCharts: [{name: x}]\n", "helmCharts: what its Helm charts make is not known", False, id="charts"),
        pytest.param("validators: [v.yaml]\n", "validators are not run", False, id="validators"),
        pytest.param("buildMetadata: [originAnnotations]\n", "the labels and annotations of buildMetadata are left out", False, id="metadata of the build"),
        pytest.param("configurations: [k.yaml]\n", "configurations name fields of CNPG's kinds or of all kinds", True, id="configurations"),
        pytest.param("configurations: ['https://example.com/k.yaml']\n", "https://example.com/k.yaml is elsewhere", True, id="configurations from elsewhere"),
        pytest.param("configurations: [none.yaml]\n", "there is no file none.yaml", True, id="configurations that are not there"),
        pytest.param("vars: [{name: SIZE}]\n", "the variable $(SIZE) is not filled in", False, id="a variable that nothing uses"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_with_its_line(kustomization: str, told: str, *, doubted: bool) -> None:
    found = built(kustomization, k="namePrefix: [{path: metadata/name}]\n")
    assert [str(fault) for fault in found.faults] == [f"kustomization.yaml:2: {told}"]
    assert bool(found.opaque) is doubted


def test_without_a_word_on_it_any_kind_may_be_meant() -> None:
    files = one("configurations: [k.yaml]\n", k="images: [{path: spec/image, kind: Deployment}]\n")
    assert build_folder(FileTree(files), "").opaque
    assert not build_folder(FileTree(files, may_mean=may_mean_cnpg), "").opaque

"""Edits of the values from which the chart makes a field."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.yaml.edits import Edit, Remove, Set
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import REMOTE, model

SOURCE = """\
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: cnpg, namespace: shop}
spec: {url: https://cloudnative-pg.github.io/charts}
"""
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: orders, namespace: shop}
spec:
  chart: {spec: {chart: cluster, sourceRef: {kind: HelmRepository, name: cnpg}}}
  values:
    fullnameOverride: orders
    version: {postgresql: "17"}
    cluster:
      instances: 3 # one a zone
      storage: {size: 20Gi, storageClass: fast}
"""
APPLICATION = f"""\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: orders, namespace: argocd}}
spec:
  source:
    repoURL: {REMOTE}
    path: chart
    targetRevision: main
    helm:
      parameters:
        - {{name: cluster.cluster.instances, value: "3"}}
        - {{name: cluster.fullnameOverride, value: orders}}
  destination: {{namespace: shop}}
"""
CHART = {
    "chart/Chart.yaml": "name: x\ndependencies:\n  - {name: cluster, repository: https://cloudnative-pg.github.io/charts, version: 0.3.1}\n"
}


def edited(text: str, edit: Edit, more: dict[str, str] | None = None) -> dict[str, str | None]:
    desired = model({"prod/app.yaml": text, **(more or {})}, "prod")
    declared = desired.cluster("orders", "shop", environment="prod")
    assert isinstance(edit, Set | Remove)
    return {one.path: one.after for one in edit_fields(desired, declared, edit)}


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        pytest.param(
            Set(("spec", "instances"), 5), "instances: 3 #", "instances: 5 #", id="a number, with its comment"
        ),
        pytest.param(Set(("spec", "storage", "size"), "60Gi"), "20Gi", "60Gi", id="a part of a mapping"),
        pytest.param(Remove(("spec", "storage", "storageClass")), ", storageClass: fast", "", id="what goes"),
    ],
)
def test_a_field_is_changed_where_its_value_stands(edit: Edit, old: str, new: str) -> None:
    text = RELEASE + SOURCE
    assert edited(text, edit) == {"prod/app.yaml": text.replace(old, new)}


INSTANCES: Path = ("spec", "instances")
UNREAD = RELEASE.replace("  values:\n", "  valuesFrom: [{kind: Secret, name: far}]\n  values:\n")


@pytest.mark.parametrize(
    ("text", "edit", "told"),
    [
        pytest.param(RELEASE + SOURCE, Set(("spec", "maxSyncReplicas"), 1), r"spec.maxSyncReplicas of Cluster shop/orders .* is made by a Helm chart: .*Its values stand in prod/app.yaml:6", id="a field that no value makes"),
        pytest.param(UNREAD.replace("      instances: 3 # one a zone\n", "") + SOURCE, Set(INSTANCES, 5), r"is made by a Helm chart: .*valuesFrom of Flux HelmRelease .* names: .*far", id="values that are not here"),
        pytest.param(RELEASE + SOURCE, Set(("spec", "imageName"), "other/pg:18"), r"and the value at prod/app.yaml:8, which cannot become 'other/pg:18'", id="an image of another repository"),
        pytest.param(RELEASE + SOURCE, Remove(("spec", "imageName")), r"is made by the value at prod/app.yaml:8: change it there by hand", id="an image that goes"),
    ],
)  # fmt: skip
def test_what_is_not_one_to_one_is_refused_with_the_place_of_the_values(text: str, edit: Edit, told: str) -> None:
    with pytest.raises(Refused, match=told):
        edited(text, edit)


def test_the_version_is_changed_where_it_makes_the_image() -> None:
    desired = model({"prod/app.yaml": RELEASE + SOURCE}, "prod")
    image = desired.cluster("orders", "shop", environment="prod").object["spec"]["imageName"]
    after = edited(RELEASE + SOURCE, Set(("spec", "imageName"), image.replace("17", "18")))
    assert after == {"prod/app.yaml": (RELEASE + SOURCE).replace('"17"', '"18"')}


def test_a_parameter_is_left_to_a_person() -> None:
    with pytest.raises(
        Refused, match=r"is set by an entry of helm.parameters \(cluster.cluster.instances\) at prod/app"
    ):
        edited(APPLICATION, Set(INSTANCES, 5), CHART)

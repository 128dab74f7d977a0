"""Edits of the values from which the chart makes a field."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.field import edit_fields
from gitops_mcp.domain.objects import Path
from gitops_mcp.domain.yaml.edits import Edit, Remove, Set
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import REMOTE, flux, model
from tests.domain.repository.test_build import SOURCE as GIT

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
        pytest.param(RELEASE + SOURCE, Set(("spec", "maxSyncReplicas"), 1), r"spec.maxSyncReplicas of Cluster shop/orders .* is made by a Helm chart: .*Its values are in prod/app.yaml:6", id="a field that no value makes"),
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


FILLED = RELEASE.replace("instances: 3 # one a zone", "instances: ${COUNT}").replace('"17"', '"${MAJOR:=17}"')


def fleet(substitute: str, **releases: str) -> dict[str, str]:
    """Flux applies the folder of releases with variables of its own."""
    more = f"  targetNamespace: shop\n  postBuild: {{substitute: {{{substitute}}}}}\n"
    return {
        "prod/apps.yaml": GIT + "---\n" + flux("apps", "releases", more),
        **{f"releases/{name}.yaml": text + (SOURCE if name == "orders" else "") for name, text in releases.items()},
    }


def edited_in_fleet(files: dict[str, str], path: Path, value: object) -> dict[str, str | None]:
    desired = model(files, "prod")
    declared = desired.cluster("orders", "shop", environment="prod")
    return {one.path: one.after for one in edit_fields(desired, declared, Set(path, value))}


def test_a_variable_in_the_values_is_changed_where_its_one_source_stands() -> None:
    files = fleet('COUNT: "3"', orders=FILLED)
    assert edited_in_fleet(files, INSTANCES, 5) == {"prod/apps.yaml": files["prod/apps.yaml"].replace('"3"', '"5"')}


def test_a_default_in_the_values_is_changed_there_and_of_an_image_the_part_that_it_says() -> None:
    files = fleet('COUNT: "3"', orders=FILLED)
    image = "ghcr.io/cloudnative-pg/postgresql:18"
    after = files["releases/orders.yaml"].replace("MAJOR:=17", "MAJOR:=18")
    assert edited_in_fleet(files, ("spec", "imageName"), image) == {"releases/orders.yaml": after}


OTHER = FILLED.replace("name: orders", "name: carts").replace("Override: orders", "Override: carts")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param(fleet('COUNT: "3"', orders=FILLED, carts=OTHER), r"^spec.instances of Cluster shop/orders.* at releases/orders.yaml:10 is \$\{COUNT\}: it comes from COUNT, which Kustomization flux-system/apps defines at prod/apps.yaml:\d+\. Changing it would change more: Cluster shop/carts", id="a variable of two releases"),
        pytest.param(fleet("OTHER: x", orders=FILLED), r"at releases/orders.yaml:10 .*nothing in this repository defines COUNT\. COUNT is not defined in Flux Kustomization flux-system/apps", id="a variable that nothing sets"),
        pytest.param({"prod/app.yaml": FILLED + SOURCE, "prod/values.env": "COUNT=3\n", "prod/kustomization.yaml": "resources: [app.yaml]\nconfigMapGenerator: [{name: x, envs: [values.env]}]\n"}, r"at prod/app.yaml:10 is '\$\{COUNT\}': it is filled in by something else.*\. COUNT is set at prod/values.env:1", id="who fills it in is not known"),
    ],
)  # fmt: skip
def test_a_variable_that_is_not_of_one_value_alone_is_named_with_what_sets_it(files: dict[str, str], told: str) -> None:
    with pytest.raises(Refused, match=told):
        edited_in_fleet(files, INSTANCES, 5)

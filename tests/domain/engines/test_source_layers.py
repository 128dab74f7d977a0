"""What files beside the manifests say of an Application's source: the last word, and the place of an edit."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.repository.desired import Desired
from tests.domain.repository.test_build import application, cluster, listing, model

PLACE = "store/.argocd-source-shop.yaml"
PATCH = "patches:\n  - patch: |-\n      - {{op: replace, path: /spec/instances, value: {count}}}\n    target: {{kind: Cluster}}\n"
INSTANCES: Path = ("spec", "instances")
CHART = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: argocd}\nspec:\n"
    "  source: {repoURL: 'https://git.example.com/platform/fleet.git', path: store, helm: {releaseName: db, %s}}\n"
    "  destination: {namespace: shop}\n"
)
UMBRELLA = {
    "store/Chart.yaml": "name: store\ndependencies: [{name: cluster, version: 0.3.1, repository: 'https://cloudnative-pg.github.io/charts'}]\n",
    "store/values.yaml": "cluster: {cluster: {instances: 1}}\n",
}


def kustomize(text: str) -> str:
    return "kustomize:\n" + "".join(f"  {line}\n" for line in text.splitlines())


def inline(text: str) -> str:
    return "".join(f"    {line}\n" for line in kustomize(text).splitlines())


def built(files: Mapping[str, str]) -> Desired:
    base = {"store/kustomization.yaml": listing("db.yaml"), "store/db.yaml": cluster()}
    return model({**base, **files}, "")


@pytest.mark.parametrize(
    ("own", "files", "instances", "place"),
    [
        pytest.param("", {}, 3, "store/db.yaml", id="none"),
        pytest.param(PATCH.format(count=2), {}, 2, "app.yaml", id="the Application's own"),
        pytest.param("", {PLACE: kustomize(PATCH.format(count=4))}, 4, PLACE, id="a file for the Application"),
        pytest.param(PATCH.format(count=2), {PLACE: kustomize(PATCH.format(count=4))}, 4, PLACE, id="it takes the place of the Application's"),
        pytest.param("", {"store/.argocd-source.yaml": kustomize(PATCH.format(count=5))}, 5, "store/.argocd-source.yaml", id="a file for all"),
        pytest.param("", {"store/.argocd-source.yaml": kustomize(PATCH.format(count=5)), PLACE: kustomize(PATCH.format(count=4))}, 4, PLACE, id="both"),
        pytest.param(PATCH.format(count=2), {PLACE: kustomize("images: [a:1]\n")}, 2, "app.yaml", id="of images alone"),
        pytest.param(PATCH.format(count=2), {PLACE: kustomize("patches: null\n")}, 3, "store/db.yaml", id="taken away"),
        pytest.param("", {"store/.argocd-source-other.yaml": kustomize(PATCH.format(count=4))}, 3, "store/db.yaml", id="of another Application"),
    ],
)  # fmt: skip
def test_the_last_file_that_says_a_field_of_kustomize_has_the_last_word(
    own: str, files: Mapping[str, str], instances: int, place: str
) -> None:
    found = built(
        {"app.yaml": application("shop", "store", namespace="shop", more=inline(own) if own else ""), **files}
    )
    declared = found.cluster("db", "shop", environment="prod")
    assert at(declared.object, *INSTANCES) == instances
    assert [one.path for one in set_field(found, declared, INSTANCES, 9)] == [place]


def test_mappings_are_merged_key_by_key() -> None:
    own, over = "commonAnnotations: {a: one, b: one}\nnamePrefix: eu-\n", "commonAnnotations: {b: two, c: two}\n"
    found = built({"app.yaml": application("shop", "store", more=inline(own)), PLACE: kustomize(over)})
    (declared,) = found.declarations
    assert declared.identity.name == "eu-db"
    assert at(declared.object, "metadata", "annotations") == {"a": "one", "b": "two", "c": "two"}


@pytest.mark.parametrize(
    ("own", "over", "instances", "place"),
    [
        pytest.param("valuesObject: {cluster: {cluster: {instances: 2}}}", "helm: {}", 2, "app.yaml", id="the Application's own"),
        pytest.param("valuesObject: {cluster: {cluster: {instances: 2}}}", "helm: {valuesObject: {cluster: {cluster: {instances: 4}}}}", 4, PLACE, id="values over values"),
        pytest.param("valuesObject: {cluster: {cluster: {instances: 2}}}", "helm: {valueFiles: [more.yaml]}", 2, "app.yaml", id="files come before values"),
        pytest.param("values: 'cluster: {cluster: {instances: 2}}'", "helm: {valuesObject: {cluster: {fullnameOverride: db}}}", 1, "store/values.yaml", id="values hide a text"),
    ],
)  # fmt: skip
def test_values_of_a_chart_are_overridden_too(own: str, over: str, instances: int, place: str) -> None:
    more = {"store/more.yaml": "cluster: {cluster: {instances: 7}}\n"}
    found = model({**UMBRELLA, **more, "app.yaml": CHART % own, PLACE: over + "\n"}, "")
    (declared,) = found.clusters
    assert at(declared.object, *INSTANCES) == instances
    assert [one.path for one in set_field(found, declared, INSTANCES, 9)] == [place]


def test_a_parameter_of_an_override_file_has_the_last_word() -> None:
    over = "helm: {parameters: [{name: cluster.cluster.instances, value: '4'}]}\n"
    found = model({**UMBRELLA, "app.yaml": CHART % "values: ''", PLACE: over}, "")
    assert at(found.clusters[0].object, *INSTANCES) == 4
    assert found.clusters[0].applied is not None
    assert found.clusters[0].applied.overrides == (
        f"{PLACE} overrides helm.parameters of its source, and has the last word there",
    )

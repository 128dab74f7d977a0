"""What a ResourceSet makes of inputs that stand in Git, and where a field of that is edited."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import Refused

SET = """\
apiVersion: fluxcd.controlplane.io/v1
kind: ResourceSet
metadata:
  name: databases
  namespace: flux-system
spec:
"""
INPUTS = """\
  inputs:
    - team: shop
      size: 10Gi
      count: 3
    - team: billing
      size: 20Gi
      count: 3
"""
TEMPLATE = """\
  resourcesTemplate: |
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: << inputs.team >>-db
      namespace: << inputs.team | quote >>
    spec:
      instances: << inputs.count | default 1 >>
      <<- if hasKey inputs "image" >>
      imageName: << inputs.image >>
      <<- end >>
      storage: {size: << inputs.size >>}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: other}
    data: {note: "{{ helm }}"}
"""
RESOURCES = """\
  resources:
    - apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: << inputs.team >>-db
        namespace: << inputs.team >>
      spec:
        instances: 3
        storage:
          size: << inputs.size >>
"""


def read(text: str, **more: str) -> Desired:
    return build_desired({"sets/databases.yaml": SET + text, **more}, commit="0" * 40, folder="")


def made(desired: Desired) -> list[tuple[str | None, str, object, object]]:
    return [
        (one.identity.namespace, one.identity.name, at(one.object, "spec", "instances"), at(one.object, "spec", "storage", "size"))
        for one in desired.clusters
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        pytest.param(INPUTS + TEMPLATE, [("billing", "billing-db", 3, "20Gi"), ("shop", "shop-db", 3, "10Gi")], id="a text with inputs"),
        pytest.param(INPUTS + RESOURCES, [("billing", "billing-db", 3, "20Gi"), ("shop", "shop-db", 3, "10Gi")], id="objects with inputs"),
        pytest.param(RESOURCES.replace("<< inputs.team >>", "own").replace("<< inputs.size >>", "1Gi"), [("own", "own-db", 3, "1Gi")], id="no inputs"),
        pytest.param(INPUTS + "  steps:\n  - name: first\n  - name: second\n" + TEMPLATE.replace("\n", "\n  ").replace("  resources", "    resources", 1), [("billing", "billing-db", 3, "20Gi"), ("shop", "shop-db", 3, "10Gi")], id="steps"),
        pytest.param(INPUTS + TEMPLATE.replace("namespace: << inputs.team | quote >>", "namespace: << inputs.provider.namespace >>"), [("flux-system", "billing-db", 3, "20Gi"), ("flux-system", "shop-db", 3, "10Gi")], id="what brings the inputs"),
        pytest.param(INPUTS.replace("count: 3", "count: 0") + TEMPLATE, [("billing", "billing-db", 1, "20Gi"), ("shop", "shop-db", 1, "10Gi")], id="functions"),
        pytest.param(INPUTS + RESOURCES.replace("      spec:", "        annotations: {fluxcd.controlplane.io/reconcile: disabled}\n      spec:"), [], id="left out by its annotation"),
        pytest.param("  inputs: [{team: shop, size: 1Gi}, {team: shop, size: 2Gi}]\n" + RESOURCES, [("shop", "shop-db", 3, "1Gi")], id="the first of a name"),
    ],
)  # fmt: skip
def test_static_inputs_make_clusters(text: str, clusters: list[tuple[str, str, int, str]]) -> None:
    assert made(read(text)) == clusters


def test_a_kustomization_that_is_made_applies_its_folder_and_fills_in_its_variables() -> None:
    template = """\
  resourcesTemplate: |
    apiVersion: kustomize.toolkit.fluxcd.io/v1
    kind: Kustomization
    metadata: {name: << inputs.team >>, namespace: flux-system}
    spec:
      path: ./apps/<< inputs.team >>
      targetNamespace: << inputs.team >>
      sourceRef: {kind: GitRepository, name: flux-system}
      postBuild: {substitute: {SIZE: << inputs.size >>}}
"""
    cluster = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec:\n  instances: 3\n  storage: {size: '${SIZE}'}\n"
    desired = read(INPUTS + template, **{"apps/shop/db.yaml": cluster})
    (found,) = desired.clusters
    assert (found.identity.namespace, at(found.object, "spec", "storage", "size")) == ("shop", "10Gi")
    assert str(found.applied) == "Flux Kustomization flux-system/shop (sets/databases.yaml:1)"
    (change,) = set_field(desired, found, ("spec", "instances"), 5)
    assert change.path == "apps/shop/db.yaml"


@pytest.mark.parametrize(
    ("text", "path", "value", "before", "after"),
    [
        pytest.param(INPUTS + TEMPLATE, ("spec", "instances"), 5, "size: 10Gi\n      count: 3", "size: 10Gi\n      count: 5", id="an input"),
        pytest.param(INPUTS + TEMPLATE, ("spec", "storage", "size"), "50Gi", "size: 10Gi", "size: 50Gi", id="an input among several"),
        pytest.param(INPUTS.replace("count: 3", "count: '3'") + TEMPLATE, ("spec", "instances"), 5, "10Gi\n      count: '3'", "10Gi\n      count: '5'", id="a text stays one"),
        pytest.param(INPUTS + TEMPLATE, ("spec", "imageName"), "pg:18", "10Gi\n      count: 3\n", "10Gi\n      count: 3\n      image: pg:18\n", id="an input that is not there yet"),
        pytest.param(INPUTS.partition("    - team: billing")[0] + RESOURCES, ("spec", "instances"), 5, "instances: 3", "instances: 5", id="what the template says as it is, for this one alone"),
        pytest.param(INPUTS.partition("    - team: billing")[0] + RESOURCES, ("spec", "logLevel"), "debug", "<< inputs.size >>\n", "<< inputs.size >>\n        logLevel: debug\n", id="what the template does not say, for this one alone"),
    ],
)  # fmt: skip
@pytest.mark.few(2)
def test_a_field_is_edited_where_the_one_value_stands_that_decides_it(
    text: str, path: Path, value: object, before: str, after: str
) -> None:
    desired = read(text)
    found = next(one for one in desired.clusters if one.identity.name == "shop-db")
    (change,) = set_field(desired, found, path, value)
    assert change.before is not None
    assert change.before.count(before) == 1
    assert change.after == change.before.replace(before, after)


def test_what_the_template_says_for_all_is_refused_with_its_place() -> None:
    desired = read(INPUTS + RESOURCES)
    told = (
        r"spec.instances of Cluster shop/shop-db \(.*\) is at sets/databases.yaml:21, which is shared: an edit there "
        r"would change Cluster billing/billing-db \(.*\) too. Have the template take it from an input by hand"
    )
    with pytest.raises(Refused, match=told):
        set_field(
            desired, next(one for one in desired.clusters if one.identity.name == "shop-db"), ("spec", "instances"), 5
        )


PROVIDER = "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSetInputProvider\nmetadata: {name: teams, namespace: flux-system}\nspec:\n  type: TYPE\n  defaultValues: {team: shop, size: 1Gi}\n"
FROM = "  inputsFrom: [{kind: ResourceSetInputProvider, name: teams}]\n"


def test_a_static_provider_of_inputs_is_read_and_another_one_is_named() -> None:
    assert made(read(FROM + RESOURCES, **{"p.yaml": PROVIDER.replace("TYPE", "Static")})) == [
        ("shop", "shop-db", 3, "1Gi")
    ]
    desired = read(FROM + RESOURCES, **{"p.yaml": PROVIDER.replace("TYPE", "GitHubBranch")})
    assert made(desired) == []
    told = "its inputs come from ResourceSetInputProvider teams, whose values are not in this repository"
    assert desired.notes == (f"sets/databases.yaml:1: ResourceSet databases: {told}",)


def test_inputs_that_are_permuted_are_called_by_what_brings_them() -> None:
    permuted = RESOURCES.replace("inputs.size", "inputs.databases.size").replace("inputs.team", "inputs.teams.team")
    permuted = permuted.replace(">>-db", ">>-<< lower inputs.databases.size >>")
    text = "  inputStrategy: {name: Permute}\n  inputs: [{size: 1Gi}, {size: 2Gi}]\n" + FROM + permuted
    desired = read(text, **{"p.yaml": PROVIDER.replace("TYPE", "Static")})
    assert made(desired) == [("shop", "shop-1gi", 3, "1Gi"), ("shop", "shop-2gi", 3, "2Gi")]


def test_a_template_that_fails_is_told() -> None:
    desired = read(INPUTS + RESOURCES.replace("inputs.size", "inputs.nothing"))
    assert made(desired) == []
    assert "sets/databases.yaml:1: ResourceSet databases: its template fails: " in desired.notes[0]


def test_a_release_whose_values_come_from_inputs_is_named_and_not_guessed() -> None:
    release = """\
  resources:
    - apiVersion: helm.toolkit.fluxcd.io/v2
      kind: HelmRelease
      metadata: {name: << inputs.team >>, namespace: << inputs.team >>}
      spec:
        chart: {spec: {chart: cluster, sourceRef: {kind: HelmRepository, name: cnpg}}}
        values: {fullnameOverride: << inputs.team >>, cluster: {instances: 5}}
"""
    repository = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: cnpg, namespace: shop}\nspec: {url: 'https://cloudnative-pg.github.io/charts'}\n"
    desired = read(INPUTS + release, **{"r.yaml": repository})
    assert made(desired) == []
    told = "values of what it makes are not followed: HelmRelease shop, billing"
    assert desired.notes == (f"sets/databases.yaml:1: ResourceSet databases: {told}",)

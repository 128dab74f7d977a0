"""What may make an object of CNPG without declaring it: what each is, its line, and what a person would change."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.makers.mentions import MENTIONS
from gitops_mcp.domain.repository.makers.search import claimed_groups, find_makers, told_makers

OBJECT = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: orders\nspec:\n  instances: 3\n"
INDENTED = OBJECT.replace("\n", "\n      ")
ITEM = "- apiVersion: postgresql.cnpg.io/v1\n    kind: Cluster\n    metadata: {name: orders}\n"


def found(files: dict[str, str], *, name: str | None = None, submodules: str = "", folder: str = "") -> list[str]:
    """As the server looks: manifests and build files are read anyway, of others only those that mention CNPG."""
    read = {path: text for path, text in files.items() if path.endswith(("yaml", "yml"))}
    desired = build_desired(read, commit="0" * 40, folder=folder)
    mentioning = {path: text for path, text in files.items() if any(one.lower() in text.lower() for one in MENTIONS)}
    return [one.reason for one in find_makers(desired, mentioning, submodules, name)]


PUBLISHED = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app, namespace: argocd}
spec:
  destination: {namespace: shop}
  source: {repoURL: ghcr.io/acme/charts, chart: pg, targetRevision: 1.0.0, helm: {valuesObject: {a: 1}}}
"""
HELM_CHARTS = """\
helmCharts:
  - name: cluster
    repo: https://cloudnative-pg.github.io/charts
    version: 0.4.0
    releaseName: orders
"""


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param({"a/db.jsonnet": "// databases\n{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster' }\n"}, "a/db.jsonnet:2 is a jsonnet program: change what it makes there by hand, and run it", id="jsonnet"),
        pytest.param({"a/main.k": "import api.v1 as cnpg\nx = cnpg.PostgresqlCnpgIoV1Cluster {\n}\n"}, "a/main.k:2 is a KCL program: change what it makes there by hand, and run it", id="KCL"),
        pytest.param({"a/db.cue": 'db: {\n\tapiVersion: "postgresql.cnpg.io/v1"\n}\n'}, "a/db.cue:2 is a CUE program: change what it makes there by hand, and run it", id="CUE"),
        pytest.param({"a/main.ts": "import * as cdk8s from 'cdk8s';\nnew Cluster(this, 'x'); // postgresql.cnpg.io/v1\n"}, "a/main.ts:2 is a cdk8s program: change what it makes there by hand, and run it", id="cdk8s"),
        pytest.param({"a/__main__.py": "import pulumi\nkind = 'postgresql.cnpg.io/v1'\n"}, "a/__main__.py:2 is a Pulumi program: change what it makes there by hand, and run it", id="Pulumi"),
        pytest.param({"a/db.yaml.j2": OBJECT}, "a/db.yaml.j2:1 is a Jinja template: change what it makes there by hand, and run it", id="Jinja"),
        pytest.param({"a/db.yaml.gotmpl": OBJECT}, "a/db.yaml.gotmpl:1 is a Go template: change what it makes there by hand, and run it", id="gotmpl"),
        pytest.param({"a/make.sh": "kubectl apply -f - <<EOF\n" + OBJECT + "EOF\n"}, "a/make.sh:2 is a script: change what it makes there by hand, and run it", id="a script"),
        pytest.param({"tf/db.tf": 'resource "kubernetes_namespace" "x" {\n}\nresource "kubernetes_manifest" "orders" {\n  manifest = {\n    apiVersion = "postgresql.cnpg.io/v1"\n  }\n}\n'}, "tf/db.tf:3 is kubernetes_manifest.orders of Terraform or OpenTofu: change it there, and apply it by its own plan", id="a manifest in Terraform"),
        pytest.param({"tf/db.tofu": 'resource "kubectl_manifest" "orders" {\n  yaml_body = <<-EOT\n    apiVersion: postgresql.cnpg.io/v1\n  EOT\n}\n'}, "tf/db.tofu:1 is kubectl_manifest.orders of Terraform or OpenTofu: change it there, and apply it by its own plan", id="a text in OpenTofu"),
        pytest.param({"tf/db.tf": 'resource "helm_release" "orders" {\n  repository = "https://cloudnative-pg.github.io/charts"\n  chart      = "cluster"\n}\n'}, "tf/db.tf:1 is helm_release.orders of Terraform or OpenTofu: change it there, and apply it by its own plan", id="a release in Terraform"),
        pytest.param({"a/kustomization.yaml": HELM_CHARTS + "    valuesFile: ../values/orders.yaml\n"}, "a/kustomization.yaml:2 inflates the Helm chart cluster 0.4.0, release orders by helmCharts: its values are in values/orders.yaml", id="helmCharts with a file of values"),
        pytest.param({"a/kustomization.yaml": HELM_CHARTS + "    valuesInline:\n      cluster: {instances: 3}\n"}, "a/kustomization.yaml:2 inflates the Helm chart cluster 0.4.0, release orders by helmCharts: its values are in valuesInline at a/kustomization.yaml:6", id="helmCharts with values inline"),
        pytest.param({"helmfile.yaml": "releases:\n- name: app\n  chart: x/app\n- name: orders\n  chart: cnpg/cluster\n  values: [orders.yaml]\n# https://cloudnative-pg.github.io/charts\n"}, "helmfile.yaml:4 is the helmfile release orders of chart cnpg/cluster, whose values are in orders.yaml: change its values there by hand, and apply it by helmfile", id="helmfile"),
        pytest.param({"a/values.yaml": "extraObjects:\n  " + ITEM}, "a/values.yaml:2 has such an object in values, as extraObjects[0]: change it there by hand", id="an object among values"),
        pytest.param({"a/values.yaml": "extraDeploy: |\n      " + INDENTED + "\n"}, "a/values.yaml:1 has such an object in values, as extraDeploy: change it there by hand", id="a text among values"),
        pytest.param({"a/release.yaml": "apiVersion: example.com/v1\nkind: Bundle\nmetadata: {name: app}\nspec:\n  text: |\n      " + INDENTED + "\n"}, "a/release.yaml:5 has such an object in the Bundle app, as spec.text: change it there by hand", id="a text in an object"),
        pytest.param({"a/object.yaml": "apiVersion: kubernetes.crossplane.io/v1alpha2\nkind: Object\nmetadata: {name: orders}\nspec:\n  forProvider:\n    manifest:\n      " + INDENTED + "\n"}, "the Object orders at a/object.yaml:1 makes such objects, which are not edited through it: change spec.forProvider.manifest by hand at a/object.yaml:6", id="an object of Crossplane"),
        pytest.param({"a/release.yaml": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app}\nspec:\n  values:\n    extraObjects:\n    " + ITEM.replace("\n    ", "\n      ")}, "the HelmRelease app at a/release.yaml:1 makes such objects, which are not edited through it: change spec.values.extraObjects[0] by hand at a/release.yaml:7", id="an object among the values of a release"),
        pytest.param({"pg/Chart.yaml": "name: pg\n", "pg/values.yaml": "a: 1\n", "pg/templates/db.yaml": OBJECT, "app/Chart.yaml": "dependencies: [{name: pg, repository: 'file://../pg'}]\n", "app/values.yaml": "pg: {}\n"}, "pg/templates/db.yaml is a template of the Helm chart pg; its values are in pg/values.yaml; it is used by app/values.yaml (under pg)", id="a chart that another one uses"),
        pytest.param({"charts/pg/Chart.yaml": "name: pg\n", "charts/pg/templates/db.yaml": OBJECT, "kustomization.yaml": "helmCharts: [{name: pg, releaseName: x}]\n"}, "charts/pg/templates/db.yaml is a template of the Helm chart charts/pg; it is used by kustomization.yaml (helmCharts)", id="a chart that kustomize inflates"),
        pytest.param({"charts/db/Chart.yaml": "name: pg\n", "charts/db/templates/db.yaml": OBJECT, "app.yaml": PUBLISHED}, "charts/db/templates/db.yaml is a template of the Helm chart charts/db; it is used by Argo CD Application argocd/app (app.yaml:1), where it is the chart of that name from ghcr.io/acme/charts with the values of app.yaml:1", id="a chart that is applied from where it is published"),
        pytest.param({"pg/Chart.yaml": "name: pg\n", "pg/templates/db.yaml": OBJECT}, "pg/templates/db.yaml is a template of the Helm chart pg; nothing that was seen uses it", id="a chart that nothing uses"),
    ],
)  # fmt: skip
def test_each_is_told_with_its_line_and_what_to_change(files: dict[str, str], told: str) -> None:
    assert found(files) == [told]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"README.md": OBJECT}, id="a text for people"),
        pytest.param({"tf/op.tf": 'resource "helm_release" "op" {\n  repository = "https://cloudnative-pg.github.io/charts"\n  chart = "cloudnative-pg"\n}\n'}, id="the operator in Terraform"),
        pytest.param({"a/kustomization.yaml": HELM_CHARTS.replace("name: cluster", "name: cloudnative-pg").replace("orders", "operator")}, id="the operator by kustomize"),
        pytest.param({"api/v1.k": 'schema PostgresqlCnpgIoV1Cluster:\n    kind: "Cluster"\n'}, id="a type of a program"),
        pytest.param({"a/orders.yaml": OBJECT}, id="what is declared"),
        pytest.param({"a/upgrade.yaml": "apiVersion: example.com/v1\nkind: Upgrade\nmetadata: {name: all}\nspec:\n  healthChecks: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: orders}]\n"}, id="what only refers to one"),
        pytest.param({"a/check.sh": "kubectl get clusters.postgresql.cnpg.io/orders\n"}, id="a script that only looks"),
        pytest.param({"a/rules.yaml": "kind: Rule\ntext: cnpg.io/cluster of cloudnative-pg\n"}, id="a label"),
    ],
)  # fmt: skip
def test_what_makes_none_is_not_told(files: dict[str, str]) -> None:
    assert found(files) == []


def test_a_manifest_of_elsewhere_is_told_with_why_it_is_not_here() -> None:
    files = {"apps/prod/x.yaml": "kind: ConfigMap\n", "old/orders.yaml": OBJECT}
    told = "old/orders.yaml:1 declares Cluster orders, and lies outside of apps/prod"
    assert found(files, folder="apps/prod") == [told]
    assert found(files, folder="apps/prod", name="orders") == [told]
    assert found(files, folder="apps/prod", name="ordres") == []


def test_what_is_no_yaml_is_told_where_it_was_not_passed_over_already() -> None:
    files = {"apps/prod/x.yaml": "kind: ConfigMap\n", "old/orders.yaml": "{% if prod %}\n" + OBJECT + "{% endif %}\n"}
    told = "old/orders.yaml:2 mentions CNPG and is not YAML as it stands: it may be a template"
    assert found(files, folder="apps/prod") == [told]
    assert found(files) == []


def test_the_values_of_a_chart_that_say_the_name_are_told_with_what_stands_beside() -> None:
    values = "clusters:\n  - name: orders-20260101\n    instances: 1\n    size: 1Gi\n"
    files = {"pg/Chart.yaml": "name: pg\n", "pg/values.yaml": values, "pg/templates/db.yaml": "{{ x }}\n" + OBJECT}
    (told,) = found(files, name="orders-20260101")
    assert told.endswith("; the name is at pg/values.yaml:2 (beside instances, size)")


def test_submodules_are_told_without_credentials() -> None:
    text = '[submodule "db"]\n\tpath = databases\n\turl = https://me:secret-token@git.example.com/db.git\n'
    (told,) = found({}, submodules=text)
    assert told.startswith("databases is a Git submodule of https://")
    assert told.endswith("git.example.com/db.git: what it holds is in that repository, and is changed there")
    assert "secret-token" not in told
    assert found({}, submodules="no ini\n") == []


def test_the_claims_of_a_composition_are_looked_for_by_their_group() -> None:
    composition = (
        "apiVersion: apiextensions.crossplane.io/v1\nkind: Composition\nmetadata: {name: pg}\nspec:\n"
        "  compositeTypeRef: {apiVersion: db.example.org/v1, kind: XPostgres}\n  resources:\n    - base:\n        "
        + OBJECT.replace("\n", "\n        ")
        + "\n"
    )
    claim = "apiVersion: db.example.org/v1\nkind: Postgres\nmetadata: {name: orders}\n"
    assert claimed_groups({"c.yaml": composition}) == {"db.example.org"}
    assert found({"c.yaml": composition, "claims/orders.yaml": claim}) == [
        "the Composition pg at c.yaml:1 makes it from claims/orders.yaml:1: change it there by hand",
        "the Composition pg at c.yaml:1 makes such objects, which are not edited through it: change spec.resources[0].base by hand at c.yaml:7",
    ]


def test_those_that_say_the_name_come_first_and_the_others_are_counted() -> None:
    files = {f"p{number:02}.cue": 'x: "postgresql.cnpg.io/v1"\n' for number in range(14)}
    files["p13.cue"] = 'x: "postgresql.cnpg.io/v1"\nname: "orders"\n'
    desired = build_desired({}, commit="0" * 40, folder="")
    told = told_makers(find_makers(desired, files, ""), "orders", "")
    assert told is not None
    assert told.startswith("files that may make one: p13.cue:1 is a CUE program")
    assert told.endswith("; and 4 more")
    assert told.count(".cue:1") == 10
    assert told_makers([], "orders", "") is None

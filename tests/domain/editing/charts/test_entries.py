"""Databases that a chart makes of entries in its values: added and taken away there."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.editing.charts.entries import add_entry
from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject
from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused
from tests.charts import application, chart, desired_of, needs_helm

CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders}
spec: {instances: 3}
"""
DATABASES = """\
{{- range .Values.databases }}
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: orders-{{ .title | replace "_" "-" }}}
spec:
  cluster: {name: orders}
  name: {{ .title }}
  owner: {{ .by }}
{{- end }}
"""
VALUES = "databases:\n  - title: shop_main # the first\n    by: app\n"
OWN = {
    "apps/orders.yaml": application(name="orders"),
    "chart/Chart.yaml": chart(),
    "chart/values.yaml": VALUES,
    "chart/templates/cluster.yaml": CLUSTER,
    "chart/templates/databases.yaml": DATABASES,
}
CNPG = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: orders, namespace: argocd}
spec:
  destination: {namespace: shop}
  source:
    repoURL: https://cloudnative-pg.github.io/charts
    chart: cluster
    targetRevision: 0.8.1
    helm:
      valuesObject:
        fullnameOverride: orders
        cluster: {instances: 3}
        databases:
          - name: shop_main # the first
            owner: app
"""


def database(name: str, **more: Any) -> Object:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Database",
        "metadata": {"name": f"orders-{name}", "namespace": "shop"},
        "spec": {"cluster": {"name": "orders"}, "name": name, "owner": "app", **more},
    }


def put(desired: Desired, manifest: Object) -> tuple[FileChange, ...]:
    name = manifest["metadata"]["name"]
    new = NewObject("Database", "shop", name, name.removeprefix("orders-"), "orders")
    places = (FilePlace("apps/database.yaml"),)
    return put_document(desired, desired.clusters[0], new, manifest, places).changes


@needs_helm
def test_a_database_is_added_to_the_list_of_a_chart_of_the_repository() -> None:
    desired = desired_of(OWN)

    changes = put(desired, database("audit"))

    assert {one.path: one.after for one in changes} == {"chart/values.yaml": VALUES + "  - title: audit\n    by: app\n"}
    assert [one.identity for one in desired_after(desired, changes).declarations if one.database == "audit"] == [
        Identity("Database", "shop", "orders-audit")
    ]


@needs_helm
def test_one_that_the_template_cannot_say_is_not_added_there() -> None:
    desired = desired_of(OWN)
    manifest = database("audit", tablespace="fast")

    assert add_entry(desired, desired.clusters[0], Identity("Database", "shop", "orders-audit"), manifest) == ()
    with pytest.raises(Refused, match="no place for Database shop/orders-audit was found"):
        put(desired, manifest)


@needs_helm
def test_a_database_is_taken_out_of_the_list_of_a_chart_of_the_repository() -> None:
    more = VALUES + "  - title: audit\n    by: app\n"
    desired = desired_of({**OWN, "chart/values.yaml": more})
    declared = next(one for one in desired.declarations if one.database == "audit")

    assert [one.after for one in remove_objects(desired, declared)] == [VALUES]


def test_a_database_is_added_to_and_taken_out_of_the_values_of_the_cluster_chart() -> None:
    desired = desired_of({"apps/orders.yaml": CNPG})

    added = put(desired, database("audit", databaseReclaimPolicy="delete"))
    after = desired_after(desired, added)
    new = next(one for one in after.declarations if one.database == "audit")

    assert [one.after for one in added] == [
        CNPG + "          - name: audit\n            owner: app\n            databaseReclaimPolicy: delete\n"
    ]
    assert [one.after for one in remove_objects(after, new)] == [CNPG]


MANY = """\
{{- range $name, $one := .Values.clusters }}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: {{ $name }}}
spec: {instances: {{ $one.instances }}}
{{- range $one.databases }}
---
apiVersion: postgresql.cnpg.io/v1
kind: Database
metadata: {name: {{ $name }}-{{ . }}}
spec: {cluster: {name: {{ $name }}}, name: {{ . }}, owner: app}
{{- end }}
{{- end }}
"""


@needs_helm
def test_a_cluster_goes_with_all_that_its_entry_makes() -> None:
    values = "clusters:\n  carts:\n    instances: 1\n  orders:\n    instances: 3\n    databases: [a, b]\n"
    files = {
        "apps/orders.yaml": application(name="orders"),
        "chart/Chart.yaml": chart(),
        "chart/values.yaml": values,
        "chart/templates/all.yaml": MANY,
    }
    desired = desired_of(files)
    orders = desired.cluster("orders", "shop", environment="prod")
    databases = [one for one in desired.declarations if one.database]

    assert [one.after for one in remove_objects(desired, orders, *databases)] == [
        "clusters:\n  carts:\n    instances: 1\n"
    ]
    assert [one.after for one in remove_objects(desired, databases[1])] == [values.replace("[a, b]", "[a]")]
    with pytest.raises(Refused, match="the Helm chart in chart makes it"):
        remove_objects(desired, orders)


@needs_helm
def test_the_last_cluster_leaves_an_empty_list() -> None:
    values = "clusters:\n  orders:\n    instances: 3\n"
    files = {
        "apps/orders.yaml": application(name="orders"),
        "chart/Chart.yaml": chart(),
        "chart/values.yaml": values,
        "chart/templates/all.yaml": MANY,
    }
    desired = desired_of(files)

    assert [one.after for one in remove_objects(desired, desired.clusters[0])] == ["clusters: {}\n"]

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.charts.cluster_chart import objects_of_release, releases, values_place_of_field
from gitops_mcp.domain.engines.charts.values import Release, ValuesPlace
from gitops_mcp.domain.engines.declared import find_engine_objects
from gitops_mcp.domain.objects import Path

INSTANCES: Path = ("spec", "instances")
REPOSITORY = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: cnpg, namespace: shop}
spec: {url: https://cloudnative-pg.github.io/charts}
"""
UMBRELLA = """\
apiVersion: v2
name: shop
version: 1.0.0
dependencies:
  - {name: cluster, alias: orders, version: 0.8.x, repository: https://cloudnative-pg.github.io/charts}
  - {name: cluster, version: 0.8.x, repository: oci://ghcr.io/cloudnative-pg/charts}
  - {name: redis, version: 1.x, repository: https://example.com/charts}
"""


def release(values: str, more: str = "", *, name: str = "orders") -> str:
    return (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n"
        f"metadata: {{name: {name}, namespace: shop}}\nspec:\n"
        "  chart: {spec: {chart: cluster, sourceRef: {kind: HelmRepository, name: cnpg}}}\n"
        f"{_indented(more, 2)}  values:\n{_indented(values, 4)}"
    )


def application(helm: str, source: str = "path: charts/shop", *, name: str = "shop") -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n"
        "  destination: {namespace: shop}\n  source:\n    repoURL: https://github.com/acme/fleet\n"
        f"{_indented(source, 4)}    helm:\n{_indented(helm, 6)}"
    )


def _indented(text: str, by: int) -> str:
    return indent(dedent(text).strip("\n"), " " * by) + "\n" if text.strip() else ""


def applied(files: dict[str, str]) -> EngineObject:
    (one,) = find_engine_objects(files, remotes=("https://github.com/acme/fleet",), revision="main")
    return one


def used(files: dict[str, str], index: int = 0) -> Release:
    found = releases(applied(files), files)
    assert not isinstance(found, str), found
    return found[index]


def place(files: dict[str, str], path: Path = INSTANCES, index: int = 0) -> ValuesPlace:
    found = values_place_of_field(used(files, index), "Cluster", path, files)
    assert isinstance(found, ValuesPlace), found
    return found


def flux(values: str, more: str = "") -> dict[str, str]:
    return {"hr.yaml": release(values, more), "repo.yaml": REPOSITORY}


@pytest.mark.parametrize(
    ("values", "path", "expected"),
    [
        pytest.param("cluster: {instances: 3}", INSTANCES, ("cluster", "instances"), id="instances"),
        pytest.param(
            "cluster: {storage: {size: 8Gi}}", ("spec", "storage", "size"), ("cluster", "storage", "size"), id="size"
        ),
        pytest.param("cluster: {imageName: a:1}", ("spec", "imageName"), ("cluster", "imageName"), id="image"),
        pytest.param("cluster: {roles: [{name: a}]}", ("spec", "managed", "roles"), ("cluster", "roles"), id="roles"),
        pytest.param(
            "cluster: {roles: [{name: a}]}",
            ("spec", "managed", "roles", 0, "name"),
            ("cluster", "roles", 0, "name"),
            id="a part of a role",
        ),
        pytest.param(
            "cluster: {postgresql: {parameters: {work_mem: 4MB}}}",
            ("spec", "postgresql", "parameters", "work_mem"),
            ("cluster", "postgresql", "parameters", "work_mem"),
            id="a parameter",
        ),
        pytest.param(
            "cluster: {walStorage: {enabled: true, size: 1Gi}}",
            ("spec", "walStorage", "size"),
            ("cluster", "walStorage", "size"),
            id="write-ahead log",
        ),
    ],
)
def test_the_values_of_a_helm_release_stand_in_it(values: str, path: Path, expected: Path) -> None:
    found = place(flux(values), path)
    assert (found.path, found.document, found.base, found.inner) == ("hr.yaml", 0, ("spec", "values"), None)
    assert (found.values, found.present, found.line, found.prefix) == (expected, True, 7, "")


def test_what_is_not_said_is_added_beside_what_is() -> None:
    found = place(flux("cluster: {storage: {size: 8Gi}}"))
    assert (found.base, found.values, found.present) == (("spec", "values"), ("cluster", "instances"), False)


def test_a_major_version_makes_the_image_where_none_is_named() -> None:
    found = place(flux('version: {postgresql: "17"}'), ("spec", "imageName"))
    assert (found.values, found.prefix) == (("version", "postgresql"), "ghcr.io/cloudnative-pg/postgresql:")


@pytest.mark.parametrize(
    ("values", "more", "path", "reason"),
    [
        pytest.param(
            "cluster: {instances: 3}",
            "",
            ("spec", "monitoring", "enablePodMonitor"),
            "spec.monitoring.enablePodMonitor of a Cluster is not a single value of the chart `cluster`; see hr.yaml:6",
            id="several values make it",
        ),
        pytest.param(
            "cluster: {instances: 3}",
            "",
            ("metadata", "name"),
            "metadata.name of a Cluster is not a single value of the chart `cluster`; see hr.yaml:6",
            id="the name",
        ),
        pytest.param(
            "cluster: {imageCatalogRef: {name: pg, kind: ImageCatalog}}",
            "",
            ("spec", "imageName"),
            "cluster.imageCatalogRef decides on the image; see hr.yaml:6",
            id="a catalog",
        ),
        pytest.param(
            "imageCatalog: {images: [{image: a, major: 17}]}",
            "",
            ("spec", "imageName"),
            "imageCatalog decides on the image; see hr.yaml:6",
            id="a catalog of its own",
        ),
        pytest.param(
            "{type: postgis, version: {postgresql: '17'}}",
            "",
            ("spec", "imageName"),
            "version.postgresql and version.postgis together make the image; see hr.yaml:6",
            id="another kind of image",
        ),
        pytest.param(
            "cluster: {walStorage: {size: 1Gi}}",
            "",
            ("spec", "walStorage", "size"),
            "cluster.walStorage.enabled is not true in hr.yaml:6",
            id="a value without effect",
        ),
        pytest.param(
            "cluster: {instances: '${COUNT}'}",
            "",
            INSTANCES,
            "cluster.instances is ${COUNT} in hr.yaml:7, which is filled in before Helm reads it",
            id="a variable",
        ),
        pytest.param(
            "cluster: {instances: 3}",
            "postRenderers: [{kustomize: {patches: []}}]",
            INSTANCES,
            "spec.postRenderers change what the chart makes",
            id="post-renderers",
        ),
        pytest.param(
            "cluster: {storage: {size: 8Gi}}",
            "valuesFrom: [{kind: Secret, name: more}]",
            INSTANCES,
            "cluster.instances may be set by Secret more, key values.yaml, which is not read here and would win",
            id="a secret may say it",
        ),
    ],
)
def test_what_is_not_one_to_one_is_refused_by_name(values: str, more: str, path: Path, reason: str) -> None:
    files = flux(values, more)
    assert values_place_of_field(used(files), "Cluster", path, files) == reason


def test_the_release_wins_over_what_it_takes_values_from() -> None:
    config = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: base, namespace: shop}
data:
  values.yaml: |
    cluster:
      instances: 2
      storage:
        size: 8Gi
"""
    more = "valuesFrom: [{kind: Secret, name: more}, {kind: ConfigMap, name: base}]"
    files = {**flux("cluster: {instances: 3}", more), "config.yaml": config}
    assert place(files).path == "hr.yaml"
    size = place(files, ("spec", "storage", "size"))
    assert (size.path, size.base, size.inner) == ("config.yaml", ("data", "values.yaml"), 0)
    assert (size.values, size.line) == (("cluster", "storage", "size"), 5)


def test_a_patch_from_above_may_hold_values() -> None:
    above = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: all, namespace: flux-system}
spec:
  path: apps
  sourceRef: {kind: GitRepository, name: flux-system}
  patches: [{target: {kind: HelmRelease}, patch: '{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: all}, spec: {values: {cluster: {instances: 5}}}}'}]
"""
    files = {"apps/hr.yaml": release("cluster: {instances: 3}"), "apps/repo.yaml": REPOSITORY, "ks.yaml": above}
    found = find_engine_objects(files, remotes=(), revision="main")
    (one,) = [each for each in found if each.kind == "HelmRelease"]
    made = releases(one, files)
    assert not isinstance(made, str)
    reason = "cluster.instances may be set by a patch of the Kustomization that applies it"
    assert (
        values_place_of_field(made[0], "Cluster", INSTANCES, files) == f"{reason}, which is not read here and would win"
    )


@pytest.mark.parametrize(
    ("name", "values", "more", "expected"),
    [
        pytest.param("orders", "{a: b}", "", ("shop", "orders-cluster"), id="the chart's name behind it"),
        pytest.param("orders-cluster", "{a: b}", "", ("shop", "orders-cluster"), id="unless it is there"),
        pytest.param("orders", "nameOverride: db", "", ("shop", "orders-db"), id="another name"),
        pytest.param("orders", "fullnameOverride: pg", "", ("shop", "pg"), id="a full name"),
        pytest.param("orders", "fullnameOverride: pg", "targetNamespace: eu", ("eu", "pg"), id="a target namespace"),
        pytest.param("orders", "{a: b}", "targetNamespace: eu", ("eu", "eu-orders-cluster"), id="before the release"),
        pytest.param("orders", "{a: b}", "releaseName: r", ("shop", "r-cluster"), id="a release name"),
        pytest.param("orders", "namespaceOverride: us", "", ("us", "orders-cluster"), id="a namespace of the values"),
    ],
)
def test_the_cluster_is_named_as_the_chart_does(name: str, values: str, more: str, expected: tuple[str, str]) -> None:
    files = {"hr.yaml": release(values, more, name=name), "repo.yaml": REPOSITORY}
    found = used(files)
    assert (found.namespace, found.name) == expected


def test_the_objects_hold_what_the_values_say() -> None:
    values = """\
        fullnameOverride: orders
        version: {postgresql: "17.5"}
        cluster:
          instances: 3
          storage: {size: 8Gi, storageClass: ""}
          walStorage: {size: 1Gi}
          roles: [{name: app, login: true}]
        databases:
          - {name: shop_db, owner: app, unknown: x}
        """
    files = flux(values)
    cluster, database = objects_of_release(used(files), files)
    assert cluster == {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "orders", "namespace": "shop"},
        "spec": {
            "instances": 3,
            "storage": {"size": "8Gi"},
            "managed": {"roles": [{"name": "app", "login": True}]},
            "imageName": "ghcr.io/cloudnative-pg/postgresql:17.5",
        },
    }
    assert database == {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Database",
        "metadata": {"name": "orders-shop-db", "namespace": "shop"},
        "spec": {"name": "shop_db", "cluster": {"name": "orders"}, "owner": "app"},
    }


def test_a_database_is_found_by_its_sql_name() -> None:
    files = flux("databases: [{name: a, owner: x}, {name: b, owner: y}]")
    found = values_place_of_field(used(files), "Database", ("spec", "owner"), files, name="b")
    assert isinstance(found, ValuesPlace)
    assert (found.values, found.present) == (("databases", 1, "owner"), True)
    missing = values_place_of_field(used(files), "Database", ("spec", "owner"), files, name="c")
    assert missing == "no entry of databases is named c in hr.yaml:6"
    other = values_place_of_field(used(files), "Database", ("spec", "name"), files, name="b")
    assert other == "spec.name of a Database is not a single value of the chart `cluster`; see hr.yaml:6"


@pytest.mark.parametrize(
    ("index", "key", "name", "line"),
    [
        pytest.param(0, "orders", "shop-orders", 3, id="by its alias"),
        pytest.param(1, "cluster", "shop-cluster", 6, id="by its name"),
    ],
)
def test_an_umbrella_chart_holds_the_values_under_the_dependency(index: int, key: str, name: str, line: int) -> None:
    files = {
        "app.yaml": application("releaseName: shop"),
        "charts/shop/Chart.yaml": UMBRELLA,
        "charts/shop/values.yaml": (
            "orders:\n  cluster:\n    instances: 3\ncluster:\n  cluster:\n    instances: 2\nredis: {}\n"
        ),
    }
    found = place(files, index=index)
    assert (found.path, found.base, found.inner) == ("charts/shop/values.yaml", (), None)
    assert (found.values, found.line) == ((key, "cluster", "instances"), line)
    assert used(files, index).name == name


VALUES = {"charts/shop/values.yaml": "orders: {cluster: {instances: 1}}\n"}
PROD = {"charts/shop/prod.yaml": "orders: {cluster: {instances: 2}}\n", "env/prod.yaml": "orders: {x: 1}\n"}


@pytest.mark.parametrize(
    ("helm", "expected"),
    [
        pytest.param(
            "valueFiles: [prod.yaml, /env/prod.yaml]",
            ("charts/shop/prod.yaml", (), None, ("orders", "cluster", "instances"), False),
            id="a values file",
        ),
        pytest.param(
            "valueFiles: [prod.yaml]\nvalues: |\n  orders:\n    cluster:\n      instances: 3",
            ("app.yaml", ("spec", "source", "helm", "values"), 0, ("orders", "cluster", "instances"), False),
            id="text",
        ),
        pytest.param(
            "values: 'orders: {}'\nvaluesObject: {orders: {cluster: {instances: 4}}}",
            ("app.yaml", ("spec", "source", "helm", "valuesObject"), None, ("orders", "cluster", "instances"), False),
            id="an object hides text",
        ),
        pytest.param(
            "valuesObject: {orders: {}}\nparameters: [{name: orders.cluster.instances, value: '5'}]",
            ("app.yaml", ("spec", "source", "helm", "parameters", 0, "value"), None, (), True),
            id="a parameter",
        ),
    ],
)
def test_an_application_sets_values_in_layers(helm: str, expected: tuple[str, Path, int | None, Path, bool]) -> None:
    files = {"app.yaml": application(helm), "charts/shop/Chart.yaml": UMBRELLA, **VALUES, **PROD}
    found = place(files)
    assert (found.path, found.base, found.inner, found.values, found.is_text) == expected


def test_a_parameter_for_a_part_is_refused() -> None:
    helm = "parameters: [{name: 'orders.cluster.roles[0].name', value: x}]"
    files = {"app.yaml": application(helm), "charts/shop/Chart.yaml": UMBRELLA, **VALUES}
    found = values_place_of_field(used(files), "Cluster", ("spec", "managed", "roles"), files)
    assert found == (
        "the Helm parameter orders.cluster.roles[0].name sets a part of orders.cluster.roles; see app.yaml:10"
    )


def test_a_chart_from_elsewhere_takes_the_values_of_the_application() -> None:
    source = "chart: cluster\ntargetRevision: 0.8.1"
    text = application("valuesObject: {cluster: {instances: 3}}", source, name="orders").replace(
        "https://github.com/acme/fleet", "https://cloudnative-pg.github.io/charts"
    )
    found = place({"app.yaml": text})
    assert (found.base, found.values) == (("spec", "source", "helm", "valuesObject"), ("cluster", "instances"))


def test_values_of_an_applicationset_are_everybodys() -> None:
    text = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all}
spec:
  generators: [{list: {elements: [{env: prod}]}}]
  template:
    metadata: {name: 'orders-{{env}}'}
    spec:
      source:
        repoURL: https://cloudnative-pg.github.io/charts
        chart: cluster
        helm: {valuesObject: {cluster: {instances: 3}}}
"""
    files = {"set.yaml": text}
    found = values_place_of_field(used(files), "Cluster", INSTANCES, files)
    assert found == (
        "cluster.instances is in set.yaml:12 for every Application that Argo CD ApplicationSet all (set.yaml:1) makes"
    )


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param(
            {"hr.yaml": release("{a: b}").replace("chart: cluster", "chart: redis"), "repo.yaml": REPOSITORY},
            "the chart redis of https://cloudnative-pg.github.io/charts; of charts from elsewhere only CloudNativePG's "
            "`cluster` is understood",
            id="another chart",
        ),
        pytest.param(
            {"hr.yaml": release("{a: b}"), "repo.yaml": REPOSITORY.replace("cloudnative-pg.github.io", "example.com")},
            "the chart cluster of https://example.com/charts; of charts from elsewhere only CloudNativePG's `cluster` is "
            "understood",
            id="a chart of the same name",
        ),
        pytest.param(
            {"app.yaml": application("releaseName: x"), "charts/shop/Chart.yaml": "name: shop\n"},
            "the chart in charts/shop, whose templates are not edited",
            id="templates of its own",
        ),
        pytest.param({"app.yaml": application("{}", "path: a")}, "no Helm chart", id="no chart"),
    ],
)
def test_other_charts_are_named(files: dict[str, str], reason: str) -> None:
    assert releases(applied(files), files) == reason


def test_an_oci_chart_is_known_by_its_url() -> None:
    text = release("cluster: {instances: 3}").replace(
        "  chart: {spec: {chart: cluster, sourceRef: {kind: HelmRepository, name: cnpg}}}\n",
        "  chartRef: {kind: OCIRepository, name: db}\n",
    )
    oci = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: db, namespace: shop}\n"
        "spec: {url: oci://ghcr.io/cloudnative-pg/charts/cluster}\n"
    )
    assert place({"hr.yaml": text, "oci.yaml": oci}).values == ("cluster", "instances")


def test_a_chart_folder_of_this_repository_has_values_files() -> None:
    text = release("orders: {cluster: {storage: {size: 9Gi}}}").replace(
        "{chart: cluster, sourceRef: {kind: HelmRepository, name: cnpg}}",
        "{chart: ./charts/shop, valuesFiles: [charts/shop/prod.yaml], "
        "sourceRef: {kind: GitRepository, name: flux-system}}",
    )
    files = {"hr.yaml": text, "charts/shop/Chart.yaml": UMBRELLA, **VALUES, **PROD}
    assert place(files).path == "charts/shop/prod.yaml"
    assert place(files, ("spec", "storage", "size")).path == "hr.yaml"


EVERYTHING = """\
fullnameOverride: orders
cluster: {instances: 3, annotations: {team: shop}}
poolers:
  - {name: rw, instances: 2, parameters: {max_client_conn: "200"}}
  - {name: ro, instances: 1, type: ro, poolMode: transaction}
backups:
  enabled: true
  scheduledBackups:
    - {name: nightly, schedule: "0 0 2 * * *", method: plugin, backupOwnerReference: self}
"""


def test_poolers_and_scheduled_backups_are_read_from_their_entries() -> None:
    files = {"hr.yaml": release(EVERYTHING), "repo.yaml": REPOSITORY}

    made = list(objects_of_release(used(files), files))
    found = {f"{one['kind']} {one['metadata']['name']}": one["spec"] for one in made}

    assert [one["metadata"].get("annotations") for one in made] == [{"team": "shop"}, None, None, None]
    assert found == {
        "Cluster orders": {"instances": 3},
        "Pooler orders-pooler-rw": {
            "cluster": {"name": "orders"},
            "type": "rw",
            "instances": 2,
            "pgbouncer": {"poolMode": "session", "parameters": {"max_client_conn": "200"}},
        },
        "Pooler orders-pooler-ro": {
            "cluster": {"name": "orders"},
            "type": "ro",
            "instances": 1,
            "pgbouncer": {"poolMode": "transaction"},
        },
        "ScheduledBackup orders-nightly": {
            "cluster": {"name": "orders"},
            "immediate": True,
            "schedule": "0 0 2 * * *",
            "method": "plugin",
            "backupOwnerReference": "self",
        },
    }


def test_scheduled_backups_count_only_where_backups_are_enabled() -> None:
    files = {"hr.yaml": release(EVERYTHING.replace("enabled: true", "enabled: false")), "repo.yaml": REPOSITORY}

    assert "ScheduledBackup" not in {one["kind"] for one in objects_of_release(used(files), files)}


@pytest.mark.parametrize(
    ("kind", "name", "path", "values"),
    [
        pytest.param("Cluster", None, ("metadata", "annotations", "cnpg.io/hibernation"), ("cluster", "annotations", "cnpg.io/hibernation"), id="an annotation"),
        pytest.param("Pooler", "orders-pooler-ro", ("spec", "instances"), ("poolers", 1, "instances"), id="a pooler's instances"),
        pytest.param("Pooler", "orders-pooler-rw", ("spec", "pgbouncer", "parameters", "max_client_conn"), ("poolers", 0, "parameters", "max_client_conn"), id="a pooler's parameter"),
        pytest.param("ScheduledBackup", "orders-nightly", ("spec", "schedule"), ("backups", "scheduledBackups", 0, "schedule"), id="a schedule"),
    ],
)  # fmt: skip
def test_what_is_passed_through_is_edited_at_its_value(kind: str, name: str | None, path: Path, values: Path) -> None:
    files = {"hr.yaml": release(EVERYTHING), "repo.yaml": REPOSITORY}

    found = values_place_of_field(used(files), kind, path, files, name=name)

    assert isinstance(found, ValuesPlace), found
    assert found.values == values


@pytest.mark.parametrize(
    ("values", "image"),
    [
        pytest.param('version: {postgresql: "16"}', "ghcr.io/cloudnative-pg/postgresql:16", id="no type"),
        pytest.param('{type: postgis, version: {postgresql: "16", postgis: "3.4"}}', "ghcr.io/cloudnative-pg/postgis:16-3.4", id="postgis"),
        pytest.param('{type: postgis, version: {postgresql: "16"}}', None, id="postgis of the chart's own version"),
        pytest.param('{type: timescaledb, version: {postgresql: "16", timescaledb: "2.15"}}', None, id="timescaledb, by a catalog"),
    ],
)  # fmt: skip
def test_the_image_is_that_of_the_type(values: str, image: str | None) -> None:
    files = {"hr.yaml": release(values), "repo.yaml": REPOSITORY}

    (cluster,) = objects_of_release(used(files), files)

    assert cluster["spec"].get("imageName") == image


def test_of_an_image_with_postgis_the_version_of_postgresql_is_edited_between_both() -> None:
    files = {
        "hr.yaml": release('{type: postgis, version: {postgresql: "16", postgis: "3.4"}}'),
        "repo.yaml": REPOSITORY,
    }

    found = values_place_of_field(used(files), "Cluster", ("spec", "imageName"), files)

    assert isinstance(found, ValuesPlace), found
    assert (found.prefix, found.values, found.suffix) == (
        "ghcr.io/cloudnative-pg/postgis:",
        ("version", "postgresql"),
        "-3.4",
    )

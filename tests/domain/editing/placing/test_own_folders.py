"""In which folder a new object goes, and which are no place for it, in repositories of many shapes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_mcp.domain.editing.placing.new_document import put_document
from gitops_mcp.domain.editing.placing.sibling_paths import NewObject, candidate_places, find_siblings
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.databases.database import NewDatabase, database_places, plan_new_database
from gitops_mcp.domain.plans.object_names import database_object_name
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import Refused
from tests.domain.kustomize.oracle import kustomized

URL = "https://git.example.com/fleet.git"
SOURCE = (
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: fleet, namespace: flux-system}\n"
    f"spec: {{url: '{URL}', ref: {{branch: main}}}}\n"
)
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [cluster.yaml]\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
LAYOUT = "{path}/{namespace}/{cluster}/database-{name}.yaml"
CLUSTER_LAYOUT = "{path}/{namespace}/{cluster}/cluster.yaml"


def cluster(name: str = "orders", namespace: str | None = None) -> str:
    space = f", namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}{space}}}\nspec: {{instances: 3}}\n"
    )


def database(name: str, of: str = "orders", *, called: str | None = None, namespace: str | None = None) -> str:
    space = f", namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Database\nmetadata: {{name: {called or f'{of}-{name}'}{space}}}\n"
        f"spec: {{cluster: {{name: {of}}}, name: {name}, owner: app}}\n"
    )


def flux(name: str, path: str, spec: str = "", namespace: str = "flux-system") -> str:
    return (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{path: ./{path}, prune: true, sourceRef: {{kind: GitRepository, name: fleet, namespace: flux-system}}"
        f"{f', {spec}' if spec else ''}}}\n"
    )


def application(name: str, source: str, namespace: str = "shop") -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\n"
        f"spec:\n  destination: {{server: 'https://kubernetes.default.svc', namespace: {namespace}}}\n"
        f"  sources:\n    - {{{source}}}\n"
    )


def own(path: str, more: str = "") -> str:
    return f"repoURL: '{URL}', targetRevision: main, path: {path}{more}"


CHART = "repoURL: 'https://cloudnative-pg.github.io/charts', chart: cluster, targetRevision: 0.3.1, helm: {valuesObject: {fullnameOverride: orders}}"
RELEASE = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: orders, namespace: shop}\n"
    "spec: {chart: {spec: {chart: cluster, sourceRef: {kind: HelmRepository, name: cnpg}}}, "
    "values: {fullnameOverride: orders}}\n"
)
CHARTS = (
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: cnpg, namespace: shop}\n"
    "spec: {url: 'https://cloudnative-pg.github.io/charts'}\n"
)


def read(files: Mapping[str, str], folder: str = "") -> Desired:
    return build_desired(dict(files), commit="0" * 40, folder=folder, remotes=(URL,))


def new_database(
    files: Mapping[str, str], name: str = "orders", folder: str = ""
) -> tuple[dict[str, str | None], tuple[Notice, ...]]:
    """The files that a new Database `reports` of Cluster shop/orders changes, and what is told."""
    desired = read(files, folder)
    declared, ref = desired.cluster(name, "shop", environment="prod"), ClusterRef("shop", name)
    called = database_object_name(desired, ref, "reports", ())
    places = database_places(desired, declared, ref, called, LAYOUT)
    new = NewDatabase("reports", "app", "retain")
    plan = plan_new_database(desired, declared, ref, new, object_name=called, places=places, live=None)
    return {one.path: one.after for one in plan.files}, plan.warnings


def new_cluster(files: Mapping[str, str], name: str = "carts", folder: str = "") -> dict[str, str | None]:
    desired = read(files, folder)
    new = NewObject.of_cluster(ClusterRef("shop", name))
    places = candidate_places(desired, None, new, CLUSTER_LAYOUT, find_siblings(desired, "Cluster"))
    manifest: Object = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"instances": 1},
    }
    return {one.path: one.after for one in put_document(desired, None, new, manifest, places).changes}


APPS_WITH_COMPONENT = {
    "flux/source.yaml": SOURCE,
    "flux/apps.yaml": flux("apps", "apps"),
    "components/pg/cluster.yaml": cluster("'${APP}'"),
    "components/pg/kustomization.yaml": COMPONENT,
    "apps/shop/kustomization.yaml": "namespace: shop\nresources: [orders/ks.yaml]\n",
    "apps/shop/orders/ks.yaml": flux("orders", "apps/shop/orders/app", "components: [../../../../components/pg], postBuild: {substitute: {APP: orders}}", "shop"),
    "apps/shop/orders/app/settings.yaml": MAP,
    "apps/shop/orders/app/kustomization.yaml": "namespace: shop\nresources: [settings.yaml]\n",
}  # fmt: skip
OTHER_APP = {
    "apps/media/kustomization.yaml": "namespace: media\nresources: [photos/ks.yaml]\n",
    "apps/media/photos/ks.yaml": flux("photos", "apps/media/photos/app", "components: [../../../../components/pg], postBuild: {substitute: {APP: photos}}", "media"),
    "apps/media/photos/app/kustomization.yaml": "namespace: media\nresources: [photos-database.yaml]\n",
    "apps/media/photos/app/photos-database.yaml": database("photos", "photos", called="photos-database"),
}  # fmt: skip
ONE_ROOT = {"flux/source.yaml": SOURCE, "flux/apps.yaml": flux("apps", "apps/shop", "targetNamespace: shop")}
IN_APPS = {
    "flux/source.yaml": SOURCE,
    "flux/db.yaml": flux("db", "db"),
    "flux/web.yaml": flux("web", "apps/web"),
    "flux/mail.yaml": flux("mail", "apps/mail"),
    "db/orders.yaml": cluster(namespace="shop"),
    "db/kustomization.yaml": "resources: [orders.yaml]\n",
    "apps/web/database.yaml": database("web", namespace="shop"),
    "apps/web/kustomization.yaml": "resources: [database.yaml, web.yaml]\n",
    "apps/web/web.yaml": MAP,
    "apps/mail/database.yaml": database("mail", namespace="shop"),
    "apps/mail/kustomization.yaml": "resources: [database.yaml, mail.yaml]\n",
    "apps/mail/mail.yaml": MAP,
}
APART = {
    "flux/source.yaml": SOURCE,
    "flux/db.yaml": flux("db", "db"),
    "flux/databases.yaml": flux("databases", "databases"),
    "db/orders.yaml": cluster(namespace="shop"),
    "db/kustomization.yaml": "resources: [orders.yaml]\n",
    "databases/web.yaml": database("web", namespace="shop"),
    "databases/mail.yaml": database("mail", namespace="shop"),
    "databases/kustomization.yaml": "resources:\n  - mail.yaml\n  - web.yaml\n",
}
NIGHTLY = {
    "db/kustomization.yaml": "resources: [orders.yaml, nightly.yaml]\n",
    "db/nightly.yaml": database("x", namespace="shop").replace("kind: Database", "kind: ScheduledBackup"),
    "databases/bills.yaml": database("bills", "carts", namespace="shop"),
    "databases/kustomization.yaml": "resources:\n  - bills.yaml\n  - mail.yaml\n  - web.yaml\n",
}
SHARED = {
    "flux/source.yaml": SOURCE,
    "flux/orders.yaml": flux("orders", "all", "components: [../pg], targetNamespace: shop, postBuild: {substitute: {APP: orders}}"),
    "flux/photos.yaml": flux("photos", "all", "components: [../pg], targetNamespace: media, postBuild: {substitute: {APP: photos}}"),
    "flux/web.yaml": flux("web", "apps/web", "targetNamespace: shop"),
    "all/kustomization.yaml": "resources: []\n",
    "pg/cluster.yaml": cluster("'${APP}'"),
    "pg/kustomization.yaml": COMPONENT,
    "apps/web/kustomization.yaml": "resources: [database.yaml, web.yaml]\n",
    "apps/web/database.yaml": database("web"),
    "apps/web/web.yaml": MAP,
}  # fmt: skip
BASE = {
    "flux/source.yaml": SOURCE,
    "flux/prod.yaml": flux("prod", "overlays/prod"),
    "base/orders.yaml": cluster(),
    "base/web.yaml": database("web"),
    "base/kustomization.yaml": "resources: [orders.yaml, web.yaml]\n",
    "overlays/prod/kustomization.yaml": "namespace: shop\nresources:\n- ../../base\n",
}
DIRECTORY = {
    "argocd/orders.yaml": application("orders", own("orders/manifests")),
    "orders/manifests/db.yaml": cluster(),
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param(APPS_WITH_COMPONENT, ["apps/shop/orders/app/database-reports.yaml", "apps/shop/orders/app/kustomization.yaml"], id="a component of this app alone: into the app"),
        pytest.param({**APPS_WITH_COMPONENT, **OTHER_APP}, ["apps/shop/orders/app/kustomization.yaml", "apps/shop/orders/app/reports-database.yaml"], id="a component of many: into the app, called as another app's is"),
        pytest.param({**ONE_ROOT, "apps/shop/orders.yaml": cluster(), "apps/shop/web-database.yaml": database("web", called="web-database")}, ["apps/shop/reports-database.yaml"], id="beside the siblings of the Cluster, called as they are"),
        pytest.param({**ONE_ROOT, "apps/shop/orders.yaml": cluster(), "apps/shop/data/web.yaml": database("web", "users", called="web-database")}, ["apps/shop/database-reports.yaml"], id="called as another Cluster's is, in a file as the layout says"),
        pytest.param({**APART, **NIGHTLY}, ["databases/kustomization.yaml", "databases/reports.yaml"], id="a folder for databases of several Clusters, beside which only backups stand"),
        pytest.param(IN_APPS, ["db/database.yaml", "db/kustomization.yaml"], id="siblings in the folders of their apps: beside the Cluster"),
        pytest.param(APART, ["databases/kustomization.yaml", "databases/reports.yaml"], id="all siblings in a folder for them that another Kustomization applies: there"),
        pytest.param(BASE, ["overlays/prod/database-reports.yaml", "overlays/prod/kustomization.yaml"], id="siblings in a base of one overlay: into the overlay"),
        pytest.param({**BASE, "overlays/dev/kustomization.yaml": "namespace: dev\nresources: [../../base]\n"}, ["overlays/prod/database-reports.yaml", "overlays/prod/kustomization.yaml"], id="siblings in a base of two overlays: into the overlay"),
        pytest.param({"flux/source.yaml": SOURCE, "flux/prod.yaml": flux("prod", "prod"), "prod/kustomization.yaml": "resources: [../apps/orders, ../apps/web]\n", "apps/orders/kustomization.yaml": "namespace: shop\nresources: [orders.yaml]\n", "apps/orders/orders.yaml": cluster(), "apps/web/kustomization.yaml": "resources: [web.yaml]\n", "apps/web/web.yaml": MAP}, ["apps/orders/database-reports.yaml", "apps/orders/kustomization.yaml"], id="a list of folders is not an overlay: beside the Cluster"),
        pytest.param({**ONE_ROOT, "apps/shop/db/orders.yaml": cluster(), "apps/shop/web.yaml": MAP}, ["apps/shop/db/database-reports.yaml"], id="a Kustomization without a kustomization: nothing is listed"),
        pytest.param({**ONE_ROOT, "apps/kustomization.yaml": "resources: [other]\n", "apps/shop/orders.yaml": cluster()}, ["apps/shop/database-reports.yaml"], id="a kustomization above the folder that is built has nothing to say"),
        pytest.param({**DIRECTORY, "orders/kustomization.yaml": "resources: [application.yaml]\n"}, ["orders/manifests/database-reports.yaml"], id="a directory Application below a kustomization: nothing is listed"),
        pytest.param({**DIRECTORY, "argocd/orders.yaml": application("orders", own("orders/manifests", ", directory: {include: '{db.yaml,*-database.yaml}'}"))}, ["orders/manifests/orders-reports-database.yaml"], id="a directory Application that includes by name: called so"),
        pytest.param({**DIRECTORY, "argocd/orders.yaml": application("orders", own("orders/manifests", ", directory: {exclude: 'database-*'}"))}, ["orders/manifests/orders-reports.yaml"], id="a directory Application that excludes the usual name: called otherwise"),
        pytest.param({**DIRECTORY, "argocd/orders.yaml": application("orders", own("orders", ", directory: {recurse: true}")), "orders/roles/app.yaml": MAP}, ["orders/manifests/database-reports.yaml"], id="a directory with sub-folders: beside the Cluster"),
        pytest.param({"flux/source.yaml": SOURCE, "flux/shop.yaml": flux("shop", "apps/shop"), "apps/shop/release.yaml": RELEASE, "apps/shop/charts.yaml": CHARTS, "apps/shop/kustomization.yaml": "resources:\n- charts.yaml\n- release.yaml\n"}, ["apps/shop/database-reports.yaml", "apps/shop/kustomization.yaml"], id="a chart by a HelmRelease: beside that"),
        pytest.param({"argocd/orders.yaml": f"{application('orders', CHART)}    - {{{own('shop/extra')}}}\n", "shop/extra/settings.yaml": MAP}, ["shop/extra/database-reports.yaml"], id="a chart and a folder in one Application: into the folder"),
        pytest.param({"argocd/orders.yaml": application("orders", CHART.replace("0.3.1", "0.8.1"))}, ["argocd/orders.yaml"], id="a chart that makes Databases of its values, and nothing that applies a folder: into these"),
        pytest.param({"argocd/orders.yaml": application("orders", CHART), "argocd/shop.yaml": application("shop", own("shop")), "argocd/web.yaml": application("web", own("web"), "web"), "shop/settings.yaml": MAP, "shop/kustomization.yaml": "resources: [settings.yaml]\n", "web/settings.yaml": MAP}, ["shop/database-reports.yaml", "shop/kustomization.yaml"], id="a chart, and one Application with a folder for its namespace: there"),
        pytest.param({**ONE_ROOT, "apps/shop/orders.yaml": cluster(), "apps/shop/databases/web.yaml": database("web", "users"), "apps/shop/databases/mail.yaml": database("mail", "carts")}, ["apps/shop/databases/reports.yaml"], id="a folder for the Databases of all Clusters: there"),
        pytest.param({**ONE_ROOT, "apps/shop/orders.yaml": cluster(), "apps/shop/users/users.yaml": cluster("users"), "apps/shop/users/web.yaml": database("web", "users")}, ["apps/shop/database-reports.yaml"], id="the folder of another Cluster is no place"),
    ],
)  # fmt: skip
@pytest.mark.few(6)
def test_a_database_goes_where_its_clusters_engine_object_applies_it(
    files: Mapping[str, str], expected: list[str], tmp_path: Path
) -> None:
    changed, told = new_database(files)
    assert sorted(changed) == expected
    assert [one for one in told if one.id == "no-kustomization"] == []
    listing = next((path for path in expected if path.endswith("/kustomization.yaml")), None)
    if listing is not None and "components" not in str(files):
        folder = listing.removesuffix("/kustomization.yaml")
        before = kustomized(files, folder, tmp_path / "before") or []
        after = kustomized({**files, **{path: str(text) for path, text in changed.items()}}, folder, tmp_path / "after")
        assert after is not None
        assert [one["spec"]["name"] for one in after if one not in before] == ["reports"]


@pytest.mark.parametrize("environment", ["east", "west"])
def test_of_two_environments_with_the_same_names_each_has_its_own_place(environment: str) -> None:
    files = {
        f"clusters/{one}/{path}": text
        for one in ("east", "west")
        for path, text in {
            "flux-system/sync.yaml": f"{SOURCE}---\n{flux('flux-system', f'clusters/{one}')}",
            "db/orders.yaml": cluster(namespace="shop"),
        }.items()
    }
    assert sorted(new_database(files, folder=f"clusters/{environment}")[0]) == [
        f"clusters/{environment}/db/database-reports.yaml"
    ]
    assert sorted(new_cluster(files, folder=f"clusters/{environment}")) == [f"clusters/{environment}/db/carts.yaml"]


def test_a_database_below_a_prefix_says_its_name_without_it() -> None:
    files = {
        **ONE_ROOT,
        "apps/shop/kustomization.yaml": "namePrefix: eu-\nresources: [db.yaml]\n",
        "apps/shop/db.yaml": cluster(),
    }
    changed, _ = new_database(files, "eu-orders")
    assert "\n  name: orders-reports\n" in str(changed["apps/shop/database-reports.yaml"])


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param({"argocd/orders.yaml": application("orders", CHART)}, "no place for Database shop/orders-reports was found, where it would be applied and nothing else would change. Argo CD Application argocd/orders (argocd/orders.yaml:1) applies the chart that makes its Cluster, and no folder. Add a source with a path of this repository to spec.sources of Argo CD Application argocd/orders (argocd/orders.yaml:1), or an Application with such a path whose destination is namespace shop, and repeat this", id="a chart, and nothing that applies a folder"),
        pytest.param({"argocd/root.yaml": application("root", own("argocd"), "argocd"), "argocd/orders.yaml": application("orders", CHART), "argocd/a.yaml": application("a", own("a")), "argocd/b.yaml": application("b", own("b")), "a/settings.yaml": MAP, "b/settings.yaml": MAP}, "and no folder. Add a source with a path of this repository to spec.sources of Argo CD Application argocd/orders", id="a chart, and two Applications with a folder for its namespace"),
        pytest.param({**DIRECTORY, "argocd/orders.yaml": application("orders", own("orders/manifests", ", directory: {include: db.yaml}"))}, "orders/manifests/database-reports.yaml (Argo CD Application argocd/orders (argocd/orders.yaml:1) leaves it out: directory.include is db.yaml)", id="a directory that includes one file"),
        pytest.param({"flux/source.yaml": f"{SOURCE.replace('branch: main}', 'branch: main}, ignore: database-*')}", "flux/apps.yaml": flux("apps", "apps", "targetNamespace: shop"), "apps/orders.yaml": cluster()}, "apps/database-reports.yaml (Flux Kustomization flux-system/apps (flux/apps.yaml:1) would never see it", id="a source that ignores the name"),
        pytest.param(SHARED, "What belongs to it so far is applied apart: apps/web/database.yaml:1 by Flux Kustomization flux-system/web (flux/web.yaml:1). Write it by hand where the application that uses it is applied, in this namespace", id="a folder that several Kustomizations apply"),
    ],
)  # fmt: skip
def test_where_no_folder_is_safe_the_refusal_says_what_applies_what_and_what_to_add(
    files: Mapping[str, str], told: str
) -> None:
    with pytest.raises(Refused) as refused:
        new_database(files)
    assert told in str(refused.value)


SHOP = {"flux/source.yaml": SOURCE, "flux/prod/prod.yaml": flux("prod", "overlays/prod")}


@pytest.mark.parametrize(
    ("files", "folder", "expected"),
    [
        pytest.param(BASE, "flux", ["overlays/prod/carts.yaml", "overlays/prod/kustomization.yaml"], id="siblings in a base of one overlay: into the overlay"),
        pytest.param({**BASE, "flux/dev.yaml": flux("dev", "overlays/dev"), "overlays/dev/kustomization.yaml": "namespace: dev\nresources: [../../base]\n"}, "flux", ["overlays/prod/carts.yaml", "overlays/prod/kustomization.yaml"], id="siblings in a base of two overlays: into that of the namespace"),
        pytest.param(APPS_WITH_COMPONENT | {"flux/shop.yaml": flux("shop", "pg/shop", "targetNamespace: shop"), "pg/shop/users.yaml": cluster("users")}, "", ["pg/shop/carts.yaml"], id="beside the Cluster of its namespace that has a document of its own"),
        pytest.param({**ONE_ROOT, "apps/shop/settings.yaml": MAP}, "", ["apps/shop/carts.yaml"], id="the first of its namespace: what applies to that"),
        pytest.param({"argocd/shop.yaml": application("shop", own("shop")), "shop/settings.yaml": MAP, "argocd/root.yaml": application("root", own("argocd"), "argocd")}, "", ["shop/carts.yaml"], id="the first of its namespace: the Application with that destination"),
        pytest.param({"argocd/pg.yaml": application("pg", own("pg/manifests")), "pg/manifests/db.yaml": cluster(), "pg/kustomization.yaml": "resources: [application.yaml]\n"}, "", ["pg/manifests/carts.yaml"], id="a directory Application below a kustomization: nothing is listed"),
    ],
)  # fmt: skip
def test_a_cluster_goes_where_an_engine_object_of_its_namespace_applies_it(
    files: Mapping[str, str], folder: str, expected: list[str]
) -> None:
    assert sorted(new_cluster(files, folder=folder)) == expected


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param({**ONE_ROOT, "apps/shop/kustomization.yaml": "namePrefix: eu-\nresources: [db.yaml]\n", "apps/shop/db.yaml": cluster()}, "apps/shop/carts.yaml (it would be named eu-carts there: ask for that name)", id="a prefix that its name has not"),
        pytest.param({**APPS_WITH_COMPONENT, **OTHER_APP}, "no place for Cluster shop/carts was found", id="the folder of an application that has a Cluster of its own"),
        pytest.param({"flux/source.yaml": SOURCE, "flux/web.yaml": flux("web", "apps/web", "targetNamespace: shop"), "apps/web/settings.yaml": MAP}, "no place for Cluster shop/carts was found", id="the folder of an application without one"),
        pytest.param({"flux/source.yaml": SOURCE, "flux/a.yaml": flux("a", "pg/reporting", "targetNamespace: shop"), "pg/reporting/cluster.yaml": cluster("db-reporting")}, "no place for Cluster shop/carts was found", id="the folder of one Cluster"),
        pytest.param({**ONE_ROOT, "flux/more.yaml": flux("more", "more", "targetNamespace: shop"), "apps/shop/settings.yaml": MAP, "more/settings.yaml": MAP}, "shop/carts/cluster.yaml (it would not be applied there). Here Flux Kustomization flux-system/apps (flux/apps.yaml:1) applies apps/shop; Flux Kustomization flux-system/more (flux/more.yaml:1) applies more. Add what applies", id="two that apply to its namespace, neither a Cluster"),
    ],
)  # fmt: skip
def test_a_cluster_is_refused_where_nothing_would_apply_it_as_asked(files: Mapping[str, str], told: str) -> None:
    with pytest.raises(Refused) as refused:
        new_cluster(files)
    assert told in str(refused.value)


def test_a_cluster_below_a_prefix_is_made_where_its_name_has_that() -> None:
    files = {
        **ONE_ROOT,
        "apps/shop/kustomization.yaml": "namePrefix: eu-\nresources: [db.yaml]\n",
        "apps/shop/db.yaml": cluster(),
    }
    assert "\n  name: carts\n" in str(new_cluster(files, "eu-carts")["apps/shop/eu-carts.yaml"])


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param({"web": "orders-web"}, "orders-reports", id="after the Cluster"),
        pytest.param({"web": "web"}, "orders-reports", id="one, called as the database"),
        pytest.param({"web": "web", "mail": "mail"}, "reports", id="two, called as the database"),
        pytest.param({"web": "web-database"}, "reports-database", id="one that says what it is"),
        pytest.param({"web": "db-web", "mail": "db-mail"}, "db-reports", id="two that say what they are"),
        pytest.param({"web": "x1", "mail": "x2"}, "orders-reports", id="no pattern"),
        pytest.param({"web": "web", "mail": "mail", "other": "reports"}, "orders-reports", id="a name that is taken"),
    ],
)
def test_a_database_is_called_as_the_others_of_its_cluster(known: dict[str, str], expected: str) -> None:
    files = {f"db/{name}.yaml": database(name, called=called, namespace="shop") for name, called in known.items()}
    desired = read({"db/orders.yaml": cluster(namespace="shop"), **files})
    assert database_object_name(desired, ClusterRef("shop", "orders"), "reports", ()) == expected

"""Where a new document goes, read off the paths of its siblings, for a Cluster as for all else."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject, candidate_places, find_siblings
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired

LAYOUT = "{path}/{namespace}/{cluster}/role-{name}.yaml"
CLUSTER_LAYOUT = "{path}/{namespace}/{cluster}/cluster.yaml"
ROLE = NewObject("DatabaseRole", "shop", "orders-dave", "dave", "orders")
NEW = NewObject.of_cluster(ClusterRef("shop", "new-db"))


def cluster(name: str = "orders", namespace: str = "shop") -> str:
    return f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}, namespace: {namespace}}}\n"


def role(name: str, *, of: str = "orders", namespace: str = "shop") -> str:
    return document(
        "DatabaseRole", f"{of}-{name.replace('_', '-')}", f"cluster: {{name: {of}}}, name: {name}", namespace
    )


def document(kind: str, name: str, spec: str, namespace: str = "shop") -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n"
    )


def read(files: dict[str, str], folder: str = "prod") -> Desired:
    return build_desired(files, commit="0" * 40, folder=folder)


def tried(
    files: dict[str, str], new: NewObject = ROLE, layout: str = LAYOUT, *, alone: bool = False
) -> tuple[FilePlace, ...]:
    desired = read(files)
    declared = desired.cluster("orders", "shop", environment="prod")
    return candidate_places(desired, declared, new, layout, find_siblings(desired, new.kind), alone=alone)


def tried_for_cluster(files: dict[str, str], folder: str = "prod") -> tuple[FilePlace, ...]:
    desired = read(files, folder)
    return candidate_places(desired, None, NEW, CLUSTER_LAYOUT, find_siblings(desired, "Cluster"))


@pytest.mark.parametrize(
    ("files", "place"),
    [
        pytest.param({}, FilePlace("prod/shop/new-db/cluster.yaml"), id="no sibling: the layout"),
        pytest.param(
            {"prod/shop/orders-db.yaml": cluster("orders-db")}, FilePlace("prod/shop/new-db.yaml"), id="named files"
        ),
        pytest.param(
            {"prod/pg/orders-db/c.yml": cluster("orders-db")}, FilePlace("prod/pg/new-db/c.yml"), id="named folders"
        ),
        pytest.param(
            {"prod/billing/a/cluster.yaml": cluster("a", "billing")},
            FilePlace("prod/shop/new-db/cluster.yaml"),
            id="other namespace",
        ),
        pytest.param(
            {"prod/all.yaml": cluster("a") + "---\n" + cluster("b")},
            FilePlace("prod/all.yaml", appended=True),
            id="one file for all",
        ),
        pytest.param(
            {
                "prod/shop/all.yaml": cluster("orders-db") + "---\nkind: ConfigMap\n",
                "prod/web/sessions.yaml": cluster("sessions", "web"),
            },
            FilePlace("prod/shop/all.yaml", appended=True),
            id="what the namespace does comes before what others do",
        ),
        pytest.param(
            {"prod/shop/cluster.yaml": cluster("orders-db")}, FilePlace("prod/shop/new-db.yaml"), id="no name in it"
        ),
        pytest.param(
            {
                "prod/shop/db/db.yaml": cluster("db"),
                "prod/shop/carts/db.yaml": cluster("carts"),
                "prod/shop/users/db.yaml": cluster("users"),
            },
            FilePlace("prod/shop/new-db/db.yaml"),
            id="the pattern that most siblings follow",
        ),
    ],
)
def test_a_new_cluster_goes_where_its_siblings_are(files: dict[str, str], place: FilePlace) -> None:
    assert tried_for_cluster(files)[0] == place


def test_an_empty_part_of_the_layout_is_dropped() -> None:
    assert tried_for_cluster({}, folder="")[-1] == FilePlace("shop/new-db/cluster.yaml")


@pytest.mark.parametrize(
    ("sibling", "text", "expected"),
    [
        pytest.param("prod/shop/roles/orders-app.yaml", role("app"), "prod/shop/roles/orders-dave.yaml", id="named as the object"),
        pytest.param("prod/shop/roles/app.yaml", role("app"), "prod/shop/roles/dave.yaml", id="named as the role"),
        pytest.param("prod/shop/role.app.yml", role("app"), "prod/shop/role.dave.yml", id="a word of the name"),
        pytest.param("prod/shop/night-loader.yaml", role("night_loader"), "prod/shop/dave.yaml", id="the slug of the role"),
        pytest.param("prod/shop/carts/app.yaml", role("app", of="carts"), "prod/role-dave.yaml", id="of another cluster, whose folder has no counterpart"),
        pytest.param("prod/billing/orders/app.yaml", role("app", namespace="billing"), "prod/role-dave.yaml", id="of another namespace, whose folder has no counterpart"),
        pytest.param("prod/{a}/app.yaml", role("app"), "prod/{a}/dave.yaml", id="braces in a path"),
    ],
)  # fmt: skip
def test_a_file_of_its_own_is_named_as_its_siblings_are(sibling: str, text: str, expected: str) -> None:
    assert tried({"prod/orders.yaml": cluster(), sibling: text})[0] == FilePlace(expected)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("prod/roles.yaml", role("app") + "---\n" + role("etl"), id="several in one file"),
        pytest.param("prod/roles.yaml", role("app"), id="one in a file that says nothing of it"),
        pytest.param("prod/app.yaml", role("app") + "---\nkind: ConfigMap\n", id="with other documents"),
    ],
)
def test_a_file_that_siblings_share_gets_one_document_more(path: str, text: str) -> None:
    assert tried({"prod/orders.yaml": cluster(), path: text})[0] == FilePlace(path, appended=True)


SECRET = "---\nkind: Secret\n"
APART = {f"prod/{name}.yaml": SECRET + "---\n" + role(name) for name in ("app", "etl")}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        pytest.param({}, FilePlace("prod/dave.yaml"), id="a file of its own"),
        pytest.param({"prod/two.yaml": role("x") + "---\n" + role("y")}, FilePlace("prod/dave.yaml"), id="one of them holds two"),
        pytest.param({"prod/dave.yaml": SECRET}, FilePlace("prod/dave.yaml", appended=True), id="the file that is there for it"),
    ],
)  # fmt: skip
def test_siblings_each_with_what_belongs_to_it_in_a_file_called_so_have_another_file(
    more: dict[str, str], expected: FilePlace
) -> None:
    assert tried({"prod/db/orders.yaml": cluster(), **APART, **more})[0] == expected


def test_a_file_that_siblings_share_is_no_place_for_what_needs_its_own() -> None:
    places = tried({"prod/orders.yaml": cluster(), "prod/roles.yaml": role("app") + "---\n" + role("etl")}, alone=True)
    assert places == (FilePlace("prod/role-dave.yaml"), FilePlace("prod/shop/orders/role-dave.yaml"))


def test_a_file_of_another_clusters_roles_is_not_appended_to() -> None:
    found = tried(
        {"prod/orders.yaml": cluster(), "prod/roles.yaml": role("app", of="carts") + "---\n" + role("b", of="carts")}
    )
    assert FilePlace("prod/roles.yaml", appended=True) not in found


def test_the_way_of_most_siblings_comes_first() -> None:
    files = {
        "prod/orders.yaml": cluster(),
        "prod/a/app.yaml": role("app"),
        "prod/z/etl.yaml": role("etl"),
        "prod/z/bi.yaml": role("bi"),
    }
    assert [place.path for place in tried(files)][:2] == ["prod/z/dave.yaml", "prod/a/dave.yaml"]


def test_the_siblings_of_the_same_cluster_come_before_those_of_others() -> None:
    files = {
        "prod/orders.yaml": cluster(),
        "prod/x/app.yaml": role("app"),
        "prod/y/etl.yaml": role("etl", of="carts"),
        "prod/y/bi.yaml": role("bi", of="users"),
    }
    assert [place.path for place in tried(files)][:2] == ["prod/x/dave.yaml", "prod/y/dave.yaml"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"prod/db/orders.yaml": cluster()}, FilePlace("prod/db/role-dave.yaml"), id="beside the cluster"),
        pytest.param({"prod/db/orders.yaml": cluster(), "prod/db/carts.yaml": cluster("carts")}, FilePlace("prod/db/orders-role-dave.yaml"), id="beside several clusters"),
        pytest.param({"prod/db.yaml": cluster() + "---\n" + role("x").replace("DatabaseRole", "Pooler")}, FilePlace("prod/db.yaml", appended=True), id="in the cluster's file with what belongs to it"),
        pytest.param({"prod/db.yaml": cluster() + "---\n" + cluster("carts")}, FilePlace("prod/orders-role-dave.yaml"), id="beside a file of clusters"),
    ],
)  # fmt: skip
def test_without_siblings_it_goes_beside_its_cluster(files: dict[str, str], expected: FilePlace) -> None:
    assert tried(files)[0] == expected


def test_the_layout_comes_last_and_loses_empty_parts() -> None:
    desired = read({"orders.yaml": cluster()}, folder="")
    declared = desired.cluster("orders", "shop", environment="prod")
    assert candidate_places(desired, declared, ROLE, LAYOUT, ())[-1] == FilePlace("shop/orders/role-dave.yaml")


def test_a_name_with_braces_in_the_siblings_path_is_no_placeholder() -> None:
    files = {"prod/orders.yaml": cluster(), "prod/{cluster}/app.yaml": role("app")}
    assert tried(files)[0] == FilePlace("prod/{cluster}/dave.yaml")


def test_folders_of_clusters_with_a_kustomization_each_get_another_one() -> None:
    files = {
        "prod/shop/orders/cluster.yaml": cluster(),
        "prod/shop/orders/kustomization.yaml": "resources: [cluster.yaml]\n",
        "prod/shop/kustomization.yaml": "resources: [orders]\n",
    }
    assert tried_for_cluster(files)[0] == FilePlace("prod/shop/new-db/cluster.yaml", own_kustomization=True)


BASE = {
    "base/orders.yaml": cluster(),
    "base/app.yaml": role("app"),
    "base/kustomization.yaml": "resources: [orders.yaml, app.yaml]\n",
    "dev/kustomization.yaml": "namespace: dev\nresources: [../base]\n",
    "prod/kustomization.yaml": "namespace: shop\nresources: [../base]\n",
}


def test_a_document_of_a_base_is_nobodys_sibling() -> None:
    assert find_siblings(read(BASE), "DatabaseRole") == ()
    assert find_siblings(read(BASE), "Cluster") == ()


def test_beside_a_shared_base_it_goes_into_the_overlay() -> None:
    assert [place.path for place in tried(BASE)] == ["prod/role-dave.yaml", "prod/shop/orders/role-dave.yaml"]


@pytest.mark.parametrize(
    ("kind", "name", "spec", "short"),
    [
        pytest.param("Database", "orders-night-loader", "cluster: {name: orders}, name: Night_Loader", "Night_Loader", id="Database: its SQL name"),
        pytest.param("DatabaseRole", "orders-app", "cluster: {name: orders}, name: app", "app", id="DatabaseRole: its SQL name"),
        pytest.param("Publication", "orders-pub", "cluster: {name: orders}, name: all_tables, dbname: app", "all_tables", id="Publication: its SQL name"),
        pytest.param("Subscription", "orders-sub", "cluster: {name: orders}, name: from_old, dbname: app", "from_old", id="Subscription: its SQL name"),
        pytest.param("ScheduledBackup", "orders-nightly", "cluster: {name: orders}, schedule: 0 0 0 * * *", "nightly", id="ScheduledBackup: what its Cluster's name leaves"),
        pytest.param("Pooler", "rw-pooler", "cluster: {name: orders}, instances: 1", "rw-pooler", id="Pooler: all of its name"),
        pytest.param("ScheduledBackup", "orders-x", "cluster: {name: orders}, name: no field of the CRD", "x", id="a name that the CRD does not have"),
    ],
)  # fmt: skip
def test_what_tells_an_object_from_its_siblings(kind: str, name: str, spec: str, short: str) -> None:
    (found,) = find_siblings(read({"prod/x.yaml": document(kind, name, spec)}), kind)
    assert (found.name, found.short, found.cluster) == (name, short, "orders")


@pytest.mark.parametrize(
    ("new", "path", "text", "expected"),
    [
        pytest.param(NewObject("ScheduledBackup", "shop", "orders-weekly", "weekly", "orders"), "prod/backup-nightly.yaml", document("ScheduledBackup", "orders-nightly", "cluster: {name: orders}"), "prod/backup-weekly.yaml", id="ScheduledBackup"),
        pytest.param(NewObject("Pooler", "shop", "orders-ro", "ro", "orders"), "prod/pooler-rw.yaml", document("Pooler", "orders-rw", "cluster: {name: orders}"), "prod/pooler-ro.yaml", id="Pooler"),
        pytest.param(NewObject("Pooler", "shop", "orders-ro", "ro", "orders"), "prod/orders-rw.yaml", document("Pooler", "orders-rw", "cluster: {name: orders}"), "prod/orders-ro.yaml", id="Pooler, by all of its name"),
        pytest.param(NewObject("ImageCatalog", "shop", "trixie", "trixie", None), "prod/catalog-bookworm.yaml", document("ImageCatalog", "bookworm", "images: []"), "prod/catalog-trixie.yaml", id="ImageCatalog, of no Cluster"),
    ],
)  # fmt: skip
def test_the_second_object_of_a_kind_without_a_sql_name_gets_a_file_of_its_own(
    new: NewObject, path: str, text: str, expected: str
) -> None:
    assert tried({"prod/orders.yaml": cluster(), path: text}, new)[0] == FilePlace(expected)

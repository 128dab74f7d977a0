"""Where a document that belongs to a Cluster goes, as far as tests/layouts does not show it."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.new_document import (
    NewObject,
    PlacedDocument,
    candidate_places,
    find_siblings,
    first_fitting_place,
    put_document,
    put_file,
    remove_documents,
)
from gitops_mcp.domain.editing.sibling_paths import FilePlace
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.role import make_new_object
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import Refused

LAYOUT = "{path}/{namespace}/{cluster}/role-{name}.yaml"
DOCUMENT = """\
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata:
  name: orders-dave
  namespace: shop
spec:
  cluster:
    name: orders
  name: dave
"""
MANIFEST: Object = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "DatabaseRole",
    "metadata": {"name": "orders-dave", "namespace": "shop"},
    "spec": {"cluster": {"name": "orders"}, "name": "dave"},
}


def cluster(name: str = "orders", namespace: str | None = "shop") -> str:
    space = f", namespace: {namespace}" if namespace else ""
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {{name: {name}{space}}}\nspec: {{instances: 3}}\n"
    )


def role(name: str, *, of: str = "orders", namespace: str = "shop") -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\n"
        f"metadata: {{name: {of}-{name.replace('_', '-')}, namespace: {namespace}}}\n"
        f"spec: {{cluster: {{name: {of}}}, name: {name}}}\n"
    )


def read(files: dict[str, str], folder: str = "prod") -> Desired:
    return build_desired(files, commit="0" * 40, folder=folder)


def tried(files: dict[str, str], layout: str = LAYOUT, *, alone: bool = False) -> tuple[FilePlace, ...]:
    desired = read(files)
    known = find_siblings(desired, "DatabaseRole")
    declared = desired.cluster("orders", "shop", environment="prod")
    return candidate_places(desired, declared, make_new_object(REF, "orders-dave"), layout, known, alone=alone)


REF = ClusterRef("shop", "orders")


def put(files: dict[str, str], layout: str = LAYOUT) -> PlacedDocument:
    desired = read(files)
    declared = desired.cluster("orders", "shop", environment="prod")
    return put_document(desired, declared, make_new_object(REF, "orders-dave"), MANIFEST, tried(files, layout))


def after(found: PlacedDocument) -> dict[str, str | None]:
    return {one.path: one.after for one in found.changes}


@pytest.mark.parametrize(
    ("sibling", "text", "expected"),
    [
        pytest.param("prod/shop/roles/orders-app.yaml", role("app"), "prod/shop/roles/orders-dave.yaml", id="named as the object"),
        pytest.param("prod/shop/roles/app.yaml", role("app"), "prod/shop/roles/dave.yaml", id="named as the role"),
        pytest.param("prod/shop/role.app.yml", role("app"), "prod/shop/role.dave.yml", id="a word of the name"),
        pytest.param("prod/shop/night-loader.yaml", role("night_loader"), "prod/shop/dave.yaml", id="the slug of the role"),
        pytest.param("prod/shop/carts/app.yaml", role("app", of="carts"), "prod/shop/orders/dave.yaml", id="of another cluster, whose name is a folder"),
        pytest.param("prod/billing/orders/app.yaml", role("app", namespace="billing"), "prod/shop/orders/dave.yaml", id="of another namespace, which is a folder"),
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
        "prod/y/bi.yaml": role("bi", of="carts"),
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
    found = candidate_places(desired, declared, make_new_object(REF, "orders-dave"), LAYOUT, ())
    assert found[-1] == FilePlace("shop/orders/role-dave.yaml")


def test_a_name_with_braces_in_the_siblings_path_is_no_placeholder() -> None:
    files = {"prod/orders.yaml": cluster(), "prod/{cluster}/app.yaml": role("app")}
    assert tried(files)[0] == FilePlace("prod/{cluster}/dave.yaml")


LISTED = {"prod/orders.yaml": cluster(), "prod/kustomization.yaml": "resources:\n- orders.yaml\n"}


def test_a_new_file_is_listed_where_its_folder_is_governed() -> None:
    found = put(LISTED)
    assert after(found) == {
        "prod/kustomization.yaml": "resources:\n- orders.yaml\n- role-dave.yaml\n",
        "prod/role-dave.yaml": DOCUMENT,
    }
    assert found.notices == ()


def test_without_a_kustomization_it_stands_alone_with_a_warning() -> None:
    found = put({"prod/orders.yaml": cluster()})
    assert after(found) == {"prod/role-dave.yaml": DOCUMENT}
    assert [one.id for one in found.notices] == ["no-kustomization"]


def test_line_endings_are_those_of_most_clusters() -> None:
    found = put({"prod/orders.yaml": cluster().replace("\n", "\r\n")})
    assert after(found) == {"prod/role-dave.yaml": DOCUMENT.replace("\n", "\r\n")}


def test_the_first_place_that_is_refused_does_not_end_the_search() -> None:
    files = {
        "prod/kustomization.yaml": "resources: [roles, orders.yaml]\n",
        "prod/roles/kustomization.yaml": "namespace: other\nresources: [app.yaml]\n",
        "prod/roles/app.yaml": role("app"),
        "prod/orders.yaml": cluster(),
    }
    assert tried(files)[0] == FilePlace("prod/roles/dave.yaml")
    found = put(files)
    assert found.place == FilePlace("prod/role-dave.yaml")
    assert after(found)["prod/kustomization.yaml"] == "resources: [roles, orders.yaml, role-dave.yaml]\n"


OVERLAYS = {
    "base/orders.yaml": cluster(namespace=None),
    "base/app.yaml": role("app").replace(", namespace: shop", ""),
    "base/kustomization.yaml": "resources: [orders.yaml, app.yaml]\n",
    "dev/kustomization.yaml": "namespace: dev\nresources: [../base]\n",
    "prod/kustomization.yaml": "namespace: shop\nresources: [../base]\n",
}


def test_where_the_base_is_shared_it_goes_into_the_overlay() -> None:
    found = put(OVERLAYS)
    assert after(found) == {
        "prod/kustomization.yaml": "namespace: shop\nresources: [../base, role-dave.yaml]\n",
        "prod/role-dave.yaml": DOCUMENT,
    }


@pytest.mark.parametrize(
    ("naming", "own"),
    [
        pytest.param("namePrefix: orders-\n", "dave", id="a prefix that its name begins with"),
        pytest.param("nameSuffix: -dave\n", "orders", id="a suffix that its name ends with"),
        pytest.param("namePrefix: eu-\n", "orders-dave", id="a prefix that its name has not"),
    ],
)
def test_a_document_says_its_name_without_what_the_build_adds(naming: str, own: str) -> None:
    files = {
        "prod/kustomization.yaml": "resources: [db, roles]\n",
        "prod/db/kustomization.yaml": "resources: [orders.yaml]\n",
        "prod/db/orders.yaml": cluster(),
        "prod/roles/kustomization.yaml": f"{naming}resources: [app.yaml]\n",
        "prod/roles/app.yaml": role("app"),
    }
    assert after(put(files))["prod/roles/dave.yaml"] == DOCUMENT.replace("name: orders-dave", f"name: {own}")


def test_a_name_that_is_taken_is_not_declared_twice() -> None:
    files = {
        **LISTED,
        "prod/role-dave.yaml": "kind: ConfigMap\n",
        "prod/shop/orders/role-dave.yaml": "kind: ConfigMap\n",
    }
    with pytest.raises(Refused) as refused:
        put(files)
    assert str(refused.value).startswith(
        "no place for DatabaseRole shop/orders-dave was found, where it would be applied and nothing else would "
        "change: prod/role-dave.yaml (prod/role-dave.yaml exists already"
    )
    assert "; prod/shop/orders/role-dave.yaml (" in str(refused.value)


def test_of_many_places_three_are_named_and_the_others_counted() -> None:
    paths = [f"prod/{letter}/dave.yaml" for letter in "abcde"]
    desired = read({**LISTED, **dict.fromkeys(paths, "kind: ConfigMap\n")})
    declared = desired.cluster("orders", "shop", environment="prod")
    with pytest.raises(Refused, match=r"prod/c/dave\.yaml \(.* and 2 more\. Add what applies"):
        put_document(desired, declared, make_new_object(REF, "orders-dave"), MANIFEST, map(FilePlace, paths))


ENGINE = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: dbs, namespace: flux-system}
spec: {path: ./prod/db, prune: true, sourceRef: {kind: GitRepository, name: fleet}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: flux-system}
spec: {url: "https://git.example.com/fleet.git", ref: {branch: main}}
"""


def test_a_place_that_the_clusters_engine_does_not_reach_is_passed_over() -> None:
    files = {"prod/db/orders.yaml": cluster(), "prod/flux.yaml": ENGINE}
    desired = build_desired(files, commit="0" * 40, folder="prod", remotes=("https://git.example.com/fleet.git",))
    declared = desired.cluster("orders", "shop", environment="prod")
    places = (FilePlace("prod/elsewhere/dave.yaml"), FilePlace("prod/db/dave.yaml"))
    found = put_document(desired, declared, make_new_object(REF, "orders-dave"), MANIFEST, places)
    assert found.place == FilePlace("prod/db/dave.yaml")


SECRET = NewObject("Secret", "shop", "orders-dave-password", "dave", "orders")


def test_a_file_of_another_kind_fits_where_it_keeps_its_name_and_namespace() -> None:
    files = {
        "prod/kustomization.yaml": "resources: [orders.yaml, named, moved]\n",
        "prod/orders.yaml": cluster(),
        "prod/named/kustomization.yaml": "namePrefix: eu-\nresources: [x.yaml]\n",
        "prod/named/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        "prod/moved/kustomization.yaml": "namespace: other\nresources: [y.yaml]\n",
        "prod/moved/y.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\n",
    }
    desired = read(files)
    declared = desired.cluster("orders", "shop", environment="prod")
    places = tuple(map(FilePlace, ("prod/named/s.yaml", "prod/moved/s.yaml", "prod/s.yaml")))
    place = first_fitting_place(desired, declared, SECRET, places)
    assert place == FilePlace("prod/s.yaml")
    found = put_file(desired, place, "kind: ExternalSecret\n---\nkind: Password\n")
    assert after(found) == {
        "prod/kustomization.yaml": "resources: [orders.yaml, named, moved, s.yaml]\n",
        "prod/s.yaml": "kind: ExternalSecret\n---\nkind: Password\n",
    }
    with pytest.raises(Refused, match="no place for Secret shop/orders-dave-password was found"):
        first_fitting_place(desired, declared, SECRET, places[:2])


def test_documents_go_one_by_one_and_the_file_with_the_last() -> None:
    map_ = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    files = {**LISTED, "prod/s.yaml": f"{map_}---\n{map_.replace('a}', 'b}')}"}
    files["prod/kustomization.yaml"] += "- s.yaml\n"
    desired = read(files)
    (kept,) = remove_documents(desired, "prod/s.yaml", (1,))
    assert kept.after == map_
    gone = remove_documents(desired, "prod/s.yaml", (0, 1))
    assert {one.path: one.after for one in gone} == {
        "prod/kustomization.yaml": "resources:\n- orders.yaml\n",
        "prod/s.yaml": None,
    }


def test_a_document_of_a_base_is_nobodys_sibling() -> None:
    assert find_siblings(read(OVERLAYS), "DatabaseRole") == ()

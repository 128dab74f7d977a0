"""Where a document that belongs to a Cluster goes, as far as tests/layouts does not show it."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.new_document import (
    FittingPlace,
    PlacedDocument,
    first_fitting_place,
    put_document,
    put_file,
    remove_documents,
)
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject, candidate_places, find_siblings
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.roles.role import make_new_object
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import InvalidRequest, Refused

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
    place = FilePlace("prod/s.yaml")
    name = "orders-dave-password"
    assert first_fitting_place(desired, declared, SECRET, places) == FittingPlace(place, name, name)
    found = put_file(desired, place, "kind: ExternalSecret\n---\nkind: Password\n")
    assert after(found) == {
        "prod/kustomization.yaml": "resources: [orders.yaml, named, moved, s.yaml]\n",
        "prod/s.yaml": "kind: ExternalSecret\n---\nkind: Password\n",
    }
    renamed = FittingPlace(places[0], name, f"eu-{name}")
    assert first_fitting_place(desired, declared, SECRET, places[:2]) == renamed
    with pytest.raises(Refused, match="no place for Secret shop/orders-dave-password was found"):
        first_fitting_place(desired, declared, SECRET, places[1:2])


def test_a_file_below_a_prefix_of_its_name_says_it_without() -> None:
    files = {"prod/kustomization.yaml": "namePrefix: orders-\nresources: [db.yaml]\n", "prod/db.yaml": cluster("db")}
    desired = read(files)
    declared = desired.cluster("orders-db", "shop", environment="prod")
    found = first_fitting_place(desired, declared, SECRET, [FilePlace("prod/s.yaml")])
    assert found == FittingPlace(FilePlace("prod/s.yaml"), "dave-password", "orders-dave-password")


def test_a_file_goes_where_what_is_applied_would_do() -> None:
    desired = read({"prod/kustomization.yaml": "resources: [orders.yaml]\n", "prod/orders.yaml": cluster()})
    declared = desired.cluster("orders", "shop", environment="prod")

    def check(found: Declaration) -> None:
        if found.path == "prod/a.yaml":
            raise Refused("it would not do")

    places = [FilePlace("prod/a.yaml"), FilePlace("prod/b.yaml")]
    assert first_fitting_place(desired, declared, SECRET, places, check).place == places[1]
    with pytest.raises(Refused, match=r"prod/a.yaml \(it would not do\)"):
        first_fitting_place(desired, declared, SECRET, places[:1], check)


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


NEW = NewObject.of_cluster(ClusterRef("shop", "new-db"))
NEW_MANIFEST: Object = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "new-db", "namespace": "shop"},
    "spec": {"instances": 1},
}


def put_cluster(desired: Desired) -> PlacedDocument:
    places = candidate_places(
        desired, None, NEW, "{path}/{namespace}/{cluster}/cluster.yaml", find_siblings(desired, "Cluster")
    )
    return put_document(desired, None, NEW, NEW_MANIFEST, places)


def with_remote(files: dict[str, str], folder: str = "prod") -> Desired:
    return build_desired(files, commit="0" * 40, folder=folder, remotes=("https://git.example.com/fleet.git",))


def test_a_cluster_is_put_as_everything_else_is() -> None:
    found = put_cluster(read(LISTED))
    assert found.place == FilePlace("prod/new-db.yaml")
    assert after(found)["prod/kustomization.yaml"] == "resources:\n- orders.yaml\n- new-db.yaml\n"


def test_a_cluster_whose_folder_would_move_it_to_another_namespace_goes_elsewhere() -> None:
    files = {
        "prod/pg/orders-db.yaml": cluster("orders-db", "billing"),
        "prod/pg/kustomization.yaml": "namespace: billing\nresources: [orders-db.yaml]\n",
    }
    assert put_cluster(read(files)).place == FilePlace("prod/shop/new-db/cluster.yaml")


def test_where_every_place_would_move_a_cluster_it_is_refused_with_the_line_that_does() -> None:
    files = {
        "prod/kustomization.yaml": "namespace: billing\nresources: [orders-db.yaml]\n",
        "prod/orders-db.yaml": cluster("orders-db"),
    }
    with pytest.raises(Refused) as refused:
        put_cluster(read(files))
    assert str(refused.value) == (
        "no place for Cluster shop/new-db was found, where it would be applied and nothing else would change: "
        "prod/new-db.yaml (it would be Cluster billing/new-db there, whose namespace is at "
        "prod/kustomization.yaml:1); prod/shop/new-db/cluster.yaml (it would be Cluster billing/new-db there, whose "
        "namespace is at prod/kustomization.yaml:1). Add what applies one of these folders first, or set another "
        "place in layout of .gitops-mcp.yaml"
    )


def test_a_cluster_below_a_prefix_says_its_name_without_it() -> None:
    files = {
        "prod/kustomization.yaml": "namePrefix: new-\nresources: [orders.yaml]\n",
        "prod/orders.yaml": cluster(namespace="shop"),
    }
    found = read(files)
    made = put_document(found, None, NEW, NEW_MANIFEST, [FilePlace("prod/db.yaml")])
    assert "\n  name: db\n" in (after(made)["prod/db.yaml"] or "")


def test_a_cluster_that_no_engine_would_apply_is_refused_with_what_applies_the_others() -> None:
    files = {"prod/db/orders/cluster.yaml": cluster(), "prod/flux.yaml": ENGINE.replace("prod/db", "prod/db/orders")}
    with pytest.raises(Refused) as refused:
        put_cluster(with_remote(files))
    assert str(refused.value) == (
        "no place for Cluster shop/new-db was found, where it would be applied and nothing else would change: "
        "prod/db/new-db/cluster.yaml (it would not be applied there); prod/shop/new-db/cluster.yaml (it would not be "
        "applied there). Here Flux Kustomization flux-system/dbs (prod/flux.yaml:1) applies "
        "prod/db/orders/cluster.yaml:1. Add what applies one of these folders first, or set another place in layout "
        "of .gitops-mcp.yaml"
    )


def test_an_engine_object_that_applies_no_cluster_so_far_is_not_relied_on_for_one() -> None:
    other = ENGINE.partition("---")[0].replace("dbs", "apps").replace("prod/db", "prod/shop")
    files = {"prod/db/orders/cluster.yaml": cluster(), "prod/flux.yaml": f"{ENGINE}---\n{other}"}
    with pytest.raises(
        Refused, match=r"only Flux Kustomization flux-system/apps .* would apply it, which applies no Cluster"
    ):
        put_document(with_remote(files), None, NEW, NEW_MANIFEST, [FilePlace("prod/shop/new-db.yaml")])


def test_the_first_cluster_goes_by_the_layout_where_that_is_applied() -> None:
    found = put_cluster(with_remote({"prod/flux.yaml": ENGINE.replace("prod/db", "prod")}))
    assert found.place == FilePlace("prod/shop/new-db/cluster.yaml")
    assert found.notices == ()


def test_the_first_cluster_is_refused_where_nothing_applies_the_place_of_the_layout() -> None:
    with pytest.raises(Refused) as refused:
        put_cluster(with_remote({"prod/flux.yaml": ENGINE}))
    assert str(refused.value).endswith(
        "prod/shop/new-db/cluster.yaml (it would not be applied there). Here Flux Kustomization flux-system/dbs "
        "(prod/flux.yaml:1) applies prod/db. Add what applies one of these folders first, or set another place in "
        "layout of .gitops-mcp.yaml"
    )


def test_a_file_that_cannot_be_read_may_be_the_very_object_so_nothing_is_put_elsewhere() -> None:
    broken = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: {{ name }}}\n"
    with pytest.raises(InvalidRequest, match=r"^prod/new-db\.yaml exists already"):
        put_cluster(read({**LISTED, "prod/new-db.yaml": broken}))


def test_below_a_kustomization_that_cannot_be_read_nothing_is_put() -> None:
    files = {"prod/orders.yaml": cluster(), "prod/kustomization.yaml": "resources: [orders.yaml\n"}
    with pytest.raises(InvalidRequest, match=r"^whether prod/kustomization\.yaml lists .*Mend that file first$"):
        put_cluster(read(files))

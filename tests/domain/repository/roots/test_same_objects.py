"""Which roots make one live object, and what an edit of it may change."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.plans.applier_notes import applier_notices
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import SOURCE, application, cluster, flux, listing, model

ORDERS = {"apps/orders/kustomization.yaml": listing("db.yaml"), "apps/orders/db.yaml": cluster(namespace="shop")}
PLAIN = {"apps/orders/db.yaml": cluster(namespace="shop")}
GATHERS = {"apps/kustomization.yaml": listing("orders")}
OVERLAYS = {
    "base/kustomization.yaml": listing("db.yaml"),
    "base/db.yaml": cluster(namespace="shop"),
    "prod/kustomization.yaml": listing("../base"),
    "test/kustomization.yaml": listing("../base"),
}
APP = application("orders", "apps/orders")


def apps(cluster_folder: str, name: str = "apps", more: str = "") -> dict[str, str]:
    """What `flux bootstrap` leaves, with one Kustomization for the applications."""
    root = SOURCE + "---\n" + flux("flux-system", cluster_folder)
    return {f"{cluster_folder}/sync.yaml": root, f"{cluster_folder}/apps.yaml": flux(name, "apps/orders", more)}


ONE: dict[str, Mapping[str, str]] = {
    "a folder above that no engine object builds": {"argocd/app.yaml": APP, **ORDERS, **GATHERS},
    "that, listing the file itself": {
        "argocd/app.yaml": APP, **PLAIN, "apps/kustomization.yaml": listing("orders/db.yaml")},
    "the same, from a folder of its own with an overlay": {
        "argocd/app.yaml": application("orders", "apps/orders/prod"),
        "apps/orders/base/kustomization.yaml": listing("db.yaml"),
        "apps/orders/base/db.yaml": cluster(namespace="shop"),
        "apps/orders/prod/kustomization.yaml": listing("../base"),
        "apps/kustomization.yaml": listing("orders/prod"),
    },
    "a folder above, and a namespace that only the destination says": {
        "argocd/app.yaml": application("orders", "apps/orders", namespace="shop"),
        "apps/orders/db.yaml": cluster(), "apps/kustomization.yaml": listing("orders/db.yaml")},
    "a folder above, and a namespace that only targetNamespace says": {
        **apps("clusters/prod", more="  targetNamespace: shop\n"),
        "apps/orders/kustomization.yaml": listing("db.yaml"), "apps/orders/db.yaml": cluster(), **GATHERS},
    "an Application for all and one for this": {
        "argocd/all.yaml": application("all", "apps"), "argocd/app.yaml": APP, **ORDERS, **GATHERS},
    "a Kustomization of everything": {
        "flux/source.yaml": SOURCE, "flux/db.yaml": flux("db", "apps/orders"),
        "hack/all.yaml": flux("all", ""), **ORDERS},
    "two that one applies": {
        **apps("clusters/prod"), "clusters/prod/more/again.yaml": flux("again", "apps"), **ORDERS},
    "one with its own cluster spelled out": {
        "argocd/all.yaml": application("all", "apps"),
        "argocd/app.yaml": APP.replace("server: https://kubernetes.default.svc", "name: in-cluster"),
        **ORDERS, **GATHERS},
}  # fmt: skip
SEVERAL: dict[str, Mapping[str, str]] = {
    "two clusters with one name for their Kustomization": {**apps("clusters/prod"), **apps("clusters/test"), **ORDERS},
    "two clusters whose Kustomizations have other names": {
        **apps("clusters/prod", "one"), **apps("clusters/test", "two"), **ORDERS},
    "two folders of which nothing says the cluster": {
        "prod/app.yaml": application("a", "apps/orders"), "test/app.yaml": application("b", "apps/orders"), **ORDERS},
    "another destination": {
        "argocd/app.yaml": APP,
        "argocd/east.yaml": application("east", "apps").replace("kubernetes.default.svc", "east.example.com"),
        **ORDERS, **GATHERS},
    "another kubeConfig": {
        "flux/a.yaml": SOURCE + "---\n" + flux("a", "apps/orders"),
        "flux/b.yaml": flux("b", "apps/orders", "  kubeConfig:\n    secretRef:\n      name: east\n"), **ORDERS},
    "an overlay beside that no engine object builds": {"argocd/app.yaml": application("prod", "prod"), **OVERLAYS},
    "no engine object at all": OVERLAYS,
}  # fmt: skip


@pytest.mark.parametrize("files", ONE.values(), ids=ONE)
def test_what_several_roots_make_in_one_cluster_is_edited_in_what_they_share(files: Mapping[str, str]) -> None:
    desired = model(files, "")
    declared = desired.cluster("db", "shop", environment="default")
    assert declared.shared == ()
    (change,) = set_field(desired, declared, ("spec", "instances"), 5)
    assert change.path == declared.path
    assert change.after == (change.before or "").replace("instances: 3", "instances: 5")
    (notice,) = [one for one in applier_notices(declared, desired) if one.id == "several-roots"]
    assert notice.message.startswith("Cluster shop/db is built by ")


@pytest.mark.parametrize("files", SEVERAL.values(), ids=SEVERAL)
def test_what_may_be_in_two_clusters_is_two_objects(files: Mapping[str, str]) -> None:
    desired = model(files, "")
    found = desired.named("Cluster", "db")
    assert len(found) == (1 if OVERLAYS.keys() <= files.keys() else 2)
    for declared in found:
        assert len(declared.shared) == 1
        assert desired.copies(declared) == ()
        try:
            places = {change.path for change in set_field(desired, declared, ("spec", "instances"), 5)}
        except Refused:
            places = set()
        assert declared.path not in places


IN_TWO = {name: files for name, files in SEVERAL.items() if not OVERLAYS.keys() <= files.keys()}


@pytest.mark.parametrize("files", IN_TWO.values(), ids=IN_TWO)
def test_which_of_two_in_one_environment_is_meant_is_asked_for(files: Mapping[str, str]) -> None:
    desired = model(files, "")
    with pytest.raises(
        Refused, match=r"makes Cluster 'db' in default more than once: .* define (an environment|environments) "
    ):
        desired.cluster("db", "shop", environment="default")


def test_the_environments_of_two_clusters_that_share_a_base_are_told_to_be_pasted() -> None:
    files = {**apps("clusters/prod"), **apps("clusters/test"), **ORDERS}
    told = "environments:\n  prod:\n    path: clusters/prod\n  test:\n    path: clusters/test"
    with pytest.raises(Refused, match=told):
        model(files, "").cluster("db", "shop", environment="default")
    assert [
        model(files, f"clusters/{name}").cluster("db", "shop", environment=name).path for name in ("prod", "test")
    ] == ["apps/orders/db.yaml", "apps/orders/db.yaml"]


def test_another_environments_root_is_another_cluster() -> None:
    files = {**apps("prod", "one"), **apps("test", "two"), "all.yaml": flux("all", ""), **ORDERS}
    assert len(model(files, "prod").cluster("db", "shop", environment="prod").shared) == 2


def test_a_place_that_not_every_root_goes_through_is_not_taken() -> None:
    patch = (
        "patches:\n  - patch: |-\n      apiVersion: postgresql.cnpg.io/v1\n      kind: Cluster\n      metadata:\n"
        "        name: db\n        namespace: shop\n      spec:\n        instances: 4\n"
    )
    files = {
        "argocd/all.yaml": application("all", "apps"), "argocd/app.yaml": APP,
        **ORDERS, "apps/kustomization.yaml": GATHERS["apps/kustomization.yaml"] + patch,
    }  # fmt: skip
    desired = model(files, "")
    declared = desired.cluster("db", "shop", environment="default")
    with pytest.raises(Refused, match=r"does not set it in what makes the same object: Cluster shop/db .*app.yaml:1"):
        set_field(desired, declared, ("spec", "instances"), 5)

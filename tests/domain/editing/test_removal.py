"""Objects that go with their documents, and what keeps them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.removal import remove_objects
from gitops_mcp.errors import Refused
from tests.domain.repository.test_build import cluster, listing, model

SHOP = "namespace: shop\n"
OWN = {
    "prod/kustomization.yaml": listing("db.yaml", "own.yaml", more=SHOP),
    "prod/db.yaml": cluster() + "---\n" + cluster("more"),
    "prod/own.yaml": cluster("own"),
}
ITEMS = (
    "apiVersion: v1\nkind: List\nitems:\n"
    "  - {apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: a, namespace: shop}}\n"
    "  - {apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: b, namespace: shop}}\n"
)


def removed(files: Mapping[str, str], *names: str) -> dict[str, str | None]:
    desired = model(files, "prod")
    going = [desired.cluster(name, None, environment="prod") for name in names]
    return {one.path: one.after for one in remove_objects(desired, *going)}


@pytest.mark.parametrize(
    ("files", "names", "after"),
    [
        pytest.param(OWN, ("db",), {"prod/db.yaml": "---\n" + cluster("more")}, id="a document of several"),
        pytest.param(OWN, ("own",), {"prod/own.yaml": None, "prod/kustomization.yaml": listing("db.yaml", more=SHOP)}, id="the only one of a file"),
        pytest.param(OWN, ("db", "more"), {"prod/db.yaml": None, "prod/kustomization.yaml": listing("own.yaml", more=SHOP)}, id="all of a file"),
        pytest.param({"prod/all.yaml": ITEMS}, ("a",), {"prod/all.yaml": "".join(ITEMS.splitlines(keepends=True)[i] for i in (0, 1, 2, 4))}, id="an item of a list"),
        pytest.param({"prod/all.yaml": ITEMS + "---\n" + cluster("db", "shop")}, ("a", "b"), {"prod/all.yaml": "---\n" + cluster("db", "shop")}, id="all items of a list"),
    ],
)  # fmt: skip
def test_documents_go_and_nothing_else(
    files: Mapping[str, str], names: tuple[str, ...], after: dict[str, str | None]
) -> None:
    assert removed(files, *names) == after


SHARED = {
    "base/kustomization.yaml": listing("db.yaml"),
    "base/db.yaml": cluster(),
    "prod/kustomization.yaml": listing("../base", more=SHOP),
    "test/kustomization.yaml": listing("../base", more="namespace: test\n"),
}
PATCHED = OWN["prod/kustomization.yaml"] + (
    "patches:\n  - patch: |\n      {apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: own}, spec: {instances: 5}}\n"
)
ENCRYPTED = cluster("own") + "sops:\n  mac: ENC[x]\n"
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: orders, namespace: shop}
spec:
  chart: {spec: {chart: cluster, sourceRef: {kind: HelmRepository, name: cnpg}}}
  values: {fullnameOverride: orders}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: cnpg, namespace: shop}
spec: {url: https://cloudnative-pg.github.io/charts}
"""


@pytest.mark.parametrize(
    ("files", "name", "told"),
    [
        pytest.param(SHARED, "db", r"base/db.yaml:1 declares Cluster shop/db \(prod\), and makes other live objects as well: Cluster test/db \(test\), built from test\. It cannot go for one of them alone: take base out of prod/kustomization\.yaml", id="the document of several objects"),
        pytest.param({**OWN, "prod/kustomization.yaml": PATCHED}, "own", r"is declared at prod/own.yaml:1 and patched at prod/kustomization.yaml:\d: without the document the patch finds nothing", id="a patch that would find nothing"),
        pytest.param({**OWN, "prod/own.yaml": ENCRYPTED + "---\n" + cluster("more2")}, "own", r"cannot be taken out of its file: .*encrypted with sops", id="a part of a signed file"),
        pytest.param({**OWN, "prod/kustomization.yaml": OWN["prod/kustomization.yaml"] + "crds: [x.yaml]\n"}, "own", r"cannot be removed here, since what depends on it cannot be determined: .*crds changes", id="what cannot be determined"),
        pytest.param({"prod/r.yaml": RELEASE}, "orders", r"no document declares Cluster shop/orders: the Helm chart makes it, which Flux HelmRelease shop/orders \(prod/r.yaml:1\) applies with the values of prod/r.yaml:6", id="what a chart makes"),
    ],
)  # fmt: skip
def test_what_others_need_or_nobody_can_tell_stays(files: Mapping[str, str], name: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        removed(files, name)


def test_an_encrypted_document_goes_with_its_file() -> None:
    assert removed({**OWN, "prod/own.yaml": ENCRYPTED}, "own")["prod/own.yaml"] is None

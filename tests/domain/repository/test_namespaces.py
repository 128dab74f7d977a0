"""By which roads an object gets its namespace, and what is told where none leads there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.repository.namespaces import why_namespace_is_open
from tests.domain.repository.test_build import SOURCE, application, cluster, flux, listing, model

BUILT = {"db/kustomization.yaml": listing("db.yaml"), "db/db.yaml": cluster()}
CHART = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: db\n{}spec:\n  chart:\n    spec:\n"
    "      chart: cluster\n      sourceRef:\n        kind: HelmRepository\n        name: cnpg\n"
)
REPOSITORY = (
    "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: cnpg\nspec:\n"
    "  url: https://cloudnative-pg.github.io/charts\n"
)
ROADS: dict[str, Mapping[str, str]] = {
    "its document": {"prod/app.yaml": application("db", "db", namespace="other"), "db/db.yaml": cluster(namespace="shop")},
    "its kustomization": {"prod/app.yaml": application("db", "db"), **BUILT, "db/kustomization.yaml": listing("db.yaml", more="namespace: shop\n")},
    "a kustomization above": {
        "prod/app.yaml": application("db", "all"), **BUILT,
        "all/kustomization.yaml": listing("../db", more="namespace: shop\n")},
    "the outermost of two kustomizations": {
        "prod/app.yaml": application("db", "all"), **BUILT,
        "db/kustomization.yaml": listing("db.yaml", more="namespace: inner\n"),
        "all/kustomization.yaml": listing("../db", more="namespace: shop\n")},
    "the destination": {"prod/app.yaml": application("db", "db", namespace="shop"), "db/db.yaml": cluster()},
    "targetNamespace": {"prod/app.yaml": SOURCE + "---\n" + flux("db", "db", "  targetNamespace: shop\n"), **BUILT},
    "targetNamespace over the document's own": {
        "prod/app.yaml": SOURCE + "---\n" + flux("db", "db", "  targetNamespace: shop\n"), **BUILT,
        "db/db.yaml": cluster(namespace="other")},
    "a variable in the document": {
        "prod/app.yaml": SOURCE + "---\n" + flux("db", "db", "  postBuild:\n    substitute:\n      NS: shop\n"), **BUILT,
        "db/db.yaml": cluster(namespace="${NS}")},
    "a default in the document": {
        "prod/app.yaml": SOURCE + "---\n" + flux("db", "db", "  postBuild:\n    substitute:\n      OTHER: a\n"), **BUILT,
        "db/db.yaml": cluster(namespace="${NS:=shop}")},
    "a variable in the kustomization": {
        "prod/app.yaml": SOURCE + "---\n" + flux("db", "db", "  postBuild:\n    substitute:\n      NS: shop\n"), **BUILT,
        "db/kustomization.yaml": listing("db.yaml", more="namespace: ${NS}\n")},
    "a variable in targetNamespace": {
        "prod/app.yaml": SOURCE + "---\n" + flux("db", "db", "  targetNamespace: ${NS}\n  postBuild:\n    substitute:\n      NS: shop\n"), **BUILT},
    "the namespace of a HelmRelease": {"prod/app.yaml": CHART.format("  namespace: shop\n") + REPOSITORY},
    "targetNamespace of a HelmRelease": {"prod/app.yaml": CHART.format("  namespace: flux\n") + "  targetNamespace: shop\n" + REPOSITORY},
    "the kustomization that lists a HelmRelease": {
        "prod/app.yaml": CHART.format("") + REPOSITORY,
        "prod/kustomization.yaml": listing("app.yaml", more="namespace: shop\n")},
}  # fmt: skip
OPEN: dict[str, tuple[Mapping[str, str], str]] = {
    "no engine object": (
        {"prod/db.yaml": cluster()},
        ("nothing in the repository says the namespace of prod/db.yaml:1: it has no metadata.namespace, and no engine "
        "object of this repository applies it"),
    ),
    "a kustomization without one": (
        {"prod/kustomization.yaml": listing("db.yaml"), "prod/db.yaml": cluster()},
        ("nothing in the repository says the namespace of prod/db.yaml:1: it has no metadata.namespace, "
        "prod/kustomization.yaml sets no namespace, and no engine object of this repository applies it"),
    ),
    "a Kustomization without one": (
        {"prod/app.yaml": SOURCE + "---\n" + flux("db", "db"), **BUILT},
        ("nothing in the repository says the namespace of db/db.yaml:1: it has no metadata.namespace, "
        "db/kustomization.yaml sets no namespace, and Flux Kustomization flux-system/db (prod/app.yaml:11) has no spec.targetNamespace"),
    ),
    "an Application without one": (
        {"prod/app.yaml": application("db", "db"), "db/db.yaml": cluster()},
        ("nothing in the repository says the namespace of db/db.yaml:1: it has no metadata.namespace, and Argo CD "
        "Application argocd/db (prod/app.yaml:1) has no spec.destination.namespace"),
    ),
    "a HelmRelease without one": (
        {"prod/app.yaml": CHART.format("") + REPOSITORY},
        ("nothing in the repository says the namespace of prod/app.yaml:1: Flux HelmRelease db (prod/app.yaml:1) has no "
        "spec.targetNamespace and no namespace of its own"),
    ),
    "a variable from elsewhere": (
        {"prod/app.yaml": SOURCE + "---\n" + flux("db", "db", "  postBuild:\n    substituteFrom:\n      - kind: Secret\n        name: settings\n"), **BUILT, "db/db.yaml": cluster(namespace="${NS}")},
        ("the namespace of db/db.yaml:1 is ${NS} (db/db.yaml:5), and NS is defined by nothing in this repository; it "
        "may come from Secret flux-system/settings"),
    ),
    "a template": (
        {"prod/app.yaml": application("db", "db", namespace="'{{ name }}'"), "db/db.yaml": cluster()},
        ("the namespace of db/db.yaml:1 is {{ name }}, by spec.destination.namespace of Argo CD Application argocd/db "
        "(prod/app.yaml:1), which is not a name of a namespace"),
    ),
    "no such name": (
        {"prod/db.yaml": cluster(namespace="Shop_1")},
        "the namespace of prod/db.yaml:1 is Shop_1 (prod/db.yaml:5), which is not a name of a namespace",
    ),
}  # fmt: skip


@pytest.mark.parametrize("files", ROADS.values(), ids=ROADS)
def test_the_namespace_is_known(files: Mapping[str, str]) -> None:
    (found,) = model(files, "prod").clusters
    assert found.identity.namespace == "shop"


@pytest.mark.parametrize(("files", "why"), OPEN.values(), ids=OPEN)
def test_what_leaves_the_namespace_open_is_told(files: Mapping[str, str], why: str) -> None:
    desired = model(files, "prod")
    (found,) = desired.clusters
    assert (found.identity.namespace, found.namespace_from) == (None, "unknown")
    assert why_namespace_is_open(desired, found) == why

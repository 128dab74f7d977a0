"""By which roads what applies an object gets its namespace from what applies that."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.domain.repository.test_build import SOURCE, cluster, flux, listing, model

APPS = {"clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps")}
CHILD = flux("db", "db").replace("  namespace: flux-system\n", "")
BUILT = {"db/kustomization.yaml": listing("db.yaml"), "db/db.yaml": cluster()}
NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {}\n"
COPY = (
    "- source:\n    kind: Namespace\n    fieldPath: metadata.name\n  targets:\n    - select:\n        group: "
    "kustomize.toolkit.fluxcd.io\n        kind: Kustomization\n      fieldPaths:\n        - spec.targetNamespace\n"
    "      options:\n        create: true\n"
)
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
TARGET = "target:\n{0}  kind: Kustomization\n"
MERGE = (
    "{0}patch: |-\n{0}  apiVersion: kustomize.toolkit.fluxcd.io/v1\n{0}  kind: Kustomization\n{0}  metadata:\n"
    "{0}    name: any\n{0}  spec:\n{0}    targetNamespace: shop\n{0}target:\n{0}  kind: Kustomization\n"
)
JSON = (
    "{0}patch: |-\n{0}  - op: add\n{0}    path: /spec/targetNamespace\n{0}    value: shop\n{0}target:\n"
    "{0}  kind: Kustomization\n"
)
RELEASE = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: db\nspec:\n  chart:\n    spec:\n"
    "      chart: cluster\n      sourceRef:\n        kind: HelmRepository\n        name: cnpg\n---\n"
    "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: cnpg\nspec:\n"
    "  url: https://cloudnative-pg.github.io/charts\n"
)


def entry(patch: str, indent: str) -> str:
    """As an item of a list."""
    text = patch.format(indent + "  ")
    return f"{indent}- {text.removeprefix(indent + '  ')}"


def applied(kustomization: str, **files: str) -> dict[str, str]:
    more = {path.replace("__", "/") + ".yaml": text for path, text in files.items()}
    return {**APPS, **BUILT, "apps/kustomization.yaml": kustomization, "apps/db.yaml": CHILD, **more}


ROADS: dict[str, Mapping[str, str]] = {
    "a merge patch of the kustomization that lists it": applied(listing("db.yaml", more="patches:\n" + entry(MERGE, "  "))),
    "operations of that": applied(listing("db.yaml", more="patches:\n" + entry(JSON, "  "))),
    "a patch of a component": applied(
        listing("db.yaml", more="components:\n  - ../components/space\n"),
        components__space__kustomization=COMPONENT + "patches:\n" + entry(MERGE, "  ")),
    "a patch of the Kustomization above": {
        "clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps", "  patches:\n" + entry(MERGE, "    ")), **BUILT, "apps/db.yaml": CHILD},
    "operations of that Kustomization": {
        "clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps", "  patches:\n" + entry(JSON, "    ")), **BUILT, "apps/db.yaml": CHILD},
    "a variable of the Kustomization above": {
        "clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps", "  postBuild:\n    substitute:\n      NS: shop\n"), **BUILT,
        "apps/db.yaml": CHILD + "  targetNamespace: ${NS}\n"},
    "a replacement from a Namespace": applied(
        listing("db.yaml", "ns.yaml", more="replacements:\n" + COPY), apps__ns=NAMESPACE.format("shop")),
    "a replacement from a Namespace that the kustomization renames": applied(
        listing("db.yaml", "ns.yaml", more="namespace: shop\nreplacements:\n  - path: copy.yaml\n"),
        apps__ns=NAMESPACE.format("any"), apps__copy=COPY),
    "a replacement of a component, from a Namespace of the same": applied(
        listing("db.yaml", more="namespace: other\ncomponents:\n  - ../components/space\n"),
        components__space__kustomization=COMPONENT + listing("ns.yaml") + "replacements:\n  - path: copy.yaml\n",
        components__space__ns=NAMESPACE.format("shop"), components__space__copy=COPY),
    "a replacement in the folder above": {
        **APPS, **BUILT, "apps/kustomization.yaml": listing("shop"), "apps/shop/db.yaml": CHILD, "apps/shop/ns.yaml": NAMESPACE.format("any"),
        "apps/shop/kustomization.yaml": listing("db.yaml", "ns.yaml", more="namespace: shop\nreplacements:\n" + COPY)},
    "targetNamespace of what applies a HelmRelease": {
        "clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps", "  targetNamespace: shop\n"), "apps/db.yaml": RELEASE},
    "targetNamespace of what applies that, by a patch": {
        "clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps", "  patches:\n" + entry(MERGE, "    ")),
        "apps/db.yaml": CHILD, "db/kustomization.yaml": listing("db.yaml"), "db/db.yaml": RELEASE},
}  # fmt: skip


@pytest.mark.parametrize("files", ROADS.values(), ids=ROADS)
def test_the_namespace_is_known(files: Mapping[str, str]) -> None:
    (found,) = model(files, "clusters/prod").clusters
    assert found.identity.namespace == "shop"

"""A source that stands nowhere, or that something else brings in: what it applies counts, and what holds it up is told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.editing.field import set_field
from gitops_mcp.domain.plans.applier_notes import applier_notices
from tests.domain.repository.test_build import REMOTE, SOURCE, application, cluster, flux, listing, model

SUSPENDED = "  suspend: true\n  targetNamespace: shop\n"
FOLDER = {"db/kustomization.yaml": listing("db.yaml"), "db/db.yaml": cluster()}
FILES = {"db/db.yaml": cluster()}
INSTANCE = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: flux-instance, namespace: flux-system}\n"
    "spec:\n  chart: {spec: {chart: flux-instance, sourceRef: {kind: HelmRepository, name: flux}}}\n  values:\n"
    f"    instance: {{sync: {{kind: GitRepository, name: fleet, url: '{REMOTE}', ref: refs/heads/main, path: clusters/prod}}}}\n"
)
UNKNOWN: dict[str, tuple[Mapping[str, str], set[str]]] = {
    "no source, a kustomization": ({"clusters/prod/db.yaml": flux("db", "db", SUSPENDED), **FOLDER}, {"unknown-source"}),
    "no source, a folder of files": ({"clusters/prod/db.yaml": flux("db", "db", SUSPENDED), **FILES}, {"unknown-source"}),
    "an artifact, below one that applies it": (
        {
            "clusters/prod/apps.yaml": flux("apps", "apps").replace("GitRepository", "OCIRepository"),
            "apps/db.yaml": flux("db", "db", SUSPENDED).replace("GitRepository", "OCIRepository"), **FILES},
        {"unknown-source"}),
    "values of a chart say it": ({"clusters/prod/flux.yaml": INSTANCE, "clusters/prod/db.yaml": flux("db", "db", SUSPENDED), **FOLDER}, set()),
    "the same, for one that the first applies": (
        {
            "clusters/prod/flux.yaml": INSTANCE, "clusters/prod/apps.yaml": flux("apps", "apps"),
            "apps/kustomization.yaml": listing("db.yaml"), "apps/db.yaml": flux("db", "db", SUSPENDED), **FILES},
        set()),
}  # fmt: skip


@pytest.mark.parametrize(("files", "told"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_a_source_brings_that_is_not_declared_is_edited_and_its_suspension_told(
    files: Mapping[str, str], told: set[str]
) -> None:
    desired = model(files, "")
    declared = desired.cluster("db", "shop", environment="default")
    assert [one.path for one in set_field(desired, declared, ("spec", "instances"), 5)] == ["db/db.yaml"]
    found = {one.id for one in applier_notices(declared, desired)}
    assert found & {"suspended", "unknown-source"} == {"suspended", *told}


BARE = flux("db", "db", "  targetNamespace: shop\n").replace(
    "  sourceRef:\n    kind: GitRepository\n    name: fleet\n", ""
)
PUT = "- {op: add, path: /spec/sourceRef, value: {kind: GitRepository, name: fleet}}"
MERGE = "{kind: Kustomization, metadata: {name: all}, spec: {sourceRef: {kind: GitRepository, name: fleet}}}"
TARGET = "target: {kind: Kustomization}"
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
BROUGHT: dict[str, Mapping[str, str]] = {
    "the Kustomization above": {"clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps", f"  patches: [{{patch: '{MERGE}', {TARGET}}}]\n")},
    "operations of the kustomization that lists it": {
        "clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps"),
        "apps/kustomization.yaml": listing("db.yaml", more=f"patches: [{{patch: '{PUT}', {TARGET}}}]\n")},
    "a file of a component": {
        "clusters/prod/apps.yaml": SOURCE + "---\n" + flux("apps", "apps"),
        "apps/kustomization.yaml": listing("db.yaml", more="components: [../common]\n"),
        "common/kustomization.yaml": f"{COMPONENT}patches: [{{path: source.yaml, {TARGET}}}]\n",
        "common/source.yaml": f"apiVersion: kustomize.toolkit.fluxcd.io/v1\n{MERGE[1:-1].replace(', metadata', chr(10) + 'metadata').replace(', spec', chr(10) + 'spec')}\n"},
}  # fmt: skip


@pytest.mark.parametrize("around", BROUGHT.values(), ids=BROUGHT)
def test_a_source_that_a_patch_brings_in_is_known(around: Mapping[str, str]) -> None:
    desired = model({**around, "apps/db.yaml": BARE, **FOLDER}, "")
    (declared,) = desired.clusters
    assert (declared.identity.namespace, declared.applied and declared.applied.assumed) == ("shop", None)
    assert [one.path for one in set_field(desired, declared, ("spec", "instances"), 5)] == ["db/db.yaml"]


PLUGIN = "    plugin: {name: kustomize-with-secrets}\n"
OF_SOURCES = application("db", "prod", namespace="shop", more=PLUGIN).replace(
    "  source:\n    repoURL", "  sources:\n  - repoURL"
)
SET = (
    "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
    "  generators: [{list: {elements: [{name: prod}]}}]\n  template:\n    metadata: {name: '{{name}}'}\n    spec:\n"
    f"      source: {{repoURL: '{REMOTE}', targetRevision: main, path: '{{{{name}}}}', plugin: {{name: kustomize}}}}\n"
    "      destination: {server: https://kubernetes.default.svc, namespace: shop}\n"
)
OVERLAY = {"prod/kustomization.yaml": listing("../db"), **FOLDER}


@pytest.mark.parametrize("engine", [application("db", "prod", namespace="shop", more=PLUGIN), OF_SOURCES, SET])
def test_what_a_plugin_builds_of_an_overlay_is_edited_with_a_warning(engine: str) -> None:
    desired = model({"argocd/db.yaml": engine, **OVERLAY}, "")
    declared = desired.cluster("db", "shop", environment="default")
    assert [one.path for one in set_field(desired, declared, ("spec", "instances"), 5)] == ["db/db.yaml"]
    assert "guess" in {one.id for one in applier_notices(declared, desired)}

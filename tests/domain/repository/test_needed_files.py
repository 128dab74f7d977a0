"""Which further files are needed to understand those that are known."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.repository.needed_files import referenced_paths, value_source_names

FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: a, namespace: flux-system}
spec:
  path: ./apps/shop
  patches: [{path: p.yaml}]
  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}, {kind: Secret, name: keys}]}
"""
ARGO = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a, namespace: argocd}
spec:
  source:
    path: charts/db
    helm: {valueFiles: [values-prod.yaml, ../shared.yaml, /top.yaml, ../../../away.yaml, notes.txt]}
"""
REFERRED = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a, namespace: argocd}
spec:
  template:
    spec:
      sources:
        - {chart: cluster, helm: {valueFiles: [$values/vals/all.yaml, "$values/envs/{{ .env }}/{{ .name }}/db.yaml"]}}
        - {ref: values}
"""
SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: a, namespace: argocd}
spec:
  generators: [{matrix: {generators: [{list: {}}, {git: {repoURL: x, files: [{path: 'envs/{{ .env }}/*.yaml'}, {path: envs/x/*, exclude: true}]}}]}}]
  template: {spec: {source: {helm: {valueFiles: ['$v/values/{{ .env }}.yaml', 'values-{{ .env }}.yaml', '{{ .env }}.yaml']}}}}
"""


@pytest.mark.parametrize(
    ("texts", "paths", "needed"),
    [
        pytest.param({"o/kustomization.yaml": "patches: [{path: p.yaml}]\nresources: [r.yaml]\n"}, {"o/p.yaml", "o/r.yaml"}, {"o/p.yaml"}, id="patches, and no resources"),
        pytest.param({"o/kustomization.yaml": "configMapGenerator: [{name: c, files: [values.yaml=./v.yaml, w.yaml]}]\n"}, {"o/v.yaml", "o/w.yaml", "o/values.yaml"}, {"o/v.yaml", "o/w.yaml"}, id="what a ConfigMap is made of"),
        pytest.param({"o/kustomization.yaml": "configurations: [../c.yaml]\n"}, {"c.yaml"}, {"c.yaml"}, id="beside the folder"),
        pytest.param({"o/kustomization.yaml": "configurations: [../../c.yaml]\n"}, {"c.yaml", "../c.yaml"}, set(), id="outside of the repository"),
        pytest.param({"o/kustomization.yaml": "patches: [{path: p.yaml}]\n", "o/p.yaml": "a: 1\n"}, {"o/p.yaml"}, set(), id="known already"),
        pytest.param({"o/kustomization.yaml": "patches: [{path: p.yaml}]\n"}, set(), set(), id="not there"),
        pytest.param({"o/kustomization.yaml": "patches: [\n"}, {"o/p.yaml"}, set(), id="no YAML"),
        pytest.param({"o/kustomization.yaml": "[1]\n"}, {"o/p.yaml"}, set(), id="no kustomization"),
        pytest.param({"o/kustomization.yaml": "replacements: [{}]\nresources: [r.yaml, ../b]\n", "b/kustomization.yaml": "resources: [s.yaml]\n"}, {"o/r.yaml", "b/s.yaml"}, {"o/r.yaml", "b/s.yaml"}, id="any resource, where values are copied"),
        pytest.param({"o/kustomization.yaml": "vars: []\nresources: [..]\n", "kustomization.yaml": "resources: [s.yaml]\n"}, {"s.yaml"}, {"s.yaml"}, id="the same of the root"),
        pytest.param({"o/kustomization.yaml": "components: [../c]\nresources: [r.yaml]\n", "c/kustomization.yaml": "kind: Component\nreplacements: [{path: p.yaml}]\n"}, {"o/r.yaml", "c/p.yaml"}, {"o/r.yaml", "c/p.yaml"}, id="any resource of who lists a component that copies"),
        pytest.param({"o/kustomization.yaml": "components: [../c]\nresources: [r.yaml]\n", "c/kustomization.yaml": "kind: Component\nresources: [s.yaml]\n"}, {"o/r.yaml", "c/s.yaml"}, set(), id="none where that does not"),
        pytest.param({"o/kustomization.yaml": "transformers: [../t]\n", "t/kustomization.yaml": "resources: [l.yaml]\n"}, {"t/l.yaml"}, {"t/l.yaml"}, id="a folder of transformers"),
        pytest.param({"o/t/l.yaml": "apiVersion: builtin\nkind: PatchTransformer\npath: p.yaml\n"}, {"o/p.yaml", "o/t/p.yaml", "p.yaml", "q/p.yaml"}, {"o/p.yaml", "o/t/p.yaml", "p.yaml"}, id="the patch of a transformer"),
        pytest.param({"f.yaml": FLUX}, {"apps/shop/p.yaml", "p.yaml"}, {"apps/shop/p.yaml", "p.yaml"}, id="of an engine object: from its path and the root"),
        pytest.param({"a.yaml": ARGO}, {"charts/db/values-prod.yaml", "charts/shared.yaml", "top.yaml", "charts/db/notes.txt"}, {"charts/db/values-prod.yaml", "charts/shared.yaml", "top.yaml"}, id="values of an Application"),
        pytest.param({"a.yaml": REFERRED}, {"vals/prod/db.yaml", "vals/all.yaml", "envs/eu/a/db.yaml", "envs/eu/a/web.yaml", "$values/vals/all.yaml"}, {"vals/all.yaml", "envs/eu/a/db.yaml"}, id="values of another source, and by a template"),
        pytest.param({"o/kustomization.yaml": "configMapGenerator: [{name: v, files: [values.yaml=./v.yaml], envs: [e.env]}]\n"}, {"o/v.yaml", "o/e.env"}, {"o/v.yaml", "o/e.env"}, id="what is generated into a ConfigMap"),
        pytest.param({"boot/helmfile.yaml": "releases: [{name: flux-instance, values: [../apps/v.yaml]}]\n"}, {"apps/v.yaml"}, {"apps/v.yaml"}, id="values of an instance that a script installs"),
        pytest.param({"s.yaml": SET}, {"envs/eu/a.yaml", "envs/a.yaml", "envs/b/notes.txt", "values/eu.yaml", "c/values-eu.yaml", "eu.yaml"}, {"envs/eu/a.yaml", "values/eu.yaml", "c/values-eu.yaml"}, id="of an ApplicationSet, whatever its tags stand for"),
        pytest.param({"x.yaml": "kind: ConfigMap\ndata: {file: y.yaml}\n"}, {"y.yaml"}, set(), id="of what is not an engine object"),
    ],
)  # fmt: skip
def test_the_files_that_builds_need_are_asked_for(texts: dict[str, str], paths: set[str], needed: set[str]) -> None:
    assert referenced_paths(texts, paths) == needed


def test_what_variables_come_from_is_known_by_name() -> None:
    assert value_source_names({"f.yaml": FLUX, "a.yaml": ARGO}) == {"settings", "keys"}


MERGE = "spec: {postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster}]}}"
REPLACE = "- {op: add, path: /spec/postBuild, value: {substituteFrom: [{kind: ConfigMap, name: cluster}]}}"
APPEND = "- {op: add, path: /spec/postBuild/substituteFrom/-, value: {kind: ConfigMap, name: cluster}}"
VALUES = "- {op: add, path: /spec/valuesFrom, value: [{kind: Secret, name: cluster}, {kind: {}, name: x}]}"


@pytest.mark.parametrize("patch", [MERGE, REPLACE, APPEND, VALUES])
@pytest.mark.parametrize(
    ("path", "around"),
    [
        pytest.param("flux.yaml", FLUX.replace("{path: p.yaml}", "{patch: '%s'}"), id="a Kustomization above"),
        pytest.param("kustomization.yaml", "patches: [{patch: '%s', target: {kind: Kustomization}}]\n", id="a kustomization"),
        pytest.param("patches/vars.yaml", "%s\n", id="a file of a patch"),
    ],
)  # fmt: skip
def test_what_patches_bring_in_is_known_by_name_too(path: str, around: str, patch: str) -> None:
    assert value_source_names({path: around % patch}) - {"settings", "keys"} == {"cluster"}


def test_a_text_that_only_speaks_of_sources_names_none() -> None:
    assert value_source_names({"a.yaml": "note: substituteFrom comes later\n", "b.yaml": "valuesFrom\n"}) == set()

"""Transformers and generators of kustomize's own that are documents instead of fields of the kustomization."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.domain.kustomize import Build, FileTree, build_folder
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.objects import Path as FieldPath
from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import CLUSTER, COMPONENT, CONFIG, HEAD, POOLER, one

ANY = "fieldSpecs: [{path: metadata/annotations, create: true}]\n"
PATCH = HEAD.replace("\n", "\n  ") + "spec: {instances: 5}\n"
JSON = '[{"op": "replace", "path": "/spec/instances", "value": 5}]'


def builtin(kind: str, text: str) -> str:
    return f"apiVersion: builtin\nkind: {kind}\nmetadata: {{name: t}}\n{text}"


def through(kind: str, text: str, document: str = CLUSTER, **files: str) -> dict[str, str]:
    return one("transformers: [t.yaml]\n", document, t=builtin(kind, text), **files)


def first(found: Build) -> Object:
    return found.produced[0].object


@pytest.mark.parametrize(
    ("files", "path", "value"),
    [
        pytest.param(through("AnnotationsTransformer", "annotations: {a: b, c: 'true'}\n" + ANY), ("metadata", "annotations"), {"a": "b", "c": "true"}, id="annotations that are made"),
        pytest.param(through("AnnotationsTransformer", "annotations: {a: 5, b: true, c: null}\n" + ANY), ("metadata", "annotations"), {"a": "5", "b": "true", "c": ""}, id="annotations that are no strings"),
        pytest.param(through("AnnotationsTransformer", "annotations: {a: b}\n"), ("metadata", "annotations"), None, id="no field specs, no effect"),
        pytest.param(through("AnnotationsTransformer", "annotations: {a: b}\nfieldSpecs: [{path: metadata/annotations}]\n"), ("metadata", "annotations"), None, id="not made where they are not there"),
        pytest.param(through("AnnotationsTransformer", "annotations: {a: b}\nfieldSpecs: [{path: metadata/annotations, create: true, kind: Namespace}]\n"), ("metadata", "annotations"), None, id="another kind"),
        pytest.param(through("AnnotationsTransformer", "annotations: {a: b}\nfieldSpecs: [{path: /metadata/annotations, create: true, group: postgresql.cnpg.io, version: v1}]\n"), ("metadata", "annotations"), {"a": "b"}, id="by group and version, with a first slash"),
        pytest.param(through("LabelTransformer", "labels: {a: b}\nfieldSpecs: [{path: spec/inheritedMetadata/labels, create: true, kind: Cluster}]\n"), ("spec", "inheritedMetadata"), {"labels": {"a": "b"}}, id="labels at a place of their own"),
        pytest.param(through("LabelTransformer", "labels: {a: b}\nfieldSpecs: [{path: spec/template/metadata/labels}, {path: spec/selector/matchLabels}]\n", POOLER), ("spec", "selector"), {"matchLabels": {"q": "r", "a": "b"}}, id="labels beside others"),
        pytest.param(through("LabelTransformer", "labels: {a: b}\nfieldSpecs: [{path: 'spec/managed/roles/labels', create: true}]\n"), ("spec", "managed", "roles", 1), {"name": "ro", "labels": {"a": "b"}}, id="in each item of a list"),
        pytest.param(through("NamespaceTransformer", "unsetOnly: false\n").copy() | {"t.yaml": "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: t, namespace: there}\n"}, ("metadata", "namespace"), "there", id="a namespace needs no field specs"),
        pytest.param(one("transformers: [t.yaml]\n", HEAD.replace("db}", "db, namespace: own}"), t="apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: t, namespace: there}\nunsetOnly: true\n"), ("metadata", "namespace"), "own", id="a namespace only where there is none"),
        pytest.param(through("PrefixTransformer", "prefix: a-\nfieldSpecs: [{path: metadata/name}]\n"), ("metadata", "name"), "a-db", id="a prefix"),
        pytest.param(through("PrefixTransformer", "prefix: a-\nfieldSpecs: [{path: spec/cluster/name, kind: Pooler}]\n", POOLER), ("spec", "cluster", "name"), "a-db", id="a prefix of another field"),
        pytest.param(through("PrefixTransformer", "prefix: a-\nfieldSpecs: [{path: spec/note}]\n", HEAD + "spec:\n  note: null\n"), ("spec", "note"), "a-null", id="a prefix of a null"),
        pytest.param(through("PrefixTransformer", "prefix: a-\nfieldSpecs: [{path: spec/note}]\n", HEAD + "spec:\n  note:\n"), ("spec", "note"), "a-", id="a prefix of a blank"),
        pytest.param(through("SuffixTransformer", "suffix: -z\nfieldSpecs: [{path: metadata/name, kind: Cluster}]\n"), ("metadata", "name"), "db-z", id="a suffix"),
        pytest.param(through("ImageTagTransformer", "imageTag: {name: x/y, newTag: '9'}\nfieldSpecs: [{path: spec/imageName}]\n", POOLER), ("spec", "imageName"), "x/y:9", id="an image at a field that is named"),
        pytest.param(through("ImageTagTransformer", "imageTag: {name: x/y, newTag: '9'}\n", POOLER), ("spec", "template", "spec", "containers", 0, "image"), "x/y:9", id="an image of a container"),
        pytest.param(through("ReplicaCountTransformer", "replica: {name: db, count: 7}\nfieldSpecs: [{path: spec/instances, kind: Cluster}]\n"), ("spec", "instances"), 7, id="a count"),
        pytest.param(through("PatchTransformer", f"patch: |-\n  {PATCH}"), ("spec", "instances"), 5, id="a merge patch"),
        pytest.param(through("PatchTransformer", f"patch: '{JSON}'\ntarget: {{kind: Cluster}}\n"), ("spec", "instances"), 5, id="operations with a target"),
        pytest.param(through("PatchTransformer", "path: p.yaml\ntarget: {kind: Cluster}\n", p=JSON), ("spec", "instances"), 5, id="a patch in a file"),
        pytest.param(through("PatchJson6902Transformer", f"target: {{kind: Cluster, name: db}}\njsonOp: '{JSON}'\n"), ("spec", "instances"), 5, id="operations"),
        pytest.param(through("PatchStrategicMergeTransformer", f"patches: |-\n  {PATCH}"), ("spec", "instances"), 5, id="merge patches"),
        pytest.param(through("PatchStrategicMergeTransformer", "paths: [p.yaml]\n", p=HEAD + "spec: {instances: 5}\n"), ("spec", "instances"), 5, id="merge patches in files"),
        pytest.param(through("ReplacementTransformer", "replacements: [{source: {kind: ConfigMap, fieldPath: data.n}, targets: [{select: {kind: Cluster}, fieldPaths: [spec.instances]}]}]\n", f"{CLUSTER}---\n{CONFIG}"), ("spec", "instances"), 5, id="a replacement"),
        pytest.param(one("transformers: [t]\n") | {"t/kustomization.yaml": "resources: [l.yaml]\n", "t/l.yaml": builtin("AnnotationsTransformer", "annotations: {a: b}\n" + ANY)}, ("metadata", "annotations"), {"a": "b"}, id="a folder of transformers"),
        pytest.param(one("components: [k]\n") | {"k/kustomization.yaml": COMPONENT + "transformers: [l.yaml]\n", "k/l.yaml": builtin("AnnotationsTransformer", "annotations: {a: b}\n" + ANY)}, ("metadata", "annotations"), {"a": "b"}, id="of a component"),
        pytest.param(one("namePrefix: p-\ntransformers: [t.yaml, u.yaml]\n", t=builtin("PrefixTransformer", "prefix: a-\nfieldSpecs: [{path: metadata/name}]\n"), u=builtin("SuffixTransformer", "suffix: -z\nfieldSpecs: [{path: metadata/name}]\n")), ("metadata", "name"), "a-p-db-z", id="after the fields, in their order"),
        pytest.param(one("generators: [g.yaml]\n", g=builtin("ConfigMapGenerator", "literals: [a=b]\n")), ("metadata", "name"), "db", id="a generated ConfigMap changes nothing"),
    ],
)  # fmt: skip
@pytest.mark.few(10)
def test_a_document_does_what_kustomize_makes_of_it(
    files: dict[str, str], path: FieldPath, value: object, tmp_path: Path
) -> None:
    found = checked(files, "", tmp_path)
    assert at(first(found), *path) == value
    assert not found.faults
    assert not found.opaque


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param(through("PrefixTransformer", "prefix: a-\n"), "t.yaml:1: a PrefixTransformer without fieldSpecs", id="a prefix of nothing"),
        pytest.param(through("AnnotationsTransformer", "annotations: {a: b}\nfieldSpecs: [{path: spec/instances}]\n"), "t.yaml:1: spec/instances is not a map, so it takes no annotations", id="annotations of a number"),
        pytest.param(through("NamespaceTransformer", "").copy() | {"t.yaml": "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: t, namespace: there}\nfieldSpecs: [{path: spec/storage}]\n"}, "t.yaml:1: spec.storage is not a single value", id="a namespace of a map"),
        pytest.param(through("LabelTransformer", "labels: {a: b}\nfieldSpecs: [{path: spec/instances/x, create: true}]\n"), "t.yaml:1: spec.instances is neither an object nor a list", id="below a number"),
        pytest.param(through("ReplicaCountTransformer", "replica: {name: none, count: 7}\nfieldSpecs: [{path: spec/instances}]\n"), "t.yaml:1: there is no object 'none' for its replicas", id="a count of nothing"),
        pytest.param(through("PatchTransformer", "target: {kind: Cluster}\n"), "t.yaml:1: a patch has neither path nor patch", id="no patch"),
        pytest.param(one("transformers: [t.yaml, u.yaml]\n", t=builtin("LabelTransformer", ""), u=builtin("LabelTransformer", "")), "kustomization.yaml:2: it brings a second LabelTransformer t", id="two of one name"),
        pytest.param(through("Inventor", ""), "t.yaml:1: there is no transformer Inventor", id="a kind that is not there"),
        pytest.param(one("transformers: [none.yaml]\n"), "kustomization.yaml:2: none.yaml: there is neither such a file nor such a folder with a kustomization", id="a file that is not there"),
    ],
)  # fmt: skip
@pytest.mark.few(3)
def test_what_kustomize_refuses_is_refused_with_its_place(files: dict[str, str], told: str, tmp_path: Path) -> None:
    assert [str(fault) for fault in checked(files, "", tmp_path).faults] == [told]


ADD = "value: x\ntargets: [{selector: {kind: KIND}, fieldPath: spec/imageName}]\n"
INLINE = "transformers:\n- |-\n  " + builtin("AnnotationsTransformer", "annotations: {a: b}\n" + ANY).replace(
    "\n", "\n  "
)


@pytest.mark.parametrize(
    ("files", "doubt"),
    [
        pytest.param(through("ValueAddTransformer", ADD.replace("KIND", "Secret")), None, id="an addition to another kind"),
        pytest.param(through("ValueAddTransformer", ADD.replace("KIND", "Cluster")), "t.yaml:1: the ValueAddTransformer t is not understood", id="an addition"),
        pytest.param(one(INLINE), "kustomization.yaml:3: a transformer that stands inline", id="inline"),
        pytest.param(one(INLINE.replace("create: true", "create: true, kind: Secret")), None, id="inline, of another kind"),
        pytest.param(one("transformers: [t]\n") | {"t/kustomization.yaml": "resources: [l.yaml]\ncommonAnnotations: {x: z}\n", "t/l.yaml": builtin("AnnotationsTransformer", "annotations: {a: b}\n" + ANY)}, "kustomization.yaml:2: a transformer that is itself patched at t/kustomization.yaml:2", id="patched"),
        pytest.param(one("transformers: [t.yaml]\n", t=builtin("AnnotationsTransformer", "annotations: {a: 1.5}\n" + ANY)), "t.yaml:1: the value 1.5 is not understood", id="a value that is spelled in a way of its own"),
        pytest.param(one("transformers: [t.yaml]\n", t="apiVersion: example.com/v1\nkind: Stamp\nmetadata: {name: s}\n"), "t.yaml:1: the plugin Stamp s is run only where kustomize is allowed to, and what it does is not known", id="a plugin"),
        pytest.param(one("transformers: ['https://example.com/a//b?ref=v1']\n"), "kustomization.yaml:2: the transformers in https://example.com/a//b?ref=v1 were not read", id="from elsewhere"),
    ],
)  # fmt: skip
def test_doubt_is_cast_on_what_may_be_changed_and_on_nothing_else(files: dict[str, str], doubt: str | None) -> None:
    found = build_folder(FileTree(files), "")
    assert list(found.opaque.values()) == ([doubt] if doubt else [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: pg}\n", "g.yaml:1: what the generator HelmChartInflationGenerator pg makes is not known", id="a chart"),
        pytest.param("apiVersion: example.com/v1\nkind: Databases\nmetadata: {name: all}\n", "g.yaml:1: what the generator Databases all makes is not known", id="a plugin"),
    ],
)  # fmt: skip
def test_a_generator_that_is_not_understood_is_named_and_casts_no_doubt(text: str, told: str) -> None:
    found = build_folder(FileTree(one("generators: [g.yaml]\n", g=text)), "")
    assert [str(fault) for fault in found.faults] == [told]
    assert not found.opaque

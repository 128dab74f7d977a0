from __future__ import annotations

from pathlib import Path

import pytest

from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import CLUSTER, HEAD, add, inline, merge, one, patch_file

NULLS = HEAD + "spec: {a: null, b: null, c: null, d: null, e: null, keep: null, em: {}}\n"
BLANKS = HEAD + "spec:\n  a: null\n  b:\n  c: ~\n  d:\n    e:\n    f: null\n  l:\n    - x:\n    - ~\n"


@pytest.mark.parametrize(
    ("patch", "document"),
    [
        pytest.param(f"{HEAD}spec: {{instances: 1}}\n---\n# none\n---\n{HEAD}spec: {{instances: 2}}\n", CLUSTER, id="several documents"),
        pytest.param("# nothing\n", CLUSTER, id="an empty file"),
        pytest.param("---\n# c\n---\n" + HEAD + "spec: {q: 1}\n", CLUSTER, id="empty documents before it"),
        pytest.param('{"apiVersion":"postgresql.cnpg.io/v1","kind":"Cluster","metadata":{"name":"db"},"spec":{"q":1}}', CLUSTER, id="JSON"),
        pytest.param("apiVersion: v1\nkind: List\nitems:\n- apiVersion: postgresql.cnpg.io/v1\n  kind: Cluster\n  metadata: {name: db}\n  spec: {z: 1}\n", CLUSTER, id="a list of patches"),
        pytest.param(HEAD.replace("/v1", "/v2"), CLUSTER, id="another version is another object"),
        pytest.param(HEAD.replace("name: db", "name: other"), CLUSTER, id="no such object"),
        pytest.param("kind: Cluster\nspec: {a: 1}\n", CLUSTER, id="no name"),
        pytest.param("just text", CLUSTER, id="no patch at all"),
        pytest.param(HEAD + "spec: [\n", CLUSTER, id="no YAML"),
    ],
)  # fmt: skip
@pytest.mark.few(3)
def test_a_patch_file_does_what_kustomize_does(patch: str, document: str, tmp_path: Path) -> None:
    checked(patch_file(patch, document), "", tmp_path)


TARGETS = [
    "{name: d}", "{name: d.*, group: postgres.*, version: v1, kind: Clu.*}", "{name: a|db}", "{group: cnpg.io}",
    "{namespace: default}", "{namespace: ''}", "{labelSelector: '!x', annotationSelector: 'a notin (b)'}", "{}", "{name: DB}",
    "{name: '^db$'}", "{labelSelector: 'x'}", "{labelSelector: 'l=m,l in (m, n),l!=o'}", "{labelSelector: 'l=o'}",
    "{labelSelector: ''}", "{name: '[a-d]b'}", "{name: 'd{1}b+c*'}", "{version: v.}", "{name: '(d|e)(b|c)?'}", r"{name: '\w+'}",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_means_what_kustomize_takes_it_for(target: str, tmp_path: Path) -> None:
    files = one(
        "patches:\n" + add("q", target=target), HEAD.replace("name: db", "name: db, labels: {l: m}") + "spec: {}\n"
    )
    checked(files, "", tmp_path)


@pytest.mark.parametrize(
    "patches",
    [
        pytest.param(inline("apiVersion: x/v9\nkind: Foo\nmetadata: {name: other, namespace: zz, labels: {a: b}}\nspec: {z: 1}") + "  target: {kind: Cluster}\n", id="with a target the patch names nothing"),
        pytest.param(inline("kind: X\nmetadata: {name: y}\nspec: {storage: null}") + "  target: {kind: Nope}\n", id="no target"),
        pytest.param(inline("spec: {z: 1}") + "  target: {kind: Cluster}\n", id="still it needs a name"),
        pytest.param(inline("kind: X\nmetadata: {name: x}\n---\nkind: X\nmetadata: {name: y}") + "  target: {kind: Cluster}\n", id="two with one target"),
        pytest.param(inline("$patch: delete\nkind: X\nmetadata: {name: x}") + "  target: {kind: Cluster}\n", id="deletes what the target means"),
        pytest.param(inline(HEAD + "$patch: delete") + merge("{a: 1}"), id="patches what was deleted"),
        pytest.param(inline(HEAD.replace("name: db", "name: other").replace("Cluster", "Foo") + "spec: {z: 1}") + "  target: {kind: Cluster}\n  options: {allowNameChange: true, allowKindChange: true}\n", id="may change name and kind"),
        pytest.param(merge("{z: 1}", namespace="default"), id="default is not a namespace"),
        pytest.param(merge("{z: 1}", namespace="other"), id="another namespace"),
        pytest.param("- patch: '[{\"op\": \"remove\", \"path\": \"/spec\"}]'\n", id="operations without a target"),
        pytest.param("- target: {kind: Nope}\n  patch: '[{\"op\": \"remove\", \"path\": \"/spec\"}]'\n", id="operations without a match"),
        pytest.param("- path: missing.yaml\n", id="no such file"),
        pytest.param("- path: c.yaml\n  patch: x\n", id="both path and patch"),
        pytest.param("- target: {kind: Cluster}\n", id="neither"),
        pytest.param("- patch: {a: b}\n", id="no text"),
        pytest.param("- {path: c.yaml, foo: 1}\n", id="an unknown field"),
        pytest.param("- {path: c.yaml, target: {apiVersion: v1}}\n", id="an unknown field of a target"),
        pytest.param("- patch: |\n\n    [{op: add, path: /spec/q, value: 1}]\n  target: {kind: Cluster}\n", id="blank lines before brackets"),
        pytest.param("- patch: &p |-\n    " + (HEAD + "spec: {q: 1}").replace("\n", "\n    ") + "\n- patch: *p\n", id="one text twice"),
    ],
)  # fmt: skip
def test_an_entry_of_patches_does_what_kustomize_does(patches: str, tmp_path: Path) -> None:
    checked(one(f"patches:\n{patches}"), "", tmp_path)


OLD = '  patch: \'[{"op": "add", "path": "/spec/q", "value": 1}]\'\n'


@pytest.mark.parametrize(
    ("fields", "patch"),
    [
        pytest.param("patchesStrategicMerge:\n- p.yaml\n- |\n  " + (HEAD + "spec: {q: 2}").replace("\n", "\n  ") + "\n", HEAD + "spec: {q: 1}\n---\n" + HEAD + "spec: {z: 1}\n", id="merges by path and inline"),
        pytest.param("patchesStrategicMerge: [p.yaml]\n", HEAD.replace("db", "zz"), id="a merge without an object"),
        pytest.param("patchesStrategicMerge: [missing.yaml]\n", "", id="a merge without a file"),
        pytest.param("patchesJson6902:\n- target: {version: v1, kind: Nope, name: x}\n" + OLD, "", id="operations without a match"),
        pytest.param("patchesJson6902:\n- target: {group: postgresql.cnpg.io, version: v1, kind: Cluster, name: db}\n" + OLD, "", id="operations inline"),
        pytest.param("patchesJson6902:\n- target: {kind: C.*, name: d.}\n  path: p.yaml\n", "- {op: add, path: /spec/q, value: 1}\n", id="operations by path"),
        pytest.param("patchesJson6902:\n- target: {kind: C.*}\n" + OLD, "", id="operations without a name"),
        pytest.param("patchesJson6902:\n- target: {kind: Cluster, name: db}\n  path: p.yaml\n", HEAD + "spec: {q: 1}\n", id="a merge among operations"),
        pytest.param("namePrefix: pre-\nnamespace: there\npatchesJson6902:\n- target: {kind: Cluster, name: pre-db, namespace: there}\n" + OLD, "", id="operations by the new name"),
    ],
)  # fmt: skip
@pytest.mark.few(3)
def test_the_old_fields_do_what_kustomize_does(fields: str, patch: str, tmp_path: Path) -> None:
    checked(one(fields, p=patch) if patch else one(fields), "", tmp_path)

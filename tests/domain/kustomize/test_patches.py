from __future__ import annotations

from pathlib import Path

import pytest

from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import CLUSTER, HEAD, add, inline, merge, one, operations, patch_file

NULLS = HEAD + "spec: {a: null, b: null, c: null, d: null, e: null, keep: null, em: {}}\n"
BLANKS = HEAD + "spec:\n  a: null\n  b:\n  c: ~\n  d:\n    e:\n    f: null\n  l:\n    - x:\n    - ~\n"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("{new: {}, n: {a: {}}, names: [], l: [], o: {x: null, y: 1, z: {w: null}}, p: null}", id="new parts, empty parts, nulls"),
        pytest.param("{l: [null, {x: null, y: 1}]}", id="nulls in a list stay"),
        pytest.param("{instances: {a: 1}}", id="a map over a scalar is refused"),
        pytest.param("{managed: [1]}", id="a list over a map is refused"),
        pytest.param("{storage: 5}", id="a scalar over a map is refused"),
        pytest.param("{names: 5}", id="a scalar over a list is refused"),
        pytest.param("{names: null, managed: {roles: null}, storage: ~, instances: }", id="null takes away"),
        pytest.param("{storage: {size: null}}", id="a map that is emptied stays"),
        pytest.param("{storage: {}}", id="an empty map changes nothing"),
        pytest.param("{nope: null, storage: {nope: null, deep: {nope: null}}}", id="null of what is not there"),
        pytest.param("{instances: '5'}", id="a patch gives the type too"),
        pytest.param("{a: on, b: yes, c: 0644, d: 2026-01-01, e: 'on', f: 1e3, g: 0x1F, h: 10:20, i: off}", id="scalars as kustomize reads them"),
        pytest.param("{storage: {$patch: delete}, managed: {$patch: delete, x: 1}, new: {$patch: delete, x: 1}}", id="$patch: delete"),
        pytest.param("{storage: {$patch: replace, class: fast}, managed: {$patch: replace}, new: {$patch: replace, x: 1}}", id="$patch: replace"),
        pytest.param("{storage: {$patch: replace, class: null, b: {c: null, d: {$patch: delete}, e: {$patch: merge, f: 1}}}}", id="nulls and directives in what replaces"),
        pytest.param("{storage: {$patch: merge, class: fast}, new: {$patch: merge, x: 1}}", id="$patch: merge"),
        pytest.param("{n: {o: {$patch: replace, x: 1}, p: {$patch: delete, x: 1}}}", id="directives in a new map"),
        pytest.param("{storage: {$patch: bogus}}", id="an unknown directive is refused"),
        pytest.param("{$patch: replace, a: 1}", id="all of spec replaced"),
        pytest.param("{managed: {roles: [{name: app, $patch: delete}, {$patch: replace}, {name: new}]}}", id="directives in a list are values"),
        pytest.param("{$setElementOrder/names: [b], $retainKeys: [a]}", id="other directives are keys"),
        pytest.param("null", id="all of spec taken away"),
    ],
)  # fmt: skip
def test_a_strategic_merge_patch_does_what_kustomize_does(spec: str, tmp_path: Path) -> None:
    checked(patch_file(f"{HEAD}spec: {spec}\n"), "", tmp_path)


@pytest.mark.parametrize(
    ("patch", "document"),
    [
        pytest.param(f"{HEAD}$patch: delete\n", CLUSTER, id="the object deleted"),
        pytest.param(f"{HEAD}$patch: replace\nspec: {{a: 1}}\n", CLUSTER, id="the object replaced, which does nothing"),
        pytest.param(f"{HEAD}spec: {{a: {{x: 1}}, b: 1, c: [1], d: null, e: {{x: null}}}}\n", NULLS, id="onto nulls"),
        pytest.param(f"{HEAD}spec: {{z: 1}}\n", BLANKS, id="what is blank goes, what is null stays"),
        pytest.param(f"{HEAD}spec: {{z: 1}}\n---\n{HEAD}spec: {{a: {{x: 1}}, c: 1}}\n", BLANKS, id="onto nulls that a patch left"),
        pytest.param(f"{HEAD}spec: {{instances: 1}}\n---\n# none\n---\n{HEAD}spec: {{instances: 2}}\n", CLUSTER, id="several documents"),
        pytest.param(HEAD.replace("name: db", "name: db, labels: {a: b}, annotations: {x: 1, z: null}"), CLUSTER, id="labels and annotations"),
        pytest.param(HEAD.replace("name: db", "name: db, labels: null"), CLUSTER.replace("name: db", "name: db\n  labels: {a: b}"), id="labels taken away"),
        pytest.param(HEAD.replace("name: db", "name: db, annotations: {a: null}"), HEAD.replace("name: db", "name: db, annotations: {a: b}"), id="no annotation left"),
        pytest.param("# nothing\n", CLUSTER, id="an empty file"),
        pytest.param("---\n# c\n---\n" + HEAD + "spec: {q: 1}\n", CLUSTER, id="empty documents before it"),
        pytest.param('{"apiVersion":"postgresql.cnpg.io/v1","kind":"Cluster","metadata":{"name":"db"},"spec":{"q":1}}', CLUSTER, id="JSON"),
        pytest.param("apiVersion: v1\nkind: List\nitems:\n- apiVersion: postgresql.cnpg.io/v1\n  kind: Cluster\n  metadata: {name: db}\n  spec: {z: 1}\n", CLUSTER, id="a list of patches"),
        pytest.param(HEAD + "spec: {x: &a {q: 1}, y: *a, z: {<<: *a, r: 2}}\n", CLUSTER, id="anchors and merge keys"),
        pytest.param(HEAD.replace("/v1", "/v2"), CLUSTER, id="another version is another object"),
        pytest.param(HEAD.replace("name: db", "name: other"), CLUSTER, id="no such object"),
        pytest.param("kind: Cluster\nspec: {a: 1}\n", CLUSTER, id="no name"),
        pytest.param("just text", CLUSTER, id="no patch at all"),
        pytest.param(HEAD + "spec: [\n", CLUSTER, id="no YAML"),
    ],
)  # fmt: skip
def test_a_patch_file_does_what_kustomize_does(patch: str, document: str, tmp_path: Path) -> None:
    checked(patch_file(patch, document), "", tmp_path)


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param("- {op: add, path: /spec/l/-, value: c}\n- {op: add, path: /spec/l/0, value: z}\n- {op: add, path: /spec/l/4, value: e}", id="add to a list"),
        pytest.param("- {op: add, path: /spec/l/9, value: c}", id="add beyond the end"),
        pytest.param("- {op: add, path: /spec/l/-1, value: c}", id="add from the end"),
        pytest.param("- {op: replace, path: /spec/l/-1, value: c}", id="replace from the end"),
        pytest.param("- {op: remove, path: /spec/l/-2}", id="remove from the end"),
        pytest.param("- {op: remove, path: /spec/l/-3}", id="remove before the start"),
        pytest.param("- {op: add, path: /spec/l/01, value: 5}", id="a leading zero"),
        pytest.param("- {op: add, path: /spec/l/x, value: 5}", id="no index"),
        pytest.param("- {op: replace, path: /spec/l/5, value: c}", id="replace beyond the end"),
        pytest.param("- {op: remove, path: /spec/l/5}", id="remove beyond the end"),
        pytest.param("- {op: replace, path: /spec/zz, value: c}", id="replace of what is not there"),
        pytest.param("- {op: remove, path: /spec/zz}", id="remove of what is not there"),
        pytest.param("- {op: add, path: /spec/zz/y, value: c}", id="add below what is not there"),
        pytest.param("- {op: add, path: /spec/a/x, value: 5}", id="add below a scalar"),
        pytest.param("- {op: add, path: /spec/n/x, value: 5}", id="add below null"),
        pytest.param("- {op: replace, path: /spec/k~1e~0y, value: c}", id="escapes"),
        pytest.param("- {op: test, path: /spec/a, value: 1}\n- {op: replace, path: /spec/a, value: 2}", id="a test that holds"),
        pytest.param("- {op: test, path: /spec/a, value: 2}", id="a test that fails"),
        pytest.param("- {op: test, path: /spec/a, value: true}", id="a test of another type"),
        pytest.param("- {op: test, path: /spec/zz, value: null}\n- {op: test, path: /spec/n}\n- {op: test, path: /spec/a, value: 1.0}\n- {op: test, path: /spec/m, value: {x: 1}}", id="lax tests"),
        pytest.param("- {op: move, from: /spec/a, path: /spec/b}\n- {op: copy, from: /spec/m, path: /spec/m2}\n- {op: replace, path: /spec/m2/x, value: 3}", id="move and copy"),
        pytest.param("- {op: move, from: /spec/zz, path: /spec/b}", id="move of nothing"),
        pytest.param("- {op: copy, from: /spec/zz, path: /spec/b}", id="copy of nothing"),
        pytest.param("- {op: move, from: /spec/l/0, path: /spec/l/1}\n- {op: copy, from: /spec/l/0, path: /spec/l/-}", id="in one list"),
        pytest.param("- {op: move, from: /spec/m, path: /spec/m/x/y}", id="into itself"),
        pytest.param("- {op: add, path: /spec/a}\n- {op: replace, path: /spec/m, value: null}", id="no value is null"),
        pytest.param("- {op: add, path: /spec/d, value: 2026-01-01}\n- {op: add, path: /spec/y, value: y}\n- {op: add, path: /spec/q, value: {y: n, on: off, 1: 2}}", id="scalars as JSON6902 patches have them"),
        pytest.param("- {op: add, path: /spec/big, value: 9007199254740993}", id="a number that JSON rounds"),
        pytest.param("- {op: bogus, path: /spec/a, value: 1}", id="no such operation"),
        pytest.param("- {path: /spec/a, value: 1}", id="no operation"),
        pytest.param("- {op: add, value: 1}", id="no path"),
        pytest.param("- {op: add, path: top, value: 1}", id="a path without a slash"),
        pytest.param("- {op: add, path: '', value: 1}", id="the whole object"),
        pytest.param("- {op: add, path: /spec/, value: 5}", id="an empty key"),
        pytest.param("- {op: add, path: /spec/a, value: 5, extra: 1}", id="an unknown field"),
        pytest.param("{op: add, path: /spec/a, value: 5}", id="no list"),
        pytest.param("[]", id="no operations"),
        pytest.param("[{op: add, path: /spec/q, value: 1}]", id="in brackets it has to be JSON"),
        pytest.param("# c\n[{op: add, path: /spec/q, value: 1}]", id="in brackets behind a comment"),
        pytest.param('[{"op": "add", "path": "/spec/q", "value": [1, {"a": null}]}]', id="JSON"),
        pytest.param("---\n- {op: add, path: /spec/q, value: 1}\n---\n- {op: add, path: /spec/r, value: 1}\n", id="only the first document counts"),
        pytest.param("- {op: replace, path: /metadata/name, value: other}", id="the name"),
        pytest.param("- {op: replace, path: /kind, value: Pooler}", id="the kind"),
        pytest.param("- {op: remove, path: /metadata/name}", id="no name left"),
        pytest.param("- {op: add, path: /metadata/namespace, value: there}", id="the namespace"),
        pytest.param("- {op: remove, path: /metadata/namespace}", id="no namespace to take away"),
        pytest.param("- {op: add, path: /metadata/annotations/x, value: 5}\n- {op: add, path: /metadata/annotations/t, value: 'y'}", id="annotations are always there"),
        pytest.param("- {op: add, path: /metadata/labels/x, value: a}", id="labels are not"),
        pytest.param("- {op: remove, path: /metadata/annotations}", id="all annotations"),
    ],
)  # fmt: skip
def test_a_json6902_patch_does_what_kustomize_does(operation: str, tmp_path: Path) -> None:
    checked(operations(operation), "", tmp_path)


@pytest.mark.parametrize("patches", [[], [add("q", 1)]], ids=["as written", "after operations, which write it anew"])
def test_what_is_merged_into_quotes_becomes_a_string(patches: list[str], tmp_path: Path) -> None:
    texts = [
        "'on'",
        '"5"',
        "x",
        "on",
        "'x'",
        "|\n    abc",
        "'a: b'",
        "''",
        "'10:20'",
        "'2026-01-01'",
        "'y'",
        "' x'",
        "é",
        "'a b'",
        "'#'",
        "5",
        "'null'",
        "'-'",
        "'- x'",
        "'x:'",
        "'~'",
        "'1_0'",
        "'.inf'",
    ]
    news = ["0", "true", "'y'", "on", "2026-01-01", "1.50", "0644", "True"]
    document = (
        HEAD + "spec:\n" + "".join(f"  a{i}_{j}: {text}\n" for i, text in enumerate(texts) for j in range(len(news)))
    )
    spec = "".join(f"\n  a{i}_{j}: {new}" for i in range(len(texts)) for j, new in enumerate(news))
    checked(one("patches:\n" + "".join(patches) + merge(spec), document), "", tmp_path)


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
        pytest.param(merge("{z: 1}", namespace="default"), id="default is no namespace"),
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
def test_the_old_fields_do_what_kustomize_does(fields: str, patch: str, tmp_path: Path) -> None:
    checked(one(fields, p=patch) if patch else one(fields), "", tmp_path)

from __future__ import annotations

import pytest

from gitops_mcp.domain.kustomize import Build, FileTree, Layer, Produced, Section, Word, build_files, build_folder
from gitops_mcp.domain.objects import Path, at
from tests.domain.kustomize.standing import changed, own
from tests.domain.kustomize.trees import CLUSTER, COMPONENT, CONFIG, HEAD, POOLER, add, merge, one

BASE = {"b/c.yaml": f"# the base\n{CLUSTER}", "b/kustomization.yaml": "resources: [c.yaml]\n"}


def only(found: Build) -> Produced:
    assert found.faults == ()
    assert found.opaque == {}
    (produced,) = found.produced
    return produced


def said(produced: Produced, *path: str | int) -> tuple[str, str, int, Path, bool]:
    """Of a field: the kind, file and line of the layer with the last word, where it stands there, and whether as it is."""
    word = produced.word(path)
    assert word is not None
    layer = produced.layers[word.layer]
    return layer.kind, layer.path, layer.line, word.path, word.literal


def test_a_plain_document_has_every_word() -> None:
    produced = only(build_folder(FileTree(BASE), "b"))
    assert produced.layers == (Layer("document", "b/c.yaml", 0, (), None, 2, "b"),)
    assert produced.words == {
        ("apiVersion",): Word(0, ("apiVersion",), literal=True),
        ("kind",): Word(0, ("kind",), literal=True),
        ("metadata", "name"): Word(0, ("metadata", "name"), literal=True),
        ("spec", "instances"): Word(0, ("spec", "instances"), literal=True),
        ("spec", "storage", "size"): Word(0, ("spec", "storage", "size"), literal=True),
        ("spec", "names"): Word(0, ("spec", "names"), literal=True),
        ("spec", "managed", "roles"): Word(0, ("spec", "managed", "roles"), literal=True),
    }
    assert produced.word(("spec", "managed", "roles", 1, "name")) == Word(
        0, ("spec", "managed", "roles", 1, "name"), literal=True
    )
    assert produced.word(("spec", "storage")) is None
    assert produced.word(("spec", "nope")) is None
    assert produced.cuts == {}


def test_the_items_of_a_list_know_their_document_and_place() -> None:
    item = "\n".join(f"    {line}" for line in CLUSTER.splitlines())
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x}}\n---\nkind: List\nitems:\n  - kind: Foo\n    metadata: {{name: y}}\n  -\n{item}\n"
    produced = only(build_folder(FileTree(one("", text)), ""))
    assert produced.layers == (Layer("document", "c.yaml", 1, ("items", 1), None, 10, ""),)
    assert own(one("", text), produced.layers[0], ("spec", "instances")) == 3


def test_an_overlay_is_named_layer_by_layer() -> None:
    files = {
        **BASE,
        "k/kustomization.yaml": COMPONENT + "patches:\n" + add("instances", 4),
        "o/kustomization.yaml": (
            "# comment\nnamespace: prod\nnamePrefix: a-\nnameSuffix: -b\nresources: [../b]\ncomponents: [../k]\n"
            "labels:\n- pairs: {team: x}\ncommonLabels: {app: web}\ncommonAnnotations: {note: z}\n"
            f"patches:\n- path: p.yaml\n{merge('{instances: 5}')}"
        ),
        "o/p.yaml": f"# patches\n---\n{HEAD}spec: {{storage: {{class: fast}}}}\n---\n# second\n{HEAD}spec: {{names: [c]}}\n",
    }
    produced = only(build_folder(FileTree(files), "o"))
    assert [(layer.kind, layer.place, layer.base, layer.inner, layer.folder) for layer in produced.layers] == [
        ("document", "b/c.yaml:2", (), None, "b"),
        ("json patch", "k/kustomization.yaml:5", ("patches", 0, "patch"), 0, "k"),
        ("merge patch", "o/p.yaml:3", (), None, "o"),
        ("merge patch", "o/p.yaml:9", (), None, "o"),
        ("merge patch", "o/kustomization.yaml:14", ("patches", 1, "patch"), 0, "o"),
        ("namespace", "o/kustomization.yaml:2", ("namespace",), None, "o"),
        ("name", "o/kustomization.yaml:3", ("namePrefix",), None, "o"),
        ("name", "o/kustomization.yaml:4", ("nameSuffix",), None, "o"),
        ("label", "o/kustomization.yaml:8", ("labels", 0), None, "o"),
        ("label", "o/kustomization.yaml:9", ("commonLabels",), None, "o"),
        ("annotation", "o/kustomization.yaml:10", ("commonAnnotations",), None, "o"),
    ]
    assert produced.layers[3].document == 1
    assert said(produced, "spec", "instances") == (
        "merge patch",
        "o/kustomization.yaml",
        14,
        ("spec", "instances"),
        True,
    )
    assert said(produced, "spec", "storage", "size")[:2] == ("document", "b/c.yaml")
    assert said(produced, "spec", "storage", "class") == (
        "merge patch",
        "o/p.yaml",
        3,
        ("spec", "storage", "class"),
        True,
    )
    assert said(produced, "spec", "names") == ("merge patch", "o/p.yaml", 9, ("spec", "names"), True)
    assert said(produced, "metadata", "namespace") == ("namespace", "o/kustomization.yaml", 2, (), True)
    assert said(produced, "metadata", "name") == ("name", "o/kustomization.yaml", 4, (), False)
    assert said(produced, "metadata", "labels", "team")[3:] == (("pairs", "team"), True)
    assert said(produced, "metadata", "labels", "app")[3:] == (("app",), True)
    assert said(produced, "metadata", "annotations", "note")[3:] == (("note",), True)
    for path, word in produced.words.items():
        if word.literal:
            assert own(files, produced.layers[word.layer], word.path) == at(produced.object, *path)


def test_a_list_that_operations_change_says_where_each_item_stands() -> None:
    operations = """- {op: add, path: /spec/managed/roles/0, value: {name: new, login: false}}
- {op: replace, path: /spec/managed/roles/1/login, value: false}
- {op: add, path: /spec/managed/roles/-, value: {name: last}}
"""
    files = one("patches: [{path: p.yaml, target: {kind: Cluster}}]\n", p=operations)
    produced = only(build_folder(FileTree(files), ""))
    roles: Path = ("spec", "managed", "roles")
    assert {path: word for path, word in produced.words.items() if path[:3] == roles} == {
        roles: Word(0, roles, literal=True),
        (*roles, 0): Word(1, (0, "value"), literal=True),
        (*roles, 1): Word(0, (*roles, 0), literal=True),
        (*roles, 2): Word(0, (*roles, 1), literal=True),
        (*roles, 3): Word(1, (2, "value"), literal=True),
        (*roles, 1, "login"): Word(1, (1, "value"), literal=True),
    }
    assert dict(produced.below((*roles, 1))) == {
        (*roles, 1): Word(0, (*roles, 0), literal=True),
        (*roles, 1, "login"): Word(1, (1, "value"), literal=True),
    }
    assert produced.word((*roles, 2, "name")) == Word(0, (*roles, 1, "name"), literal=True)
    assert produced.word((*roles, 0, "name")) == Word(1, (0, "value", "name"), literal=True)


def test_an_item_that_is_taken_away_moves_the_rest() -> None:
    files = one("patches:\n- target: {kind: Cluster}\n  patch: |\n    - {op: remove, path: /spec/names/0}\n")
    produced = only(build_folder(FileTree(files), ""))
    names: Path = ("spec", "names")
    assert produced.object["spec"]["names"] == ["b"]
    assert produced.word((*names, 0)) == Word(0, (*names, 1), literal=True)
    assert produced.cuts[names] == Word(1, (0,), literal=True)


def test_what_a_layer_hides_is_named() -> None:
    patch = HEAD + "spec: {storage: {$patch: replace, class: fast}, managed: null, bootstrap: {recovery: null}}\n"
    files = one("patches: [{path: p.yaml}]\n", p=patch)
    produced = only(build_folder(FileTree(files), ""))
    assert produced.cuts == {
        ("spec", "storage"): Word(1, ("spec", "storage"), literal=True),
        ("spec", "managed"): Word(1, ("spec", "managed"), literal=True),
        ("spec", "bootstrap", "recovery"): Word(1, ("spec", "bootstrap", "recovery"), literal=True),
    }
    assert produced.object["spec"]["storage"] == {"class": "fast"}
    assert produced.word(("spec", "bootstrap")) == Word(1, ("spec", "bootstrap"), literal=True)


def test_what_comes_back_still_hides_what_earlier_layers_say_below() -> None:
    files = one("patches:\n" + merge("{storage: null}") + merge("{storage: {size: 2Gi}}"))
    produced = only(build_folder(FileTree(files), ""))
    assert produced.cuts == {("spec", "storage"): Word(1, ("spec", "storage"), literal=True)}
    assert said(produced, "spec", "storage", "size")[1:4] == ("kustomization.yaml", 9, ("spec", "storage", "size"))


def test_what_is_copied_or_made_is_no_literal() -> None:
    files = one(
        "namePrefix: x-\nimages: [{name: x/y, newTag: '2'}]\npatches:\n- target: {kind: Pooler}\n  patch: |\n    - {op: copy, from: /spec/imageName, path: /spec/other}\n",
        POOLER,
    )
    produced = only(build_folder(FileTree(files), ""))
    assert said(produced, "spec", "other")[3:] == ((0,), False)
    image: Path = ("spec", "template", "spec", "containers", 0, "image")
    assert said(produced, *image) == ("images", "kustomization.yaml", 3, (), False)
    assert produced.word(image[:-1]) == Word(0, image[:-1], literal=True)


def test_a_replacement_names_its_source() -> None:
    files = one(
        "replacements:\n- source: {kind: ConfigMap, fieldPath: data.n}\n  targets:\n  - select: {kind: Cluster}\n    fieldPaths: [spec.instances]\n",
        f"{CONFIG}---\n{CLUSTER}",
    )
    produced = only(build_folder(FileTree(files), ""))
    assert said(produced, "spec", "instances") == ("replacement", "kustomization.yaml", 3, (), False)
    assert produced.layers[1].source == "ConfigMap cfg data.n (c.yaml:1)"


def test_an_engine_adds_to_the_kustomization_of_the_folder_only() -> None:
    flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\nspec:\n  targetNamespace: flux\n  patches:\n    - target: {kind: Cluster}\n      patch: |\n        - op: replace\n          path: /spec/instances\n          value: 7\n"
    files = {**BASE, "o/kustomization.yaml": "resources: [../b]\nnamespace: own\n", "ks.yaml": flux}
    spec = {
        "namespace": "flux",
        "patches": [{"target": {"kind": "Cluster"}, "patch": "- op: replace\n  path: /spec/instances\n  value: 7\n"}],
    }
    extra = Section("ks.yaml", 0, ("spec",), spec, {("namespace",): ("targetNamespace",)})
    produced = only(build_folder(FileTree(files), "o", extra=(extra,)))
    assert produced.identity.namespace == "flux"
    assert said(produced, "metadata", "namespace") == ("namespace", "ks.yaml", 5, (), True)
    assert produced.layers[2].base == ("spec", "targetNamespace")
    assert said(produced, "spec", "instances") == ("json patch", "ks.yaml", 9, (0, "value"), True)
    assert own(files, produced.layers[1], (0, "value")) == 7
    assert only(build_folder(FileTree(files), "o")).identity.namespace == "own"


def test_files_are_built_without_a_kustomization() -> None:
    files = {"a/x.yaml": CLUSTER, "a/y/z.yaml": CLUSTER.replace("name: db", "name: other")}
    extra = Section("ks.yaml", 0, ("spec",), {"namespace": "flux"})
    found = build_files(FileTree({**files, "ks.yaml": "spec: {namespace: flux}\n"}), "a", tuple(files), extra=(extra,))
    assert [str(one.identity) for one in found.produced] == ["Cluster flux/db", "Cluster flux/other"]
    assert [one.layers[0].path for one in found.produced] == ["a/x.yaml", "a/y/z.yaml"]


@pytest.mark.parametrize("quote", ["|", "|-", ">-", '"'])
def test_inline_text_can_be_changed_where_it_stands(quote: str) -> None:
    text = HEAD + "spec:\n  instances: 5\n"
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    if quote == ">-":
        lines = lines.replace("\n", "\n\n")
    written = f'"{text}"'.replace("\n", "\\n") if quote == '"' else f"{quote}\n{lines}"
    files = one(f"patches:\n- patch: {written}\n")
    produced = only(build_folder(FileTree(files), ""))
    word = produced.words["spec", "instances"]
    layer = produced.layers[word.layer]
    assert layer.line == (4 if quote[0] == "|" else 3)
    after = changed(files, layer, word.path, 6)
    assert only(build_folder(FileTree(after), "")).object["spec"] == {**produced.object["spec"], "instances": 6}

from __future__ import annotations

from pathlib import Path

import pytest

from gitops_mcp.domain.kustomize import FileTree, build_folder
from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.trees import CLUSTER, CONFIG, merge, one

NUMBER = "source: {kind: ConfigMap, name: cfg, fieldPath: data.n}"
CREATE = "options: {create: true}"


def replacement(
    source: str, target: str, *, before: str = "", document: str = CONFIG + "---\n" + CLUSTER
) -> dict[str, str]:
    return one(f"{before}replacements:\n- {source}\n  targets:\n  - {target}\n", document)


def cluster(*fields: str, options: str = "") -> str:
    listed = ", ".join(f"'{field}'" for field in fields)
    return f"select: {{kind: Cluster}}\n    fieldPaths: [{listed}]\n" + (f"    {options}\n" if options else "")


def config(field: str, options: str = "") -> str:
    return f"source: {{kind: ConfigMap, name: cfg, fieldPath: data.{field}{options}}}"


def own(field: str) -> str:
    return f"source: {{kind: Cluster, fieldPath: '{field}'}}"


def extended(text: str) -> str:
    return f"{CONFIG}---\n{CLUSTER}{text}"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(replacement(NUMBER, cluster("spec.instances")), id="a text keeps the type of a number"),
        pytest.param(replacement(NUMBER, cluster("spec.new.x", options=CREATE)), id="a new field is typed by its text"),
        *(pytest.param(replacement(config(field), cluster("spec.new", options=CREATE)), id=f"a new field from {field}") for field in ("yes", "bool", "hex", "none", "s")),
        pytest.param(replacement(NUMBER, cluster("spec.new.x")), id="a field that is not there"),
        pytest.param(replacement("source: {kind: Namespace, fieldPath: metadata.name}", cluster("spec.new", options=CREATE), before="namespace: shop\n", document=f"{CLUSTER}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: any}}\n"), id="from a Namespace that is renamed"),
        pytest.param(replacement("source: {kind: Namespace, name: any, fieldPath: metadata.name}", cluster("spec.new", options=CREATE), before="namespace: shop\n", document=f"{CLUSTER}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: any}}\n"), id="from that, by the name that it had"),
        pytest.param(replacement(config("hex"), cluster("spec.instances")), id="a number in another notation"),
        pytest.param(replacement(config("s"), cluster("spec.instances")), id="a text where a number stands"),
        pytest.param(replacement(NUMBER, cluster("spec.x"), document=extended("  x: null\n")), id="onto null"),
        pytest.param(replacement(NUMBER, cluster("spec.x"), document=extended("  x: 1.5\n")), id="onto a float"),
        pytest.param(replacement(config("bool"), cluster("spec.x"), document=extended("  x: on\n")), id="onto a word"),
        pytest.param(replacement(NUMBER, cluster("spec.storage")), id="onto a map"),
        pytest.param(replacement(NUMBER, cluster("spec.names")), id="onto a list"),
        pytest.param(replacement("source: {kind: ConfigMap, name: none}", cluster("spec.x")), id="no source"),
        pytest.param(replacement(config("none2"), cluster("spec.instances")), id="no field of the source"),
        pytest.param(replacement(NUMBER, "select: {kind: Foo}\n    fieldPaths: [spec.x]\n"), id="no target"),
        pytest.param(replacement(config("s", ", options: {delimiter: '-', index: 1}"), cluster("spec.names.0")), id="a part of the source"),
        pytest.param(replacement(config("s", ", options: {delimiter: '-', index: 7}"), cluster("spec.names.0")), id="no such part"),
        *(pytest.param(replacement(NUMBER, cluster("spec.storage.size", options=f"options: {{delimiter: G, index: {index}}}")), id=f"part {index} of the target") for index in (0, -1, 9)),
        pytest.param(replacement(NUMBER, cluster("spec.managed.roles.1.name", "spec.names.0")), id="items by index"),
        pytest.param(replacement(NUMBER, cluster("spec.managed.roles.[name=ro].name")), id="an item by its name"),
        pytest.param(replacement(NUMBER, cluster("spec.managed.roles.[name=.o].new", options=CREATE)), id="an item by a pattern"),
        pytest.param(replacement(NUMBER, cluster("spec.managed.roles.[name=p].name")), id="an item by a part of its name"),
        pytest.param(replacement(NUMBER, cluster("spec.managed.roles.[name=zz].login")), id="no such item"),
        pytest.param(replacement(NUMBER, cluster("spec.managed.roles.*.name")), id="all items"),
        pytest.param(replacement(config("bool"), cluster("spec.managed.roles.*.login")), id="all items that have it"),
        pytest.param(replacement(NUMBER, cluster("spec.names.-")), id="behind the last"),
        pytest.param(replacement(NUMBER, cluster("spec.names.5", options=CREATE)), id="beyond the last"),
        pytest.param(replacement(NUMBER, cluster("spec.instances.x")), id="below a scalar"),
        pytest.param(replacement(NUMBER, cluster("metadata.annotations.[x.y/z]", r"metadata.annotations.a\.b/c", options=CREATE)), id="keys with dots"),
        pytest.param(replacement(own("spec.storage"), cluster("spec.walStorage", "spec.names", options=CREATE)), id="a map"),
        pytest.param(replacement(own("spec.names"), cluster("spec.more", options=CREATE)), id="a list"),
        pytest.param(replacement(own("spec.empty"), cluster("spec.more", options=CREATE), document=extended("  empty: {}\n")), id="an empty map"),
        pytest.param(replacement(own("spec.instances"), cluster("spec.max", options=CREATE)), id="a number"),
        pytest.param(replacement(own("spec.managed.roles.0.login"), cluster("spec.names.0")), id="a boolean onto a text"),
        pytest.param(replacement(own("spec.managed.roles.[name=ro].name"), cluster("spec.names.0")), id="from an item by its name"),
        pytest.param(replacement(own("spec.managed.roles.*.name"), cluster("spec.names.0")), id="from all items"),
        pytest.param(replacement("source: {kind: ConfigMap}", "select: {kind: Cluster}\n"), id="names by default"),
        pytest.param(replacement("source: {name: .*, fieldPath: metadata.name}", cluster("spec.max", options=CREATE)), id="a source knows no patterns"),
        pytest.param(replacement("source: {fieldPath: metadata.name}", cluster("spec.max", options=CREATE)), id="a source that is two objects"),
        pytest.param(replacement(NUMBER, "select: {kind: Clus.*, name: d.}\n    fieldPaths: [spec.instances]\n"), id="a target by patterns"),
        pytest.param(replacement(NUMBER, "select: {kind: Cluster}\n    reject: [{name: d.}]\n    fieldPaths: [spec.instances]\n"), id="a rejected target"),
        pytest.param(replacement(NUMBER, "select: {labelSelector: 'a=b'}\n    fieldPaths: [spec.instances]\n"), id="a target by its labels"),
        pytest.param(replacement(NUMBER, "select: {}\n    fieldPaths: [spec.instances]\n"), id="all objects"),
        pytest.param(replacement("sourceValue: '7'", cluster("spec.instances")), id="a value that is written out"),
        pytest.param(replacement(f"sourceValue: '7'\n  {NUMBER}", cluster("spec.instances")), id="both"),
        pytest.param(replacement(config("n").replace("cfg,", "cfg, namespace: default,"), "select: {kind: Cluster, namespace: default}\n    fieldPaths: [spec.instances]\n"), id="default as a namespace"),
        pytest.param(replacement(config("n").replace("cfg,", "cfg, namespace: default,"), "select: {kind: Cluster, namespace: default}\n    fieldPaths: [spec.instances]\n", before="namespace: prod\n"), id="default as the former namespace"),
        pytest.param(replacement("source: {kind: ConfigMap, name: cfg, fieldPath: metadata.name}", "select: {kind: Cluster, name: db}\n    fieldPaths: [spec.x]\n    options: {create: true}\n", before="namePrefix: p-\nnamespace: prod\n"), id="by the first names, the present value"),
        pytest.param(replacement("source: {kind: ConfigMap, name: p-cfg, namespace: prod, fieldPath: metadata.name}", "select: {kind: Cluster, name: p-db, namespace: prod}\n    fieldPaths: [spec.x, metadata.name]\n    options: {create: true}\n", before="namePrefix: p-\nnamespace: prod\n"), id="by the present names"),
        pytest.param(replacement(NUMBER, cluster("spec.instances"), before="patches:\n" + merge("{instances: 9}")), id="after patches"),
        pytest.param(replacement(NUMBER, cluster("spec.instances"), document=CONFIG.replace("name: cfg", "name: cfg, annotations: {config.kubernetes.io/local-config: 'true'}") + "---\n" + CLUSTER), id="from a local object"),
        pytest.param(replacement("source: {kind: ConfigMap, name: gen, fieldPath: data.n}", cluster("spec.instances"), before="configMapGenerator:\n- name: gen\n  literals: [n=9, 'm=\"x\"']\n"), id="from a generated object"),
        pytest.param(one("replacements: [{path: r.yaml}]\n", CONFIG + "---\n" + CLUSTER, r=f"- {NUMBER}\n  targets:\n  - {cluster('spec.instances')}- {config('s')}\n  targets:\n  - {cluster('spec.names.1')}"), id="by path"),
        pytest.param(one("replacements: [{path: none.yaml}]\n", CONFIG + "---\n" + CLUSTER), id="no such file"),
    ],
)  # fmt: skip
@pytest.mark.few(20)
def test_a_replacement_does_what_kustomize_does(files: dict[str, str], tmp_path: Path) -> None:
    checked(files, "", tmp_path)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        pytest.param(replacement(NUMBER, cluster("spec.managed.roles.[name=zz].login", options=CREATE)), "the step [name=zz]", id="an item that would be added"),
        pytest.param(replacement(own("spec.instances"), cluster("spec.names.0"), document=extended("  x: 0644\n")), "a number that is not written as it comes out", id="a number that may be written otherwise"),
        pytest.param(replacement("source: {kind: Secret, fieldPath: data.n}", cluster("spec.names.0"), before="secretGenerator: [{name: s, literals: [n=1]}]\n"), "of which it is not known what it holds", id="a generated secret"),
    ],
)  # fmt: skip
def test_a_replacement_that_is_not_understood_marks_its_targets(files: dict[str, str], reason: str) -> None:
    built = build_folder(FileTree(files), "")
    assert [reason in str(fault) for fault in built.faults] == [True]
    assert not built.faults[0].fatal
    assert reason in built.opaque[0]

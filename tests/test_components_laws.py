"""What holds for every edit where many Flux Kustomizations use one component, and a parent may patch all of them.

What each Kustomization makes is built here anew: its own fields, or what the parent puts in their place, are written
into the kustomization of its folder, as Flux does, and that is built and filled in.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.objects import Object, Path, at
from gitops_mcp.errors import GitOpsError
from tests.conftest import examples
from tests.drawn import drawn
from tests.layouts_adapter import Asked, Environment, Repository, Tree, planned
from tests.test_layouts import edited
from tests.test_layouts_laws import REMOTE, VARIABLE, applied

CLUSTER: Object = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "${APP}"},
    "spec": {"instances": 3, "storage": {"size": "10Gi"}},
}
PARENT: Object = {
    "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
    "kind": "Kustomization",
    "metadata": {"name": "apps", "namespace": "flux-system"},
    "spec": {"path": "./apps", "prune": True, "sourceRef": {"kind": "GitRepository", "name": "fleet"}},
}
SOURCE: Object = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "GitRepository",
    "metadata": {"name": "fleet", "namespace": "flux-system"},
    "spec": {"url": REMOTE, "ref": {"branch": "main"}},
}
FIELDS: tuple[tuple[Path, Any], ...] = (
    (("spec", "instances"), 5),
    (("spec", "storage", "size"), "40Gi"),
    (("spec", "logLevel"), "debug"),
)


def dumped(*values: Object) -> bytes:
    return yaml.safe_dump_all(values, sort_keys=False).encode()


def patch(spec: Object, name: str = "${APP}") -> Object:
    return {**CLUSTER, "metadata": {"name": name}, "spec": spec}


specs: st.SearchStrategy[Object] = st.sampled_from(
    [{"instances": 2}, {"storage": {"size": "20Gi"}}, {"logLevel": "info"}]
)


@st.composite
def entries(draw: st.DrawFn) -> list[Object]:
    """Of `spec.patches`: for whatever a selector means, or by name."""
    text = yaml.safe_dump(patch(draw(specs)))
    other = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: _}\nspec: {timeout: 10m}\n"
    choices = [
        {"patch": text},
        {"patch": text, "target": {"kind": "Cluster"}},
        {"patch": other, "target": {"kind": "HelmRelease"}},
    ]
    return [draw(st.sampled_from(choices))]


@st.composite
def repositories(draw: st.DrawFn) -> Tree:
    tree = {"flux/source.yaml": dumped(SOURCE)}
    tree["components/pg/cluster.yaml"] = dumped(CLUSTER)
    component: Object = {
        "apiVersion": "kustomize.config.k8s.io/v1alpha1",
        "kind": "Component",
        "resources": ["cluster.yaml"],
    }
    if draw(st.booleans()):
        component["patches"] = [{"patch": yaml.safe_dump(patch(draw(specs)))}]
    tree["components/pg/kustomization.yaml"] = dumped(component)
    parent: Object = {**PARENT, "spec": dict(PARENT["spec"])}
    if draw(st.booleans()):
        injected = {**PARENT, "metadata": {"name": "_"}, "spec": {"patches": draw(entries())}}
        parent["spec"]["patches"] = [
            {
                "patch": yaml.safe_dump(injected),
                "target": {"group": "kustomize.toolkit.fluxcd.io", "kind": "Kustomization"},
            }
        ]
    tree["flux/apps.yaml"] = dumped(parent)
    for name in draw(st.lists(st.sampled_from(["one", "two", "three"]), min_size=1, max_size=3, unique=True)):
        spec: Object = {
            "path": f"./apps/{name}/app",
            "prune": True,
            "sourceRef": {"kind": "GitRepository", "name": "fleet"},
            "targetNamespace": name,
            "components": ["../../../components/pg"],
            "postBuild": {"substitute": {"APP": name}},
        }
        if draw(st.booleans()):
            spec["patches"] = draw(entries())
        own: Object = {"resources": ["cm.yaml"]}
        if draw(st.booleans()):
            own["patches"] = [{"patch": yaml.safe_dump(patch(draw(specs)))}]
        ks = {**PARENT, "metadata": {"name": name, "namespace": "flux-system"}, "spec": spec}
        tree |= {
            f"apps/{name}/ks.yaml": dumped(ks),
            f"apps/{name}/kustomization.yaml": dumped({"resources": ["ks.yaml"]}),
            f"apps/{name}/app/cm.yaml": dumped({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}),
            f"apps/{name}/app/kustomization.yaml": dumped(own),
        }
    return tree


def live(tree: Tree) -> dict[str, Object]:
    """By the Kustomization that makes it, each Cluster as it is applied."""
    found = {}
    parent = yaml.safe_load(tree["flux/apps.yaml"])["spec"].get("patches")
    injected = yaml.safe_load(parent[0]["patch"])["spec"] if parent else {}
    for path in sorted(tree):
        if not path.endswith("/ks.yaml"):
            continue
        ks = yaml.safe_load(tree[path])
        spec = {**ks["spec"], **injected}
        folder = posixpath.normpath(spec["path"])
        own = yaml.safe_load(tree[f"{folder}/kustomization.yaml"])
        for field in ("patches", "components"):
            own[field] = [*own.get(field, []), *spec.get(field, [])]
        own["namespace"] = spec["targetNamespace"]
        files = {each: data.decode() for each, data in tree.items()} | {
            f"{folder}/kustomization.yaml": yaml.safe_dump(own)
        }
        built = kustomize.build_folder(kustomize.FileTree(files), folder, loads="any")
        assert not [fault for fault in built.faults if fault.fatal], built.faults
        (found[ks["metadata"]["name"]],) = (applied(dict(one.object), spec) for one in built.produced)
    return found


def answered(tree: Tree, asked: Asked) -> Mapping[str, bytes | None] | GitOpsError:
    try:
        return planned(tree, asked)
    except GitOpsError as error:
        return error


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_an_edit_reaches_the_one_user_of_a_component_that_was_asked_for(data: st.DataObject) -> None:
    tree = data.draw(repositories())
    before = live(tree)
    name = data.draw(st.sampled_from(sorted(before)))
    path, value = data.draw(st.sampled_from(FIELDS))
    asked = Asked(
        "set",
        {"name": name, "namespace": name, "path": list(path), "value": value},
        Environment("all", ""),
        Repository((REMOTE,)),
    )
    edits = answered(tree, asked)
    if isinstance(edits, GitOpsError):
        drawn("refused")
        # What a parent puts there for all has the last word, in all that it selects.
        assert "patches" in yaml.safe_load(tree["flux/apps.yaml"])["spec"], edits
        assert "is at apps/" in str(edits) or "by a patch that is not in apps/" in str(edits)
        return
    drawn("edited")
    assert not [found for found in edits if found.startswith("components/") and len(before) > 1]
    after = live(edited(tree, edits))
    assert after.keys() == before.keys()
    for each, was in before.items():
        if each != name:
            assert after[each] == was
    assert at(after[name], *path) == value
    expected = before[name]
    at(expected, *path[:-1])[path[-1]] = value
    assert after[name] == expected
    assert Counter(VARIABLE.findall(str(tree))) <= Counter(VARIABLE.findall(str(edited(tree, edits))))

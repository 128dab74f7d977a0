"""What a Flux Kustomization changes in the engine objects that it applies itself."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.declared import find_engine_objects
from tests.domain.engines.flux.test_kustomizations import REMOTE, found, kustomization
from tests.domain.repository.test_build import REMOTE as FLEET
from tests.domain.repository.test_build import SOURCE, flux, listing


@pytest.mark.parametrize(
    ("kustomizations", "namespace"),
    [
        pytest.param({"apps/kustomization.yaml": "namespace: a\nresources: [ks.yaml]\n"}, "a", id="lists the file"),
        pytest.param(
            {"apps/kustomization.yaml": "namespace: a\nresources: [other.yaml]\n"}, "flux-system", id="does not"
        ),
        pytest.param(
            {
                "apps/kustomization.yaml": "namespace: a\nresources: [./ks.yaml]\n",
                "kustomization.yml": "namespace: b\nresources: [apps]\n",
            },
            "b",
            id="the outermost wins",
        ),
        pytest.param({"kustomization.yaml": "namespace: a\nresources: [apps/ks.yaml]\n"}, "a", id="from above"),
    ],
)
def test_the_kustomization_that_lists_an_engine_object_gives_it_its_namespace(
    kustomizations: dict[str, str], namespace: str
) -> None:
    assert found({"apps/ks.yaml": kustomization("path: x"), **kustomizations}).namespace == namespace


@pytest.mark.parametrize(
    ("target", "applies"),
    [
        pytest.param("{kind: Kustomization}", True, id="by kind"),
        pytest.param("{group: kustomize.toolkit.fluxcd.io, kind: Kustom.*, name: sh.p}", True, id="by patterns"),
        pytest.param("{kind: Kustomization, labelSelector: 'plain notin (true)'}", True, id="by a label it has not"),
        pytest.param("{kind: Kustomization, labelSelector: 'plain'}", False, id="by a label it lacks"),
        pytest.param("{kind: Kustomization, labelSelector: '!plain, plain!=x'}", True, id="by the lack of a label"),
        pytest.param("{kind: HelmRelease}", False, id="another kind"),
        pytest.param("{kind: Kustomization, name: sho}", False, id="a part of the name"),
    ],
)
def test_the_kustomization_above_patches_the_ones_that_it_applies(target: str, applies: bool) -> None:
    spec = f"""\
        path: ./apps
        postBuild: {{substitute: {{CLUSTER: prod}}}}
        patches:
          - target: {target}
            patch: |
              apiVersion: kustomize.toolkit.fluxcd.io/v1
              kind: Kustomization
              metadata: {{name: not-used}}
              spec:
                prune: true
                postBuild: {{substituteFrom: [{{kind: ConfigMap, name: vars}}]}}
        """
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: vars, namespace: flux-system}\ndata: {SIZE: 1Gi}\n"
    files = {
        "clusters/prod/apps.yaml": kustomization(spec, name="all"),
        "clusters/prod/vars.yaml": config,
        "apps/shop/ks.yaml": kustomization("path: ./apps/shop/${CLUSTER}\npostBuild: {substitute: {APP: shop}}"),
        "apps/shop/prod/kustomization.yaml": "resources: []\n",
    }
    one = found(files)
    assert (one.folder, one.build, one.place.path) == ("apps/shop/prod", "kustomize", "apps/shop/ks.yaml")
    assert one.prunes is applies
    assert set(one.substitution.variables) == ({"APP", "SIZE"} if applies else {"APP"})


INJECTED = "kind: Kustomization\nmetadata: {name: any}\nspec: {targetNamespace: shop, sourceRef: {kind: GitRepository, name: flux-system}}\n"
ADDED = "- {op: add, path: /spec/targetNamespace, value: shop}\n"


def patches(text: str) -> str:
    inner = "".join(f"      {line}\n" for line in text.splitlines())
    return f"patches:\n- target: {{kind: Kustomization}}\n  patch: |\n{inner}"


COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
REPLACEMENT = """\
resources: [ns.yaml, ks.yaml]
replacements:
- source: {kind: Namespace, fieldPath: metadata.name}
  targets: [{select: {kind: Kustomization}, fieldPaths: [spec.targetNamespace], options: {create: true}}]
"""


@pytest.mark.parametrize(
    "around",
    [
        pytest.param({"apps/kustomization.yaml": "resources: [ks.yaml]\n" + patches(INJECTED)}, id="a merge patch beside it"),
        pytest.param({"apps/kustomization.yaml": "resources: [ks.yaml]\n" + patches(ADDED)}, id="operations beside it"),
        pytest.param(
            {"kustomization.yaml": "resources: [apps]\n" + patches(ADDED), "apps/kustomization.yaml": "resources: [ks.yaml]\n"},
            id="a kustomization above",
        ),
        pytest.param(
            {
                "apps/kustomization.yaml": "resources: [ks.yaml]\ncomponents: [../common]\n",
                "common/kustomization.yaml": COMPONENT + patches(ADDED),
            },
            id="a component",
        ),
        pytest.param(
            {"apps/kustomization.yaml": REPLACEMENT, "apps/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"},
            id="a replacement",
        ),
        pytest.param({"clusters/all.yaml": kustomization("path: apps\n" + patches(ADDED), name="all")}, id="operations of the one that applies it"),
        pytest.param(
            {
                "clusters/all.yaml": kustomization("path: apps\ncomponents: [../common]", name="all"),
                "apps/kustomization.yaml": "resources: [ks.yaml]\n",
                "common/kustomization.yaml": COMPONENT + patches(ADDED),
            },
            id="a component of the one that applies it",
        ),
        pytest.param({"overlay/kustomization.yaml": "resources: [../apps/ks.yaml]\n" + patches(ADDED)}, id="an overlay that lists it"),
    ],
)  # fmt: skip
def test_an_engine_object_is_read_as_what_lists_and_applies_it_makes_it(around: dict[str, str]) -> None:
    assert found({"apps/ks.yaml": kustomization("path: x"), **around}).target_namespace == "shop"


def test_an_engine_object_that_two_overlays_make_differently_is_read_as_it_is_written() -> None:
    files = {"apps/ks.yaml": kustomization("path: x\ntargetNamespace: own")}
    for name in ("a", "b"):
        files[f"{name}/kustomization.yaml"] = f"resources: [../apps/ks.yaml]\nnamePrefix: {name}-\n"
    assert found(files).target_namespace == "own"


def test_a_variable_that_a_patch_from_above_defines_has_no_place() -> None:
    spec = """\
        path: ./apps
        patches:
          - target: {kind: Kustomization}
            patch: '{kind: Kustomization, metadata: {name: all}, spec: {postBuild: {substitute: {SIZE: 1Gi}}}}'
        """
    files = {"all.yaml": kustomization(spec, name="all"), "apps/ks.yaml": kustomization("path: apps/shop")}
    variable = found(files).substitution.variables["SIZE"]
    assert (variable.value, variable.place) == ("1Gi", None)


PATCH_FILE = "apiVersion: kustomize.toolkit.fluxcd.io/v1\n" + INJECTED


@pytest.mark.parametrize(
    "around",
    [
        pytest.param(
            {
                "apps/kustomization.yaml": "resources: [ks.yaml]\ncomponents: [../common]\n",
                "common/kustomization.yaml": COMPONENT + "patches: [{path: common.yaml, target: {kind: Kustomization}}]\n",
                "common/common.yaml": PATCH_FILE,
            },
            id="of a component, for all",
        ),
        pytest.param(
            {
                "apps/kustomization.yaml": "resources: [ks.yaml]\npatchesStrategicMerge: [patches/space.yaml]\n",
                "apps/patches/space.yaml": PATCH_FILE.replace("name: any", "name: shop, namespace: flux-system"),
            },
            id="of one by its name",
        ),
    ],
)  # fmt: skip
def test_a_patch_in_a_file_is_no_engine_object(around: dict[str, str]) -> None:
    files = {"apps/ks.yaml": kustomization("path: x", name="shop"), "x/kustomization.yaml": "resources: []\n", **around}
    made = find_engine_objects(files, remotes=REMOTE, revision="main")
    assert [(one.place.path, one.folder, one.target_namespace) for one in made] == [("apps/ks.yaml", "x", "shop")]


def test_what_stands_in_the_folder_of_one_that_applies_another_repository_is_read_as_well() -> None:
    elsewhere = SOURCE.replace("name: fleet", "name: other").replace(FLEET, "https://git.example.com/other.git")
    release = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\n"
        "spec: {chartRef: {kind: OCIRepository, name: a}}\n"
    )
    files = {
        "flux/apps.yaml": f"{SOURCE}---\n{elsewhere}---\n{flux('apps', 'apps').replace('name: fleet', 'name: other')}",
        "apps/a/ks.yaml": flux("a", "apps/a/app", "  targetNamespace: shop\n"),
        "apps/a/app/release.yaml": release,
        "apps/a/app/kustomization.yaml": listing("release.yaml"),
    }
    made = find_engine_objects(files, remotes=(FLEET,), revision="main")
    assert [(one.kind, one.name, one.namespace) for one in made] == [
        ("HelmRelease", "a", "shop"),
        ("Kustomization", "a", "flux-system"),
        ("Kustomization", "apps", "flux-system"),
    ]

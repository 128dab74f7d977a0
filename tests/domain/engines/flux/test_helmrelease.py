"""What a HelmRelease installs, and where its values stand."""

from __future__ import annotations

from textwrap import dedent

import pytest

from gitops_mcp.domain.engines.applies import EngineObject, HelmChart
from gitops_mcp.domain.engines.declared import find_engine_objects
from gitops_mcp.domain.engines.reading import TextPlace

REPOSITORY = """\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: charts, namespace: shop}
spec: {url: https://example.com/charts}
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: base, namespace: shop}
data: {values.yaml: "a: 1"}
"""
HEAD = "apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: all}"
CHART = "chart: {spec: {chart: cluster, sourceRef: {kind: HelmRepository, name: charts}}}"


def found(spec: str, **beside: str) -> EngineObject:
    """The HelmRelease of this spec, read beside other files."""
    head = (
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: orders, namespace: shop}\nspec:\n"
    )
    text = head + "".join(f"  {line}\n" for line in dedent(spec).strip().splitlines())
    files = {"hr.yaml": text, **{f"{name}.yaml": one for name, one in beside.items()}}
    remotes = ("https://github.com/acme/fleet",)
    (one,) = [
        each for each in find_engine_objects(files, remotes=remotes, revision="main") if each.kind == "HelmRelease"
    ]
    return one


def chart_of(one: EngineObject) -> HelmChart:
    assert one.chart is not None
    return one.chart


def layers(one: EngineObject) -> list[tuple[str, str]]:
    """Kind and place, or name, of each layer of values, the strongest last."""
    return [
        (layer.kind, layer.name if layer.place is None else _written(layer.place)) for layer in chart_of(one).values
    ]


def _written(place: TextPlace) -> str:
    return " ".join([place.path, *map(str, place.base)])


def test_a_helm_release_says_what_it_does_with_its_chart() -> None:
    one = found(
        f"""\
        {CHART}
        targetNamespace: eu
        dependsOn: [{{name: operator, namespace: cnpg-system}}]
        serviceAccountName: deployer
        kubeConfig: {{secretRef: {{name: eu-west}}}}
        suspend: true
        """,
        repo=REPOSITORY,
    )
    assert str(one) == "Flux HelmRelease shop/orders (hr.yaml:1)"
    assert (one.build, one.folder, one.default_namespace) == ("helm", None, "eu")
    assert (one.prunes, one.suspended, one.automatic) == (True, True, False)
    assert one.depends_on == ("cnpg-system/operator",)
    assert one.destination == "the cluster of kubeConfig eu-west"
    assert (one.opaque, one.excluded) == (None, None)


@pytest.mark.parametrize(
    ("more", "release"),
    [
        pytest.param("", "orders", id="the object's"),
        pytest.param("targetNamespace: eu", "eu-orders", id="behind a target namespace"),
        pytest.param("targetNamespace: eu\nreleaseName: own", "own", id="its own"),
    ],
)
def test_a_release_has_a_name(more: str, release: str) -> None:
    assert chart_of(found(f"{CHART}\n{more}")).release == release


@pytest.mark.parametrize(
    ("spec", "name", "repository"),
    [
        pytest.param(CHART, "cluster", "https://example.com/charts", id="of a repository that is declared"),
        pytest.param(CHART.replace("name: charts", "name: gone"), "cluster", "HelmRepository gone", id="of one that is not"),
        pytest.param("chartRef: {kind: OCIRepository, name: db}", "pg", "oci://example.com/charts/pg/", id="an artifact is named by its URL"),
        pytest.param("chartRef: {kind: OCIRepository, name: gone}", "gone", "OCIRepository gone", id="or by its reference"),
    ],
)  # fmt: skip
def test_a_chart_is_told_by_its_name_and_where_it_comes_from(spec: str, name: str, repository: str) -> None:
    oci = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: db, namespace: shop}\n"
        "spec: {url: oci://example.com/charts/pg/}\n"
    )
    chart = chart_of(found(spec, repo=REPOSITORY, oci=oci))
    assert (chart.name, chart.repository, chart.folder, chart.has_own_values) == (name, repository, None, True)


@pytest.mark.parametrize(
    ("source", "excluded"),
    [
        pytest.param("flux-system", None, id="this repository"),
        pytest.param("other", "it applies GitRepository other, which this repository does not declare", id="another"),
    ],
)
def test_a_chart_may_be_a_folder_of_a_git_repository(source: str, excluded: str | None) -> None:
    spec = f"chart: {{spec: {{chart: ./charts/shop, sourceRef: {{kind: GitRepository, name: {source}}}}}}}"
    one = found(spec)
    chart = chart_of(one)
    assert (chart.folder, chart.repository, one.folder, one.excluded) == ("charts/shop", None, "charts/shop", excluded)


def test_values_come_in_layers_and_what_is_not_read_keeps_its_place_among_them() -> None:
    spec = f"""\
        {CHART}
        valuesFrom:
          - {{kind: ConfigMap, name: base}}
          - {{kind: Secret, name: more, valuesKey: prod.yaml}}
          - {{kind: ConfigMap, name: base, targetPath: a.b}}
          - {{kind: ConfigMap, name: base, valuesKey: none.yaml}}
        values: {{a: 1}}
        """
    one = found(
        spec.replace("chart: cluster,", "chart: cluster, valuesFiles: [ha.yaml],"), repo=REPOSITORY, base=CONFIG
    )
    assert layers(one) == [
        ("unread", "ha.yaml of the chart"),
        ("text", "base.yaml data values.yaml"),
        ("unread", "Secret more, key prod.yaml"),
        ("unread", "ConfigMap base, key values.yaml"),
        ("unread", "ConfigMap base, key none.yaml"),
        ("mapping", "hr.yaml spec values"),
    ]
    assert not chart_of(one).has_own_values


def test_values_files_of_a_folder_are_layers_instead_of_its_own() -> None:
    spec = "chart: {spec: {chart: c, valuesFiles: [./env/a.yaml, b.yaml], sourceRef: {kind: GitRepository, name: flux-system}}}"
    one = found(spec)
    assert layers(one) == [("file", "env/a.yaml"), ("file", "b.yaml")]
    assert not chart_of(one).has_own_values


def test_a_release_without_values_has_no_layer_of_them() -> None:
    assert layers(found(CHART, repo=REPOSITORY)) == []


@pytest.mark.parametrize(
    ("patch", "patched"),
    [
        pytest.param("{a: {b: 2}}", True, id="another value"),
        pytest.param("{a: {c: 2}}", True, id="a value more"),
        pytest.param("{l: [1, 3]}", True, id="another item"),
        pytest.param("{l: [1]}", True, id="an item less"),
        pytest.param("{a: {b: 1}, l: [1, 2]}", False, id="the same values"),
        pytest.param("{v: '5'}", False, id="a variable that is filled in"),
    ],
)
def test_a_patch_from_above_may_hold_values(patch: str, *, patched: bool) -> None:
    above = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: all, namespace: flux-system}\n"
        "spec:\n  sourceRef: {kind: GitRepository, name: flux-system}\n"
        f'  patches: [{{target: {{kind: HelmRelease}}, patch: "{{{HEAD}, spec: {{values: {patch}}}}}"}}]\n'
    )
    one = found(f"{CHART}\nvalues: {{a: {{b: 1}}, l: [1, 2], v: '${{V}}'}}", ks=above)
    told = [("unread", "a patch of the Kustomization that applies it")] if patched else []
    assert layers(one) == [("mapping", "hr.yaml spec values"), *told]


def test_post_renderers_make_what_nobody_knows() -> None:
    one = found(f"{CHART}\npostRenderers: [{{kustomize: {{patches: []}}}}]")
    assert one.opaque == "spec.postRenderers change what the chart makes"


@pytest.mark.parametrize(
    ("beside", "layer"),
    [
        pytest.param(
            {"kustomization": "resources: [hr.yaml]\nconfigMapGenerator: [{name: base, namespace: shop, files: [values.yaml=v.yaml]}]\n", "v": "a: 1\n"},
            ("file", "v.yaml"), id="a file that is generated into it",
        ),
        pytest.param(
            {"kustomization": "resources: [hr.yaml, base.yaml]\npatches: [{path: p.yaml}]\n", "base": CONFIG, "p": CONFIG},
            ("text", "p.yaml data values.yaml"), id="a patch",
        ),
        pytest.param(
            {"kustomization": "resources: [hr.yaml]\nconfigMapGenerator: [{name: base, namespace: shop, literals: ['values.yaml=a: 1']}]\n"},
            ("unread", "ConfigMap base, key values.yaml"), id="a literal",
        ),
    ],
)  # fmt: skip
def test_values_stand_where_the_config_map_takes_them_from(beside: dict[str, str], layer: tuple[str, str]) -> None:
    assert layers(found(f"{CHART}\nvaluesFrom: [{{kind: ConfigMap, name: base}}]", repo=REPOSITORY, **beside)) == [
        layer
    ]

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import directory_files, find_engine_objects

REMOTE = ("https://github.com/acme/fleet.git",)
URL = "https://github.com/acme/fleet"
KUSTOMIZATION = {"a/kustomization.yaml": "resources: []\n"}


def application(source: str, *, spec: str = "", name: str = "shop") -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n"
        f"  destination: {{namespace: shop, server: https://kubernetes.default.svc}}\n{_indented(spec, 2)}"
        f"  source:\n    repoURL: {URL}\n{_indented(source, 4)}"
    )


def _indented(text: str, by: int) -> str:
    return indent(dedent(text).strip(), " " * by) + "\n" if text.strip() else ""


def all_of(files: dict[str, str]) -> tuple[EngineObject, ...]:
    return find_engine_objects(files, remotes=REMOTE, revision="main")


def only(files: dict[str, str]) -> EngineObject:
    (one,) = all_of(files)
    return one


def test_an_application_says_what_it_does_with_its_folder() -> None:
    spec = """\
        syncPolicy:
          automated: {prune: true, selfHeal: true}
          syncOptions: [CreateNamespace=true, Replace=true]
        """
    one = only({"app.yaml": application("path: ./apps/shop\ntargetRevision: main", spec=spec)})
    assert str(one) == "Argo CD Application argocd/shop (app.yaml:1)"
    assert (one.build, one.folder, one.default_namespace, one.target_namespace) == (
        "directory",
        "apps/shop",
        "shop",
        None,
    )
    assert (one.prunes, one.self_heals, one.automatic, one.forces, one.suspended) == (True, True, True, True, False)
    assert one.sync_options == ("CreateNamespace=true", "Replace=true")
    assert one.destination == "https://kubernetes.default.svc"
    assert one.excluded is None


@pytest.mark.parametrize(
    ("policy", "automatic", "prunes"),
    [
        pytest.param("", False, False, id="none"),
        pytest.param("syncPolicy: {automated: {}}", True, False, id="automated"),
        pytest.param("syncPolicy: {automated: {prune: true, enabled: false}}", False, False, id="switched off"),
        pytest.param("syncPolicy: {syncOptions: [Prune=true]}", False, False, id="options only"),
    ],
)
def test_the_sync_policy_tells_whether_it_acts_by_itself(policy: str, automatic: bool, prunes: bool) -> None:
    one = only({"app.yaml": application("path: a", spec=policy)})
    assert (one.automatic, one.prunes) == (automatic, prunes)


@pytest.mark.parametrize(
    ("source", "files", "build"),
    [
        pytest.param("path: a", {}, "directory", id="plain files"),
        pytest.param("path: a", {"a/kustomization.yaml": ""}, "kustomize", id="a kustomization"),
        pytest.param("path: a", {"a/Chart.yaml": ""}, "helm", id="a chart"),
        pytest.param("path: a", {"a/Chart.yaml": "", "a/Kustomization": ""}, "kustomize", id="both"),
        pytest.param(
            "path: a\ndirectory: {recurse: true}",
            {"a/kustomization.yaml": ""},
            "directory",
            id="said to be a directory",
        ),
        pytest.param(
            "path: a\ndirectory: {recurse: false}\nkustomize: {}",
            {"a/Chart.yaml": ""},
            "helm",
            id="what says nothing is dropped",
        ),
    ],
)
def test_the_build_is_what_the_source_says_or_the_folder_holds(source: str, files: dict[str, str], build: str) -> None:
    assert only({"app.yaml": application(source), **files}).build == build


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param("path: a\nplugin: {name: x}", "the config management plugin x builds it", id="a plugin"),
        pytest.param(
            "path: a\nkustomize: {namePrefix: x}\nhelm: {releaseName: y}",
            "its source says kustomize and helm at once",
            id="two types",
        ),
    ],
)
def test_what_cannot_be_told_is_said(source: str, reason: str) -> None:
    assert only({"app.yaml": application(source)}).opaque == reason


@pytest.mark.parametrize(
    ("plugin", "files", "build", "told"),
    [
        pytest.param("{name: vault-kustomize}", KUSTOMIZATION, "kustomize", "the config management plugin vault-kustomize builds it, which is taken for plain kustomize", id="named after kustomize"),
        pytest.param("{name: ksops}", KUSTOMIZATION, "kustomize", "the config management plugin ksops builds it, which is taken for plain kustomize", id="on a kustomization"),
        pytest.param("{env: [{name: A, value: b}]}", KUSTOMIZATION, "kustomize", "a config management plugin builds it, which is taken for plain kustomize", id="found by itself"),
        pytest.param("{name: kustomized-helm}", KUSTOMIZATION, "kustomize", "the config management plugin kustomized-helm builds it, which is taken for plain kustomize", id="both"),
        pytest.param("{name: cdk8s}", KUSTOMIZATION, "directory", None, id="another tool"),
        pytest.param("{name: vault-kustomize}", {}, "directory", None, id="without a kustomization"),
    ],
)  # fmt: skip
def test_a_plugin_on_a_kustomization_is_taken_for_kustomize(
    plugin: str, files: dict[str, str], build: str, told: str | None
) -> None:
    one = only({"app.yaml": application(f"path: a\nplugin: {plugin}"), **files})
    assert (one.build, one.guess, one.opaque is None) == (build, told, told is not None)


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        pytest.param("{}", ["a/b.yaml", "a/c.yml", "a/d.json"], id="the folder only"),
        pytest.param(
            "{recurse: true}",
            ["a/b.yaml", "a/c.yml", "a/d.json", "a/e/f.yaml", "a/e/g/kustomization.yaml"],
            id="recurse",
        ),
        pytest.param("{recurse: true, include: '*.json'}", ["a/d.json"], id="include"),
        pytest.param("{recurse: true, include: '{b,e/f}.yaml'}", ["a/b.yaml", "a/e/f.yaml"], id="alternatives"),
        pytest.param(
            "{recurse: true, exclude: 'e/*'}", ["a/b.yaml", "a/c.yml", "a/d.json"], id="a star crosses slashes"
        ),
        pytest.param("{include: '*.y*', exclude: '{b,c}.*'}", [], id="exclude wins"),
    ],
)
def test_a_directory_build_takes_what_it_selects(directory: str, expected: list[str]) -> None:
    files = {
        "app.yaml": application(f"path: a\ndirectory: {directory}"),
        "a/b.yaml": "",
        "a/c.yml": "",
        "a/d.json": "",
        "a/e/f.yaml": "",
        "a/e/g/kustomization.yaml": "",
        "a/skipped.yaml": "# +argocd:skip-file-rendering\n",
        "a/README.md": "",
        "ab/h.yaml": "",
    }
    assert list(directory_files(only(files), files)) == expected


@pytest.mark.parametrize(
    ("revision", "excluded"),
    [
        pytest.param("HEAD", None, id="HEAD"),
        pytest.param("main", None, id="the base"),
        pytest.param("refs/heads/main", None, id="the base in full"),
        pytest.param("''", None, id="nothing"),
        pytest.param("v1.2.0", "it applies v1.2.0, not main", id="a tag"),
    ],
)
def test_only_the_base_counts(revision: str, excluded: str | None) -> None:
    assert only({"app.yaml": application(f"path: a\ntargetRevision: {revision}")}).excluded == excluded


def test_another_repository_does_not_count() -> None:
    text = application("path: a").replace("acme/fleet", "acme/other")
    reason = "it applies https://github.com/acme/other, another repository than https://github.com/acme/fleet.git"
    assert only({"app.yaml": text}).excluded == reason


@pytest.mark.parametrize(
    "remotes", [pytest.param((), id="none"), pytest.param(("/srv/git/fleet.git",), id="a path on disk")]
)
def test_where_nothing_can_be_compared_it_counts(remotes: tuple[str, ...]) -> None:
    (one,) = find_engine_objects({"app.yaml": application("path: a")}, remotes=remotes, revision="main")
    assert one.excluded is None


def test_kustomize_overrides_are_fields_of_a_kustomization() -> None:
    source = """\
        path: a
        kustomize:
          namePrefix: eu-
          nameSuffix: -v2
          namespace: shop-eu
          commonLabels: {team: shop}
          labelWithoutSelector: true
          images: ["postgres=x:1"]
          components: [../c]
          patches:
            - {path: patch.yaml, target: {kind: Cluster}}
        """
    one = only({"app.yaml": application(source), "a/kustomization.yaml": ""})
    assert one.overlay is not None
    assert one.overlay.base == ("spec", "source", "kustomize")
    assert one.overlay.value == {
        "namespace": "shop-eu",
        "namePrefix": "eu-",
        "nameSuffix": "-v2",
        "labels": [{"pairs": {"team": "shop"}}],
        "patches": [{"path": "patch.yaml", "target": {"kind": "Cluster"}}],
        "components": ["../c"],
    }
    assert one.target_namespace == "shop-eu"


def test_each_of_several_sources_applies_something() -> None:
    text = application("path: unused").replace(
        f"  source:\n    repoURL: {URL}\n    path: unused\n",
        f"""\
  sources:
    - {{repoURL: {URL}, path: a}}
    - {{repoURL: {URL}, ref: values}}
    - repoURL: https://cloudnative-pg.github.io/charts
      chart: cluster
      targetRevision: 0.8.1
      helm: {{valueFiles: [$values/b/values.yaml, $none/c.yaml, d.yaml]}}
""",
    )
    folder, chart = all_of({"app.yaml": text})
    assert (folder.folder, folder.build, folder.excluded) == ("a", "directory", None)
    assert (chart.folder, chart.build, chart.excluded) == (None, "helm", None)
    assert chart.chart is not None
    assert (chart.chart.name, chart.chart.repository) == ("cluster", "https://cloudnative-pg.github.io/charts")
    assert [(one.kind, one.place and one.place.path, one.name) for one in chart.chart.values] == [
        ("file", "b/values.yaml", ""),
        ("unread", None, "$none/c.yaml: $none is not a source of this Application"),
        ("unread", None, "d.yaml of the chart"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "notes"),
    [
        ("-shop", "kustomize: {patches: [], images: [a]}", ("kustomize.patches",)),
        ("", "helm: {parameters: []}", ("helm.parameters",)),
        ("-shop", "kustomize: {images: [app:2]}", ()),
        ("-other", "helm: {parameters: []}", ()),
    ],
)
def test_an_override_beside_the_manifests_is_told_with_what_it_overrides(
    name: str, text: str, notes: tuple[str, ...]
) -> None:
    one = only({"app.yaml": application("path: a"), f"a/.argocd-source{name}.yaml": text})
    assert one.overrides == tuple(
        f"a/.argocd-source{name}.yaml overrides {said} of its source, and has the last word there" for said in notes
    )


@pytest.mark.parametrize(
    ("entry", "layer"),
    [
        pytest.param("values.yaml", ("file", "charts/db/values.yaml"), id="in the folder"),
        pytest.param("../shared.yaml", ("file", "charts/shared.yaml"), id="beside it"),
        pytest.param("/top.yaml", ("file", "top.yaml"), id="from the root"),
        pytest.param("../../../away.yaml", ("unread", "../../../away.yaml: it is outside of the repository"), id="outside of the repository"),
        pytest.param("/../away.yaml", ("unread", "/../away.yaml: it is outside of the repository"), id="outside of it from the root"),
        pytest.param("https://example.com/v.yaml", ("unread", "https://example.com/v.yaml"), id="a URL"),
        pytest.param("$other/v.yaml", ("unread", "$other/v.yaml: $other is not a source of this Application"), id="of a source that is not there"),
    ],
)  # fmt: skip
def test_a_values_file_is_one_of_the_repository_or_not_read(entry: str, layer: tuple[str, str]) -> None:
    found = only({"app.yaml": application(f"path: charts/db\nhelm: {{valueFiles: ['{entry}']}}")})
    assert found.chart is not None
    (one,) = found.chart.values
    assert (one.kind, one.place.path if one.place else one.name) == layer


def test_what_helm_is_given_stands_in_layers_the_last_of_which_wins() -> None:
    helm = "helm: {values: 'a: 1', parameters: [{name: x, value: y}], fileParameters: [{name: f, path: p}]}"
    found = only({"app.yaml": application(f"chart: cluster\n{helm}")})
    assert found.chart is not None
    assert [(one.kind, one.name) for one in found.chart.values] == [
        ("text", ""),
        ("parameter", "x"),
        ("unread", "file parameter f"),
    ]
    away = only({"app.yaml": application("chart: cluster\nhelm: {valueFiles: [v.yaml]}")}).chart
    assert away is not None
    assert [one.name for one in away.values] == ["v.yaml of the chart"]


def test_what_it_leaves_alone_is_read() -> None:
    rules = (
        "ignoreDifferences: [{group: postgresql.cnpg.io, kind: '*', name: db, jsonPointers: [/spec/instances], "
        "jqPathExpressions: [.spec.storage.size, '.spec.managed.roles[]'], managedFieldsManagers: [scaler]}]"
    )
    one = only({"app.yaml": application("path: a", spec=rules)})
    [left] = one.left
    assert left.target == {"group": "postgresql.cnpg.io", "kind": ".*", "name": "db"}
    assert left.fields == (("spec", "instances"), ("spec", "storage", "size"))
    assert left.unread == ("the expression '.spec.managed.roles[]'", "what scaler has written")
    assert not one.respects_left


def test_an_application_that_is_told_to_be_skipped_is_suspended() -> None:
    text = application("path: a").replace(
        "name: shop", "annotations: {argocd.argoproj.io/skip-reconcile: 'true'}, name: shop", 1
    )
    assert only({"app.yaml": text}).suspended


def test_a_chart_with_value_files_of_a_tag_follows_that_tag() -> None:
    text = application("path: gone").replace("  source:\n", "  unused:\n") + _indented(
        f"""\
        sources:
        - {{repoURL: "{URL}", targetRevision: v1, ref: values}}
        - {{repoURL: "{URL}", ref: base}}
        - repoURL: https://cloudnative-pg.github.io/charts
          chart: cluster
          helm: {{valueFiles: [$values/b.yaml]}}
        """,
        2,
    )
    one = only({"app.yaml": text})
    assert (one.excluded, one.is_off_base) == ("it applies v1, not main", True)
    assert one.chart is not None
    assert [(layer.kind, layer.place and layer.place.path) for layer in one.chart.values] == [("file", "b.yaml")]
    assert only({"app.yaml": text.replace("$values", "$base")}).excluded is None

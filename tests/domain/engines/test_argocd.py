from __future__ import annotations

from textwrap import dedent, indent

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import directory_files, find_engine_objects
from gitops_mcp.domain.engines.globs import glob

REMOTE = ("https://github.com/acme/fleet.git",)
URL = "https://github.com/acme/fleet"


def application(source: str, *, spec: str = "", name: str = "shop") -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec:\n"
        f"  destination: {{namespace: shop, server: https://kubernetes.default.svc}}\n{_indented(spec, 2)}"
        f"  source:\n    repoURL: {URL}\n{_indented(source, 4)}"
    )


def applicationset(generators: str, template: str, *, spec: str = "") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
        f"{_indented(spec, 2)}  generators:\n{_indented(generators, 4)}  template:\n{_indented(template, 4)}"
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
        pytest.param("path: a\nplugin: {name: x}", "a config management plugin builds it", id="a plugin"),
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
    assert (one.target_namespace, one.notes) == ("shop-eu", ("kustomize.images",))


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
        ("unread", None, "$none/c.yaml: $none is no source of this Application"),
        ("unread", None, "d.yaml of the chart"),
    ]


def test_overrides_beside_the_manifests_are_noticed() -> None:
    one = only({"app.yaml": application("path: a"), "a/.argocd-source-shop.yaml": ""})
    assert one.notes == ("a/.argocd-source-shop.yaml overrides parts of its source",)


TEMPLATE = """\
    metadata: {name: 'db-{{path.basename}}'}
    spec:
      destination: {namespace: '{{path.basename}}'}
      source: {repoURL: https://github.com/acme/fleet, path: '{{path}}'}
    """
GO_TEMPLATE = """\
    metadata: {name: 'db-{{ .path.basenameNormalized }}'}
    spec:
      destination: {namespace: '{{index .path.segments 1}}'}
      source: {repoURL: https://github.com/acme/fleet, path: '{{.path.path}}'}
    """
FOLDERS = {
    "apps/a/x.yaml": "",
    "apps/b_1/y/x.yaml": "",
    "apps/old/x.yaml": "",
    "apps/.hidden/x.yaml": "",
    "lib/x.yaml": "",
}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        pytest.param(TEMPLATE, [("db-a", "apps/a", "a"), ("db-b_1", "apps/b_1", "b_1")], id="an older template"),
        pytest.param(GO_TEMPLATE, [("db-a", "apps/a", "a"), ("db-b-1", "apps/b_1", "b_1")], id="a Go template"),
    ],
)
def test_a_git_directory_generator_covers_the_folders_that_fit(
    template: str, expected: list[tuple[str, str, str]]
) -> None:
    generators = f"""\
        - git:
            repoURL: {URL}
            revision: HEAD
            directories: [{{path: apps/*}}, {{path: apps/old, exclude: true}}]
        """
    found = all_of({"set.yaml": applicationset(generators, template), **FOLDERS})
    assert [(one.generated, one.folder, one.default_namespace) for one in found] == expected
    assert {(one.kind, one.name, one.guess, str(one.place)) for one in found} == {
        ("ApplicationSet", "all", "an ApplicationSet makes it", "set.yaml:1")
    }


@pytest.mark.parametrize(
    ("generators", "template", "expected"),
    [
        pytest.param(
            f"- git: {{repoURL: {URL}, files: [{{path: 'apps/**/config.json'}}]}}",
            GO_TEMPLATE.replace("index .path.segments 1", ".cluster.name").replace("'{{.path.path}}'", "'{{.dir}}'"),
            [("eu", "lib"), ("us", "apps/a")],
            id="git files",
        ),
        pytest.param(
            f"- git: {{repoURL: {URL}, files: [{{path: 'apps/*/config.json'}}], values: {{where: '{{{{dir}}}}'}}}}",
            TEMPLATE.replace("'{{path.basename}}'}", "'{{cluster.name}}'}").replace("'{{path}}'", "'{{values.where}}'"),
            [("eu", "lib"), ("us", "apps/a")],
            id="values of git files",
        ),
        pytest.param(
            "- list: {elements: [{env: prod, ns: p}, {env: dev, ns: d}]}",
            TEMPLATE.replace("{{path.basename}}", "{{ns}}").replace("{{path}}", "apps/{{env}}"),
            [("p", "apps/prod"), ("d", "apps/dev")],
            id="a list",
        ),
        pytest.param(
            f"- matrix: {{generators: [{{list: {{elements: [{{env: prod}}, {{env: dev}}]}}}}, "
            f"{{git: {{repoURL: {URL}, directories: [{{path: 'apps/*'}}]}}}}]}}",
            TEMPLATE.replace("namespace: '{{path.basename}}'", "namespace: '{{env}}-{{path.basename}}'"),
            [
                ("prod-a", "apps/a"),
                ("prod-b_1", "apps/b_1"),
                ("prod-old", "apps/old"),
                ("dev-a", "apps/a"),
                ("dev-b_1", "apps/b_1"),
                ("dev-old", "apps/old"),
            ],
            id="a matrix",
        ),
        pytest.param(
            f"- git: {{repoURL: {URL}-other, directories: [{{path: '*'}}]}}", TEMPLATE, [], id="another repository"
        ),
    ],
)
def test_generators_tell_folders_and_namespaces(
    generators: str, template: str, expected: list[tuple[str, str]]
) -> None:
    files = {
        "set.yaml": applicationset(generators, template),
        "apps/a/config.json": '{"cluster": {"name": "eu"}, "dir": "lib"}',
        "apps/b_1/config.json": '[{"cluster": {"name": "us"}, "dir": "apps/a"}]',
        **FOLDERS,
    }
    assert [(one.default_namespace, one.folder) for one in all_of(files)] == expected


def test_a_path_that_stays_a_template_stands_for_every_folder_that_fits() -> None:
    template = TEMPLATE.replace("'{{path}}'", "'apps/{{name}}'").replace("{{path.basename}}", "x")
    found = all_of({"set.yaml": applicationset("- clusters: {}", template), **FOLDERS})
    assert [one.folder for one in found] == ["apps/a", "apps/b_1", "apps/old"]
    assert found[0].guess == "an ApplicationSet makes it; its clusters generator is not evaluated"


@pytest.mark.parametrize(
    ("pattern", "crosses", "text", "matches"),
    [
        pytest.param("*.yaml", False, "a.yaml", True, id="a star"),
        pytest.param("*.yaml", False, "a/b.yaml", False, id="a star stops at a slash"),
        pytest.param("*.yaml", True, "a/b.yaml", True, id="unless it crosses"),
        pytest.param("a?c", False, "abc", True, id="one"),
        pytest.param("[a-c]x", False, "bx", True, id="a class"),
        pytest.param("[!a-c]x", False, "bx", False, id="not of a class"),
        pytest.param("{a,b*}.yaml", True, "bcd.yaml", True, id="alternatives"),
        pytest.param("{a,{b,c}}d", True, "cd", True, id="in each other"),
        pytest.param("a{b", True, "a{b", True, id="a brace that stays open"),
        pytest.param(r"\*", True, "*", True, id="an escape"),
        pytest.param("a.c", True, "abc", False, id="a dot is a dot"),
        pytest.param("[z-a]", True, "[z-a]", True, id="a class that is none"),
    ],
)
def test_patterns_match_as_a_whole(pattern: str, crosses: bool, text: str, matches: bool) -> None:
    assert bool(glob(pattern, crosses=crosses).fullmatch(text)) is matches

"""The Applications that an ApplicationSet would make."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import find_engine_objects

REMOTE = ("https://github.com/acme/fleet.git",)
URL = "https://github.com/acme/fleet"


def applicationset(generators: str, template: str, *, spec: str = "") -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all, namespace: argocd}\nspec:\n"
        f"{_indented(spec, 2)}  generators:\n{_indented(generators, 4)}  template:\n{_indented(template, 4)}"
    )


def _indented(text: str, by: int) -> str:
    return indent(dedent(text).strip(), " " * by) + "\n" if text.strip() else ""


def all_of(files: dict[str, str]) -> tuple[EngineObject, ...]:
    return find_engine_objects(files, remotes=REMOTE, revision="main")


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


BOTH = "{list: {elements: [{env: prod}, {env: dev}]}}, {git: {repoURL: https://github.com/acme/fleet, directories: [{path: 'apps/{{env}}/*'}]}}"


@pytest.mark.parametrize(
    ("generators", "folders", "guess"),
    [
        pytest.param(f"- matrix: {{generators: [{BOTH}]}}", ["apps/prod/a", "apps/dev/b"], "an ApplicationSet makes it", id="what the first of a matrix gives the second may use"),
        pytest.param(f"- merge: {{mergeKeys: [path], generators: [{{git: {{repoURL: {URL}, directories: [{{path: 'apps/prod/*'}}]}}}}, {{list: {{elements: []}}}}]}}", ["apps/prod/a"], "an ApplicationSet makes it; what its merge generator overrides is not evaluated", id="of merge the first counts"),
        pytest.param("- merge: {generators: []}", [], "", id="a merge of nothing"),
        pytest.param("- selector: {a: b}\n  list: {elements: [{path: x}]}", ["x"], "an ApplicationSet makes it; its selector is not evaluated", id="a selector"),
    ],
)  # fmt: skip
def test_generators_of_generators_are_followed(generators: str, folders: list[str], guess: str) -> None:
    files = {"set.yaml": applicationset(generators, TEMPLATE), "apps/prod/a/x.yaml": "", "apps/dev/b/x.yaml": ""}
    found = all_of(files)
    assert [one.folder for one in found] == folders
    assert {one.guess for one in found} == ({guess} if folders else set())


def test_a_prefix_tells_the_paths_of_two_git_generators_apart() -> None:
    generators = f"- git: {{repoURL: {URL}, pathParamPrefix: my, directories: [{{path: 'apps/*'}}]}}"
    found = all_of({"set.yaml": applicationset(generators, TEMPLATE.replace("{{path", "{{my.path")), **FOLDERS})
    assert [one.folder for one in found] == ["apps/a", "apps/b_1", "apps/old"]

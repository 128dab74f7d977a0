from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.declared import MARKS, declared_objects, find_engine_objects
from gitops_mcp.domain.engines.reading import TextPlace, clean_path, file_and_line
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch

LIST = """\
# apps
apiVersion: v1
kind: List
items:
  - apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata: {name: one}
    spec: {source: {repoURL: https://github.com/acme/fleet, path: a}}
  - apiVersion: argoproj.io/v1alpha1
    kind: Application
    metadata: {name: two}
    spec: {source: {repoURL: https://github.com/acme/fleet, path: b, kustomize: {namePrefix: x}}}
"""


def test_engine_objects_may_be_items_of_a_list() -> None:
    one, two = find_engine_objects({"apps.yaml": "---\n" + LIST}, remotes=(), revision="main")
    assert (one.name, one.place) == ("one", TextPlace("apps.yaml", 0, ("items", 0), 6))
    assert (two.name, two.place.line) == ("two", 10)
    assert two.overlay is not None
    assert two.overlay.base == ("items", 1, "spec", "source", "kustomize")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kind: [argoproj.io/\n", id="no YAML"),
        pytest.param("# argoproj.io/v1alpha1\n", id="a comment only"),
        pytest.param("apiVersion: argoproj.io/v1alpha1\nkind: Application\n", id="no name"),
        pytest.param("- apiVersion: argoproj.io/v1alpha1\n", id="a list of something"),
        pytest.param("apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: a}\n", id="another kind"),
        pytest.param(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: toolkit.fluxcd.io/}\n",
            id="kustomize's own kind",
        ),
    ],
)
def test_what_is_no_engine_object_is_passed_over(text: str) -> None:
    assert find_engine_objects({"a.yaml": text}, remotes=(), revision="main") == ()


def test_the_order_is_that_of_files_and_documents() -> None:
    files = {"b.yaml": LIST, "a.yaml": LIST.replace("one", "three").replace("two", "four")}
    names = [one.name for one in find_engine_objects(files, remotes=(), revision="main")]
    assert names == ["three", "four", "one", "two"]
    assert [one.place.path for one in declared_objects(files, MARKS)] == ["a.yaml", "a.yaml", "b.yaml", "b.yaml"]


def test_objects_that_a_build_made_may_stand_in_for_those_of_the_files() -> None:
    rendered = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "made", "namespace": "argocd"},
        "spec": {"source": {"repoURL": "https://github.com/acme/fleet", "path": "made"}},
    }
    given = [LocatedObject(rendered, TextPlace("apps.yaml", 0, (), 1))]
    (one,) = find_engine_objects({"apps.yaml": LIST}, remotes=(), revision="main", objects=given)
    assert (one.name, one.folder) == ("made", "made")


def test_a_place_tells_the_line_of_a_part() -> None:
    place = TextPlace("apps.yaml", 0, ("items", 1), 9)
    assert (str(place), file_and_line(place.below("metadata", "name"), {"apps.yaml": LIST})) == (
        "apps.yaml:9",
        "apps.yaml:11",
    )
    assert file_and_line(place, {}) == "apps.yaml:9"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("./a/b/", "a/b", id="relative"),
        pytest.param("/a", "a", id="absolute"),
        pytest.param(".", "", id="here"),
        pytest.param("", "", id="nothing"),
        pytest.param(None, "", id="not said"),
        pytest.param("a//b/../c", "a/c", id="roundabout"),
    ],
)
def test_folders_are_written_one_way(path: str | None, folder: str) -> None:
    assert clean_path(path) == folder


@pytest.mark.parametrize(
    ("url", "remote", "same"),
    [
        pytest.param("https://github.com/acme/fleet.git", "git@github.com:acme/fleet", True, id="https and ssh"),
        pytest.param(
            "ssh://git@github.com:22/acme/fleet", "https://x:y@github.com/Acme/Fleet/", True, id="ports, users"
        ),
        pytest.param("git@ssh.github.com:acme/fleet", "https://github.com/acme/fleet", True, id="another door"),
        pytest.param(
            "http://gitea-http.gitea.svc.cluster.local:3000/acme/fleet",
            "https://git.acme.com/acme/fleet",
            True,
            id="an inner name",
        ),
        pytest.param(
            "http://gitea:3000/acme/other", "https://git.acme.com/acme/fleet", False, id="another path inside"
        ),
        pytest.param("https://github.com/acme/fleet2", "https://github.com/acme/fleet", False, id="another name"),
        pytest.param("https://gitlab.com/acme/fleet", "https://github.com/acme/fleet", False, id="another forge"),
        pytest.param("https://gitlab.com/acme/fleet", "/srv/fleet.git", True, id="nothing to compare"),
        pytest.param("https://gitlab.com/acme/fleet", "file:///srv/fleet.git", True, id="a file"),
    ],
)
def test_urls_of_one_repository_are_the_same(url: str, remote: str, same: bool) -> None:
    assert (why_elsewhere(url, (remote,)) is None) is same


def test_no_url_is_no_repository() -> None:
    assert why_elsewhere(None, ()) == "it names no repository"


@pytest.mark.parametrize("reference", [None, "", "HEAD", "main", "refs/heads/main"])
def test_the_branch_has_several_names(reference: str | None) -> None:
    assert why_off_branch(reference, "main") is None
    assert why_off_branch("refs/heads/next", "main") == "it applies refs/heads/next, not main"

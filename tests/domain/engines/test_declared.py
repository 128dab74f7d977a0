from __future__ import annotations

import pytest

from gitops_mcp.domain.engines.declared import MARKS, declared_objects, find_engine_objects
from gitops_mcp.domain.engines.reading import TextPlace

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


def test_a_template_that_happens_to_be_yaml_declares_nothing() -> None:
    text = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {path: a}}\n"

    assert find_engine_objects({"a.yaml.tpl": text}, remotes=(), revision="main") == ()
    assert [one.name for one in find_engine_objects({"a.yaml": text}, remotes=(), revision="main")] == ["a"]

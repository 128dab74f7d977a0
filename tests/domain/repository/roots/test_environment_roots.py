"""Whose folders are nobody else's: of engine objects that do not apply them, or that are not understood."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.reading import TextPlace
from gitops_mcp.domain.engines.source_url import Elsewhere, OffBranch
from gitops_mcp.domain.kustomize import FileTree
from gitops_mcp.domain.repository.roots.environment_roots import EnvironmentRoots
from gitops_mcp.domain.repository.roots.not_applied import find_unapplied
from tests.domain.repository.test_build import cluster, listing

FILES = {
    "apps/one/db.yaml": cluster("one"),
    "apps/two/kustomization.yaml": listing("db.yaml"),
    "apps/two/db.yaml": cluster("two"),
    "other/db.yaml": cluster("other"),
}
UNKNOWN = "its scmProvider generator is not evaluated"


def engine_object(folder: str, excluded: str | None, **more: Any) -> EngineObject:
    given: dict[str, Any] = {
        "engine": "argocd",
        "kind": "ApplicationSet",
        "namespace": "argocd",
        "name": "all",
        "place": TextPlace("set.yaml", 0, (), 1),
        "build": "directory",
        "folder": folder,
        "excluded": excluded,
        **more,
    }
    return EngineObject(**given)


@pytest.mark.parametrize(
    ("folder", "excluded", "live"),
    [
        pytest.param("apps", UNKNOWN, [], id="not understood"),
        pytest.param("", UNKNOWN, [], id="not understood, anywhere"),
        pytest.param("apps", Elsewhere("it applies another repository"), ["other"], id="another repository"),
        pytest.param("", Elsewhere("it applies another repository"), ["one", "two", "other"], id="the root of another repository"),
        pytest.param("apps/one", Elsewhere("it applies another repository"), ["two", "other"], id="one folder of another repository"),
    ],
)  # fmt: skip
def test_nothing_below_what_is_not_applied_is_taken_for_plain(folder: str, excluded: str, live: list[str]) -> None:
    roots = EnvironmentRoots(FileTree(FILES), (engine_object(folder, excluded),), "")
    found = [one.identity.name for made in roots.own for one in made.declarations]
    assert sorted(found) == sorted(live)


def test_what_may_be_applied_by_something_that_is_not_understood_says_so() -> None:
    by = engine_object("apps", UNKNOWN)
    roots = EnvironmentRoots(FileTree(FILES), (by,), "")
    assert roots.not_understood == [by]
    one, two, other = find_unapplied(FILES, ["apps/one/db.yaml", "apps/two/db.yaml", "other/db.yaml"], roots.engines)
    told = f"whether Argo CD ApplicationSet argocd/all (set.yaml:1) applies it is not known: {UNKNOWN}"
    assert [(found.is_unknown, found.reason) for found in (one, two)] == [(True, told)] * 2
    assert other.is_unknown is False


def test_a_nearer_one_that_leaves_a_file_out_is_known() -> None:
    near = engine_object("apps/one", None, name="one", kind="Application", place=TextPlace("one.yaml", 0, (), 1))
    engines = (engine_object("apps", UNKNOWN), near)
    (found,) = find_unapplied(FILES, ["apps/one/db.yaml"], engines)
    assert found.reason == "Argo CD Application argocd/one (one.yaml:1) leaves it out"


def test_what_the_base_has_applied_is_no_business_of_what_follows_another_branch() -> None:
    now = engine_object("apps/one", None, name="now", kind="Application", place=TextPlace("now.yaml", 0, (), 1))
    later = engine_object(
        "apps/one", OffBranch("it applies v1, not main"), name="later", place=TextPlace("later.yaml", 0, (), 1)
    )
    roots = EnvironmentRoots(FileTree(FILES), (later, now), "")
    assert [str(one.applied) for made in roots.own for one in made.declarations] == [str(now)]
    assert [str(one) for one in roots.appliers("apps/one/db.yaml")] == [str(later), str(now)]

"""What live Applications say of a set that Git leaves open."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.engines.applicationsets.live import applications_of_sets, is_open_set, with_live_applications
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import find_engine_objects
from gitops_mcp.domain.objects import Object
from tests.domain.engines.applicationsets.test_sets import FILES, TWO, URL, applications

OPEN = applications("- clusters: {selector: {matchLabels: {env: prod}}}", path="clusters/{{ .name }}", namespace="db")


def engines(text: str) -> tuple[EngineObject, ...]:
    files = {"set.yaml": text, "plain.yaml": applications(TWO).replace("name: all", "name: known"), **FILES}
    return find_engine_objects(files, remotes=(URL,), revision="main")


def live(name: str, *, owner: str = "all", namespace: str = "argocd", **source: Any) -> Object:
    owners = [{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": owner, "uid": "1"}]
    said = {"repoURL": URL, "targetRevision": "main", "path": f"clusters/{name}", **source}
    return {
        "metadata": {"name": name, "namespace": namespace, "ownerReferences": owners, "resourceVersion": "7"},
        "spec": {"source": said, "destination": {"name": name, "namespace": f"{name}-db"}},
        "status": {"sync": {"status": "Synced"}},
    }


def known(found: tuple[EngineObject, ...]) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(one.name, one.generated, one.folder, one.default_namespace) for one in found]


def test_the_live_applications_of_an_open_set_stand_for_it() -> None:
    found = engines(OPEN)
    made = applications_of_sets(found, [live("us"), live("eu"), live("x", owner="known"), live("y", namespace="team")])
    assert [one["metadata"]["name"] for one in made] == ["eu", "us"]
    assert {key for one in made for key in one} == {"metadata", "spec"}
    after = with_live_applications(found, made, {}, remotes=(URL,), revision="main")
    assert known(after) == [
        ("known", "orders", "apps/orders", "orders"),
        ("known", "billing", "apps/billing", "billing"),
        ("all", "eu", "clusters/eu", "eu-db"),
        ("all", "us", "clusters/us", "us-db"),
    ]
    assert {(one.kind, one.excluded, one.guess, str(one.place)) for one in after if one.name == "all"} == {
        ("ApplicationSet", None, None, "set.yaml:1")
    }


def test_a_live_application_of_another_branch_is_excluded_for_that() -> None:
    found = engines(OPEN)
    made = applications_of_sets(found, [live("eu", targetRevision="v1")])
    (after,) = [
        one for one in with_live_applications(found, made, {}, remotes=(URL,), revision="main") if one.name == "all"
    ]
    assert (after.folder, after.excluded) == ("clusters/eu", "it applies v1, not main")


def test_a_set_that_git_explains_is_not_asked_for() -> None:
    found = engines(applications(TWO))
    assert not any(map(is_open_set, found))
    assert applications_of_sets(found, [live("orders")]) == ()


def test_without_live_applications_a_set_stays_as_git_has_it() -> None:
    found = engines(OPEN)
    assert with_live_applications(found, (), {}, remotes=(URL,), revision="main") == found

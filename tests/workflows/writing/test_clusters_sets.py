"""Clusters of ApplicationSets that Git alone does not explain."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.reading.clusters.status import read_cluster_status
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer, status
from tests.workflows.conftest import Api, Team, cluster, listed, live

LIST = "/apis/argoproj.io/v1alpha1/applications"
SET = """apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, namespace: argocd}
spec:
  goTemplate: true
  generators: [%s]
  template:
    metadata: {name: '{{ .name }}-db'}
    spec:
      source: {repoURL: 'https://forge.example.org/house.git', targetRevision: main, path: 'clusters/{{ .name }}'}
      destination: {server: https://kubernetes.default.svc, namespace: '{{ .space }}'}
"""
OPEN = {
    "argocd/set.yaml": SET % "{clusters: {selector: {matchLabels: {env: prod}}}}",
    "argocd/ops.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ops, namespace: argocd}\n"
    "spec: {source: {repoURL: 'https://forge.example.org/house.git', path: ops}, destination: {namespace: ops}}\n",
    "clusters/eu/db.yaml": cluster(namespace=None),
}
KNOWN = OPEN | {"argocd/set.yaml": SET % "{list: {elements: [{name: eu, space: shop}]}}"}


def application(*, owner: str = "all", **more: Any) -> Object:
    owners = [{"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "name": owner, "uid": "1"}]
    source = {"repoURL": "https://forge.example.org/house.git", "targetRevision": "main", "path": "clusters/eu"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "eu-db", "namespace": "argocd", "ownerReferences": owners},
        "spec": {"source": source | more, "destination": {"name": "in-cluster", "namespace": "shop"}},
    }


def scaled(team: Team) -> WriteResult:
    request = WriteRequest("scale_postgres_cluster", None, dry_run=True)
    return clusters.scale_cluster(team.app(), request, "db", namespace="shop", instances=5)


def test_what_a_set_has_made_is_edited_where_it_is(team: Team, api: Api) -> None:
    team.commit(OPEN)
    api.applications(listed(application()))
    api.cluster("shop", "db", Answer(200, live()))
    assert [one.path for one in scaled(team).files] == ["clusters/eu/db.yaml"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(listed(), id="it has made none"),
        pytest.param(listed(application(owner="other")), id="another set has made it"),
        pytest.param(listed(application(path="clusters/us")), id="it applies another folder"),
        pytest.param(status(403, "Forbidden", "no"), id="they may not be listed"),
    ],
)
def test_what_no_live_application_explains_is_not_edited(team: Team, api: Api, answer: Answer) -> None:
    team.commit(OPEN)
    api.applications(answer)
    api.cluster("shop", "db", Answer(200, live()))
    with pytest.raises(
        GitOpsError, match=r"clusters/eu/db\.yaml:1.*(argocd/set\.yaml:10: .*not known|makes no Application)"
    ):
        scaled(team)


def test_the_namespace_that_a_live_application_has_is_read(team: Team, api: Api) -> None:
    team.commit(OPEN)
    api.applications(listed(application()))
    api.cluster("shop", "db", Answer(200, live()))
    api.clusters(None, listed(live()), named="db")
    found = read_cluster_status(team.app(), "db", namespace=None, environment=None, detailed=False)
    assert found.git is not None
    assert (found.namespace, found.git.namespace_from, found.git.declared) == (
        "shop",
        "engine",
        "clusters/eu/db.yaml:1",
    )


def test_nothing_is_listed_for_a_set_that_git_explains(team: Team, api: Api) -> None:
    team.commit(KNOWN)
    api.cluster("shop", "db", Answer(200, live()))
    scaled(team)
    assert LIST not in [
        one.path.partition("?")[0] for one in api.requests if "limit=1" not in one.path or "limit=500" in one.path
    ]


def test_without_the_api_a_set_is_what_git_says(team: Team) -> None:
    team.commit(OPEN)
    with pytest.raises(GitOpsError, match="which clusters Argo CD knows is not in Git"):
        scaled(team)

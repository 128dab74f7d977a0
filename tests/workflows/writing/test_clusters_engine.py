"""What the engine objects of the repository say where the API says nothing."""

from __future__ import annotations

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.clusters import NewCluster
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.workflows.conftest import Team, cluster

FLUX = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: databases, namespace: flux-system}
spec:
  path: ./databases
  prune: %s
  sourceRef: {kind: GitRepository, name: flux-system}
"""


def engine(*, prunes: bool = True) -> dict[str, str]:
    return {"engine.yaml": FLUX % str(prunes).lower()}


def new_cluster() -> NewCluster:
    return NewCluster(
        name="new",
        namespace="shop",
        instances=3,
        postgres_version="18.4-standard-trixie",
        storage_size="5Gi",
        storage_class=None,
        parameters={},
        database="app",
        owner=None,
    )


def created(team: Team) -> WriteResult:
    request = WriteRequest("create_postgres_cluster", None, dry_run=True)
    return clusters.create_cluster(team.app(), request, new_cluster())


@pytest.mark.parametrize(
    ("engines", "argocd", "flux"),
    [pytest.param(engine(), False, True, id="Flux"), pytest.param({}, True, True, id="not known")],
)
def test_a_new_cluster_is_protected_against_the_engine_that_git_names(
    team: Team, engines: dict[str, str], argocd: bool, flux: bool
) -> None:
    team.commit({"databases/db.yaml": cluster(), **engines})
    diff = created(team).diff or ""
    assert ("argocd.argoproj.io/sync-options" in diff, "kustomize.toolkit.fluxcd.io/prune" in diff) == (argocd, flux)


@pytest.mark.parametrize("prunes", [True, False])
def test_a_delete_claims_no_more_than_the_engine_does(team: Team, prunes: bool) -> None:
    team.commit({"databases/db.yaml": cluster(), **engine(prunes=prunes)})
    request = WriteRequest("delete_postgres_cluster", None, confirmed=True, dry_run=True)
    found = clusters.delete_cluster(team.app(), request, "db", namespace="shop")
    assert any("does not prune by itself" in step for step in found.next) is not prunes
    assert any("an engine that prunes deletes" in step for step in found.next) is prunes
    assert found.impact.level.label == "data_loss"


def test_a_delete_says_that_the_whole_application_waits_for_a_confirmation(team: Team) -> None:
    argo = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: databases, namespace: argocd}\n"
        "spec:\n  source: {repoURL: https://forge.example.org/house.git, path: databases}\n"
        "  syncPolicy: {automated: {prune: true}}\n"
    )
    asking = cluster(more=", annotations: {argocd.argoproj.io/sync-options: Prune=confirm}")
    team.commit({"databases/db.yaml": asking, "engine.yaml": argo})
    request = WriteRequest("delete_postgres_cluster", None, confirmed=True, dry_run=True)
    found = clusters.delete_cluster(team.app(), request, "db", namespace="shop")
    (told,) = [one.message for one in found.warnings if one.id == "waits-for-confirmation"]
    assert told.startswith("Argo CD Application argocd/databases (engine.yaml:1) waits as a whole until a person has")

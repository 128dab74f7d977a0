"""What is said of the way back before a Cluster is deleted or goes to another major."""

from __future__ import annotations

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.cluster_update import update_cluster
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer
from tests.workflows.conftest import ABSENT, FORBIDDEN, Api, Team, cluster, listed, live

PROTECTED = cluster(more=", annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}")
IMAGE = "ghcr.io/example/postgresql:"
NONE = "there is no backup that Cluster shop/db could be restored from: nothing archives its WAL, and it has no Backup"
DONE: Object = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Backup",
    "metadata": {"name": "nightly", "namespace": "shop"},
    "spec": {"cluster": {"name": "db"}},
    "status": {"phase": "completed", "method": "plugin", "stoppedAt": "2026-03-09T00:00:00Z"},
}


def deleted(team: Team, *, confirmed: bool = True) -> WriteResult:
    request = WriteRequest("delete_postgres_cluster", None, confirmed=confirmed)
    return clusters.delete_cluster(team.app(), request, "db", namespace="shop")


def upgraded(team: Team, version: str = "18.1") -> WriteResult:
    request = WriteRequest("update_postgres_cluster", None, confirmed=True, dry_run=True)
    return update_cluster(team.app(), request, "db", ClusterUpdate(image=f"{IMAGE}{version}"), namespace="shop")


def running(api: Api, backups: Answer) -> None:
    api.cluster("shop", "db", Answer(200, live(imageName=f"{IMAGE}17.4")))
    api.objects("backups", backups)


@pytest.mark.parametrize("manifest", [cluster(), PROTECTED], ids=["the only step", "step 1"])
def test_a_deletion_without_a_backup_says_so_first_in_the_commit_and_to_who_confirms(
    team: Team, api: Api, manifest: str
) -> None:
    team.commit({"db.yaml": manifest})
    running(api, listed())
    with pytest.raises(Refused, match=f"with all data; {NONE}"):
        deleted(team, confirmed=False)
    found = deleted(team)
    assert found.summary.endswith(f". Mind: {NONE}")
    assert NONE in team.git("log", "-1", "--format=%B", str(found.branch))


def test_a_deletion_tells_its_reviewer_what_the_cluster_can_be_restored_from(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    running(api, listed(DONE))
    found = deleted(team)
    told = "Cluster shop/db can be restored from Backup nightly of 2026-03-09T00:00:00Z."
    assert found.summary == "Delete Cluster shop/db"
    assert told in found.about
    assert told in team.git("log", "-1", "--format=%B", str(found.branch))


def test_backups_that_may_not_be_read_are_not_told_as_missing(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    running(api, FORBIDDEN)
    assert "Mind: whether Cluster shop/db could be restored from a backup is not known: list backups" in (
        deleted(team).summary
    )


def test_of_a_cluster_that_is_not_live_nothing_is_said(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.cluster("shop", "db", ABSENT)
    assert deleted(team).summary == "Delete Cluster shop/db"


def test_a_major_upgrade_says_that_there_is_no_backup_and_a_minor_one_nothing(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=f"{{instances: 3, imageName: '{IMAGE}17.4', storage: {{size: 1Gi}}}}")})
    running(api, listed())
    assert upgraded(team).summary.endswith(f". Mind: {NONE}")
    assert "backup" not in upgraded(team, "17.5").summary
    api.objects("backups", listed(DONE))
    found = upgraded(team)
    assert "Mind" not in found.summary
    assert "Cluster shop/db can be restored from Backup nightly of 2026-03-09T00:00:00Z." in found.about

"""A base that Argo CD's source hydrator writes is no place for an edit; its dry side is."""

from __future__ import annotations

import json

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.workflows.conftest import Team, cluster

METADATA = json.dumps({"repoURL": "https://git.example.com/fleet.git", "drySha": "9d94a106", "commands": ["kustomize"]})
HYDRATOR = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: stores, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  sourceHydrator:
    drySource: {repoURL: https://git.example.com/fleet.git, path: stores, targetRevision: main}
    syncSource: {path: stores, targetBranch: env/prod}
    hydrateTo: {targetBranch: env/prod-next}
"""


def scaled(team: Team) -> WriteResult:
    request = WriteRequest("scale_postgres_cluster", None)
    return clusters.scale_cluster(team.app(), request, "db", namespace=None, instances=5)


def refusal(team: Team) -> str:
    with pytest.raises(Refused) as told:
        scaled(team)
    assert "gitops-mcp/" not in team.git("branch", "--list")
    return str(told.value)


@pytest.mark.parametrize("place", ["hydrator.metadata", "stores/hydrator.metadata"])
def test_an_edit_of_a_hydrated_branch_is_refused_with_where_its_dry_side_is(team: Team, place: str) -> None:
    team.commit({"stores/db.yaml": cluster(), place: METADATA})
    assert refusal(team) == (
        "nothing was changed: branch main is rendered by Argo CD's source hydrator from https://git.example.com/fleet.git "
        f"at commit 9d94a106 ({place}), so the next hydration would take an edit here back. Change the dry side: set "
        "--base, or `base` in .gitops-mcp.yaml, to the branch that the Application names in "
        "spec.sourceHydrator.drySource.targetRevision"
    )


@pytest.mark.parametrize("text", ["", "[]", "{", '{"repoURL": 3}'])
def test_what_the_hydrator_says_is_not_needed_to_refuse(team: Team, text: str) -> None:
    team.commit({"stores/db.yaml": cluster(), "hydrator.metadata": text})
    assert "rendered by Argo CD's source hydrator from its dry source (hydrator.metadata)" in refusal(team)


def test_another_folder_that_is_hydrated_is_in_nobodys_way(team: Team) -> None:
    team.commit({"stores/db.yaml": cluster(), "other/hydrator.metadata": METADATA})
    assert scaled(team).outcome == "committed"


def test_the_dry_side_is_edited_and_its_way_is_told(team: Team) -> None:
    team.commit({"apps/stores.yaml": HYDRATOR, "stores/db.yaml": cluster(namespace=None)})
    done = scaled(team)
    assert [one.path for one in done.files] == ["stores/db.yaml"]
    assert "Applied by Argo CD Application argocd/stores (apps/stores.yaml:1)" in done.about
    assert [one.message for one in done.warnings if one.id == "held-up"] == [
        (
            "Application stores (apps/stores.yaml:1) has it rendered into branch env/prod-next, and applies env/prod: "
            "somebody has to promote it there after the merge"
        )
    ]


WET = (
    HYDRATOR.replace("env/prod-next", "next")
    .replace("targetBranch: env/prod", "targetBranch: main")
    .replace("targetRevision: main", "targetRevision: dry")
)


@pytest.mark.parametrize("text", [WET, WET.replace("targetBranch: main", "targetBranch: wet").replace("next", "main")])
def test_a_branch_that_an_application_has_written_is_not_edited(team: Team, text: str) -> None:
    team.commit({"apps/stores.yaml": text, "stores/db.yaml": cluster()})
    assert refusal(team) == (
        "nothing was changed: branch main is rendered by Argo CD's source hydrator from stores of branch dry (Argo CD "
        "Application argocd/stores (apps/stores.yaml:1)), so the next hydration would take an edit here back. Change the "
        "dry side: set --base, or `base` in .gitops-mcp.yaml, to dry"
    )


def test_another_folder_than_the_one_that_is_written_is_edited(team: Team) -> None:
    team.commit(
        {"apps/stores.yaml": WET.replace("{path: stores, targetB", "{path: other, targetB"), "db.yaml": cluster()}
    )
    assert scaled(team).outcome == "committed"


def test_a_branch_that_kargo_made_is_no_base(team: Team) -> None:
    team.commit({"stores/db.yaml": cluster()})
    team.git("branch", "--move", "kargo/promotion/prod.01hq8x2m7c5r4z0kq3v9b1n6td.4f2c9aa")
    with pytest.raises(Refused, match="was made by Kargo for one Promotion"):
        scaled(team)
    assert "gitops-mcp/" not in team.git("branch", "--list")

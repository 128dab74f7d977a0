"""A review as a pipeline starts it, and as a model asks for it where the pull request is on a forge."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from mcp import Client

from gitops_mcp.app import App
from gitops_mcp.config import Flags
from gitops_mcp.domain.access.rights import Grant, Rights
from gitops_mcp.errors import Refused
from gitops_mcp.sandbox.forges.values import ForgeName
from gitops_mcp.server import build_server
from gitops_mcp.workflows.reviews.candidate import asked_candidate
from tests.fakes.forges import ForgeServers
from tests.fakes.proposing_team import ProposingTeam

ROOT = Path(__file__).parents[2]
CLUSTER = "clusters/prod/shop/orders-db/cluster.yaml"


def proposing(forge_server: ForgeServers, monkeypatch: pytest.MonkeyPatch, name: ForgeName) -> ProposingTeam:
    made = ProposingTeam.of(forge_server(name))
    monkeypatch.setenv(made.variable, made.served.forge.token("bot"))
    made.served.git("fetch", "--quiet")
    return made


@pytest.fixture
def team(forge_server: ForgeServers, monkeypatch: pytest.MonkeyPatch) -> ProposingTeam:
    return proposing(forge_server, monkeypatch, "github")


def propose(team: ProposingTeam, old: str, new: str) -> None:
    """On a branch of somebody's, who is no server of ours."""
    text = (team.served.checkout / CLUSTER).read_text()
    assert old in text
    team.served.commit("renovate/postgres", text.replace(old, new), file=CLUSTER, message="Bump")


def ended(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gitops_mcp", "review", *arguments]
    # Those of the pipeline that runs this test are not meant.
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "CI_", "GITLAB_"))}
    environ["PYTHONPATH"] = str(ROOT)
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_a_pipeline_gets_a_comment_and_an_exit_code(team: ProposingTeam) -> None:
    propose(team, "size: 20Gi", "size: 10Gi")
    failed = ended(team.served.checkout, "origin/main", "HEAD")
    assert (failed.returncode, failed.stderr) == (1, "")
    assert failed.stdout.startswith("<!-- gitops-mcp:review -->\n## Review: error\n")
    assert "| `Cluster shop/orders-db` | `spec.storage.size` | `20Gi` | `10Gi` |" in failed.stdout
    told = ended(team.served.checkout, "--json", "--fail-on", "never", "HEAD")
    assert told.returncode == 0
    found = json.loads(told.stdout)
    assert (found["verdict"], [one["id"] for one in found["errors"]]) == ("error", ["storage-shrink"])


@pytest.mark.thorough
def test_a_pipeline_gets_the_findings_as_a_page_too(team: ProposingTeam) -> None:
    propose(team, "size: 20Gi", "size: 10Gi")
    page = team.served.checkout.with_name("review.html")
    assert ended(team.served.checkout, "--html", str(page), "HEAD").returncode == 1
    text = page.read_text()
    assert "storage-shrink" in text
    assert "<pre>&lt;!-- gitops-mcp:review --&gt;" in text
    lost = ended(team.served.checkout, "--html", "/nowhere/review.html", "HEAD")
    assert (lost.returncode, "--html /nowhere/review.html: No such file" in lost.stderr) == (2, True)


@pytest.mark.thorough
def test_what_could_not_be_judged_ends_with_2_and_says_why_in_both_forms(team: ProposingTeam) -> None:
    unknown = ended(team.served.checkout, "main", "nowhere")
    assert unknown.returncode == 2
    assert "could not judge: no commit 'nowhere'" in unknown.stderr
    assert unknown.stdout.startswith("<!-- gitops-mcp:review -->\n## Review: could not judge\n\nno commit 'nowhere'")
    told = ended(team.served.checkout, "--json", "main", "nowhere")
    assert (told.returncode, json.loads(told.stdout)["verdict"]) == (2, "not_judged")
    assert ended(team.served.checkout, "--fail-on", "maybe", "HEAD").returncode == 2


@pytest.mark.parametrize(
    "name", ["github", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("gitlab", "gitea"))]
)
def test_a_pull_request_of_anybody_is_reviewed_by_its_number(
    forge_server: ForgeServers, monkeypatch: pytest.MonkeyPatch, name: ForgeName
) -> None:
    team = proposing(forge_server, monkeypatch, name)
    propose(team, "18.4-standard-trixie", "18.5-bookworm")
    pull = team.served.forge.open_pull("renovate/postgres", title="Bump")

    async def ask() -> None:
        async with Client(build_server(App.open(Flags(repo=team.served.checkout)))) as client:
            done = await client.call_tool("review_change", {"pull_request": pull.number})
            found = done.structured_content
            assert found is not None
            assert (found["verdict"], found["pull_request"]["number"]) == ("warning", pull.number)
            assert {one["id"] for one in found["warnings"]} == {"image-flavour"}
            by_name = await client.call_tool("review_change", {"ref": "renovate/postgres"})
            assert by_name.structured_content is not None
            assert by_name.structured_content["head"] == found["head"]
            other = await client.call_tool("review_change", {"pull_request": 4711})
            assert other.is_error
            assert "4711 of platform/fleet" in str(other.content)

    anyio.run(ask)


def test_whose_a_merged_pull_request_was_is_not_told_to_who_may_see_a_part(team: ProposingTeam) -> None:
    propose(team, "18.4-standard-trixie", "18.5-bookworm")
    pull = team.served.forge.open_pull("renovate/postgres", title="Bump")
    outside = Grant(frozenset({"read"}), namespaces=("bank",))
    asks = replace(team.app(), rights=Rights((outside,), outside.scopes, "jane"))
    with pytest.raises(Refused, match=f"pull request #{pull.number} touches objects that lie outside"):
        asked_candidate(asks, None, pull.number)
    team.served.forge.merge_branch("renovate/postgres", "merge")
    assert asked_candidate(asks, None, pull.number).pull is None
    everything = asked_candidate(team.app(), None, pull.number)
    assert everything.pull is not None
    assert everything.pull.number == pull.number

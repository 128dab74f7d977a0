"""A change on a forge through the real server: from the push to the merge, waiting for the review, and cancelled."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.sandbox.forges.server import Asked
from tests.e2e.lines import Lines, last_outcome
from tests.fakes.forge_team import VARIABLES, ForgeTeam, forge_team
from tests.fakes.forges import ForgeServers

MOST = 6
"""Requests to the forge for one change."""


@pytest.fixture(params=["github", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("gitlab", "gitea"))])
def team(forge_server: ForgeServers, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ForgeTeam:
    return forge_team(forge_server, request.param, monkeypatch)


@pytest.fixture
def lines(team: ForgeTeam, tmp_path: Path) -> Iterator[Lines]:
    names = ("HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "KUBECONFIG", VARIABLES[team.forge.name])
    env = {name: os.environ[name] for name in names}
    with Lines(team.checkout, "--audit-log", str(tmp_path / "audit"), env=env) as made:
        yield made


def asked_of(team: ForgeTeam, lines: Lines, tool: str, **arguments: Any) -> tuple[dict[str, Any], list[Asked]]:
    with team.server.counted() as asked:
        found = lines.call(tool, **arguments)["structuredContent"]
    return found, asked


def test_one_answer_tells_where_it_stands_from_the_push_to_the_merge(team: ForgeTeam, lines: Lines) -> None:
    lines.call("scale_postgres_cluster", name="orders-db", instances=5, change="size", reason="It is slow")
    with team.forge.lock:
        team.forge.observe()
        known = team.forge.find_open(team.forge.repository, "gitops-mcp/size")
    pull = known or team.open_pull()
    seen: list[str] = []

    def look() -> dict[str, Any]:
        found, asked = asked_of(team, lines, "get_change", change="size")
        assert len(asked) <= MOST, list(map(str, asked))
        seen.append(found["state"])
        return found

    assert look()["pull_request"]["number"] == pull.number
    team.forge.check(pull, "failure", "unit")
    found = look()
    assert found["pull_request"]["checks_failed"] == ["unit"]
    assert "check 'unit' failed" in found["why"]
    listed, asked = asked_of(team, lines, "list_changes")
    assert len(asked) == 1, list(map(str, asked))
    [row] = listed["items"]
    assert (row["state"], row["reason"], row["impact"]) == ("in_review", "It is slow", "none")
    team.forge.close(pull)
    look()
    team.forge.reopen(pull)
    team.forge.check(pull, "success", "unit")
    team.forge.approve(pull)
    assert look()["pull_request"]["approved_by"] == ["reviewer"]
    team.forge.merge(pull, "squash", delete=True, message="Make room")
    found = look()
    assert found["pull_request"]["state"] == "merged"
    assert seen == ["in_review", "in_review", "closed", "in_review", "merged"]


def wait(lines: Lines) -> str:
    """Asks and hears once how far it is."""
    arguments = {"change": "size", "wait_for": "merged", "timeout": 60}
    made = lines.ask("tools/call", name="get_change", arguments=arguments, _meta={"progressToken": "how-far"})
    assert heard(lines).startswith("change size is in_review: pull request #1 is open")
    return made


def heard(lines: Lines) -> str:
    frame = lines.next_frame()
    assert frame["method"] == "notifications/progress", frame
    message: str = frame["params"]["message"]
    return message


@pytest.mark.thorough
def test_the_review_is_waited_for_and_a_cancelled_wait_ends(team: ForgeTeam, lines: Lines, tmp_path: Path) -> None:
    team.scale(team.app(), 5)
    pull = team.open_pull()
    begun = time.monotonic()
    made = wait(lines)
    lines.cancel(made)
    assert last_outcome(tmp_path / "audit", 1)["outcome"] == "cancelled"
    assert time.monotonic() - begun < 20
    with team.server.counted() as asked:
        made = wait(lines)
        team.forge.merge(pull, "merge")
        found = lines.answer_to(made)["result"]["structuredContent"]
    assert found["state"] == "merged"
    assert found["waited"].endswith(" s for merged: it is merged")
    assert len(asked) <= 2 * MOST, list(map(str, asked))

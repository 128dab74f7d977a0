"""The pull request of a change as an assistant meets it: by a server of its own over stdio, and a forge over HTTP."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.wire import Wire
from tests.fakes.forges import ForgeServers
from tests.fakes.proposing_team import BRANCH, ProposingTeam

CHANGE = "scale-shop-orders-db"
NEVER = "pullRequests: {open: never}\n"
DEADLINE = 30


class Assistant(Wire):
    def scale(self, instances: int, **more: Any) -> dict[str, Any]:
        return self.answer("scale_postgres_cluster", name="orders-db", instances=instances, reason="More load.", **more)


@pytest.fixture
def team(forge_server: ForgeServers) -> ProposingTeam:
    return ProposingTeam.of(forge_server("github"))


def started(team: ProposingTeam, **env: str) -> Assistant:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")}
    return Assistant(team.served.checkout, env={**kept, **env}, log=team.served.folder / "log")


@pytest.fixture
def assistant(team: ProposingTeam) -> Iterator[Assistant]:
    with started(team, GITHUB_TOKEN=team.served.forge.token("bot")) as made:
        yield made


def warned(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["warnings"] if one["id"].startswith("pull-request")]


def tip(team: ProposingTeam) -> str:
    return team.served.git("ls-remote", "origin", f"refs/heads/{BRANCH}").partition("\t")[0]


def test_a_change_has_one_pull_request_from_its_first_commit_until_it_is_discarded(
    team: ProposingTeam, assistant: Assistant
) -> None:
    created = assistant.scale(4)
    (pull,) = team.pulls
    url = f"{team.served.url}/platform/fleet/pull/{pull.number}"
    assert created["pull_request"] == {
        "number": pull.number, "url": url, "state": "open", "draft": False, "outcome": "created",
        "by": "bot, by the token of GITHUB_TOKEN",
    }  # fmt: skip
    with team.served.server.counted() as asked:
        updated = assistant.scale(5, change=CHANGE)
    assert (updated["outcome"], updated["pull_request"]["outcome"]) == ("committed", "updated")
    # Whether it is open yet decides before the push, and what people have written meanwhile behind it.
    assert [one.method for one in asked] == ["GET", "GET", "PATCH"]
    assert assistant.scale(5, change=CHANGE)["pull_request"]["outcome"] == "unchanged"
    assert [one.number for one in team.pulls] == [pull.number]
    gone = assistant.answer("discard_change", change=CHANGE, confirm_deletion=True)
    assert gone["pull_request"]["state"] == "closed"
    assert (pull.is_open, tip(team)) == (False, "")


@pytest.mark.thorough
def test_one_that_was_opened_by_hand_is_adopted(team: ProposingTeam, assistant: Assistant) -> None:
    team.configure(NEVER)
    never = assistant.scale(4)
    assert "pull_request" not in never
    page = f"{team.served.url}/platform/fleet/compare/main...{BRANCH}?expand=1"
    assert never["next"][0] == f"Open a pull request for review: {page}"
    team.configure()
    pull = team.served.forge.open_pull(BRANCH, title="By hand", body="Please look.")
    adopted = assistant.scale(5, change=CHANGE)
    assert (adopted["pull_request"]["outcome"], adopted["pull_request"]["number"]) == ("adopted", pull.number)
    assert (pull.title, pull.body) == ("By hand", "Please look.")


def test_never_opens_none_until_it_is_asked_for(team: ProposingTeam, assistant: Assistant) -> None:
    team.configure(NEVER)
    assistant.scale(4)
    assert team.pulls == []
    opened = assistant.answer("open_pull_request", change=CHANGE, draft=True)
    (pull,) = team.pulls
    assert (opened["outcome"], opened["pull_request"]["draft"], pull.draft) == ("created", True, True)


def test_without_credentials_the_page_and_what_is_missing_are_told(team: ProposingTeam) -> None:
    with started(team) as assistant:
        told = assistant.scale(4)
        assert "pull_request" not in told
        assert "(none was opened: no credentials for 127.0.0.1 (GitHub)" in told["next"][0]
        asked = assistant.answer("open_pull_request", change=CHANGE)
    assert asked["outcome"] == "not_opened"
    assert asked["warnings"][0]["message"].startswith("no credentials for 127.0.0.1 (GitHub)")
    assert asked["next"][0].startswith("A person opens a pull request: http://127.0.0.1")


@pytest.mark.parametrize("how", ["500", "html", "rate limit"])
@pytest.mark.few(1)
def test_what_failed_behind_the_push_is_finished_by_the_same_request(
    team: ProposingTeam, assistant: Assistant, how: str
) -> None:
    team.served.server.fail("POST .*/pulls", how)
    failed = assistant.scale(4)
    assert (failed["outcome"], tip(team)) == ("committed", failed["commit"])
    assert warned(failed) == ["pull-request-failed"]
    assert "pull_request" not in failed
    team.served.server.heal()
    done = assistant.scale(4)
    assert (done["outcome"], done["pull_request"]["outcome"]) == ("unchanged", "created")
    assert len(team.pulls) == 1


def test_a_host_that_is_down_takes_nothing_back(team: ProposingTeam, assistant: Assistant) -> None:
    assistant.greet()
    team.served.server.stop()
    failed = assistant.scale(4)
    assert warned(failed) == ["pull-request-failed"]
    assert tip(team) == failed["commit"]


@pytest.mark.thorough
def test_a_server_that_is_killed_between_push_and_opening_leaves_a_change_that_the_same_request_finishes(
    team: ProposingTeam,
) -> None:
    env = {"GITHUB_TOKEN": team.served.forge.token("bot")}
    team.served.server.fail("POST .*/pulls", delay=DEADLINE, times=1)
    with started(team, **env) as first:
        first.send("scale_postgres_cluster", name="orders-db", instances=4, reason="More load.")
        ends = time.monotonic() + DEADLINE
        while not tip(team):
            assert time.monotonic() < ends
        first.kill()
    team.served.server.heal()
    assert team.pulls == []
    with started(team, **env) as second:
        done = second.scale(4)
    assert (done["outcome"], done["pull_request"]["outcome"]) == ("unchanged", "created")
    (pull,) = team.pulls
    assert "More load." in (pull.body or "")

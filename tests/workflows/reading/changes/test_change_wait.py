"""Waiting for a change: what ends it, what it asks meanwhile, and what the caller hears."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import anyio
import pytest
from anyio import CapacityLimiter, lowlevel
from mcp import Client

from gitops_mcp.answers.changes import ChangeDetail
from gitops_mcp.app import App
from gitops_mcp.caller import CallEnd, Cancelled, Nobody, call_until
from gitops_mcp.config import Flags
from gitops_mcp.sandbox.forges.routing import Answer as ForgeAnswer
from gitops_mcp.server import CallThreads, build_server
from gitops_mcp.workflows.reading.changes import change_wait
from gitops_mcp.workflows.reading.changes.change_wait import Goal
from gitops_mcp.workflows.reading.changes.questions import change_detail
from tests.fakes.api import Answer
from tests.fakes.forge_team import ForgeTeam, forge_team
from tests.fakes.forges import ForgeServers
from tests.workflows.conftest import Api, Team, application, cluster, listed, live
from tests.workflows.reading.changes.test_state import merged


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_wait, "LEAST", 0.05)


@dataclass
class Listener(Nobody):
    """Does one thing each time it hears how far it is."""

    deeds: Iterator[Callable[[], object]] = field(default_factory=lambda: iter(()))
    heard: list[str] = field(default_factory=list)

    def told(self, done: float, total: float, message: str) -> None:
        assert 0 <= done <= total
        self.heard.append(message)
        next(self.deeds, lambda: None)()


def waited(app: App, goal: Goal, *deeds: Callable[[], object], name: str = "size", seconds: int = 30) -> ChangeDetail:
    with app.called(Listener(iter(deeds))) as called:
        return change_detail(called, name, detailed=False, wait_for=goal, seconds=seconds)


def why(found: ChangeDetail) -> str:
    """Why it waited no longer, without how long it did."""
    waited, _, rest = (found.waited or "").partition(" s ")
    assert waited.startswith("waited ")
    return rest


@pytest.fixture
def on_forge(forge_server: ForgeServers, monkeypatch: pytest.MonkeyPatch) -> ForgeTeam:
    team = forge_team(forge_server, "github", monkeypatch)
    team.scale(team.app(), 5)
    return team


def test_the_review_is_waited_for_and_each_look_is_told(on_forge: ForgeTeam) -> None:
    pull = on_forge.open_pull()
    caller = Listener(iter([lambda: None, lambda: on_forge.forge.merge(pull, "squash")]))
    with on_forge.app().called(caller) as called:
        found = change_detail(called, "size", detailed=False, wait_for="merged", seconds=30)
    assert (found.state, why(found)) == ("merged", "for merged: it is merged")
    assert [one.partition(":")[0] for one in caller.heard] == [
        "change size is in_review",
        "change size is in_review",
        "change size is merged",
    ]


@pytest.mark.anyio
async def test_waits_hold_up_no_other_call_and_are_counted_among_those_that_queue(on_forge: ForgeTeam) -> None:
    threads, begun = CallThreads(running=CapacityLimiter(1), waiting=CapacityLimiter(1)), anyio.Event()
    async with (
        Client(build_server(App.open(Flags(repo=on_forge.checkout)), threads=threads)) as client,
        anyio.create_task_group() as group,
    ):

        async def hear(progress: float, total: float | None, message: str | None) -> None:
            begun.set()

        async def wait() -> None:
            asked = {"change": "size", "wait_for": "merged", "timeout": 30}
            await client.call_tool("get_change", asked, progress_callback=hear)

        group.start_soon(wait)
        with anyio.fail_after(20):
            await begun.wait()
            group.start_soon(wait)
            while not threads.queued:
                await lowlevel.checkpoint()
            found = await client.call_tool("get_change", {"change": "size"})
        assert (found.is_error, threads.queued) == (False, 1)
        group.cancel_scope.cancel()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.thorough
def test_a_change_without_a_pull_request_is_waited_for_too(on_forge: ForgeTeam) -> None:
    found = waited(on_forge.app(), "merged", lambda: on_forge.forge.merge_branch("gitops-mcp/size", "merge"))
    assert found.state == "merged"


@pytest.mark.parametrize(
    ("deed", "reason", "state"),
    [
        pytest.param("close", "it was closed without being merged", "closed", id="closed"),
        pytest.param("ask", "somebody has to act first", "in_review", id="changes requested"),
        pytest.param("fail", "somebody has to act first", "in_review", id="a check failed"),
        pytest.param("delete", "it was closed without being merged", "closed", id="branch deleted"),
    ],
)
@pytest.mark.few(1)
def test_what_no_review_can_bring_ends_it_at_once(on_forge: ForgeTeam, deed: str, reason: str, state: str) -> None:
    pull, forge = on_forge.open_pull(), on_forge.forge
    deeds: dict[str, Callable[[], object]] = {
        "close": lambda: forge.close(pull),
        "ask": lambda: forge.review(pull, "CHANGES_REQUESTED"),
        "fail": lambda: forge.check(pull, "failure", "unit"),
        "delete": lambda: forge.delete_branch("gitops-mcp/size"),
    }
    found = waited(on_forge.app(), "merged", deeds[deed])
    assert why(found) == f"for merged: waiting does not bring merged: {reason}"
    assert found.state == state


@pytest.mark.parametrize("goal", ["applied", "healthy"])
@pytest.mark.few(1)
def test_what_is_not_merged_is_not_waited_for_as_applied(on_forge: ForgeTeam, goal: Goal) -> None:
    on_forge.open_pull()
    found = waited(on_forge.app(), goal)
    assert why(found) == (
        f"for {goal}: waiting does not bring {goal}: it is not merged yet, which wait_for=merged waits for"
    )


def test_a_forge_that_asks_for_time_is_given_it(on_forge: ForgeTeam) -> None:
    """It is not asked again before, and what is left of the time would not be enough."""
    on_forge.open_pull()
    on_forge.server.fail("", ForgeAnswer(429, {"message": "slow down"}, {"Retry-After": "60"}))
    with on_forge.server.counted() as asked:
        found = waited(on_forge.app(), "merged")
    assert len(asked) == 1
    assert (found.state, why(found)) == (
        "pushed",
        "for merged, which has not come yet; the forge takes no requests for 60 s: the same call waits on",
    )


def test_a_forge_that_names_no_time_is_left_alone_for_a_minute(on_forge: ForgeTeam) -> None:
    on_forge.open_pull()
    on_forge.server.fail("", ForgeAnswer(429, {"message": "slow down"}))
    assert "the forge takes no requests for 60 s" in why(waited(on_forge.app(), "merged"))


@pytest.mark.thorough
def test_a_pause_is_as_long_as_the_forge_says(on_forge: ForgeTeam) -> None:
    pull = on_forge.open_pull()
    on_forge.server.fail("", ForgeAnswer(429, {"message": "slow down"}, {"Retry-After": "1"}), times=1)
    begun = time.monotonic()
    found = waited(on_forge.app(), "merged", lambda: None, lambda: on_forge.forge.close(pull))
    assert found.state == "closed"
    assert time.monotonic() - begun >= 1


def test_a_call_that_is_cancelled_stops_waiting(on_forge: ForgeTeam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_wait, "LEAST", 25)
    on_forge.open_pull()
    end = CallEnd()
    begun = time.monotonic()
    with call_until(end), pytest.raises(Cancelled):
        waited(on_forge.app(), "merged", end.set)
    assert time.monotonic() - begun < 20


def test_it_ends_before_its_time_where_no_look_fits_into_it(
    on_forge: ForgeTeam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_wait, "LEAST", 31)
    on_forge.open_pull()
    found = waited(on_forge.app(), "merged")
    assert why(found) == "for merged, which has not come yet: the same call waits on"


def test_after_the_merge_the_engine_and_the_cluster_are_waited_for(team: Team, api: Api) -> None:
    merged(team)
    well = live(instances=5)
    well["status"] |= {"instances": 5, "readyInstances": 5}
    starting = live(instances=5) | {"status": {"phase": "Setting up primary", "instances": 1, "readyInstances": 0}}
    here = "/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters/db"
    api.answers[here] = [Answer(200, live()), Answer(200, starting), Answer(200, well)]
    found = waited(team.app(), "healthy", name="more")
    assert (found.state, why(found)) == ("healthy", "for healthy: it is healthy")
    api.answers[here] = [Answer(200, live()), Answer(200, starting)]
    assert waited(team.app(), "applied", name="more").state == "applied"


@pytest.mark.parametrize("goal", ["applied", "healthy"])
def test_what_the_engine_cannot_apply_is_not_waited_for(team: Team, api: Api, goal: Goal) -> None:
    merged(team)
    api.cluster("shop", "db", Answer(200, live()))
    api.applications(listed(application(failing="admission refused it")))
    found = waited(team.app(), goal, name="more")
    assert (found.state, why(found)) == ("failed", f"for {goal}: waiting does not bring {goal}: it has failed")


def test_an_engine_that_a_person_has_to_start_is_not_waited_for(team: Team, api: Api) -> None:
    merged(team)
    tip = team.git("rev-parse", "HEAD")
    manual = application(revision=tip)
    del manual["spec"]["syncPolicy"]
    manual["status"]["sync"]["status"] = "OutOfSync"
    api.cluster("shop", "db", Answer(200, live()))
    api.applications(listed(manual))
    found = waited(team.app(), "applied", name="more")
    assert (found.state, why(found)) == (
        "merged",
        "for applied: waiting does not bring applied: somebody has to act first",
    )


def test_what_was_set_otherwise_since_is_not_waited_for(team: Team, api: Api) -> None:
    merged(team)
    team.commit({"db.yaml": cluster(spec="{instances: 3}")})
    api.cluster("shop", "db", Answer(200, live()))
    found = waited(team.app(), "applied", name="more")
    assert why(found) == "for applied: waiting does not bring applied: it was reverted"

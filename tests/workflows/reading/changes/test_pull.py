"""What is told of a change on each forge, and how many questions that takes."""

from __future__ import annotations

import pytest

from gitops_mcp.answers.changes import ChangeDetail, ChangeRow
from gitops_mcp.app import App
from gitops_mcp.errors import NotFound
from gitops_mcp.sandbox.forges.merging import Way
from gitops_mcp.sandbox.forges.values import ForgeName, Rules
from gitops_mcp.workflows.reading.changes.questions import CURRENT, change_detail, page_of_changes
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.delivery.pull_requests.opening import open_pull_request_of
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.forge_team import CLUSTER, VARIABLES, ForgeTeam, forge_team
from tests.fakes.forges import ForgeServers

MOST = 6
"""Requests to the forge for one change."""


@pytest.fixture(params=["github", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("gitlab", "gitea"))])
def team(forge_server: ForgeServers, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ForgeTeam:
    name: ForgeName = request.param
    return forge_team(forge_server, name, monkeypatch)


def detail(team: ForgeTeam, app: App, change: str = "size") -> ChangeDetail:
    with team.server.counted() as asked:
        found = change_detail(app, change, detailed=False)
    assert 1 <= len(asked) <= MOST, list(map(str, asked))
    return found


def rows(app: App, state: str = CURRENT) -> list[ChangeRow]:
    return page_of_changes(app, state=state, limit=100, cursor=None).items


def warned(found: ChangeDetail) -> set[str]:
    """Ids of warnings; there is no API."""
    return {one.id for one in found.warnings} - {"live-unavailable"}


def test_one_that_was_opened_by_hand_is_in_review_and_says_who_acts(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    assert detail(team, app).state == "pushed"
    pull = team.open_pull()
    found = detail(team, app)
    assert (found.state, warned(found)) == ("in_review", set())
    assert found.pull_request is not None
    assert (found.pull_request.number, found.pull_request.state) == (pull.number, "open")
    assert "nobody has approved it" in found.why
    assert found.pull_request.url in found.next[0]


def test_checks_reviews_and_rules_say_what_it_waits_for_in_their_order(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    pull = team.open_pull()
    team.forge.repository.rules["main"] = Rules(approvals=1, checks=("unit",))
    team.forge.check(pull, "failure", "unit", url="https://ci.example.com/7")
    found = detail(team, app)
    assert found.pull_request is not None
    assert found.pull_request.checks_failed == ["unit"]
    assert "check 'unit' failed" in found.why
    assert "https://ci.example.com/7" in found.next[0]
    team.forge.check(pull, "success", "unit")
    pull.reviewers.append(team.forge.user("reviewer"))
    assert "reviewer" in detail(team, app).next[0]
    team.forge.review(pull, "CHANGES_REQUESTED")
    found = detail(team, app)
    assert "reviewer asked for changes" in found.why
    assert found.next[0].startswith("The author answers at ")
    team.forge.approve(pull)
    found = detail(team, app)
    assert found.pull_request is not None
    assert found.pull_request.approved_by == ["reviewer"]
    assert "nothing is known to hold the merge up" in found.why
    assert found.next[0].startswith("A person presses the merge button at ")


@pytest.mark.thorough
def test_a_draft_waits_for_its_author_and_a_conflict_names_its_file(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    team.open_pull(draft=True)
    assert "it is a draft" in detail(team, app).why
    [row] = rows(app)
    assert row.pull_request is not None
    assert row.pull_request.draft
    team.commit_to_main(CLUSTER, (team.checkout / CLUSTER).read_text().replace("instances: 3", "instances: 4"))
    found = detail(team, app)
    assert found.conflicts == [CLUSTER]
    assert found.next[0].startswith("refresh_change change=size plans it again on main")
    assert rows(app)[0].conflicts == [CLUSTER]


@pytest.mark.parametrize(
    ("way", "delete"),
    [
        ("squash", True),
        ("merge", True),
        pytest.param("rebase", True, marks=pytest.mark.thorough),
        pytest.param("squash", False, marks=pytest.mark.thorough),
        pytest.param("merge", False, marks=pytest.mark.thorough),
        pytest.param("rebase", False, marks=pytest.mark.thorough),
    ],
)
@pytest.mark.few(1)
def test_one_that_is_merged_is_merged_for_a_newcomer_too(team: ForgeTeam, way: Way, delete: bool) -> None:
    """A squash of two commits has no trailers, and a person may have written the message anew."""
    app = team.app()
    team.scale(app, 5)
    team.scale(app, 4)
    pull = team.open_pull()
    team.forge.merge(pull, way, delete=delete, message="Make room" if way == "squash" else None)
    for asked in (app, team.newcomer()):
        found = detail(team, asked)
        assert found.state == "merged"
        assert found.pull_request is not None
        assert (found.pull_request.number, found.pull_request.state) == (pull.number, "merged")
        assert "+  instances: 4" in (found.diff or "")


def test_a_closed_one_closes_the_change_until_it_is_opened_again(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    pull = team.open_pull()
    team.forge.close(pull)
    for asked in (app, team.newcomer()):
        found = detail(team, asked)
        assert found.state == "closed"
        assert found.next[0].startswith(f"A person reopens pull request #{pull.number} at ")
        assert found.next[0].endswith("or discard_change removes its branch")
    [row] = rows(app)
    assert (row.state, row.pull_request) == ("pushed", None)
    assert (row.why or "").endswith("no pull request of it is open")
    team.forge.reopen(pull)
    assert detail(team, app).state == "in_review"


@pytest.mark.thorough
def test_a_branch_that_goes_closes_the_change_for_a_newcomer_too(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    team.open_pull()
    team.forge.delete_branch("gitops-mcp/size")
    for asked in (app, team.newcomer()):
        found = detail(team, asked)
        assert found.state == "closed"
        assert "was closed without being merged" in found.why


@pytest.mark.thorough
def test_another_base_is_named(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    pull = team.open_pull()
    team.git("push", "--quiet", "origin", "origin/main:refs/heads/release")
    team.forge.observe()
    team.forge.edit(pull, base="release")
    found = detail(team, app)
    assert "it would be merged into release, not into main" in found.why
    assert found.pull_request is not None
    assert found.pull_request.base == "release"
    team.forge.edit(pull, base="release", body="Mine")
    asked = open_pull_request_of(app, "size", draft=None, title=None, dry_run=False)
    assert asked.next[0] == f"A person sets the base of pull request #1 back to main: {found.pull_request.url}"
    request = WriteRequest("scale_postgres_cluster", None, change="size")
    again = clusters.scale_cluster(app, request, "orders-db", namespace=None, instances=5)
    assert again.next[0] == asked.next[0]
    team.forge.merge(pull, "merge")
    found = detail(team, app)
    assert found.state == "pushed"
    assert "is merged into release, not into main" in found.why


@pytest.mark.thorough
def test_a_name_that_is_used_again_is_a_change_of_its_own(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    team.forge.merge(team.open_pull(), "squash", delete=True, message="Make room")
    assert detail(team, app).state == "merged"
    team.scale(app, 4)
    for asked in (app, team.newcomer()):
        found = detail(team, asked)
        assert (found.state, found.pull_request) == ("pushed", None)
    second = team.open_pull()
    found = detail(team, app)
    assert found.pull_request is not None
    assert (found.state, found.pull_request.number) == ("in_review", second.number)
    team.forge.close(second)
    team.forge.delete_branch("gitops-mcp/size")
    for asked in (app, team.newcomer()):
        assert detail(team, asked).state == "closed"


@pytest.mark.thorough
def test_a_merged_one_that_was_taken_back_is_reverted(team: ForgeTeam) -> None:
    app = team.app()
    team.scale(app, 5)
    before = (team.checkout / CLUSTER).read_text()
    team.forge.merge(team.open_pull(), "squash", delete=True, message="Make room")
    team.git("fetch", "--quiet")
    team.commit_to_main(CLUSTER, before)
    for asked in (app, team.newcomer()):
        found = detail(team, asked)
        assert found.state == "reverted"
        assert "pull request #1 is merged" in found.why
        assert "says again what it said before the change" in found.why


@pytest.mark.thorough
def test_where_pushes_go_to_a_fork_its_pull_request_leads_across(team: ForgeTeam) -> None:
    fork = team.use_fork()
    app = team.app()
    team.scale(app, 5)
    found = detail(team, app)
    assert (found.state, found.pull_request) == ("pushed", None)
    assert found.why.endswith("no pull request of it is open")
    pull = team.open_pull(source=fork)
    assert detail(team, app).state == "in_review"
    assert rows(app)[0].pull_request is not None
    team.forge.merge(pull, "squash")
    assert detail(team, app).state == "merged"


@pytest.mark.parametrize("count", [1, 12])
@pytest.mark.few(1)
def test_a_listing_asks_the_forge_once_whatever_it_lists(team: ForgeTeam, count: int) -> None:
    app = team.app()
    for number in range(count):
        team.scale(app, 4 + number % 2, f"size-{number}")
        team.open_pull(f"size-{number}")
    with team.server.counted() as asked:
        found = rows(app)
    assert len(asked) == 1, list(map(str, asked))
    assert [(one.state, one.pull_request is not None) for one in found] == [("in_review", True)] * count
    assert {one.impact for one in found} == {"none"}
    assert found[0].authors == ["gitops-mcp sandbox"]


@pytest.mark.thorough
def test_a_listing_that_is_cut_is_told_and_says_nothing_of_those_behind_it(
    team: ForgeTeam, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = team.app()
    team.scale(app, 5)
    pull = team.open_pull()
    team.forge.close(pull)
    for number in range(101):
        team.git("push", "--quiet", str(team.forge.remote.path), f"origin/gitops-mcp/size:refs/heads/other-{number}")
        team.forge.open_pull(f"other-{number}")
    monkeypatch.setattr("gitops_mcp.workflows.reading.changes.pull.MOST_PAGES", 1)
    page = page_of_changes(app, state="open", limit=10, cursor=None)
    assert [(one.state, one.pull_request, one.why) for one in page.items] == [("pushed", None, "on origin, not merged")]
    assert "pull-requests-cut" in {one.id for one in page.warnings}


@pytest.mark.parametrize("how", ["down", "500", "rate limit"])
@pytest.mark.few(1)
def test_where_the_forge_does_not_answer_states_are_gits_and_it_is_told(team: ForgeTeam, how: str) -> None:
    app = team.app()
    team.scale(app, 5)
    team.open_pull()
    if how == "down":
        team.server.stop()
    else:
        team.server.fail("", how)
    found = change_detail(app, "size", detailed=False)
    assert (found.state, found.pull_request, warned(found)) == ("pushed", None, {"forge-unavailable"})
    page = page_of_changes(app, state=CURRENT, limit=10, cursor=None)
    assert [(one.state, one.pull_request) for one in page.items] == [("pushed", None)]
    assert "forge-unavailable" in {one.id for one in page.warnings}


def test_one_that_only_the_forge_may_know_is_not_called_unknown_without_saying_so(team: ForgeTeam) -> None:
    team.server.fail("", "500")
    with pytest.raises(NotFound, match=r"no change 'size'.*The forge, which may know one .* was not asked"):
        change_detail(team.app(), "size", detailed=False)
    team.server.heal()
    with pytest.raises(NotFound) as caught:
        change_detail(team.app(), "size", detailed=False)
    assert "The forge" not in str(caught.value)


def test_without_a_credential_it_is_told_which_one_is_missing(team: ForgeTeam, monkeypatch: pytest.MonkeyPatch) -> None:
    team.scale(team.app(), 5)
    team.open_pull()
    monkeypatch.delenv(VARIABLES[team.forge.name])
    with team.server.counted() as asked:
        found = change_detail(team.app(), "size", detailed=False)
    assert (found.state, warned(found), asked) == ("pushed", {"pull-requests-unknown"}, [])
    [told] = [one.message for one in found.warnings if one.id == "pull-requests-unknown"]
    assert "no credentials for 127.0.0.1" in told

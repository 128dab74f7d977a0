"""What becomes of the pull request of a change, on each forge, through the real adapter over a socket."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gitops_mcp.domain.review_text.markers import find_marked
from gitops_mcp.errors import MayArrive, Refused, Unavailable
from gitops_mcp.sandbox.forges.routing import Answer
from gitops_mcp.sandbox.forges.values import ForgeName, Pull
from gitops_mcp.sandbox.run import start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.reading.changes.questions import change_detail
from gitops_mcp.workflows.writing.databases import WhichDatabase, create_database
from gitops_mcp.workflows.writing.delivery.pull_requests.opening import open_pull_request_of
from gitops_mcp.workflows.writing.discard import discard_branch
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.called_app import called_app
from tests.fakes.forges import ForgeServers
from tests.fakes.proposing_team import BRANCH, ProposingTeam, scale, warned

CHANGE = "scale-shop-orders-db"


def body_of(pull: Pull) -> str:
    return pull.body or ""


def is_open(pull: Pull) -> bool:
    return pull.is_open


@pytest.fixture(params=["github", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("gitlab", "gitea"))])
def team(request: pytest.FixtureRequest, forge_server: ForgeServers, monkeypatch: pytest.MonkeyPatch) -> ProposingTeam:
    name: ForgeName = request.param
    made = ProposingTeam.of(forge_server(name), more="pullRequests: {labels: [database], reviewers: [reviewer]}\n")
    monkeypatch.setenv(made.variable, made.served.forge.token("bot"))
    return made


@pytest.fixture
def on_github(forge_server: ForgeServers, monkeypatch: pytest.MonkeyPatch) -> ProposingTeam:
    made = ProposingTeam.of(forge_server("github"))
    monkeypatch.setenv(made.variable, made.served.forge.token("bot"))
    return made


def test_a_change_ends_in_one_pull_request_that_follows_it(team: ProposingTeam) -> None:
    app = team.app()
    first = scale(app, 4)
    (pull,) = team.pulls
    assert first.outcome == "committed"
    assert first.pull_request is not None
    assert (first.pull_request.outcome, first.pull_request.state) == ("created", "open")
    assert first.pull_request.number == pull.number
    assert "bot" in (first.pull_request.by or "")
    assert first.next[0] == f"Ask a person to review and merge pull request #{pull.number}: {first.pull_request.url}"
    assert (pull.title, pull.branch, pull.base) == ("Scale Cluster shop/orders-db to 4 instances", BRANCH, "main")
    takes_no_labels = team.served.forge.name == "gitea"
    assert pull.labels == ([] if takes_no_labels else ["database"])
    assert warned(first) == (["pull-request-unmet"] if takes_no_labels else [])
    assert "| `Cluster shop/orders-db` | `spec.instances` | `3` | `4` |" in body_of(pull)
    assert "More load." in body_of(pull)

    second = scale(app, 5, change=CHANGE)
    assert [one.number for one in team.pulls] == [pull.number]
    assert second.pull_request is not None
    assert second.pull_request.outcome == "updated"
    assert "| `Cluster shop/orders-db` | `spec.instances` | `3` | `5` |" in body_of(pull)
    assert "`4` |" not in body_of(pull)
    assert pull.title == "Change Cluster shop/orders-db: spec.instances 3 -> 5"

    same = scale(app, 5, change=CHANGE)
    assert (same.outcome, same.pull_request and same.pull_request.outcome) == ("unchanged", "unchanged")


@pytest.mark.thorough
def test_a_further_commit_asks_the_api_for_nothing_twice(
    on_github: ProposingTeam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start_sandbox(tmp_path / "world", api_only=True) as world:
        monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
        world.store.create(NAMESPACE, {"metadata": {"name": "shop"}})
        app = on_github.app()
        scale(app, 4)
        before = len(world.asked())
        assert scale(app, 5, change=CHANGE).outcome == "committed"
        asked = [f"{one['method']} {one['path']} {one['query']}" for one in world.asked()[before:]]
        assert asked
        assert sorted(asked) == sorted(set(asked))
        (pull,) = on_github.pulls
        assert "| `Cluster shop/orders-db` | `spec.instances` | `3` | `5` |" in body_of(pull)
        before = len(world.asked())
        assert scale(app, 5, change=CHANGE).outcome == "unchanged"
        asked = [f"{one['method']} {one['path']} {one['query']}" for one in world.asked()[before:]]
        assert sorted(asked) == sorted(set(asked))


@pytest.mark.thorough  # the demo shows it as well
def test_what_will_apply_a_new_object_is_named_where_only_the_api_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start_sandbox(tmp_path / "world", forge="github") as world:
        assert world.forge is not None
        for name, value in {"KUBECONFIG": str(world.kubeconfig), **world.forge.environment}.items():
            monkeypatch.setenv(name, value)
        request = WriteRequest("create_postgres_database", None)
        which = WhichDatabase("orders-db", "ledger", "shop")
        app = called_app(world.checkout)
        create_database(app, request, which, owner="orders_app", reclaim_policy="retain", extensions=(), schemas=())
        (pull,) = world.forge.server.forge.all_pulls()
    assert "namespace `shop`: Argo CD Application argocd/gitops applies it by itself." in body_of(pull)


@pytest.mark.thorough
def test_where_the_same_request_cannot_help_it_is_not_what_is_told(on_github: ProposingTeam) -> None:
    app = on_github.app()
    scale(app, 4)
    (pull,) = on_github.pulls
    on_github.served.forge.edit(pull, body=f"{'x' * 70_000}\n{pull.body}")
    told = scale(app, 5, change=CHANGE).warnings[0].message
    assert "takes fewer than 65536: leave parts of it out. Once that is mended, the same request does it" in told


def test_what_people_write_stays(team: ProposingTeam) -> None:
    app = team.app()
    scale(app, 4)
    (pull,) = team.pulls
    team.served.forge.edit(pull, title="Before the sale", body=f"Mind the sale.\r\n\r\n{pull.body}\r\n\r\nAda")
    result = scale(app, 5, change=CHANGE)
    assert result.pull_request is not None
    assert result.pull_request.outcome == "updated"
    assert pull.title == "Before the sale"
    found = find_marked(pull.body)
    assert found is not None
    assert (found.before, found.after) == ("Mind the sale.\r\n\r\n", "\r\n\r\nAda")
    assert "`5`" in found.ours


@pytest.mark.parametrize("body", ["Please look.", ""])
@pytest.mark.few(1)
def test_one_that_people_have_opened_is_adopted_and_its_text_is_theirs(team: ProposingTeam, body: str) -> None:
    app = team.app()
    team.configure("pullRequests: {open: never}\n")
    assert scale(app, 4).pull_request is None
    team.configure()
    pull = team.served.forge.open_pull(BRANCH, title="By hand", body=body)
    result = scale(app, 5, change=CHANGE)
    assert result.pull_request is not None
    assert (result.pull_request.outcome, result.pull_request.number) == ("adopted", pull.number)
    assert (pull.title, pull.body) == ("By hand", body)
    assert warned(result) == []


@pytest.mark.thorough
def test_a_text_whose_markers_are_broken_is_left_and_told(team: ProposingTeam) -> None:
    app = team.app()
    scale(app, 4)
    (pull,) = team.pulls
    broken = body_of(pull).replace("<!-- gitops-mcp:end -->", "")
    team.served.forge.edit(pull, body=broken)
    result = scale(app, 5, change=CHANGE)
    assert warned(result) == ["pull-request-text"]
    assert pull.body == broken


def test_never_opens_none_and_the_tool_opens_it(team: ProposingTeam) -> None:
    team.configure("pullRequests: {open: never}\n")
    app = team.app()
    result = scale(app, 4)
    assert result.pull_request is None
    assert result.next[0].startswith("Open a pull request for review: http://127.0.0.1")
    assert team.pulls == []
    planned = open_pull_request_of(app, CHANGE, draft=None, title=None, dry_run=True)
    assert (planned.outcome, planned.title) == ("dry_run", "Scale Cluster shop/orders-db to 4 instances")
    assert "`spec.instances` | `3` | `4`" in planned.markdown()
    assert planned.fits
    assert scale(app, 3, change="other", dry_run=True).pull_request is None
    assert team.pulls == []
    opened = open_pull_request_of(app, CHANGE, draft=True, title="For the sale", dry_run=False).pull_request
    (pull,) = team.pulls
    assert opened is not None
    assert (opened.outcome, opened.draft) == ("created", True)
    assert (pull.draft, pull.title.removeprefix("Draft: ").removeprefix("WIP: ")) == (True, "For the sale")
    assert "`spec.instances` | `3` | `4`" in body_of(pull)
    again = open_pull_request_of(app, CHANGE, draft=None, title=None, dry_run=False)
    assert again.outcome == "unchanged"
    assert scale(app, 5, change=CHANGE).pull_request is not None
    assert "`spec.instances` | `3` | `5`" in body_of(pull)
    assert [one.number for one in team.pulls] == [pull.number]


def test_what_failed_is_told_and_finished_by_the_same_request(team: ProposingTeam) -> None:
    app = team.app()
    team.served.server.fail("POST ", "500")
    result = scale(app, 4)
    assert (result.outcome, result.pull_request) == ("committed", None)
    assert warned(result) == ["pull-request-failed"]
    assert "is pushed and stays, without its pull request" in result.warnings[0].message
    assert ".." not in result.warnings[0].message
    team.served.server.heal()
    team.served.server.fail("POST ", Answer(200, "<html></html>", media="text/html"))
    doubtful = scale(app, 4).warnings[0].message
    assert doubtful.lower().count("the same request again") == 1
    assert team.pulls == []
    team.served.server.heal()
    again = scale(app, 4)
    assert again.outcome == "unchanged"
    assert again.pull_request is not None
    assert again.pull_request.outcome == "created"
    (pull,) = team.pulls
    assert "More load." in body_of(pull)


def test_a_host_that_is_down_leaves_what_is_pushed(team: ProposingTeam) -> None:
    app = team.app()
    team.served.server.stop()
    result = scale(app, 4)
    assert warned(result) == ["pull-request-failed"]
    assert team.served.git("ls-remote", "origin", BRANCH) != ""


@pytest.mark.thorough
def test_a_forge_that_does_not_know_the_branch_yet_gets_it_later(team: ProposingTeam) -> None:
    app = team.impatient_app(team.served.forge.token("bot"))
    team.served.forge.lags.create = 1000
    result = scale(app, 4)
    # Gitea answers the same 404 for what is not there and for what may not be seen.
    outcome = "failed" if team.served.forge.name == "gitea" else "follows"
    assert warned(result) == [f"pull-request-{outcome}"]
    team.served.forge.lags.create = 0
    assert (again := scale(app, 4).pull_request) is not None
    assert again.outcome == "created"


def test_without_credentials_the_page_and_the_reason_are_told(
    team: ProposingTeam, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(team.variable)
    result = scale(team.app(), 4)
    assert result.pull_request is None
    assert result.next[0].startswith("Open a pull request for review: http://127.0.0.1")
    assert "none was opened: " in result.next[0]
    assert team.pulls == []
    again = scale(team.app(), 4)
    assert again.next[0].startswith("A person opens a pull request: http://127.0.0.1")
    pull = team.served.forge.open_pull(BRANCH)
    shown = {"github": "/pull/", "gitlab": "/-/merge_requests/", "gitea": "/pulls/"}[team.served.forge.name]
    seen = change_detail(team.app(), CHANGE, detailed=False)
    assert f"{team.served.url}/platform/fleet{shown}{pull.number}" in seen.next[0]


def test_a_discarded_change_takes_its_pull_request_along(team: ProposingTeam) -> None:
    app = team.app()
    scale(app, 4)
    (pull,) = team.pulls
    planned = discard_branch(app, CHANGE, confirmed=False, dry_run=True)
    assert planned.pull_request is not None
    assert planned.pull_request.state == "open"
    assert is_open(pull)
    done = discard_branch(app, CHANGE, confirmed=True, dry_run=False)
    assert done.pull_request is not None
    assert done.pull_request.state == "closed"
    assert not is_open(pull)
    assert team.served.git("ls-remote", "origin", BRANCH) == ""


def test_discarding_changes_nothing_where_the_forge_does_not_answer_and_goes_on_after_a_kill(
    team: ProposingTeam,
) -> None:
    app = team.app()
    scale(app, 4)
    (pull,) = team.pulls
    team.served.server.fail("", "500")
    with pytest.raises(Unavailable, match="nothing was changed, since its pull request comes first"):
        discard_branch(app, CHANGE, confirmed=True, dry_run=False)
    team.served.server.heal()
    assert is_open(pull)
    assert team.served.git("ls-remote", "origin", BRANCH) != ""
    team.served.forge.close(pull)  # and killed before the branch went
    done = discard_branch(app, CHANGE, confirmed=True, dry_run=False)
    assert done.outcome == "discarded"
    assert team.served.git("ls-remote", "origin", BRANCH) == ""


@pytest.mark.thorough
def test_where_the_branch_cannot_go_it_is_told_that_its_pull_request_is_closed(on_github: ProposingTeam) -> None:
    app = on_github.app()
    scale(app, 4)
    (pull,) = on_github.pulls
    on_github.configure("timeouts: {git: 2}\n")
    app = on_github.app()
    hook = on_github.served.folder / "remote.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nsleep 4\n")
    hook.chmod(0o755)
    with pytest.raises(MayArrive) as raised:
        discard_branch(app, CHANGE, confirmed=True, dry_run=False)
    assert str(raised.value).count("the same request again") == 1
    assert not is_open(pull)
    assert "Its pull request is closed already: http" in str(raised.value)


@pytest.mark.thorough
def test_one_that_people_have_closed_stays_closed_until_one_is_asked_for(team: ProposingTeam) -> None:
    app = team.app()
    scale(app, 4)
    (pull,) = team.pulls
    team.served.forge.close(pull)
    result = scale(app, 5, change=CHANGE)
    assert result.pull_request is not None
    assert (result.pull_request.outcome, result.pull_request.state) == ("closed", "closed")
    assert warned(result) == ["pull-request-closed"]
    assert len(team.pulls) == 1
    opened = open_pull_request_of(app, CHANGE, draft=None, title=None, dry_run=False)
    assert opened.outcome == "created"
    assert [one.is_open for one in team.pulls] == [False, True]


@pytest.mark.thorough
def test_a_name_that_is_used_again_after_a_merge_gets_another_pull_request(team: ProposingTeam) -> None:
    app = team.app()
    scale(app, 4)
    (pull,) = team.pulls
    team.served.forge.merge(pull, "squash")
    team.served.forge.delete_branch(BRANCH)
    team.served.git("pull", "--quiet", "origin", "main")
    result = scale(app, 5)
    assert result.pull_request is not None
    assert result.pull_request.number != pull.number


def test_a_dry_run_asks_the_forge_nothing(team: ProposingTeam) -> None:
    with team.served.server.counted() as asked:
        result = scale(team.app(), 4, dry_run=True)
    assert result.pull_request is None
    assert asked == []


def test_there_is_no_pull_request_for_what_is_not_there_or_merged(team: ProposingTeam) -> None:
    app = team.app()
    scale(app, 4)
    (pull,) = team.pulls
    team.served.forge.merge(pull, "squash")
    with pytest.raises(Refused, match=r"is merged .* nothing to open a pull request for"):
        open_pull_request_of(app, CHANGE, draft=None, title=None, dry_run=False)


@pytest.fixture
def gitlab(forge_server: ForgeServers) -> ProposingTeam:
    """A team whose credential is for git alone."""
    made = ProposingTeam.of(forge_server("gitlab"), more="pullRequests: {labels: [database], reviewers: [reviewer]}\n")
    made.push_over_http(made.served.forge.token("bot", scopes=frozenset({"write_repository", "read_repository"})))
    return made


def test_without_a_token_for_the_api_the_push_itself_opens_it(gitlab: ProposingTeam) -> None:
    app = gitlab.app()
    result = scale(app, 4)
    (pull,) = gitlab.pulls
    assert result.pull_request is not None
    assert (result.pull_request.outcome, result.pull_request.number) == ("created", pull.number)
    assert result.pull_request.by == "whoever pushes, by options of the push"
    assert warned(result) == ["pull-request-unmet"]
    assert pull.title == "Scale Cluster shop/orders-db to 4 instances"
    assert pull.labels == ["database"]
    body = body_of(pull)
    assert find_marked(body) is not None
    assert "\n| `Cluster shop/orders-db` | `spec.instances` | `3` | `4` |\n" in body

    second = scale(app, 5, change=CHANGE)
    assert body_of(pull) == body
    assert second.pull_request is not None
    assert second.pull_request.outcome == "unchanged"
    assert warned(second) == ["pull-request-text"]

    asked = open_pull_request_of(app, CHANGE, draft=None, title=None, dry_run=False)
    assert asked.outcome == "not_opened"
    assert "GITLAB_TOKEN with scope api" in asked.warnings[0].message
    assert "nothing is opened without a new commit" in asked.warnings[0].message
    done = discard_branch(app, CHANGE, confirmed=True, dry_run=False)
    assert [one.id for one in done.warnings] == ["pull-request-open"]


MERGE_REQUESTS = "/platform/fleet/-/merge_requests"
TOKEN = "GITLAB_TOKEN with scope api"


@pytest.mark.thorough
def test_by_push_options_alone_each_answer_has_the_page_and_what_a_token_would_add(gitlab: ProposingTeam) -> None:
    app, page = gitlab.app(), f"{gitlab.served.url}{MERGE_REQUESTS}/1"
    scale(app, 4)
    with gitlab.served.server.counted() as asked:
        seen = change_detail(app, CHANGE, detailed=False)
    assert [one.path for one in asked] == ["/api/v4/user"]
    assert (seen.state, page in seen.next[0]) == ("pushed", True)
    assert TOKEN in seen.warnings[0].message
    again = scale(app, 4)
    assert again.outcome == "unchanged"
    assert page in again.next[0]
    assert TOKEN in again.next[0]
    opened = open_pull_request_of(app, CHANGE, draft=None, title=None, dry_run=False)
    assert page in opened.next[0]
    with gitlab.served.server.counted() as asked:
        done = discard_branch(app, CHANGE, confirmed=True, dry_run=False)
    assert [one.path for one in asked] == ["/api/v4/user"]
    assert f"{page}: {TOKEN}" in done.warnings[0].message


@pytest.mark.thorough
def test_by_push_options_alone_the_page_to_open_one_is_told_where_there_is_none(gitlab: ProposingTeam) -> None:
    gitlab.configure("pullRequests: {open: never}\n")
    app, page = gitlab.app(), f"{gitlab.served.url}{MERGE_REQUESTS}/new?"
    scale(app, 4)
    assert page in change_detail(app, CHANGE, detailed=False).next[0]
    opened = open_pull_request_of(app, CHANGE, draft=None, title=None, dry_run=False)
    assert opened.next[0].startswith(f"A person opens a pull request: {page}")
    done = discard_branch(app, CHANGE, confirmed=True, dry_run=False)
    assert done.warnings == []


def test_a_remote_that_takes_no_options_is_told_with_the_page(gitlab: ProposingTeam) -> None:
    gitlab.served.forge.repository.settings.push_options = False
    result = scale(gitlab.app(), 4)
    assert result.pull_request is None
    assert result.next[0].startswith("Open a pull request for review: ")
    assert "the remote takes no push options" in result.next[0]


@pytest.mark.thorough
def test_a_later_commit_opens_it_by_options_where_there_is_none_yet(gitlab: ProposingTeam) -> None:
    gitlab.configure("pullRequests: {open: never}\n")
    gitlab.served.pull("other")
    gitlab.served.git("checkout", "--quiet", "main")
    app = gitlab.app()
    assert scale(app, 4).pull_request is None
    gitlab.configure()
    result = scale(app, 5, change=CHANGE)
    _, pull = gitlab.pulls
    assert result.pull_request is not None
    assert result.pull_request.outcome == "created"
    assert "`3` | `5` |" in body_of(pull)


@pytest.mark.thorough
def test_where_pushes_go_to_a_fork_the_pull_request_goes_across(team: ProposingTeam) -> None:
    fork = team.served.folder / "fork.git"
    team.served.forge.fork("bot", fork)
    written = "https://git.example.com/bot/fleet.git"
    for arguments in (
        ("config", f"url.{fork}.insteadOf", written),
        ("remote", "add", "mine", written),
        ("config", "remote.pushDefault", "mine"),
        ("fetch", "--quiet", "mine"),
    ):
        team.served.git(*arguments)
    app = team.app()
    result = scale(app, 4)
    (pull,) = team.pulls
    assert result.pull_request is not None, result.warnings
    assert result.pull_request.outcome == "created"
    assert (pull.source.owner, pull.target.owner) == ("bot", "platform")
    again = scale(app, 5, change=CHANGE)
    assert again.pull_request is not None
    assert again.pull_request.outcome == "updated"
    assert discard_branch(app, CHANGE, confirmed=True, dry_run=False).outcome == "discarded"
    assert not is_open(pull)


INVOICES = "clusters/prod/billing/invoices-db/cluster.yaml"


@pytest.mark.thorough
def test_what_others_have_put_on_the_branch_is_part_of_what_is_proposed(on_github: ProposingTeam) -> None:
    app = on_github.app()
    scale(app, 4)
    served = on_github.served
    served.git("fetch", "--quiet", "origin")
    served.git("checkout", "--quiet", "-b", "theirs", f"origin/{BRANCH}")
    place = served.checkout / INVOICES
    place.write_text(place.read_text().replace("size: 5Gi", "size: 1Gi"))
    served.git("-c", "user.name=Ada", "commit", "--quiet", "--all", "--message=Smaller @invoices fixes #7")
    served.git("push", "--quiet", "origin", f"HEAD:{BRANCH}")
    served.git("checkout", "--quiet", "main")
    scale(app, 5, change=CHANGE)
    (pull,) = on_github.pulls
    body = body_of(pull)
    assert "**Smaller @\u2060invoices fixes\u2060 \\#\u20607** (by Ada)" in body
    assert "| `Cluster billing/invoices-db` | `spec.storage.size` | `5Gi` | `1Gi` |" in body
    assert "**The API will not accept this.**" in body
    assert "volumes do not shrink" in body
    assert pull.title == "Change Cluster billing/invoices-db, Cluster shop/orders-db"


@pytest.mark.thorough
def test_a_change_in_two_environments_tells_of_both(on_github: ProposingTeam) -> None:
    shutil.copytree(on_github.served.checkout / "clusters/prod", on_github.served.checkout / "clusters/dev")
    on_github.configure("", environments="{prod: {path: clusters/prod}, dev: {path: clusters/dev}}")
    app = on_github.app()
    scale(app, 4, environment="prod", change="both")
    scale(app, 5, environment="dev", change="both")
    (pull,) = on_github.pulls
    assert "| `Cluster shop/orders-db` in `prod` | `spec.instances` | `3` | `4` |" in body_of(pull)
    assert "| `Cluster shop/orders-db` in `dev` | `spec.instances` | `3` | `5` |" in body_of(pull)


@pytest.mark.thorough
def test_one_that_was_merged_with_other_content_is_not_opened_again_by_the_same_request(
    on_github: ProposingTeam,
) -> None:
    app = on_github.app()
    scale(app, 4)
    (pull,) = on_github.pulls
    told = body_of(pull)
    assert (again := scale(app, 4).pull_request) is not None
    assert (again.outcome, body_of(pull)) == ("unchanged", told)
    pull.is_open, pull.merged = False, pull.created
    same = scale(app, 4)
    assert same.pull_request is not None
    assert (same.pull_request.state, same.pull_request.outcome) == ("merged", "unchanged")
    assert len(on_github.pulls) == 1

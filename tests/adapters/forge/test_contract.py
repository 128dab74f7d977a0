"""What holds of every forge, whichever it is: through the adapter, over a socket, on a repository that really merges."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitops_mcp.errors import InvalidRequest, NotFound, NotYet
from gitops_mcp.sandbox.forges import Rules
from gitops_mcp.sandbox.forges.merging import Way
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.conftest import VARIABLES, Met, new

DRAFTS = {"github": "", "gitlab": "Draft: ", "gitea": "WIP: "}


def test_a_pull_request_is_opened_with_what_was_wanted(met: Met) -> None:
    head = met.served.commit("gitops-mcp/one")
    met.served.forge.repository.labels["database"] = met.served.forge.new_id()
    wanted = new("gitops-mcp/one", draft=True, labels=("database",), reviewers=("reviewer",))
    made = met.opened().create(wanted)
    assert (made.was_there, made.unmet) == (False, ())
    pull = made.pull
    assert (pull.number, pull.state, pull.title, pull.body) == (1, "open", "Scale orders to 5", "Why.\n")
    assert (pull.branch, pull.base, pull.head, pull.author) == ("gitops-mcp/one", "main", head, "bot")
    assert (pull.draft, pull.labels, pull.reviewers) == (True, ("database",), ("reviewer",))
    assert (pull.is_across, pull.merged_at, pull.merge_commit) == (False, None, None)
    assert pull.url.startswith(f"{met.served.url}/platform/fleet/")


def test_title_and_body_are_edited_and_the_rest_stays(met: Met) -> None:
    met.served.commit("change")
    forge = met.opened()
    pull = forge.create(new(draft=True, reviewers=("reviewer",))).pull
    assert forge.edit(pull) == pull
    edited = forge.edit(pull, body="Because.\n")
    assert (edited.title, edited.body, edited.draft) == ("Scale orders to 5", "Because.\n", True)
    edited = forge.edit(edited, title="Scale orders to 6")
    found = forge.pull(1)
    assert (found.title, found.body, found.draft) == ("Scale orders to 6", "Because.\n", True)
    assert found.reviewers == ("reviewer",)


def test_one_that_is_open_is_adopted_as_it_is(met: Met) -> None:
    met.served.pull("change", title="By hand", body="My own words.")
    made = met.opened().create(new())
    assert (made.was_there, made.unmet) == (True, ())
    assert (made.pull.number, made.pull.title, made.pull.body) == (1, "By hand", "My own words.")


def test_one_that_was_closed_is_no_hindrance_to_another(met: Met) -> None:
    first = met.served.pull("change")
    met.served.forge.close(first)
    made = met.opened().create(new())
    assert (made.was_there, made.pull.number) == (False, 2)
    found = met.opened().pull_of("change")
    assert found is not None
    assert (found.number, found.state) == (2, "open")


def test_it_is_closed_once_and_for_all(met: Met) -> None:
    met.served.pull("change")
    forge = met.opened()
    closed = forge.close(forge.pull(1))
    assert (closed.state, closed.merged_at, closed.mergeable) == ("closed", None, None)
    assert forge.close(closed).state == "closed"


def test_one_that_was_merged_meanwhile_is_not_closed(met: Met) -> None:
    sandbox_pull = met.served.pull("change")
    forge = met.opened()
    seen = forge.pull(1)
    met.served.forge.merge(sandbox_pull, "merge")
    assert forge.close(seen).state == "merged"


@pytest.mark.parametrize("way", ["merge", "squash", "rebase"])
@pytest.mark.few(3)
def test_a_merge_is_seen_with_what_the_base_got(met: Met, way: Way) -> None:
    pull = met.served.pull("change")
    met.served.forge.merge(pull, way, delete=True)
    found = met.opened().pull(1)
    assert found.state == "merged"
    assert found.merged_at is not None
    assert (found.branch, found.base) == ("change", "main")
    met.served.git("fetch", "--quiet")
    assert found.merge_commit == met.served.git("rev-parse", "origin/main")
    assert met.opened().close(found).state == "merged"


def test_what_people_do_to_it_is_seen(met: Met) -> None:
    pull = met.served.pull("change")
    forge, sandbox = met.opened(), met.served.forge
    sandbox.close(pull)
    assert forge.pull(1).state == "closed"
    sandbox.reopen(pull)
    assert forge.pull(1).state == "open"
    met.served.git("push", "--quiet", "origin", "origin/main:refs/heads/release")
    sandbox.observe()
    sandbox.edit(pull, base="release")
    assert forge.pull(1).base == "release"
    sandbox.delete_branch("change")
    found = forge.pull(1)
    assert (found.state, found.branch) == ("closed", "change")


def test_of_a_branch_the_open_one_counts_else_the_newest(met: Met) -> None:
    forge, sandbox = met.opened(), met.served.forge
    assert forge.pull_of("change") is None
    sandbox.close(met.served.pull("change", title="First"))
    sandbox.merge(sandbox.open_pull("change", title="Second"), "merge", delete=False)
    met.served.pull("other", title="Another's")
    found = forge.pull_of("change")
    assert found is not None
    assert (found.number, found.state, found.title) == (2, "merged", "Second")
    met.served.commit("change", "two\n")
    sandbox.open_pull("change", title="Third")
    found = forge.pull_of("change")
    assert found is not None
    assert (found.number, found.state) == (4, "open")
    assert forge.pull_of("chang") is None


def test_of_several_of_a_branch_the_one_for_our_base_counts(met: Met) -> None:
    forge, sandbox = met.opened(), met.served.forge
    met.served.git("push", "--quiet", "origin", "origin/main:refs/heads/release")
    ours = met.served.pull("change")
    sandbox.open_pull("change", base="release")

    def counts() -> tuple[int, str]:
        found = forge.pull_of("change")
        assert found is not None
        return found.number, found.state

    assert counts() == (1, "open")
    sandbox.merge(ours, "merge", delete=False)
    assert counts() == (2, "open")
    sandbox.close(sandbox.repository.pulls[2])
    assert counts() == (1, "merged")


def test_the_branch_of_somebody_elses_fork_is_not_ours(met: Met) -> None:
    fork = met.served.forge.fork("contributor", met.served.folder / "fork.git")
    met.served.commit("change")
    met.served.git("push", "--quiet", str(fork.path), "change")
    met.served.forge.observe()
    met.served.forge.open_pull("change", source=fork, title="A stranger's")
    forge = met.opened()
    assert forge.pull_of("change") is None
    assert forge.open_pulls().pulls == ()
    assert forge.create(new()).was_there is False
    assert [one.number for one in forge.open_pulls().pulls] == [2]


def test_where_pushes_go_to_a_fork_the_pull_request_goes_across(met: Met) -> None:
    fork = met.served.forge.fork("contributor", met.served.folder / "fork.git")
    met.served.commit("change")
    met.served.git("push", "--quiet", "origin", ":change")
    met.served.git("push", "--quiet", str(fork.path), "change")
    forge = met.opened(head="contributor/fleet")
    made = forge.create(new())
    assert (made.pull.is_across, made.pull.branch, made.pull.number) == (True, "change", 1)
    assert f"{met.served.url}/platform/fleet/" in made.pull.url
    again = forge.create(new())
    assert (again.was_there, again.pull.number) == (True, 1)
    met.served.forge.repository.pulls[1].reviewers.append(met.served.forge.user("reviewer"))
    newcomer = met.opened(head="contributor/fleet")
    with met.served.server.counted() as asked:
        found = newcomer.pull_of("change")
        assert found is not None
        newcomer.report(found)
    assert len(asked) <= 6
    assert (found.number, found.is_across) == (1, True)
    met.served.commit("change", "two\n")
    met.served.forge.open_pull("change", title="In the repository itself")
    assert [one.number for one in forge.open_pulls().pulls] == [1]


def test_labels_and_reviewers_that_are_refused_are_told_and_the_rest_stays(met: Met) -> None:
    met.served.commit("change")
    made = met.opened().create(new(reviewers=("reviewer", "nobody-such")))
    assert made.pull.state == "open"
    assert made.pull.reviewers == ("reviewer",)
    assert len(made.unmet) == 1
    assert "the reviewer nobody-such" in made.unmet[0]


@pytest.mark.parametrize("kind", ["github", "gitlab"])
@pytest.mark.few(1)
def test_a_branch_that_is_not_known_yet_is_waited_for(meet: Callable[[ForgeName], Met], kind: ForgeName) -> None:
    met = meet(kind)
    met.served.commit("change")
    met.served.forge.lags.create = 2
    assert met.opened(patience=10).create(new()).pull.number == 1
    met.served.commit("other")
    met.served.forge.lags.create = 99
    with pytest.raises(NotYet, match=rf"{met.opened().name} does not know the pushed branch yet"):
        met.opened(patience=0.2).create(new("other"))


REFUSED: dict[ForgeName, set[tuple[str, str]]] = {
    "github": {("reviewer", "changes_requested")},
    "gitlab": set(),
    "gitea": {("reviewer", "dismissed")},
}
"""What is left of changes that were asked for, after a comment of the same person; GitLab tells it of reviewers only."""


def test_reviews_checks_and_rules_come_with_one(met: Met) -> None:
    met.served.forge.repository.rules["main"] = Rules(approvals=2, checks=("ci", "lint"))
    pull, sandbox, forge = met.served.pull("change"), met.served.forge, met.opened()
    sandbox.review(pull, "CHANGES_REQUESTED")
    sandbox.review(pull, "COMMENTED", body="And another thing.")
    sandbox.review(pull, "APPROVED", by="owner")
    sandbox.check(pull, "failure", "ci", url="https://ci.example.com/1")
    sandbox.check(pull, "success", "size")
    forge.pull(1)
    report = forge.report(forge.pull(1))
    assert report.pull.mergeable == "yes"
    assert {(one.author, one.verdict) for one in report.reviews or ()} == {("owner", "approved"), *REFUSED[met.kind]}
    assert report.rules.approvals == 2
    assert report.checks is not None
    assert {(one.name, one.state) for one in report.checks} == {("ci", "failure"), ("size", "success")}
    assert report.unread == ()


def test_a_conflict_is_seen(met: Met) -> None:
    met.served.commit("change", file="notes.txt")
    met.served.git("checkout", "--quiet", "main")
    met.served.commit("main", "other\n", file="notes.txt")
    met.served.forge.open_pull("change")
    forge = met.opened()
    forge.pull(1)
    assert forge.pull(1).mergeable == ("no" if met.kind == "gitea" else "conflicts")


def many(met: Met, count: int) -> None:
    """So many open ones, of which the last is a draft."""
    met.served.commit("one")
    branches = [f"one:refs/heads/change-{number}" for number in range(1, count + 1)]
    met.served.git("push", "--quiet", "origin", *branches)
    for number in range(1, count + 1):
        title = f"{DRAFTS[met.kind]}Scale" if number == count else "Scale"
        met.served.forge.open_pull(f"change-{number}", title=title, draft=number == count and met.kind == "github")


@pytest.fixture
def pages_of_five(met: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"gitops_mcp.adapters.forge.{met.kind}.{'listing' if met.kind == 'github' else 'requests'}"
    monkeypatch.setattr(f"{module}._PAGE", 5)


@pytest.mark.usefixtures("pages_of_five")
def test_a_report_takes_at_most_five_requests_and_a_listing_none_a_pull_request(met: Met) -> None:
    many(met, 12)
    forge = met.opened()
    listed = forge.open_pulls()
    assert (listed.is_cut, listed.pages) == (False, 3)
    assert sorted(one.number for one in listed.pulls) == list(range(1, 13))
    found = next(one for one in listed.pulls if one.number == 12)
    assert (found.branch, found.base, found.title, found.author) == ("change-12", "main", "Scale", "bot")
    assert [one.number for one in listed.pulls if one.draft] == [12]
    for ask, most in ((forge.open_pulls, 3), (lambda: forge.report(found), 5), (lambda: forge.pull_of("change-12"), 2)):
        with met.served.server.counted() as asked:
            ask()
        assert 1 <= len(asked) <= most


@pytest.mark.usefixtures("pages_of_five")
def test_a_listing_that_is_longer_than_its_pages_says_so(met: Met) -> None:
    many(met, 6)
    listed = met.opened().open_pulls(pages=1)
    assert (listed.is_cut, listed.pages, len(listed.pulls)) == (True, 1, 5)


def test_who_acts_is_told_by_name(met: Met) -> None:
    forge = met.opened()
    with met.served.server.counted() as asked:
        told = {forge.identity(), forge.identity()}
    assert told == {f"bot, by the token of {VARIABLES[met.kind]}"}
    assert len(asked) == 1


def test_a_number_that_is_none_is_not_found(met: Met) -> None:
    with pytest.raises(NotFound, match="99 of platform/fleet"):
        met.opened().pull(99)


def test_a_body_of_300_kb_is_refused_before_anything_is_sent(met: Met) -> None:
    met.served.commit("change")
    with met.served.server.counted() as asked, pytest.raises(InvalidRequest, match=r"307200 characters.*65536"):
        met.opened().create(new(body="x" * 307_200))
    assert asked == []


def test_what_the_credential_may_do_and_whether_the_base_is_protected_is_told(met: Met) -> None:
    repository = met.served.forge.repository
    found = met.opened().access()
    assert (found.may_push, found.is_base_protected) == (True, False)
    assert found.page.startswith(f"{met.served.url}/platform/fleet/")
    repository.rules["main"] = Rules(approvals=1)
    repository.roles["bot"] = "read"
    found = met.opened().access()
    assert (found.may_push, found.is_base_protected) == (False, True)

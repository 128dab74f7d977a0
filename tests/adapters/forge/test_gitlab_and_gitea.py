"""What only GitLab, or only Gitea and Forgejo, do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitops_mcp.domain.pull_requests import Check, Review
from gitops_mcp.errors import Forbidden, NotFound
from gitops_mcp.sandbox.forges import Rules
from gitops_mcp.sandbox.forges.values import ForgeName
from tests.adapters.forge.conftest import Met, new


@pytest.fixture
def gitlab(meet: Callable[[ForgeName], Met]) -> Met:
    return meet("gitlab")


@pytest.fixture
def gitea(meet: Callable[[ForgeName], Met]) -> Met:
    return meet("gitea")


def test_a_gitlab_token_for_git_alone_is_told_which_scope_would_do(gitlab: Met) -> None:
    token = gitlab.served.forge.token("bot", scopes=frozenset({"write_repository"}))
    with pytest.raises(Forbidden, match="the scope that would do: api"):
        gitlab.opened(token).pull(1)


def test_gitlab_makes_labels_and_takes_no_groups_as_reviewers(gitlab: Met) -> None:
    gitlab.served.commit("change")
    made = gitlab.opened().create(new(labels=("made new", "b"), reviewers=("platform/dba", "reviewer")))
    assert (made.pull.labels, made.pull.reviewers) == (("made new", "b"), ("reviewer",))
    assert made.unmet == ("GitLab: the reviewer platform/dba: a merge request takes persons as reviewers, not groups",)


def test_gitlabs_report_counts_persons_and_tells_what_reviewers_said(gitlab: Met) -> None:
    gitlab.served.forge.repository.rules["main"] = Rules(approvals=1)
    pull, sandbox, forge = gitlab.served.pull("change"), gitlab.served.forge, gitlab.opened()
    pull.reviewers.append(sandbox.user("reviewer"))
    sandbox.review(pull, "CHANGES_REQUESTED")
    sandbox.check(pull, "failed", "lint")
    forge.pull(1)
    report = forge.report(forge.pull(1))
    assert report.reviews == (Review("reviewer", "changes_requested"),)
    assert report.pull.reviewers == ()  # it keeps who has answered
    pull.reviewers.append(sandbox.user("owner"))
    assert forge.report(forge.pull(1)).pull.reviewers == ("owner",)
    assert [(one.name, one.state) for one in report.checks or ()] == [("lint", "failure")]
    assert report.rules.approvals == 1
    assert report.blocked == "not_approved"


def test_gitea_drops_no_label_without_a_word(gitea: Met) -> None:
    gitea.served.commit("change")
    gitea.served.forge.repository.labels["database"] = gitea.served.forge.new_id()
    made = gitea.opened().create(new(labels=("database", "missing")))
    assert made.pull.labels == ("database",)
    assert made.unmet == ("Gitea: there is no label missing: make it in platform/fleet",)


def test_gitea_a_label_is_found_behind_the_first_page(gitea: Met) -> None:
    gitea.served.commit("change")
    kept = gitea.served.forge.repository.labels
    kept |= {f"label-{number}": gitea.served.forge.new_id() for number in range(60)}
    kept["zebra"] = gitea.served.forge.new_id()
    made = gitea.opened().create(new(labels=("zebra",)))
    assert (made.pull.labels, made.unmet) == (("zebra",), ())


def test_gitea_token_without_the_scope_for_labels_opens_the_rest(gitea: Met) -> None:
    gitea.served.commit("change")
    token = gitea.served.forge.token("bot", scopes=frozenset({"write:repository"}))
    forge = gitea.opened(token)
    made = forge.create(new(labels=("database",), reviewers=("reviewer",)))
    assert (made.pull.number, made.pull.labels, made.pull.reviewers) == (1, (), ("reviewer",))
    (told,) = made.unmet
    assert "read:issue" in told
    assert "So there are no labels on it: database" in told
    assert forge.identity() == "the token of GITEA_TOKEN"


def test_gitea_of_a_name_that_is_used_again_the_open_one_is_found(gitea: Met) -> None:
    sandbox = gitea.served.forge
    sandbox.merge(gitea.served.pull("change", title="First"), "merge")
    gitea.served.git("fetch", "--quiet", "--prune")
    gitea.served.git("checkout", "--quiet", "--detach", "origin/main")
    gitea.served.git("branch", "--delete", "--force", "change")
    gitea.served.commit("change", "two\n")
    sandbox.open_pull("change", title="Second")
    found = gitea.opened().pull_of("change")
    assert found is not None
    assert (found.number, found.state, found.title) == (2, "open", "Second")


def test_gitea_that_is_set_to_shorter_pages_is_read_to_the_end(gitea: Met, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitops_mcp.adapters.forge.gitea.requests._PAGE", 100)
    gitea.served.commit("one")
    gitea.served.git("push", "--quiet", "origin", *(f"one:refs/heads/change-{number}" for number in range(52)))
    for number in range(52):
        gitea.served.forge.open_pull(f"change-{number}")
    listed = gitea.opened().open_pulls()
    assert (len(listed.pulls), listed.pages, listed.is_cut) == (52, 2, False)


def test_gitea_a_missing_branch_a_missing_right_and_no_pull_requests_are_one_answer(gitea: Met) -> None:
    with pytest.raises(NotFound, match=r"Branch never or main is missing.*pull requests are off.*write:repository"):
        gitea.opened().create(new("never"))


def test_giteas_report_has_required_checks_and_counts_official_reviews(gitea: Met) -> None:
    gitea.served.forge.repository.rules["main"] = Rules(approvals=1, checks=("ci",))
    pull, sandbox, forge = gitea.served.pull("change"), gitea.served.forge, gitea.opened()
    sandbox.approve(pull, by="reader")
    sandbox.approve(pull)
    gitea.served.commit("change", "two\n")
    pull_head = gitea.served.git("rev-parse", "change")
    sandbox.check(pull, "pending", "ci")
    sandbox.check(pull, "warning", "size")
    report = forge.report(forge.pull(1))
    assert [(one.author, one.verdict, one.is_stale) for one in report.reviews or ()] == [
        ("reader", "commented", True),
        ("reviewer", "approved", True),
    ]
    assert report.pull.head == pull_head
    assert sorted(report.checks or (), key=lambda one: one.name) == [
        Check("ci", "pending", None, is_required=True),
        Check("size", "neutral", None, is_required=False),
    ]
    assert (report.rules.approvals, report.rules.checks) == (1, ("ci",))
    assert report.pull.reviewers == ("reviewer",)  # whose approval was of the commit before
    sandbox.approve(pull)
    # It keeps them among those who were asked.
    assert forge.pull(1).reviewers == ("reviewer",)
    assert forge.report(forge.pull(1)).pull.reviewers == ()
    sandbox.review(pull, "CHANGES_REQUESTED")
    assert forge.report(forge.pull(1)).pull.reviewers == ()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (("ci/*", "deploy"), ("ci/build (push)", "ci/lint", "deploy")),
        (("CI/*", "si?e"), ("CI/*", "size")),
        (("{ci/lint,size}",), ("ci/lint", "size")),
        (("*",), ("ci/build (push)", "ci/lint", "size")),
        ((), ("ci/build (push)", "ci/lint", "size")),
        (("ci/[",), ("ci/[",)),
    ],
)
@pytest.mark.few(2)
def test_giteas_required_checks_are_patterns_over_those_that_have_begun(
    gitea: Met, asked: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    gitea.served.forge.repository.rules["main"] = Rules(checks=asked, any_checks=not asked)
    pull, sandbox, forge = gitea.served.pull("change"), gitea.served.forge, gitea.opened()
    for name in ("ci/lint", "ci/build (push)", "size"):
        sandbox.check(pull, "success", name)
    report = forge.report(forge.pull(1))
    assert tuple(sorted(report.rules.checks or ())) == expected
    required = {one.name: one.is_required for one in report.checks or ()}
    assert required == {name: name in expected for name in ("ci/lint", "ci/build (push)", "size")}


def test_gitea_that_asks_for_any_checks_waits_for_the_first(gitea: Met) -> None:
    gitea.served.forge.repository.rules["main"] = Rules(any_checks=True)
    gitea.served.pull("change")
    forge = gitea.opened()
    report = forge.report(forge.pull(1))
    assert (report.checks, report.rules.checks) == ((), ("*",))

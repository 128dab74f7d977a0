"""PyGithub, unmodified, meets the stand-in for GitHub as it would the real one."""

from __future__ import annotations

import subprocess

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository

from gitops_mcp.sandbox.forges import Rules
from tests.fakes.forges import ForgeServers, ServedForge


@pytest.fixture
def served(forge_server: ForgeServers) -> ServedForge:
    return forge_server("github")


def repository(served: ServedForge, login: str = "bot") -> Repository:
    unhurried = {"seconds_between_requests": None, "seconds_between_writes": None, "retry": None}
    client = Github(auth=Auth.Token(served.forge.token(login)), base_url=served.api, **unhurried)  # type: ignore[arg-type]
    return client.get_repo("platform/fleet")


def test_a_pull_request_is_created_read_edited_and_closed(served: ServedForge) -> None:
    head = served.commit("change")
    repo = repository(served)
    made = repo.create_pull(base="main", head="change", title="Scale orders", body="Why.", draft=True)
    made.add_to_labels("gitops-mcp", "urgent")
    made.create_review_request(reviewers=["reviewer"])
    found = repo.get_pull(made.number)
    assert (found.number, found.state, found.title, found.body, found.draft) == (
        1,
        "open",
        "Scale orders",
        "Why.",
        True,
    )
    assert (found.head.sha, found.head.ref, found.base.ref, found.user.login) == (head, "change", "main", "bot")
    assert [one.name for one in found.labels] == ["gitops-mcp", "urgent"]
    assert [one.login for one in found.requested_reviewers] == ["reviewer"]
    found.edit(title="Scale orders to 5", body="Because.")
    assert [one.title for one in repo.get_pulls(head="platform:change")] == ["Scale orders to 5"]
    found.edit(state="closed")
    assert [one.number for one in repo.get_pulls()] == []
    assert repo.get_pulls(state="closed")[0].merged_at is None


@pytest.mark.parametrize(
    ("method", "parents", "message"),
    [
        ("merge", 2, "Merge pull request #1 from platform/change\n\nScale orders"),
        ("squash", 1, "Set it (#1)\n\nWhy.\n\nGitops-Mcp-Change: one"),
        ("rebase", 1, "Set it\n\nWhy.\n\nGitops-Mcp-Change: one"),
    ],
)
@pytest.mark.few(1)
def test_a_merge_moves_the_base(served: ServedForge, method: str, parents: int, message: str) -> None:
    served.commit("change", message="Set it\n\nWhy.\n\nGitops-Mcp-Change: one")
    repo = repository(served, "reviewer")
    made = repository(served).create_pull(base="main", head="change", title="Scale orders")
    assert repo.get_pull(made.number).merge(merge_method=method).merged
    served.git("fetch", "--quiet")
    printed = served.git("log", "-1", "--format=%H%x00%P%x00%B", "origin/main").split("\0")
    assert len(printed[1].split()) == parents
    assert printed[2] == message
    assert served.git("show", "origin/main:notes.txt") == "one"
    found = repo.get_pull(made.number)
    assert (found.state, found.merged, found.merge_commit_sha) == ("closed", True, printed[0])


def test_a_squash_of_several_commits_has_their_messages_as_a_list(served: ServedForge) -> None:
    served.commit("change", message="First\n\nGitops-Mcp-Change: one")
    served.commit("change", "two\n", message="Second\n\nGitops-Mcp-Change: one")
    pull = served.forge.open_pull("change", title="Scale orders")
    served.forge.merge(pull, "squash")
    served.git("fetch", "--quiet")
    written = "* First\n\nGitops-Mcp-Change: one\n\n* Second\n\nGitops-Mcp-Change: one"
    others = "---------\n\nCo-authored-by: gitops-mcp sandbox <sandbox@localhost>"
    assert served.git("log", "-1", "--format=%B", "origin/main") == f"Scale orders (#1)\n\n{written}\n\n{others}"
    trailers = served.git("log", "-1", "--format=%(trailers:key=Gitops-Mcp-Change)", "origin/main")
    assert trailers == ""


def test_reviews_and_checks_decide_whether_it_can_be_merged(served: ServedForge) -> None:
    served.forge.repository.rules["main"] = Rules(approvals=1, checks=("ci",))
    pull = served.pull()
    repo = repository(served, "reviewer")
    first, second = repo.get_pull(1), repo.get_pull(1)
    assert first.raw_data["mergeable"] is None
    assert first.mergeable_state == "unknown"
    assert (second.mergeable, second.mergeable_state) == (True, "blocked")
    assert repo.get_commit(pull.head).get_combined_status().state == "pending"
    with pytest.raises(GithubException, match="At least 1 approving review is required"):
        second.merge()
    second.create_review(event="APPROVE", body="Fine.")
    served.forge.check(pull, "failure", "ci", is_run=True)
    assert [one.conclusion for one in repo.get_commit(pull.head).get_check_runs()] == ["failure"]
    served.forge.check(pull, "success", "ci", is_run=True)
    assert repo.get_pull(1).mergeable_state == "clean"
    assert [(one.user.login, one.state) for one in second.get_reviews()] == [("reviewer", "APPROVED")]
    assert second.merge().merged


def test_a_branch_behind_its_base_is_updated_by_a_merge(served: ServedForge) -> None:
    served.forge.repository.rules["main"] = Rules(up_to_date=True)
    before = served.pull().head
    base = served.commit("other", file="other.txt")
    served.git("push", "--quiet", "origin", "other:main")
    repo = repository(served, "reviewer")
    repo.get_pull(1)
    assert repo.get_pull(1).mergeable_state == "behind"
    assert repo.get_pull(1).update_branch()
    served.git("fetch", "--quiet")
    printed = served.git("log", "-1", "--format=%an: %s, %P", "origin/change")
    assert printed == f"reviewer: Merge branch 'main' into change, {before} {base}"
    repo.get_pull(1)
    assert repo.get_pull(1).mergeable_state == "clean"


def test_pages_are_followed_by_the_repositorys_number(served: ServedForge) -> None:
    served.pulls(34)
    with served.server.counted() as asked:
        assert [one.number for one in repository(served).get_pulls()] == list(range(34, 0, -1))
    assert [one.path for one in asked[1:]] == [
        "/api/v3/repos/platform/fleet/pulls",
        f"/api/v3/repositories/{served.forge.repository.id}/pulls?page=2",
    ]


def test_one_comment_is_edited_in_place(served: ServedForge) -> None:
    served.pull()
    pull = repository(served).get_pull(1)
    pull.create_issue_comment("first")
    pull.get_issue_comments()[0].edit("second")
    assert [one.body for one in pull.get_issue_comments()] == ["second"]


def test_a_deleted_branch_closes_its_pull_request_and_the_head_stays(served: ServedForge) -> None:
    pull = served.pull()
    served.git("push", "--quiet", "origin", ":change")
    assert repository(served).get_pull(1).state == "closed"
    printed = subprocess.run(
        ["git", "ls-remote", str(served.forge.remote.path), "refs/pull/*/head"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert printed.split() == [pull.head, "refs/pull/1/head"]

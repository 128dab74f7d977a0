"""python-gitlab, unmodified, meets the stand-in for GitLab as it would the real one."""

from __future__ import annotations

from typing import Any

import pytest
from gitlab import Gitlab
from gitlab.exceptions import GitlabCreateError, GitlabError, GitlabMRClosedError

from gitops_mcp.sandbox.forges import Rules
from tests.fakes.forges import ForgeServers, ServedForge

MERGED = "Merge branch 'change' into 'main'\n\nScale orders\n\nSee merge request platform/fleet!1"


@pytest.fixture
def served(forge_server: ForgeServers) -> ServedForge:
    return forge_server("gitlab")


def project(served: ServedForge, login: str = "bot") -> Any:
    return Gitlab(served.url, private_token=served.forge.token(login)).projects.get("platform/fleet")


def test_a_merge_request_is_created_read_edited_and_closed(served: ServedForge) -> None:
    head = served.commit("change")
    merge_requests = project(served).mergerequests
    asked = {"source_branch": "change", "target_branch": "main", "title": "Draft: Scale orders", "description": "Why."}
    reviewer = served.forge.user("reviewer")
    made = merge_requests.create({**asked, "labels": "gitops-mcp,urgent", "reviewer_ids": [reviewer.id]})
    assert (made.iid, made.detailed_merge_status, made.merge_status) == (1, "preparing", "checking")
    first, found = merge_requests.get(1), merge_requests.get(1)
    assert (first.detailed_merge_status, found.detailed_merge_status) == ("checking", "draft_status")
    assert (found.state, found.title, found.description, found.draft) == ("opened", "Draft: Scale orders", "Why.", True)
    assert (found.sha, found.labels) == (head, ["gitops-mcp", "urgent"])
    assert [one["username"] for one in found.reviewers] == ["reviewer"]
    found.title, found.state_event = "Scale orders", "close"
    found.save()
    assert [one.title for one in merge_requests.list(state="closed", source_branch="change")] == ["Scale orders"]
    assert merge_requests.get(1).detailed_merge_status == "not_open"
    found.state_event = "reopen"
    found.save()
    assert merge_requests.get(1).state == "opened"


@pytest.mark.parametrize(
    ("method", "squash", "parents", "message"),
    [
        pytest.param("merge", False, 2, MERGED, id="merge", marks=pytest.mark.thorough),
        pytest.param("merge", True, 2, MERGED, id="merge of a squash"),
        pytest.param("ff", False, 1, "Set it\n\nGitops-Mcp-Change: one", id="fast-forward"),
        pytest.param("ff", True, 1, "Scale orders", id="fast-forward of a squash", marks=pytest.mark.thorough),
    ],
)
@pytest.mark.few(1)
def test_a_merge_moves_the_base(served: ServedForge, method: str, squash: bool, parents: int, message: str) -> None:
    served.forge.repository.settings.merge_method = method  # type: ignore[assignment]
    head = served.commit("change", message="Set it\n\nGitops-Mcp-Change: one")
    if squash:
        head = served.commit("change", "two\n", message="Set more\n\nGitops-Mcp-Change: one")
    served.forge.open_pull("change", title="Scale orders")
    found = project(served, "reviewer").mergerequests.get(1)
    found.merge(squash=squash, should_remove_source_branch=True)
    served.git("fetch", "--quiet", "--prune")
    printed = served.git("log", "-1", "--format=%H%x00%P%x00%B", "origin/main").split("\0")
    assert len(printed[1].split()) == parents
    assert printed[2] == message
    assert served.git("branch", "--remotes", "--list", "origin/change") == ""
    found = project(served).mergerequests.get(1)
    assert (found.state, found.sha) == ("merged", head)
    assert found.merge_commit_sha == (None if method == "ff" else printed[0])
    squashed = served.git("log", "--format=%H", "--grep=^Scale orders$", "--no-merges", "origin/main") or None
    assert found.squash_commit_sha == squashed


def test_a_single_commit_is_not_squashed(served: ServedForge) -> None:
    head = served.commit("change", message="Set it\n\nGitops-Mcp-Change: one")
    pull = served.forge.open_pull("change", title="Scale orders")
    served.forge.merge(pull, "squash")
    assert pull.squash_commit is None
    served.git("fetch", "--quiet")
    assert served.git("rev-parse", "origin/main^2") == head


def test_a_duplicate_is_an_array_that_holds_the_number(served: ServedForge) -> None:
    served.pull()
    asked = {"source_branch": "change", "target_branch": "main", "title": "Again"}
    with pytest.raises(GitlabCreateError) as caught:
        project(served).mergerequests.create(asked)
    assert caught.value.response_code == 409
    assert list(caught.value.error_message) == ["Another open merge request already exists for this source branch: !1"]


def test_the_status_tells_one_reason_of_several_until_all_are_met(served: ServedForge) -> None:
    served.forge.repository.rules["main"] = Rules(approvals=1, checks=("ci",))
    pull = served.pull()
    merge_requests = project(served, "reviewer").mergerequests
    merge_requests.get(1)
    assert merge_requests.get(1).detailed_merge_status == "ci_must_pass"
    with pytest.raises(GitlabMRClosedError, match="405 Method Not Allowed"):
        merge_requests.get(1).merge()
    served.forge.check(pull, "success")
    found = merge_requests.get(1)
    assert (found.detailed_merge_status, found.head_pipeline["status"]) == ("not_approved", "success")
    found.approve()
    assert merge_requests.get(1).detailed_merge_status == "mergeable"
    given = found.approvals.get()
    assert (given.approved, given.approvals_left) == (True, 0)
    assert [one["user"]["username"] for one in given.approved_by] == ["reviewer"]
    assert [one.name for one in project(served).commits.get(pull.head, lazy=True).statuses.list()] == ["ci"]


def test_where_only_fast_forwards_are_allowed_the_branch_is_rebased_first(served: ServedForge) -> None:
    served.forge.repository.settings.merge_method = "ff"
    before = served.pull().head
    served.commit("other", file="other.txt")
    served.git("push", "--quiet", "origin", "other:main")
    found = project(served, "reviewer").mergerequests
    found.get(1)
    assert found.get(1).detailed_merge_status == "need_rebase"
    found.get(1).rebase()
    found.get(1)
    rebased = found.get(1)
    assert rebased.detailed_merge_status == "mergeable"
    assert rebased.sha != before
    rebased.merge()
    served.git("fetch", "--quiet")
    assert served.git("rev-parse", "origin/main") == rebased.sha


def test_a_row_of_a_list_has_the_status_that_was_computed_last(served: ServedForge) -> None:
    served.pull()
    merge_requests = project(served).mergerequests
    assert [one.detailed_merge_status for one in merge_requests.list(state="opened")] == ["unchecked"]
    assert not hasattr(merge_requests.list()[0], "head_pipeline")


def test_pages_tell_their_total(served: ServedForge) -> None:
    served.pulls(3)
    found = project(served).mergerequests.list(iterator=True, per_page=2)
    assert (found.total, found.total_pages, found.per_page) == (3, 2, 2)
    assert [one.iid for one in found] == [3, 2, 1]


def test_one_note_is_edited_in_place(served: ServedForge) -> None:
    served.pull()
    notes = project(served).mergerequests.get(1).notes
    made = notes.create({"body": "first"})
    made.body = "second"
    made.save()
    assert [one.body for one in notes.list(get_all=True)] == ["second"]


@pytest.mark.parametrize(
    ("token", "status", "message"),
    [
        ({"scopes": frozenset({"write_repository"})}, 403, "403: insufficient_scope"),
        ({"expired": True}, 401, "401: invalid_token"),
        ({"login": "stranger"}, 404, "404: 404 Project Not Found"),
    ],
)
def test_a_token_that_may_not_is_told_in_its_own_shape(
    served: ServedForge, token: dict[str, Any], status: int, message: str
) -> None:
    client = Gitlab(served.url, private_token=served.forge.token(**token))
    with pytest.raises(GitlabError) as caught:
        client.projects.get("platform/fleet")
    assert (caught.value.response_code, str(caught.value)) == (status, message)

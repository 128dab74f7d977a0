"""Bodies as real forges answered them, cut to what decides, and what is made of them."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.adapters.forge.answers import parsed_answer
from gitops_mcp.adapters.forge.gitea.pull import pull_from as gitea_pull
from gitops_mcp.adapters.forge.gitea.report import last_reviews as gitea_reviews
from gitops_mcp.adapters.forge.github.pull import pull_from as github_pull
from gitops_mcp.adapters.forge.github.report import last_reviews as github_reviews
from gitops_mcp.adapters.forge.github.report import rules_from
from gitops_mcp.adapters.forge.gitlab.pull import mergeable_of
from gitops_mcp.adapters.forge.gitlab.pull import pull_from as gitlab_pull
from gitops_mcp.domain.pull_requests import BaseRules, Mergeable, PullRequest, Review

SHA, OTHER = "0" * 39 + "1", "0" * 39 + "2"


def github(**row: Any) -> PullRequest:
    side = {"label": "platform:change", "ref": "change", "sha": SHA, "repo": {"full_name": "platform/fleet"}}
    base = {"ref": "main", "repo": {"full_name": "platform/fleet"}}
    url = "https://github.example.com/platform/fleet/pull/7"
    return github_pull({"number": 7, "html_url": url, "state": "open", "title": "T", "head": side, "base": base, **row})


def test_github_a_merged_one_is_closed_and_has_a_time() -> None:
    found = github(
        state="closed", merged_at="2026-01-25T04:11:59Z", merge_commit_sha=OTHER, mergeable=None, merged=True
    )
    assert (found.state, found.merge_commit, found.merged_at) == ("merged", OTHER, "2026-01-25T04:11:59Z")


def test_github_what_an_open_or_closed_one_would_be_merged_as_is_no_merge() -> None:
    assert github(merge_commit_sha=OTHER).merge_commit is None
    closed = github(state="closed", merged_at=None, merge_commit_sha=OTHER, mergeable=True)
    assert (closed.state, closed.merge_commit, closed.mergeable) == ("closed", None, None)


@pytest.mark.parametrize(("said", "found"), [(True, "yes"), (False, "conflicts"), (None, None)])
def test_github_mergeable_is_not_known_at_first(said: bool | None, found: Mergeable | None) -> None:
    assert github(mergeable=said).mergeable == found


def test_github_a_row_of_a_list_has_no_mergeable_and_an_old_body_is_null() -> None:
    found = github(body=None, requested_teams=[{"slug": "dba"}], requested_reviewers=[{"login": "reviewer"}])
    assert (found.mergeable, found.body, found.reviewers) == (None, "", ("reviewer", "platform/dba"))


def test_github_a_fork_that_is_gone_has_no_name() -> None:
    found = github(head={"label": None, "ref": "change", "sha": SHA, "repo": None})
    assert (found.branch, found.head, found.is_across) == ("change", SHA, True)


def test_github_the_last_word_of_each_person_counts() -> None:
    rows = [
        {"user": {"login": "a"}, "state": "APPROVED", "commit_id": SHA},
        {"user": {"login": "b"}, "state": "CHANGES_REQUESTED", "commit_id": SHA},
        {"user": {"login": "a"}, "state": "COMMENTED", "commit_id": OTHER},
        {"user": {"login": "b"}, "state": "APPROVED", "commit_id": OTHER},
        {"user": {"login": "c"}, "state": "COMMENTED", "commit_id": OTHER},
        {"user": {"login": "d"}, "state": "PENDING"},
        {"user": {"login": "e"}, "state": "APPROVED", "commit_id": SHA},
        {"user": {"login": "e"}, "state": "DISMISSED", "commit_id": SHA},
        {"user": None, "state": "APPROVED"},
        {"user": {"login": "f"}, "state": "SOMETHING_NEW"},
    ]
    assert github_reviews(rows) == (
        Review("a", "approved", SHA),
        Review("b", "approved", OTHER),
        Review("c", "commented", OTHER),
        Review("e", "dismissed", SHA),
    )


def test_github_rulesets_hold_together_and_none_is_not_told_as_no_rule() -> None:
    pulls = {"required_approving_review_count": 1, "require_code_owner_review": False}
    stricter = {"required_approving_review_count": 2, "require_code_owner_review": True}
    checks = {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [{"context": "ci"}, {"context": "ci"}],
    }
    body = [
        {"type": "deletion"},
        {"type": "pull_request", "parameters": stricter},
        {"type": "pull_request", "parameters": pulls},
        {"type": "required_status_checks", "parameters": checks},
    ]
    assert rules_from(body) == BaseRules(2, ("ci",), code_owners=True, up_to_date=True)
    assert rules_from([]) == BaseRules(None, None, None, None)


def gitlab(**row: Any) -> PullRequest:
    url = "https://gitlab.example.com/platform/fleet/-/merge_requests/7"
    known = {"iid": 7, "web_url": url, "state": "opened", "source_branch": "change", "target_branch": "main"}
    return gitlab_pull({**known, "source_project_id": 101, "target_project_id": 101, "sha": SHA, **row})


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"detailed_merge_status": "mergeable", "merge_status": "can_be_merged", "has_conflicts": False}, "yes"),
        ({"detailed_merge_status": "not_approved", "merge_status": "can_be_merged", "has_conflicts": False}, "yes"),
        ({"detailed_merge_status": "draft_status", "merge_status": "can_be_merged", "has_conflicts": False}, "yes"),
        ({"detailed_merge_status": "conflict", "merge_status": "cannot_be_merged", "has_conflicts": True}, "conflicts"),
        ({"merge_status": "cannot_be_merged", "has_conflicts": True}, "conflicts"),
        ({"detailed_merge_status": "unchecked", "merge_status": "unchecked", "has_conflicts": False}, None),
        ({"detailed_merge_status": "checking", "merge_status": "can_be_merged"}, None),
        ({"detailed_merge_status": "preparing", "merge_status": "preparing"}, None),
        ({"merge_status": "checking"}, None),
        ({"detailed_merge_status": "broken_status", "merge_status": "cannot_be_merged", "has_conflicts": False}, "no"),
        ({"detailed_merge_status": "a_new_word"}, None),
        ({}, None),
        (
            {
                "merge_status": "cannot_be_merged",
                "has_conflicts": True,
                "changes_count": None,
                "diff_refs": {"base_sha": SHA, "head_sha": SHA, "start_sha": SHA},
            },
            "no",
        ),
    ],
)
def test_gitlab_the_content_alone_says_whether_it_can_be_merged(row: dict[str, Any], found: Mergeable | None) -> None:
    assert mergeable_of(row) == found
    assert gitlab(**row).mergeable == found
    assert gitlab(**row, state="closed").mergeable is None


@pytest.mark.parametrize(
    ("title", "draft", "shown"),
    [
        ("Draft: Scale", True, "Scale"),
        ("WIP: Scale", True, "Scale"),
        ("[Draft] Scale", True, "Scale"),
        ("draft: Scale: more", True, "Scale: more"),
        ("Drafty: Scale", False, "Drafty: Scale"),
        ("Scale Draft: x", False, "Scale Draft: x"),
    ],
)
def test_gitlab_a_draft_is_its_title(title: str, shown: str, *, draft: bool) -> None:
    found = gitlab(title=title, draft=draft, work_in_progress=draft)
    assert (found.title, found.draft) == (shown, draft)


@pytest.mark.parametrize(
    ("row", "commit"),
    [
        ({"merge_commit_sha": OTHER, "squash_commit_sha": None}, OTHER),
        ({"merge_commit_sha": OTHER, "squash_commit_sha": SHA}, OTHER),
        ({"merge_commit_sha": None, "squash_commit_sha": OTHER}, OTHER),
        ({"merge_commit_sha": None, "squash_commit_sha": None}, SHA),
    ],
)
def test_gitlab_what_the_base_got_depends_on_the_way(row: dict[str, Any], commit: str) -> None:
    assert gitlab(state="merged", merged_at="2021-04-27T07:18:37.595Z", **row).merge_commit == commit


def test_gitlab_one_that_is_being_merged_is_open_and_a_fork_that_is_gone_is_across() -> None:
    assert gitlab(state="locked").state == "open"
    gone = gitlab(state="closed", source_project_id=None, sha=None)
    assert (gone.is_across, gone.head) == (True, None)


def gitea(**row: Any) -> PullRequest:
    head = {"label": "change", "ref": "change", "sha": SHA, "repo": {"full_name": "platform/gitops"}}
    base = {"ref": "main", "repo": {"full_name": "platform/gitops"}}
    url = "https://forge.example.com/platform/gitops/pulls/7"
    return gitea_pull({"number": 7, "html_url": url, "state": "open", "title": "T", "head": head, "base": base, **row})


def test_gitea_where_the_branch_is_gone_the_label_names_it() -> None:
    head = {"label": "gitops-mcp/one", "ref": "refs/pull/7/head", "sha": SHA, "repo": {"full_name": "platform/gitops"}}
    found = gitea(state="closed", merged=True, merged_at="2026-11-29T21:02:14Z", merge_commit_sha=OTHER, head=head)
    assert (found.branch, found.state, found.merge_commit) == ("gitops-mcp/one", "merged", OTHER)
    across = {"label": "jane:gitops-mcp/one", "ref": "refs/pull/7/head", "sha": SHA, "repo": None}
    assert gitea(state="closed", merged=False, head=across).branch == "gitops-mcp/one"


@pytest.mark.parametrize(
    ("title", "draft", "shown"),
    [("WIP: Scale", True, "Scale"), ("[wip] Scale", True, "Scale"), ("wip:Scale", True, "Scale"), ("Draft: Scale", False, "Draft: Scale")],
)  # fmt: skip
def test_gitea_a_draft_is_its_title_and_its_mergeable_says_nothing(title: str, shown: str, *, draft: bool) -> None:
    found = gitea(title=title, mergeable=False)
    assert (found.title, found.draft, found.mergeable) == (shown, draft, None if draft else "no")


def test_gitea_only_official_reviews_count() -> None:
    def row(login: str, state: str, **more: Any) -> dict[str, Any]:
        return {
            "user": {"login": login},
            "state": state,
            "commit_id": SHA,
            "official": True,
            "dismissed": False,
            "stale": False,
            **more,
        }

    rows = [
        row("a", "REQUEST_REVIEW"),
        row("b", "REQUEST_CHANGES", dismissed=True, official=False),
        row("b", "APPROVED"),
        row("c", "APPROVED", official=False),
        row("d", "APPROVED", stale=True),
        row("d", "COMMENT", official=False),
        row("e", "PENDING", official=False),
    ]
    assert gitea_reviews(rows) == (
        Review("b", "approved", SHA),
        Review("c", "commented", SHA),
        Review("d", "approved", SHA, is_stale=True),
    )


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (422, b'{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom","message":"A pull request already exists for platform:change."}],"documentation_url":"https://docs.github.com/rest"}', "Validation Failed, A pull request already exists for platform:change."),
        (422, b'{"message":"Validation Failed","errors":[{"resource":"PullRequest","field":"head","code":"invalid"}]}', "Validation Failed, PullRequest head invalid"),
        (409, b'{"message":["Another open merge request already exists for this source branch: !59"]}', "Another open merge request already exists for this source branch: !59"),
        (400, b'{"message":{"source_branch":["does not exist"]}}', "source_branch does not exist"),
        (401, b'{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}', "Token is expired. You can either do re-authorization or token refresh."),
        (404, b'{"errors":null,"message":"not found","url":"https://forge.example.com/api/swagger"}', "not found"),
    ],
)  # fmt: skip
def test_what_forges_say_when_they_say_no(status: int, body: bytes, said: str) -> None:
    assert parsed_answer(status, {"content-type": "application/json"}, body, secret="planted").said == said

"""The stand-in for Gitea does what surprised about the real one."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from gitops_mcp.sandbox.forges import Rules
from tests.fakes.forges import ForgeServers, ServedForge

PULLS = "/repos/platform/fleet/pulls"


@pytest.fixture
def served(forge_server: ForgeServers) -> ServedForge:
    return forge_server("gitea")


def ask(served: ServedForge, method: str, path: str, body: Any = None, *, token: str | None = None) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token or served.forge.token()}"}
    return httpx2.request(method, f"{served.api}{path}", json=body, headers=headers)


def read(served: ServedForge, path: str) -> Any:
    answer = ask(served, "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_pull_request_is_created_read_edited_and_closed(served: ServedForge) -> None:
    head = served.commit("change")
    number = served.forge.repository.labels["database"] = 7
    made = ask(served, "POST", PULLS, {"head": "change", "base": "main", "title": "WIP: Scale", "labels": [number, 99]})
    assert made.status_code == 201
    found = made.json()
    assert (found["number"], found["draft"], found["mergeable"], found["head"]["sha"]) == (1, True, False, head)
    assert [one["name"] for one in found["labels"]] == ["database"]
    edited = ask(served, "PATCH", f"{PULLS}/1", {"title": "Scale", "state": "closed"})
    assert (edited.status_code, edited.json()["state"], edited.json()["draft"]) == (201, "closed", False)
    assert ask(served, "PATCH", f"{PULLS}/1", {"state": "open"}).json()["state"] == "open"
    assert ask(served, "PATCH", f"{PULLS}/1", {"state": "merged"}).status_code == 412


def test_a_branch_name_that_is_used_again_hides_the_open_one(served: ServedForge) -> None:
    served.forge.close(served.pull())
    served.forge.open_pull("change")
    assert read(served, f"{PULLS}/main/change")["number"] == 1
    assert [one["number"] for one in read(served, f"{PULLS}?state=open")] == [2]


def test_nothing_filters_a_list_by_head_and_it_is_cut_to_fifty(served: ServedForge) -> None:
    served.pulls(51)
    answer = ask(served, "GET", f"{PULLS}?state=open&head=platform:change-7&limit=100")
    assert len(answer.json()) == 50
    assert answer.headers["X-Total-Count"] == "51"
    page = f"{served.api}{PULLS}?head=platform%3Achange-7&limit=100&page=2&state=open"
    assert answer.headers["Link"] == f'<{page}>; rel="next",<{page}>; rel="last"'


def test_mergeable_is_true_while_approvals_and_checks_are_missing(served: ServedForge) -> None:
    served.forge.repository.rules["main"] = Rules(approvals=1, checks=("ci",))
    pull = served.pull()
    assert read(served, f"{PULLS}/1")["mergeable"] is True
    branch = read(served, "/repos/platform/fleet/branches/main")
    assert (branch["required_approvals"], branch["status_check_contexts"]) == (1, ["ci"])
    owner = served.forge.token("owner")
    refused = ask(served, "POST", f"{PULLS}/1/merge", {"Do": "merge"}, token=owner)
    assert (refused.status_code, refused.json()["message"]) == (405, "Does not have enough approvals")
    served.forge.approve(pull, by="reader")
    served.forge.approve(pull)
    assert [(one["user"]["login"], one["official"]) for one in read(served, f"{PULLS}/1/reviews")] == [
        ("reader", False),
        ("reviewer", True),
    ]
    refused = ask(served, "POST", f"{PULLS}/1/merge", {"Do": "merge"}, token=owner)
    assert refused.json()["message"] == "Not all required status checks successful"
    served.forge.check(pull, "success")
    assert ask(served, "POST", f"{PULLS}/1/merge", {"Do": "squash"}, token=owner).status_code == 200
    served.git("fetch", "--quiet")
    message = served.git("log", "-1", "--format=%B", "origin/main")
    assert message == "Change (#1)\n\nCo-authored-by: gitops-mcp sandbox <sandbox@localhost>"


def test_the_combined_status_is_that_of_the_page(served: ServedForge) -> None:
    pull = served.pull()
    path = f"/repos/platform/fleet/commits/{pull.head}/status"
    assert (read(served, path)["state"], read(served, path)["statuses"]) == ("", None)
    served.forge.check(pull, "failure", "lint")
    served.forge.check(pull, "success", "render")
    assert read(served, path)["state"] == "failure"
    assert read(served, f"{path}?limit=1")["state"] == "success"


def test_a_merged_one_shows_the_ref_that_stays_and_then_the_branch_that_is_made_anew(served: ServedForge) -> None:
    pull = served.pull()
    served.forge.merge(pull, "rebase", delete=True)
    gone = read(served, f"{PULLS}/1")
    assert (gone["merged"], gone["head"]["ref"], gone["head"]["label"]) == (True, "refs/pull/1/head", "change")
    tip = served.commit("change", "again\n")
    assert read(served, f"{PULLS}/1")["head"]["sha"] == tip


@pytest.mark.parametrize(
    ("scopes", "method", "path", "required"),
    [
        ("write:repository", "GET", "/user", "read:user"),
        ("write:repository", "POST", "/repos/platform/fleet/issues/1/comments", "write:issue"),
        ("read:repository", "POST", PULLS, "write:repository"),
    ],
)
def test_a_scope_that_lacks_is_named(served: ServedForge, scopes: str, method: str, path: str, required: str) -> None:
    served.pull()
    token = served.forge.token(scopes=frozenset({scopes}))
    answer = ask(served, method, path, {"body": "x"} if method == "POST" else None, token=token)
    words = "token does not have at least one of required scope(s)"
    assert (answer.status_code, answer.json()["message"]) == (
        403,
        f"{words}, required=[{required}], token scope={scopes}",
    )


def test_a_renamed_repository_is_moved_for_writes_too(served: ServedForge) -> None:
    served.forge.rename("platform/fleet-new")
    answer = ask(served, "POST", PULLS, {})
    assert (answer.status_code, answer.headers["Location"]) == (301, "/api/v1/repos/platform/fleet-new/pulls")


def test_deleting_the_branch_closes_it_and_it_is_reopened_without_one(served: ServedForge) -> None:
    served.pull("gitops-mcp/one")
    assert ask(served, "DELETE", "/repos/platform/fleet/branches/gitops-mcp%2Fone").status_code == 204
    assert read(served, f"{PULLS}/1")["state"] == "closed"
    assert ask(served, "PATCH", f"{PULLS}/1", {"state": "open"}).json()["state"] == "open"


def test_labels_of_the_organisation_are_another_list_with_another_scope(served: ServedForge) -> None:
    number = served.forge.organization_labels["org-wide"] = 5
    served.pull()
    path = "/orgs/platform/labels"
    assert [one["name"] for one in read(served, path)] == ["org-wide"]
    token = served.forge.token(scopes=frozenset({"write:repository", "write:issue"}))
    assert ask(served, "GET", path, token=token).status_code == 403
    given = ask(served, "POST", "/repos/platform/fleet/issues/1/labels", {"labels": [number]}, token=token)
    assert [one["name"] for one in given.json()] == ["org-wide"]


def test_reviewers_are_asked_all_or_none(served: ServedForge) -> None:
    served.pull()
    path = f"{PULLS}/1/requested_reviewers"
    refused = ask(served, "POST", path, {"reviewers": ["reviewer", "nobody-such"]})
    assert (refused.status_code, refused.json()["message"]) == (404, "User 'nobody-such' not exist")
    assert read(served, f"{PULLS}/1")["requested_reviewers"] == []
    assert ask(served, "POST", path, {"reviewers": ["reviewer"]}).status_code == 201
    assert [one["state"] for one in read(served, f"{PULLS}/1/reviews")] == ["REQUEST_REVIEW"]

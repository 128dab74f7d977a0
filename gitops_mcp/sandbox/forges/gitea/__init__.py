"""Gitea's API, as version 1.26 has it; Forgejo's differs in little of it."""

from __future__ import annotations

from gitops_mcp.sandbox.forges.dialect import Dialect
from gitops_mcp.sandbox.forges.gitea import pulls, reviews
from gitops_mcp.sandbox.forges.gitea.rights import find_repository, find_token
from gitops_mcp.sandbox.forges.routing import Answer, Call, Refused, Routes

_R = "/repos/{owner}/{repo}"
_PAGES = {
    "max_response_items": 50,
    "default_paging_num": 30,
    "default_git_trees_per_page": 1000,
    "default_max_blob_size": 10_485_760,
    "default_max_response_size": 104_857_600,
}


def _version(_: Call) -> Answer:
    return Answer(200, {"version": "1.26.0+stand-in"})


def _settings(_: Call) -> Answer:
    return Answer(200, _PAGES)


_ROUTES = Routes.of(
    {
        "GET /version": _version,
        "GET /settings/api": _settings,
        "GET /user": reviews.current_user,
        "GET /orgs/{org}/labels": reviews.labels_of_organization,
        f"GET {_R}": pulls.get_repository,
        f"GET {_R}/pulls": pulls.list_pulls,
        f"POST {_R}/pulls": pulls.create_pull,
        f"GET {_R}/pulls/{{number}}": pulls.get_pull,
        f"PATCH {_R}/pulls/{{number}}": pulls.edit_pull,
        f"GET {_R}/pulls/{{number}}/merge": pulls.is_merged,
        f"POST {_R}/pulls/{{number}}/merge": pulls.merge_pull,
        f"GET {_R}/pulls/{{number}}/reviews": reviews.list_reviews,
        f"POST {_R}/pulls/{{number}}/reviews": reviews.create_review,
        f"POST {_R}/pulls/{{number}}/reviews/{{review}}/dismissals": reviews.dismiss_review,
        f"POST {_R}/pulls/{{number}}/requested_reviewers": reviews.request_reviewers,
        f"DELETE {_R}/pulls/{{number}}/requested_reviewers": reviews.unrequest_reviewers,
        f"GET {_R}/pulls/{{base}}/{{head*}}": pulls.pull_of_branches,
        f"GET {_R}/commits/{{ref}}/pull": pulls.pull_of_commit,
        f"GET {_R}/commits/{{ref*}}/status": reviews.combined_status,
        f"GET {_R}/commits/{{ref*}}/statuses": reviews.list_statuses,
        f"POST {_R}/statuses/{{ref}}": reviews.create_status,
        f"GET {_R}/issues/{{number}}/labels": reviews.list_labels,
        f"POST {_R}/issues/{{number}}/labels": reviews.add_labels,
        f"PUT {_R}/issues/{{number}}/labels": reviews.add_labels,
        f"GET {_R}/issues/{{number}}/comments": reviews.list_comments,
        f"POST {_R}/issues/{{number}}/comments": reviews.create_comment,
        f"GET {_R}/issues/comments/{{id}}": reviews.get_comment,
        f"PATCH {_R}/issues/comments/{{id}}": reviews.edit_comment,
        f"DELETE {_R}/issues/comments/{{id}}": reviews.delete_comment,
        f"GET {_R}/labels": reviews.labels_of_repository,
        f"POST {_R}/labels": reviews.create_label,
        f"GET {_R}/branches": pulls.list_branches,
        f"GET {_R}/branches/{{branch*}}": pulls.get_branch,
        f"DELETE {_R}/branches/{{branch*}}": pulls.delete_branch,
        f"GET {_R}/branch_protections": pulls.list_protections,
    }
)


def _no_page() -> Refused:
    return Refused(404, "404 page not found\n", media="text/plain; charset=utf-8")


GITEA = Dialect(
    name="gitea",
    prefix="/api/v1",
    routes=_ROUTES,
    token_of=find_token,
    repository_of=find_repository,
    no_page=_no_page,
    faults={
        "500": Answer(500, {"message": "", "url": ""}),
        "html": Answer(502, "<html><body><h1>502 Bad Gateway</h1></body></html>", media="text/html"),
        "rate limit": Answer(429, "Too Many Requests\n", {"Retry-After": "30"}, media="text/plain"),
    },
)

"""GitHub's REST and GraphQL, at the addresses that an Enterprise Server has them at."""

from __future__ import annotations

from gitops_mcp.sandbox.forges.dialect import Dialect
from gitops_mcp.sandbox.forges.github import apps, commits, pulls, reviews
from gitops_mcp.sandbox.forges.github.bodies import user_body
from gitops_mcp.sandbox.forges.github.graph import answer_graph
from gitops_mcp.sandbox.forges.github.rights import address_by_name, find_repository, find_token, need, not_found
from gitops_mcp.sandbox.forges.routing import Answer, Call, Routes

_R = "/repos/{owner}/{repo}"
_HTML = "<html><body><h1>503 Service Unavailable</h1>No server is available to handle this request.</body></html>"
_SSO = (
    "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to this "
    "organization."
)
_SSO_PAGE = {"X-GitHub-SSO": "required; url=https://github.com/orgs/platform/sso?authorization_request=EXAMPLE"}
_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def _current_user(call: Call) -> Answer:
    need(call)
    return Answer(200, {**(user_body(call, call.user) or {}), "name": None, "email": None})


def _rate_limit(_: Call) -> Answer:
    core = {"limit": 5000, "used": 1, "remaining": 4999, "reset": 4_000_000_000}
    return Answer(200, {"resources": {"core": core, "graphql": core}, "rate": core})


def _root(call: Call) -> Answer:
    return Answer(
        200, {"current_user_url": f"{call.api}/user", "repository_url": f"{call.api}/repos/{{owner}}/{{repo}}"}
    )


_ROUTES = Routes.of(
    {
        "GET /": _root,
        "GET /user": _current_user,
        "GET /rate_limit": _rate_limit,
        "POST /graphql": answer_graph,
        f"GET {_R}/installation": apps.find_installation,
        "POST /app/installations/{id}/access_tokens": apps.create_token,
        f"GET {_R}": pulls.get_repository,
        f"PATCH {_R}": pulls.edit_repository,
        f"GET {_R}/pulls": pulls.list_pulls,
        f"POST {_R}/pulls": pulls.create_pull,
        f"GET {_R}/pulls/{{number}}": pulls.get_pull,
        f"PATCH {_R}/pulls/{{number}}": pulls.edit_pull,
        f"GET {_R}/pulls/{{number}}/merge": pulls.is_merged,
        f"PUT {_R}/pulls/{{number}}/merge": pulls.merge_pull,
        f"PUT {_R}/pulls/{{number}}/update-branch": pulls.update_branch,
        f"GET {_R}/pulls/{{number}}/reviews": reviews.list_reviews,
        f"POST {_R}/pulls/{{number}}/reviews": reviews.create_review,
        f"PUT {_R}/pulls/{{number}}/reviews/{{review}}/dismissals": reviews.dismiss_review,
        f"GET {_R}/pulls/{{number}}/requested_reviewers": reviews.list_requested,
        f"POST {_R}/pulls/{{number}}/requested_reviewers": reviews.request_reviewers,
        f"DELETE {_R}/pulls/{{number}}/requested_reviewers": reviews.unrequest_reviewers,
        f"GET {_R}/issues/{{number}}/labels": reviews.list_labels,
        f"POST {_R}/issues/{{number}}/labels": reviews.add_labels,
        f"PUT {_R}/issues/{{number}}/labels": reviews.add_labels,
        f"DELETE {_R}/issues/{{number}}/labels/{{name}}": reviews.remove_label,
        f"GET {_R}/issues/{{number}}/comments": reviews.list_comments,
        f"POST {_R}/issues/{{number}}/comments": reviews.create_comment,
        f"GET {_R}/issues/comments/{{id}}": reviews.get_comment,
        f"PATCH {_R}/issues/comments/{{id}}": reviews.edit_comment,
        f"DELETE {_R}/issues/comments/{{id}}": reviews.delete_comment,
        f"GET {_R}/commits/{{ref*}}/status": commits.combined_status,
        f"GET {_R}/commits/{{ref*}}/statuses": commits.list_statuses,
        f"GET {_R}/commits/{{ref*}}/check-runs": commits.list_runs,
        f"GET {_R}/commits/{{ref*}}/pulls": pulls.pulls_of_commit,
        f"GET {_R}/commits/{{ref*}}": commits.get_commit,
        f"POST {_R}/statuses/{{ref}}": commits.create_status,
        f"GET {_R}/rules/branches/{{branch*}}": commits.branch_rules,
        f"GET {_R}/branches/{{branch*}}/protection": commits.get_protection,
        f"GET {_R}/branches/{{branch*}}": commits.get_branch,
        f"POST {_R}/git/refs": commits.create_ref,
        f"DELETE {_R}/git/refs/heads/{{branch*}}": commits.delete_ref,
    }
)

GITHUB = Dialect(
    name="github",
    prefix="/api/v3",
    graph="/api/graphql",
    routes=_ROUTES,
    rewrite=address_by_name,
    token_of=find_token,
    repository_of=find_repository,
    no_page=not_found,
    headers={
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-GitHub-Api-Version-Selected": "2022-11-28",
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "4999",
        "X-RateLimit-Reset": "4000000000",
        "X-RateLimit-Used": "1",
        "X-RateLimit-Resource": "core",
    },
    faults={
        "rate limit": Answer(
            403,
            {"message": "API rate limit exceeded for user ID 1.", "documentation_url": "https://docs.github.com/rest"},
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": "4000000000"},
        ),
        "secondary limit": Answer(403, {"message": _SECONDARY}, {"Retry-After": "60"}),
        "429": Answer(429, {"message": _SECONDARY}),
        "500": Answer(500, {"message": "Server Error"}),
        "html": Answer(503, _HTML, media="text/html"),
        "sso": Answer(403, {"message": _SSO}, _SSO_PAGE),
        "graph sso": Answer(
            200,
            {
                "data": {"repository": None},
                "errors": [
                    {
                        "type": "FORBIDDEN",
                        "path": ["repository"],
                        "extensions": {"saml_failure": True},
                        "locations": [{"line": 1, "column": 1}],
                        "message": _SSO,
                    }
                ],
            },
            _SSO_PAGE,
        ),
        "actions": Answer(403, {"message": "GitHub Actions is not permitted to create or approve pull requests."}),
        "graph limit": Answer(
            200,
            {
                "errors": [
                    {
                        "type": "RATE_LIMIT",
                        "code": "graphql_rate_limit",
                        "message": "API rate limit already exceeded for user ID 1.",
                    }
                ]
            },
        ),
        "graph failure": Answer(200, {"errors": [{"message": "Something went wrong while executing your query."}]}),
    },
)

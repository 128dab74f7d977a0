"""GitLab's API, as versions 17 to 19 have it."""

from __future__ import annotations

from gitops_mcp.sandbox.forges.dialect import Dialect
from gitops_mcp.sandbox.forges.gitlab import pulls, reviews
from gitops_mcp.sandbox.forges.gitlab.rights import find_repository, find_token, read_query_as_body
from gitops_mcp.sandbox.forges.routing import Answer, Call, Refused, Routes

_P = "/projects/{project}"
_M = f"{_P}/merge_requests/{{number}}"


def _version(call: Call) -> Answer:
    return Answer(200, {"version": "19.0.0-stand-in", "revision": str(call.person.id), "enterprise": True})


def _no_page() -> Refused:
    return Refused(404, {"error": "404 Not Found"})


_ROUTES = Routes.of(
    {
        "GET /version": _version,
        "GET /user": reviews.current_user,
        "GET /users": reviews.list_users,
        f"GET {_P}": pulls.get_project,
        f"GET {_P}/merge_requests": pulls.list_pulls,
        f"POST {_P}/merge_requests": pulls.create_pull,
        f"GET {_M}": pulls.get_pull,
        f"PUT {_M}": pulls.edit_pull,
        f"PUT {_M}/merge": pulls.merge_pull,
        f"PUT {_M}/rebase": pulls.rebase_pull,
        f"GET {_M}/approvals": reviews.get_approvals,
        f"POST {_M}/approve": reviews.approve,
        f"POST {_M}/unapprove": reviews.unapprove,
        f"GET {_M}/reviewers": reviews.list_reviewers,
        f"GET {_M}/notes": reviews.list_notes,
        f"POST {_M}/notes": reviews.create_note,
        f"GET {_M}/notes/{{note}}": reviews.get_note,
        f"PUT {_M}/notes/{{note}}": reviews.edit_note,
        f"DELETE {_M}/notes/{{note}}": reviews.delete_note,
        f"GET {_P}/repository/commits/{{ref}}/statuses": reviews.list_statuses,
        f"POST {_P}/statuses/{{ref}}": reviews.create_status,
        f"GET {_P}/repository/branches/{{branch}}": reviews.get_branch,
        f"DELETE {_P}/repository/branches/{{branch}}": reviews.delete_branch,
        f"GET {_P}/protected_branches/{{branch}}": reviews.get_protected,
    }
)

GITLAB = Dialect(
    name="gitlab",
    prefix="/api/v4",
    routes=_ROUTES,
    token_of=find_token,
    repository_of=find_repository,
    rewrite=read_query_as_body,
    no_page=_no_page,
    headers={
        "RateLimit-Limit": "2000",
        "RateLimit-Name": "throttle_authenticated_api",
        "RateLimit-Observed": "1",
        "RateLimit-Remaining": "1999",
        "RateLimit-Reset": "4000000000",
    },
    faults={
        "rate limit": Answer(
            429, "Retry later\n", {"Retry-After": "30", "RateLimit-Remaining": "0"}, media="text/plain"
        ),
        "500": Answer(500, {"message": "500 Internal Server Error"}),
        "html": Answer(502, "<!DOCTYPE html><html><head><title>502</title></head></html>", media="text/html"),
    },
)

"""Who asks GitLab, what a token lets them do, and how it says no: in a string, an array or a map."""

from __future__ import annotations

from typing import Any

from gitops_mcp.sandbox.forges.routing import Call, Refused, find_commit
from gitops_mcp.sandbox.forges.values import Pull, Repository, Token

_WORDS: dict[str, Any] = {"true": True, "false": False, "True": True, "False": False}


def refusal(status: int, message: Any) -> Refused:
    return Refused(status, {"message": message})


def not_found(what: str = "Not found") -> Refused:
    return refusal(404, f"404 {what}")


def find_token(call: Call) -> Token | None:
    kind, _, value = call.headers.get("authorization", "").partition(" ")
    value = call.headers.get("private-token") or (value if kind.lower() == "bearer" else "")
    if not value:
        return None
    token = call.forge.tokens.get(value)
    if token is None:
        raise refusal(401, "401 Unauthorized")
    if token.expired:
        words = "Token is expired. You can either do re-authorization or token refresh."
        raise Refused(401, {"error": "invalid_token", "error_description": words})
    needed = ("api", "read_api") if call.method in {"GET", "HEAD"} else ("api",)
    if not token.may(*needed):
        words = "The request requires higher privileges than provided by the access token."
        raise Refused(403, {"error": "insufficient_scope", "error_description": words, "scope": " ".join(needed)})
    return token


def find_repository(call: Call) -> Repository | None:
    """By number or path. Not there and not allowed to know of it are the same."""
    wanted = call.place.get("project")
    if wanted is None:
        return None
    for one in call.forge.repositories:
        if wanted in one.old_names:
            place = f"{call.api}/projects/{one.id}"
            words = f"This resource has been moved permanently to {place}"
            raise Refused(301, words, {"Location": place}, media="text/plain")
        if wanted in {str(one.id), one.full_name} and call.user and call.user.login in one.roles:
            return one
    raise not_found("Project Not Found")


def read_query_as_body(call: Call) -> None:
    """A write may say in either what it wants."""
    if call.method != "GET" and call.query:
        words = {name: _WORDS.get(value, value) for name, value in call.query.items()}
        call.body = {**words, **(call.body or {})}


def need_write(call: Call) -> None:
    if not call.can_write:
        raise refusal(403, "403 Forbidden")


def the_pull(call: Call) -> Pull:
    found = call.pull()
    if found is None:
        raise not_found()
    return found


def commit_of(call: Call) -> str:
    if not (found := find_commit(call)):
        raise not_found("Commit Not Found")
    return found

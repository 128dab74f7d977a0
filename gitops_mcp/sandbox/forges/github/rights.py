"""Who asks GitHub, what a token lets them do, and how it says no."""

from __future__ import annotations

from typing import Any

from gitops_mcp.sandbox.forges.routing import Call, Refused, basic_login
from gitops_mcp.sandbox.forges.values import Pull, Repository, Token

DOCS = "https://docs.github.com/rest"
_WORDS = {"app": "integration", "fine-grained": "personal access token"}


def refusal(
    status: int, message: str, errors: list[Any] | None = None, headers: dict[str, str] | None = None
) -> Refused:
    body: dict[str, Any] = {"message": message, "documentation_url": DOCS, "status": str(status)}
    return Refused(status, body | ({"errors": errors} if errors else {}), headers)


def not_found() -> Refused:
    return refusal(404, "Not Found")


def invalid(resource: str, **error: Any) -> Refused:
    return refusal(422, "Validation Failed", [{"resource": resource, **error}])


def find_token(call: Call) -> Token | None:
    if not call.headers.get("user-agent"):
        raise refusal(403, "Missing or invalid User Agent string. See https://docs.github.com/rest#user-agent-required")
    kind, _, value = call.headers.get("authorization", "").partition(" ")
    if not value or value.count(".") == 2:
        return None
    if kind.lower() == "basic":
        _, value = basic_login(value) or ("", "")
    token = call.forge.tokens.get(value)
    if token is None or token.expired:
        raise refusal(401, "Bad credentials")
    return token


def find_repository(call: Call) -> Repository | None:
    """The one of the path. Not there and not allowed to know of it are the same."""
    if "owner" not in call.place:
        return None
    wanted = f"{call.place['owner']}/{call.place['repo']}"
    for one in call.forge.repositories:
        if wanted in one.old_names:
            rest = call.path.removeprefix(f"/repos/{wanted}")
            place = f"{call.api}/repositories/{one.id}{rest}"
            body = {"message": "Moved Permanently", "url": place, "documentation_url": DOCS}
            raise Refused(301 if call.method == "GET" else 307, body, {"Location": place})
        # An App finds its installation before it has a token; the statement that it signed is checked there.
        is_known = (call.user and call.user.login in one.roles) or call.path.endswith("/installation")
        if one.full_name == wanted and is_known:
            return one
    raise not_found()


def address_by_name(call: Call) -> None:
    """In the path the repository may stand with its number."""
    parts = call.path.split("/")
    if len(parts) > 2 and parts[1] == "repositories":
        for one in call.forge.repositories:
            if parts[2] == str(one.id):
                call.path = "/".join(("/repos", one.full_name, *parts[3:]))


def need(call: Call, *permissions: str) -> None:
    """One of these, as the header names them: `pull_requests=write`. To write includes to read."""
    token = call.token
    if token is None:
        raise refusal(401, "Requires authentication")
    widened = (one.replace("=read", "=write") for one in permissions)
    if token.may(*permissions, *widened):
        return
    if token.kind == "classic":
        raise not_found()
    words = f"Resource not accessible by {_WORDS[token.kind]}"
    raise refusal(403, words, headers={"X-Accepted-GitHub-Permissions": "; ".join(permissions)})


def need_write(call: Call) -> None:
    if not call.can_write:
        raise refusal(403, "Must have push access to the repository.")


def the_pull(call: Call) -> Pull:
    need(call, "pull_requests=read")
    found = call.pull()
    if found is None:
        raise not_found()
    return found

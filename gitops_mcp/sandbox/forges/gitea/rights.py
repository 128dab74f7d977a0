"""Who asks Gitea, what a token lets them do, and how it says no."""

from __future__ import annotations

from gitops_mcp.sandbox.forges.routing import Call, Refused, basic_login, find_commit
from gitops_mcp.sandbox.forges.values import Pull, Repository, Token

_HTML = "text/html; charset=utf-8"


def refusal(call: Call, status: int, message: str) -> Refused:
    return Refused(status, {"message": message, "url": f"{call.web}/api/swagger"})


def not_found(call: Call, message: str = "not found", errors: list[str] | None = None) -> Refused:
    """A missing right to see is the same."""
    return Refused(404, {"errors": errors, "message": message, "url": f"{call.web}/api/swagger"})


def find_token(call: Call) -> Token | None:
    """Bearer, `token`, or Basic with any user name; a token in the address works too."""
    kind, _, value = call.headers.get("authorization", "").partition(" ")
    value = value or call.query.get("token") or call.query.get("access_token") or ""
    if kind.lower() == "basic":
        _, value = basic_login(value) or ("", "?")
    if not value:
        return None
    token = call.forge.tokens.get(value)
    if token is None or token.expired:
        raise refusal(call, 401, "invalid username, password or token")
    return token


def find_repository(call: Call) -> Repository | None:
    if "owner" not in call.place:
        return None
    wanted = f"{call.place['owner']}/{call.place['repo']}".lower()
    for one in call.forge.repositories:
        if wanted in one.old_names:
            rest = call.path.split("/", 4)[4:]
            place = "/".join((f"/api/v1/repos/{one.full_name}", *rest)) + (f"?{call.asked}" if call.asked else "")
            body = f'<a href="{place}">Moved Permanently</a>.\n\n' if call.method == "GET" else ""
            raise Refused(301, body, {"Location": place}, media=_HTML)
        if one.full_name.lower() == wanted and call.user and call.user.login in one.roles:
            return one
    raise not_found(call)


def need(call: Call, scope: str) -> None:
    """As `read:issue`; to write includes to read."""
    token = call.token
    if token is None:
        raise not_found(call)
    if not token.may(scope, scope.replace("read:", "write:")):
        has = ",".join(sorted(token.scopes or ()))
        words = "token does not have at least one of required scope(s)"
        raise refusal(call, 403, f"{words}, required=[{scope}], token scope={has}")


def need_write(call: Call) -> None:
    if not call.can_write:
        raise refusal(call, 403, "user should have a permission to write to a repo")


def the_pull(call: Call, scope: str = "read:repository") -> Pull:
    need(call, scope)
    found = call.pull()
    if found is None:
        words = f"pull request does not exist [id: 0, issue_id: 0, head_repo_id: 0, base_repo_id: {call.repo.id}"
        raise not_found(call, "GetPullRequestByIndex", [f"{words}, head_branch: , base_branch: ]"])
    return found


def commit_of(call: Call) -> str:
    if not (found := find_commit(call)):
        raise not_found(call) if call.method == "GET" else refusal(call, 500, "")
    return found

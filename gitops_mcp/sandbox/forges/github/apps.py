"""Tokens of a GitHub App: a signed statement of who it is, for a token of an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gitops_mcp.sandbox.forges.github.rights import not_found, refusal
from gitops_mcp.sandbox.forges.routing import Answer, Call
from gitops_mcp.sandbox.forges.values import now, time


def _check_signature(call: Call) -> None:
    """That the App signed it."""
    import jwt

    given = call.headers.get("authorization", "").partition(" ")[2]
    try:
        claims: dict[str, Any] = jwt.decode(
            given, call.forge.app_key or "", algorithms=["RS256"], options={"verify_iat": True}
        )
    except jwt.ExpiredSignatureError as error:
        words = "must be a numeric value representing the future time at which the assertion expires"
        raise refusal(401, f"'Expiration time' claim ('exp') {words}") from error
    except (jwt.PyJWTError, ValueError) as error:
        raise refusal(401, "A JSON web token could not be decoded") from error
    if claims["exp"] - now().timestamp() > 600 + 5:
        raise refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    if str(claims.get("iss")) != str(call.forge.app_id):
        raise refusal(401, "Integration must generate a public key")


def find_installation(call: Call) -> Answer:
    _check_signature(call)
    permissions = {"contents": "write", "pull_requests": "write", "metadata": "read"}
    body = {"id": call.forge.installation_id, "app_id": call.forge.app_id, "repository_selection": "all"}
    body["app_slug"] = call.forge.app_login.removesuffix("[bot]")
    account = {"login": call.repo.owner, "type": "Organization"}
    return Answer(200, {**body, "target_type": "Organization", "permissions": permissions, "account": account})


def create_token(call: Call) -> Answer:
    _check_signature(call)
    if call.place["id"] != str(call.forge.installation_id):
        raise not_found()
    token = call.forge.token(call.forge.app_login, kind="app")
    body = {"token": token, "expires_at": time(now() + timedelta(hours=1)), "repository_selection": "all"}
    return Answer(201, {**body, "permissions": {"contents": "write", "pull_requests": "write", "metadata": "read"}})

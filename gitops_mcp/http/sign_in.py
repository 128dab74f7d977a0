"""Who calls, before anything else looks at the request: an OAuth 2.0 resource server, as MCP's authorization has it.

A request without a token that holds goes no further. One with it carries an `Identity` in its scope, from which the
server tells what the caller may see and do. https://modelcontextprotocol.io/specification/draft/basic/authorization,
RFC 6750, RFC 9728
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from anyio import CapacityLimiter, to_thread

from gitops_mcp import tools
from gitops_mcp.adapters.signin.errors import BadToken, NoKeys
from gitops_mcp.adapters.signin.verifier import Verifier
from gitops_mcp.config.http_settings import HttpSettings
from gitops_mcp.domain.access.identity import IDENTITY, Identity, Scope, is_of_kubernetes
from gitops_mcp.domain.access.rights import with_those_before
from gitops_mcp.domain.names import one_line
from gitops_mcp.tools.registry import scope_of

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]

OPEN = frozenset({"/healthz", "/readyz"})
"""What a kubelet asks, and what says nothing of anybody."""
_METADATA = "/.well-known/oauth-protected-resource"
_AT_ONCE = 16
"""Tokens of an issuer that are looked at together; a wait for it holds up nobody but who is signed in by it."""


class SignIn:
    """ASGI middleware around all that is served but `open_paths`."""

    def __init__(self, app: _App, settings: HttpSettings, *, open_paths: Iterable[str] = OPEN) -> None:
        self._app = app
        self._settings = settings
        self._open = frozenset(open_paths)
        self._verifier = Verifier(settings.issuers, settings.tokens, settings.scopes)
        self._needed: Mapping[str, Scope] = {one.name: scope_of(one) for one in tools.ALL}
        self._looking = {one.url: CapacityLimiter(_AT_ONCE) for one in settings.issuers}
        resource = urlsplit(settings.resource or "")
        is_public = bool(settings.resource and settings.issuers)
        self._metadata = f"{resource.scheme}://{resource.netloc}{_METADATA}{resource.path}" if is_public else None
        self._metadata_paths = {_METADATA, f"{_METADATA}{resource.path}"} if is_public else set()

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and scope["path"] in self._open):
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] in self._metadata_paths and scope["method"] in {"GET", "HEAD"}:
            await _answer(send, 200, self._described(), {"cache-control": "public, max-age=3600"})
        else:
            await self._signed_in(scope, receive, send)

    async def _signed_in(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        in_query = any(
            name == "access_token" for name, _ in parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        )
        if len(given) > 1 or (given and in_query):
            await self._refuse(send, 400, "invalid_request", "a token is given once, in the Authorization header")
            return
        kind, _, token = given[0].decode("latin-1").partition(" ") if given else ("", "", "")
        if kind.lower() != "bearer" or not token.strip():
            more = ": a token in the address is ignored" if in_query else ""
            await self._refuse(send, 401, None, f"sign in: Authorization: Bearer TOKEN{more}", "read")
            return
        try:
            found = await self._identity_of(token.strip())
        except BadToken as error:
            await self._refuse(send, 401, "invalid_token", f"the token is not taken: {error}")
            return
        except NoKeys:
            said = {"error": "temporarily_unavailable", "error_description": "the issuer's keys cannot be read now"}
            await _answer(send, 503, said, {"retry-after": "5"})
            return
        if (why := self._why_not(found, scope)) is not None:
            await self._refuse(send, 403, *why)
            return
        await self._app({**scope, IDENTITY: found}, receive, send)

    async def _identity_of(self, token: str) -> Identity:
        if (machine := self._verifier.machine(token)) is not None:
            return machine
        limiter = self._looking[self._verifier.issuer(token).url]
        return await to_thread.run_sync(self._verifier.identify, token, limiter=limiter)

    def _why_not(self, found: Identity, scope: _Scope) -> tuple[str | None, str, Scope | None] | None:
        """Error code, description and the scope that would do; None: the request goes on."""
        if self._settings.impersonate and any(map(is_of_kubernetes, (found.name, *found.groups))):
            text = "a name that begins with system: is one of Kubernetes itself, and nobody is impersonated by it"
            return None, text, None
        needed = self._asked_scope(scope)
        if needed not in with_those_before(found.scopes):
            return "insufficient_scope", f"this takes the scope {needed}", needed
        if (told := self._settings.access.rights_of(found).why_not("read")) is not None:
            return None, told, None
        return None

    def _asked_scope(self, scope: _Scope) -> Scope:
        """By the headers with which newer clients say what they call; an older one is told by the tool."""
        headers = dict(scope["headers"])
        if headers.get(b"mcp-method") == b"tools/call":
            return self._needed.get(headers.get(b"mcp-name", b"").decode("latin-1"), "read")
        return "read"

    async def _refuse(
        self, send: _Send, status: int, error: str | None, description: str, scope: Scope | None = None
    ) -> None:
        told = {
            "error": error,
            "error_description": description if error else None,
            "scope": self._settings.names_of(scope) if scope else None,
            "resource_metadata": self._metadata,
        }
        parts = ", ".join(f'{name}="{_quotable(value)}"' for name, value in told.items() if value)
        challenge = {"www-authenticate": f"Bearer {parts}".rstrip()} if status == 401 or error else {}
        said = {"error": error or ("unauthorized" if status == 401 else "access_denied")}
        await _answer(send, status, {**said, "error_description": description}, challenge)

    def _described(self) -> dict[str, object]:
        return {
            "resource": self._settings.resource,
            "authorization_servers": [one.url for one in self._settings.issuers],
            "scopes_supported": list(self._settings.scopes),
            "bearer_methods_supported": ["header"],
            "resource_name": "gitops-mcp",
        }


def _quotable(text: str) -> str:
    """A quoted-string of HTTP, in ASCII."""
    return one_line(text).replace("\\", "/").replace('"', "'").encode("ascii", "replace").decode()


async def _answer(send: _Send, status: int, body: Mapping[str, object], headers: Mapping[str, str]) -> None:
    data = json.dumps(body).encode()
    sent = {
        "content-type": "application/json",
        "content-length": str(len(data)),
        "cache-control": "no-store",
        **headers,
    }
    named = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": data})

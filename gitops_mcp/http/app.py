"""The ASGI application: probes and metrics for everybody, and MCP for those who may call."""

from __future__ import annotations

from typing import Any

from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitops_mcp.config.http_limits import HttpLimits
from gitops_mcp.domain.access.identity import IDENTITY
from gitops_mcp.http.answers import Refusal, plain_text
from gitops_mcp.http.body import read_body, replayed
from gitops_mcp.http.callers import Callers
from gitops_mcp.http.health import Health
from gitops_mcp.http.metrics import Metrics
from gitops_mcp.http.names import ServedNames

PATH = "/mcp"


class HttpApp:
    """What uvicorn serves: probes and metrics itself, and the rest by `inner`, which may ask who calls."""

    def __init__(
        self, inner: ASGIApp, *, names: ServedNames, limits: HttpLimits, health: Health, metrics: Metrics
    ) -> None:
        self._inner = inner
        self._names = names
        self._limits = limits
        self._health = health
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._open_answer(scope)
        if answer is not None:
            await answer(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                self._metrics.refused(message["status"])
            await send(message)

        headers = Headers(scope=scope)
        try:
            _check_count(headers, self._limits.header_count)
            self._names.check(headers)
        except Refusal as refusal:
            await refusal.response(scope, receive, counted)
            return
        await self._inner(scope, receive, counted)

    async def _open_answer(self, scope: Scope) -> Response | None:
        """To what asks about the process; nothing of anybody's is told there."""
        if scope["method"] not in {"GET", "HEAD"}:
            return None
        match scope["path"]:
            case "/healthz":
                return plain_text("lives")
            case "/readyz":
                why = await self._health.unready()
                return plain_text("ready") if why is None else plain_text(f"not ready: {why}", 503)
            case "/metrics":
                return Response(self._metrics.text, media_type="text/plain; version=0.0.4; charset=utf-8")
        return None


class McpEndpoint:
    """POST /mcp, within the limits of the caller."""

    def __init__(self, manager: StreamableHTTPSessionManager, limits: HttpLimits) -> None:
        self._manager = manager
        self._limits = limits
        self._callers = Callers(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _check_target(scope)
            headers = Headers(scope=scope)
            _check_session(headers)
            with self._callers.admitted(caller_of(scope)):
                body = await read_body(headers, receive, self._limits)
                await self._manager.handle_request(scope, replayed(body, receive), send)
        except Refusal as refusal:
            await refusal.response(scope, receive, send)
        except ClientDisconnect:
            return


def session_manager(server: Server[Any], limits: HttpLimits) -> StreamableHTTPSessionManager:
    """Without sessions, and with streams: only one that the client can close tells that it does not wait any more."""
    return StreamableHTTPSessionManager(
        server, json_response=False, stateless=True, max_request_body_size=limits.body_bytes
    )


def _check_count(headers: Headers, most: int) -> None:
    if len(headers.raw) > most:
        raise Refusal(431, f"the request has more than {most} headers", headers={"Connection": "close"})


def _check_target(scope: Scope) -> None:
    if scope["path"] != PATH:
        raise Refusal(404, f"there is nothing here: MCP is at {PATH}, by streamable HTTP; HTTP with SSE is not served")
    if scope["method"] != "POST":
        message = f"requests are sent by POST to {PATH}; there are no sessions, and no streams without a request"
        raise Refusal(405, message, headers={"Allow": "POST"})


def _check_session(headers: Headers) -> None:
    """An id that an older client brings is of another server, or of another time: by 404 it knows to begin anew."""
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
    if "mcp-session-id" in headers and (version is None or version in HANDSHAKE_PROTOCOL_VERSIONS):
        raise Refusal(404, "there is no such session, since this server keeps none: initialize without Mcp-Session-Id")


def caller_of(scope: Scope) -> str | None:
    """What tells who has signed in from everybody else; None: nobody signs in here."""
    identity = scope.get(IDENTITY)
    return None if identity is None else repr(identity.key)

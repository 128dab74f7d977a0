"""The body of a request: read within its limits, and answered as over stdio where it is no frame that the SDK reads."""

from __future__ import annotations

import anyio
from anyio import to_thread
from mcp.types import PARSE_ERROR
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from gitops_mcp.config.http_limits import HttpLimits
from gitops_mcp.frames import read_frame
from gitops_mcp.http.answers import Refusal

_LINGER = 1.0
"""Seconds for which what is too much is still read: a client that is cut off while it sends may not see the answer."""
_LARGE = 64 << 10
"""Bytes whose reading would hold up all others."""
_CLOSE = {"Connection": "close"}


async def read_body(headers: Headers, receive: Receive, limits: HttpLimits) -> bytes:
    """A frame for the SDK. Raises Refusal, and ClientDisconnect where nobody waits any more."""
    with anyio.move_on_after(limits.body_seconds):
        read = await _read(headers, receive, limits.body_bytes)
        passed, answers = read_frame(read) if len(read) < _LARGE else await to_thread.run_sync(read_frame, read)
        if passed is not None:
            return passed.encode()
        if answers:
            error, about = answers[0].error, answers[0].id
            raise Refusal(400, error.message, code=error.code, about=about)
        raise Refusal(400, "Parse error: the body is empty", code=PARSE_ERROR)
    message = f"the body was not there within {limits.body_seconds:g} s"
    raise Refusal(408, message, headers=_CLOSE)


async def _read(headers: Headers, receive: Receive, most: int) -> bytes:
    declared = headers.get("content-length", "")
    is_too_long = declared.isdecimal() and int(declared[:20]) > most
    parts, size, more = [], 0, True
    while more and not is_too_long:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        is_too_long = size > most
    if is_too_long:
        parts.clear()
        if "expect" not in headers:
            with anyio.move_on_after(_LINGER):
                while more and (rest := await receive())["type"] == "http.request":
                    more = rest.get("more_body", False)
        raise Refusal(413, f"the body has more than {most} bytes", headers=_CLOSE)
    return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """What the SDK receives: the body that was read, and then what comes after it, which is the client's going."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return left.pop() if left else await receive()

    return next_message

"""Standard input and output as the SDK is given them, and the answers that it would not give.

The SDK drops a frame that it cannot read, and takes a request whose id is neither text nor a number for a notification:
the client would wait for ever. Such a frame is answered here, with the id where it has one, and the server lives on. An
answer of the client's that cannot be read becomes an error of the client's, so that whoever asked hears of it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any, BinaryIO, cast

import anyio
from anyio import CapacityLimiter, to_thread
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, jsonrpc_message_adapter
from pydantic_core import from_json

MOST_BYTES = 4 << 20
"""Of one frame; arguments are bounded far below."""
_DEEPEST = 100
"""Levels of a frame. What comes in goes through parsers that give up somewhat above."""
_MOST_ANSWERS = 100
"""To one batch."""
# A text that does not end is one up to the end, else each quote in it would be tried as the beginning of another.
_TOKEN = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*)"?|([{\[])|([}\]])', re.DOTALL)
_VALUE = re.compile(rb'\s*:(?:\s*(-?(?:0|[1-9]\d{0,17})|"[\w.:-]{1,100}")\s*[,}])?')

_UNREADABLE = ErrorData(
    code=PARSE_ERROR,
    message="Parse error: the frame is not one line of JSON in UTF-8, or a text in it has half a surrogate pair",
)
_TOO_LONG = ErrorData(code=PARSE_ERROR, message=f"Parse error: the frame has more than {MOST_BYTES} bytes")
_TOO_DEEP = ErrorData(code=PARSE_ERROR, message=f"Parse error: the frame is nested deeper than {_DEEPEST} levels")
_NO_BATCH = ErrorData(code=INVALID_REQUEST, message="Invalid request: batches are not supported, send each by itself")
_NO_REQUEST = ErrorData(
    code=INVALID_REQUEST,
    message="Invalid request: a frame has jsonrpc 2.0, a method, params that are an object, and an id that is a text "
    "or a whole number",
)

Answers = list[JSONRPCError]


@asynccontextmanager
async def serve_frames() -> AsyncIterator[tuple[Any, Any]]:
    """The streams that the SDK serves. Children find an empty standard input, and print to standard error."""
    kept = os.dup(0)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    lines = _Lines(os.fdopen(kept, "rb", closefd=False))
    async with stdio_server(stdin=cast("anyio.AsyncFile[str]", lines)) as (read, write):
        lines.answers = write
        yield read, write


class _Lines:
    """The frames that the SDK can read; it iterates over them as over a file."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        # Of its own: calls that wait for a peer may have all other threads.
        self._thread = CapacityLimiter(1)
        self.answers: Any = None

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> str:
        while (read := await to_thread.run_sync(self._next_frame, limiter=self._thread)) is not None:
            passed, answers = read
            for one in answers:
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                    await self.answers.send(SessionMessage(one))
            if passed is not None:
                return passed
        raise StopAsyncIteration

    def _next_frame(self) -> tuple[str | None, Answers] | None:
        """None at the end of the input."""
        line = self._file.readline(MOST_BYTES)
        if len(line) < MOST_BYTES or line.endswith(b"\n"):
            return read_frame(line) if line else None
        while (rest := self._file.readline(MOST_BYTES)) and not rest.endswith(b"\n"):
            pass
        return _unread(line, _TOO_LONG)


def read_frame(line: bytes) -> tuple[str | None, Answers]:
    """What the SDK is given of a frame, and what is answered in its stead."""
    if not line.strip():
        return None, []
    try:
        text = line.decode()
        found = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        return _unread(line, _TOO_DEEP)
    except ValueError:
        return _unread(line, _UNREADABLE)
    return _read_value(text, found)


def _read_value(text: str, found: Any) -> tuple[str | None, Answers]:
    if _is_too_deep(found):
        return _refused(found, _TOO_DEEP)
    if isinstance(found, list):
        ids = [one["id"] for one in found if isinstance(one, dict) and "method" in one and _is_id(one.get("id"))]
        return None, [JSONRPCError(jsonrpc="2.0", id=one, error=_NO_BATCH) for one in ids[:_MOST_ANSWERS] or [None]]
    try:
        jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValueError:
        return _refused(found, _NO_REQUEST if _is_json(text) else _UNREADABLE)
    is_odd = "method" in found and (not _is_id(found.get("id", "")) or {"result", "error"} & found.keys())
    return _refused(found, _NO_REQUEST) if is_odd else (text, [])


def _refused(found: Any, error: ErrorData) -> tuple[str | None, Answers]:
    keys, told = (found.keys(), found.get("id")) if isinstance(found, dict) else ((), None)
    return _replaced(keys, told if _is_id(told) else None, error)


def _unread(line: bytes, error: ErrorData) -> tuple[str | None, Answers]:
    """The same of what is no JSON: by what stands in its outermost object."""
    depth, told, keys = 0, None, set()
    for token in _TOKEN.finditer(line):
        depth += bool(token[2]) - bool(token[3])
        if depth == 1 and token[1] is not None and (found := _VALUE.match(line, token.end())):
            keys.add(token[1].decode(errors="replace"))
            told = json.loads(found[1]) if token[1] == b"id" and found[1] else told
    return _replaced(keys, told, error)


def _replaced(keys: Collection[str], told: str | int | None, error: ErrorData) -> tuple[str | None, Answers]:
    """An answer is passed on as an error, where its id is known; all else is answered."""
    answer = JSONRPCError(jsonrpc="2.0", id=told, error=error)
    if "method" in keys or not {"result", "error"}.intersection(keys):
        return None, [answer]
    return (None if told is None else answer.model_dump_json()), []


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _is_too_deep(found: Any) -> bool:
    level = [found]
    for _ in range(_DEEPEST):
        nested = [one for one in level if isinstance(one, dict | list)]
        level = [part for one in nested for part in (one.values() if isinstance(one, dict) else one)]
        if not level:
            return False
    return True


def _is_json(text: str) -> bool:
    """As the SDK reads it, which takes no half of a surrogate pair."""
    try:
        from_json(text)
    except ValueError:
        return False
    return True


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= one <= "\udfff" for one in value)
    return isinstance(value, int) and not isinstance(value, bool)

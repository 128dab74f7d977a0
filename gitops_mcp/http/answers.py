"""Answers that need nothing of the SDK: to what is refused, and to probes."""

from __future__ import annotations

from collections.abc import Mapping

from mcp.types import INVALID_REQUEST, ErrorData, JSONRPCError
from starlette.responses import Response


class Refusal(Exception):
    """A request that goes no further, with what is answered."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        code: int = INVALID_REQUEST,
        about: str | int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self._error = JSONRPCError(jsonrpc="2.0", id=about, error=ErrorData(code=code, message=message))
        self._headers = dict(headers or {})

    @property
    def response(self) -> Response:
        body = self._error.model_dump_json(by_alias=True, exclude_unset=True)
        return Response(body, self.status, self._headers, media_type="application/json")


def plain_text(text: str, status: int = 200) -> Response:
    return Response(f"{text}\n", status, {"Cache-Control": "no-store"}, media_type="text/plain")

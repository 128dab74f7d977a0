"""Connections, as uvicorn handles them, with what it leaves open: how many there are, and how long headers may take."""

from __future__ import annotations

import asyncio
import math
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from gitops_mcp.config.http_limits import HttpLimits

_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(H11Protocol):
    """One that ends where a request does not come, does not come whole, or there are too many of them."""

    limits: ClassVar[HttpLimits]
    _overdue: asyncio.TimerHandle | None = None
    _is_idle = False
    """Kept after an answer, and nothing of the next request is there."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.write(_BUSY)
            transport.close()
        else:
            self._wait(self.limits.header_seconds)

    def data_received(self, data: bytes) -> None:
        if self._is_idle:
            self._wait(self.limits.header_seconds)
        super().data_received(data)

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        before = self.cycle
        super().on_response_complete()
        if self.cycle is before and not self.transport.is_closing():
            self._wait(self.limits.idle_seconds)
            self._is_idle = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._overdue = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        self._is_idle = False
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None


def server_options(limits: HttpLimits) -> dict[str, Any]:
    """What uvicorn is told: nothing that others say of an address is believed, and no line is logged a request."""
    return {
        "http": type("Connection", (Connection,), {"limits": limits}),
        "ws": "none",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "h11_max_incomplete_event_size": limits.header_bytes,
        "timeout_keep_alive": math.ceil(limits.idle_seconds),
        "timeout_graceful_shutdown": math.ceil(limits.grace_seconds),
    }

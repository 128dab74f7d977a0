"""How much a server takes over HTTP before it says that it takes no more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HttpLimits:
    body_bytes: int = 4 << 20
    """Of one request, as of one frame on standard input."""
    body_seconds: float = 10.0
    """Until the body of a request is there."""
    header_count: int = 100
    header_bytes: int = 32 << 10
    """Of the line of a request and its headers together."""
    header_seconds: float = 10.0
    """Until the headers of a request are there."""
    idle_seconds: float = 75.0
    """That a connection is kept between two requests; longer than proxies keep theirs."""
    connections: int = 1000
    at_once: int = 256
    """Requests that are being answered, of all callers; of the calls among them some queue for a thread."""
    caller_at_once: int | None = None
    """The same of one caller; None: where nobody signs in, who calls is not known."""
    caller_per_minute: int | None = None
    """Requests that one caller may begin; after a pause, that many at once."""
    grace_seconds: float = 20.0
    """What runs when the server is told to end may take so long; then it is cancelled."""

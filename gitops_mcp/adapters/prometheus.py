"""A Prometheus, asked for what it has now: the address that the configuration names, and never another.

It is asked without credentials. A token goes only to the host that whoever started this server has named with the
token's file (`--prometheus-token`), since the address is in a repository: who may write there must not be able to have
a token sent to a host of theirs. A redirect is not followed, and an answer is bounded in time and size.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gitops_mcp import __version__
from gitops_mcp.adapters.in_time import in_time
from gitops_mcp.caller import check_wanted
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.redact import untrusted, words_of_others
from gitops_mcp.errors import Refused, Unavailable

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

SECONDS = 10.0
_MOST_BYTES = 5 << 20
_TOKEN_BYTES = 16 << 10
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})

Found = tuple[Mapping[str, str], float | None]
"""The labels of a series, its name as `__name__`, and its value; None for what is no number."""


class Prometheus:
    """Safe to use from several threads."""

    def __init__(self, url: str, token: tuple[str, Path] | None, *, seconds: float = SECONDS) -> None:
        """`token`: the host that may have it, with its port where that is not the usual one, and its file."""
        self.url = url
        self._token = token
        self._seconds = seconds
        self._client: httpx2.Client | None = None
        self._opening = threading.Lock()

    def query(self, expression: str) -> tuple[Found, ...]:
        """An instant vector."""
        import httpx2

        check_wanted()
        client, headers = self._connected(), self._headers()
        started = time.monotonic()
        try:
            status, kind, body = in_time(
                self._seconds,
                lambda: self._exchanged(client, expression, headers, started + self._seconds),
                writes=False,
            )
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise Unavailable(f"{self._told}: no answer within {self._seconds:g} s: look whether it is up") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError, ValueError) as error:
            why = words_of_others(str(error), most=200) or type(error).__name__
            raise Unavailable(
                f"{self._told}: it cannot be reached ({why}): check metrics.prometheus, and that this server reaches it"
            ) from error
        log.debug("GET %s/api/v1/query: %s in %.0f ms", self.url, status, (time.monotonic() - started) * 1000)
        return tuple(self._vector(status, kind, body))

    def _vector(self, status: int, kind: str, body: bytes) -> Iterator[Found]:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            found = None
        if 300 <= status < 400:
            raise Unavailable(
                f"{self._told}: {status}, a redirect, which is not followed: name the address it leads to"
            )
        if status in {401, 403}:
            raise Refused(
                f"{self._told}: {status}, it wants credentials: name its host and the file of a token by "
                f"--prometheus-token, such as {self._host}=/var/run/secrets/prometheus-token"
            )
        result = at(found, "data", "result")
        if at(found, "status") == "error":
            raise Unavailable(f"{self._told}: {status}: {untrusted(str(at(found, 'error')), most=200)}")
        if status != 200 or at(found, "data", "resultType") != "vector" or not isinstance(result, list):
            came = words_of_others(kind.partition(";")[0], most=40) or "something"
            raise Unavailable(
                f"{self._told}: {status}, it answered {came}, which is not an answer of a Prometheus: a login page or "
                f"a "
                f"proxy may stand in between; check metrics.prometheus, which is the address before /api/v1"
            )
        for one in result:
            labels = at(one, "metric")
            if isinstance(labels, dict):
                yield {str(name): str(value) for name, value in labels.items()}, _number(at(one, "value", 1))

    def _exchanged(
        self, client: httpx2.Client, expression: str, headers: dict[str, str], until: float
    ) -> tuple[int, str, bytes]:
        with client.stream("GET", f"{self.url}/api/v1/query", params={"query": expression}, headers=headers) as answer:
            data = bytearray()
            for part in answer.iter_bytes():  # as it comes: of a size it would wait for so much
                data += part
                if time.monotonic() > until:
                    raise TimeoutError
                if len(data) > _MOST_BYTES:
                    raise Unavailable(
                        f"{self._told}: the answer has more than {_MOST_BYTES >> 20} MB: check what answers there"
                    )
            return answer.status_code, answer.headers.get("content-type", ""), bytes(data)

    def _headers(self) -> dict[str, str]:
        own = {"User-Agent": f"gitops-mcp/{__version__}", "Accept": "application/json"}
        parts = urlsplit(self.url)
        if self._token is None or self._token[0].lower() != self._host.lower():
            return own
        if parts.scheme != "https" and parts.hostname not in _LOCAL:
            raise Refused(f"{self._told}: a token is not sent over http: use https in metrics.prometheus")
        file = self._token[1]
        try:
            with file.open("rb") as opened:
                token = opened.read(_TOKEN_BYTES).decode("ascii").strip()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise Unavailable(f"--prometheus-token: the file for {self._host} cannot be read: {why}") from error
        if not token or not token.isprintable():
            raise Unavailable(
                f"--prometheus-token: the file for {self._host} is empty, or holds more than a token on one line"
            )
        return {**own, "Authorization": f"Bearer {token}"}

    @property
    def _host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def _told(self) -> str:
        return f"Prometheus at {self.url}"

    def _connected(self) -> httpx2.Client:
        import httpx2

        with self._opening:
            if self._client is None:
                for name in ("httpx2", "httpcore2"):
                    logging.getLogger(name).setLevel(logging.WARNING)  # they would log each request, and headers
                here = (urlsplit(self.url).hostname or "") in _LOCAL
                try:
                    self._client = httpx2.Client(trust_env=not here, timeout=self._seconds, follow_redirects=False)
                except (ValueError, httpx2.InvalidURL, OSError) as error:  # its text may hold the proxy's login
                    raise Unavailable(
                        f"{self._told}: the proxy or the authorities of this machine cannot be used"
                    ) from error
                weakref.finalize(self, self._client.close)
            return self._client


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None

"""An HTTP server on the loopback that replays answers by path, for the errors that a real one seldom gives."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = b""
    """Bytes as they are, anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: threading.Event | None = None
    """The body is held back until this is set."""
    encoding: str | None = None
    """`gzip`: the body is sent so, whatever was accepted."""
    chunked: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    header_lines: tuple[tuple[str, str], ...] = ()
    """Those that are sent more than once too."""


class ReplayingApi:
    """`answers` maps a path with its query to one answer, or to several that are given one after the other."""

    def __init__(self, answers: dict[str, Answer | list[Answer]] | None = None) -> None:
        self.answers = answers or {}
        self.requests: list[Request] = []
        self.logs: dict[tuple[str, bool], Answer] = {}
        """By the path of a pod's log, and whether it is that of the container before; whatever selects lines."""
        self.peers: list[str] = []
        """The common names of the certificates that clients showed."""
        self.url = ""

    def answer(self, path: str) -> Answer:
        where, _, query = path.partition("?")
        found = (
            self.logs.get((where, "previous=true" in query))
            or self.answers.get(path)
            or self.answers.get("*", Answer(404, b"404 page not found\n"))
        )
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    @contextmanager
    def running(self, *, tls: ssl.SSLContext | None = None) -> Iterator[ReplayingApi]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: the second would wait 40 ms for the client's acknowledgement

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                lines = tuple(self.headers.items())
                api.requests.append(Request(self.command, self.path, dict(lines), body, lines))
                if isinstance(self.connection, ssl.SSLSocket) and (peer := self.connection.getpeercert()):
                    api.peers.append(dict(pair for part in peer["subject"] for pair in part)["commonName"])  # type: ignore[misc] # typeshed gives it no shape
                answer = api.answer(self.path)
                data = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                kind = "text/plain" if isinstance(answer.body, bytes) else "application/json"
                encoded = {"Content-Encoding": answer.encoding} if answer.encoding else {}
                data = gzip.compress(data) if answer.encoding else data
                length_of = {"Transfer-Encoding": "chunked"} if answer.chunked else {"Content-Length": str(len(data))}
                self.send_response(answer.status)
                for name, value in {"Content-Type": kind, **length_of, **encoded, **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if answer.drip:
                    self.wfile.flush()
                    answer.drip.wait()
                self.wfile.write(_in_chunks(data) if answer.chunked else data)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server finds them by these names

            def log_message(self, *_: object) -> None:
                """Nothing: stderr is the test's."""

        server = _Quiet(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _in_chunks(data: bytes, size: int = 1000) -> bytes:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: clients that hang up are part of the tests."""


def status(code: int, reason: str, message: str, **details: Any) -> Answer:
    """A Status as a real API server words it."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "details": details,
        "code": code,
    }
    return Answer(code, body)

"""A server of the sandbox on a port of 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

STOP_SECONDS = 10


class Listener:
    def __init__(self, app: ASGIApp, name: str) -> None:
        self._app = app
        self._name = name
        self._listener: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, *, port: int = 0) -> str:
        """Listen, on any free port unless told; the answer is the URL, which may be used at once."""
        # asyncio turns Nagle's algorithm off only where the protocol is named (base_events._set_nodelay);
        # with it each answer waits for the client's delayed acknowledgement, 40 ms.
        listener = self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                log_config=None,
                access_log=False,
                lifespan="off",
                loop="asyncio",
                ws="none",
                timeout_graceful_shutdown=STOP_SECONDS // 2,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name=self._name, daemon=True
        )
        self._thread.start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def stop(self) -> None:
        if self._server is None or self._thread is None or self._listener is None:
            return
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS)
        # A server that is stopped before it has begun leaves its socket open.
        self._listener.close()

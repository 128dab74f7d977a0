"""A server over HTTP from its start to its end.

The end is one of three: all that ran has finished, or what did not within its time was cancelled and took back what it
had begun, or something runs on behind its commit point and the process does not wait for it. A second signal ends the
process at once; what a write had begun then is swept by the next one, as after any crash.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import anyio
import uvicorn
from anyio import to_thread
from anyio.abc import TaskStatus
from mcp.server.request_state import RequestStateSecurity
from starlette.types import ASGIApp

from gitops_mcp.app import App
from gitops_mcp.config import Flags, process_environ
from gitops_mcp.config.http_limits import HttpLimits
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.http.app import PATH, HttpApp, McpEndpoint, session_manager
from gitops_mcp.http.connections import server_options
from gitops_mcp.http.health import Health
from gitops_mcp.http.metrics import Metrics
from gitops_mcp.http.names import ServedNames, is_loopback
from gitops_mcp.http.state_keys import state_security
from gitops_mcp.http.traces import start_traces
from gitops_mcp.server import CallThreads, build_server

log = logging.getLogger(__name__)

_Made = TypeVar("_Made")

_TAKEN_BACK = 10.0
"""Seconds that cancelled calls have to take back what they had begun."""
_TALKATIVE = ("mcp.server.streamable_http", "mcp.server.streamable_http_manager", "uvicorn.error")
"""Loggers with a line or more for each request."""


@dataclass(frozen=True)
class HttpServer:
    app: App
    security: RequestStateSecurity
    sign_in: Callable[[ASGIApp], ASGIApp] | None
    """Wraps the endpoint, where somebody has to sign in."""
    names: ServedNames
    limits: HttpLimits
    listening: socket.socket

    @classmethod
    def open(cls, flags: Flags, app: App) -> HttpServer:
        """Listens already. Raises InvalidRequest with every fault of what was asked for."""
        faults = _Faults()
        if not (flags.http_config or flags.insecure_no_auth or is_loopback(flags.host)):
            faults.found.append(
                f"--host: other machines reach {flags.host}, and nobody would have to sign in: name a file with "
                f"--http-config, listen on 127.0.0.1, or say --insecure-no-auth"
            )
        access = faults.without(lambda: _Access.of(flags, app)) or _Access(app)
        security = faults.without(lambda: _security(flags, access))
        listening = faults.without(lambda: _listening_socket(flags.host, flags.port))
        if faults.found or security is None or listening is None:
            if listening is not None:
                listening.close()
            raise InvalidRequest("; ".join(faults.found))
        names = ServedNames.of(flags.host, (*flags.allowed_hosts, *access.names))
        return cls(access.app, security, access.sign_in, names, access.limits, listening)

    def run(self) -> int:
        """The exit code."""
        return anyio.run(self._run)

    async def _run(self) -> int:
        if not log.isEnabledFor(logging.DEBUG):
            for name in _TALKATIVE:
                logging.getLogger(name).setLevel(logging.WARNING)
        threads = CallThreads()
        metrics = Metrics(lambda: threads.queued)
        health = Health(self.app)
        end_traces = start_traces(process_environ())
        server = build_server(self.app, security=self.security, watch=metrics, threads=threads)
        manager = session_manager(server, self.limits)
        inner: ASGIApp = McpEndpoint(manager, self.limits)
        if self.sign_in is not None:
            inner = self.sign_in(inner)
        served = HttpApp(inner, names=self.names, limits=self.limits, health=health, metrics=metrics)
        running = _Uvicorn(uvicorn.Config(served, **server_options(self.limits)))
        async with anyio.create_task_group() as group:
            await group.start(_end_on_signal, running, health)
            sys.stderr.write(f"gitops-mcp: serves {_address(self.listening)}{PATH}\n")
            sys.stderr.flush()
            async with manager.run():
                await running.serve(sockets=[self.listening])
            code = await _until_taken_back(metrics)
            group.cancel_scope.cancel()
        end_traces()
        return code


@dataclass(frozen=True)
class _Access:
    """What the file of --http-config comes to; without one, nobody signs in."""

    app: App
    sign_in: Callable[[ASGIApp], ASGIApp] | None = None
    limits: HttpLimits = field(default_factory=HttpLimits)
    names: tuple[str, ...] = ()
    state_key_file: Path | None = None

    @classmethod
    def of(cls, flags: Flags, app: App) -> _Access:
        if flags.http_config is None:
            return cls(app)
        from gitops_mcp.config.http_settings import read_http_config
        from gitops_mcp.http.sign_in import SignIn

        found = read_http_config(flags.http_config)
        limits = HttpLimits(caller_at_once=found.at_once, caller_per_minute=found.requests_per_minute)
        names = (urlsplit(found.resource).hostname or "",) if found.resource else ()
        app = replace(app, access=found.access, impersonate=found.impersonate)
        return cls(app, lambda inner: SignIn(inner, found), limits, names, found.state_key_file)


def _security(flags: Flags, access: _Access) -> RequestStateSecurity:
    if flags.state_key_file is not None:
        return state_security(flags.state_key_file)
    return state_security(access.state_key_file, name=f"--http-config: {flags.http_config}: stateKeyFile")


@dataclass(frozen=True)
class _Faults:
    """All that is wrong, to be told together."""

    found: list[str] = field(default_factory=list)

    def without(self, make: Callable[[], _Made]) -> _Made | None:
        """What was made; None where that is one of the faults."""
        try:
            return make()
        except InvalidRequest as error:
            self.found.append(str(error))
            return None


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours."""
        yield


async def _end_on_signal(
    running: uvicorn.Server, health: Health, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        task_status.started()
        async for number in received:
            if health.ending:
                logging.shutdown()
                os._exit(128 + number)
            log.info("signal %d: no new requests; what runs may finish", number)
            health.ending = running.should_exit = True


async def _until_taken_back(metrics: Metrics) -> int:
    """Exit code 0 once no call runs, 1 where one does not end."""
    with anyio.move_on_after(_TAKEN_BACK):
        await to_thread.run_sync(metrics.idle.wait, abandon_on_cancel=True)
    if metrics.running:
        log.error("%d calls did not end, and are left to themselves", metrics.running)
    return 1 if metrics.running else 0


def _listening_socket(host: str, port: int) -> socket.socket:
    """On the first address that the name has. Raises InvalidRequest where that cannot be."""
    try:
        known = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, place = known[0]
        made = socket.create_server(place, family=family, backlog=2048)
    except OSError as error:
        raise InvalidRequest(f"--port: {host}:{port} cannot be listened on: {error.strerror or error}") from error
    made.setblocking(False)
    return made


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

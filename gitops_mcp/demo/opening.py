"""What is started before the story and stopped after it: the sandbox, and the server as a child of ours."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from gitops_mcp.demo.cast import Cast
from gitops_mcp.demo.own_work import begin_own_work
from gitops_mcp.demo.screen import Screen
from gitops_mcp.demo.stage import DemoFailed, Stage
from gitops_mcp.errors import GitOpsError
from gitops_mcp.sandbox.run import start_sandbox

_STEP, _POLL = 0.4, 0.8
"""Seconds for a step of the operator and between two looks of the engine: slow enough to see a change arrive."""

_LOG_LINES = 40
"""Of what the server wrote to standard error: as many as are shown where it fails."""


@contextmanager
def open_stage(screen: Screen, folder: Path, cast: Cast) -> Iterator[Stage]:
    """Everything started, and stopped again in the opposite order; what goes wrong is Failed."""
    log = folder / "server.log"
    try:
        with ExitStack() as stack:
            yield _set_up(screen, cast, folder, log, stack)
    except BrokenPipeError:
        raise
    except (DemoFailed, GitOpsError, MCPError, ExceptionGroup, OSError) as error:
        if said := _complaints(log):
            screen.block("log", said[-_LOG_LINES:])
        raise DemoFailed(_error_text(error)) from error


def _set_up(screen: Screen, cast: Cast, folder: Path, log: Path, stack: ExitStack) -> Stage:
    sandbox = start_sandbox(
        folder / "sandbox",
        step=_STEP,
        poll=_POLL,
        engine=cast.engine_name,
        forge=cast.forge_name,
        api_token=cast.api_token,
    )
    world = stack.enter_context(sandbox)
    begin_own_work(world.checkout, cast.apps)
    server = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
    home = folder / "home"
    home.mkdir()
    parameters = StdioServerParameters(
        command=server["command"],
        args=server["args"],
        # A home of its own: the git configuration and the kubeconfig of whoever runs this play no part.
        env={**server["env"], "HOME": str(home)},
        cwd=world.checkout,
    )
    screen.status("starting the server")
    begun = time.monotonic()
    portal = stack.enter_context(start_blocking_portal())
    transport = stdio_client(parameters, errlog=stack.enter_context(log.open("w")))
    connection = portal.wrap_async_context_manager(Client(transport))
    client = connection.__enter__()
    # Not through the stack: what ends the story is no failure of the connection, whose task group would wrap it.
    stack.callback(connection.__exit__, None, None, None)
    told = f"gitops-mcp --repo {world.checkout}"
    ready = Stage(screen, cast, world, client, portal, told, time.monotonic() - begun)
    screen.status("waiting until the clusters of the template are healthy")
    ready.settle()
    return ready


def _complaints(log: Path) -> list[str]:
    """What the server wrote besides a line for each call."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return [line for line in lines if " INFO " not in line]


def _error_text(error: Exception) -> str:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__

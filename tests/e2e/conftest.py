"""The server as its users have it: a process of its own over stdio, beside a sandbox, and a person who reviews."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e import preloaded

Mode = Literal["auto", "legacy"]

DEADLINE = 60


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """Both eras of the protocol."""
    era: Mode = request.param
    return era


ONE_ERA = pytest.mark.parametrize("mode", [pytest.param("auto", marks=pytest.mark.thorough), "legacy"], indirect=True)
"""For what has nothing to do with the protocol, and is tried in both eras all the same where everything runs."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A sandbox whose operator and engine are as quick as they can be."""
    crds = os.environ.get("GITOPS_MCP_TEST_CRDS")
    with start_sandbox(tmp_path / "world", crds=Path(crds) if crds else None, step=0.02, poll=0.02) as made:
        yield made


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """For tests that leave it as it is."""
    from tests.e2e.team import world_of

    with world_of(tmp_path_factory.mktemp("quiet") / "world") as made:
        yield made


def command(world: World, *flags: str, repo: Path | None = None) -> list[str]:
    """How the sandbox's mcp.json starts the server, on its own checkout unless `repo` names another."""
    server = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
    arguments = [str(repo) if repo and one == str(world.checkout) else one for one in server["args"]]
    return [server["command"], *arguments, *flags]


def environment(world: World, **more: str) -> dict[str, str]:
    """What mcp.json says, and the test's own home with its git identity."""
    server = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")}
    return {**kept, **server["env"], **more}


def log_of(world: World) -> Path:
    """What the servers of this world have written to standard error."""
    return world.directory.with_name(f"{world.directory.name}.stderr")


@asynccontextmanager
async def server(
    world: World,
    *flags: str,
    mode: Mode = "auto",
    repo: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    fresh: bool = False,
) -> AsyncIterator[Client]:
    """A client of a server that runs as a child until the block ends. It starts in a folder that is no repository.

    A fresh one is the command that the client's configuration names.
    """
    program, *arguments = command(world, *flags, repo=repo)
    if not fresh:
        assert arguments[:2] == ["-m", "gitops_mcp"]
        program, *arguments = preloaded.command(*arguments[2:])
    parameters = StdioServerParameters(
        command=program, args=arguments, env=environment(world, **(env or {})), cwd=cwd or world.directory.parent
    )
    with log_of(world).open("a") as errors:
        async with Client(stdio_client(parameters, errlog=errors), mode=mode) as client:
            yield client


async def call(client: Client, tool: str, **arguments: Any) -> CallToolResult:
    with anyio.fail_after(DEADLINE):
        return await client.call_tool(tool, arguments)


def text(result: CallToolResult) -> str:
    """The one text block of an answer."""
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


def structure(result: CallToolResult) -> dict[str, Any]:
    """The structured content of an answer that is no error."""
    assert not result.is_error, text(result)
    assert result.structured_content is not None
    content: dict[str, Any] = result.structured_content
    return content


def refusal(result: CallToolResult) -> str:
    """The text of an answer that is an error."""
    assert result.is_error, text(result)
    return text(result)


def merge(world: World, branch: str) -> str:
    """What the reviewer does: clone, merge without fast-forward, push. The merge commit."""
    with tempfile.TemporaryDirectory(dir=world.directory.parent, prefix="reviewer-") as folder:
        clone = Path(folder) / "clone"
        git(world.directory, "clone", "--quiet", str(world.remote), str(clone))
        who = ("-c", "user.name=Reviewer", "-c", "user.email=reviewer@localhost")
        git(clone, *who, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
        git(clone, "push", "--quiet", "origin", "HEAD")
        return git(clone, "rev-parse", "HEAD")


def git(cwd: Path, *arguments: str) -> str:
    """What git printed, without its last newline."""
    ran = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env=os.environ | {"GIT_OPTIONAL_LOCKS": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"git {' '.join(arguments)}: {ran.stderr}"
    return ran.stdout.removesuffix("\n")


async def arrival(client: Client, world: World, change: str, *, state: str = "healthy") -> dict[str, Any]:
    """What get_change answers once the change is in that state; asked again whenever the cluster has moved."""
    end = time.monotonic() + DEADLINE
    while True:
        version = world.store.version
        answer = structure(await call(client, "get_change", change=change))
        if answer["state"] == state:
            return answer
        assert time.monotonic() < end, answer
        await anyio.to_thread.run_sync(world.store.changed, version, 1.0)

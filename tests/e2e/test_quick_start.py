"""docs/quick-start.md as it stands: its commands in an empty environment, its calls by a client, and the merge."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests import test_dockerfile
from tests.e2e.team import ROOT

wheel = test_dockerfile.wheel

PAGE = (ROOT / "docs/quick-start.md").read_text()
THREE, MERGE = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SCALE, WAIT = (json.loads(one) for one in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def test_the_page_is_short_and_its_three_commands_come_first() -> None:
    assert len(PAGE.splitlines()) <= 150
    assert [line.split()[:2] for line in THREE.splitlines()] == [
        ["pip", "install"],
        ["gitops-mcp", "init"],
        ["gitops-mcp", "sandbox"],
    ]


@pytest.fixture
def empty(wheel: Path, tmp_path: Path) -> Path:
    """A folder with the wheel, and beside it a virtual environment that holds pip alone."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / wheel.name).write_bytes(wheel.read_bytes())
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    return tmp_path / "folder"


def environment(folder: Path) -> dict[str, str]:
    return {
        "HOME": os.environ["HOME"],
        "GIT_CONFIG_GLOBAL": os.environ["GIT_CONFIG_GLOBAL"],
        "PATH": f"{folder.parent}/venv/bin:/usr/bin:/bin",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@contextmanager
def started(command: str, folder: Path, env: dict[str, str]) -> Iterator[str]:
    """What it prints when it is ready; it goes on until the block ends."""
    with subprocess.Popen(
        ["sh", "-c", f"exec {command}"], cwd=folder, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout
        assert running.stdin
        lines: list[str] = []
        while not lines or lines[-1] not in {"}\n", ""}:
            lines.append(running.stdout.readline())
        yield "".join(lines)
        running.stdin.close()
    assert running.returncode == 0


def called(server: dict[str, Any], tool: str, arguments: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
    async def call() -> dict[str, Any]:
        started = StdioServerParameters(
            command=server["command"], args=server["args"], env={**env, **server["env"]}, cwd="/"
        )
        with anyio.fail_after(120):
            async with Client(stdio_client(started)) as client:
                result = await client.call_tool(tool, arguments)
        assert not result.is_error, result.content
        assert result.structured_content is not None
        answer: dict[str, Any] = result.structured_content
        return answer

    answered: dict[str, Any] = anyio.run(call)
    return answered


@pytest.mark.thorough
def test_its_text_leads_from_an_empty_environment_to_a_change_that_is_applied(empty: Path) -> None:
    install, init, sandbox = THREE.splitlines()
    env = environment(empty)
    subprocess.run(["sh", "-ec", install], cwd=empty, env=env, check=True, capture_output=True)
    # What the wheel depends on is that of this environment; without its .pth files nothing else is.
    env["PYTHONPATH"] = sysconfig.get_path("purelib")
    subprocess.run(["sh", "-ec", init], cwd=empty, env=env, check=True, capture_output=True)
    fleet = {path: path.read_bytes() for path in (empty / "fleet").rglob("*") if path.is_file()}
    with started(sandbox, empty, env) as printed:
        server = json.loads(printed)["mcpServers"]["gitops-mcp"]
        assert Path(server["command"]).is_relative_to(empty.parent / "venv")
        done = called(server, "scale_postgres_cluster", SCALE, env)
        assert [one["path"] for one in done["files"]] == ["clusters/dev/shop-dev/orders-db-patch.yaml"]
        assert done["pull_request"]["state"] == "open"
        subprocess.run(["sh", "-ec", MERGE], cwd=empty, env=env, check=True, capture_output=True)
        seen = called(server, "get_change", WAIT, env)
        assert seen["state"] == "healthy"
        live = called(server, "list_postgres_clusters", {"environment": "dev"}, env)
        assert [(row["name"], row["ready"]) for row in live["items"]] == [("orders-db", 4)]
    assert {path: path.read_bytes() for path in (empty / "fleet").rglob("*") if path.is_file()} == fleet

"""A client that closes its stream does not wait any more: over HTTP that is how a call is cancelled, in both eras."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from mcp import Client

from gitops_mcp.sandbox.run import start_sandbox
from tests.e2e.lines import last_outcome
from tests.e2e.team import Team
from tests.e2e.test_cancel import hooked
from tests.http.served import Mode, connected, frame, head, served

SCALE = "scale_postgres_cluster"
ASKED = {"name": "db", "instances": 3}


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> Mode:
    era: Mode = request.param
    return era


@pytest.mark.parametrize("hears", [True, False], ids=["a call with progress", "a silent call"])
def test_a_stream_that_is_closed_before_the_commit_leaves_no_branch(tmp_path: Path, mode: Mode, *, hears: bool) -> None:
    team, log = hooked(tmp_path, "pre-commit"), tmp_path / "audit"
    flags = ("--repo", str(team.checkout), "--audit-log", str(log))
    with served(*flags, env=team.environment, cwd=team.folder) as server:
        body = frame("tools/call", mode, name=SCALE, arguments=ASKED, _meta={"progressToken": "p"} if hears else {})
        with connected(server.port) as wire:
            wire.sendall(head(body, mode, method="tools/call", name=SCALE) + body)
            (tmp_path / "runs").read_text()
        assert last_outcome(log, 1)["outcome"] == "cancelled"
        assert team.branches().keys() == {"main"}
        assert {path.name for path in (team.checkout / ".git").glob("gitops-mcp/*")} <= {"base"}


def test_a_stream_that_is_closed_within_the_push_leaves_the_change_that_was_asked_for(
    tmp_path: Path, mode: Mode
) -> None:
    team, log = hooked(tmp_path, "pre-push"), tmp_path / "audit"
    flags = ("--repo", str(team.checkout), "--audit-log", str(log))
    with served(*flags, env=team.environment, cwd=team.folder) as server:
        body = frame("tools/call", mode, name=SCALE, arguments=ASKED)
        with connected(server.port) as wire:
            wire.sendall(head(body, mode, method="tools/call", name=SCALE) + body)
            (tmp_path / "runs").read_text()
        (tmp_path / "go").write_text("go\n")
        told = last_outcome(log, 1)
        assert told["outcome"] == "committed", told
        assert team.branches()["gitops-mcp/scale-shop-db"] == told["commit"]


def test_a_call_that_its_client_gives_up_is_cancelled(tmp_path: Path, mode: Mode) -> None:
    """By the SDK's client, as programs use it."""
    team, log = hooked(tmp_path, "pre-commit"), tmp_path / "audit"
    flags = ("--repo", str(team.checkout), "--audit-log", str(log))

    async def give_up(url: str) -> None:
        async with Client(url, mode=mode) as client, anyio.create_task_group() as group:

            async def ask() -> None:
                await client.call_tool(SCALE, ASKED)

            group.start_soon(ask)
            await anyio.to_thread.run_sync((tmp_path / "runs").read_text)
            group.cancel_scope.cancel()

    with served(*flags, env=team.environment, cwd=team.folder) as server:
        anyio.run(give_up, server.url)
        assert last_outcome(log, 1)["outcome"] == "cancelled"
        assert team.branches().keys() == {"main"}


def test_a_wait_ends_with_its_client_and_gives_its_thread_back(tmp_path: Path, mode: Mode) -> None:
    files = {".gitops-mcp.yaml": "environments: {dev: {path: clusters/dev, delivery: direct}}\n"}
    team, log = Team.of(tmp_path / "team", files), tmp_path / "audit"
    with start_sandbox(tmp_path / "world", api_only=True) as world:
        env = {**team.environment, "KUBECONFIG": str(world.kubeconfig)}
        flags = ("--repo", str(team.checkout), "--audit-log", str(log))
        arguments = {"name": "slow", "instances": 1, "namespace": "default", "wait": True, "timeout": 600}
        with served(*flags, env=env, cwd=team.folder) as server:
            most = []
            for turn in range(3):
                wires = []
                for number in range(4):
                    one = {**arguments, "name": f"slow-{turn}-{number}"}
                    meta = {"progressToken": "p"}
                    body = frame("tools/call", mode, name="create_postgres_cluster", arguments=one, _meta=meta)
                    wires.append(connected(server.port))
                    wires[-1].sendall(head(body, mode, method="tools/call", name="create_postgres_cluster") + body)
                for wire in wires:
                    received = b""
                    while b"notifications/progress" not in received:
                        received += wire.recv(1 << 16)
                most.append(sum(1 for _ in Path(f"/proc/{server.pid}/task").iterdir()))
                for wire in wires:
                    wire.close()
                assert last_outcome(log, 4 * (turn + 1))["outcome"] == "cancelled"
            assert max(most) <= most[0] + 3, most
            entries = [json.loads(line) for line in log.read_text().splitlines()]
            assert all(one["applied"] for one in entries)

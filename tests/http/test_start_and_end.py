"""How a server over HTTP begins and ends: what it refuses to start with, what it tells probes, and what becomes of calls."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.e2e.lines import last_outcome
from tests.e2e.team import Team
from tests.e2e.test_cancel import CLUSTER, hooked
from tests.http.served import Mode, answer_on, connected, exchange, frame, head, http_client, served

SCALE = "scale_postgres_cluster"
ASKED = {"name": "db", "instances": 3}


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.of(tmp_path / "team", {"db.yaml": CLUSTER})


@pytest.fixture(params=["auto", "legacy"])
def mode(request: pytest.FixtureRequest) -> Mode:
    era: Mode = request.param
    return era


def get(port: int, path: str, host: str = "10.1.2.3:80") -> tuple[int, str]:
    status, answer = exchange(port, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return status, answer.partition(b"\r\n\r\n")[2].decode()


def until_nothing_listens(port: int) -> None:
    with suppress(ConnectionError):
        while True:
            connected(port).close()


def refused(team: Team, *flags: str, **env: str) -> str:
    with (
        pytest.raises(RuntimeError, match="it ended with 2") as told,
        served(*flags, env={**team.environment, **env}, cwd=team.checkout),
    ):
        pass
    return str(told.value)


def test_all_that_is_wrong_with_a_start_is_told_together(team: Team) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:  # noqa: S104 - to have its port
        port = str(taken.getsockname()[1])
        told = refused(team, "--host", "0.0.0.0", "--port", port, "--state-key-file", "nowhere")  # noqa: S104
    assert "--host: other machines reach 0.0.0.0, and nobody would have to sign in" in told
    assert "--insecure-no-auth" in told
    assert "--state-key-file: nowhere cannot be read: No such file or directory" in told
    assert f"--port: 0.0.0.0:{port} cannot be listened on: Address already in use" in told
    told = refused(team, "--port", "70000", "--host", "a b", "--transport", "sse", GITOPS_MCP_ALLOWED_HOSTS="http://x")
    assert "--port: expected a number from 0 (any free one) to 65535, found '70000'" in told
    assert "--host: expected host names or addresses, without a port, found 'a b'" in told
    assert "GITOPS_MCP_ALLOWED_HOSTS: expected host names" in told
    assert "--transport: expected one of stdio, http, found 'sse'" in told


def test_an_open_address_is_served_where_that_is_said_by_its_addresses_and_named_hosts(team: Team) -> None:
    flags = ("--host", "0.0.0.0", "--insecure-no-auth", "--allowed-hosts", "gitops.example.com")  # noqa: S104
    body = frame("tools/list")
    with served(*flags, env=team.environment, cwd=team.checkout) as server:
        for host, status in (("127.0.0.1", 200), ("gitops.example.com", 200), ("evil.example.com", 421)):
            assert exchange(server.port, head(body, method="tools/list", host=host) + body)[0] == status
        other = head(body, method="tools/list", host="127.0.0.1", Origin="http://10.9.8.7")
        assert exchange(server.port, other + body)[0] == 403


def test_variables_that_kubernetes_sets_for_a_service_of_the_name_are_none_of_ours(team: Team) -> None:
    links = {
        "GITOPS_MCP_PORT": "tcp://10.96.0.7:8080",
        "GITOPS_MCP_SERVICE_HOST": "10.96.0.7",
        "GITOPS_MCP_SERVICE_PORT": "8080",
        "GITOPS_MCP_SERVICE_PORT_HTTP": "8080",
        "GITOPS_MCP_PORT_8080_TCP": "tcp://10.96.0.7:8080",
        "GITOPS_MCP_PORT_8080_TCP_ADDR": "10.96.0.7",
    }
    with served(env={**team.environment, **links}, cwd=team.checkout) as server:
        assert get(server.port, "/healthz") == (200, "lives\n")


def test_probes_and_metrics_need_no_name_and_tell_nothing_of_anybody(team: Team) -> None:
    with served(env=team.environment, cwd=team.checkout) as server:
        assert get(server.port, "/healthz") == (200, "lives\n")
        assert get(server.port, "/readyz") == (200, "ready\n")
        with http_client(server.url) as client:
            client.answer(SCALE, **ASKED, reason="because of s3cret")
            client.refusal(SCALE, name="nope", instances=3)
        status, text = get(server.port, "/metrics")
        assert status == 200
        for line in (
            'gitops_mcp_calls_total{outcome="committed",tool="scale_postgres_cluster"} 1.0',
            'gitops_mcp_errors_total{error="NotFound",tool="scale_postgres_cluster"} 1.0',
            'gitops_mcp_call_seconds_count{tool="scale_postgres_cluster"} 2.0',
            "gitops_mcp_commits_total 1.0",
            "gitops_mcp_pushes_total 1.0",
            "gitops_mcp_races_total 0.0",
            "gitops_mcp_calls_waiting 0.0",
            "gitops_mcp_calls_running 0.0",
        ):
            assert f"\n{line}\n" in text
        assert not re.search("s3cret|nope|orders|shop", text)
        (team.checkout / ".git/HEAD").rename(team.folder / "HEAD")
        assert get(server.port, "/healthz") == (200, "lives\n")


def test_above_the_limit_a_request_is_told_when_to_come_again_and_probes_are_answered(team: Team) -> None:
    body = frame("tools/list")
    with served(env=team.environment, cwd=team.checkout) as server, ExitStack() as stack:
        for _ in range(256):
            wire = stack.enter_context(connected(server.port))
            wire.sendall(head(body, method="tools/list", Expect="100-continue"))
            assert wire.recv(100).startswith(b"HTTP/1.1 100")  # its body is waited for
        status, answer = exchange(server.port, head(body, method="tools/list") + body)
        assert status == 503
        assert b"retry-after: 1" in answer.lower()
        assert get(server.port, "/healthz") == (200, "lives\n")


def test_a_repository_that_cannot_be_read_is_not_ready(team: Team, tmp_path: Path) -> None:
    flags = ("--repo", (tmp_path / "nowhere.git").as_uri(), "--cache-dir", str(tmp_path / "cache"))
    with served(*flags, env=team.environment, cwd=tmp_path) as server:
        assert get(server.port, "/readyz") == (503, "not ready: the repository cannot be read\n")
        assert get(server.port, "/healthz") == (200, "lives\n")


def test_a_call_that_runs_when_the_server_is_told_to_end_is_finished_and_answered(tmp_path: Path, mode: Mode) -> None:
    team = hooked(tmp_path, "pre-push")
    flags = ("--repo", str(team.checkout))
    with served(*flags, env=team.environment, cwd=team.folder) as server:
        body = frame("tools/call", mode, name=SCALE, arguments=ASKED)
        with connected(server.port) as wire:
            wire.sendall(head(body, mode, method="tools/call", name=SCALE) + body)
            (tmp_path / "runs").read_text()
            server.signal(signal.SIGTERM)
            until_nothing_listens(server.port)
            (tmp_path / "go").write_text("go\n")
            status, answer = answer_on(wire)
        assert status == 200
        assert b'"outcome":"committed"' in answer.replace(b'": "', b'":"')
        assert server.wait() == 0
        assert "gitops-mcp/scale-shop-db" in team.branches()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    team = hooked(tmp_path, "pre-commit")
    with served("--repo", str(team.checkout), env=team.environment, cwd=team.folder) as server:
        body = frame("tools/call", name=SCALE, arguments=ASKED)
        with connected(server.port) as wire:
            wire.sendall(head(body, method="tools/call", name=SCALE) + body)
            (tmp_path / "runs").read_text()
            server.signal(signal.SIGTERM)
            until_nothing_listens(server.port)
            server.signal(signal.SIGTERM)
            assert server.wait() == 128 + signal.SIGTERM
        (tmp_path / "go").write_text("go\n")  # the hook is nobody's any more, and would wait for ever
        assert team.branches().keys() == {"main"}


@pytest.mark.thorough
def test_what_does_not_end_in_time_is_cancelled_and_taken_back(tmp_path: Path, mode: Mode) -> None:
    team, log = hooked(tmp_path, "pre-commit"), tmp_path / "audit"
    flags = ("--repo", str(team.checkout), "--audit-log", str(log))
    with served(*flags, env=team.environment, cwd=team.folder) as server:
        body = frame("tools/call", mode, name=SCALE, arguments=ASKED)
        with connected(server.port) as wire:
            wire.sendall(head(body, mode, method="tools/call", name=SCALE) + body)
            (tmp_path / "runs").read_text()
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
        assert last_outcome(log, 1)["outcome"] == "cancelled"
        assert team.branches().keys() == {"main"}
        assert not list((team.checkout / ".git").rglob("*.lock"))


def test_an_idle_server_ends_at_once(team: Team) -> None:
    with (
        served(env=team.environment, cwd=team.checkout) as server,
        http_client(server.url) as client,
        connected(server.port),
    ):
        client.answer("list_postgres_clusters")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0


def test_traces_go_where_the_variables_say_and_hold_no_argument(team: Team) -> None:
    with socket.create_server(("127.0.0.1", 0)) as collector:
        port = collector.getsockname()[1]
        env = {
            **team.environment,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        with served(env=env, cwd=team.checkout) as server, http_client(server.url) as client:
            client.answer(SCALE, **ASKED, reason="because of s3cret")
            received = b""
            while b"tools/call scale_postgres_cluster" not in received:
                wire, _ = collector.accept()
                with wire:
                    received += answer_on(wire)[1]
                    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            assert received.startswith(b"POST /v1/traces ")
            assert b"s3cret" not in received


def test_nothing_that_http_needs_is_loaded_over_stdio(team: Team) -> None:
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "gitops_mcp"],
        cwd=team.checkout,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root), **team.environment},
        input=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {}}) + "\n",
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(re.findall(r"\| +(\S+)$", ran.stderr, re.MULTILINE))
    assert "gitops_mcp.server" in loaded
    assert {
        "gitops_mcp.http",
        "prometheus_client",
        "opentelemetry.sdk",
        "gitops_mcp.adapters.git.managed_clone",
    } & loaded == set()

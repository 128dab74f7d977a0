"""What a client sees of the server as a process: its tools, its output, how it ends, and what it refuses."""

from __future__ import annotations

import json
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp.types import Tool

from gitops_mcp import __version__, tools
from gitops_mcp.sandbox.api import kubeconfig_text
from gitops_mcp.sandbox.run import World
from tests.e2e.conftest import ONE_ERA, Mode, call, command, environment, git, log_of, refusal, server, structure, text

pytestmark = pytest.mark.anyio

READING = [tool.name for tool in tools.ALL if not tool.writes]
TOOLS = [tool.name for tool in tools.ALL if tool.toolset != "direct"]
GOLDEN = Path(__file__).parents[1] / "golden/tools"
HEAVY = {"kubernetes", "git", "gitdb", "yaml"}
QUICK = 8
"""Seconds in which a process ends on a busy machine: fewer than the 10 that a request to Kubernetes may take."""


class Raw:
    """A server that is spoken to in bytes. What it writes is kept as it came."""

    def __init__(self, arguments: list[str], env: Mapping[str, str], cwd: Path, mode: Mode = "legacy") -> None:
        self.child = subprocess.Popen(
            arguments, env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.written: list[bytes] = []
        self._mode = mode
        self._number = 0

    def greet(self) -> None:
        who = {"name": "raw", "version": "1"}
        if self._mode == "legacy":
            self.request("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=who)
            self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        else:
            self.request("server/discover")

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        self.ask(method, **params)
        return self.answer()

    def ask(self, method: str, **params: Any) -> None:
        """Sends a request, and does not wait for its answer."""
        if self._mode == "auto":
            key = "io.modelcontextprotocol"
            params["_meta"] = {
                f"{key}/protocolVersion": "2026-07-28",
                f"{key}/clientInfo": {"name": "raw", "version": "1"},
                f"{key}/clientCapabilities": {},
            }
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})

    def answer(self) -> dict[str, Any]:
        assert self.child.stdout is not None
        while True:
            line = self.child.stdout.readline()
            assert line, f"it ended without an answer: {self.complaints()}"
            self.written.append(line)
            message = json.loads(line)
            if message.get("id") == self._number:
                result: dict[str, Any] = message["result"]
                return result

    def complaints(self) -> str:
        assert self.child.stderr is not None
        return self.child.stderr.read().decode()

    def ended(self) -> int:
        """The exit code; it is given a moment, and what it wrote meanwhile is kept."""
        assert self.child.stdout is not None
        code = self.child.wait(QUICK)
        self.written += self.child.stdout.readlines()
        return code

    def end_of_input(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()

    def _send(self, message: dict[str, Any]) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(message).encode() + b"\n")
        self.child.stdin.flush()


@contextmanager
def raw(world: World, *flags: str, mode: Mode = "legacy", env: Mapping[str, str] | None = None) -> Iterator[Raw]:
    made = Raw(command(world, *flags), environment(world, **(env or {})), world.directory.parent, mode)
    with made.child:
        try:
            made.greet()
            yield made
        finally:
            made.child.kill()


def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in an empty folder, with nothing said in the environment."""
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "gitops_mcp", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": root, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def compact(listed: list[Tool]) -> str:
    wire = [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed]
    return json.dumps(wire, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.few(1)
async def test_it_says_who_it_is_and_lists_the_same_tools_each_time(quiet: World, mode: Mode) -> None:
    async with server(quiet, mode=mode, fresh=True) as first, server(quiet, mode=mode) as second:
        listed = (await first.list_tools()).tools
        assert [tool.name for tool in listed] == TOOLS
        assert compact((await second.list_tools()).tools) == compact(listed)
        golden = (json.loads((GOLDEN / f"{tool.name}.json").read_text()) for tool in listed)
        assert json.loads(compact(listed)) == list(golden)
        assert first.server_info is not None
        assert (first.server_info.name, first.server_info.version) == ("gitops-mcp", __version__)
        assert first.instructions is not None
        assert "dry_run" in first.instructions
        assert len(first.instructions.encode()) <= 2048


@pytest.mark.few(1)
async def test_kubernetes_git_and_yaml_are_not_loaded_before_a_tool_needs_them(quiet: World, mode: Mode) -> None:
    start = log_of(quiet).stat().st_size if log_of(quiet).exists() else 0
    async with server(quiet, mode=mode, fresh=True, env={"PYTHONPROFILEIMPORTTIME": "1"}) as client:
        await client.list_tools()
        before = imported(quiet, start)
        structure(await call(client, "list_postgres_clusters", detail_level="detailed"))
        after = imported(quiet, start)
    assert {"mcp", "pydantic"} <= before
    assert before & HEAVY == set()
    assert after & HEAVY >= {"git", "yaml"}


def imported(world: World, start: int) -> set[str]:
    """The top-level packages that the interpreter says it has loaded; its words begin at this byte of the log."""
    said = log_of(world).read_bytes()[start:].decode()
    lines = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)$", said, re.MULTILINE)
    return {name.partition(".")[0] for name in lines}


@pytest.mark.few(1)
async def test_the_output_holds_protocol_lines_and_nothing_else(world: World, mode: Mode) -> None:
    with raw(world, "--log-level", "debug", mode=mode) as child:
        child.request("tools/list")
        for tool, arguments in (
            ("list_postgres_clusters", {"detail_level": "detailed"}),
            ("get_cluster_status", {"name": "orders-db"}),
            ("scale_postgres_cluster", {"name": "orders-db", "instances": 4}),
            ("list_postgres_roles", {"cluster_name": "orders-db"}),
            ("list_postgres_databases", {"cluster_name": "orders-db"}),
            (
                "create_postgres_role",
                {
                    "cluster_name": "orders-db",
                    "role_name": "reader",
                    "password_source": "none",
                    "change": "scale-shop-orders-db",
                },
            ),
            ("get_change", {"change": "scale-shop-orders-db"}),
            ("delete_postgres_cluster", {"name": "orders-db"}),
            ("discard_change", {"change": "scale-shop-orders-db", "confirm_deletion": True}),
        ):
            answer = child.request("tools/call", name=tool, arguments=arguments)
            assert bool(answer.get("isError")) == (tool == "delete_postgres_cluster"), answer
        child.end_of_input()
        assert child.ended() == 0
        complaints = child.complaints()
    assert len(child.written) == 11
    for number, line in enumerate(child.written, 1):
        assert line.endswith(b"}\n")
        message = json.loads(line)
        assert (message["jsonrpc"], message["id"], set(message)) == ("2.0", number, {"jsonrpc", "id", "result"})
    assert "INFO gitops_mcp.server: scale_postgres_cluster: committed in" in complaints
    assert "Traceback" not in complaints


@ONE_ERA
async def test_the_end_of_input_ends_it_with_0(quiet: World, mode: Mode) -> None:
    with raw(quiet, mode=mode) as child:
        child.request("tools/list")
        child.end_of_input()
        assert child.ended() == 0
        assert child.complaints() == ""


@ONE_ERA
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.few(1)
async def test_a_signal_ends_it_at_once(quiet: World, mode: Mode, number: int, code: int) -> None:
    with raw(quiet, mode=mode) as child:
        child.request("tools/list")
        child.child.send_signal(number)
        assert child.ended() == code
        assert child.complaints() == ""


@pytest.fixture
def silent(world: World) -> Iterator[socket.socket]:
    """A Kubernetes API that takes connections and never answers; the world's kubeconfig names it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        world.kubeconfig.write_text(kubeconfig_text(f"http://127.0.0.1:{listening.getsockname()[1]}", None))
        yield listening


@ONE_ERA
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (None, 0)])
@pytest.mark.few(1)
async def test_a_call_in_flight_does_not_hold_it(
    world: World, mode: Mode, silent: socket.socket, number: int | None, code: int
) -> None:
    with raw(world, mode=mode) as child:
        child.ask("tools/call", name="list_postgres_clusters", arguments={})
        peer, _ = silent.accept()
        with peer:
            started = time.monotonic()
            if number is None:
                child.end_of_input()
            else:
                child.child.send_signal(number)
            assert child.ended() == code
            assert time.monotonic() - started < QUICK
        assert "Traceback" not in child.complaints()


def plugin(world: World, code: str) -> None:
    """Has the world's kubeconfig get its credentials from a program."""
    program = world.directory.with_name("get-token")
    program.write_text(f"#!{sys.executable}\nimport json, sys\n{code}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    loaded = yaml.safe_load(world.kubeconfig.read_text())
    version = "client.authentication.k8s.io/v1"
    loaded["users"][0]["user"] = {
        "exec": {"apiVersion": version, "command": str(program), "interactiveMode": "IfAvailable"}
    }
    world.kubeconfig.write_text(yaml.safe_dump(loaded))


CREDENTIAL = (
    '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "planted-token"}}'
)


@pytest.mark.thorough
@ONE_ERA
async def test_a_credential_plugin_that_reads_and_prints_does_not_disturb_the_protocol(
    world: World, mode: Mode
) -> None:
    plugin(world, f"sys.stdin.read(); print('please log in', file=sys.stderr); print({CREDENTIAL!r})")
    with raw(world, "--log-level", "debug", mode=mode) as child:
        answer = child.request("tools/call", name="list_postgres_clusters", arguments={})
        assert {one["name"] for one in answer["structuredContent"]["items"]} == {"invoices-db", "orders-db"}
        child.end_of_input()
        assert child.ended() == 0
        complaints = child.complaints()
    assert [json.loads(line)["id"] for line in child.written] == [1, 2]
    assert "planted-token" not in complaints
    assert b"planted-token" not in b"".join(child.written)


@ONE_ERA
@pytest.mark.thorough
async def test_a_credential_plugin_that_fails_noisily_is_named_and_the_next_call_works(
    world: World, mode: Mode
) -> None:
    plugin(world, 'print(\'{"jsonrpc": "2.0", "id": 2, "result": {}}\', flush=True); sys.exit(\'session is over\')')
    async with server(world, mode=mode) as client:
        answer = await call(client, "list_postgres_clusters")
        content = structure(answer)
        assert [one.get("live") for one in content["items"]] == ["unavailable", "unavailable"]
        told = text(answer)
        assert "get-token" in told
        assert "session is over" in told
        plugin(world, f"print({CREDENTIAL!r})")
        content = structure(await call(client, "list_postgres_clusters"))
        assert [one.get("ready") for one in content["items"]] == [2, 3]


@ONE_ERA
@pytest.mark.parametrize("by", ["flag", "variable"])
@pytest.mark.few(1)
async def test_read_only_offers_nothing_that_writes(quiet: World, mode: Mode, by: str) -> None:
    flags, env = (["--read-only"], {}) if by == "flag" else ([], {"GITOPS_MCP_READ_ONLY": "true"})
    before = refs(quiet)
    async with server(quiet, *flags, mode=mode, env=env) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == READING
        structure(await call(client, "list_postgres_clusters"))
        for writing in TOOLS:
            if writing not in READING:
                assert writing in refusal(await call(client, writing, name="orders-db", instances=4))
                assert writing in refusal(await call(client, writing, cluster_name="orders-db", role_name="reader"))
    assert refs(quiet) == before


def refs(world: World) -> str:
    return git(world.remote, "for-each-ref")


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        pytest.param(
            "scale_postgres_cluster",
            {"name": "orders-db", "instances": 4, "dryrun": True},
            "InvalidRequest: there is no argument 'dryrun'; did you mean dry_run?",
            id="nearly the name of an argument",
        ),
        pytest.param(
            "create_postgres_cluster",
            {"name": "new-db", "namespace": "shop", "password": "hunter2"},
            "InvalidRequest: there is no argument 'password'; there are: cluster_name,",
            id="a secret where it does not belong",
        ),
    ],
)
@pytest.mark.few(1)
async def test_an_unknown_argument_is_refused_by_name_and_nothing_changes(
    quiet: World, mode: Mode, tool: str, arguments: dict[str, Any], told: str
) -> None:
    before = refs(quiet), quiet.asked()
    async with server(quiet, mode=mode) as client:
        said = refusal(await call(client, tool, **arguments))
    assert said.startswith(told)
    assert "hunter2" not in said + log_of(quiet).read_text()
    assert (refs(quiet), quiet.asked()) == before


@ONE_ERA
async def test_a_fault_of_ours_is_told_without_its_inside_and_the_next_call_works(quiet: World, mode: Mode) -> None:
    planted = """
import sys
from gitops_mcp import cli
from gitops_mcp.workflows.reading.clusters import cluster_list
def list_clusters(*_, **__):
    raise RuntimeError("inside of " + repr(sys.argv))
cluster_list.list_clusters = list_clusters
sys.exit(cli.main(sys.argv[1:]))
"""
    arguments = [sys.executable, "-c", planted, "--repo", str(quiet.checkout)]
    child = Raw(arguments, environment(quiet), quiet.directory.parent, mode)
    with child.child:
        child.greet()
        crashed = child.request("tools/call", name="list_postgres_clusters", arguments={})
        next_one = child.request("tools/call", name="list_changes", arguments={})
        child.end_of_input()
        assert child.ended() == 0
        complaints = child.complaints()
    assert crashed["isError"] is True
    assert [block["text"] for block in crashed["content"]] == ["Error executing tool list_postgres_clusters"]
    assert next_one["structuredContent"]["items"] == []
    assert "RuntimeError: inside of" in complaints


def test_what_is_wrong_at_start_is_named_all_at_once_with_exit_code_2(tmp_path: Path) -> None:
    env = {"GITOPS_MCP_REDONLY": "1", "GITOPS_MCP_ENVIRONMENT": "Not A Name", "GITOPS_MCP_TEST_ANYTHING": "is ignored"}
    ended = run("--push", "sometimes", "--log-level", "loud", cwd=tmp_path, env=env)
    assert (ended.returncode, ended.stdout) == (2, "")
    faults = ended.stderr.removeprefix("gitops-mcp: ").rstrip("\n").split("; ")
    assert "--push: expected one of auto, never, found 'sometimes'" in faults
    assert "--log-level: expected one of debug, info, warning, error, found 'loud'" in faults
    assert any(fault.startswith("GITOPS_MCP_ENVIRONMENT: ") for fault in faults)
    assert any(fault.startswith("GITOPS_MCP_REDONLY: unknown variable") for fault in faults)
    assert "READ_ONLY" in ended.stderr
    assert "TEST_ANYTHING" not in ended.stderr


def test_an_unknown_flag_is_named_with_exit_code_2(tmp_path: Path) -> None:
    ended = run("--readonly", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "unrecognized arguments: --readonly" in ended.stderr


@pytest.mark.thorough
def test_an_audit_log_that_cannot_be_written_is_named_with_exit_code_2(tmp_path: Path) -> None:
    ended = run("--audit-log", str(tmp_path / "missing" / "audit.jsonl"), cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--audit-log" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_commands_that_print_need_neither_repository_nor_cluster(tmp_path: Path) -> None:
    version = run("--version", cwd=tmp_path)
    assert (version.returncode, version.stdout, version.stderr) == (0, f"gitops-mcp {__version__}\n", "")
    table = run("tools", cwd=tmp_path)
    assert (table.returncode, table.stderr) == (0, "")
    assert re.findall(r"^\| `(\w+)` \|", table.stdout, re.MULTILINE) == [tool.name for tool in tools.ALL]
    schema = run("schema", cwd=tmp_path)
    assert (schema.returncode, schema.stderr) == (0, "")
    assert "environments" in json.loads(schema.stdout)["properties"]
    assert list(tmp_path.iterdir()) == []

"""What a model is told, and what it is answered when a call cannot be understood."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import anyio
import pytest
from mcp import Client

from gitops_mcp import tools
from gitops_mcp.answers.writes import DiscardResult
from gitops_mcp.app import App
from gitops_mcp.config import Flags, Toolset, read_flags
from gitops_mcp.server import build_server
from gitops_mcp.tools.offer.offering import instructions
from gitops_mcp.tools.registry import Tool

GOLDEN = Path(__file__).parent / "golden" / "tools"
EVERY_TOOLSET: frozenset[Toolset] = frozenset(get_args(Toolset))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["auto", "legacy"])
async def client(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Client]:
    """A client of a server that has no repository, in both eras of the protocol."""
    async with Client(build_server(App.open(Flags(repo=tmp_path))), mode=request.param) as connected:
        yield connected


@functools.cache
def listed() -> dict[str, dict[str, Any]]:
    """The tools as a client gets them."""

    async def ask() -> dict[str, dict[str, Any]]:
        async with Client(build_server(App.open(Flags(toolsets=EVERY_TOOLSET)))) as connected:
            found = (await connected.list_tools()).tools
        return {one.name: one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in found}

    return anyio.run(ask)


def test_the_tools_are_what_the_golden_files_say() -> None:
    """To accept a change: GITOPS_MCP_TEST_GOLDEN=write, then read the diff."""
    found = listed()
    if os.environ.get("GITOPS_MCP_TEST_GOLDEN") == "write":
        for name, tool in found.items():
            (GOLDEN / f"{name}.json").write_text(json.dumps(tool, indent=2) + "\n")
    assert found == {path.stem: json.loads(path.read_text()) for path in GOLDEN.glob("*.json")}


def test_the_tools_come_in_the_order_of_the_registry() -> None:
    assert list(listed()) == [tool.name for tool in tools.ALL]


def size_of(*names: str) -> int:
    return len(json.dumps([listed()[name] for name in names], separators=(",", ":"), ensure_ascii=False).encode())


def test_the_whole_list_is_short() -> None:
    assert size_of(*listed()) <= 64_000
    assert size_of(*(tool.name for tool in tools.ALL if not tool.writes)) <= 20_000
    assert {name: size for name in listed() if (size := size_of(name)) > 2_900} == {}


@pytest.mark.parametrize("name", [tool.name for tool in tools.ALL])
def test_a_tool_tells_all_that_a_model_needs(name: str) -> None:
    tool = listed()[name]
    assert tool["title"]
    assert 40 < len(tool["description"]) < 2_000
    hints = tool["annotations"]
    assert set(hints) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
    effect = next(one.effect for one in tools.ALL if one.name == name)
    assert (hints["readOnlyHint"], hints["destructiveHint"]) == (effect == "read", effect == "destroy")
    assert tool["outputSchema"]["type"] == "object"
    assert tool["inputSchema"]["additionalProperties"] is False
    for argument in tool["inputSchema"]["properties"].values():
        assert argument["description"]
        bounded = {"maxLength", "enum", "maximum", "maxProperties", "maxItems"} & set(argument)
        assert bounded or argument["type"] == "boolean"


def test_read_only_mode_offers_only_reads() -> None:
    async def ask() -> list[str]:
        async with Client(build_server(App.open(Flags(read_only=True)))) as connected:
            return [one.name for one in (await connected.list_tools()).tools]

    offered = anyio.run(ask)
    assert offered == [tool.name for tool in tools.ALL if not tool.writes and tool.toolset != "direct"]
    assert "list_postgres_clusters" in offered
    assert "scale_postgres_cluster" not in offered


@pytest.fixture
def other_tool(monkeypatch: pytest.MonkeyPatch) -> Tool:
    """One of a toolset that need not be there."""

    def look_at_postgres(app: App) -> DiscardResult:
        """Look at it."""
        raise AssertionError(app)

    made = Tool(look_at_postgres, "Look", "read", "observe")
    monkeypatch.setattr(tools, "ALL", (*tools.ALL, made))
    return made


@pytest.mark.anyio
async def test_a_tool_is_offered_with_its_toolset_alone(other_tool: Tool) -> None:
    for chosen, there in (({"observe"}, True), ({"backups"}, False)):
        flags = read_flags({"toolsets": ",".join(chosen)}, {})
        async with Client(build_server(App.open(flags))) as connected:
            offered = [one.name for one in (await connected.list_tools()).tools]
            assert (other_tool.name in offered) is there
            assert {"list_postgres_clusters", "create_postgres_role", "get_drift"} <= set(offered)
            result = await connected.call_tool(other_tool.name, {})
            assert result.is_error
            refused = "is not offered: the server was started without the toolset observe, which --toolsets names"
            assert (refused in result.content[0].text) is not there  # type: ignore[union-attr]  # answers text


@pytest.mark.parametrize(
    ("said", "told", "untold"),
    [
        ({}, ["kubectl cnpg psql", "kubectl cnpg promote", "argocd app sync"], ["kubectl logs", "--read-only"]),
        ({"toolsets": "direct", "read_only": True}, ["kubectl logs", "poolers", "--read-only"], ["cnpg promote"]),
        ({"toolsets": "clusters", "read_only": True}, ["kubectl logs", "cnpg promote", "kubectl explain"], []),
    ],
)
def test_the_instructions_tell_what_is_not_offered_and_what_does_it(
    said: dict[str, Any], told: list[str], untold: list[str]
) -> None:
    text = instructions(read_flags(said, {}))
    assert [one for one in told if one not in text] == []
    assert [one for one in untold if one in text] == []
    assert len(text.encode()) <= 2_048


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        pytest.param(
            "scale_postgres_cluster",
            {"name": "db", "instances": 2, "dryrun": True},
            "there is no argument 'dryrun'; did you mean dry_run?",
            id="unknown",
        ),
        pytest.param("scale_postgres_cluster", {"name": "db"}, "instances: is required", id="missing"),
        pytest.param(
            "scale_postgres_cluster",
            {"name": "db", "instances": "three"},
            "instances: input should be a valid integer (a whole number from 1 to 100)",
            id="a word",
        ),
        pytest.param(
            "scale_postgres_cluster",
            {"name": "db", "instances": True},
            "instances: input should be a valid integer",
            id="a boolean",
        ),
        pytest.param(
            "scale_postgres_cluster", {"name": "db", "instances": 0}, "greater than or equal to 1", id="too few"
        ),
        pytest.param(
            "scale_postgres_cluster", {"name": "x" * 51, "instances": 2}, "at most 50 characters", id="too long"
        ),
        pytest.param(
            "list_changes",
            {"state": "hunter2"},
            "state: input should be 'open', 'merged', 'applied' or 'all'",
            id="no choice",
        ),
    ],
)
@pytest.mark.few(4)
async def test_a_call_that_cannot_be_understood_is_answered_with_the_rule(
    client: Client, tool: str, arguments: dict[str, Any], said: str
) -> None:
    result = await client.call_tool(tool, arguments)
    text = result.content[0].text  # type: ignore[union-attr]  # a tool of ours answers text
    assert result.is_error
    assert text.startswith("InvalidRequest: ")
    assert said in text
    assert "hunter2" not in text


@pytest.mark.anyio
async def test_all_faults_are_named_together(client: Client) -> None:
    result = await client.call_tool("create_postgres_cluster", {"instances": 0, "waitt": 1})
    text = result.content[0].text  # type: ignore[union-attr]  # a tool of ours answers text
    for fault in ("name: ", "instances: ", "'waitt'"):
        assert fault in text


@pytest.mark.anyio
async def test_an_error_says_its_class_and_what_would_work(client: Client) -> None:
    result = await client.call_tool("list_changes", {})
    text = result.content[0].text  # type: ignore[union-attr]  # a tool of ours answers text
    assert result.is_error
    assert text.startswith("InvalidRequest: no Git repository at or above ")
    assert "--repo" in text


def test_calls_are_audited_also_those_that_are_rejected(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"

    async def ask() -> None:
        async with Client(build_server(App.open(Flags(repo=tmp_path, audit_log=log)))) as connected:
            await connected.call_tool("list_changes", {"state": "merged"})
            await connected.call_tool("list_changes", {"state": "hunter2", "password": "hunter2"})

    anyio.run(ask)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(one["tool"], one["outcome"]) for one in entries] == [("list_changes", "InvalidRequest")] * 2
    assert entries[0]["arguments"]["state"] == "merged"
    assert "hunter2" not in log.read_text()

"""The tools that an agent may call: those of MCP servers over stdio, each call kept in the transcript."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import CallToolResult, TextContent

from evals.transcript import Transcript

_SECONDS = 180


@dataclass(frozen=True)
class ToolSpec:
    name: str
    description: str
    schema: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    text: str
    structured: dict[str, Any] | None
    is_error: bool


@dataclass(frozen=True)
class Server:
    """How one is started."""

    command: Sequence[str]
    environment: Mapping[str, str]


class Tools:
    """Of all servers of an arm, which start with the first question; of a name that two have, the first has it."""

    def __init__(self, servers: Sequence[Server], transcript: Transcript, folder: Path) -> None:
        self.transcript = transcript
        self._servers, self._folder = servers, folder
        self._running = ExitStack()
        self._owners: dict[str, Client] = {}
        self._specs: list[ToolSpec] = []

    @property
    def specs(self) -> list[ToolSpec]:
        _ = self._portal
        return self._specs

    def call(self, name: str, arguments: dict[str, Any]) -> Answer:
        """An unknown name and a call that fails are answers too, as a model sees them."""
        portal = self._portal
        self.transcript.add("call", name, arguments=arguments)
        answer: Answer = portal.call(self._call, name, arguments)
        self.transcript.add("answer", answer.text, is_error=answer.is_error)
        return answer

    def close(self) -> None:
        self._running.close()

    @cached_property
    def _portal(self) -> BlockingPortal:
        errors = self._running.enter_context((self._folder / "servers.stderr").open("a"))
        portal = self._running.enter_context(start_blocking_portal())
        for server in self._servers:
            client = self._running.enter_context(
                portal.wrap_async_context_manager(_client(server, self._folder, errors))
            )
            for tool in portal.call(client.list_tools).tools:
                if tool.name not in self._owners:
                    self._owners[tool.name] = client
                    self._specs.append(ToolSpec(tool.name, tool.description or "", tool.input_schema))
        return portal

    async def _call(self, name: str, arguments: dict[str, Any]) -> Answer:
        if name not in self._owners:
            return Answer(f"There is no tool {name}.", None, is_error=True)
        try:
            with anyio.fail_after(_SECONDS):
                result = await self._owners[name].call_tool(name, arguments)
        except Exception as error:  # noqa: BLE001 - whatever a server does wrong, the model is told and may go on
            return Answer(f"{type(error).__name__}: {error}", None, is_error=True)
        return Answer(_text(result), result.structured_content, is_error=bool(result.is_error))


def _text(result: CallToolResult) -> str:
    parts = [one.text if isinstance(one, TextContent) else f"({one.type})" for one in result.content]
    return "\n".join(parts) or json.dumps(result.structured_content)


@contextmanager
def open_tools(servers: Sequence[Server], transcript: Transcript, folder: Path) -> Iterator[Tools]:
    """Servers run until the block ends; what they write to standard error is kept in `folder`."""
    tools = Tools(servers, transcript, folder)
    try:
        yield tools
    finally:
        tools.close()


@asynccontextmanager
async def _client(server: Server, folder: Path, errors: TextIO) -> AsyncIterator[Client]:
    program, *arguments = server.command
    parameters = StdioServerParameters(command=program, args=arguments, env=dict(server.environment), cwd=folder)
    async with Client(stdio_client(parameters, errlog=errors)) as client:
        yield client

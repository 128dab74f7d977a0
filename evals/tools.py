"""The tools that an agent may call: those of MCP servers over stdio, each call kept in the transcript."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
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
    """Of all servers of an arm; where two have a name in common, the first has it."""

    def __init__(self, portal: BlockingPortal, clients: Sequence[Client], transcript: Transcript) -> None:
        self.transcript = transcript
        self._portal = portal
        self._owners: dict[str, Client] = {}
        self.specs: list[ToolSpec] = []
        for client in clients:
            for tool in portal.call(client.list_tools).tools:
                if tool.name not in self._owners:
                    self._owners[tool.name] = client
                    self.specs.append(ToolSpec(tool.name, tool.description or "", tool.input_schema))

    @classmethod
    def none(cls, transcript: Transcript) -> Tools:
        """For what needs no server."""
        with start_blocking_portal() as portal:
            return cls(portal, [], transcript)

    def call(self, name: str, arguments: dict[str, Any]) -> Answer:
        """An unknown name and a call that fails are answers too, as a model sees them."""
        self.transcript.add("call", name, arguments=arguments)
        answer: Answer = self._portal.call(self._call, name, arguments)
        self.transcript.add("answer", answer.text, is_error=answer.is_error)
        return answer

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
    """Servers that run until the block ends; what they write to standard error is kept in `folder`."""
    fault: Exception | None = None
    with (folder / "servers.stderr").open("a") as errors, ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        clients = [
            stack.enter_context(portal.wrap_async_context_manager(_client(server, folder, errors)))
            for server in servers
        ]
        try:
            yield Tools(portal, clients, transcript)
        except Exception as error:  # noqa: BLE001 - raised below: the clients' task groups would wrap it
            fault = error
    if fault:
        raise fault


@asynccontextmanager
async def _client(server: Server, folder: Path, errors: TextIO) -> AsyncIterator[Client]:
    program, *arguments = server.command
    parameters = StdioServerParameters(command=program, args=arguments, env=dict(server.environment), cwd=folder)
    async with Client(stdio_client(parameters, errlog=errors)) as client:
        yield client

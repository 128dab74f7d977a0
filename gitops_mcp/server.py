"""Offers the tools bound to an App. The one error boundary: what callers can act on becomes a tool error here.

The SDK's own reading of a call is not used: it would pass over unknown arguments, repeat rejected values and describe
results in depth. No list ever changes, and nobody can subscribe to anything: neither is claimed.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast, get_type_hints

import anyio
from anyio import CapacityLimiter, to_thread
from mcp import MCPError
from mcp.server import CacheHint, Server, ServerRequestContext
from mcp.server.apps import EXTENSION_ID
from mcp.server.context import CallNext, HandlerResult
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.types import (
    INTERNAL_ERROR,
    CallToolRequestParams,
    CallToolResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as OfferedTool
from pydantic import BaseModel, ValidationError

from gitops_mcp import __version__, tools
from gitops_mcp.answers.base import TEXT_MAX, Answer
from gitops_mcp.answers.markdown import without_surrogates
from gitops_mcp.app import App
from gitops_mcp.caller import Cancelled
from gitops_mcp.catalog.handlers import Catalog
from gitops_mcp.client import SECONDS, Asking, Client, UsedAnswers, identity_of, readable_answers
from gitops_mcp.domain.names import one_line
from gitops_mcp.errors import GitOpsError, Refused
from gitops_mcp.frames import serve_frames
from gitops_mcp.own_answers import own_answer, own_arguments
from gitops_mcp.tools.offer.inputs import argument_model, read_arguments
from gitops_mcp.tools.offer.offering import instructions, no_such_tool, offered_tools
from gitops_mcp.tools.offer.schemas import input_schema, output_schema
from gitops_mcp.tools.registry import Tool, scope_of
from gitops_mcp.ui.cards import card_beside
from gitops_mcp.watch import Watch

log = logging.getLogger(__name__)

_ERROR_MAX = 4_000
_AT_ONCE = 40
"""Calls that run at the same time; others wait, and what is neither slow nor a call does not."""
_WAITS_AT_ONCE = 256
"""The same of those that wait for something to happen, mostly asleep."""
_WAITS = ("wait", "wait_for")
"""Arguments with which a call does that."""
_NAME = "gitops-mcp"
_NEXT_FAULT = re.compile(r"\n(?=- \S+:\d+: )")
"""The one line break in our errors: between the faults of the configuration."""
_FACTS = ("environment", "delivery", "change", "branch", "commit", "applied")
"""Of an answer, what the audit log keeps."""


@dataclass(frozen=True)
class CallThreads:
    """Of their own for calls that wait for minutes: those hold up no other call."""

    running: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_AT_ONCE))
    waiting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_WAITS_AT_ONCE))

    def of(self, arguments: Mapping[str, Any]) -> CapacityLimiter:
        return self.waiting if any(arguments.get(name) for name in _WAITS) else self.running

    @property
    def queued(self) -> int:
        """Calls that no thread has taken yet."""
        return sum(one.statistics().tasks_waiting for one in (self.running, self.waiting))


def build_server(
    app: App,
    *,
    security: RequestStateSecurity | None = None,
    watch: Watch | None = None,
    threads: CallThreads | None = None,
) -> Server[Any]:
    """The server with every tool of its toolsets; in read-only mode writing tools are not there at all.

    `security` seals what a question leaves with the client, where other processes have to read it too.
    """
    tools_by_name = {one.name: _BoundTool(one) for one in offered_tools(app.flags)}
    offered = _Offered(app, tools_by_name, watch or Watch(), threads or CallThreads())
    server: Server[Any] = Server(
        _NAME,
        title="GitOps for CloudNativePG",
        version=__version__,
        instructions=instructions(app.flags),
        cache_hints={"tools/list": CacheHint(ttl_ms=3_600_000, scope="public" if app.access is None else "private")},
        get_tool_input_schema=lambda name: offered.tools[name].input if name in offered.tools else None,
        on_list_tools=offered.list_tools,
        on_call_tool=offered.call_tool,
        **Catalog(offered.known_tools, offered.ask_tool).handlers(),
    )
    # Told to all: the list may not differ by client, and who knows no cards passes over what they are called.
    server.extensions[EXTENSION_ID] = {}
    sealed = RequestStateBoundary(security or RequestStateSecurity.ephemeral(ttl=SECONDS), default_audience=_NAME)
    server.middleware += [_answer_always, sealed]
    return server


def run_server(server: Server[Any]) -> None:
    """Serves stdin and stdout until the input ends; SIGTERM and SIGINT end the process at once with 128 + n."""
    anyio.run(_until_end, server)


async def _until_end(server: Server[Any]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_end_on_signal)
        async with serve_frames() as (read, write):
            await server.run(read, write, server.create_initialization_options())
        group.cancel_scope.cancel()


async def _end_on_signal() -> None:
    # The reader's thread waits for input that a signal does not end, so the process is ended without it. What a write
    # had begun is swept by the next one.
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as received:
        async for number in received:
            logging.shutdown()
            os._exit(128 + number)


async def _answer_always(ctx: ServerRequestContext[Any], call_next: CallNext) -> HandlerResult:
    """A person's answer that cannot be read is no error of the call, and a fault of ours is one without its inside."""
    if ctx.method == "tools/call" and ctx.params is not None:
        ctx = replace(ctx, params=readable_answers(ctx.params))
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except Exception as error:
        log.exception("%s failed", ctx.method)
        raise MCPError(INTERNAL_ERROR, "Internal error") from error


def tools_table() -> str:
    """The table of docs/tools.md, in Markdown."""
    effects = {"read": "reads", "propose": "proposes a commit", "destroy": "proposes a commit that can destroy"}
    lines = ["| tool | toolset | what it does | effect |", "|---|---|---|---|"]
    for tool in tools.ALL:
        summary = (inspect.getdoc(tool.function) or "").partition("\n\n")[0].replace("\n", " ")
        effect = "removes a branch" if tool.name == "discard_change" else effects[tool.effect]
        lines.append(f"| `{tool.name}` | {tool.toolset} | {summary} | {effect} |")
    return "\n".join(lines) + "\n"


class _BoundTool:
    """A tool with its schemas."""

    def __init__(self, tool: Tool) -> None:
        self.tool = tool
        self.model: type[BaseModel] = argument_model(tool.function)
        self.input = input_schema(self.model)

    @functools.cached_property
    def listed(self) -> OfferedTool:
        card = card_beside(self.tool.name, writes=self.tool.writes)
        return OfferedTool(
            name=self.tool.name,
            title=self.tool.title,
            description=inspect.getdoc(self.tool.function),
            input_schema=self.input,
            output_schema=output_schema(get_type_hints(self.tool.function)["return"]),
            annotations=ToolAnnotations(
                read_only_hint=not self.tool.writes,
                destructive_hint=self.tool.effect == "destroy",
                idempotent_hint=True,
                open_world_hint=True,
            ),
            _meta={"ui": {"resourceUri": card.uri}} if card else None,
        )


@dataclass(frozen=True)
class _Offered:
    """What is offered of an App, as the SDK asks for it."""

    app: App
    tools: Mapping[str, _BoundTool]
    watch: Watch
    threads: CallThreads
    _used: UsedAnswers = field(default_factory=UsedAnswers)

    async def list_tools(
        self,
        context: ServerRequestContext[Any],
        params: PaginatedRequestParams | None,  # noqa: ARG002 - in one page
    ) -> ListToolsResult:
        return ListToolsResult(tools=[self.tools[name].listed for name in self.known_tools(context)])

    async def call_tool(
        self, context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        if params.name not in self.tools:
            return _failure(no_such_tool(params.name, self.app.flags))
        return await self._called(self.tools[params.name], context, params)

    async def _called(
        self, bound: _BoundTool, context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        caller = Client(context, params, self._used)
        given = params.arguments or {}
        call = functools.partial(self._answered, bound, given, caller)
        try:
            # Abandoned where nobody waits any more: a peer that does not answer must hold neither the next call nor
            # the process. The thread itself ends where it next looks.
            return await to_thread.run_sync(call, abandon_on_cancel=True, limiter=self.threads.of(given))
        finally:
            caller.leave()

    def known_tools(self, context: ServerRequestContext[Any]) -> dict[str, Tool]:
        """Those that the caller may call."""
        access = self.app.access
        rights = None if access is None else access.rights_of(identity_of(context))
        return {name: one.tool for name, one in self.tools.items() if rights is None or rights.may(scope_of(one.tool))}

    async def ask_tool(
        self, context: ServerRequestContext[Any], tool: Tool, arguments: Mapping[str, Any]
    ) -> CallToolResult:
        """What a tool that only reads answers to this caller, also one that is no tool of the list."""
        bound = self.tools.get(tool.name) or _BoundTool(tool)
        params = CallToolRequestParams(name=tool.name, arguments=dict(arguments))
        # What reads asks no person.
        return cast("CallToolResult", await self._called(bound, context, params))

    def _answered(
        self, bound: _BoundTool, given: Mapping[str, Any], caller: Client
    ) -> CallToolResult | InputRequiredResult:
        started, tool, outcome = time.monotonic(), bound.tool, "crashed"
        self.watch.begins()
        facts: dict[str, Any] = {"requester": caller.requester}
        # What was rejected may be anything, so only the names that there are.
        arguments: Mapping[str, Any] = {name: "rejected" for name in given if name in bound.model.model_fields}
        try:
            with caller.waits(), self.app.called(caller, scope=scope_of(tool)) as called:
                arguments = own_arguments(
                    read_arguments(bound.model, bound.input["properties"], given), caller.identity
                )
                answer = own_answer(tool.call(called, arguments), caller.identity, called.rights)
            outcome = getattr(answer, "outcome", "ok")
            facts |= {name: getattr(answer, name, None) or None for name in _FACTS}
            return answer_of(answer)
        except Asking as asking:
            outcome = "asked"
            return asking.result
        except Cancelled as cancelled:
            outcome = "cancelled"
            facts["applied"] = [str(one) for one in cancelled.args] or None
            return _failure(Refused("the request was cancelled"))
        except GitOpsError as error:
            outcome = error.title
            facts["error"] = type(error).__name__
            return answer_of(error)
        except Exception as error:
            facts["error"] = type(error).__name__
            log.exception("%s crashed", tool.name)
            return _error(f"Error executing tool {tool.name}")
        finally:
            spent = _elapsed_ms(started)
            log.info("%s: %s in %d ms", tool.name, outcome, spent)
            try:
                if self.app.audit:
                    self.app.audit.write(tool.name, arguments, outcome, duration_ms=spent, **facts)
            finally:
                # Last: where no call runs any more, the process may end.
                self.watch.ends(tool.name, outcome, facts.get("error"), spent / 1000)


def _elapsed_ms(started: float) -> int:
    """Milliseconds."""
    return round((time.monotonic() - started) * 1000)


def answer_of(found: Answer | GitOpsError) -> CallToolResult:
    """What is sent of an answer or an error."""
    return _failure(found) if isinstance(found, GitOpsError) else _success(found)


def _success(answer: Answer) -> CallToolResult:
    text, structured = without_surrogates(answer.markdown()), answer.structured()
    if len(text) > TEXT_MAX:
        text = f"{text[: TEXT_MAX - 60]}\n… ({len(text) - TEXT_MAX + 60} more characters)"
    try:
        json.dumps(structured, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        structured = without_surrogates(structured)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=structured)


def _failure(error: GitOpsError) -> CallToolResult:
    from gitops_mcp.domain.redact import redact_text

    text = without_surrogates(redact_text(f"{error.title}: {error}"))
    text = "\n".join(map(one_line, _NEXT_FAULT.split(text)))
    if len(text) > _ERROR_MAX:
        text = f"{text[:_ERROR_MAX]}… ({len(text) - _ERROR_MAX} more characters)"
    return _error(text)


def _error(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)

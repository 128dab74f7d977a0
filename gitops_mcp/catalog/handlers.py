"""Prompts, resources and completions, as the SDK asks for them.

Whatever is live comes of a reading tool that is called for this caller: what the tool would not show, none of these do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from mcp import MCPError
from mcp.server import ServerRequestContext
from mcp.server.apps import APP_MIME_TYPE, ResourceCsp
from mcp.types import (
    INVALID_PARAMS,
    CallToolResult,
    CompleteRequestParams,
    CompleteResult,
    Completion,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    PromptMessage,
    PromptReference,
    ReadResourceRequestParams,
    ReadResourceResult,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
)
from mcp.types import Prompt as OfferedPrompt
from mcp.types import PromptArgument as OfferedArgument
from mcp.types import Resource as OfferedResource

from gitops_mcp.catalog.prompts import PROMPTS, Prompt, find_prompt, prompt_text
from gitops_mcp.catalog.resources import (
    CONFIGURATION,
    MARKDOWN,
    RESOURCES,
    Resource,
    find_resource,
    page_names,
    page_title,
    page_uri,
    read_page,
)
from gitops_mcp.domain.names import one_line
from gitops_mcp.errors import GitOpsError
from gitops_mcp.tools.registry import Tool
from gitops_mcp.ui.cards import CARDS, Card, card_page, find_card

_COMPLETED_AT_MOST = 100
"""As the protocol says."""

_CARD_MS = 3_600_000
"""How long a client may keep a card, which changes with the version of the server only."""
_LOADS_NOTHING = ResourceCsp(connect_domains=[], resource_domains=[], frame_domains=[], base_uri_domains=[])
_CARD_META = {"ui": {"csp": _LOADS_NOTHING.model_dump(by_alias=True), "prefersBorder": True}}
"""As the SDK's `Apps` would put it: that offers its cards through MCPServer alone, and ours is the server below it."""

Context = ServerRequestContext[Any]
Ask = Callable[[Context, Tool, Mapping[str, Any]], Awaitable[CallToolResult]]
"""A reading tool, called for a caller; what went wrong is an error of the result."""


@dataclass(frozen=True)
class Catalog:
    offered: Callable[[Context], Mapping[str, Tool]]
    """The tools that a caller may call, by name."""
    ask: Ask

    def handlers(self) -> dict[str, Any]:
        """By the names of the SDK's parameters."""
        return {
            "on_list_prompts": self.list_prompts,
            "on_get_prompt": self.get_prompt,
            "on_list_resources": self.list_resources,
            "on_list_resource_templates": self.list_templates,
            "on_read_resource": self.read_resource,
            "on_completion": self.complete,
        }

    async def list_prompts(self, context: Context, params: PaginatedRequestParams | None) -> ListPromptsResult:  # noqa: ARG002 - in one page
        return ListPromptsResult(prompts=[_offered_prompt(one) for one in self._prompts(context).values()])

    async def get_prompt(self, context: Context, params: GetPromptRequestParams) -> GetPromptResult:
        try:
            prompt = find_prompt(params.name, self._prompts(context))
            text = prompt_text(prompt, params.arguments or {})
        except GitOpsError as error:
            raise _refusal(error) from error
        message = PromptMessage(role="user", content=TextContent(type="text", text=text))
        return GetPromptResult(description=prompt.description, messages=[message])

    async def list_resources(self, context: Context, params: PaginatedRequestParams | None) -> ListResourcesResult:  # noqa: ARG002 - in one page
        rows = [
            OfferedResource(
                uri=one.uri, name=one.name, title=one.title, description=one.description, mime_type=MARKDOWN
            )
            for one in self._resources(context)
            if not one.is_template
        ]
        return ListResourcesResult(resources=[*rows, *await to_thread.run_sync(_pages), *map(_offered_card, CARDS)])

    async def list_templates(
        self,
        context: Context,
        params: PaginatedRequestParams | None,  # noqa: ARG002 - in one page
    ) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(
            resource_templates=[
                ResourceTemplate(
                    uri_template=one.uri,
                    name=one.name,
                    title=one.title,
                    description=one.description,
                    mime_type=MARKDOWN,
                )
                for one in self._resources(context)
                if one.is_template
            ]
        )

    async def read_resource(self, context: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        if card := find_card(params.uri):
            page = await to_thread.run_sync(card_page, card)
            shown = TextResourceContents(uri=params.uri, mime_type=APP_MIME_TYPE, text=page, _meta=_CARD_META)
            return ReadResourceResult(contents=[shown], ttl_ms=_CARD_MS, cache_scope="public")
        try:
            found, given = find_resource(params.uri, self._resources(context))
            text = await self._text(context, found, given)
        except GitOpsError as error:
            raise _refusal(error) from error
        contents = TextResourceContents(uri=params.uri, mime_type=MARKDOWN, text=text)
        return ReadResourceResult(contents=[contents], ttl_ms=0, cache_scope="private")

    async def _text(self, context: Context, found: Resource, given: Mapping[str, str]) -> str:
        if found.tool is None:
            return await to_thread.run_sync(read_page, given["page"])
        answer = await self.ask(context, found.tool, found.arguments(given))
        text = "".join(one.text for one in answer.content if isinstance(one, TextContent))
        if answer.is_error:
            raise MCPError(INVALID_PARAMS, text)
        return text

    async def complete(self, context: Context, params: CompleteRequestParams) -> CompleteResult:
        """What begins so first, then what holds it; nothing where it cannot be known."""
        known = params.context.arguments if params.context and params.context.arguments else {}
        values: Iterable[str] = ()
        if params.argument.name in self._arguments(context, params):
            values = await self._values(context, params.argument.name, known)
        begun = params.argument.value.lower()
        fitting = sorted(
            {one for one in values if begun in one.lower()}, key=lambda one: (not one.lower().startswith(begun), one)
        )
        shown = fitting[:_COMPLETED_AT_MOST]
        return CompleteResult(
            completion=Completion(values=shown, total=len(fitting), has_more=len(fitting) > len(shown))
        )

    def _arguments(self, context: Context, params: CompleteRequestParams) -> set[str]:
        if isinstance(params.ref, PromptReference):
            prompt = self._prompts(context).get(params.ref.name)
            return {one.name for one in prompt.arguments} if prompt else set()
        return {one.part for one in self._resources(context) if one.uri == params.ref.uri and one.part}

    async def _values(self, context: Context, name: str, known: Mapping[str, str]) -> Iterable[str]:
        if name == "page":
            return await to_thread.run_sync(page_names)
        if name == "change":
            return [row["change"] for row in await self._rows(context, "list_changes", {"state": "all"})]
        if name == "environment":
            found = await self.ask(context, CONFIGURATION, {})
            return [row["name"] for row in (found.structured_content or {}).get("environments", ())]
        if name not in {"cluster_name", "namespace"}:
            return ()
        asked = {key: value for key, value in known.items() if key in {"environment", "namespace"} and value}
        rows = await self._rows(context, "list_postgres_clusters", {"environment": "all", **asked})
        return [row["name" if name == "cluster_name" else "namespace"] for row in rows if row.get("namespace")]

    async def _rows(self, context: Context, tool: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
        known = self.offered(context).get(tool)
        if known is None:
            return []
        found = await self.ask(context, known, arguments)
        rows: list[dict[str, Any]] = (found.structured_content or {}).get("items", [])
        return rows

    def _prompts(self, context: Context) -> dict[str, Prompt]:
        known = self.offered(context)
        return {one.name: one for one in PROMPTS if all(tool in known for tool in one.tools)}

    def _resources(self, context: Context) -> tuple[Resource, ...]:
        known = self.offered(context)
        return tuple(one for one in RESOURCES if not one.tool or one.tool.toolset == "setup" or one.tool.name in known)


def _offered_prompt(prompt: Prompt) -> OfferedPrompt:
    return OfferedPrompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            OfferedArgument(name=one.name, description=one.description, required=one.required)
            for one in prompt.arguments
        ],
    )


def _offered_card(card: Card) -> OfferedResource:
    return OfferedResource(
        uri=card.uri,
        name=card.name + "-card",
        title=card.title,
        description=card.description,
        mime_type=APP_MIME_TYPE,
        _meta=_CARD_META,
    )


def _pages() -> list[OfferedResource]:
    return [
        OfferedResource(uri=page_uri(one), name=f"docs/{one}", title=page_title(one), mime_type=MARKDOWN)
        for one in page_names()
    ]


def _refusal(error: GitOpsError) -> MCPError:
    return MCPError(INVALID_PARAMS, one_line(str(error)))

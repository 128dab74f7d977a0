"""Completions for a caller to whom a tool that would tell them is not offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest
from mcp.server import ServerRequestContext
from mcp.types import CallToolResult, CompleteRequestParams, CompletionArgument, ResourceTemplateReference

from gitops_mcp import tools
from gitops_mcp.catalog.handlers import Catalog
from gitops_mcp.tools.registry import Tool

CONTEXT = cast("ServerRequestContext[Any]", None)
"""Looked at by what the catalog is given, and not here."""


async def ask(_context: ServerRequestContext[Any], tool: Tool, _arguments: Mapping[str, Any]) -> CallToolResult:
    raise AssertionError(f"{tool.name} is not offered")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("uri", "argument"), [("gitops-mcp://changes/{change}", "change"), ("gitops-mcp://docs/{page}", "cluster_name")]
)
async def test_what_no_offered_tool_tells_is_not_completed(uri: str, argument: str) -> None:
    offered = {one.name: one for one in tools.ALL if one.name == "get_change"}
    params = CompleteRequestParams(
        ref=ResourceTemplateReference(type="ref/resource", uri=uri),
        argument=CompletionArgument(name=argument, value=""),
    )
    found = await Catalog(lambda _: offered, ask).complete(CONTEXT, params)
    assert (found.completion.values, found.completion.total) == ([], 0)

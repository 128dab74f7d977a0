"""What a request means that a commit has kept: the tool that it names is asked, and delivers nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_mcp import tools
from gitops_mcp.app import App
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.tools.offer.inputs import argument_model, read_arguments
from gitops_mcp.tools.offer.schemas import input_schema

if TYPE_CHECKING:
    from gitops_mcp.domain.plans.asked import AskedRequest
    from gitops_mcp.workflows.writing.request import NotDelivered


def draft_request(app: App, asked: AskedRequest) -> NotDelivered:
    """Raises InvalidRequest where this server has no such tool, or it takes no such arguments."""
    from gitops_mcp.workflows.writing.request import NotDelivered

    tool = next((one for one in tools.ALL if one.name == asked.tool and one.writes), None)
    if tool is None or tool.name == "refresh_change":  # whose commit keeps the requests of others
        raise InvalidRequest(f"it asks for {asked}, which is not a tool of this version that a commit comes of")
    model = argument_model(tool.function)
    try:
        arguments = read_arguments(model, input_schema(model)["properties"], asked.arguments)
    except InvalidRequest as error:
        raise InvalidRequest(f"{tool.name} of this version does not take what it asks: {error}") from error
    try:
        tool.call(app, arguments)
    except NotDelivered as drafted:
        return drafted
    raise AssertionError(f"{tool.name} has delivered what it was only asked about")

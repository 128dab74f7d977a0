"""Whether the server can do its work here."""

from __future__ import annotations

from gitops_mcp.answers.setup import SetupReport
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import Environment
from gitops_mcp.tools.registry import Tool


def check_setup(app: App, environment: Environment = None) -> SetupReport:
    """Check what this server works with, from git to rights, and say what mends each fault.

    When other tools fail.
    """
    from gitops_mcp.workflows.setup.report import bounded_report

    return bounded_report(app, environment)


TOOLS = (Tool(check_setup, "Check the setup", "read", toolset="setup"),)

"""What a model may ask. `ALL` is the order in which clients see the tools."""

from __future__ import annotations

from gitops_mcp.tools import changes, clusters, databases, roles
from gitops_mcp.tools.registry import Tool

ALL: tuple[Tool, ...] = (*clusters.TOOLS, *roles.TOOLS, *databases.TOOLS, *changes.TOOLS)

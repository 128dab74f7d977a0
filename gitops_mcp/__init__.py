"""An MCP server through which an assistant runs CloudNativePG clusters the GitOps way."""

from __future__ import annotations

__version__ = "0.1.0"

"""What people ask about a running database: how to connect, what it logs, what it measures. Nothing here writes."""

from __future__ import annotations

from gitops_mcp.answers.connection import ConnectionInfo
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import ClusterName, Environment, LoginRole, Namespace, OneDatabase
from gitops_mcp.tools.registry import Tool


def get_connection_info(
    app: App,
    cluster_name: ClusterName,
    database: OneDatabase = None,
    role: LoginRole = None,
    namespace: Namespace = None,
    environment: Environment = None,
) -> ConnectionInfo:
    """How to connect: hosts and ports, database, user, which Secret has the password, CA, a URI; never a secret value.

    For "how does my app connect". No Secret is read: a person reads the password with the command in the answer.
    """
    from gitops_mcp.workflows.reading.connection import connection_info

    return connection_info(
        app, cluster_name, database=database, role=role, namespace=namespace, environment=environment
    )


OBSERVE_TOOLS = (Tool(get_connection_info, "Connection details", "read"),)
TOOLS = OBSERVE_TOOLS

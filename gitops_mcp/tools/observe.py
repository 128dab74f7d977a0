"""What people ask about a running database: how to connect, what it logs, what it measures. Nothing here writes."""

from __future__ import annotations

from gitops_mcp.answers.observed.connection import ConnectionInfo
from gitops_mcp.answers.observed.logs import PostgresLogs
from gitops_mcp.answers.observed.metrics import PostgresMetrics
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    ClusterName,
    Contains,
    Environment,
    Limit,
    LoginRole,
    LogLevel,
    Namespace,
    OneDatabase,
    OneInstance,
    Since,
)
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

    A person reads the password with the command in the answer.
    """
    from gitops_mcp.workflows.reading.observe.connection import connection_info

    return connection_info(
        app, cluster_name, database=database, role=role, namespace=namespace, environment=environment
    )


def get_postgres_logs(
    app: App,
    cluster_name: ClusterName,
    instance: OneInstance = None,
    since: Since = "1h",
    level: LogLevel = None,
    contains: Contains = None,
    limit: Limit = 50,
    namespace: Namespace = None,
    environment: Environment = None,
) -> PostgresLogs:
    """Read what a cluster's instances log: what is wrong and what to do first, then lines grouped, the worst first.

    Statements are shown without their values. Needs the right to pods/log.
    """
    from gitops_mcp.workflows.reading.observe.logs import postgres_logs

    return postgres_logs(
        app,
        cluster_name,
        instance=instance,
        since=since,
        level=level,
        contains=contains,
        limit=limit,
        namespace=namespace,
        environment=environment,
    )


def get_postgres_metrics(
    app: App, cluster_name: ClusterName, namespace: Namespace = None, environment: Environment = None
) -> PostgresMetrics:
    """Read what a cluster measures: connections, lag, WAL, archiving, sizes, cache, oldest transaction, full volumes.

    Needs the right to pods/proxy, or a Prometheus in the configuration.
    """
    from gitops_mcp.workflows.reading.observe.metrics import postgres_metrics

    return postgres_metrics(app, cluster_name, namespace=namespace, environment=environment)


TOOLS = (
    Tool(get_connection_info, "Connection details", "read", toolset="observe"),
    Tool(get_postgres_logs, "Logs of a cluster", "read", toolset="observe"),
    Tool(get_postgres_metrics, "Metrics of a cluster", "read", toolset="observe"),
)

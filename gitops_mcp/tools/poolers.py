"""Poolers before a cluster: see them, and create one."""

from __future__ import annotations

from gitops_mcp.answers.poolers import PoolerList
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    Change,
    ClusterName,
    Cursor,
    DryRun,
    Environment,
    Limit,
    Namespace,
    PgBouncerParameters,
    PoolerInstances,
    PoolerName,
    PoolerType,
    PoolMode,
    Reason,
)
from gitops_mcp.tools.registry import Tool


def list_postgres_poolers(
    app: App,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    environment: Environment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PoolerList:
    """List the poolers (PgBouncer) of a cluster: type, pool mode, pods, host, phase, and open changes of them."""
    from gitops_mcp.workflows.reading.poolers import list_poolers

    return list_poolers(app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor)


def create_postgres_pooler(
    app: App,
    cluster_name: ClusterName,
    type: PoolerType = "rw",  # noqa: A002 - the field's own name
    instances: PoolerInstances = 2,
    pool_mode: PoolMode = "session",
    parameters: PgBouncerParameters = None,
    pooler_name: PoolerName = None,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose a pooler (PgBouncer) before a cluster.

    To pause, scale or delete one: update_postgres_object, delete_postgres_object with kind Pooler.
    """
    from gitops_mcp.domain.plans.pooler import NewPooler
    from gitops_mcp.workflows.writing import poolers
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest("create_postgres_pooler", environment, change=change, reason=reason, dry_run=dry_run)
    new = NewPooler(pooler_name or "", type, instances, pool_mode, parameters or {})
    return poolers.create_pooler(app, request, cluster_name, new, namespace=namespace)


TOOLS = (
    Tool(list_postgres_poolers, "List poolers", "read", toolset="poolers"),
    Tool(create_postgres_pooler, "Create a pooler", "propose", toolset="poolers"),
)

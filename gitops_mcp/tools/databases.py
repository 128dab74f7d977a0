"""Databases inside a cluster: see them, create and delete them."""

from __future__ import annotations

from gitops_mcp.app import App
from gitops_mcp.domain.answers import DatabaseList, WriteResult
from gitops_mcp.tools import arguments as a
from gitops_mcp.tools.registry import Tool


def list_postgres_databases(
    app: App,
    cluster_name: a.ClusterName,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    limit: a.Limit = 50,
    cursor: a.Cursor = None,
) -> DatabaseList:
    """List a cluster's databases: owner, state, reclaim policy, extensions, schemas, and open changes that touch them.

    The application's database, which bootstrap made, is listed as such.
    """
    from gitops_mcp.workflows import databases

    return databases.databases(
        app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor
    )


def create_postgres_database(
    app: App,
    cluster_name: a.ClusterName,
    database_name: a.NewDatabaseName,
    owner: a.DatabaseOwner,
    reclaim_policy: a.ReclaimPolicy = "retain",
    extensions: a.Extensions = None,
    schemas: a.Schemas = None,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    change: a.Change = None,
    reason: a.Reason = None,
    dry_run: a.DryRun = False,
) -> WriteResult:
    """Propose a new database: commit a Database object on a branch of its own for review.

    Its owner must be a role that exists; make one in the same change with create_postgres_role. For the application's
    own database it adds extensions and schemas.
    """
    from gitops_mcp.workflows import databases
    from gitops_mcp.workflows.road import Request

    return databases.create(
        app,
        Request("create_postgres_database", environment, change=change, reason=reason, dry_run=dry_run),
        databases.Which(cluster_name, database_name, namespace),
        owner=owner,
        reclaim_policy=reclaim_policy,
        extensions=extensions or (),
        schemas=schemas or (),
    )


def delete_postgres_database(
    app: App,
    cluster_name: a.ClusterName,
    database_name: a.NewDatabaseName,
    drop: a.DropDatabase = False,
    confirm_deletion: a.Confirm = False,
    namespace: a.Namespace = None,
    environment: a.Environment = None,
    change: a.Change = None,
    reason: a.Reason = None,
    dry_run: a.DryRun = False,
) -> WriteResult:
    """Propose the next step of taking a database away, for review; says which step it is and what becomes of the data.

    Without drop only Git forgets it, unless its reclaim policy is delete. With drop it takes two changes: one asks
    for it, and once that is applied the next call removes the manifest.
    """
    from gitops_mcp.workflows import databases
    from gitops_mcp.workflows.road import Request

    request = Request(
        "delete_postgres_database",
        environment,
        change=change,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
    )
    return databases.delete(app, request, databases.Which(cluster_name, database_name, namespace), drop=drop)


TOOLS = (
    Tool(list_postgres_databases, "List databases", "read"),
    Tool(create_postgres_database, "Create a database", "propose"),
    Tool(delete_postgres_database, "Delete a database", "destroy"),
)

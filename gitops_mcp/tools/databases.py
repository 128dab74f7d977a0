"""Databases inside a cluster: see them, create and delete them."""

from __future__ import annotations

from gitops_mcp.answers.members import DatabaseList
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    Change,
    ClusterName,
    Confirm,
    Cursor,
    DatabaseOwner,
    DropDatabase,
    DryRun,
    Environment,
    Extensions,
    FixedLocale,
    Limit,
    MaybeConnectionLimit,
    Namespace,
    NewDatabaseName,
    NewDatabaseOwner,
    NewExtensions,
    NewSchemas,
    Reason,
    ReclaimPolicy,
    Schemas,
    Servers,
    Wrappers,
)
from gitops_mcp.tools.registry import Tool


def list_postgres_databases(
    app: App,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    environment: Environment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DatabaseList:
    """List a cluster's databases: owner, state, reclaim policy, extensions, schemas, and open changes of them."""
    from gitops_mcp.workflows.reading.databases import list_databases

    return list_databases(app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor)


def create_postgres_database(
    app: App,
    cluster_name: ClusterName,
    database_name: NewDatabaseName,
    owner: DatabaseOwner,
    reclaim_policy: ReclaimPolicy = "retain",
    extensions: Extensions = None,
    schemas: Schemas = None,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose a new database.

    Its owner must exist; make it in the same change with create_postgres_role.
    """
    from gitops_mcp.workflows.writing import databases
    from gitops_mcp.workflows.writing.request import WriteRequest

    return databases.create_database(
        app,
        WriteRequest("create_postgres_database", environment, change=change, reason=reason, dry_run=dry_run),
        databases.WhichDatabase(cluster_name, database_name, namespace),
        owner=owner,
        reclaim_policy=reclaim_policy,
        extensions=extensions or (),
        schemas=schemas or (),
    )


def update_postgres_database(
    app: App,
    cluster_name: ClusterName,
    database_name: NewDatabaseName,
    owner: NewDatabaseOwner = None,
    extensions: NewExtensions = None,
    schemas: NewSchemas = None,
    fdws: Wrappers = None,
    servers: Servers = None,
    connection_limit: MaybeConnectionLimit = None,
    locale: FixedLocale = None,
    confirm_deletion: Confirm = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose another owner, limit, extensions, schemas, foreign data wrappers (fdws) or foreign servers of a database.

    What is not named stays. An item is a name or its fields: {"name": "vector", "version": "0.8.0"}; "ensure": "absent"
    drops it.
    """
    from gitops_mcp.workflows.writing import databases
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "update_postgres_database",
        environment,
        change=change,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
    )
    return databases.update_database(
        app,
        request,
        databases.WhichDatabase(cluster_name, database_name, namespace),
        owner=owner,
        connection_limit=connection_limit,
        lists={"extensions": extensions, "schemas": schemas, "fdws": fdws, "servers": servers},
        locale=locale,
    )


def delete_postgres_database(
    app: App,
    cluster_name: ClusterName,
    database_name: NewDatabaseName,
    drop: DropDatabase = False,
    confirm_deletion: Confirm = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose the next step of taking a database away.

    Without drop only Git forgets it, unless its reclaim policy is delete. Dropping takes two changes.
    """
    from gitops_mcp.workflows.writing import databases
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "delete_postgres_database",
        environment,
        change=change,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
    )
    return databases.delete_database(
        app, request, databases.WhichDatabase(cluster_name, database_name, namespace), drop=drop
    )


TOOLS = (
    Tool(list_postgres_databases, "List databases", "read", toolset="databases"),
    Tool(create_postgres_database, "Create a database", "propose", toolset="databases"),
    Tool(update_postgres_database, "Update a database", "destroy", toolset="databases"),
    Tool(delete_postgres_database, "Delete a database", "destroy", toolset="databases"),
)

"""Backups of a cluster: see them, schedule them, take one, and restore from them."""

from __future__ import annotations

from gitops_mcp.answers.backups import BackupList
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import ClusterName, Cursor, Environment, Limit, Namespace
from gitops_mcp.tools.registry import Tool


def list_postgres_backups(
    app: App,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    environment: Environment = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> BackupList:
    """Say whether a cluster could be restored, from when to when and how old its last backup is; else why not.

    With archiving, schedules and their next run, Backup objects and ObjectStores. Ask it before anything is lost.
    """
    from gitops_mcp.workflows.reading.backups import list_backups

    return list_backups(app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor)


TOOLS = (Tool(list_postgres_backups, "List backups", "read"),)

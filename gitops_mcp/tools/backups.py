"""Backups of a cluster: see them, schedule them, take one, and restore from them."""

from __future__ import annotations

from gitops_mcp.answers.backups import BackupList
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    BackupMethod,
    BackupName,
    BackupSchedule,
    Change,
    ClusterName,
    CredentialsSecret,
    Cursor,
    DestinationPath,
    Drill,
    DryRun,
    EndpointUrl,
    Environment,
    Limit,
    MaybeFlag,
    Namespace,
    NewPostgresVersion,
    NewStorageSize,
    ObjectStoreName,
    Reason,
    RestoredName,
    RestoreTarget,
    RestoreValue,
    Retention,
    ServerName,
)
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

    Ask it before anything is lost.
    """
    from gitops_mcp.workflows.reading.backups import list_backups

    return list_backups(app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor)


def schedule_postgres_backups(
    app: App,
    cluster_name: ClusterName,
    schedule: BackupSchedule,
    retention: Retention = None,
    method: BackupMethod = None,
    object_store: ObjectStoreName = None,
    destination_path: DestinationPath = None,
    endpoint_url: EndpointUrl = None,
    credentials_secret: CredentialsSecret = None,
    immediate: MaybeFlag = None,
    suspended: MaybeFlag = None,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose a schedule of backups; where there is one, it is changed.

    A cluster without an archive gets ObjectStore and plugin too (a rolling restart): say destination_path and
    credentials_secret, or object_store; else as its siblings have it.
    """
    from gitops_mcp.domain.plans.backups.schedule import ScheduleRequest
    from gitops_mcp.domain.plans.backups.setup import StoreRequest
    from gitops_mcp.workflows.writing import backups
    from gitops_mcp.workflows.writing.request import WriteRequest

    store = StoreRequest(object_store, destination_path, endpoint_url, credentials_secret)
    return backups.schedule_backups(
        app,
        WriteRequest("schedule_postgres_backups", environment, change=change, reason=reason, dry_run=dry_run),
        cluster_name,
        ScheduleRequest(schedule, retention, method, store, immediate, suspended),
        namespace=namespace,
    )


def create_postgres_backup(
    app: App,
    cluster_name: ClusterName,
    method: BackupMethod = None,
    backup_name: BackupName = None,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose one backup now: commit a Backup object; it is taken once that is applied.

    For backups that recur use schedule_postgres_backups.
    """
    from gitops_mcp.workflows.writing import backups
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest("create_postgres_backup", environment, change=change, reason=reason, dry_run=dry_run)
    return backups.create_backup(app, request, cluster_name, namespace=namespace, name=backup_name, method=method)


def restore_postgres_cluster(
    app: App,
    cluster_name: ClusterName,
    new_name: RestoredName,
    target: RestoreTarget = "latest",
    target_value: RestoreValue = None,
    from_store: ObjectStoreName = None,
    server_name: ServerName = None,
    drill: Drill = False,
    storage_size: NewStorageSize = None,
    postgres_version: NewPostgresVersion = None,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose a new cluster restored from another one's backups, beside it.

    The old one may be gone: then Git's history tells of it, or from_store and server_name. list_postgres_backups says
    from when to when.
    """
    from gitops_mcp.workflows.writing import restore_sources
    from gitops_mcp.workflows.writing.request import WriteRequest

    return restore_sources.restore_cluster(
        app,
        WriteRequest("restore_postgres_cluster", environment, change=change, reason=reason, dry_run=dry_run),
        restore_sources.WhichRestore(
            cluster_name,
            new_name,
            namespace,
            target,
            target_value,
            from_store,
            server_name,
            drill,
            storage_size,
            postgres_version,
        ),
    )


def migrate_postgres_backups(
    app: App,
    cluster_name: ClusterName,
    object_store: ObjectStoreName = None,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose moving a cluster's backups from barmanObjectStore, which goes with CloudNativePG 1.31, to the plugin.

    Archives keep their names, so old backups can still be restored. Instances restart one by one.
    """
    from gitops_mcp.workflows.writing import backups
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest("migrate_postgres_backups", environment, change=change, reason=reason, dry_run=dry_run)
    return backups.migrate_backups(app, request, cluster_name, namespace=namespace, object_store=object_store)


TOOLS = (
    Tool(list_postgres_backups, "List backups", "read", toolset="backups"),
    Tool(schedule_postgres_backups, "Schedule backups", "propose", toolset="backups"),
    Tool(create_postgres_backup, "Take a backup", "propose", toolset="backups"),
    Tool(migrate_postgres_backups, "Migrate backups to the plugin", "propose", toolset="backups"),
    Tool(restore_postgres_cluster, "Restore a cluster", "propose", toolset="backups"),
)

"""Clusters: see them, create, scale, update and delete them."""

from __future__ import annotations

from gitops_mcp.answers.cluster_status import ClusterStatus
from gitops_mcp.answers.clusters import ClusterList
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    AllNamespaces,
    Change,
    Confirm,
    ConfirmOutage,
    Cursor,
    DatabaseName,
    DetailLevel,
    DryRun,
    Environment,
    Hibernation,
    Image,
    Instances,
    Limit,
    MaintenanceWindow,
    Namespace,
    NewNamespace,
    NewParameters,
    NewPostgresVersion,
    NewStorageSize,
    Only,
    Owner,
    Parameters,
    PodResources,
    PostgresVersion,
    Reason,
    Reload,
    Restart,
    Sections,
    SomeEnvironment,
    StorageClass,
    StorageSize,
    TheCluster,
    Timeout,
    Wait,
    WalStorageSize,
)
from gitops_mcp.tools.registry import Tool


def list_postgres_clusters(
    app: App,
    environment: SomeEnvironment = None,
    namespace: AllNamespaces = None,
    only: Only = "all",
    detail_level: DetailLevel = "concise",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ClusterList:
    """List CloudNativePG clusters with readiness, phase, findings, primary, image and storage.

    Where the API cannot be reached, what Git declares. One in depth: get_cluster_status.
    """
    from gitops_mcp.workflows.reading.clusters.cluster_list import list_clusters
    from gitops_mcp.workflows.reading.clusters.every_environment import ALL, list_all_clusters

    detailed, unwell = detail_level == "detailed", only == "unwell"
    if environment == ALL:
        return list_all_clusters(app, namespace=namespace, detailed=detailed, limit=limit, cursor=cursor, unwell=unwell)
    return list_clusters(
        app, environment=environment, namespace=namespace, detailed=detailed, unwell=unwell, limit=limit, cursor=cursor
    )


def get_cluster_status(
    app: App,
    cluster_name: TheCluster,
    namespace: Namespace = None,
    environment: Environment = None,
    detail_level: DetailLevel = "concise",
    sections: Sections = None,
) -> ClusterStatus:
    """Report one cluster's health: what is wrong and what to do, state, what Git says, backups.

    Use it before and after a change. detailed shows all, sections some.
    """
    from gitops_mcp.workflows.reading.clusters.status import read_cluster_status

    return read_cluster_status(
        app,
        cluster_name,
        namespace=namespace,
        environment=environment,
        detailed=detail_level == "detailed",
        sections=sections,
    )


def create_postgres_cluster(
    app: App,
    cluster_name: TheCluster,
    instances: Instances = 3,
    storage_size: StorageSize = "10Gi",
    postgres_version: PostgresVersion = "18",
    storage_class: StorageClass = None,
    parameters: Parameters = None,
    database: DatabaseName = "app",
    owner: Owner = None,
    wait: Wait = False,
    timeout: Timeout = None,
    namespace: NewNamespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose a new cluster: its manifest is committed; nothing is applied."""
    from gitops_mcp.workflows.writing import clusters
    from gitops_mcp.workflows.writing.request import WriteRequest

    return clusters.create_cluster(
        app,
        WriteRequest("create_postgres_cluster", environment, change=change, reason=reason, dry_run=dry_run),
        clusters.NewCluster(
            name=cluster_name,
            namespace=namespace,
            instances=instances,
            storage_size=storage_size,
            postgres_version=postgres_version,
            storage_class=storage_class,
            parameters=parameters or {},
            database=database,
            owner=owner,
            wait=wait,
            timeout=timeout,
        ),
    )


def scale_postgres_cluster(
    app: App,
    cluster_name: TheCluster,
    instances: Instances,
    confirm_deletion: Confirm = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose another number of instances: that one line is committed.

    Scaling down deletes volumes; to 1, or below what synchronous replication needs, takes confirm_deletion.
    """
    from gitops_mcp.workflows.writing import clusters
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "scale_postgres_cluster", environment, change=change, reason=reason, dry_run=dry_run, confirmed=confirm_deletion
    )
    return clusters.scale_cluster(app, request, cluster_name, namespace=namespace, instances=instances)


def update_postgres_cluster(
    app: App,
    cluster_name: TheCluster,
    storage_size: NewStorageSize = None,
    wal_storage_size: WalStorageSize = None,
    postgres_version: NewPostgresVersion = None,
    image: Image = None,
    parameters: NewParameters = None,
    resources: PodResources = None,
    hibernation: Hibernation = None,
    restart: Restart = False,
    reload: Reload = False,
    maintenance_window: MaintenanceWindow = None,
    confirm_outage: ConfirmOutage = False,
    confirm_deletion: Confirm = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose other settings of a cluster: storage, version, parameters, resources, hibernation, restart.

    Hibernation and a major upgrade take confirm_outage.
    """
    from gitops_mcp.domain.plans.clusters.cluster_settings import ClusterUpdate
    from gitops_mcp.workflows.writing import cluster_update
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "update_postgres_cluster",
        environment,
        change=change,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
        outage_confirmed=confirm_outage,
    )
    asked = ClusterUpdate(
        storage_size=storage_size,
        wal_storage_size=wal_storage_size,
        postgres_version=postgres_version,
        image=image,
        parameters=parameters or {},
        resources=resources or {},
        hibernation=hibernation,
        restart=restart,
        reload=reload,
        maintenance_window=maintenance_window or {},
    )
    return cluster_update.update_cluster(app, request, cluster_name, asked, namespace=namespace)


def delete_postgres_cluster(
    app: App,
    cluster_name: TheCluster,
    confirm_deletion: Confirm = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose the next step of deleting a cluster with all its data.

    A protected one takes two changes: the first removes the protection against pruning.
    """
    from gitops_mcp.workflows.writing import clusters
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "delete_postgres_cluster",
        environment,
        change=change,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
    )
    return clusters.delete_cluster(app, request, cluster_name, namespace=namespace)


TOOLS = (
    Tool(list_postgres_clusters, "List clusters", "read", toolset="clusters"),
    Tool(get_cluster_status, "Cluster status", "read", toolset="clusters"),
    Tool(create_postgres_cluster, "Create a cluster", "propose", toolset="clusters"),
    Tool(scale_postgres_cluster, "Scale a cluster", "destroy", toolset="clusters"),
    Tool(update_postgres_cluster, "Update a cluster", "destroy", toolset="clusters"),
    Tool(delete_postgres_cluster, "Delete a cluster", "destroy", toolset="clusters"),
)

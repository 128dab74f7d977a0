"""Single instances, where an environment is changed directly: promote and restart them."""

from __future__ import annotations

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import ClusterName, DryRun, Environment, InstanceName, Namespace
from gitops_mcp.tools.registry import Tool


def promote_postgres_instance(
    app: App,
    cluster_name: ClusterName,
    instance: InstanceName,
    namespace: Namespace = None,
    environment: Environment = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Switch a cluster over to another instance at once, after a person has agreed.

    In direct delivery alone; elsewhere it names the command.
    """
    from gitops_mcp.workflows.writing.delivery.direct.instances import InstanceRequest, act_on_instance

    return act_on_instance(
        app, InstanceRequest("promote", cluster_name, instance, namespace, environment, dry_run=dry_run)
    )


def restart_postgres_instance(
    app: App,
    cluster_name: ClusterName,
    instance: InstanceName,
    namespace: Namespace = None,
    environment: Environment = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Restart one instance of a cluster at once, after a person has agreed: the primary in place, a replica's pod anew.

    In direct delivery alone; all instances in turn: update_postgres_cluster restart=true.
    """
    from gitops_mcp.workflows.writing.delivery.direct.instances import InstanceRequest, act_on_instance

    return act_on_instance(
        app, InstanceRequest("restart", cluster_name, instance, namespace, environment, dry_run=dry_run)
    )


TOOLS = (
    Tool(promote_postgres_instance, "Promote an instance", "destroy", toolset="direct"),
    Tool(restart_postgres_instance, "Restart an instance", "destroy", toolset="direct"),
)

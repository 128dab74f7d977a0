"""Drift: where live is not as Git says, and live values taken into Git."""

from __future__ import annotations

from gitops_mcp.answers.drift import DriftReport
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    AdoptedFields,
    Change,
    ClusterName,
    ComparedNamespace,
    Confirm,
    ConfirmOutage,
    Cursor,
    DryRun,
    Environment,
    KnownKind,
    Limit,
    Namespace,
    ObjectName,
    OneCluster,
    Reason,
)
from gitops_mcp.tools.registry import Tool


def get_drift(
    app: App,
    cluster_name: OneCluster = None,
    namespace: ComparedNamespace = None,
    environment: Environment = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> DriftReport:
    """Compare Git with what is live, field by field in both directions: who changed what, when, and what becomes of it.

    Of one cluster with what belongs to it, or of everything. To make Git say it: adopt_live.
    """
    from gitops_mcp.workflows.reading.drift import read_drift

    return read_drift(app, cluster_name, namespace=namespace, environment=environment, limit=limit, cursor=cursor)


def adopt_live(
    app: App,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    kind: KnownKind = "Cluster",
    object: ObjectName = None,  # noqa: A002 - the name that callers give
    fields: AdoptedFields = None,
    confirm_outage: ConfirmOutage = False,
    confirm_deletion: Confirm = False,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose that Git says what is live: write the live value of fields to the right place.

    An object that only live has is written whole, one that only Git has is taken out.
    """
    from gitops_mcp.workflows.writing.adoption import WhichObject, adopt_object
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "adopt_live",
        environment,
        change=change,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
        outage_confirmed=confirm_outage,
    )
    return adopt_object(app, request, WhichObject(cluster_name, namespace, kind, object), fields)


TOOLS = (
    Tool(get_drift, "Compare Git with live", "read", toolset="changes"),
    Tool(adopt_live, "Take live values into Git", "destroy", toolset="changes"),
)

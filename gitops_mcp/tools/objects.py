"""Objects of any kind that CloudNativePG declares, and every field of them: create, update and delete."""

from __future__ import annotations

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    Change,
    Confirm,
    ConfirmOutage,
    DryRun,
    Environment,
    KeyedItems,
    KnownKind,
    Namespace,
    NamespaceOfNew,
    ObjectKind,
    ObjectSpec,
    OneObjectName,
    Reason,
    RemovedFields,
    SetFields,
)
from gitops_mcp.tools.registry import Tool


def create_postgres_object(
    app: App,
    kind: ObjectKind,
    name: OneObjectName,
    spec: ObjectSpec,
    namespace: NamespaceOfNew = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose a new object of any CloudNativePG kind, with the spec as its CRD has it.

    A cluster, role or database has a tool of its own.
    """
    from gitops_mcp.workflows.writing import objects
    from gitops_mcp.workflows.writing.object_targets import NamedObject
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest("create_postgres_object", environment, change=change, reason=reason, dry_run=dry_run)
    return objects.create_object(app, request, NamedObject(kind, name, namespace), spec)


def update_postgres_object(
    app: App,
    kind: KnownKind,
    name: OneObjectName,
    set: SetFields = None,  # noqa: A002 - the name that callers give
    remove: RemovedFields = None,
    items: KeyedItems = None,
    confirm_deletion: Confirm = False,
    confirm_outage: ConfirmOutage = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose any fields of any object, by their paths.

    For what no other tool sets. Paths begin at spec, metadata.labels or metadata.annotations; keys and items stand in
    brackets.
    """
    from gitops_mcp.domain.plans.generic.field_requests import ObjectUpdate
    from gitops_mcp.workflows.writing import objects
    from gitops_mcp.workflows.writing.object_targets import NamedObject
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "update_postgres_object",
        environment,
        change=change,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
        outage_confirmed=confirm_outage,
    )
    asked = ObjectUpdate(set or {}, remove or (), items or {})
    return objects.update_object(app, request, NamedObject(kind, name, namespace), asked)


def delete_postgres_object(
    app: App,
    kind: KnownKind,
    name: OneObjectName,
    confirm_deletion: Confirm = False,
    namespace: Namespace = None,
    environment: Environment = None,
    change: Change = None,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Propose the next step of deleting an object of any kind; says what goes with it.

    To drop a role or database in PostgreSQL use delete_postgres_role or delete_postgres_database.
    """
    from gitops_mcp.workflows.writing import objects
    from gitops_mcp.workflows.writing.object_targets import NamedObject
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "delete_postgres_object", environment, change=change, reason=reason, dry_run=dry_run, confirmed=confirm_deletion
    )
    return objects.delete_object(app, request, NamedObject(kind, name, namespace))


TOOLS = (
    Tool(create_postgres_object, "Create any object", "propose", toolset="objects"),
    Tool(update_postgres_object, "Change any field", "destroy", toolset="objects"),
    Tool(delete_postgres_object, "Delete any object", "destroy", toolset="objects"),
)

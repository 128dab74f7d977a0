"""Objects of any kind: what a field of a kind may hold, and one object from Git to live."""

from __future__ import annotations

from gitops_mcp.answers.objects import FieldExplanation, ObjectDetail
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import Environment, ExplainedPath, KnownKind, Namespace, ObjectKind, OneObjectName
from gitops_mcp.tools.registry import Tool


def explain_postgres_fields(
    app: App, kind: ObjectKind, path: ExplainedPath = None, environment: Environment = None
) -> FieldExplanation:
    """Explain a field of a kind from the schema in use: type, default, rules, fields below, and what a change does.

    Use it before create_postgres_object and update_postgres_object.
    """
    from gitops_mcp.workflows.reading.field_explanation import explain_fields

    return explain_fields(app, kind, path, environment=environment)


def get_postgres_object(
    app: App, kind: KnownKind, name: OneObjectName, namespace: Namespace = None, environment: Environment = None
) -> ObjectDetail:
    """Show one object as Git declares it (each field with its place and author), as built, and as live; no secrets.

    For the health of a cluster use get_cluster_status.
    """
    from gitops_mcp.workflows.reading.object_detail import read_object

    return read_object(app, kind, name, namespace=namespace, environment=environment)


TOOLS = (
    Tool(explain_postgres_fields, "Explain fields", "read", toolset="objects"),
    Tool(get_postgres_object, "Show an object", "read", toolset="objects"),
)

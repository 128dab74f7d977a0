"""Changes: the branches that hold what was proposed."""

from __future__ import annotations

from gitops_mcp.answers.changes import ChangeDetail, ChangeList
from gitops_mcp.answers.history import ObjectHistory
from gitops_mcp.answers.writes import DiscardResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    ChangeName,
    ChangeState,
    ClusterName,
    Confirm,
    Cursor,
    DetailLevel,
    DryRun,
    Environment,
    HistoryField,
    Limit,
    Namespace,
    ObjectKind,
    OwnedObject,
)
from gitops_mcp.tools.registry import Tool


def list_changes(app: App, state: ChangeState = "open", limit: Limit = 50, cursor: Cursor = None) -> ChangeList:
    """List the changes this server proposed, with their state, files and how far they are behind the base.

    For the diff of one, and whether it is live, use get_change.
    """
    from gitops_mcp.workflows.reading.changes import page_of_changes

    return page_of_changes(app, state=state, limit=limit, cursor=cursor)


def get_change(app: App, change: ChangeName, detail_level: DetailLevel = "concise") -> ChangeDetail:
    """Show one change: diff, impact, state from draft to healthy, and each touched object's live state.

    Use it after a change was merged, to see whether it is applied.
    """
    from gitops_mcp.workflows.reading.changes import change_detail

    return change_detail(app, change, detailed=detail_level == "detailed")


def get_history(
    app: App,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    kind: ObjectKind = "Cluster",
    object: OwnedObject = None,  # noqa: A002 - what callers know it by
    field: HistoryField = None,
    environment: Environment = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ObjectHistory:
    """Tell which commits changed an object as it is built, newest first: who, when, why, fields before and after.

    Any file counts that the object is made of: a patch, a base, a component, chart values. With field, who last set it.
    """
    from gitops_mcp.workflows.reading.history.page import HistoryQuestion, read_history

    asked = HistoryQuestion(cluster_name, namespace, kind, object, field, environment, limit, cursor)
    return read_history(app, asked)


def discard_change(
    app: App, change: ChangeName, confirm_deletion: Confirm = False, dry_run: DryRun = False
) -> DiscardResult:
    """Delete the branch of a change that is not merged. Its commits are lost; nothing live changes."""
    from gitops_mcp.workflows.writing.discard import discard_branch

    return discard_branch(app, change, confirmed=confirm_deletion, dry_run=dry_run)


TOOLS = (
    Tool(list_changes, "List changes", "read"),
    Tool(get_change, "Show a change", "read"),
    Tool(get_history, "Show an object's history", "read"),
    Tool(discard_change, "Discard a change", "destroy"),
)

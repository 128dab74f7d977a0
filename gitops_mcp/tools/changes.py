"""Changes: the branches that hold what was proposed."""

from __future__ import annotations

from gitops_mcp.app import App
from gitops_mcp.domain.answers import ChangeDetail, ChangeList, Discarded
from gitops_mcp.tools import arguments as a
from gitops_mcp.tools.registry import Tool


def list_changes(app: App, state: a.ChangeState = "open", limit: a.Limit = 50, cursor: a.Cursor = None) -> ChangeList:
    """List the changes this server proposed, with their state, files and how far they are behind the base.

    For the diff of one, and whether it is live, use get_change.
    """
    from gitops_mcp.workflows import progress

    return progress.changes(app, state=state, limit=limit, cursor=cursor)


def get_change(app: App, change: a.ChangeName, detail_level: a.DetailLevel = "concise") -> ChangeDetail:
    """Show one change: diff, impact, state from draft to healthy, and each touched object's live state.

    Use it after a change was merged, to see whether it is applied.
    """
    from gitops_mcp.workflows import progress

    return progress.change(app, change, detailed=detail_level == "detailed")


def discard_change(
    app: App, change: a.ChangeName, confirm_deletion: a.Confirm = False, dry_run: a.DryRun = False
) -> Discarded:
    """Delete the branch of a change that is not merged. Its commits are lost; nothing live changes."""
    from gitops_mcp.workflows import progress

    return progress.discard(app, change, confirmed=confirm_deletion, dry_run=dry_run)


TOOLS = (
    Tool(list_changes, "List changes", "read"),
    Tool(get_change, "Show a change", "read"),
    Tool(discard_change, "Discard a change", "destroy"),
)

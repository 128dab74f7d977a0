"""Changes: the branches that hold what was proposed."""

from __future__ import annotations

from gitops_mcp.answers.changes import ChangeDetail, ChangeList
from gitops_mcp.answers.writes import DiscardResult, WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    ChangeName,
    ChangeState,
    Confirm,
    Cursor,
    DetailLevel,
    DryRun,
    Limit,
    NextEnvironment,
    OtherNames,
    OtherValues,
    Reason,
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


def discard_change(
    app: App, change: ChangeName, confirm_deletion: Confirm = False, dry_run: DryRun = False
) -> DiscardResult:
    """Delete the branch of a change that is not merged. Its commits are lost; nothing live changes."""
    from gitops_mcp.workflows.writing.discard import discard_branch

    return discard_branch(app, change, confirmed=confirm_deletion, dry_run=dry_run)


def refresh_change(
    app: App, change: ChangeName, confirm_deletion: Confirm = False, reason: Reason = None, dry_run: DryRun = False
) -> WriteResult:
    """Bring an open change up to the base: its requests are planned there again, as a further commit on its branch.

    Use it where a change is behind or conflicts. Commits that others made on the branch are named, and nothing moves.
    """
    from gitops_mcp.tools.drafts import draft_request
    from gitops_mcp.workflows.writing.carried_on.refresh import refresh_open_change
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest("refresh_change", None, reason=reason, dry_run=dry_run, confirmed=confirm_deletion)
    return refresh_open_change(app, request, change, draft_request)


def undo_change(
    app: App, change: ChangeName, confirm_deletion: Confirm = False, reason: Reason = None, dry_run: DryRun = False
) -> WriteResult:
    """Take back what a merged change did, by a new change that sets its fields and objects back at today's places.

    Of an open change it takes back the last commit, by a further one; discard_change removes all of it. Refused where
    data is gone, or where later changes touched the same.
    """
    from gitops_mcp.tools.drafts import draft_request
    from gitops_mcp.workflows.writing.carried_on.undo import undo
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest("undo_change", None, reason=reason, dry_run=dry_run, confirmed=confirm_deletion)
    return undo(app, request, change, draft_request)


def repeat_change(
    app: App,
    change: ChangeName,
    environment: NextEnvironment = None,
    names: OtherNames = None,
    values: OtherValues = None,
    confirm_deletion: Confirm = False,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Ask for all that a change asked for once more, in another environment: a new change there, with new passwords.

    Use it to carry a change on from staging to production. What does not exist there is named.
    """
    from gitops_mcp.tools.drafts import draft_request
    from gitops_mcp.workflows.writing.carried_on.repeat import Elsewhere, repeat
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest("repeat_change", environment, reason=reason, dry_run=dry_run, confirmed=confirm_deletion)
    return repeat(app, request, change, Elsewhere(environment, names or {}, values or {}), draft_request)


TOOLS = (
    Tool(list_changes, "List changes", "read"),
    Tool(get_change, "Show a change", "read"),
    Tool(refresh_change, "Refresh a change", "destroy"),
    Tool(repeat_change, "Repeat a change elsewhere", "destroy"),
    Tool(undo_change, "Undo a change", "destroy"),
    Tool(discard_change, "Discard a change", "destroy"),
)

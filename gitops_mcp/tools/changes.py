"""Changes: the branches that hold what was proposed."""

from __future__ import annotations

from gitops_mcp.answers.changes import ChangeDetail, ChangeList
from gitops_mcp.answers.writes import DiscardResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    ChangeName,
    ChangeState,
    ChangeTimeout,
    Confirm,
    Cursor,
    DetailLevel,
    DryRun,
    Limit,
    WaitFor,
)
from gitops_mcp.tools.registry import Tool


def list_changes(app: App, state: ChangeState = None, limit: Limit = 50, cursor: Cursor = None) -> ChangeList:
    """List the changes this server proposed: what each is, its impact, pull request and state, and what holds it up.

    Without a state: the open ones, and merged ones that have not arrived. For the diff of one, its reviews and checks,
    and whether it is live, use get_change.
    """
    from gitops_mcp.workflows.reading.changes import CURRENT, page_of_changes

    return page_of_changes(app, state=state or CURRENT, limit=limit, cursor=cursor)


def get_change(
    app: App,
    change: ChangeName,
    detail_level: DetailLevel = "concise",
    wait_for: WaitFor = None,
    timeout: ChangeTimeout = None,
) -> ChangeDetail:
    """Show one change: diff, impact, pull request, state from draft to healthy, and who has to act next and how.

    Use it after a change was made, to see what its review waits for, and after the merge, whether it is applied. With
    wait_for it answers once that is so, or at once where waiting does not bring it.
    """
    from gitops_mcp.workflows.reading.changes import change_detail

    detailed = detail_level == "detailed"
    return change_detail(app, change, detailed=detailed, wait_for=wait_for, seconds=timeout)


def discard_change(
    app: App, change: ChangeName, confirm_deletion: Confirm = False, dry_run: DryRun = False
) -> DiscardResult:
    """Delete the branch of a change that is not merged. Its commits are lost; nothing live changes."""
    from gitops_mcp.workflows.writing.discard import discard_branch

    return discard_branch(app, change, confirmed=confirm_deletion, dry_run=dry_run)


TOOLS = (
    Tool(list_changes, "List changes", "read"),
    Tool(get_change, "Show a change", "read"),
    Tool(discard_change, "Discard a change", "destroy"),
)

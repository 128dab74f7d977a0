"""Changes: the branches that hold what was proposed."""

from __future__ import annotations

from gitops_mcp.answers.changes import ChangeDetail, ChangeList
from gitops_mcp.answers.reviews import ReviewResult
from gitops_mcp.answers.writes import DiscardResult, PullRequestResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    ChangeName,
    ChangeState,
    Confirm,
    Cursor,
    DetailLevel,
    Draft,
    DryRun,
    Limit,
    PullRequestNumber,
    PullRequestTitle,
    ReviewedRef,
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


def open_pull_request(
    app: App, change: ChangeName, draft: Draft = None, title: PullRequestTitle = None, dry_run: DryRun = False
) -> PullRequestResult:
    """Open the pull request of a change whose branch is pushed, or bring the text of the open one up to date.

    Writing tools open it themselves unless the configuration says never. Use it then, to finish what failed, or to
    propose again what a person has closed.
    """
    from gitops_mcp.workflows.writing.pull_requests.opening import open_pull_request_of

    return open_pull_request_of(app, change, draft=draft, title=title, dry_run=dry_run)


def review_change(app: App, ref: ReviewedRef = None, pull_request: PullRequestNumber = None) -> ReviewResult:
    """Judge anybody's branch or pull request, a bot's too: objects changed, broken rules, impact, drift, what is lost.

    Rules and configuration are those of the base, and nothing of the branch is run. For where a change of this server
    stands, use get_change.
    """
    from gitops_mcp.workflows.reviews.candidate import asked_candidate
    from gitops_mcp.workflows.reviews.review import review_to_answer

    return review_to_answer(app, asked_candidate(app, ref, pull_request))


TOOLS = (
    Tool(list_changes, "List changes", "read"),
    Tool(get_change, "Show a change", "read"),
    Tool(review_change, "Review a branch or pull request", "read"),
    Tool(open_pull_request, "Open a pull request", "propose"),
    Tool(discard_change, "Discard a change", "destroy"),
)

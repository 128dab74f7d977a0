"""Changes: the branches that hold what was proposed."""

from __future__ import annotations

from gitops_mcp.answers.changes import ChangeDetail, ChangeList
from gitops_mcp.answers.history import ObjectHistory
from gitops_mcp.answers.reviews import ReviewResult
from gitops_mcp.answers.writes import DiscardResult, PullRequestResult, WriteResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    ChangeName,
    ChangeState,
    ChangeTimeout,
    ClusterName,
    Confirm,
    ConfirmOutage,
    Cursor,
    DetailLevel,
    Draft,
    DryRun,
    Environment,
    HistoryField,
    KnownKind,
    Limit,
    Namespace,
    NextEnvironment,
    ObjectName,
    OtherNames,
    OtherValues,
    PullRequestNumber,
    PullRequestTitle,
    Reason,
    ReviewedRef,
    WaitFor,
)
from gitops_mcp.tools.registry import Tool


def list_changes(app: App, state: ChangeState = None, limit: Limit = 50, cursor: Cursor = None) -> ChangeList:
    """List the changes this server proposed, with impact, pull request, state and what holds each up.

    Diff, reviews and checks of one: get_change.
    """
    from gitops_mcp.workflows.reading.changes.questions import CURRENT, page_of_changes

    return page_of_changes(app, state=state or CURRENT, limit=limit, cursor=cursor)


def get_change(
    app: App,
    change: ChangeName,
    detail_level: DetailLevel = "concise",
    wait_for: WaitFor = None,
    timeout: ChangeTimeout = None,
) -> ChangeDetail:
    """Show one change: diff, impact, pull request, state from draft to healthy, and who has to act next.

    Use it for its review and, after the merge, to see whether it is live.
    """
    from gitops_mcp.workflows.reading.changes.questions import change_detail

    detailed = detail_level == "detailed"
    return change_detail(app, change, detailed=detailed, wait_for=wait_for, seconds=timeout)


def get_history(
    app: App,
    cluster_name: ClusterName,
    namespace: Namespace = None,
    kind: KnownKind = "Cluster",
    object: ObjectName = None,  # noqa: A002 - what callers know it by
    field: HistoryField = None,
    environment: Environment = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ObjectHistory:
    """Tell which commits changed an object as it is built, newest first: who, when, why, fields before and after."""
    from gitops_mcp.workflows.reading.history.page import HistoryQuestion, read_history

    asked = HistoryQuestion(cluster_name, namespace, kind, object, field, environment, limit, cursor)
    return read_history(app, asked)


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

    Writing tools do it themselves; use it where that is off or has failed.
    """
    from gitops_mcp.workflows.writing.delivery.pull_requests.opening import open_pull_request_of

    return open_pull_request_of(app, change, draft=draft, title=title, dry_run=dry_run)


def refresh_change(
    app: App,
    change: ChangeName,
    confirm_outage: ConfirmOutage = False,
    confirm_deletion: Confirm = False,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Bring an open change up to the base: its requests are planned there again.

    Use it where a change is behind or conflicts.
    """
    from gitops_mcp.tools.drafts import draft_request
    from gitops_mcp.workflows.writing.carried_on.refresh import refresh_open_change
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "refresh_change",
        None,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
        outage_confirmed=confirm_outage,
    )
    return refresh_open_change(app, request, change, draft_request)


def undo_change(
    app: App,
    change: ChangeName,
    confirm_outage: ConfirmOutage = False,
    confirm_deletion: Confirm = False,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Take back what a merged change did, by a new change that sets its fields and objects back at today's places.

    Of an open change the last commit; discard_change removes all of it. Refused where data is gone.
    """
    from gitops_mcp.tools.drafts import draft_request
    from gitops_mcp.workflows.writing.carried_on.undo import undo
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "undo_change", None, reason=reason, dry_run=dry_run, confirmed=confirm_deletion, outage_confirmed=confirm_outage
    )
    return undo(app, request, change, draft_request)


def repeat_change(
    app: App,
    change: ChangeName,
    environment: NextEnvironment = None,
    names: OtherNames = None,
    values: OtherValues = None,
    confirm_outage: ConfirmOutage = False,
    confirm_deletion: Confirm = False,
    reason: Reason = None,
    dry_run: DryRun = False,
) -> WriteResult:
    """Ask for all that a change asked for once more, in another environment: a new change there, with new passwords."""
    from gitops_mcp.tools.drafts import draft_request
    from gitops_mcp.workflows.writing.carried_on.repeat import Elsewhere, repeat
    from gitops_mcp.workflows.writing.request import WriteRequest

    request = WriteRequest(
        "repeat_change",
        environment,
        reason=reason,
        dry_run=dry_run,
        confirmed=confirm_deletion,
        outage_confirmed=confirm_outage,
    )
    return repeat(app, request, change, Elsewhere(environment, names or {}, values or {}), draft_request)


def review_change(app: App, ref: ReviewedRef = None, pull_request: PullRequestNumber = None) -> ReviewResult:
    """Judge anybody's branch or pull request: objects changed, broken rules, impact, drift, what is lost."""
    from gitops_mcp.workflows.reviews.candidate import asked_candidate
    from gitops_mcp.workflows.reviews.review import review_to_answer

    return review_to_answer(app, asked_candidate(app, ref, pull_request))


TOOLS = (
    Tool(list_changes, "List changes", "read", toolset="changes"),
    Tool(get_change, "Show a change", "read", toolset="changes"),
    Tool(get_history, "Show an object's history", "read", toolset="changes"),
    Tool(review_change, "Review a branch or pull request", "read", toolset="changes"),
    Tool(open_pull_request, "Open a pull request", "propose", toolset="changes"),
    Tool(refresh_change, "Refresh a change", "destroy", toolset="changes"),
    Tool(repeat_change, "Repeat a change elsewhere", "destroy", toolset="changes"),
    Tool(undo_change, "Undo a change", "destroy", toolset="changes"),
    Tool(discard_change, "Discard a change", "destroy", toolset="changes"),
)

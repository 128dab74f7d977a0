"""Changes: the branches that hold what was proposed."""

from __future__ import annotations

from gitops_mcp.answers.changes import ChangeDetail, ChangeList
from gitops_mcp.answers.history import ObjectHistory
from gitops_mcp.answers.writes import DiscardResult, PullRequestResult
from gitops_mcp.app import App
from gitops_mcp.tools.arguments import (
    ChangeName,
    ChangeState,
    ChangeTimeout,
    ClusterName,
    Confirm,
    Cursor,
    DetailLevel,
    Draft,
    DryRun,
    Environment,
    HistoryField,
    Limit,
    Namespace,
    ObjectKind,
    OwnedObject,
    PullRequestTitle,
    WaitFor,
)
from gitops_mcp.tools.registry import Tool


def list_changes(app: App, state: ChangeState = None, limit: Limit = 50, cursor: Cursor = None) -> ChangeList:
    """List the changes this server proposed, with impact, pull request, state and what holds each up.

    Without a state: open ones, and merged ones that have not arrived. For the diff, reviews and checks of one, use
    get_change.
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
    """Show one change: diff, impact, pull request, state from draft to healthy, and who has to act next.

    Use it for its review and, after the merge, to see whether it is live.
    """
    from gitops_mcp.workflows.reading.changes import change_detail

    detailed = detail_level == "detailed"
    return change_detail(app, change, detailed=detailed, wait_for=wait_for, seconds=timeout)


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


def open_pull_request(
    app: App, change: ChangeName, draft: Draft = None, title: PullRequestTitle = None, dry_run: DryRun = False
) -> PullRequestResult:
    """Open the pull request of a change whose branch is pushed, or bring the text of the open one up to date.

    Writing tools open it themselves unless the configuration says never. Use it then, to finish what failed, or to
    propose again what a person has closed.
    """
    from gitops_mcp.workflows.writing.pull_requests.opening import open_pull_request_of

    return open_pull_request_of(app, change, draft=draft, title=title, dry_run=dry_run)


TOOLS = (
    Tool(list_changes, "List changes", "read"),
    Tool(get_change, "Show a change", "read"),
    Tool(get_history, "Show an object's history", "read"),
    Tool(open_pull_request, "Open a pull request", "propose"),
    Tool(discard_change, "Discard a change", "destroy"),
)

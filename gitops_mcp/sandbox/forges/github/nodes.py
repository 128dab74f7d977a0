"""The nodes of GitHub's graph: a pull request with all that hangs on it, as dictionaries that a query selects from."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from gitops_mcp.sandbox.forges.github.bodies import changes, head_of, merge_state
from gitops_mcp.sandbox.forges.github.graphql import GraphError, InvalidQuery
from gitops_mcp.sandbox.forges.routing import Call
from gitops_mcp.sandbox.forges.rules import missing
from gitops_mcp.sandbox.forges.values import Pull, Repository, Review, Status, User, time
from gitops_mcp.sandbox.remote import git

Node = dict[str, Any]
Arguments = dict[str, Any]
_MOST = 100
_STATES = {"success": "SUCCESS", "failure": "FAILURE", "error": "ERROR", "pending": "PENDING"}


def connection(name: str, rows: Sequence[Any], kind: str, node: Callable[[Any], Node]) -> Callable[[Arguments], Node]:
    """A list in pages; how many has to be said, and at most a hundred."""

    def page(arguments: Arguments) -> Node:
        size = arguments.get("first") or arguments.get("last")
        if not size:
            words = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            raise GraphError("MISSING_PAGINATION_BOUNDARIES", words)
        if size > _MOST:
            words = (
                f"Requesting {size} records on the `{name}` connection exceeds the `first` limit of {_MOST} records."
            )
            raise GraphError("EXCESSIVE_PAGINATION", words)
        start = int(base64.b64decode(arguments["after"])) if arguments.get("after") else 0
        if arguments.get("last"):
            start = max(0, len(rows) - size)
        found = [node(one) for one in rows[start : start + size]]
        end = start + len(found)
        info = {
            "__typename": "PageInfo",
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
            "endCursor": _cursor(end) if found else None,
            "startCursor": _cursor(start) if found else None,
        }
        edges = [{"__typename": f"{kind}Edge", "node": one, "cursor": _cursor(start + 1)} for one in found]
        page = {"__typename": f"{kind}Connection", "totalCount": len(rows), "pageInfo": info}
        return {**page, "nodes": found, "edges": edges}

    return page


def _cursor(number: int) -> str:
    return base64.b64encode(str(number).encode()).decode()


def ref_node(repository: Repository, branch: str) -> Node | None:
    if branch not in repository.tips:
        return None
    rules, rule = repository.rules.get(branch), None
    if rules and rules.classic:
        rule = {
            "__typename": "BranchProtectionRule",
            "requiredApprovingReviewCount": rules.approvals,
            "requiresApprovingReviews": bool(rules.approvals),
            "requiresCodeOwnerReviews": rules.code_owners,
            "requiresStatusChecks": bool(rules.checks),
            "requiredStatusCheckContexts": list(rules.checks),
            "requiresStrictStatusChecks": rules.up_to_date,
        }
    target = {"__typename": "Commit", "oid": repository.tips[branch]}
    return {"__typename": "Ref", "name": branch, "target": target, "branchProtectionRule": rule}


def pull_state(pull: Pull) -> str:
    return "OPEN" if pull.is_open else "MERGED" if pull.merged else "CLOSED"


def actor_node(call: Call, user: User | None) -> Node | None:
    if user is None:
        return None
    kind = "Bot" if user.login.endswith("[bot]") else "User"
    login = user.login.removesuffix("[bot]")
    return {"__typename": kind, "login": login, "id": f"U_{user.id}", "url": f"{call.web}/{login}"}


def pull_node(call: Call, pull: Pull) -> Node:
    mergeable = lambda _: {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[_mergeable(call, pull)]  # noqa: E731
    is_across = pull.source is not pull.target
    head = None
    if not pull.source.is_gone:
        owner = actor_node(call, call.forge.user(pull.source.owner))
        head = {
            "__typename": "Repository",
            "nameWithOwner": pull.source.full_name,
            "name": pull.source.name,
            "owner": owner,
        }
    merge = {"__typename": "Commit", "oid": pull.merge_commit} if pull.merge_commit else None
    labels = connection("labels", pull.labels, "Label", lambda one: {"__typename": "Label", "name": one})
    asked = [*pull.reviewers, *pull.teams]
    requests = connection("reviewRequests", asked, "ReviewRequest", lambda one: _request_node(call, pull, one))
    latest = list({one.user.login: one for one in pull.reviews if one.verdict != "PENDING"}.values())

    def reviews(name: str, rows: list[Review]) -> Callable[[Arguments], Node]:
        return connection(name, rows, "PullRequestReview", lambda one: _review(call, one))

    return {
        "__typename": "PullRequest",
        "id": f"PR_{pull.id}",
        "databaseId": pull.id,
        "number": pull.number,
        "url": f"{call.web}/{pull.target.full_name}/pull/{pull.number}",
        "state": pull_state(pull),
        "closed": not pull.is_open,
        "merged": pull.merged is not None,
        "title": pull.title,
        "body": pull.body or "",
        "isDraft": pull.draft,
        "headRefName": pull.branch,
        "headRefOid": head_of(call.forge, pull),
        "baseRefName": pull.base,
        "baseRefOid": pull.target.tips.get(pull.base),
        "baseRef": lambda _: ref_node(pull.target, pull.base),
        "isCrossRepository": is_across,
        "headRepository": head,
        "headRepositoryOwner": head and head["owner"],
        "author": actor_node(call, pull.user),
        "labels": labels,
        "reviewRequests": requests,
        "reviews": reviews("reviews", pull.reviews),
        "latestReviews": reviews("latestReviews", latest),
        "latestOpinionatedReviews": reviews("latestOpinionatedReviews", pull.current_reviews()),
        "reviewDecision": lambda _: _decision(pull),
        "mergeable": mergeable,
        "mergeStateStatus": lambda _: merge_state(pull, pull.trial).upper(),
        "isInMergeQueue": False,
        "mergeQueueEntry": None,
        "autoMergeRequest": None,
        "mergeCommit": merge,
        "mergedAt": time(pull.merged),
        "mergedBy": actor_node(call, pull.merged_by),
        "createdAt": time(pull.created),
        "updatedAt": time(pull.updated),
        "closedAt": time(pull.closed),
        "changedFiles": lambda _: changes(pull)[2],
        "additions": lambda _: changes(pull)[0],
        "deletions": lambda _: changes(pull)[1],
        "maintainerCanModify": False,
        "statusCheckRollup": lambda _: _rollup(call, pull),
        "commits": lambda arguments: _commits(call, pull, arguments),
    }


def _mergeable(call: Call, pull: Pull) -> bool | None:
    return call.forge.mergeable(pull) if pull.is_open else None


def _request_node(call: Call, pull: Pull, one: User | str) -> Node:
    who = actor_node(call, one) if isinstance(one, User) else None
    if isinstance(one, str):
        slug = one.rpartition("/")[2]
        who = {"__typename": "Team", "slug": slug, "name": slug, "combinedSlug": f"{pull.target.owner}/{slug}"}
    return {"__typename": "ReviewRequest", "requestedReviewer": who}


def _review(call: Call, review: Review) -> Node:
    return {
        "__typename": "PullRequestReview",
        "author": actor_node(call, review.user),
        "state": "DISMISSED" if review.dismissed else review.verdict,
        "body": review.body,
        "submittedAt": None if review.verdict == "PENDING" else time(review.at),
        "commit": {"__typename": "Commit", "oid": review.commit},
        "authorCanPushToRepository": review.official,
    }


def _decision(pull: Pull) -> str | None:
    """None where the base requires no review."""
    rules = pull.target.rules.get(pull.base)
    if rules is None or not (rules.approvals or rules.code_owners):
        return None
    still = missing(pull)
    return (
        "CHANGES_REQUESTED"
        if "changes requested" in still
        else "REVIEW_REQUIRED"
        if "approvals" in still
        else "APPROVED"
    )


def _commits(call: Call, pull: Pull, arguments: Arguments) -> Node:
    if arguments.get("last") == 1:
        rows = [pull.head]
    else:
        rows = git("rev-list", "--reverse", f"{pull.base_commit}..{pull.head}", cwd=pull.target.path).decode().split()

    def node(commit: str) -> Node:
        rollup = (lambda _: _rollup(call, pull)) if commit == pull.head else None
        inner = {"__typename": "Commit", "oid": commit, "statusCheckRollup": rollup}
        return {"__typename": "PullRequestCommit", "commit": inner}

    return connection("commits", rows, "PullRequestCommit", node)(arguments)


def _rollup(call: Call, pull: Pull) -> Node | None:
    rows = pull.checks()
    if not rows:
        return None
    states = {one.state for one in rows}
    state = "FAILURE" if states & {"failure", "error"} else "PENDING" if "pending" in states else "SUCCESS"

    def contexts(arguments: Arguments) -> Node:
        return connection("contexts", rows, "StatusCheckRollupContext", lambda one: _context(pull, one))(arguments)

    def refuse(_: Arguments) -> Node:
        raise GraphError("FORBIDDEN", "Resource not accessible by personal access token", saml_failure=False)

    hidden = call.token and call.token.kind == "fine-grained" and any(one.is_run for one in rows)
    return {"__typename": "StatusCheckRollup", "state": state, "contexts": refuse if hidden else contexts}


def _context(pull: Pull, one: Status) -> Node:
    def is_required(arguments: Arguments) -> bool:
        if not arguments.get("pullRequestNumber") and not arguments.get("pullRequestId"):
            raise InvalidQuery("pullRequestId or pullRequestNumber is required for isRequired")
        rules = pull.target.rules.get(pull.base)
        return rules is not None and one.name in rules.checks

    if not one.is_run:
        return {
            "__typename": "StatusContext",
            "context": one.name,
            "state": _STATES[one.state],
            "targetUrl": one.url or None,
            "description": one.description,
            "isRequired": is_required,
            "createdAt": time(one.at),
        }
    is_done = one.state != "pending"
    app = {"__typename": "App", "slug": "github-actions", "name": "GitHub Actions"}
    run = {"__typename": "WorkflowRun", "workflow": {"__typename": "Workflow", "name": "ci"}}
    return {
        "__typename": "CheckRun",
        "name": one.name,
        "status": "COMPLETED" if is_done else "IN_PROGRESS",
        "conclusion": one.state.upper() if is_done else None,
        "detailsUrl": one.url or None,
        "isRequired": is_required,
        "startedAt": time(one.at),
        "completedAt": time(one.at) if is_done else None,
        "checkSuite": {"__typename": "CheckSuite", "app": app, "workflowRun": run},
    }

"""What GitHub's GraphQL says of a repository and its pull requests."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from gitops_mcp.sandbox.forges.github.bodies import changes, head_of, merge_state, time
from gitops_mcp.sandbox.forges.github.graphql import GraphError, InvalidQuery, execute
from gitops_mcp.sandbox.forges.github.rights import need
from gitops_mcp.sandbox.forges.routing import Answer, Call, Refused
from gitops_mcp.sandbox.forges.values import Pull, Repository, Review, Status, User
from gitops_mcp.sandbox.remote import git

Node = dict[str, Any]
Arguments = dict[str, Any]
_MOST = 100
_STATES = {"success": "SUCCESS", "failure": "FAILURE", "error": "ERROR", "pending": "PENDING"}


def answer_graph(call: Call) -> Answer:
    need(call)
    query, variables = call.given("query"), call.given("variables") or {}
    if not isinstance(query, str):
        return Answer(400, {"message": "A query attribute must be specified and must be a string."})
    return Answer(200, execute(query, variables, {"query": lambda: _query(call), "mutation": lambda: _mutation(call)}))


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


def _query(call: Call) -> Node:
    def repository(arguments: Arguments) -> Node:
        wanted = f"{arguments['owner']}/{arguments['name']}"
        for one in call.forge.repositories:
            if wanted in {one.full_name, *one.old_names} and call.user and call.user.login in one.roles:
                call.repository = one
                return _repository(call, one)
        raise GraphError("NOT_FOUND", f"Could not resolve to a Repository with the name '{wanted}'.")

    limit = {"__typename": "RateLimit", "cost": 1, "limit": 5000, "remaining": 4999, "used": 1, "resetAt": None}
    return {
        "__typename": "Query",
        "repository": repository,
        "viewer": _actor(call, call.user),
        "rateLimit": limit,
        "node": lambda arguments: _pull(call, _by_id(call, arguments["id"])),
    }


def _by_id(call: Call, node: str) -> Pull:
    for repository in call.forge.repositories:
        for pull in repository.pulls.values():
            if f"PR_{pull.id}" == node and call.user and call.user.login in repository.roles:
                call.repository = repository
                return pull
    raise GraphError("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'.")


def _mutation(call: Call) -> Node:
    def draft(*, wanted: bool) -> Callable[[Arguments], Node]:
        def act(arguments: Arguments) -> Node:
            pull = _by_id(call, arguments["input"]["pullRequestId"])
            try:
                need(call, "pull_requests=write")
            except Refused as error:
                raise GraphError("FORBIDDEN", error.answer.body["message"]) from error
            pull.draft = wanted
            mine = arguments["input"].get("clientMutationId")
            return {"__typename": "Payload", "clientMutationId": mine, "pullRequest": _pull(call, pull)}

        return act

    return {
        "__typename": "Mutation",
        "convertPullRequestToDraft": draft(wanted=True),
        "markPullRequestReadyForReview": draft(wanted=False),
    }


def _repository(call: Call, repository: Repository) -> Node:
    def pull(arguments: Arguments) -> Node:
        found = repository.pulls.get(arguments["number"])
        if found is None:
            words = f"Could not resolve to a PullRequest with the number of {arguments['number']}."
            raise GraphError("NOT_FOUND", words)
        return _pull(call, found)

    return {
        "__typename": "Repository",
        "id": f"R_{repository.id}",
        "name": repository.name,
        "nameWithOwner": repository.full_name,
        "owner": _actor(call, call.forge.user(repository.owner)),
        "url": f"{call.web}/{repository.full_name}",
        "isArchived": repository.settings.archived,
        "isFork": repository.parent is not None,
        "isPrivate": True,
        "defaultBranchRef": {"__typename": "Ref", "name": repository.base},
        "pullRequest": pull,
        "pullRequests": lambda arguments: _pulls(call, repository, arguments),
        "ref": lambda arguments: _ref(repository, arguments["qualifiedName"].removeprefix("refs/heads/")),
    }


def _ref(repository: Repository, branch: str) -> Node | None:
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


def _pulls(call: Call, repository: Repository, arguments: Arguments) -> Node:
    rows = list(repository.pulls.values())
    head, base = arguments.get("headRefName"), arguments.get("baseRefName")
    rows = [one for one in rows if head in {None, one.branch} and base in {None, one.base}]
    if states := arguments.get("states"):
        rows = [one for one in rows if _state(one) in (states if isinstance(states, list) else [states])]
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    by_update = order["field"] == "UPDATED_AT"
    rows.sort(
        key=lambda one: (one.updated if by_update else one.created, one.number), reverse=order["direction"] == "DESC"
    )
    if call.forge.lags.take("lists"):
        rows = []
    return connection("pullRequests", rows, "PullRequest", lambda one: _pull(call, one))(arguments)


def _state(pull: Pull) -> str:
    return "OPEN" if pull.is_open else "MERGED" if pull.merged else "CLOSED"


def _actor(call: Call, user: User | None) -> Node | None:
    if user is None:
        return None
    kind = "Bot" if user.login.endswith("[bot]") else "User"
    login = user.login.removesuffix("[bot]")
    return {"__typename": kind, "login": login, "id": f"U_{user.id}", "url": f"{call.web}/{login}"}


def _pull(call: Call, pull: Pull) -> Node:
    mergeable = lambda _: {None: "UNKNOWN", True: "MERGEABLE", False: "CONFLICTING"}[_mergeable(call, pull)]  # noqa: E731
    is_across = pull.source is not pull.target
    head = None
    if not pull.source.is_gone:
        owner = _actor(call, call.forge.user(pull.source.owner))
        head = {
            "__typename": "Repository",
            "nameWithOwner": pull.source.full_name,
            "name": pull.source.name,
            "owner": owner,
        }
    merge = {"__typename": "Commit", "oid": pull.merge_commit} if pull.merge_commit else None
    labels = connection("labels", pull.labels, "Label", lambda one: {"__typename": "Label", "name": one})
    asked = [*pull.reviewers, *pull.teams]
    latest = list({one.user.login: one for one in pull.reviews if one.verdict != "PENDING"}.values())

    def reviews(name: str, rows: list[Review]) -> Callable[[Arguments], Node]:
        return connection(name, rows, "PullRequestReview", lambda one: _review(call, one))

    return {
        "__typename": "PullRequest",
        "id": f"PR_{pull.id}",
        "databaseId": pull.id,
        "number": pull.number,
        "url": f"{call.web}/{pull.target.full_name}/pull/{pull.number}",
        "state": _state(pull),
        "closed": not pull.is_open,
        "merged": pull.merged is not None,
        "title": pull.title,
        "body": pull.body or "",
        "isDraft": pull.draft,
        "headRefName": pull.branch,
        "headRefOid": head_of(call.forge, pull),
        "baseRefName": pull.base,
        "baseRefOid": pull.target.tips.get(pull.base),
        "baseRef": lambda _: _ref(pull.target, pull.base),
        "isCrossRepository": is_across,
        "headRepository": head,
        "headRepositoryOwner": head and head["owner"],
        "author": _actor(call, pull.user),
        "labels": labels,
        "reviewRequests": connection("reviewRequests", asked, "ReviewRequest", lambda one: _asked(call, pull, one)),
        "reviews": reviews("reviews", pull.reviews),
        "latestReviews": reviews("latestReviews", latest),
        "latestOpinionatedReviews": reviews("latestOpinionatedReviews", pull.current_reviews()),
        "reviewDecision": lambda _: _decision(call, pull),
        "mergeable": mergeable,
        "mergeStateStatus": lambda _: merge_state(call.forge, pull, pull.trial).upper(),
        "isInMergeQueue": False,
        "mergeQueueEntry": None,
        "autoMergeRequest": None,
        "mergeCommit": merge,
        "mergedAt": time(pull.merged),
        "mergedBy": _actor(call, pull.merged_by),
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


def _asked(call: Call, pull: Pull, one: User | str) -> Node:
    who = _actor(call, one) if isinstance(one, User) else None
    if isinstance(one, str):
        slug = one.rpartition("/")[2]
        who = {"__typename": "Team", "slug": slug, "name": slug, "combinedSlug": f"{pull.target.owner}/{slug}"}
    return {"__typename": "ReviewRequest", "requestedReviewer": who}


def _review(call: Call, review: Review) -> Node:
    return {
        "__typename": "PullRequestReview",
        "author": _actor(call, review.user),
        "state": "DISMISSED" if review.dismissed else review.verdict,
        "body": review.body,
        "submittedAt": None if review.verdict == "PENDING" else time(review.at),
        "commit": {"__typename": "Commit", "oid": review.commit},
        "authorCanPushToRepository": review.official,
    }


def _decision(call: Call, pull: Pull) -> str | None:
    """None where the base requires no review."""
    rules = pull.target.rules.get(pull.base)
    if rules is None or not (rules.approvals or rules.code_owners):
        return None
    missing = call.forge.missing(pull)
    return (
        "CHANGES_REQUESTED"
        if "changes requested" in missing
        else "REVIEW_REQUIRED"
        if "approvals" in missing
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
    rows = call.forge.checks(pull)
    if not rows:
        return None
    states = {one.state for one in rows}
    state = "FAILURE" if states & {"failure", "error"} else "PENDING" if "pending" in states else "SUCCESS"

    def contexts(arguments: Arguments) -> Node:
        return connection("contexts", rows, "StatusCheckRollupContext", lambda one: _context(pull, one))(arguments)

    def refused(_: Arguments) -> Node:
        raise GraphError("FORBIDDEN", "Resource not accessible by personal access token", saml_failure=False)

    hidden = call.token and call.token.kind == "fine-grained" and any(one.is_run for one in rows)
    return {"__typename": "StatusCheckRollup", "state": state, "contexts": refused if hidden else contexts}


def _context(pull: Pull, one: Status) -> Node:
    def required(arguments: Arguments) -> bool:
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
            "isRequired": required,
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
        "isRequired": required,
        "startedAt": time(one.at),
        "completedAt": time(one.at) if is_done else None,
        "checkSuite": {"__typename": "CheckSuite", "app": app, "workflowRun": run},
    }

"""GitHub's GraphQL: what may be asked for, and the two things that only it can change."""

from __future__ import annotations

from collections.abc import Callable

from gitops_mcp.sandbox.forges.github.graphql import GraphError, execute
from gitops_mcp.sandbox.forges.github.nodes import (
    Arguments,
    Node,
    actor_node,
    connection,
    pull_node,
    pull_state,
    ref_node,
)
from gitops_mcp.sandbox.forges.github.rights import need
from gitops_mcp.sandbox.forges.routing import Answer, Call, Refused
from gitops_mcp.sandbox.forges.values import Pull, Repository


def answer_graph(call: Call) -> Answer:
    need(call)
    query, variables = call.given("query"), call.given("variables") or {}
    if not isinstance(query, str):
        return Answer(400, {"message": "A query attribute must be specified and must be a string."})
    return Answer(200, execute(query, variables, {"query": lambda: _query(call), "mutation": lambda: _mutation(call)}))


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
        "viewer": actor_node(call, call.user),
        "rateLimit": limit,
        "node": lambda arguments: pull_node(call, _by_id(call, arguments["id"])),
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
            return {"__typename": "Payload", "clientMutationId": mine, "pullRequest": pull_node(call, pull)}

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
        return pull_node(call, found)

    return {
        "__typename": "Repository",
        "id": f"R_{repository.id}",
        "name": repository.name,
        "nameWithOwner": repository.full_name,
        "owner": actor_node(call, call.forge.user(repository.owner)),
        "url": f"{call.web}/{repository.full_name}",
        "isArchived": False,
        "isFork": repository.parent is not None,
        "isPrivate": True,
        "defaultBranchRef": {"__typename": "Ref", "name": repository.base},
        "pullRequest": pull,
        "pullRequests": lambda arguments: _pulls(call, repository, arguments),
        "ref": lambda arguments: ref_node(repository, arguments["qualifiedName"].removeprefix("refs/heads/")),
    }


def _pulls(call: Call, repository: Repository, arguments: Arguments) -> Node:
    rows = list(repository.pulls.values())
    head, base = arguments.get("headRefName"), arguments.get("baseRefName")
    rows = [one for one in rows if head in {None, one.branch} and base in {None, one.base}]
    if states := arguments.get("states"):
        rows = [one for one in rows if pull_state(one) in (states if isinstance(states, list) else [states])]
    order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
    by_update = order["field"] == "UPDATED_AT"
    rows.sort(
        key=lambda one: (one.updated if by_update else one.created, one.number), reverse=order["direction"] == "DESC"
    )
    if call.forge.lags.take("lists"):
        rows = []
    return connection("pullRequests", rows, "PullRequest", lambda one: pull_node(call, one))(arguments)

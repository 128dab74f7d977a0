"""GraphQL as GitHub answers it: what REST leaves out of its lists, and errors that come with 200."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from gitops_mcp.sandbox.forges import Rules
from tests.fakes.forges import ForgeServers, ServedForge

LIST = """
query Open($owner: String!, $name: String!, $after: String, $size: Int = 50) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: OPEN, first: $size, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes { ...Row }
    }
  }
}
fragment Row on PullRequest {
  number isDraft mergeable reviewDecision
  rollup: commits(last: 1) { nodes { commit { statusCheckRollup { state } } } }
}
"""
ONE = """
{ repository(owner: "platform", name: "fleet") { pullRequest(number: 1) {
  mergeable mergeStateStatus
  commits(last: 1) { nodes { commit { statusCheckRollup { contexts(first: 100) { nodes {
    __typename
    ... on StatusContext { context state isRequired(pullRequestNumber: 1) }
    ... on CheckRun { name conclusion isRequired(pullRequestNumber: 1) }
  } } } } } }
} } }
"""


@pytest.fixture
def served(forge_server: ForgeServers) -> ServedForge:
    return forge_server("github")


def ask(served: ServedForge, query: str, token: str | None = None, **variables: Any) -> Any:
    headers = {"Authorization": f"Bearer {token or served.forge.token()}"}
    body = {"query": query, "variables": {"owner": "platform", "name": "fleet", **variables}}
    answer = httpx2.post(f"{served.url}/api/graphql", json=body, headers=headers)
    assert answer.status_code == 200
    return answer.json()


def test_a_list_has_what_rest_lacks_and_knows_mergeable_when_it_is_asked_again(served: ServedForge) -> None:
    served.forge.repository.rules["main"] = Rules(approvals=1)
    for branch in ("one", "two"):
        served.pull(branch)
    served.forge.check(served.forge.repository.pulls[2], "failure")
    first = ask(served, LIST, size=1)["data"]["repository"]["pullRequests"]
    assert first["pageInfo"] == {"hasNextPage": True, "endCursor": "MQ=="}
    assert [one["number"] for one in first["nodes"]] == [2]
    rows = ask(served, LIST)["data"]["repository"]["pullRequests"]["nodes"]
    assert rows == [
        {
            "number": 2,
            "isDraft": False,
            "mergeable": "MERGEABLE",
            "reviewDecision": "REVIEW_REQUIRED",
            "rollup": {"nodes": [{"commit": {"statusCheckRollup": {"state": "FAILURE"}}}]},
        },
        {
            "number": 1,
            "isDraft": False,
            "mergeable": "UNKNOWN",
            "reviewDecision": "REVIEW_REQUIRED",
            "rollup": {"nodes": [{"commit": {"statusCheckRollup": None}}]},
        },
    ]


def test_checks_are_two_kinds_of_nodes_and_a_fine_grained_token_sees_none(served: ServedForge) -> None:
    served.forge.repository.rules["main"] = Rules(checks=("build",))
    pull = served.pull()
    served.forge.check(pull, "success", "ci")
    served.forge.check(pull, "failure", "build", is_run=True)

    def contexts(answer: Any) -> Any:
        found = answer["data"]["repository"]["pullRequest"]["commits"]["nodes"][0]["commit"]["statusCheckRollup"]
        return found["contexts"]

    assert contexts(ask(served, ONE))["nodes"] == [
        {"__typename": "StatusContext", "context": "ci", "state": "SUCCESS", "isRequired": False},
        {"__typename": "CheckRun", "name": "build", "conclusion": "FAILURE", "isRequired": True},
    ]
    refused = ask(served, ONE, served.forge.token(kind="fine-grained"))
    assert contexts(refused) is None
    assert refused["errors"][0]["message"] == "Resource not accessible by personal access token"
    assert refused["errors"][0]["path"][-1] == "contexts"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ('{ repository(owner: "a", name: "b") { id } }', "Could not resolve to a Repository with the name 'a/b'."),
        ("{ viewer { nickname } }", "Field 'nickname' doesn't exist on type 'User'"),
        ("{ viewer }", "Field 'viewer' of Query must have selections"),
        ("query Q($name: String!) { viewer { login ", "Expected more, actual: end of file"),
    ],
)
@pytest.mark.few(2)
def test_what_cannot_be_answered_is_named(served: ServedForge, query: str, message: str) -> None:
    assert ask(served, query)["errors"][0]["message"] == message


def test_a_draft_is_made_ready_by_a_mutation_only(served: ServedForge) -> None:
    pull = served.pull(draft=True)
    query = "mutation M($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"
    answer = ask(served, query, id=f"PR_{pull.id}")
    assert answer == {"data": {"markPullRequestReadyForReview": {"pullRequest": {"isDraft": False}}}}

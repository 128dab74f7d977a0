"""GitHub's open pull requests, by GraphQL: only there does a list say whether each can be merged.

What makes such a query slow are checks and reviews of many, so it asks for none. Errors come with 200, and with a part
of the data; where there is no data, REST is asked, whose list has all but `mergeable`.
"""

from __future__ import annotations

import re
from typing import Any

from gitops_mcp.adapters.forge.answers import at, name_at, names_in, rows_in, text_at
from gitops_mcp.adapters.forge.github.pull import is_at, pull_from
from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.adapters.forge.wire import ForgeWire
from gitops_mcp.domain.pull_requests import Mergeable, PullRequest, PullRequests
from gitops_mcp.domain.redact import untrusted
from gitops_mcp.errors import NotFound, RateLimited, Unavailable

_PAGE = 50
_ABOUT = "the open pull requests"
_MERGEABLE: dict[str, Mergeable] = {"MERGEABLE": "yes", "CONFLICTING": "conflicts"}
_QUERY = """\
query Open($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequests(states: [OPEN], first: $first, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id number url state title isDraft createdAt mergeable isCrossRepository
        headRefName headRefOid baseRefName
        headRepository { nameWithOwner }
        author { login }
        labels(first: 20) { nodes { name } }
      }
    }
  }
}
"""


def listed_pulls(wire: ForgeWire, place: ForgePlace, repository: str, most: int) -> PullRequests:
    try:
        return _by_graphql(wire, place, most)
    except RateLimited:
        raise
    except Unavailable:
        return _by_rest(wire, place, repository, most)


def graphql_address(api: str) -> str:
    """On an Enterprise Server it stands beside `/api/v3`, not below it."""
    return f"{api.removesuffix('/v3')}/graphql"


def _by_graphql(wire: ForgeWire, place: ForgePlace, most: int) -> PullRequests:
    owner, _, name = place.path.partition("/")
    pulls: list[PullRequest] = []
    after: str | None = None
    for page in range(1, most + 1):
        variables = {"owner": owner, "name": name, "first": _PAGE, "after": after}
        found = at(_data(wire, variables), "repository", "pullRequests")
        if found is None:
            raise NotFound(f"{wire.name}: {_ABOUT}: there is no {place.path}, or {wire.credential.name} may not see it")
        nodes = rows_in(at(found, "nodes"))
        pulls += [_pull_from(node) for node in nodes if is_at(place, text_at(node, "headRepository", "nameWithOwner"))]
        after = text_at(found, "pageInfo", "endCursor")
        if at(found, "pageInfo", "hasNextPage") is not True or after is None:
            return PullRequests(tuple(pulls), pages=page)
    return PullRequests(tuple(pulls), is_cut=True, pages=most)


def _data(wire: ForgeWire, variables: dict[str, Any]) -> Any:
    body = {"query": _QUERY, "variables": variables}
    answer = wire.ask("POST", graphql_address(wire.api), body=body, about=_ABOUT, writes=False)
    data, errors = at(answer.body, "data"), rows_in(at(answer.body, "errors"))
    kinds = {text_at(error, "type") for error in errors} | {text_at(error, "code") for error in errors}
    said = untrusted(", ".join(filter(None, (text_at(error, "message") for error in errors[:3]))), most=300)
    if kinds & {"RATE_LIMIT", "RATE_LIMITED", "graphql_rate_limit"} or re.search("secondary rate limit", said):
        after = answer.headers.get("retry-after", "")
        raise RateLimited(
            f"{wire.name}: {_ABOUT}: it limits the rate: {said}", float(after) if after.isdecimal() else 60
        )
    listed = at(data, "repository", "pullRequests", "nodes")
    if not isinstance(listed, list) and not kinds & {"NOT_FOUND", "FORBIDDEN"}:
        raise Unavailable(f"{wire.name}: {_ABOUT}: {said or 'no data'}")
    return data


def _pull_from(node: Any) -> PullRequest:
    return PullRequest(
        number=int(at(node, "number") or 0),
        url=text_at(node, "url") or "",
        state="open",
        title=text_at(node, "title") or "",
        branch=text_at(node, "headRefName") or "",
        base=text_at(node, "baseRefName") or "",
        draft=at(node, "isDraft") is True,
        head=text_at(node, "headRefOid"),
        is_across=at(node, "isCrossRepository") is True,
        author=name_at(node, "author"),
        labels=names_in(node, "labels", "nodes"),
        mergeable=_MERGEABLE.get(text_at(node, "mergeable") or ""),
        created_at=text_at(node, "createdAt"),
        id=text_at(node, "id"),
    )


def _by_rest(wire: ForgeWire, place: ForgePlace, repository: str, most: int) -> PullRequests:
    pulls: list[PullRequest] = []
    for page in range(1, most + 1):
        query: dict[str, str | int] = {"state": "open", "per_page": 100, "page": page}
        rows = rows_in(wire.get(f"{repository}/pulls", query, about=_ABOUT, gives=list).body)
        pulls += [pull_from(row) for row in rows if is_at(place, name_at(row, "head", "repo"))]
        if len(rows) < 100:
            return PullRequests(tuple(pulls), pages=page)
    return PullRequests(tuple(pulls), is_cut=True, pages=most)

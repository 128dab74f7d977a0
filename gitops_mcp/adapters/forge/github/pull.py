"""A pull request as GitHub's REST API answers it; bodies of different years have more or fewer fields."""

from __future__ import annotations

from typing import Any

from gitops_mcp.adapters.forge.answers import at, name_at, names_in, rows_in, text_at
from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.domain.pull_requests import Mergeable, PullRequest
from gitops_mcp.errors import Unavailable

_MERGEABLE: dict[str, Mergeable] = {"True": "yes", "False": "conflicts"}
"""Of conflicts alone; null: not computed yet."""


def pull_from(row: Any) -> PullRequest:
    """One as REST answers it; a row of a list has less of it."""
    number, url = at(row, "number"), text_at(row, "html_url")
    if not isinstance(number, int) or url is None:
        raise Unavailable("GitHub answered something that is not a pull request: check forge.api")
    merged_at = text_at(row, "merged_at")
    is_open = at(row, "state") == "open"
    head, base = name_at(row, "head", "repo"), name_at(row, "base", "repo")
    return PullRequest(
        number=number,
        url=url,
        state="merged" if merged_at else "open" if is_open else "closed",
        title=text_at(row, "title") or "",
        branch=text_at(row, "head", "ref") or "",
        base=text_at(row, "base", "ref") or "",
        draft=at(row, "draft") is True,
        body=text_at(row, "body") or "",
        head=text_at(row, "head", "sha"),
        is_across=head is None or base is None or head.lower() != base.lower(),
        author=name_at(row, "user"),
        labels=names_in(row, "labels"),
        reviewers=asked_reviewers(row),
        mergeable=_MERGEABLE.get(str(at(row, "mergeable"))) if is_open else None,
        merge_commit=text_at(row, "merge_commit_sha") if merged_at else None,
        merged_at=merged_at,
        created_at=text_at(row, "created_at"),
        id=text_at(row, "node_id"),
    )


def is_at(place: ForgePlace, repository: str | None) -> bool:
    """Whether branches are pushed there."""
    return repository is not None and repository.lower() == place.head_path.lower()


def asked_reviewers(row: Any) -> tuple[str, ...]:
    """Teams as `org/team`, as the base's owner has them."""
    owner = (name_at(row, "base", "repo") or "").partition("/")[0]
    teams = [text_at(team, "slug") or name_at(team) for team in rows_in(at(row, "requested_teams"))]
    return (*names_in(row, "requested_reviewers"), *(f"{owner}/{team}" for team in teams if team))

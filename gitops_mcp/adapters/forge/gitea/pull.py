"""A pull request as the API of Gitea and Forgejo answers it."""

from __future__ import annotations

import re
from typing import Any

from gitops_mcp.adapters.forge.answers import at, name_at, names_in, text_at
from gitops_mcp.domain.pull_requests import Mergeable, PullRequest
from gitops_mcp.errors import Unavailable

DRAFT = "WIP: "
_DRAFT = re.compile(r"WIP:|\[WIP\]", re.IGNORECASE)


def pull_from(row: Any) -> PullRequest:
    number, url = at(row, "number"), text_at(row, "html_url") or text_at(row, "url")
    if not isinstance(number, int) or url is None:
        raise Unavailable("Gitea answered something that is not a pull request: check forge.api")
    title = (text_at(row, "title") or "").strip()
    found = _DRAFT.match(title)
    merged = at(row, "merged") is True
    is_open = at(row, "state") == "open"
    draft = at(row, "draft") is True or found is not None
    head, base = name_at(row, "head", "repo"), name_at(row, "base", "repo")
    return PullRequest(
        number=number,
        url=url,
        state="merged" if merged else "open" if is_open else "closed",
        title=title[found.end() :].lstrip() if found else title,
        branch=branch_of(row),
        base=text_at(row, "base", "ref") or "",
        draft=draft,
        body=text_at(row, "body") or "",
        head=text_at(row, "head", "sha"),
        is_across=head is None or base is None or head.lower() != base.lower(),
        author=name_at(row, "user"),
        labels=names_in(row, "labels"),
        reviewers=names_in(row, "requested_reviewers"),
        mergeable=_mergeable(row) if is_open and not draft else None,
        merge_commit=text_at(row, "merge_commit_sha") if merged else None,
        merged_at=text_at(row, "merged_at"),
        created_at=text_at(row, "created_at"),
    )


def _mergeable(row: Any) -> Mergeable | None:
    """False is a conflict, a fault, or that it is being computed; of a draft it is always false."""
    answer: dict[Any, Mergeable] = {True: "yes", False: "no"}
    return answer.get(at(row, "mergeable"))


def branch_of(row: Any) -> str:
    """Where the branch is gone, `ref` names the pull request and only the label the branch."""
    ref = text_at(row, "head", "ref") or ""
    label = text_at(row, "head", "label") or ""
    return label.rpartition(":")[2] if ref.startswith("refs/pull/") and label else ref

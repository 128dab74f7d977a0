"""A merge request as GitLab's REST API answers it, of whatever version."""

from __future__ import annotations

import re
from typing import Any

from gitops_mcp.adapters.forge.answers import at, name_at, names_in, text_at
from gitops_mcp.domain.pull_requests import Mergeable, PullRequest, State
from gitops_mcp.errors import Unavailable

_DRAFT = re.compile(r"\[(?:draft|wip)\]|\(draft\)|(?:draft|wip) ?:|draft +-", re.IGNORECASE)
_COMPUTING = {"unchecked", "checking", "preparing", "approvals_syncing", "cannot_be_merged_recheck"}
_STATES: dict[str, State] = {"opened": "open", "locked": "open", "merged": "merged", "closed": "closed"}
"""`locked`: being merged."""


def pull_from(row: Any) -> PullRequest:
    """One as it is answered alone; a row of a list has less of it."""
    number, url = at(row, "iid"), text_at(row, "web_url")
    if not isinstance(number, int) or url is None:
        raise Unavailable("GitLab answered something that is not a merge request: check forge.api")
    state = _STATES.get(text_at(row, "state") or "", "closed")
    title = (text_at(row, "title") or "").strip()
    found = _DRAFT.match(title)
    return PullRequest(
        number=number,
        url=url,
        state=state,
        title=title[found.end() :].lstrip() if found else title,
        branch=text_at(row, "source_branch") or "",
        base=text_at(row, "target_branch") or "",
        draft=at(row, "draft") is True or at(row, "work_in_progress") is True,
        body=text_at(row, "description") or "",
        head=text_at(row, "sha"),
        is_across=at(row, "source_project_id") != at(row, "target_project_id"),
        author=name_at(row, "author"),
        labels=names_in(row, "labels"),
        reviewers=names_in(row, "reviewers"),
        mergeable=mergeable_of(row) if state == "open" else None,
        merge_commit=_merge_commit(row) if state == "merged" else None,
        merged_at=text_at(row, "merged_at"),
        created_at=text_at(row, "created_at"),
        id=str(at(row, "id")) if at(row, "id") else None,
    )


def mergeable_of(row: Any) -> Mergeable | None:
    """Of the content alone: a missing approval or a draft is no conflict.

    A branch without commits of its own says that it has conflicts; its two commits being the same tells it.
    """
    detailed, merge = text_at(row, "detailed_merge_status"), text_at(row, "merge_status")
    if detailed in _COMPUTING or (detailed is None and merge in _COMPUTING):
        return None
    head = at(row, "diff_refs", "head_sha")
    if head is not None and head == at(row, "diff_refs", "base_sha"):
        return "no"
    if detailed == "conflict" or at(row, "has_conflicts") is True:
        return "conflicts"
    if detailed == "mergeable" or merge == "can_be_merged":
        return "yes"
    return "no" if merge == "cannot_be_merged" else None


def _merge_commit(row: Any) -> str | None:
    """After a fast-forward it is the branch's own last one."""
    return text_at(row, "merge_commit_sha") or text_at(row, "squash_commit_sha") or text_at(row, "sha")

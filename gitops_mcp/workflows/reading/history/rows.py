"""Commits that changed an object, as they are shown: who, when, why, and the pull request that brought them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from gitops_mcp.adapters.git.commits import Commit
from gitops_mcp.answers.history import FieldStepRow, HistoryRow, shown_row
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.app import Ground
from gitops_mcp.domain.cnpg.notation.moment import moment
from gitops_mcp.domain.plans.message import message_parts
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.workflows.reading.cluster_in_git import shown_value
from gitops_mcp.workflows.reading.history.steps import ObjectStep, StepPage
from gitops_mcp.workflows.spans import shown_commit, trailer_of

_FIELDS = 15
"""Fields of one commit that are shown."""
_PULL_REQUEST = re.compile(
    r"^Merge pull request (?:'.*' \()?#(\d+)\b|^Merged PR (\d+)\b|^Merged in .*\(pull request #(\d+)\)"
    r"|^Pull request #(\d+):|\([#!](\d+)\)$"
)
_MERGE_REQUEST = re.compile(r"^See merge request \S*!(\d+)\s*$", re.MULTILINE)
_TRAILER = re.compile(r"[A-Z][\w-]*: \S.*|Impact: .*")


def _row(one: ObjectStep) -> HistoryRow:
    commit = one.commit
    steps = [
        FieldStepRow(
            field=cut_text(step.label),
            before=shown_value(step.path, step.before),
            after=shown_value(step.path, step.after),
        )
        for step in one.fields[:_FIELDS]
    ]
    return shown_row(
        commit=commit.id,
        action=one.action,
        committed=commit.committed,
        age=age_of(commit.committed),
        author=words_of_others(commit.author, most=100),
        subject=words_of_others(commit.subject, most=150),
        reason=_reason(commit),
        change=words_of_others(min(commit.changes), most=63) if commit.changes else None,
        tool=words_of_others(trailer_of(commit, "Gitops-Mcp-Tool") or "", most=63),
        impact=words_of_others(trailer_of(commit, "Gitops-Mcp-Impact") or "", most=20),
        pull_request=_pull_request(commit),
        declared=cut_text(one.place) if one.place else None,
        moved_from=cut_text(one.before) if one.before else None,
        fields=steps,
        fields_more=max(len(one.fields) - _FIELDS, 0) or None,
    )


def _reason(commit: Commit) -> str | None:
    """Why, as a message of ours says it; else what a message says beside its subject and trailers."""
    if commit.changes:
        said = message_parts(commit.message)
        return words_of_others((said and said.reason) or "", most=300) or None
    lines = [line for line in commit.body.splitlines() if not _TRAILER.fullmatch(line)]
    return words_of_others(" ".join(filter(None, map(str.strip, lines))), most=300) or None


def _pull_request(commit: Commit) -> int | None:
    """As the forges write it: in the subject, or on a line of its own in GitLab's."""
    found = _PULL_REQUEST.search(commit.subject) or _MERGE_REQUEST.search(commit.body)
    return int(next(filter(None, found.groups()))) if found else None


def rows_of_page(ground: Ground, head: str, page: StepPage, *, is_first: bool) -> list[HistoryRow]:
    """The commits of a page, each with the merge that brought it. Without any before, there was none."""
    rows = [_row(replace(one, commit=shown_commit(ground, one.commit))) for one in page.steps]
    if is_first and not page.merges:
        return rows
    commits = [one.commit for one in page.steps]
    found = ground.repository.path_history.merges_of(head, commits, page.merges)
    brought = {commit: shown_commit(ground, merge) for commit, merge in found.items()}
    return [_brought_by(one, brought[one.commit]) if one.commit in brought else one for one in rows]


def _brought_by(row: HistoryRow, merge: Commit) -> HistoryRow:
    number = _pull_request(merge) or row.pull_request
    return row.model_copy(update={"merged_by": merge.id, "pull_request": number})


def age_of(committed: str) -> str:
    made = moment(committed, now=datetime.now(UTC))
    return made.age if made else ""

"""What decides on a GitLab whether a merge request can be merged: approvals, what reviewers said, jobs, settings.

At most four requests beside that for the merge request. `approved` means something else on each tier, so persons are
counted. External statuses stand among the jobs of a commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from gitops_mcp.adapters.forge.answers import at, name_at, rows_in, text_at
from gitops_mcp.adapters.forge.gitlab.pull import pull_from
from gitops_mcp.adapters.forge.reading import Parts
from gitops_mcp.adapters.forge.wire import ForgeWire
from gitops_mcp.domain.pull_requests import BaseRules, Check, CheckState, PullRequestReport, Review

_STATES: dict[str, CheckState] = {
    "success": "success",
    "skipped": "neutral",
    "manual": "neutral",
    **dict.fromkeys(("created", "pending", "running", "preparing", "waiting_for_resource", "scheduled"), "pending"),
}
_ANSWERS = {"approved", "requested_changes", "reviewed"}
_LEFT_OUT = "GitLab: the project's settings: not read, since the first look at a fork takes more requests; ask again"
_GO = {None, "mergeable", "not_open", "unchecked", "checking", "preparing", "approvals_syncing"}


def report_of(wire: ForgeWire, project: str, row: Any, *, with_settings: bool) -> PullRequestReport:
    """`with_settings`: the project's, which are left out where the request is needed for something else."""
    pull = pull_from(row)
    one = f"{project}/merge_requests/{pull.number}"
    parts = Parts(wire)
    approvals = parts.read(f"{one}/approvals", "the approvals")
    reviewers = parts.read(f"{one}/reviewers", "what reviewers said", gives=list) if pull.reviewers else None
    statuses = (
        parts.read(f"{project}/repository/commits/{pull.head}/statuses", "the jobs", {"per_page": 100}, gives=list)
        if pull.head
        else None
    )
    settings = parts.read(project, "the project's settings") if with_settings else None
    status = text_at(row, "detailed_merge_status")
    answers = reviewers.body if reviewers else None
    return PullRequestReport(
        replace(pull, reviewers=tuple(_awaited(pull.reviewers, approvals.body if approvals else None, answers))),
        reviews=None if approvals is None else tuple(_reviews(approvals.body, answers)),
        checks=None
        if statuses is None
        else tuple(_checks(rows_in(statuses.body), settings.body if settings else None)),
        rules=_rules(approvals.body if approvals else None, settings.body if settings else None),
        blocked=status if pull.state == "open" and status not in _GO else None,
        unread=parts.unread if with_settings else (*parts.unread, _LEFT_OUT),
    )


def _reviews(approvals: Any, reviewers: Any) -> Iterator[Review]:
    """One a person: an approval, else what a reviewer has said."""
    approved = [name for one in rows_in(at(approvals, "approved_by")) if (name := name_at(one, "user"))]
    yield from (Review(name, "approved") for name in approved)
    for one in rows_in(reviewers):
        name = name_at(one, "user")
        if name and name not in approved:
            match text_at(one, "state"):
                case "requested_changes":
                    yield Review(name, "changes_requested")
                case "reviewed":
                    yield Review(name, "commented")
                case _:
                    continue


def _awaited(asked: Iterable[str], approvals: Any, reviewers: Any) -> Iterator[str]:
    """Who was asked and has not answered: whoever has stays a reviewer."""
    answered = {name_at(one, "user") for one in rows_in(at(approvals, "approved_by"))}
    answered |= {name_at(one, "user") for one in rows_in(reviewers) if text_at(one, "state") in _ANSWERS}
    yield from (name for name in asked if name not in answered)


def _checks(rows: list[Any], settings: Any) -> Iterator[Check]:
    """The newest of each name: a job that ran again stands beside its earlier run. All or none are required."""
    gate = at(settings, "only_allow_merge_if_pipeline_succeeds")
    newest: dict[str, Any] = {}
    for row in sorted(rows, key=lambda one: at(one, "id") or 0):
        newest[text_at(row, "name") or ""] = row
    for name, row in newest.items():
        state = _STATES.get(text_at(row, "status") or "", "failure")
        allowed = at(row, "allow_failure") is True
        state = "neutral" if allowed and state == "failure" else state
        yield Check(name, state, text_at(row, "target_url"), None if gate is None else gate is True and not allowed)


def _rules(approvals: Any, settings: Any) -> BaseRules:
    """No name of a check is required: the whole pipeline is, where the project says so."""
    required = at(approvals, "approvals_required")
    method = text_at(settings, "merge_method")
    return BaseRules(
        approvals=required if isinstance(required, int) else None,
        up_to_date=None if method is None else method in {"ff", "rebase_merge"},
    )

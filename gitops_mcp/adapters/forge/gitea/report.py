"""What decides on a Gitea whether a pull request can be merged: reviews, statuses, and what the base's branch tells.

Three requests beside that for the pull request. Only reviews that are official count: of who may write. The combined
status is that of the page that was asked for, so single ones are read. Required ones are patterns; without any, each
that has begun counts, and one has to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from gitops_mcp.adapters.forge.answers import at, name_at, rows_in, text_at
from gitops_mcp.adapters.forge.reading import Parts
from gitops_mcp.adapters.forge.wire import ForgeWire
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.pull_requests import (
    BaseRules,
    Check,
    CheckState,
    PullRequest,
    PullRequestReport,
    Review,
    Verdict,
)
from gitops_mcp.domain.regexp import Unreadable

_VERDICTS: dict[str, Verdict] = {"APPROVED": "approved", "REQUEST_CHANGES": "changes_requested", "COMMENT": "commented"}
_ANSWERS = {"APPROVED", "REQUEST_CHANGES"}
_STATES: dict[str, CheckState] = {
    "success": "success",
    "pending": "pending",
    "warning": "neutral",
    "skipped": "neutral",
}
_FIFTY = {"limit": 50}


def report_of(wire: ForgeWire, repository: str, pull: PullRequest) -> PullRequestReport:
    parts = Parts(wire)
    reviews = parts.read(f"{repository}/pulls/{pull.number}/reviews", "the reviews", _FIFTY, gives=list)
    path = f"{repository}/commits/{pull.head}/status"
    statuses = parts.read(path, "the commit statuses", _FIFTY) if pull.head else None
    branch = parts.read(f"{repository}/branches/{quote(pull.base, safe='')}", "the rules of the base")
    begun = (
        [name for row in rows_in(at(statuses.body, "statuses")) if (name := text_at(row, "context"))]
        if statuses
        else []
    )
    rules = _rules(branch.body if branch else None, begun)
    rows = rows_in(reviews.body) if reviews else []
    return PullRequestReport(
        replace(pull, reviewers=tuple(_awaited(pull.reviewers, rows))),
        reviews=None if reviews is None else last_reviews(rows),
        checks=None if statuses is None else tuple(_checks(statuses.body, rules)),
        rules=rules,
        unread=parts.unread,
    )


def last_reviews(rows: list[Any]) -> tuple[Review, ...]:
    """The last of each person that says yes or no; one that does not count was only a comment."""
    found: dict[str, Review] = {}
    for row in rows:
        author, verdict = name_at(row, "user"), _VERDICTS.get(text_at(row, "state") or "")
        if author is None or verdict is None:
            continue
        if at(row, "dismissed") is True:
            verdict = "dismissed"
        elif at(row, "official") is not True:
            verdict = "commented"
        if verdict == "commented" and author in found:
            continue
        found.pop(author, None)
        found[author] = Review(author, verdict, text_at(row, "commit_id"), is_stale=at(row, "stale") is True)
    return tuple(found.values())


def _awaited(asked: Sequence[str], rows: list[Any]) -> Iterator[str]:
    """Who was asked and has not answered: whoever has stays in the list, and may be asked again."""
    last = {name_at(row, "user"): row for row in rows if text_at(row, "state") in {*_ANSWERS, "REQUEST_REVIEW"}}
    for name in asked:
        row = last.get(name)
        if text_at(row, "state") not in _ANSWERS or at(row, "stale") is True or at(row, "dismissed") is True:
            yield name


def _rules(branch: Any, begun: Sequence[str]) -> BaseRules:
    """What everybody who may write is told; whether stale approvals count is told to admins only."""
    if at(branch, "protected") is None:
        return BaseRules()
    approvals = at(branch, "required_approvals")
    told = rows_in(at(branch, "status_check_contexts"))
    patterns = [one for one in told if isinstance(one, str) and one] or ["*"]
    names = dict.fromkeys(name for one in patterns for name in [name for name in begun if _fits(one, name)] or [one])
    return BaseRules(
        approvals=approvals if isinstance(approvals, int) else None,
        checks=tuple(names) if at(branch, "enable_status_check") is True else (),
    )


def _fits(pattern: str, name: str) -> bool:
    try:
        return glob(pattern, crosses=True).fullmatch(name)
    except Unreadable:  # it would take too long
        return pattern == name


def _checks(body: Any, rules: BaseRules) -> Iterator[Check]:
    for row in rows_in(at(body, "statuses")):
        if name := text_at(row, "context"):
            state = _STATES.get(text_at(row, "status") or text_at(row, "state") or "", "failure")
            required = None if rules.checks is None else name in rules.checks
            yield Check(name, state, text_at(row, "target_url"), required)

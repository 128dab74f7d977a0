"""What decides on a GitHub whether a pull request can be merged: reviews, checks in two places, rules of the base.

Four requests beside that for the pull request. A required check that has not begun is in no list. Rules of the older
kind (branch protection) are shown to admins only, so no rule found is not told as none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gitops_mcp.adapters.forge.answers import Answer, at, name_at, rows_in, text_at
from gitops_mcp.adapters.forge.reading import Parts
from gitops_mcp.adapters.forge.wire import ForgeWire
from gitops_mcp.domain.pull_requests import (
    BaseRules,
    Check,
    CheckState,
    PullRequest,
    PullRequestReport,
    Review,
    Verdict,
)

_VERDICTS: dict[str, Verdict] = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "changes_requested",
    "DISMISSED": "dismissed",
    "COMMENTED": "commented",
}
_STATES: dict[str, CheckState] = {
    "success": "success",
    "neutral": "neutral",
    "skipped": "neutral",
    "pending": "pending",
}
"""Of statuses, and conclusions of check runs; all others have failed."""

_NO_RUNS = " A fine-grained personal token cannot have the permission for it; a GitHub App with Checks: read can"


def report_of(wire: ForgeWire, repository: str, pull: PullRequest, row: Any) -> PullRequestReport:
    parts = Parts(wire)
    hundred = {"per_page": 100}
    reviews = parts.read(f"{repository}/pulls/{pull.number}/reviews", "the reviews", hundred, gives=list)
    branch = quote(pull.base, safe="")
    told = parts.read(f"{repository}/rules/branches/{branch}", "the rules of the base", hundred, gives=list)
    rules = rules_from(told.body if told else None)
    required = frozenset(rules.checks or ())
    commit = f"{repository}/commits/{pull.head}"
    statuses = parts.read(f"{commit}/status", "the commit statuses", hundred) if pull.head else None
    runs = parts.read(f"{commit}/check-runs", "the check runs", hundred, why=_NO_RUNS) if pull.head else None
    checks = (*_statuses(statuses, required), *_runs(runs, required))
    return PullRequestReport(
        pull,
        reviews=None if reviews is None else last_reviews(rows_in(reviews.body)),
        checks=None if statuses is None and runs is None else checks,
        rules=rules,
        blocked=_blocked(row) if pull.state == "open" else None,
        unread=parts.unread,
    )


def _blocked(row: Any) -> str | None:
    state = text_at(row, "mergeable_state")
    return state if state not in {None, "clean", "unknown", "has_hooks", "unstable"} else None


def last_reviews(rows: list[Any]) -> tuple[Review, ...]:
    """The last of each person that says yes or no; of one who only commented, that."""
    found: dict[str, Review] = {}
    for row in rows:
        author, verdict = name_at(row, "user"), _VERDICTS.get(text_at(row, "state") or "")
        if author is None or verdict is None or (verdict == "commented" and author in found):
            continue
        found.pop(author, None)
        found[author] = Review(author, verdict, text_at(row, "commit_id"))
    return tuple(found.values())


def rules_from(body: Any) -> BaseRules:
    """All rules of a branch hold at once, so the strictest one counts."""
    approvals: int | None = None
    checks: list[str] | None = None
    owners: bool | None = None
    up_to_date: bool | None = None
    for rule in rows_in(body):
        match text_at(rule, "type"):
            case "pull_request":
                count = at(rule, "parameters", "required_approving_review_count")
                approvals = max(approvals or 0, count if isinstance(count, int) else 0)
                owners = bool(owners) or at(rule, "parameters", "require_code_owner_review") is True
            case "required_status_checks":
                wanted = rows_in(at(rule, "parameters", "required_status_checks"))
                checks = [*(checks or []), *filter(None, (text_at(one, "context") for one in wanted))]
                strict = at(rule, "parameters", "strict_required_status_checks_policy") is True
                up_to_date = bool(up_to_date) or strict
            case _:
                continue
    return BaseRules(approvals, None if checks is None else tuple(dict.fromkeys(checks)), owners, up_to_date)


def _statuses(answer: Answer | None, required: frozenset[str]) -> Iterator[Check]:
    """The newest of each name; the combined state is not looked at, which is pending where there is none at all."""
    for row in rows_in(at(answer.body, "statuses") if answer else None):
        if name := text_at(row, "context"):
            state = _STATES.get(text_at(row, "state") or "", "failure")
            yield Check(name, state, text_at(row, "target_url"), is_required=True if name in required else None)


def _runs(answer: Answer | None, required: frozenset[str]) -> Iterator[Check]:
    newest: dict[tuple[str, Any], Any] = {}
    for row in rows_in(at(answer.body, "check_runs") if answer else None):
        key = (text_at(row, "name") or "", at(row, "app", "id"))
        if key not in newest or (at(row, "id") or 0) > (at(newest[key], "id") or 0):
            newest[key] = row
    for (name, _), row in newest.items():
        done = text_at(row, "status") == "completed"
        state = _STATES.get(text_at(row, "conclusion") or "", "failure") if done else "pending"
        yield Check(name, state, text_at(row, "html_url"), is_required=True if name in required else None)

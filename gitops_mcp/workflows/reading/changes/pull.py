"""The pull request of a change, as the forge tells it, and what the change waits for there.

Of one change: the newest of its branch and, while that is open, its reviews, checks and the rules of the base. What a
forge does not answer is a warning, and Git's states stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from gitops_mcp.adapters.forge.interface import MOST_PAGES
from gitops_mcp.adapters.forge.place import NoForge
from gitops_mcp.answers.pull_requests import ShownPullRequest
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.pull_requests import PullRequest, PullRequestReport, PullRequests
from gitops_mcp.domain.pull_standing import ProposalInGit, PullStanding, pull_standing
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.newest_pull import PullSeen, forge_notice, newest_pull, unknown_notices
from gitops_mcp.workflows.spans import Span

_NAMED = 20


def read_pull(app: App, ground: Ground, branch: str, warnings: list[Notice]) -> PullSeen:
    """The newest one with its reviews and checks, while it is open. At most six requests."""
    seen = newest_pull(app, ground, branch, warnings)
    forge = app.forge(ground) if seen.pull is not None and seen.pull.state == "open" else None
    if seen.pull is None or forge is None or isinstance(forge, NoForge):
        return seen
    try:
        report = forge.report(seen.pull)
    except GitOpsError as error:
        return seen.failed(error, warnings)
    return replace(seen, pull=report.pull, report=report)


@dataclass(frozen=True)
class OpenPulls:
    """The listing of those that are open, by branch."""

    forge: str | None = None
    """None: one that is not here may be open all the same."""
    by_branch: Mapping[str, PullRequest] = field(default_factory=dict)
    all: PullRequests | None = None
    """Of other branches too; None: the forge was not asked."""


def list_open_pulls(app: App, ground: Ground, warnings: list[Notice]) -> OpenPulls:
    """One listing, whatever the number of changes."""
    try:
        forge = app.forge(ground)
        if isinstance(forge, NoForge):
            warnings += unknown_notices(forge)
            return OpenPulls()
        found = forge.open_pulls(pages=MOST_PAGES)
    except GitOpsError as error:
        warnings.append(forge_notice(error))
        return OpenPulls()
    if found.is_cut:
        warnings.append(_cut_notice(found))
    return OpenPulls(None if found.is_cut else forge.name, _by_branch(ground, found), found)


def _by_branch(ground: Ground, found: PullRequests) -> dict[str, PullRequest]:
    """Those of changes; of several of one branch the one for our base, and then the newest."""
    ours = [one for one in found.pulls if one.branch.startswith(ground.git.prefix)]
    return {one.branch: one for one in sorted(ours, key=lambda one: (one.base == ground.base.branch, one.number))}


def _cut_notice(found: PullRequests) -> Notice:
    text = (
        f"the forge has more open pull requests than the {len(found.pulls)} on the {found.pages} pages that were asked "
        f"for: a change without one here may have one, and get_change tells"
    )
    return Notice("pull-requests-cut", text)


def standing_of(ground: Ground, span: Span, seen: PullSeen, conflicts: tuple[str, ...]) -> PullStanding | None:
    """What an open pull request waits for; None: there is none."""
    pull = span.pull
    if pull is None or pull.state != "open" or span.state != "in_review":
        return None
    if ground.repository.change(ground.git, ground.base, span.name) is None:
        opened = f"pull request #{pull.number} is open"
        then = f"A person restores branch {span.branch} at {pull.url}, or closes the pull request there"
        return PullStanding("mend", opened, then)
    behind = ground.repository.behind(ground.base.commit, span.tip)
    here = ProposalInGit(span.name, ground.base.branch, span.tip, conflicts, behind, seen.forge or "the forge")
    report = seen.report if seen.report and seen.report.pull.number == pull.number else PullRequestReport(pull)
    return pull_standing(report, here)


def shown_pull(ground: Ground, span: Span, report: PullRequestReport | None = None) -> ShownPullRequest | None:
    if span.pull is None:
        return None
    shown = ShownPullRequest.of(span.pull, base=ground.base.branch)
    if report is None:
        return shown
    reviews, checks, rules = report.reviews, report.checks, report.rules
    is_of_tip = report.pull.head in {None, span.tip}
    told: dict[str, object] = {
        "waiting_for": _names(report.pull.reviewers),
        "approvals_required": rules.approvals,
        "unread": [words_of_others(one, most=300) for one in report.unread],
    }
    if reviews is not None and is_of_tip:
        told["approved_by"] = _names(one.author for one in reviews if one.verdict == "approved" and not one.is_stale)
        told["changes_requested_by"] = _names(one.author for one in reviews if one.verdict == "changes_requested")
    if checks is not None and is_of_tip:
        begun = {one.name for one in checks}
        told["checks_failed"] = _names(one.name for one in checks if one.state == "failure")
        pending = (one.name for one in checks if one.state == "pending")
        told["checks_pending"] = _names((*pending, *(one for one in rules.checks or () if one not in begun)))
        told["checks_passed"] = sum(one.state in {"success", "neutral"} for one in checks)
    return shown.model_copy(update={name: value for name, value in told.items() if value != []})


def _names(names: Iterable[str]) -> list[str]:
    return [words_of_others(one, most=100) for one in dict.fromkeys(names)][:_NAMED]

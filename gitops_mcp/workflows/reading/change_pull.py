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
from gitops_mcp.errors import GitOpsError, RateLimited
from gitops_mcp.workflows.spans import Span

_NAMED = 20
_PATIENCE = 60.0
"""Seconds to leave a forge alone that limits the rate and does not say for how long."""


@dataclass(frozen=True)
class PullSeen:
    """What the forge said when it was asked for the pull request of one branch."""

    forge: str | None = None
    """Its name; None: no forge is known, or nothing gives the right to ask it."""
    pull: PullRequest | None = None
    report: PullRequestReport | None = None
    wait: float = 0
    """Seconds for which it takes no more requests."""
    fault: GitOpsError | None = None


def read_pull(app: App, ground: Ground, branch: str, warnings: list[Notice]) -> PullSeen:
    """At most six requests."""
    try:
        forge = app.forge(ground)
        if isinstance(forge, NoForge):
            warnings += _unknown_notices(forge)
            return PullSeen()
        pull = forge.pull_of(branch)
        if pull is None or pull.state != "open":
            return PullSeen(forge.name, pull)
        seen = PullSeen(forge.name, pull)
    except GitOpsError as error:
        return _unread(PullSeen(), error, warnings)
    try:
        report = forge.report(pull)
    except GitOpsError as error:
        return _unread(seen, error, warnings)
    return replace(seen, pull=report.pull, report=report)


def _unread(seen: PullSeen, error: GitOpsError, warnings: list[Notice]) -> PullSeen:
    warnings.append(forge_notice(error))
    wait = (error.seconds or _PATIENCE) if isinstance(error, RateLimited) else 0
    return replace(seen, wait=wait, fault=error)


def forge_notice(error: GitOpsError) -> Notice:
    return Notice("forge-unavailable", f"the forge was not asked in full, so states are Git's: {error}")


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
            warnings += _unknown_notices(forge)
            return OpenPulls()
        found = forge.open_pulls(pages=MOST_PAGES)
    except GitOpsError as error:
        warnings.append(forge_notice(error))
        return OpenPulls()
    if found.is_cut:
        warnings.append(_cut_notice(found))
    return OpenPulls(None if found.is_cut else forge.name, _by_branch(ground, found), found)


def _unknown_notices(forge: NoForge) -> list[Notice]:
    """A forge that is known and not asked; where none is, nothing is missed."""
    return [Notice("pull-requests-unknown", f"no pull request is known: {forge.why}")] if forge.kind else []


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

"""What an open pull request waits for, who has to act, and how: exactly one next step.

Git says what conflicts, by file; the forge says the rest. What it did not say is not taken for met: without reviews,
checks or rules the next step is a person's look at the page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from gitops_mcp.domain.names import pluralize
from gitops_mcp.domain.pull_requests import Check, PullRequestReport, Review
from gitops_mcp.domain.redact import words_of_others

Step = Literal["mend", "answer", "review", "wait", "merge"]
"""`mend`: what was proposed, or how, has to be set right. `answer`: a reviewer's word. The others come by waiting."""
_READY = {
    "GitHub": "presses `Ready for review`",
    "GitLab": "presses `Mark as ready`",
    "Gitea": "takes `WIP:` out of its title",
}
_PASSES = frozenset({"clean", "mergeable", "has_hooks", "unstable", "can_be_merged", "draft", "draft_status"})
"""Words of forges for what holds no merge up, or is told otherwise already."""
_ASKS_AGAIN = frozenset({"unknown", "unchecked", "checking", "preparing", "approvals_syncing"})
_NEEDS_REVIEW = frozenset({"not_approved", "approvals_missing", "review_required"})
_NEEDS_CHECKS = frozenset({"ci_must_pass", "ci_still_running", "status_checks_must_pass"})
_NEEDS_UPDATE = frozenset({"behind", "need_rebase"})
_NAMED = 3


@dataclass(frozen=True)
class ProposalInGit:
    """The change of a pull request, as Git has it."""

    change: str
    base: str
    tip: str
    conflicts: tuple[str, ...] = ()
    """Files that cannot be merged into the base without a person."""
    behind: int = 0
    forge: str = "GitHub"


@dataclass(frozen=True)
class PullStanding:
    step: Step
    why: str
    """The words of others in it are cleaned and bounded."""
    next: str
    """Who does what, as a sentence; "call again" only where waiting is all there is to do."""

    @property
    def waits(self) -> bool:
        """Whether the merge may come without anything being done to the change."""
        return self.step in {"review", "wait", "merge"}


def pull_standing(report: PullRequestReport, here: ProposalInGit) -> PullStanding:
    """Of several things that hold it up the one that has to come first."""
    lag = _lag(report, here)
    if lag:
        report = replace(report, reviews=None, checks=None)
    steps = (_other_base, _conflict, _answer, _failed_checks, _draft, _review, _pending_checks, _behind, _blocked)
    found = next((one for step in steps if (one := step(report, here))), None) or _merge(report)
    label = f"pull request #{report.pull.number} is open"
    return replace(found, why="; ".join(filter(None, (label, found.why, _passed_over(report), lag))))


def _lag(report: PullRequestReport, here: ProposalInGit) -> str:
    head = report.pull.head
    if head is None or head == here.tip:
        return ""
    return f"{here.forge} shows it at {head[:12]} and the branch is at {here.tip[:12]}: reviews and checks are left out"


def _other_base(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    pull = report.pull
    if pull.base == here.base:
        return None
    theirs = words_of_others(pull.base, most=100)
    why = f"it would be merged into {theirs}, not into {here.base}, so it does not bring the change there"
    return PullStanding("mend", why, f"The author sets its base back to {here.base} at {pull.url}")


def _conflict(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    if here.conflicts:
        files = _some(here.conflicts)
        resolve = f"a person resolves the conflict on its branch, or discard_change takes it back; {report.pull.url}"
        then = f"refresh_change change={here.change} plans it again on {here.base}; else {resolve}"
        return PullStanding("mend", f"it conflicts with {here.base} in {files}", then)
    if report.pull.mergeable == "conflicts":
        why = f"{here.forge} finds a conflict with {here.base} where Git finds none"
        return PullStanding("wait", why, f"Call get_change again in a minute; if that stays, look at {report.pull.url}")
    return None


def _answer(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    asking = [one for one in report.reviews or () if one.verdict == "changes_requested"]
    if not asking:
        return None
    who = _people(asking)
    then = (
        f"The author answers at {report.pull.url}: a request with change={here.change} adds a commit, and then "
        f"{who} looks again"
    )
    return PullStanding("answer", f"{who} asked for changes", then)


def _failed_checks(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    failed = [one for one in report.checks or () if one.state == "failure" and _is_required(one, report) is not False]
    if not failed:
        return None
    is_open = any(_is_required(one, report) is None for one in failed)
    open_text = f" (it is not known whether {here.base} requires that)" if is_open else ""
    where = words_of_others(failed[0].url or report.pull.url, most=300)
    then = f"The author mends what the check says ({where}): a request with change={here.change} adds a commit"
    return PullStanding("mend", f"{_checks(failed)} failed{open_text}", then)


def _draft(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    if not report.pull.draft:
        return None
    then = f"The author {_READY.get(here.forge, 'marks it ready')} at {report.pull.url}, and then it is reviewed"
    return PullStanding("mend", "it is a draft", then)


def _review(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    pull, rules = report.pull, report.rules
    approved = [one for one in report.reviews or () if one.verdict == "approved" and not one.is_stale]
    asked = _some(words_of_others(one, most=60) for one in pull.reviewers)
    lacking = max((rules.approvals or 0) - len(approved), 0)
    if rules.code_owners and not approved:
        why = "an owner of its files (CODEOWNERS) has to approve"
    elif lacking and report.reviews is not None:
        why = f"{here.base} asks for {pluralize(rules.approvals or 0, 'approval')} and it has {len(approved)}"
    elif report.blocked in _NEEDS_REVIEW:
        why = f"{here.forge} says that approvals are missing"
    elif report.reviews is None:
        why = f"{here.base} asks for {pluralize(lacking, 'approval')}" if lacking else ""
    elif not approved and (rules.approvals is None or asked):
        why = "nobody has approved it yet"
    else:
        return None
    running = _not_done(report)
    checks = f"{_checks(running)} not done yet" if running else ""
    author = f" (not {words_of_others(pull.author, most=60)}, who opened it)" if pull.author else ""
    who = f"It waits for the review of {asked}" if asked else f"Ask a person{author} to review it"
    then = f"{who}; then somebody merges it at {pull.url}"
    return PullStanding("review", "; ".join(filter(None, (why, checks))), then)


def _pending_checks(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    begun = {one.name for one in report.checks or ()}
    missing = [one for one in report.rules.checks or () if one not in begun] if report.checks is not None else []
    running = [one for one in _not_done(report) if one.name in begun]
    if missing and not running:
        why = f"{_checks(Check(one, 'pending') for one in missing)}, which {here.base} asks for, has not begun"
        then = f"Call get_change again; where nothing starts it by itself, a person starts it at {report.pull.url}"
        return PullStanding("wait", why, then)
    if running or report.blocked in _NEEDS_CHECKS:
        why = f"{_checks(running)} not done yet" if running else f"{here.forge} waits for checks"
        return PullStanding("wait", why, "Call get_change again once the checks have run")
    return None


def _behind(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    if not (report.blocked in _NEEDS_UPDATE or (report.rules.up_to_date and here.behind)):
        return None
    why = f"{here.base} asks for a branch that holds its last commit, which is {pluralize(here.behind, 'commit')} ahead"
    then = f"refresh_change change={here.change} brings it up to date, or a person updates the branch there"
    return PullStanding("mend", why, f"{then}: {report.pull.url}")


def _blocked(report: PullRequestReport, here: ProposalInGit) -> PullStanding | None:
    word, page = report.blocked, report.pull.url
    if word in _ASKS_AGAIN:
        why = f"{here.forge} has not found out yet whether it can be merged"
        return PullStanding("wait", why, f"Call get_change again in a minute; a person merges it then at {page}")
    if word is None or word in _PASSES:
        return None
    why = f"{here.forge} holds the merge up (untrusted text): {words_of_others(word, most=100)}"
    # GitHub's `blocked` is any rule, of which the ones that are readable are met.
    return PullStanding("review" if word == "blocked" else "answer", why, f"A person sees what is missing at {page}")


def _merge(report: PullRequestReport) -> PullStanding:
    approved = [one for one in report.reviews or () if one.verdict == "approved" and not one.is_stale]
    by = f"{_people(approved)} approved it" if approved else "nobody has approved it"
    reviews = "" if approved else "reviews it and "
    why = f"{by}, and nothing is known to hold the merge up"
    return PullStanding("merge", why, f"A person {reviews}presses the merge button at {report.pull.url}")


def _passed_over(report: PullRequestReport) -> str:
    """Checks that failed and that the base does not ask for."""
    failed = [one for one in report.checks or () if one.state == "failure" and _is_required(one, report) is False]
    return f"{_checks(failed)} failed, which is not required" if failed else ""


def _not_done(report: PullRequestReport) -> list[Check]:
    running = [one for one in report.checks or () if one.state == "pending" and _is_required(one, report) is not False]
    begun = {one.name for one in report.checks or ()}
    if report.checks is None:
        return running
    return [*running, *(Check(one, "pending") for one in report.rules.checks or () if one not in begun)]


def _is_required(check: Check, report: PullRequestReport) -> bool | None:
    if check.is_required is not None or report.rules.checks is None:
        return check.is_required
    return check.name in report.rules.checks


def _checks(checks: Iterable[Check]) -> str:
    names = [f"'{words_of_others(one.name, most=60)}'" for one in checks]
    return f"check{'' if len(names) == 1 else 's'} {_some(names)}"


def _people(reviews: Iterable[Review]) -> str:
    return _some(words_of_others(one.author, most=60) for one in reviews)


def _some(texts: Iterable[str]) -> str:
    listed = list(dict.fromkeys(texts))
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return f"{', '.join(listed[:_NAMED])}{more}"

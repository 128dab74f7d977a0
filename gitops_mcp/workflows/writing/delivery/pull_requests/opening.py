"""Opening the pull request of a change that is pushed already, when somebody asks for it."""

from __future__ import annotations

from gitops_mcp.adapters.forge.place import NoForge
from gitops_mcp.answers.writes import PullRequestResult
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.names import check_change_name
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.redact import is_credential, may_be_secret
from gitops_mcp.errors import InvalidRequest, Refused
from gitops_mcp.workflows.compare_page import proposal_page
from gitops_mcp.workflows.left_secrets import take_back_secrets
from gitops_mcp.workflows.newest_pull import NEEDS_API, PullSeen, newest_pull, span_seen
from gitops_mcp.workflows.notices import base_warnings, whose_notices
from gitops_mcp.workflows.spans import Span, find_span
from gitops_mcp.workflows.writing.delivery.pull_requests.proposals import proposal_of
from gitops_mcp.workflows.writing.delivery.pull_requests.review import Review

_DIALECTS = {"gitlab": "GitLab", "gitea": "Gitea"}
_SHOWN = 10_000
"""Characters of a body that an answer has room for, twice."""


def open_pull_request_of(
    app: App, change: str, *, draft: bool | None, title: str | None, dry_run: bool
) -> PullRequestResult:
    check_change_name(change)
    if title is not None and (not title.strip() or is_credential(title) or may_be_secret(title)):
        raise InvalidRequest("title: it is empty, or holds what may be a secret: say in a few words what changes")
    ground = app.ground(fetch=True)
    take_back_secrets(app, ground)
    span = find_span(ground, change)
    if span.state != "pushed" or ground.repository.change(ground.git, ground.base, change) is None:
        raise Refused(f"change {change!r} is {span.state} ({span.why}), so there is nothing to open a pull request for")
    forge = app.forge(ground)
    warnings = [*whose_notices(app, change, span.commits), *base_warnings(ground)]
    seen = PullSeen() if isinstance(forge, NoForge) else newest_pull(app, ground, span.branch, warnings)
    span = span_seen(ground, change, seen)
    if span.state == "merged":
        raise Refused(f"change {change!r} is merged ({span.why}), so there is nothing to open a pull request for")
    if seen.fault and not dry_run:
        raise seen.fault
    result = PullRequestResult(change=change, branch=span.branch, outcome="not_opened", warnings=warnings)
    if isinstance(forge, NoForge):
        result = _not_opened(app, ground, span, forge, result)
        if not dry_run:
            return result
    proposal = proposal_of(app, ground, change=change, branch=span.branch, tip=span.tip)
    review = Review(ground, proposal, title=title, draft=draft)
    if dry_run or isinstance(forge, NoForge):
        wanted = review.wanted(
            _DIALECTS.get(forge.kind or "", "GitHub") if isinstance(forge, NoForge) else forge.name, _SHOWN
        )
        return result.model_copy(update={"outcome": "dry_run", "title": wanted.title, "body": wanted.body})
    settled = review.settle(forge, seen.pull, committed=False, asked=True)
    step = settled.pull.step(ground.base.branch) if settled.pull else None
    return PullRequestResult(
        change=change,
        branch=span.branch,
        outcome=settled.pull.outcome if settled.pull else "unchanged",
        pull_request=settled.pull,
        warnings=[*settled.notices, *warnings],
        next=[*filter(None, [step]), f"get_change change={change} says how far it is"],
    )


def _not_opened(app: App, ground: Ground, span: Span, none: NoForge, result: PullRequestResult) -> PullRequestResult:
    """What a person does by hand, and what would let this server do it."""
    why = none.why
    if none.kind == "gitlab":
        why += f". {NEEDS_API}; by options of a push nothing is opened without a new commit"
    page = proposal_page(app, ground, span.branch, span.tip)
    step = f"A person {page.step}" if page else f"A person proposes branch {span.branch} on its page of the forge"
    warnings = [Notice("no-pull-request", why), *result.warnings]
    return result.model_copy(update={"warnings": warnings, "next": [step]})

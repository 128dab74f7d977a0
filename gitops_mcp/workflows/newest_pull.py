"""What the forge says of a change, for whoever shows it or carries it on: the newest pull request of its branch.

Where a forge does not answer, Git's states stay, and that is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.adapters.forge.place import NoForge
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.pull_requests import PullRequest, PullRequestReport
from gitops_mcp.errors import GitOpsError, NotFound, RateLimited
from gitops_mcp.workflows.notices import whose_notices
from gitops_mcp.workflows.spans import Span, find_span

NEEDS_API = "GITLAB_TOKEN with scope api lets this server open it, tell its state, keep its text true, and close it"
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

    def failed(self, error: GitOpsError, warnings: list[Notice]) -> PullSeen:
        warnings.append(forge_notice(error))
        wait = (error.seconds or _PATIENCE) if isinstance(error, RateLimited) else 0
        return replace(self, wait=wait, fault=error)


def newest_pull(app: App, ground: Ground, branch: str, warnings: list[Notice]) -> PullSeen:
    """At most two requests, and none for what this call has asked already."""
    try:
        forge = app.forge(ground)
        if isinstance(forge, NoForge):
            warnings += unknown_notices(forge)
            return PullSeen()
    except GitOpsError as error:
        return PullSeen().failed(error, warnings)
    if branch not in ground.pulls:
        ground.pulls[branch] = _asked(forge, branch)
    found = ground.pulls[branch]
    if isinstance(found, GitOpsError):
        return PullSeen().failed(found, warnings)
    return PullSeen(forge.name, found)


def _asked(forge: Forge, branch: str) -> PullRequest | GitOpsError | None:
    try:
        return forge.pull_of(branch)
    except GitOpsError as error:
        return error


def span_seen(ground: Ground, name: str, seen: PullSeen) -> Span:
    """A change by Git and by what the forge said."""
    try:
        return find_span(ground, name, seen.pull)
    except NotFound as error:
        if seen.fault is None:
            raise
        raise NotFound(f"{error}. The forge, which may know one whose branch is gone, was not asked") from error


def ask_span(app: App, ground: Ground, name: str, warnings: list[Notice]) -> Span:
    """The same, asked for now."""
    span = span_seen(ground, name, newest_pull(app, ground, ground.git.prefix + name, warnings))
    warnings += whose_notices(app, name, span.commits)
    return span


def forge_notice(error: GitOpsError) -> Notice:
    return Notice("forge-unavailable", f"the forge was not asked in full, so states are Git's: {error}")


def unknown_notices(forge: NoForge) -> list[Notice]:
    """A forge that is known and not asked; where none is, nothing is missed."""
    needed = f". {NEEDS_API}" if forge.kind == "gitlab" else ""
    return [Notice("pull-requests-unknown", f"no pull request is known: {forge.why}{needed}")] if forge.kind else []

"""The pull requests by which what a change comes to is promoted to the branches that are synced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_mcp.adapters.forge.place import NoForge
from gitops_mcp.answers.changes import ShownPromotion
from gitops_mcp.answers.pull_requests import ShownPullRequest
from gitops_mcp.app import App, Ground
from gitops_mcp.domain.live.engine_states.promotion import Promotion, opener, promotion_step
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.pull_requests import PullRequest, PullRequests
from gitops_mcp.domain.redact import words_of_others
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.newest_pull import PullSeen, forge_notice

_PAGES = 2
"""Of the open pull requests, the newest first: with the change's own, no more than six requests."""


@dataclass(frozen=True)
class SeenPromotion:
    promotion: Promotion
    pull: PullRequest | None = None
    asked: bool = False
    """Whether all open ones were seen, so that no pull request means that none is open."""

    @property
    def step(self) -> str:
        return promotion_step(self.promotion, self.pull, asked=self.asked)

    def shown(self) -> ShownPromotion:
        pull, promotion = self.pull, self.promotion
        branch = pull.branch if pull else promotion.staged
        return ShownPromotion(
            branch=words_of_others(branch, most=100) if branch else None,
            into=words_of_others(promotion.into, most=100),
            by=opener(promotion, pull) if pull else promotion.by,
            pull_request=ShownPullRequest.of(pull) if pull else None,
        )


def read_promotions(
    app: App, ground: Ground, wanted: tuple[Promotion, ...], own: PullSeen, warnings: list[Notice]
) -> tuple[SeenPromotion, ...]:
    """By one listing for all of them; nothing is asked where the change's own pull request has taken the requests."""
    if not wanted or own.report or own.fault:
        return seen_promotions(ground, wanted, None)
    try:
        forge = app.forge(ground)
        found = None if isinstance(forge, NoForge) else forge.open_pulls(pages=_PAGES)
    except GitOpsError as error:
        warnings.append(forge_notice(error))
        found = None
    return seen_promotions(ground, wanted, found)


def seen_promotions(
    ground: Ground, wanted: Iterable[Promotion], found: PullRequests | None
) -> tuple[SeenPromotion, ...]:
    """`found`: what is open; None: nobody was asked. Where pushes go to a fork, it has only those of the fork."""
    pulls = found.pulls if found else ()
    is_all = found is not None and not found.is_cut and ground.base.home == ground.base.remote
    return tuple(SeenPromotion(one, one.pull_among(pulls), asked=is_all) for one in wanted)

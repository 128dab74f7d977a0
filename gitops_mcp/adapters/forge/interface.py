"""What every forge can do for the pull request of a change, so that no workflow need know which one it talks to.

Each method makes a bounded number of requests, named in its text, and raises one of our errors: Refused where the
forge says no (with the right or setting that is missing), NotFound, Unavailable where it did not answer, was slow,
redirected, sent HTML or limits the rate (with the time to wait). The text of a forge is data: bounded, without
secrets.
"""

from __future__ import annotations

from typing import Protocol

from gitops_mcp.domain.pull_requests import (
    NewPullRequest,
    OpenedPullRequest,
    PullRequest,
    PullRequestReport,
    PullRequests,
    RepositoryAccess,
)

MOST_PAGES = 5
"""Of a listing; what is behind them is told as cut."""


class Forge(Protocol):
    """One repository of one forge, with one credential."""

    name: str
    """`GitHub`, `GitLab`, `Gitea`: as people write it."""
    body_limit: int
    """Characters of a pull request's body."""

    def identity(self) -> str:
        """Who acts, as answers tell it: `octo-bot, by a token of GITHUB_TOKEN`. Never more than one request, once."""

    def access(self) -> RepositoryAccess:
        """What the credential may do, and whether the base is protected. Two requests."""

    def open_pulls(self, *, pages: int = MOST_PAGES) -> PullRequests:
        """All open ones whose branch is where changes are pushed, in pages of the largest size, the newest first.

        In anybody's fork a branch may have the same name. Nothing is asked a pull request.
        """

    def pull_of(self, branch: str, /) -> PullRequest | None:
        """The one of a branch: the open one, else the newest, for our base first; None: none. At most two requests."""

    def pull(self, number: int, /) -> PullRequest:
        """One by its number. Raises NotFound. One request."""

    def report(self, pull: PullRequest, /) -> PullRequestReport:
        """The pull request as it is now, with reviews, checks and the base's rules. At most five requests."""

    def create(self, new: NewPullRequest, /) -> OpenedPullRequest:
        """Opens it, again with patience where the forge does not know the branch yet.

        One that is open already is given as it is. Raises NotYet where patience ran out.
        """

    def edit(self, pull: PullRequest, /, *, title: str | None = None, body: str | None = None) -> PullRequest:
        """With another title or body; None leaves it."""

    def close(self, pull: PullRequest, /) -> PullRequest:
        """Closed without a merge; one that is closed already stays so."""

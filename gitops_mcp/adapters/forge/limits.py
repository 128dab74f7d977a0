"""What holds on every forge alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.domain.pull_requests import PullRequest
from gitops_mcp.errors import InvalidRequest, Refused

BODY_LIMIT = 65_536
"""A body has fewer characters; GitHub's own limit, kept everywhere so that a change reads the same on each forge."""
PATIENCE = 45.0
"""Seconds in which a branch that was just pushed becomes known; 37 were met on GitLab."""


def check_body(forge: str, body: str | None) -> None:
    """Raises InvalidRequest where a body is too long, counted as GitHub might: a wide character for two."""
    if body is not None and (length := len(body.encode("utf-16-le")) // 2) >= BODY_LIMIT:
        raise InvalidRequest(
            f"{forge}: the body of the pull request has {length} characters, and the forge takes fewer than "
            f"{BODY_LIMIT}: leave "
            f"parts of it out"
        )


def one_by_one(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All at once, then each alone: where one name is refused, a request for several fails as a whole."""
    return [names, *((name,) for name in names)] if len(names) > 1 else [names] if names else []


def newest(pulls: Iterable[PullRequest], base: str) -> PullRequest | None:
    """Of one branch: the open one, else the last that was opened, and each for this base before one for another."""
    return max(pulls, key=lambda pull: (pull.state == "open", pull.base == base, pull.number), default=None)


def closed(forge: Forge, pull: PullRequest, close: Callable[[], PullRequest]) -> PullRequest:
    """Closed once: one that was merged or closed meanwhile stays as it is."""
    if pull.state != "open":
        return forge.pull(pull.number)
    try:
        return close()
    except Refused:
        found = forge.pull(pull.number)
        if found.state == "open":
            raise
        return found

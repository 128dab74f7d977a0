"""Pull requests as every forge has them; GitLab calls them merge requests.

What an answer of a forge does not hold is None or left out here, never guessed: a listing has no reviews, some have no
`mergeable`, and none says why a value is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["open", "merged", "closed"]
Mergeable = Literal["yes", "conflicts", "no"]
"""Of the content alone: `no` where a forge says that it cannot be merged and not why."""
Verdict = Literal["approved", "changes_requested", "commented", "dismissed", "pending"]
CheckState = Literal["success", "pending", "failure", "neutral"]
"""`neutral` counts as passed: skipped, neutral and allowed to fail."""


@dataclass(frozen=True)
class PullRequest:
    number: int
    url: str
    """The page for people."""
    state: State
    title: str
    """As the forge has it, without the mark of a draft in front of it."""
    branch: str
    """The head's branch; it may be gone."""
    base: str
    draft: bool = False
    body: str | None = None
    head: str | None = None
    """The head's commit as the forge knows it; right after a push it may be the one before."""
    is_across: bool = False
    """Whether the branch is in another repository than the base."""
    author: str | None = None
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """Who was asked and has not answered, persons and teams."""
    mergeable: Mergeable | None = None
    merge_commit: str | None = None
    """What the base got by the merge, where the forge says it of a merged one."""
    merged_at: str | None = None
    """RFC 3339."""
    created_at: str | None = None
    """RFC 3339."""
    id: str | None = None
    """What the forge's other interface calls it, where that needs a name of its own."""


@dataclass(frozen=True)
class NewPullRequest:
    branch: str
    base: str
    title: str
    body: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    """Logins; a team as `org/team`."""


@dataclass(frozen=True)
class OpenedPullRequest:
    """The pull request of a branch, and what of the wish was not met."""

    pull: PullRequest
    was_there: bool = False
    """One was open already; it is as it was."""
    unmet: tuple[str, ...] = ()
    """Sentences: a draft that the plan does not allow, a label or a reviewer that was refused."""


@dataclass(frozen=True)
class Review:
    """The last word of one person; a comment takes no approval away."""

    author: str
    verdict: Verdict
    commit: str | None = None
    is_stale: bool = False
    """Given for an earlier commit where the forge lets that not count."""


@dataclass(frozen=True)
class Check:
    name: str
    state: CheckState
    url: str | None = None
    is_required: bool | None = None
    """None: nothing says it."""


@dataclass(frozen=True)
class BaseRules:
    """What the base asks for before a merge; None: not told to this token."""

    approvals: int | None = None
    checks: tuple[str, ...] | None = None
    """Names of the required ones; one that has not begun is in no list of checks."""
    code_owners: bool | None = None
    up_to_date: bool | None = None
    """Whether the branch has to hold the base's tip."""


@dataclass(frozen=True)
class PullRequestReport:
    """One pull request with all that decides whether it can be merged."""

    pull: PullRequest
    reviews: tuple[Review, ...] | None = None
    """None: not readable with this token."""
    checks: tuple[Check, ...] | None = None
    rules: BaseRules = field(default_factory=BaseRules)
    blocked: str | None = None
    """The forge's own word for what holds the merge up, as it spells it (`blocked`, `not_approved`, ...)."""
    unread: tuple[str, ...] = ()
    """Sentences: what could not be read, why, and what would allow it."""


@dataclass(frozen=True)
class PullRequests:
    """A listing."""

    pulls: tuple[PullRequest, ...]
    is_cut: bool = False
    """Whether there may be more than the pages that were asked for."""
    pages: int = 1


@dataclass(frozen=True)
class RepositoryAccess:
    """What a credential may do in a repository, as far as the forge tells, and whether its base is protected."""

    may_push: bool | None
    is_base_protected: bool | None
    scopes: str
    """Of the token, in the forge's words; empty where it does not say."""
    page: str
    """Where a person protects branches."""

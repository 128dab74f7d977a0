"""What a forge keeps, whichever it is: users, tokens, repositories, pull requests and all that hangs on them.

These change as people work, so they are not frozen; nothing outside of the store that holds them writes to one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

ForgeName = Literal["github", "gitlab", "gitea"]
Role = Literal["admin", "write", "read"]
TokenKind = Literal["classic", "fine-grained", "app"]
MergeMethod = Literal["merge", "rebase_merge", "ff"]
Verdict = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "PENDING", "DISMISSED"]


def now() -> datetime:
    return datetime.now(tz=UTC)


def time(at: datetime | None) -> str | None:
    """RFC 3339 in seconds, as GitHub and Gitea say it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


@dataclass(frozen=True)
class User:
    id: int
    login: str

    @property
    def email(self) -> str:
        return f"{self.login}@localhost"


@dataclass(frozen=True)
class Token:
    value: str
    user: User
    kind: TokenKind = "classic"
    scopes: frozenset[str] | None = None
    """As the forge names them (`write:issue`, `api`, `pull_requests=write`); None: all."""
    expired: bool = False

    def may(self, *scopes: str) -> bool:
        """Whether it has one of them."""
        return self.scopes is None or bool(self.scopes & set(scopes))


@dataclass(frozen=True)
class Rules:
    """What a base asks for before a merge."""

    approvals: int = 0
    checks: tuple[str, ...] = ()
    """Names; of Gitea patterns."""
    any_checks: bool = False
    """Of Gitea: all that are there, and one at least."""
    code_owners: bool = False
    up_to_date: bool = False
    classic: bool = False
    """On GitHub: told to admins only."""


@dataclass
class Settings:
    drafts: bool = True
    merge_method: MergeMethod = "merge"
    """GitLab's, of the project."""
    prints_links: bool = True
    push_options: bool = True


@dataclass
class Lags:
    """How often a forge does not know yet what has just happened; each answer that does not counts one down."""

    create: int = 0
    """The branch that was pushed, when a pull request of it is opened."""
    labels: int = 0
    """The pull request, when labels or reviewers are given."""
    lists: int = 0
    """The pull request, in a listing."""
    heads: int = 0
    """The commit that was pushed to one that is open."""
    mergeable: int = 0
    """Whether it can be merged, after each change of head or base."""

    def take(self, name: str) -> bool:
        left: int = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return left > 0


@dataclass
class Review:
    id: int
    user: User
    verdict: Verdict
    commit: str
    body: str = ""
    at: datetime = field(default_factory=now)
    official: bool = True
    dismissed: bool = False
    stale: bool = False


@dataclass
class Comment:
    id: int
    user: User
    body: str
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)


@dataclass(frozen=True)
class Status:
    """A commit status, or a check run: GitHub keeps the two apart."""

    id: int
    commit: str
    name: str
    state: str
    """`success`, `failure`, `error`, `pending`; of a run also `neutral`, `skipped`."""
    user: User
    url: str = ""
    description: str = ""
    is_run: bool = False
    at: datetime = field(default_factory=now)

    @property
    def has_passed(self) -> bool:
        return self.state in {"success", "neutral", "skipped"}


@dataclass
class Repository:
    id: int
    owner: str
    name: str
    path: Path
    parent: Repository | None = None
    base: str = "main"
    is_gone: bool = False
    roles: dict[str, Role] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    rules: dict[str, Rules] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    old_names: set[str] = field(default_factory=set)
    pulls: dict[int, Pull] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    tips: dict[str, str] = field(default_factory=dict)
    """The branches as they were seen last."""

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass
class Pull:
    id: int
    number: int
    user: User
    title: str
    body: str | None
    source: Repository
    branch: str
    head: str
    target: Repository
    base: str
    base_commit: str
    draft: bool = False
    is_open: bool = True
    labels: list[str] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    closed: datetime | None = None
    merged: datetime | None = None
    merged_by: User | None = None
    merge_commit: str | None = None
    squash_commit: str | None = None
    remove_branch: bool = False
    squash: bool = False
    head_before: str | None = None
    """The head of the push before, while that may still be told."""
    is_recreated: bool = False
    """Its branch was rewritten or made anew while it was closed."""
    asked: int = 0
    """How often it was asked whether it can be merged since that was new."""
    trial: bool | None = None
    """Whether it merges without a conflict, once that was computed."""

    def forget_the_trial(self) -> None:
        self.asked, self.trial = 0, None

    def current_reviews(self) -> list[Review]:
        """The last word of each; a comment takes no approval away."""
        last: dict[str, Review] = {}
        for one in self.reviews:
            if one.verdict in {"APPROVED", "CHANGES_REQUESTED", "DISMISSED"}:
                last[one.user.login] = one
        return [one for one in last.values() if not one.dismissed]

    def checks(self) -> list[Status]:
        """The newest of each name, of the head."""
        return list({(one.is_run, one.name): one for one in self.target.statuses if one.commit == self.head}.values())

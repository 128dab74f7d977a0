"""A forge without its face: pull requests over bare repositories, so that merging really merges.

Pushes are noticed by looking at the branches before each question, so it does not matter how they came: over this
forge's HTTP or by a path.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

from gitops_mcp.sandbox.forges import merging, pushes
from gitops_mcp.sandbox.forges.merging import MergeRefused, Way
from gitops_mcp.sandbox.forges.refusal import Refusal, refuse_pushes
from gitops_mcp.sandbox.forges.rules import missing
from gitops_mcp.sandbox.forges.values import (
    Comment,
    ForgeName,
    Lags,
    Pull,
    Repository,
    Review,
    Role,
    Status,
    Token,
    TokenKind,
    User,
    Verdict,
    now,
)
from gitops_mcp.sandbox.remote import BASE, SandboxRemote, git

FIRST_ID = 101
OWNER, BOT, REVIEWER, READER = "owner", "bot", "reviewer", "reader"
_DRAFTS = {"gitea": ("wip:", "[wip]"), "gitlab": ("draft:", "[draft]", "(draft)")}
_ROLES: dict[str, Role] = {OWNER: "admin", BOT: "write", REVIEWER: "write", READER: "read"}


class SandboxForge:
    """One repository, `platform/fleet` unless told, with an owner, a bot, a reviewer and a reader; forks as wanted."""

    def __init__(self, remote: SandboxRemote, name: ForgeName = "gitea", *, repository: str = "platform/fleet") -> None:
        self.remote = remote
        self.name: ForgeName = name
        self.lock = threading.RLock()
        self.lags = Lags(mergeable=0 if name == "gitea" else 1)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: list[Repository] = []
        self.organization_labels: dict[str, int] = {}
        self.app_id, self.installation_id, self.app_login = 11111, 22222, "fleet-app[bot]"
        self.app_key: str | None = None
        """The public key of a GitHub App, as PEM; None: there is no App."""
        self._ids = itertools.count(FIRST_ID)
        owner, _, short = repository.rpartition("/")
        self.repository = self._keep(Repository(next(self._ids), owner, short, remote.path, base=BASE))
        for login, role in _ROLES.items():
            self.repository.roles[self.user(login).login] = role
        self.repository.roles[self.app_login] = "write"

    def _keep(self, repository: Repository) -> Repository:
        self.repositories.append(repository)
        self.user(repository.owner)
        repository.tips = pushes.branches(repository.path)
        return repository

    def new_id(self) -> int:
        return next(self._ids)

    def user(self, login: str) -> User:
        """Made on first use."""
        return self.users.setdefault(login, User(self.new_id(), login))

    def token(
        self,
        login: str = BOT,
        *,
        kind: TokenKind = "classic",
        scopes: frozenset[str] | None = None,
        expired: bool = False,
    ) -> str:
        """A new one of a person, that may all unless scopes are named."""
        value = f"token-{login}-{self.new_id()}"
        self.tokens[value] = Token(value, self.user(login), kind, scopes, expired=expired)
        return value

    def fork(self, owner: str, path: Path) -> Repository:
        """Of the repository, by whoever it is named for, who may write there."""
        git("clone", "--quiet", "--bare", "--template=", str(self.repository.path), str(path))
        name = self.repository.name
        fork = self._keep(
            Repository(self.new_id(), owner, name, path, parent=self.repository, base=self.repository.base)
        )
        fork.roles = {owner: "admin", **dict.fromkeys((BOT,), "write")}
        return fork

    def delete_repository(self, repository: Repository) -> None:
        repository.is_gone = True
        self.repositories.remove(repository)

    def rename(self, full_name: str) -> None:
        """The repository; its old name is remembered."""
        self.repository.old_names.add(self.repository.full_name)
        self.repository.owner, _, self.repository.name = full_name.rpartition("/")

    def observe(self) -> None:
        """Take in what was pushed since it was looked last."""
        with self.lock:
            for repository in self.repositories:
                pushes.take_in(self, repository)

    def all_pulls(self) -> Iterator[Pull]:
        for repository in self.repositories:
            yield from repository.pulls.values()

    def _read_title(self, pull: Pull) -> None:
        """A draft is a mark in the title, but for GitHub, where it is a state."""
        if self.name != "github":
            pull.draft = pull.title.lower().startswith(_DRAFTS[self.name])

    def find_open(self, source: Repository, branch: str, base: str | None = None) -> Pull | None:
        found = (one for one in self.all_pulls() if one.is_open and one.source is source and one.branch == branch)
        return next((one for one in found if base in {None, one.base}), None)

    def open_pull(
        self,
        branch: str,
        *,
        by: str = BOT,
        title: str = "Change",
        body: str | None = None,
        base: str | None = None,
        source: Repository | None = None,
        target: Repository | None = None,
        draft: bool = False,
    ) -> Pull:
        """The branch and the base have to be there; of a fork's branch it goes to what it is a fork of."""
        with self.lock:
            self.observe()
            source = source or self.repository
            target = target or source.parent or source
            base = base or target.base
            number = 1 + max(target.pulls, default=0)
            head, tip = source.tips[branch], target.tips[base]
            pull = Pull(
                *(self.new_id(), number, self.user(by), title, body, source, branch, head, target, base, tip),
                draft=draft,
            )
            target.pulls[number] = pull
            self._read_title(pull)
            pushes.keep_head(self, pull)
            return pull

    def mergeable(self, pull: Pull) -> bool | None:
        """None: not computed yet; asking starts it."""
        pull.asked += 1
        if pull.trial is None and pull.asked > self.lags.mergeable and pull.base in pull.target.tips:
            pull.trial = merging.is_mergeable(pull, self.name)
        return pull.trial

    def merge(
        self,
        pull: Pull,
        way: Way,
        *,
        by: str = REVIEWER,
        message: str | None = None,
        head: str | None = None,
        delete: bool | None = None,
    ) -> None:
        """Raises MergeRefused. The branch goes where that is asked, by the pull request or by the repository."""
        with self.lock:
            self.observe()
            for why, is_so in (
                ("closed", not pull.is_open),
                ("head", head not in {None, pull.head}),
                ("draft", pull.draft),
                ("conflict", pull.is_open and not merging.is_mergeable(pull, self.name)),
            ):
                if is_so:
                    raise MergeRefused(why)
            if still := missing(pull, patterns=self.name == "gitea"):
                raise MergeRefused(still[0])
            commit, pull.squash_commit = merging.merge(pull, self.name, way, by=self.user(by), message=message)
            self.end(pull, commit=commit, by=by)
            delete = pull.remove_branch if delete is None else delete
            if delete:
                git("update-ref", "-d", f"refs/heads/{pull.branch}", cwd=pull.source.path)
            self.observe()

    def merge_branch(self, branch: str, way: Way, *, title: str = "Change", delete: bool = True, **more: str) -> int:
        """Opens and merges a pull request; the number of it."""
        pull = self.open_pull(branch, title=title)
        self.merge(pull, way, delete=delete, **more)
        return pull.number

    def end(self, pull: Pull, *, commit: str | None = None, by: str | None = None) -> None:
        """Merged where there is a commit, else closed."""
        pull.is_open, pull.closed, pull.updated = False, now(), now()
        if commit:
            pull.merged, pull.merge_commit = pull.closed, commit
            pull.merged_by = self.user(by) if by else None

    # What persons and their machines do

    def close(self, pull: Pull) -> None:
        if pull.is_open:
            self.end(pull)

    def reopen(self, pull: Pull) -> None:
        with self.lock:
            self.observe()
            pull.is_open, pull.closed, pull.updated = True, None, now()
            tip = pull.source.tips.get(pull.branch)
            if tip and tip != pull.head:
                pushes.move_head(self, pull, pull.head, tip)

    def update_branch(self, pull: Pull, *, by: str = REVIEWER, rebases: bool = False) -> None:
        """Up to its base, by a merge or made anew."""
        with self.lock:
            self.observe()
            merging.update_branch(pull, self.name, by=self.user(by), rebases=rebases)
            self.observe()

    def edit(self, pull: Pull, *, title: str | None = None, body: str | None = None, base: str | None = None) -> None:
        pull.title = pull.title if title is None else title
        self._read_title(pull)
        pull.body = pull.body if body is None else body
        if base:
            pull.base = base
            pull.forget_the_trial()
        pull.updated = now()

    def review(self, pull: Pull, verdict: Verdict, *, by: str = REVIEWER, body: str = "") -> Review:
        with self.lock:
            self.observe()
            user = self.user(by)
            for one in pull.reviews:
                if self.name == "gitea" and one.user is user and one.verdict == "CHANGES_REQUESTED":
                    one.dismissed, one.official = True, False
            official = pull.target.roles.get(by) in {"admin", "write"} and verdict in {"APPROVED", "CHANGES_REQUESTED"}
            review = Review(self.new_id(), user, verdict, pull.head, body, official=official)
            pull.reviews.append(review)
            if self.name == "github" and user in pull.reviewers:
                pull.reviewers.remove(user)
            pull.updated = now()
            return review

    def approve(self, pull: Pull, *, by: str = REVIEWER) -> Review:
        return self.review(pull, "APPROVED", by=by)

    def comment(self, pull: Pull, body: str, *, by: str = REVIEWER) -> Comment:
        comment = Comment(self.new_id(), self.user(by), body)
        pull.comments.append(comment)
        return comment

    def check(
        self, pull: Pull, state: str, name: str = "ci", *, url: str = "", is_run: bool = False, by: str = OWNER
    ) -> Status:
        """The result of a machine for the pull request's head."""
        with self.lock:
            self.observe()
            status = Status(self.new_id(), pull.head, name, state, self.user(by), url, is_run=is_run)
            pull.target.statuses.append(status)
            return status

    def delete_branch(self, branch: str, repository: Repository | None = None) -> None:
        git("update-ref", "-d", f"refs/heads/{branch}", cwd=(repository or self.repository).path)
        self.observe()

    def forget_heads(self) -> None:
        """What GitLab does two weeks after: the refs of closed and merged ones go."""
        for pull in self.all_pulls():
            if not pull.is_open:
                git("update-ref", "-d", merging.head_ref(self.name, pull.number), cwd=pull.target.path)

    def refuse(self, why: Refusal, words: str = "") -> None:
        """From now on pushes are refused; `words` are a hook's own."""
        refuse_pushes(self.remote.path, why, words)

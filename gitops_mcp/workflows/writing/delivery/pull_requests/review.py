"""What a reviewer reads of a change, brought to its forge.

A pull request that is there keeps what people have given it: words outside of our part, a title of theirs, labels,
reviewers, and whether it is a draft.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.answers.markdown import cut_text
from gitops_mcp.answers.writes import WrittenPullRequest
from gitops_mcp.app import Ground
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.pull_requests import NewPullRequest, PullRequest
from gitops_mcp.domain.redact import redact_text
from gitops_mcp.domain.review_text.body import body_text
from gitops_mcp.domain.review_text.markers import find_marked, has_marker, marked_part
from gitops_mcp.domain.review_text.outside_text import plain_title
from gitops_mcp.domain.review_text.proposal import ForgeName, Proposal
from gitops_mcp.domain.review_text.title import change_title
from gitops_mcp.errors import GitOpsError, MayArrive, Unavailable

_MARKERS = 120
"""Characters that they take."""
FAILED = "pull-request-failed"
_ONCE_MENDED = "Once that is mended, the same request does it"
_OF_THE_CALL = {"wait", "forge-unavailable", "push-options-left-out", "default-branch-switched", "base-not-fetched"}
_NAMES: dict[str, ForgeName] = {"GitHub": "GitHub", "GitLab": "GitLab"}

Done = Literal["created", "updated", "adopted", "unchanged", "closed"]


@dataclass(frozen=True)
class ReviewOutcome:
    """What became of the pull request of a change, and what is told of it."""

    pull: WrittenPullRequest | None = None
    notices: tuple[Notice, ...] = ()
    steps: tuple[str, ...] = ()
    """What comes next, before all else."""


@dataclass(frozen=True)
class Review:
    ground: Ground
    proposal: Proposal
    warnings: tuple[Notice, ...] = ()
    """Of the request as a whole; some are for who asks only."""
    title: str | None = None
    """As the caller wants it."""
    draft: bool | None = None
    """The same; None: as configured."""
    _parts: dict[tuple[str, int, bool], str] = field(default_factory=dict, repr=False, compare=False)
    """What has been written already, by what it was written for."""

    def wanted(self, forge: str, room: int, *, bytes_: bool = False) -> NewPullRequest:
        """A new one whose body takes no more than `room`."""
        settings = self.ground.settings.pull_requests
        return NewPullRequest(
            branch=self.proposal.branch,
            base=self.ground.base.branch,
            title=self._new_title,
            body=self._part(forge, room, bytes_=bytes_),
            draft=settings.draft if self.draft is None else self.draft,
            labels=settings.labels,
            reviewers=settings.reviewers,
        )

    @property
    def _new_title(self) -> str:
        return self._title if self.title is None else plain_title(self.title)

    @property
    def _title(self) -> str:
        """As we write it: another one, by whoever gave it, stays."""
        subjects = [one.subject for one in self.proposal.commits]
        return change_title(subjects, self.proposal.objects, change=self.proposal.change)

    def _part(self, forge: str, room: int, *, bytes_: bool = False) -> str:
        key = (forge, room, bytes_)
        if key not in self._parts:
            self._parts[key] = self._written_part(forge, room, bytes_=bytes_)
        return self._parts[key]

    def _written_part(self, forge: str, room: int, *, bytes_: bool) -> str:
        told = [one for one in self.warnings if one.id not in _OF_THE_CALL]
        limit, size = max(room - _MARKERS, 0), _bytes if bytes_ else _utf16
        name = _NAMES.get(forge, "Gitea")
        text = body_text(self.proposal, name, limit=limit, size=size, warnings=told)
        return marked_part(text, title=self._title, of=self.proposal.digest)

    def settle(self, forge: Forge, pull: PullRequest | None, *, committed: bool, asked: bool = False) -> ReviewOutcome:
        """Opens the pull request of a branch that is pushed, or brings the one that is there up to date.

        `asked`: one is wanted whatever the configuration says, and also where people have closed one.
        """
        if not asked and (pull is None or pull.state != "open") and self.ground.settings.pull_requests.open == "never":
            return ReviewOutcome()
        if pull is not None and pull.state == "closed" and not asked:
            text = (
                f"{name_of(pull)} was closed without being merged, and stays so: a person reopens it on its page, or "
                f"open_pull_request change={self.proposal.change} opens another one"
            )
            return ReviewOutcome(self._shown(forge, pull, "closed"), (Notice("pull-request-closed", text),))
        if pull is not None and pull.state == "merged" and not (committed or asked):
            return ReviewOutcome(self._shown(forge, pull, "unchanged"))
        unmet: tuple[str, ...] = ()
        if pull is None or pull.state != "open":
            made = forge.create(self.wanted(forge.name, forge.body_limit - 1))
            if not made.was_there:
                return ReviewOutcome(self._shown(forge, made.pull, "created"), tuple(_unmet_notices(made.unmet)))
            pull, unmet = made.pull, made.unmet
        return self._kept_true(forge, pull, unmet, committed=committed)

    def _kept_true(self, forge: Forge, pull: PullRequest, unmet: tuple[str, ...], *, committed: bool) -> ReviewOutcome:
        told = [*_unmet_notices(unmet), *self._draft_notices(pull)]
        found = find_marked(pull.body)
        if found is None and has_marker(pull.body):
            text = f"the text of {name_of(pull)} has a marker of gitops-mcp missing or twice, so it was left as it is"
            told.append(Notice("pull-request-text", text))
        part = self._part(forge.name, forge.body_limit - 1 - _utf16(found.before + found.after)) if found else ""
        is_true = found is None or found.says(part) or (found.of == self.proposal.digest and not committed)
        body = found.with_part(part) if found and not is_true else None
        is_mine = self.title is not None or (found is not None and found.wrote_title(pull.title))
        title = self._new_title if is_mine and self._new_title != pull.title else None
        try:
            pull = forge.edit(pull, title=title, body=body) if title or body else pull
        except GitOpsError as error:
            text = f"the text of {name_of(pull)} could not be written anew: {error}{again(error)}"
            return ReviewOutcome(self._shown(forge, pull, "unchanged"), (*told, Notice(FAILED, text)))
        done: Done = "adopted" if found is None else "updated" if committed or title or body else "unchanged"
        return ReviewOutcome(self._shown(forge, pull, done), tuple(told))

    def _draft_notices(self, pull: PullRequest) -> Iterable[Notice]:
        if self.draft is not None and self.draft != pull.draft:
            how = "a draft" if pull.draft else "no draft"
            yield Notice("pull-request-draft", f"{name_of(pull)} is {how}: a person changes that on its page")

    def _shown(self, forge: Forge, pull: PullRequest, done: Done) -> WrittenPullRequest:
        try:
            by = forge.identity() if done in {"created", "updated"} else None
        except GitOpsError:  # what it was asked for is done
            by = None
        by = cut_text(redact_text(by), 200) if by else None
        return WrittenPullRequest.after(pull, outcome=done, by=by, base=self.ground.base.branch)


def again(error: GitOpsError) -> str:
    """What to do about it, where its own words do not say so."""
    if isinstance(error, MayArrive):
        return ""
    return ". " + ("The same request again does it" if isinstance(error, Unavailable) else _ONCE_MENDED)


def name_of(pull: PullRequest) -> str:
    return f"pull request #{pull.number} ({pull.url})"


def _unmet_notices(unmet: Iterable[str]) -> Iterable[Notice]:
    return (Notice("pull-request-unmet", redact_text(text)) for text in unmet)


def _utf16(text: str) -> int:
    """As GitHub may count: a wide character for two."""
    return len(text.encode("utf-16-le")) // 2


def _bytes(text: str) -> int:
    """In a push option, where a line break takes two."""
    return len(text.encode()) + text.count("\n")

"""GitHub, GitHub Enterprise Server and ghe.com, by REST; the listing by GraphQL.

REST has no `merged`: a merged pull request is closed and has `merged_at`. `head=` is dropped in silence where it lacks
the owner, so each row is compared. Nothing is there at once: creation is tried again while the branch is unknown,
labels and reviewers while the pull request is. The version of the API is pinned.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from gitops_mcp.adapters.forge.answers import Answer, at, name_at, names_in, rows_in
from gitops_mcp.adapters.forge.github.listing import listed_pulls
from gitops_mcp.adapters.forge.github.pull import asked_reviewers, is_at, pull_from
from gitops_mcp.adapters.forge.github.report import report_of
from gitops_mcp.adapters.forge.interface import MOST_PAGES
from gitops_mcp.adapters.forge.limits import BODY_LIMIT, check_body, closed, newest, one_by_one
from gitops_mcp.adapters.forge.patience import first_known
from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.adapters.forge.reading import read_access
from gitops_mcp.adapters.forge.wire import ForgeWire
from gitops_mcp.domain.pull_requests import (
    NewPullRequest,
    OpenedPullRequest,
    PullRequest,
    PullRequestReport,
    PullRequests,
    RepositoryAccess,
)
from gitops_mcp.errors import GitOpsError, NotYet

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
_EXISTS = re.compile(r"already exists", re.IGNORECASE)
_NO_COMMITS = re.compile(r"no commits between", re.IGNORECASE)
_NO_DRAFTS = re.compile(r"draft pull requests are not supported", re.IGNORECASE)
_UNKNOWN_YET = re.compile(r"could not resolve to a node", re.IGNORECASE)
_SECONDS_FOR_PARTS = 4.0
"""For labels and reviewers of one that was just made."""


class GitHub:
    name = "GitHub"
    body_limit = BODY_LIMIT

    def __init__(self, wire: ForgeWire, place: ForgePlace, patience: float) -> None:
        self._wire = wire
        self._place = place
        self._patience = patience
        self._repository = f"/repos/{quote(place.path)}"

    def identity(self) -> str:
        return self._wire.identity("login")

    def access(self) -> RepositoryAccess:
        return read_access(
            self._wire, self._place, self._repository, f"{self._repository}/branches", "settings/branches"
        )

    def open_pulls(self, *, pages: int = MOST_PAGES) -> PullRequests:
        return listed_pulls(self._wire, self._place, self._repository, pages)

    def pull_of(self, branch: str, /) -> PullRequest | None:
        owner = self._place.head_path.partition("/")[0]
        query: dict[str, str | int] = {"head": f"{owner}:{branch}", "state": "all", "per_page": 100}
        about = f"the pull request of {branch} in {self._place.path}"
        answer = self._wire.get(f"{self._repository}/pulls", query, about=about, gives=list)
        mine = [row for row in rows_in(answer.body) if self._is_of(row, branch)]
        return newest(map(pull_from, mine), self._place.base)

    def _is_of(self, row: Any, branch: str) -> bool:
        """Of our branch; a fork that is gone has no name any more."""
        repository = name_at(row, "head", "repo")
        return at(row, "head", "ref") == branch and (repository is None or is_at(self._place, repository))

    def pull(self, number: int, /) -> PullRequest:
        about = f"pull request #{number} of {self._place.path}"
        return pull_from(self._wire.get(f"{self._repository}/pulls/{number}", about=about).body)

    def report(self, pull: PullRequest, /) -> PullRequestReport:
        answer = self._wire.get(f"{self._repository}/pulls/{pull.number}", about=f"pull request #{pull.number}")
        return report_of(self._wire, self._repository, pull_from(answer.body), answer.body)

    def create(self, new: NewPullRequest, /) -> OpenedPullRequest:
        check_body(self.name, new.body)
        about = f"the pull request of {new.branch} in {self._place.path}"
        unmet: list[str] = []
        draft = new.draft
        answer = first_known(self._patience, lambda: self._created(new, about, draft=draft))
        if answer is not None and answer.status == 422 and draft and _NO_DRAFTS.search(answer.said):
            unmet.append(
                "this repository's plan on GitHub has no drafts, so the pull request was opened ready for review"
            )
            draft = False
            answer = first_known(self._patience, lambda: self._created(new, about, draft=draft))
        if answer is None:
            raise NotYet(f"{self.name}: {about}: GitHub does not know the pushed branch yet ({self._patience:g} s)")
        if answer.status == 422:
            return self._adopted(new, answer, about)
        pull = pull_from(answer.body)
        return OpenedPullRequest(self._with_parts(pull, new, unmet), unmet=tuple(unmet))

    def _created(self, new: NewPullRequest, about: str, *, draft: bool) -> Answer | None:
        """None: the branch is not known yet."""
        owner = self._place.head_path.partition("/")[0]
        body: dict[str, Any] = {"title": new.title, "body": new.body, "base": new.base, "draft": draft}
        body["head"] = f"{owner}:{new.branch}" if self._place.is_across else new.branch
        if self._place.is_across and owner.lower() == self._place.path.partition("/")[0].lower():
            body["head_repo"] = self._place.head_path.partition("/")[2]
        answer = self._wire.ask("POST", f"{self._repository}/pulls", body=body, about=about, allow=(422,))
        return None if answer.status == 422 and _bad_fields(answer) == {"head"} else answer

    def _adopted(self, new: NewPullRequest, answer: Answer, about: str) -> OpenedPullRequest:
        if _NO_COMMITS.search(answer.said) or not _EXISTS.search(answer.said):
            raise self._wire.error(answer, about)
        found = first_known(_SECONDS_FOR_PARTS, lambda: self._open_pull(new.branch))
        if found is None:
            raise NotYet(f"{self.name}: {about}: a pull request exists already, and GitHub does not list it yet")
        return OpenedPullRequest(found, was_there=True)

    def _open_pull(self, branch: str) -> PullRequest | None:
        found = self.pull_of(branch)
        return found if found and found.state == "open" else None

    def _with_parts(self, pull: PullRequest, new: NewPullRequest, unmet: list[str]) -> PullRequest:
        """With labels and reviewers, which creation cannot give; what is refused is told, and the rest stays."""
        if new.labels:
            path, body = f"/issues/{pull.number}/labels", {"labels": list(new.labels)}
            answer = self._given(path, body, f"the labels {', '.join(new.labels)}", unmet)
            pull = replace(pull, labels=names_in(answer.body)) if answer else pull
        for names in one_by_one(new.reviewers):
            path = f"/pulls/{pull.number}/requested_reviewers"
            quiet = len(names) > 1
            answer = self._given(path, _asked(names), f"the reviewer {names[0]}", [] if quiet else unmet)
            pull = replace(pull, reviewers=asked_reviewers(answer.body)) if answer else pull
            if answer and quiet:
                break
        return pull

    def _given(self, path: str, body: Any, what: str, unmet: list[str]) -> Answer | None:
        def ask() -> Answer | None:
            answer = self._wire.ask("POST", self._repository + path, body=body, about=what, allow=(403, 404, 422))
            return None if answer.status == 422 and _UNKNOWN_YET.search(answer.said) else answer

        try:
            answer = first_known(_SECONDS_FOR_PARTS, ask)
            if answer and answer.status < 300:
                return answer
            error = self._wire.error(answer, what) if answer else NotYet(f"{what}: not known yet")
        except GitOpsError as failed:
            error = failed
        unmet.append(str(error))
        return None

    def edit(self, pull: PullRequest, /, *, title: str | None = None, body: str | None = None) -> PullRequest:
        check_body(self.name, body)
        wanted = {key: value for key, value in (("title", title), ("body", body)) if value is not None}
        return self._patched(pull, wanted) if wanted else pull

    def close(self, pull: PullRequest, /) -> PullRequest:
        return closed(self, pull, lambda: self._patched(pull, {"state": "closed"}))

    def _patched(self, pull: PullRequest, body: Any) -> PullRequest:
        about = f"the change of pull request #{pull.number}"
        return pull_from(
            self._wire.ask("PATCH", f"{self._repository}/pulls/{pull.number}", body=body, about=about).body
        )


def _bad_fields(answer: Answer) -> set[str]:
    """The fields that an answer calls invalid."""
    errors = [one for one in rows_in(at(answer.body, "errors")) if isinstance(one, dict)]
    return {str(one.get("field")) for one in errors if one.get("code") == "invalid"}


def _asked(names: tuple[str, ...]) -> dict[str, list[str]]:
    persons = [name for name in names if "/" not in name]
    teams = [name.partition("/")[2] for name in names if "/" in name]
    return {key: value for key, value in (("reviewers", persons), ("team_reviewers", teams)) if value}

"""Gitea and Forgejo.

`head=` is no filter there, and the one address for base and head answers the oldest pull request of the pair in any
state, so that a closed one hides the open one of a branch name that is used again: it counts only where it is open,
else the list does. Labels are numbers, and unknown ones are dropped without a word. A draft is a title that begins
with `WIP:`. 404 says that branch, right or repository are missing, and not which.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from gitops_mcp.adapters.forge.answers import Answer, at, name_at, rows_in, text_at
from gitops_mcp.adapters.forge.gitea.pull import DRAFT, branch_of, pull_from
from gitops_mcp.adapters.forge.gitea.report import report_of
from gitops_mcp.adapters.forge.interface import MOST_PAGES
from gitops_mcp.adapters.forge.limits import BODY_LIMIT, check_body, closed, newest, one_by_one
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
from gitops_mcp.errors import GitOpsError, NotFound, RateLimited

_PAGE = 50


class Gitea:
    name = "Gitea"
    body_limit = BODY_LIMIT

    def __init__(self, wire: ForgeWire, place: ForgePlace, _patience: float) -> None:
        """What was pushed is known at once, so no patience is needed."""
        self._wire = wire
        self._place = place
        self._repository = f"/repos/{quote(place.path)}"

    def identity(self) -> str:
        """The usual token may not ask who it belongs to."""
        return self._wire.identity("login")

    def access(self) -> RepositoryAccess:
        return read_access(
            self._wire, self._place, self._repository, f"{self._repository}/branches", "settings/branches"
        )

    def open_pulls(self, *, pages: int = MOST_PAGES) -> PullRequests:
        pulls: list[PullRequest] = []
        seen = 0
        for page in range(1, pages + 1):
            answer = self._listed({"state": "open", "page": page}, f"the open pull requests of {self._place.path}")
            rows = rows_in(answer.body)
            pulls += [pull_from(row) for row in rows if self._is_ours(row)]
            seen += len(rows)
            if _is_last(answer, seen, len(rows)):
                return PullRequests(tuple(pulls), pages=page)
        return PullRequests(tuple(pulls), is_cut=True, pages=pages)

    def _listed(self, query: dict[str, str | int], about: str) -> Answer:
        return self._wire.get(f"{self._repository}/pulls", {**query, "limit": _PAGE}, about=about, gives=list)

    def pull_of(self, branch: str, /) -> PullRequest | None:
        about = f"the pull request of {branch} in {self._place.path}"
        owner = self._place.head_path.partition("/")[0]
        head = f"{owner}:{branch}" if self._place.is_across else branch
        path = f"{self._repository}/pulls/{quote(self._place.base, safe='')}/{quote(head, safe=':')}"
        oldest = self._wire.get(path, about=about, allow=(404,)).body
        rows = [oldest] if text_at(oldest, "html_url") else []
        if not rows or at(rows[0], "state") != "open":
            rows += rows_in(self._listed({"state": "all", "sort": "recentupdate"}, about).body)
        mine = [row for row in rows if branch_of(row) == branch and self._is_ours(row)]
        return newest(map(pull_from, mine), self._place.base)

    def _is_ours(self, row: Any) -> bool:
        """Of the repository that branches are pushed to; one that is gone has no name any more."""
        repository = name_at(row, "head", "repo")
        return repository is None or repository.lower() == self._place.head_path.lower()

    def pull(self, number: int, /) -> PullRequest:
        return pull_from(self._row(number))

    def _row(self, number: int) -> Any:
        about = f"pull request #{number} of {self._place.path}"
        return self._wire.get(f"{self._repository}/pulls/{number}", about=about).body

    def report(self, pull: PullRequest, /) -> PullRequestReport:
        return report_of(self._wire, self._repository, self.pull(pull.number))

    def create(self, new: NewPullRequest, /) -> OpenedPullRequest:
        check_body(self.name, new.body)
        about = f"the pull request of {new.branch} in {self._place.path}"
        unmet: list[str] = []
        owner = self._place.head_path.partition("/")[0]
        wanted: dict[str, Any] = {
            "head": f"{owner}:{new.branch}" if self._place.is_across else new.branch,
            "base": new.base,
            "title": DRAFT + new.title if new.draft else new.title,
            "body": new.body,
        }
        if numbers := list(self._label_numbers(new.labels, unmet)):
            wanted["labels"] = numbers
        answer = self._wire.ask("POST", f"{self._repository}/pulls", body=wanted, about=about, allow=(404, 409))
        if answer.status == 409 and (found := self.pull_of(new.branch)) and found.state == "open":
            return OpenedPullRequest(found, was_there=True)
        if answer.status == 404:
            raise NotFound(
                f"{self.name}: {about}: it answers 404. Branch {new.branch} or {new.base} is missing, the two do not "
                f"differ, pull requests are off in {self._place.path}, or "
                f"{self._wire.credential.name} may not see it. Look at the repository's settings and the token's scope "
                f"(write:repository)"
            )
        if answer.status >= 300:
            raise self._wire.error(answer, about)
        pull = pull_from(answer.body)
        return OpenedPullRequest(self._with_reviewers(pull, new.reviewers, unmet), unmet=tuple(unmet))

    def _label_numbers(self, names: tuple[str, ...], unmet: list[str]) -> Iterator[int]:
        """Of the repository's labels, else of its organisation's."""
        left = dict.fromkeys(names)
        for path in (self._repository, f"/orgs/{quote(self._place.path.partition('/')[0])}"):
            try:
                for name, number in self._labels(path) if left else ():
                    if name in left:
                        del left[name]
                        yield number
                    if not left:
                        return
            except RateLimited:
                raise
            except GitOpsError as error:
                if path == self._repository:
                    unmet.append(f"{error}. So there are no labels on it: {', '.join(left)}")
                    return
        unmet += [f"{self.name}: there is no label {name}: make it in {self._place.path}" for name in left]

    def _labels(self, path: str) -> Iterator[tuple[str, int]]:
        seen = 0
        for page in range(1, MOST_PAGES + 1):
            query: dict[str, str | int] = {"limit": _PAGE, "page": page}
            answer = self._wire.get(f"{path}/labels", query, about="the labels", allow=(404,), gives=list)
            rows = rows_in(answer.body)
            for row in rows:
                if (name := name_at(row)) and isinstance(number := at(row, "id"), int):
                    yield name, number
            seen += len(rows)
            if _is_last(answer, seen, len(rows)):
                return

    def _with_reviewers(self, pull: PullRequest, names: tuple[str, ...], unmet: list[str]) -> PullRequest:
        """All or nothing in one request, so one after the other where one is refused."""
        path = f"{self._repository}/pulls/{pull.number}/requested_reviewers"
        for asked in one_by_one(names):
            persons = [name for name in asked if "/" not in name]
            teams = [name.partition("/")[2] for name in asked if "/" in name]
            body = {key: value for key, value in (("reviewers", persons), ("team_reviewers", teams)) if value}
            try:
                self._wire.ask("POST", path, body=body, about=f"the reviewer {', '.join(asked)}")
            except GitOpsError as error:
                unmet += [] if len(asked) > 1 else [str(error)]
                continue
            pull = replace(pull, reviewers=(*pull.reviewers, *asked))
            if len(asked) > 1:
                break
        return pull

    def edit(self, pull: PullRequest, /, *, title: str | None = None, body: str | None = None) -> PullRequest:
        check_body(self.name, body)
        draft = DRAFT if pull.draft else ""
        wanted = {"title": None if title is None else draft + title, "body": body}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        return self._patched(pull, wanted) if wanted else pull

    def close(self, pull: PullRequest, /) -> PullRequest:
        return closed(self, pull, lambda: self._patched(pull, {"state": "closed"}))

    def _patched(self, pull: PullRequest, body: Any) -> PullRequest:
        about = f"the change of pull request #{pull.number}"
        return pull_from(
            self._wire.ask("PATCH", f"{self._repository}/pulls/{pull.number}", body=body, about=about).body
        )


def _is_last(answer: Answer, seen: int, rows: int) -> bool:
    """Whether no page follows; a server may be set to give shorter ones than it is asked for."""
    total = answer.headers.get("x-total-count", "")
    return seen >= int(total) if total.isdecimal() else rows < _PAGE

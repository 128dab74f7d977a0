"""GitLab, by REST.

A merge request is posted to the project that has the branch; number and answer are the target's. A draft is a title
that begins with `Draft:`, reviewers are numbers, and `source_branch=` finds that branch in every fork. The branch that
was just pushed "does not exist" for up to 40 seconds. `detailed_merge_status` gives one reason of several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from gitops_mcp.adapters.forge.answers import Answer, at, rows_in, text_at
from gitops_mcp.adapters.forge.gitlab.pull import pull_from
from gitops_mcp.adapters.forge.gitlab.report import report_of
from gitops_mcp.adapters.forge.interface import MOST_PAGES
from gitops_mcp.adapters.forge.limits import BODY_LIMIT, check_body, closed, newest
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
from gitops_mcp.errors import GitOpsError, NotYet, RateLimited, Unavailable

_NUMBER = re.compile(r"!(\d+)")
_NOT_THERE = re.compile(r"source_branch does not exist")
_PAGE = 100


class GitLab:
    name = "GitLab"
    body_limit = BODY_LIMIT

    def __init__(self, wire: ForgeWire, place: ForgePlace, patience: float) -> None:
        self._wire = wire
        self._place = place
        self._patience = patience
        self._target = f"/projects/{quote(place.path, safe='')}"
        self._source = f"/projects/{quote(place.head_path, safe='')}"
        self._numbers: dict[str, int] = {}
        self._has_spare = True
        """Whether no request of a look at one merge request went to the number of the fork."""

    def identity(self) -> str:
        return self._wire.identity("username")

    def access(self) -> RepositoryAccess:
        return read_access(
            self._wire, self._place, self._target, f"{self._target}/repository/branches", "-/settings/repository"
        )

    def open_pulls(self, *, pages: int = MOST_PAGES) -> PullRequests:
        pulls: list[PullRequest] = []
        for page in range(1, pages + 1):
            query: dict[str, str | int] = {"state": "opened", "per_page": _PAGE, "page": page}
            query["with_merge_status_recheck"] = "true"
            rows = self._rows(query, f"the open merge requests of {self._place.path}")
            pulls += [pull_from(row) for row in rows if self._is_ours(row)]
            if len(rows) < _PAGE:
                return PullRequests(tuple(pulls), pages=page)
        return PullRequests(tuple(pulls), is_cut=True, pages=pages)

    def _rows(self, query: dict[str, str | int], about: str) -> list[Any]:
        return rows_in(self._wire.get(f"{self._target}/merge_requests", query, about=about, gives=list).body)

    def pull_of(self, branch: str, /) -> PullRequest | None:
        query: dict[str, str | int] = {"source_branch": branch, "state": "all", "per_page": _PAGE}
        rows = self._rows(query, f"the merge request of {branch} in {self._place.path}")
        mine = [row for row in rows if at(row, "source_branch") == branch and self._is_ours(row)]
        return newest(map(pull_from, mine), self._place.base)

    def _is_ours(self, row: Any) -> bool:
        """Of the project that branches are pushed to; one that is gone has no number any more."""
        source = at(row, "source_project_id")
        if not self._place.is_across:
            return bool(source == at(row, "project_id"))
        if self._source not in self._numbers:
            self._has_spare = False
        return source is not None and source == self._number(self._source, "the fork")

    def _number(self, project: str, what: str) -> int:
        if project not in self._numbers:
            found = at(self._wire.get(project, about=what).body, "id")
            if not isinstance(found, int):
                raise Unavailable(f"{self.name}: {what}: the answer is not a project: check forge.api")
            self._numbers[project] = found
        return self._numbers[project]

    def pull(self, number: int, /) -> PullRequest:
        return pull_from(self._row(number))

    def _row(self, number: int) -> Any:
        about = f"merge request !{number} of {self._place.path}"
        return self._wire.get(f"{self._target}/merge_requests/{number}", about=about).body

    def report(self, pull: PullRequest, /) -> PullRequestReport:
        found = report_of(self._wire, self._target, self._row(pull.number), with_settings=self._has_spare)
        self._has_spare = True
        return found

    def create(self, new: NewPullRequest, /) -> OpenedPullRequest:
        check_body(self.name, new.body)
        about = f"the merge request of {new.branch} in {self._place.path}"
        unmet: list[str] = []
        reviewers = list(self._found_reviewers(new.reviewers, unmet))
        wanted: dict[str, Any] = {
            "source_branch": new.branch,
            "target_branch": new.base,
            "title": f"Draft: {new.title}" if new.draft else new.title,
            "description": new.body,
        }
        wanted |= {"labels": ",".join(new.labels)} if new.labels else {}
        wanted |= {"reviewer_ids": [number for _, number in reviewers]} if reviewers else {}
        if self._place.is_across:
            wanted["target_project_id"] = self._number(self._target, "the project")
        answer = first_known(self._patience, lambda: self._created(wanted, about))
        if answer is None:
            raise NotYet(f"{self.name}: {about}: GitLab does not know the pushed branch yet ({self._patience:g} s)")
        if answer.status == 409:
            return self._adopted(new, answer, about)
        pull = pull_from(answer.body)
        dropped = [name for name, _ in reviewers if name not in pull.reviewers]
        unmet += [
            f"{self.name}: the reviewer {name} was not added: the user is not a member of the project, or one "
            f"reviewer too many"
            for name in dropped
        ]
        missing = [name for name in new.labels if name not in pull.labels]
        unmet += [
            f"{self.name}: the label {name} was not set: the token needs the right to set labels" for name in missing
        ]
        return OpenedPullRequest(pull, unmet=tuple(unmet))

    def _created(self, wanted: dict[str, Any], about: str) -> Answer | None:
        """None: the branch is not known yet."""
        answer = self._wire.ask("POST", f"{self._source}/merge_requests", body=wanted, about=about, allow=(400, 409))
        if answer.status == 400 and _NOT_THERE.search(answer.said):
            return None
        if answer.status == 400:
            raise self._wire.error(answer, about)
        return answer

    def _adopted(self, new: NewPullRequest, answer: Answer, about: str) -> OpenedPullRequest:
        """By the number that the answer holds; its words come in many languages."""
        number = _NUMBER.search(answer.said)
        found = self.pull(int(number[1])) if number else self.pull_of(new.branch)
        if found is None or found.branch != new.branch:
            raise self._wire.error(answer, about)
        return OpenedPullRequest(found, was_there=True)

    def _found_reviewers(self, names: tuple[str, ...], unmet: list[str]) -> Iterator[tuple[str, int]]:
        for name in names:
            what = f"the reviewer {name}"
            if "/" in name:
                unmet.append(f"{self.name}: {what}: a merge request takes persons as reviewers, not groups")
                continue
            try:
                rows = rows_in(self._wire.get("/users", {"username": name}, about=what, gives=list).body)
            except RateLimited:
                raise
            except GitOpsError as error:
                unmet.append(str(error))
                continue
            number = at(rows[0], "id") if rows else None
            if isinstance(number, int):
                yield text_at(rows[0], "username") or name, number
            else:
                unmet.append(f"{self.name}: {what}: there is no such user")

    def edit(self, pull: PullRequest, /, *, title: str | None = None, body: str | None = None) -> PullRequest:
        check_body(self.name, body)
        draft = "Draft: " if pull.draft else ""
        wanted = {"title": None if title is None else draft + title, "description": body}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        return self._put(pull, wanted) if wanted else pull

    def close(self, pull: PullRequest, /) -> PullRequest:
        return closed(self, pull, lambda: self._put(pull, {"state_event": "close"}))

    def _put(self, pull: PullRequest, body: Any) -> PullRequest:
        about = f"the change of merge request !{pull.number}"
        return pull_from(
            self._wire.ask("PUT", f"{self._target}/merge_requests/{pull.number}", body=body, about=about).body
        )

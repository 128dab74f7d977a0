"""Parts of a report: one that may not be read is told, and the rest still answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from gitops_mcp.adapters.forge.answers import Answer, at
from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.adapters.forge.wire import ForgeWire, Query
from gitops_mcp.domain.pull_requests import RepositoryAccess
from gitops_mcp.errors import Forbidden, GitOpsError, NotFound, RateLimited

_LEAST_LEVEL = 30
"""GitLab's Developer, who may push."""


class Parts:
    def __init__(self, wire: ForgeWire) -> None:
        self._wire = wire
        self._unread: list[str] = []

    def read(
        self, path: str, what: str, query: Query | None = None, *, gives: type = dict, why: str = ""
    ) -> Answer | None:
        """None: it could not be read; `why` it may not. Raises RateLimited, since the next part would meet the same."""
        try:
            answer = self._wire.get(path, query, about=what, gives=gives)
        except RateLimited:
            raise
        except GitOpsError as error:
            self._unread.append(f"{error}{why if isinstance(error, Forbidden | NotFound) else ''}")
            return None
        if 'rel="next"' in answer.headers.get("link", ""):
            self._unread.append(f"{self._wire.name}: {what}: there are more than the {_rows(answer)} that were read")
        return answer

    @property
    def unread(self) -> tuple[str, ...]:
        return tuple(self._unread)


def read_access(wire: ForgeWire, place: ForgePlace, repository: str, branches: str, page: str) -> RepositoryAccess:
    """`repository` and `branches` are paths of the API, `page` is where branches are protected by hand."""
    found = wire.get(repository, about=f"the repository {place.path}")
    where = f"{branches}/{quote(place.base, safe='')}"
    branch = wire.get(where, about=f"the branch {place.base}", allow=(403, 404))
    protected = at(branch.body, "protected")
    return RepositoryAccess(
        may_push=None if place.is_across else _may_push(at(found.body, "permissions")),
        is_base_protected=protected if isinstance(protected, bool) else None,
        scopes=found.headers.get("x-oauth-scopes", ""),
        page=f"{place.url}/{place.path}/{page}",
    )


def _may_push(permissions: Any) -> bool | None:
    """By a name, or by the higher one of GitLab's levels; None where nothing is said."""
    push = at(permissions, "push")
    levels = [at(permissions, one, "access_level") for one in ("project_access", "group_access")]
    known = [one for one in levels if isinstance(one, int)]
    return push if isinstance(push, bool) else max(known) >= _LEAST_LEVEL if known else None


def _rows(answer: Answer) -> int:
    return len(answer.body) if isinstance(answer.body, list) else 100

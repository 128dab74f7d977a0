"""Parts of a report: one that may not be read is told, and the rest still answers."""

from __future__ import annotations

from gitops_mcp.adapters.forge.answers import Answer
from gitops_mcp.adapters.forge.wire import ForgeWire, Query
from gitops_mcp.errors import Forbidden, GitOpsError, NotFound, RateLimited


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


def _rows(answer: Answer) -> int:
    return len(answer.body) if isinstance(answer.body, list) else 100

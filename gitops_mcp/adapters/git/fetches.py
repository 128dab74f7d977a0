"""The fetches of one process: calls that wait for one to begin share it.

A call has to see the remote as it is once the call has been made, and no fetch that began later sees less than its own
would. So however many callers there are, at most two fetches stand between a call and its answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gitops_mcp.caller import wait_for
from gitops_mcp.errors import GitOpsError

Found = TypeVar("Found")


@dataclass(eq=False)
class _Fetch(Generic[Found]):
    asked: object
    joined: list[threading.Event] = field(default_factory=list)
    """Of the calls that share it; set once it is over."""
    found: Found | None = None
    fault: GitOpsError | None = None


class Fetches(Generic[Found]):
    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._coming: list[_Fetch[Found]] = []
        """Those that have not begun."""

    def share(self, asked: object, fetch: Callable[[Callable[[], bool]], Found]) -> Found:
        """What a fetch finds that has not begun yet: another call's that asks for the same, else this one's own.

        `fetch` calls what it is given when it begins, which tells whether others share it: who asks from then on shares
        the next one.
        """
        while True:
            mine: _Fetch[Found] = _Fetch(asked)
            over = threading.Event()
            with self._changing:
                shared = next((one for one in self._coming if one.asked == asked), mine)
                if shared is mine:
                    self._coming.append(mine)
                else:
                    shared.joined.append(over)
            if shared is mine:
                return self._own(mine, fetch)
            wait_for(over)
            if shared.fault:
                raise shared.fault
            if shared.found is not None:
                return shared.found
            # The call whose it was has been cancelled.

    def _own(self, mine: _Fetch[Found], fetch: Callable[[Callable[[], bool]], Found]) -> Found:
        try:
            mine.found = fetch(lambda: self._begin(mine))
        except GitOpsError as error:
            mine.fault = error
            raise
        finally:
            self._begin(mine)
            for over in mine.joined:
                over.set()
        return mine.found

    def _begin(self, mine: _Fetch[Found]) -> bool:
        with self._changing:
            if mine in self._coming:
                self._coming.remove(mine)
            return bool(mine.joined)

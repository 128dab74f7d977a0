"""The fetches of one process: one at a time, and calls that wait for their turn share one.

A call has to see the remote as it is once the call has been made, and no fetch that began later sees less than its own
would. So however many callers there are, at most two fetches stand between a call and its answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.caller import check_wanted, has_end

_LOOK = 0.2


class Fetches:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[float, GitSettings] | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        while not self._lock.acquire(timeout=_LOOK if has_end() else -1):
            check_wanted()
        try:
            yield
        finally:
            self._lock.release()

    def note(self, began: float, settings: GitSettings) -> None:
        """One that went well has begun at this moment of the monotonic clock. Called within a turn."""
        self._last = began, settings

    def began_since(self, moment: float, settings: GitSettings) -> bool:
        """Whether the last one saw all that one of this call would. Called within a turn."""
        return self._last is not None and self._last[0] >= moment and self._last[1] == settings

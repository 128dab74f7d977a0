"""Whose turn it is among the threads of this process that want one repository's lock: each gets it as it came.

Only the one whose turn it is looks at the lock's file, so that they do not starve one another. Fetches and writes take
turns: a fetch is what many calls wait for, so it lets one write go first at most, and no write waits for two fetches.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_mcp.caller import wait_for


class _Line:
    """Those that wait; an event is set once its turn has come."""

    def __init__(self) -> None:
        self.current: threading.Event | None = None
        self._fetches: deque[threading.Event] = deque()
        self._writes: deque[threading.Event] = deque()
        self._fetched = False
        """Whether the current one fetches."""

    def come(self, one: threading.Event, *, fetches: bool) -> None:
        (self._fetches if fetches else self._writes).append(one)
        if self.current is None:
            self._go_on()

    def leave(self, one: threading.Event) -> None:
        if self.current is one:
            self._go_on()
        else:
            (self._fetches if one in self._fetches else self._writes).remove(one)

    def _go_on(self) -> None:
        self._fetched = bool(self._fetches) and not (self._fetched and self._writes)
        waiting = self._fetches if self._fetched else self._writes
        self.current = waiting.popleft() if waiting else None
        if self.current:
            self.current.set()


_CHANGING = threading.Lock()
_LINES: dict[Path, _Line] = {}


@contextmanager
def turn(place: Path, *, seconds: float, fetches: bool) -> Iterator[bool]:
    """Whether it came within so many seconds; it lasts as long as the block."""
    mine = threading.Event()
    with _CHANGING:
        line = _LINES.setdefault(place, _Line())
        line.come(mine, fetches=fetches)
    try:
        yield wait_for(mine, seconds)
    finally:
        with _CHANGING:
            line.leave(mine)
            if line.current is None:
                del _LINES[place]

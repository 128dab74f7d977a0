"""What a process does, told to who watches over it. Nothing here decides anything, and nothing waits for it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Literal

Event = Literal["commit", "push", "race"]
"""What no answer tells: a commit that came to be, a push that arrived, an attempt that another writer overtook."""

_noted: Counter[Event] = Counter()
_lock = threading.Lock()


def note(event: Event) -> None:
    with _lock:
        _noted[event] += 1


def noted(event: Event) -> int:
    """How often it has happened since the process started."""
    return _noted[event]


class Watch:
    """Hears of each call, in the thread that answers it; this one does not care."""

    def begins(self) -> None:
        """A call has got its thread."""

    def ends(self, tool: str, outcome: str, error: str | None, seconds: float) -> None:
        """`error`: the class of what was raised."""

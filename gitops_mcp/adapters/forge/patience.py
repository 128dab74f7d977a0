"""Again, as long as a forge does not know yet what has just been pushed or made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from gitops_mcp.caller import pause

_PAUSES = (0.5, 1.0, 2.0, 3.0, 5.0)
"""Seconds, of which the last one stays."""
_Made = TypeVar("_Made")


def tries(seconds: float) -> Iterator[None]:
    """One for each try: at once, then after pauses, as long as the time lasts."""
    until = time.monotonic() + seconds
    yield
    number = 0
    while (left := until - time.monotonic()) > 0:
        pause(min(_PAUSES[min(number, len(_PAUSES) - 1)], left))
        number += 1
        yield


def first_known(seconds: float, ask: Callable[[], _Made | None]) -> _Made | None:
    """The first answer that is one; None where the time ran out."""
    return next((made for _ in tries(seconds) if (made := ask()) is not None), None)

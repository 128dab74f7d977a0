"""Work that ends in time, whatever it waits for: a socket's own time-out starts anew with each byte."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import TypeVar

from gitops_mcp.caller import woken_by

_Made = TypeVar("_Made")


def in_time(seconds: float, work: Callable[[], _Made], *, writes: bool) -> _Made:
    """What the work gives, done in a thread of its own: a cancelled or overdue call does not wait for it.

    Raises TimeoutError; of what writes only the time ends the wait.
    """
    ended = threading.Event()
    made: list[_Made] = []
    faults: list[BaseException] = []

    def worked() -> None:
        try:
            made.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised where the work is waited for
            faults.append(error)
        ended.set()

    threading.Thread(target=worked, daemon=True, name="in-time").start()
    with nullcontext() if writes else woken_by(ended.set):
        ended.wait(seconds)
    if faults:
        raise faults[0]
    if not made:
        raise TimeoutError
    return made[0]

"""Who asked, as far as work that is under way needs to know: whom to tell how far it is, whom to ask, and when to stop.

The server gives each call its own; outside of one nobody is told, nobody can be asked and nothing is cancelled. A call
that is cancelled stops at the next git process, request or wait; from its commit point on it runs to its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from gitops_mcp.domain.access.identity import Identity
from gitops_mcp.errors import Refused


class Caller(Protocol):
    @property
    def identity(self) -> Identity | None:
        """Who is signed in; None: whoever has started the server."""

    @property
    def requester(self) -> str:
        """Who asks, for the record."""

    @property
    def name(self) -> str | None:
        """Who is signed in, and what the client calls itself: one line, without what may be a secret."""

    def told(self, done: float, total: float, message: str) -> None:
        """Progress, for a client that asked for it."""

    def agree(self, question: str, *, about: Mapping[str, Mapping[str, object]], instead: str) -> bool:
        """Returns once the person at the client has said yes to this very question about exactly this.

        `about` is what was judged, by what is done and by name: the answer holds for nothing else, and who is asked
        anew is told what is otherwise by then. Raises Refused where the person says no, does not answer, or cannot be
        asked; `instead` is then what a person would run. True: that took a person's time, so look at all of it again.
        """


class Nobody:
    """No client: nothing is told, and what needs a person's word is refused."""

    requester = "nobody"
    name = None
    identity: Identity | None = None

    def told(self, done: float, total: float, message: str) -> None:
        """Nobody listens."""

    def agree(self, question: str, *, about: Mapping[str, Mapping[str, object]], instead: str) -> bool:  # noqa: ARG002 - nobody answers
        raise Refused(f"{question} This client cannot ask a person. Nothing was changed. A person would run: {instead}")


class Cancelled(Exception):
    """Nobody waits for the answer any more, so what is not done stays undone. `args`: what had been done."""


class CallEnd(threading.Event):
    """Set once a call is cancelled; what blocks in it is then woken from outside."""

    def __init__(self) -> None:
        super().__init__()
        self._wakes: set[Callable[[], None]] = set()
        self._changing = threading.Lock()

    def set(self) -> None:
        with self._changing:
            super().set()
            wakes = tuple(self._wakes)
        for wake in wakes:
            wake()

    @contextmanager
    def waking(self, wake: Callable[[], None]) -> Iterator[None]:
        """`wake` is called once the event is set, as long as the block runs."""
        with self._changing:
            self._wakes.add(wake)
        try:
            yield
        finally:
            with self._changing:
                self._wakes.discard(wake)


_OVER: ContextVar[CallEnd | None] = ContextVar("over", default=None)


@contextmanager
def call_until(over: CallEnd | None) -> Iterator[None]:
    """The block ends early, with Cancelled, once the event is set. None: it runs to its end."""
    before = _OVER.set(over)
    try:
        yield
    finally:
        _OVER.reset(before)


def check_wanted() -> None:
    """Raises Cancelled where the call has been cancelled."""
    if (over := _OVER.get()) is not None and over.is_set():
        raise Cancelled


def pause(seconds: float) -> None:
    """A wait that a cancelled call ends at once, with Cancelled."""
    if (over := _OVER.get()) is None:
        time.sleep(seconds)
    elif over.wait(seconds):
        raise Cancelled


@contextmanager
def woken_by(wake: Callable[[], None]) -> Iterator[None]:
    """What blocks inside is woken by this, from another thread, where the call is cancelled; then with Cancelled."""
    over = _OVER.get()
    if over is None:
        yield
        return
    try:
        with over.waking(wake):
            check_wanted()
            yield
        check_wanted()  # what was woken may look as if it had come to its end
    except Exception:
        check_wanted()
        raise


def wait_for(event: threading.Event, seconds: float | None = None) -> bool:
    """Whether it was set in time. Nobody else waits for it: a cancelled call sets it, and ends with Cancelled."""
    with woken_by(event.set):
        return event.wait(seconds)


def has_end() -> bool:
    """Whether this can be cancelled, so that a long wait has to be looked at in between."""
    return _OVER.get() is not None

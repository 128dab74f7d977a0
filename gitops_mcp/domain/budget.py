"""How much the builds of one call may take, counted down in steps through all of them.

A few lines of others can ask for more work than there is time: copies of copies, products of lists, patterns on long
texts. Whatever does work that grows with such lines spends for it, and says nothing else about it. One step is about
five microseconds or 300 bytes, so a call that spends all ends within five seconds. The file that has spent most is
named: what runs out last may be innocent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from gitops_mcp.errors import InvalidRequest

STEPS = 600_000
FOR_A_FILE = 200
"""More for each file of the repository and each build: what many files take is in proportion to them.

Repositories that ask for nothing odd spend less than that, so that what all builds of a call share stays whole.
"""


class Spent(InvalidRequest):
    """A build that would take too much, or one more of a call whose builds have."""


@dataclass
class _Budget:
    all: int
    left: int
    building: bool = False
    place: str = ""
    by_place: Counter[str] = field(default_factory=Counter)


_open: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def call_budget() -> Iterator[None]:
    """All builds inside share one budget."""
    token = _open.set(_Budget(STEPS, STEPS))
    try:
        yield
    finally:
        _open.reset(token)


@contextmanager
def build_budget(files: int) -> Iterator[None]:
    """What is spent inside counts, for a repository of so many files; a build within a build is a part of it."""
    budget = _open.get()
    if budget is None:
        with call_budget(), build_budget(files):
            yield
        return
    if budget.building:
        yield
        return
    budget.all += FOR_A_FILE * files
    budget.left += FOR_A_FILE * files
    budget.building = True
    try:
        yield
    finally:
        budget.building = False


class spent_by:  # noqa: N801 - reads as what it does; a generator would cost more than much that it is around
    """What is spent inside is for this file."""

    __slots__ = ("_budget", "_outer", "_place")

    def __init__(self, place: str) -> None:
        self._place, self._outer, self._budget = place, "", _open.get()

    def __enter__(self) -> None:
        if self._budget is not None:
            self._outer, self._budget.place = self._budget.place, self._place

    def __exit__(self, *_: object) -> None:
        if self._budget is not None:
            self._budget.place = self._outer


def spend(steps: int) -> None:
    """Before the work that it is for. Raises Spent; outside of a build nothing is counted."""
    budget = _open.get()
    if budget is None or not budget.building:
        return
    budget.left -= steps
    budget.by_place[budget.place] += steps
    if budget.left < 0:
        most, spent = budget.by_place.most_common(1)[0]
        raise Spent(
            f"{most or 'the repository'}: what it asks for takes too much work to build (more than {budget.all:,} "
            f"steps, {spent:,} of them here). Nothing is read of the repository until it asks for less, such as fewer "
            f"copies, shorter lists or simpler patterns"
        )


def size_of(value: object) -> int:
    """Of a value with all that it holds, in steps; parts that it holds twice count twice.

    It ends once there is more than any budget has: what holds itself over and over is not walked.
    """
    steps, waiting = 0, [value]
    while waiting and steps <= STEPS:
        one = waiting.pop()
        steps += 1
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
        elif isinstance(one, str):
            steps += len(one) // 300
    return steps

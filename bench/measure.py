"""Pairs of ours and a baseline, taken in turn so that a slow minute of the machine meets both."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PAIRS = 7
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    wall: float
    cpu: float
    """Seconds."""


@dataclass(frozen=True)
class Ratio:
    """Of the medians. Of wall and CPU time the lower counts: what else runs on the machine only ever adds."""

    name: str
    ours: Cost
    baseline: Cost
    most: float
    """What is promised."""
    cpu_only: bool = False
    """Another process takes part in the wall time of both."""

    @property
    def wall(self) -> float:
        return self.ours.wall / self.baseline.wall

    @property
    def cpu(self) -> float:
        return self.ours.cpu / self.baseline.cpu if self.baseline.cpu else float("inf")

    @property
    def holds(self) -> bool:
        return (self.cpu if self.cpu_only else min(self.wall, self.cpu)) <= self.most

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "MISSED"
        times = f"{self.ours.wall * 1000:.0f} ms against {self.baseline.wall * 1000:.0f} ms"
        return f"{self.name}: {self.wall:.2f} wall, {self.cpu:.2f} CPU, at most {self.most:g}: {verdict} ({times})"


def paired(
    name: str,
    ours: Callable[[], Cost],
    baseline: Callable[[], Cost],
    *,
    most: float,
    pairs: int = PAIRS,
    cpu_only: bool = False,
) -> Ratio:
    first, second = [], []
    for _ in range(pairs):
        first.append(ours())
        second.append(baseline())
    return Ratio(name, median(first), median(second), most, cpu_only)


def median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(one.wall for one in costs), statistics.median(one.cpu for one in costs))


def timed(work: Callable[[], object], *, pid: int | None = None) -> Cost:
    """The cost of a piece of work; CPU of this process and its ended children, and of `pid` with its own."""
    cpu, wall = cpu_of(pid), time.perf_counter()
    work()
    return Cost(time.perf_counter() - wall, cpu_of(pid) - cpu)


def cpu_of(pid: int | None) -> float:
    """User and system time of a process and of its children that have ended; None: of this one."""
    if pid is None:
        own = os.times()
        return own.user + own.system + own.children_user + own.children_system
    # utime, stime and those of waited-for children, after the command in brackets (Linux, proc(5)).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(fields[index]) for index in (11, 12, 13, 14)) / _TICKS

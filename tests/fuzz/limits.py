"""Calls a function of the tests in a process of its own, where CPU time and memory are counted and bounded."""

from __future__ import annotations

import importlib
import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection

CPU = 5.0
"""Seconds for one call, whatever it is given."""
MEMORY = 500
"""Megabytes for one call."""
_LONGEST = 300
"""Seconds until a call is given up, on a busy machine."""
_LOADED = ["tests.fuzz.test_patterns", "tests.domain.repository.hostile_builds", "tests.test_expressions"]
"""Modules that are loaded once for all calls: each forks from a process that has them."""


@dataclass(frozen=True)
class Spent:
    seconds: float
    """Of CPU."""
    megabytes: float
    said: str

    @property
    def is_bounded(self) -> bool:
        return self.seconds < CPU and self.megabytes < MEMORY


def spent_by(module: str, function: str, *arguments: str) -> Spent:
    """What a call of a module of the tests takes, imports aside."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(_LOADED)
    ours, its = forks.Pipe(duplex=False)
    process = forks.Process(target=_measure, args=(module, function, arguments, its))
    process.start()
    its.close()
    with ours:
        try:
            found = ours.recv() if ours.poll(_LONGEST) else None
        except EOFError:
            found = None
    process.kill() if found is None else None
    process.join()
    assert isinstance(found, Spent), f"{function}{arguments} ended with {process.exitcode}"
    return found


def _measure(module: str, function: str, arguments: tuple[str, ...], answer: Connection) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    asked = getattr(importlib.import_module(module), function)
    before = resource.getrusage(resource.RUSAGE_SELF)
    said = asked(*arguments)
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answer.send(Spent(seconds, (after.ru_maxrss - before.ru_maxrss) / 1024, str(said)))

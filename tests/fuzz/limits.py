"""Runs a function of a test module in a process of its own, where CPU time and memory are counted and bounded."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CPU = 5.0
"""Seconds for one call, whatever it is given."""
MEMORY = 500
"""Megabytes for one call."""
_ROOT = Path(__file__).parents[2]
_CHILD = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
import {module} as asked
before = resource.getrusage(resource.RUSAGE_SELF)
said = asked.{call}
after = resource.getrusage(resource.RUSAGE_SELF)
spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(spent, (after.ru_maxrss - before.ru_maxrss) / 1024, said)
"""


@dataclass(frozen=True)
class Spent:
    seconds: float
    """Of CPU."""
    megabytes: float
    said: str

    @property
    def is_bounded(self) -> bool:
        return self.seconds < CPU and self.megabytes < MEMORY


def spent_by(module: str, call: str) -> Spent:
    """What a call of a module of the tests takes, imports aside."""
    ran = subprocess.run(
        [sys.executable, "-c", _CHILD.format(module=module, call=call)],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, f"{call} ended with {ran.returncode}: {ran.stderr[-2000:]}"
    seconds, megabytes, said = ran.stdout.split(" ", 2)
    return Spent(float(seconds), float(megabytes), said.strip())

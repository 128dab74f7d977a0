"""Helm as a library, in a child process that serves one rendering after the other, one line of JSON each.

Its state is alpha, and a fault of it ends the process that it is in.
"""

from __future__ import annotations

import json
import subprocess
import sys
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from gitops_mcp.adapters.helm.process import (
    MEMORY,
    OUT_OF_MEMORY,
    PRINTED,
    Ended,
    clean_environment,
    end_group,
    ended_after,
)

_START = 20.0
"""Seconds more for the first rendering: the library has 85 MB."""


@dataclass(eq=False)
class Child:
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _ending: weakref.finalize[..., Child] | None = field(default=None, repr=False)
    """Ends the process with this object at the latest."""

    def ask(self, question: dict[str, Any], *, seconds: float) -> dict[str, Any]:
        """Raises Ended."""
        first = self._process is None or self._process.poll() is not None
        process = self._start() if first else self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise AssertionError("it was started with pipes")
        with ended_after(process, seconds + (_START if first else 0)) as late:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(question).encode() + b"\n")
                process.stdin.flush()
            line = process.stdout.readline(2 * PRINTED)
        if line.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(line)
            if answer.get("large"):
                raise Ended(f"the chart prints more than {PRINTED // 2**20} MB", for_ever=True)
            return answer
        self.close()
        if late.is_set():
            raise Ended(f"rendering the chart takes more than {seconds:g} s", for_ever=True)
        raise Ended(OUT_OF_MEMORY, for_ever=True)

    def close(self) -> None:
        self._process = None
        if self._ending is not None:
            self._ending()

    def _start(self) -> subprocess.Popen[bytes]:
        self.close()
        folder = gettempdir()
        # `-P`: the folder of the program is none of those that modules come from.
        process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("library.py")), str(MEMORY), str(PRINTED)],
            cwd=folder,
            env=clean_environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._process, self._ending = process, weakref.finalize(self, _end, process)
        return process


def _end(process: subprocess.Popen[bytes]) -> None:
    end_group(process)
    with suppress(BrokenPipeError), process:
        pass

"""A server that is spoken to in bytes, of which every line that it answers is kept."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
SECONDS = 60
VERSION = "2025-11-25"
NEWER = "2026-07-28"


class Lines:
    """In the older era; `capabilities` are the client's."""

    def __init__(
        self, repo: Path, *flags: str, env: Mapping[str, str], capabilities: Mapping[str, Any] | None = None
    ) -> None:
        errors = (repo.parent / "stderr").open("ab")
        self.child = subprocess.Popen(
            [sys.executable, "-m", "gitops_mcp", "--repo", str(repo), *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env},
            cwd=repo.parent,
        )
        errors.close()
        self._number = 0
        self._frames: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.said = self.request(
            "initialize",
            protocolVersion=VERSION,
            capabilities=dict(capabilities or {}),
            clientInfo={"name": "lines", "version": "1"},
        )["result"]
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.child.kill()
        self._reader.join()
        with self.child:  # closes its pipes
            pass

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """The frame that answers it; others that come before are passed over."""
        return self.answer_to(self.ask(method, **params))

    def ask(self, method: str, **params: Any) -> str:
        """Asks, and does not wait; the id."""
        self._number += 1
        made = f"lines-{self._number}"
        self.send({"jsonrpc": "2.0", "id": made, "method": method, "params": params})
        return made

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.request("tools/call", name=tool, arguments=arguments)["result"]
        return result

    def answer_to(self, made: str) -> dict[str, Any]:
        while (frame := self.next_frame()).get("id") != made:
            pass
        return frame

    def next_frame(self) -> dict[str, Any]:
        frame = self._frames.get(timeout=SECONDS)
        assert frame is not None, "the server has ended"
        return frame

    def answers_to(self, *raw: bytes) -> list[dict[str, Any]]:
        """All that comes for these lines, up to the answer to a question after them: the server lives on."""
        for one in raw:
            self.write(one)
        end, found = self.ask("ping"), []
        while (frame := self.next_frame()).get("id") != end:
            found.append(frame)
        return found

    def cancel(self, asked: str) -> None:
        """As a client does it; once the next question is answered the server has heard of it."""
        self.send(
            {
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": {"requestId": asked, "reason": "time-out"},
            }
        )
        assert self.answers_to() == []

    def send(self, message: Mapping[str, Any]) -> None:
        self.write(json.dumps(message).encode())

    def write(self, line: bytes) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(line + b"\n")
        self.child.stdin.flush()

    def _read(self) -> None:
        stdout: IO[bytes] | None = self.child.stdout
        assert stdout is not None
        for line in stdout:
            self._frames.put(json.loads(line))
        self._frames.put(None)


def last_outcome(log: Path, number: int) -> dict[str, Any]:
    """Of an audit log, once that many calls have ended."""
    end = time.monotonic() + 20
    while len(log.read_text().splitlines()) < number:
        assert time.monotonic() < end, log.read_text()
        os.sched_yield()
    found: dict[str, Any] = json.loads(log.read_text().splitlines()[number - 1])
    return found

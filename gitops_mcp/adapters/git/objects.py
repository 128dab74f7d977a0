"""Objects by their id, from one `git cat-file --batch-command` for all that is asked while it runs.

Questions go in portions that a pipe takes at once, each answered before the next, so that neither side waits for the
other. An answer has the runner's time-out. After a failure the process is ended; the next question starts another.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.adapters.git.runner import Child, Runner
from gitops_mcp.errors import Unavailable

LARGEST = 32 * 2**20
"""Bytes of an object that is read whole; no manifest and no folder of a repository comes near."""
_PORTION = 50
"""Questions; with ids of SHA-256 they are less than the 4 KiB that a pipe holds on any system."""


@dataclass(frozen=True)
class Object:
    id: str
    size: int
    data: bytes


class Objects:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._child: Child | None = None
        self._poll = select.poll()
        self._unread = bytearray()
        self._said = bytearray()
        self._deadline = 0.0

    def contents(self, names: Iterable[str]) -> dict[str, Object]:
        """By the name that was asked for: an id, or one with `^{tree}`. What is not there is left out."""
        return self._found("contents", names)

    def sizes(self, names: Iterable[str]) -> dict[str, Object]:
        """The same without data."""
        return self._found("info", names)

    def end(self) -> None:
        child, self._child = self._child, None
        if child:
            child.end()

    def _found(self, command: str, names: Iterable[str]) -> dict[str, Object]:
        try:
            asked = list(dict.fromkeys(names))
            portions = (asked[at : at + _PORTION] for at in range(0, len(asked), _PORTION))
            answers = (answer for portion in portions for answer in self._answers(command, portion))
            return {name: answer for name, answer in zip(asked, answers, strict=True) if answer}
        except BaseException:
            self.end()
            raise

    def _answers(self, command: str, names: list[str]) -> Iterator[Object | None]:
        child = self._child = self._child or self._started()
        self._deadline = time.monotonic() + self._runner.timeout
        try:
            os.write(child.stdin, "".join(f"{command} {name}\n" for name in names).encode() + b"flush\n")
        except BrokenPipeError:
            raise child.failure(bytes(self._said)) from None
        for _ in names:
            head = self._line(child).split(" ")
            if len(head) == 2:  # its name, and `missing`
                yield None
                continue
            size = int(head[2])
            if command == "contents" and size > LARGEST:
                raise Unavailable(
                    f"{head[1]} {head[0]} has {size} bytes, and files and folders of a commit are read up to "
                    f"{LARGEST >> 20} MiB: take it out of the repository, or out of the environment's path"
                )
            yield Object(head[0], size, self._bytes(child, size + 1)[:-1] if command == "contents" else b"")

    def _started(self) -> Child:
        child = self._runner.start("cat-file", "--batch-command", "--buffer")
        self._poll = select.poll()
        for descriptor in (child.stdout, child.stderr):
            self._poll.register(descriptor, select.POLLIN)
        self._unread, self._said = bytearray(), bytearray()
        return child

    def _line(self, child: Child) -> str:
        while (end := self._unread.find(b"\n")) < 0:
            self._receive(child)
        return self._bytes(child, end + 1)[:-1].decode()

    def _bytes(self, child: Child, size: int) -> bytes:
        while len(self._unread) < size:
            self._receive(child)
        data = bytes(self._unread[:size])
        del self._unread[:size]
        return data

    def _receive(self, child: Child) -> None:
        ready = self._poll.poll(max(self._deadline - time.monotonic(), 0) * 1000)
        if not ready:
            raise child.overdue()
        for descriptor, _ in ready:
            part = os.read(descriptor, 2**16)
            if descriptor == child.stdout and not part:
                raise child.failure(bytes(self._said))
            if not part:
                self._poll.unregister(descriptor)
            (self._unread if descriptor == child.stdout else self._said).extend(part)

"""A server as a child that is spoken to in lines of JSON: for tests that kill it, or want nothing between."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tests.e2e import preloaded


class Wire:
    """It starts at once and answers when asked, so a test may have the next one started before it needs it."""

    def __init__(self, repo: Path, *flags: str, env: Mapping[str, str], log: Path) -> None:
        self.env = env
        stdin, sends = os.pipe()
        receives, stdout = os.pipe()
        with log.open("a") as errors:
            self._child = preloaded.Started(
                preloaded.address(),
                ["--repo", str(repo), *flags],
                env={"KUBECONFIG": str(repo.parent / "no-kubeconfig"), **env},
                cwd=str(repo.parent),
                streams=(stdin, stdout, errors.fileno()),
            )
        os.close(stdin)
        os.close(stdout)
        self._stdin: IO[bytes] = os.fdopen(sends, "wb")
        self._stdout: IO[bytes] = os.fdopen(receives, "rb")
        self._number = 0
        self._greeted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """As a client ends it; one that is dead already stays so."""
        with suppress(BrokenPipeError):  # of a request that it did not live to read
            self._stdin.close()
        self._child.wait()
        self._stdout.close()

    def kill(self) -> None:
        """Ends it as nothing can be refused, and answers when it is gone."""
        os.killpg(self._child.pid, signal.SIGKILL)
        assert self._child.wait() == -signal.SIGKILL

    def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of an answer that is no error."""
        result = self.call(tool, **arguments)
        assert not result.get("isError"), result["content"][0]["text"]
        content: dict[str, Any] = result["structuredContent"]
        return content

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        self.send(tool, **arguments)
        return self._answer()

    def send(self, tool: str, **arguments: Any) -> None:
        """Asks, and does not wait for the answer."""
        self.greet()
        self._write("tools/call", {"name": tool, "arguments": arguments})

    def greet(self) -> None:
        """The handshake, once."""
        if not self._greeted:
            self._greeted = True
            who = {"name": "wire", "version": "1"}
            self._write("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": who})
            self._answer()
            self._line({"jsonrpc": "2.0", "method": "notifications/initialized"})

    @property
    def stdout(self) -> int:
        """The descriptor that an answer would come from."""
        return self._stdout.fileno()

    def _answer(self) -> dict[str, Any]:
        while True:
            line = self._stdout.readline()
            assert line, "the server ended without an answer"
            message = json.loads(line)
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    def _write(self, method: str, params: Mapping[str, Any]) -> None:
        self._number += 1
        self._line({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})

    def _line(self, message: Mapping[str, Any]) -> None:
        self._stdin.write(json.dumps(message).encode() + b"\n")
        self._stdin.flush()

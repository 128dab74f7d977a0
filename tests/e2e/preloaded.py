"""Servers that start at once: each is forked from one process that has loaded the package already.

To load it takes 0.6 s of a processor, and hundreds of tests want a server of their own. What runs is `cli.main` in a
process, a session and a folder of its own, with the environment and the three streams that it is given, as `python -m
gitops_mcp` has them. Tests of the start, of signals and of the command line start the command.

This module is also run as two scripts: the process that loads and forks, which ends when its input does, and `start`,
which an MCP client runs as the server's command: it hands its streams over and ends as the server ends.
"""

from __future__ import annotations

import array
import json
import os
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def command(*arguments: str) -> list[str]:
    """What an MCP client starts as its server; `arguments` are those of gitops-mcp."""
    return [sys.executable, "-IS", __file__, "start", address(), *arguments]


class Started:
    """A server that runs, or has run."""

    def __init__(
        self, where: str, arguments: Sequence[str], *, env: Mapping[str, str], cwd: str, streams: tuple[int, int, int]
    ) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(where)
        text = json.dumps({"arguments": list(arguments), "env": dict(env), "cwd": cwd}).encode()
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))
        self._connection.sendmsg([len(text).to_bytes(4, "big")], [rights])
        self._connection.sendall(text)
        self._answers = self._connection.makefile("r")
        self.pid = int(self._answers.readline())
        self._code: int | None = None

    def wait(self) -> int:
        """Its exit code, or the negative number of the signal that ended it."""
        if self._code is None:
            self._code = int(self._answers.readline())
            self._answers.close()
            self._connection.close()
        return self._code


def address() -> str:
    """Where the process listens that forks for this one; it is started with the first question."""
    if not _RUNNING:
        _RUNNING.append(_start_forking())
    return _RUNNING[0]


_RUNNING: list[str] = []


def _start_forking() -> str:
    import atexit
    import subprocess
    import tempfile
    from pathlib import Path

    folder = tempfile.TemporaryDirectory(prefix="gitops-mcp-preloaded-")
    where = f"{folder.name}/socket"
    root = Path(__file__).parents[2]
    forking = subprocess.Popen(
        [sys.executable, __file__, "fork", where],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(root)},
        cwd=root,
    )
    assert forking.stdout
    assert forking.stdout.readline() == b"ready\n"

    def end() -> None:
        forking.communicate()
        folder.cleanup()

    atexit.register(end)
    return where


def _start(where: str, *arguments: str) -> int:
    streams = (0, 1, 2)
    started = Started(where, arguments, env=os.environ, cwd=os.getcwd(), streams=streams)  # noqa: PTH109 - a start is cheap
    for stream in streams:
        os.close(stream)
    return started.wait()


def _fork(where: str) -> int:
    _load()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(where)
        listening.listen(100)
        os.write(1, b"ready\n")
        _Forks(listening).until_input_ends()
    return 0


class _Forks:
    """The servers that run, each with the connection of who asked for it."""

    def __init__(self, listening: socket.socket) -> None:
        import signal

        self._listening = listening
        self._servers: dict[socket.socket, int] = {}
        self._woken, self._wakes = os.pipe()
        for end in (self._woken, self._wakes):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)

    def until_input_ends(self) -> None:
        import select

        while True:
            waited: list[Any] = [0, self._woken, self._listening, *self._servers]
            ready = select.select(waited, [], [])[0]
            if 0 in ready:
                break
            if self._woken in ready:
                os.read(self._woken, 1_000)
            # Who asked for it is gone, and nobody wants it any more.
            self._kill(one for one in self._servers if one in ready)
            self._tell_ended()
            if self._listening in ready:
                connection, _ = self._listening.accept()
                self._servers[connection] = self._fork(connection)
                connection.sendall(f"{self._servers[connection]}\n".encode())
        self._kill(self._servers)

    def _kill(self, connections: Iterable[socket.socket]) -> None:
        import signal
        from contextlib import suppress

        for connection in connections:
            with suppress(ProcessLookupError):
                os.killpg(self._servers[connection], signal.SIGKILL)

    def _tell_ended(self) -> None:
        from contextlib import suppress

        for connection, pid in list(self._servers.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                del self._servers[connection]
                with suppress(OSError), connection:
                    connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())

    def _fork(self, connection: socket.socket) -> int:
        head, streams, _, _ = socket.recv_fds(connection, 4, 3)
        with connection.makefile("rb") as text:
            asked = json.loads(text.read(int.from_bytes(head, "big")))
        pid = os.fork()
        if not pid:
            for one in (self._listening, connection, *self._servers):
                one.close()
            _serve(asked, streams, (self._woken, self._wakes))
        for stream in streams:
            os.close(stream)
        return pid


def _serve(asked: Mapping[str, Any], streams: Sequence[int], ours: Sequence[int]) -> None:
    """The process of one server; it does not return. What is `ours` is no concern of its."""
    import signal
    import tempfile

    from gitops_mcp.cli import main

    code = 70
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        for descriptor in (*streams, *ours):
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(asked["env"])
        tempfile.tempdir = None
        os.chdir(asked["cwd"])
        code = main(asked["arguments"])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _load() -> None:
    """All that a server may need, as each loads it when it is first asked for it."""
    import gc
    import importlib
    import pkgutil

    import gitops_mcp

    gc.disable()
    for module in pkgutil.walk_packages(gitops_mcp.__path__, "gitops_mcp."):
        if not module.name.startswith(("gitops_mcp.__main__", "gitops_mcp.sandbox", "gitops_mcp.demo")):
            importlib.import_module(module.name)
    for name in ("git", "kubernetes.client.configuration", "urllib3"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    sys.exit({"start": _start, "fork": _fork}[sys.argv[1]](*sys.argv[2:]))

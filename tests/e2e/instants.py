"""The instants of a request, exact: every git process that the server starts, and every hook they run, is one.

A `git` of ours stands first on the server's PATH. It says when each process begins and ends, as in "end cat-file 2"; hooks, on this side and
on the remote's, say when git comes by. At the instant that a test names, the world stops there until the test has
killed what it wants to kill. The remote is behind an ssh of ours that gives it a session of its own, as a remote on
another machine has: it survives what happens here.

All say it through one pipe, which each process keeps open while it lives: its end is the end of all of them.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tests.e2e.wire import Wire

Victims = Literal["server", "tree", "machine"]
"""Only the server's process; all that it started as well; and what these started on the remote's side."""

DEADLINE = 60
_HOOKS = ("pre-push", "pre-receive", "update", "post-receive", "post-update", "reference-transaction")

# Until the folder holds `armed`, both scripts are git, and hooks that do nothing. A wrapper that a server had just forked
# when it was killed may come at any time after: then that one never was. It holds the pipe before it looks, so that the
# pipe does not end, and nobody disarms, while it has not decided.
_GIT = """#!/bin/sh
exec 8<>{folder}/log
[ ! -e "{folder}/killed/$INSTANTS_SERVER" ] || exit 137
[ -e {folder}/armed ] || exec {git} "$@" 8>&-
read -r stop <{folder}/armed
skip=; verb=
for word; do
  case "$skip$word" in
    -c) skip=1; continue ;;
    1*) skip=; continue ;;
    -*) continue ;;
  esac
  verb=$word; break
done
number=0
[ -e {folder}/count/$verb ] && read -r number <{folder}/count/$verb
number=$((number + 1))
echo $number >{folder}/count/$verb
instant() {{
  echo "$$ $1" >&8
  [ "$stop" != "$1" ] || read -r go <{folder}/go
}}
instant "begin $verb $number"
{git} "$@"
code=$?
instant "end $verb $number"
exit $code
"""

_HOOK = """#!/bin/sh
[ -e {folder}/armed ] || exit 0
exec 8<>{folder}/log
read -r stop <{folder}/armed
ref= state=
while read -r one two three four; do ref=${{ref:-$three}}; done
[ -n "$ref" ] || ref=$1
case {hook} in reference-transaction) state=" $1" ;; esac
name="${{SIDE:-near}} {hook}$state $ref"
echo "$$ $name" >&8
[ "$stop" != "$name" ] || read -r go <{folder}/go
exit 0
"""

_SSH = """#!/bin/sh
for command; do :; done
far="env -i PATH=$PATH HOME={folder} GIT_CONFIG_GLOBAL={folder}/far GIT_PROTOCOL=$GIT_PROTOCOL SIDE=far"
[ -e {folder}/armed ] || exec $far sh -c "$command"
echo "$$ far" >&8
exec $far {python} -ISc 'import os, sys; os.setsid(); os.execv("/bin/sh", sys.argv[1:])' sh -c "$command"
"""


@dataclass(frozen=True)
class Ended:
    """What was seen of a request: its instants in order, and how many of them before the kill."""

    instants: tuple[str, ...]
    before: int

    def began(self, verb: str) -> bool:
        """Whether such a process ever began, before the kill or after."""
        return _is_in(self.instants, f"begin {verb}")

    def was_in(self, first: str, last: str) -> bool:
        """Whether the kill fell between the begin of one process and the end of another."""
        seen = self.instants[: self.before]
        return _is_in(seen, f"begin {first}") and not _is_in(seen, f"end {last}")

    def had_ended(self, verb: str) -> bool:
        return _is_in(self.instants[: self.before], f"end {verb}")


class Instants:
    def __init__(self, folder: Path, *, config: Path) -> None:
        """`config` is the user's own git configuration, which the server's git gets as well."""
        found = shutil.which("git")
        assert found
        self.folder = folder
        self._git = Path(found)
        self._servers = 0
        for name in ("bin", "hooks", "killed"):
            (folder / name).mkdir(parents=True)
        for name in ("log", "go"):
            os.mkfifo(folder / name)
        self._script("bin/git", _GIT)
        self._script("ssh", _SSH)
        for hook in _HOOKS:
            self._script(f"hooks/{hook}", _HOOK, hook=hook)
        hooks = f"[core]\n\thooksPath = {folder}/hooks\n"
        (folder / "near").write_text(config.read_text() + hooks)
        (folder / "far").write_text(hooks)

    def environment(self, home: Mapping[str, str]) -> dict[str, str]:
        """For one server whose requests have instants."""
        self._servers += 1
        return {
            **home,
            "INSTANTS_SERVER": str(self._servers),
            "PATH": f"{self.folder}/bin:{home['PATH']}",
            "GIT_CONFIG_GLOBAL": str(self.folder / "near"),
            "GIT_SSH_COMMAND": str(self.folder / "ssh"),
        }

    def of(self, server: Wire, tool: str, **arguments: Any) -> tuple[str, ...]:
        """All instants of a request that nothing happens to."""
        with _Watch(self.folder, server) as watch:
            server.answer(tool, **arguments)
            return watch.rest()

    def killed(
        self, server: Wire, tool: str, *, at: str, victims: Victims, later: float = 0, **arguments: Any
    ) -> Ended:
        """Kills the server at an instant of a request, or `later` seconds after it, and waits for all it started."""
        server.greet()
        with _Watch(self.folder, server, at) as watch:
            server.send(tool, **arguments)
            watch.wait(at)
            if later:
                watch.go()
                time.sleep(later)  # it waits for nothing: this is the instant
            server.kill()
            (self.folder / "killed" / server.env["INSTANTS_SERVER"]).touch()
            before = len(watch.seen())
            watch.victims = victims
            return Ended(watch.rest(), before)

    def _script(self, name: str, text: str, **more: str) -> None:
        path = self.folder / name
        path.write_text(text.format(folder=self.folder, git=self._git, python=sys.executable, **more))
        path.chmod(0o755)


class _Watch:
    """The log while one request runs."""

    def __init__(self, folder: Path, server: Wire, stop: str = "") -> None:
        self._folder = folder
        self._server = server
        self._arm(stop)
        shutil.rmtree(folder / "count", ignore_errors=True)
        (folder / "count").mkdir()
        self._log = os.open(folder / "log", os.O_RDONLY | os.O_NONBLOCK)
        self._kept = os.open(folder / "log", os.O_WRONLY)  # until it is closed the log does not end
        self._go = os.open(folder / "go", os.O_RDWR)
        self._text = b""
        self._killed = 0
        self.victims: Victims = "server"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        (self._folder / "armed").unlink()
        for descriptor in (self._log, self._go):
            os.close(descriptor)

    def wait(self, instant: str) -> None:
        """Until the world stands still there."""
        while instant not in self.seen():
            ready, _, _ = select.select([self._log, self._server.stdout], [], [], DEADLINE)
            assert self._server.stdout not in ready, f"it answered before {instant!r}: {self.seen()}"
            assert ready, f"it never came to {instant!r}: {self.seen()}"

    def go(self) -> None:
        """Lets the world go on, and stops it no more."""
        self._arm("")
        os.write(self._go, b"\n")

    def seen(self) -> tuple[str, ...]:
        """The names of the instants so far, in their order."""
        self._read()
        return tuple(name for _, name in self._lines() if name != "far")

    def rest(self) -> tuple[str, ...]:
        """All instants, once the last process has ended: victims by our hand, the others in their own time."""
        os.close(self._kept)
        self._kill()
        self.go()
        while not self._read():
            self._kill()
            ready, _, _ = select.select([self._log], [], [], DEADLINE)
            assert ready, f"processes go on for ever: {self.seen()}"
        return self.seen()

    def _arm(self, stop: str) -> None:
        new = self._folder / "armed.new"
        new.write_text(f"{stop}\n")
        new.replace(self._folder / "armed")

    def _read(self) -> bool:
        """Takes what there is; whether that was all there will ever be."""
        with suppress(BlockingIOError):
            while data := os.read(self._log, 65536):
                self._text += data
            return True
        return False

    def _lines(self) -> list[tuple[int, str]]:
        lines = self._text.decode().split("\n")[:-1]
        return [(int(process), name) for process, _, name in (line.partition(" ") for line in lines)]

    def _kill(self) -> None:
        """Every group of processes that is a victim; the server's git runs each command in a group of its own."""
        lines = self._lines()
        for process, name in lines[self._killed :]:
            mine = self.victims != "server" and name.startswith("begin ")
            if mine or (self.victims == "machine" and name == "far"):
                with suppress(ProcessLookupError):
                    os.killpg(process, signal.SIGKILL)
        self._killed = len(lines)


def _is_in(instants: Iterable[str], what: str) -> bool:
    return any(instant.startswith(f"{what} ") for instant in instants)

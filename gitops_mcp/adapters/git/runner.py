"""Runs git: an argument list, no inherited GIT_*, no prompt, no terminal, a time-out that ends the whole group.

The server speaks its protocol on its own stdin and stdout, so a child gets neither: its input is what it is given,
its output is captured. Hooks, credential helpers and ssh are grandchildren; they share the child's session, and a
time-out ends them all.
"""

from __future__ import annotations

import logging
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gitops_mcp.caller import check_wanted, has_end
from gitops_mcp.domain.remote_url import without_logins
from gitops_mcp.errors import Unavailable

log = logging.getLogger(__name__)

_KEPT = frozenset(
    {
        # What a person sets to configure git, to reach or sign for a remote, or to name themselves; all else that is
        # GIT_* would move the repository, its index or its objects under our feet.
        "GIT_ASKPASS",
        "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME",
        "GIT_COMMITTER_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CONFIG_SYSTEM",
        "GIT_EXEC_PATH",
        "GIT_SSH",
        "GIT_SSH_COMMAND",
        "GIT_SSH_VARIANT",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_CERT",
        "GIT_SSL_KEY",
        "GIT_SSL_NO_VERIFY",
        "GIT_PROXY_SSL_CAINFO",
    }
)
_LOOK = 0.2
"""Seconds between two looks at whether the call is still wanted."""
MOST_PRINTED = 128 * 2**20
MOST_SAID = 2**20
"""Bytes that one command may print, and those that are kept of its complaints."""
_PURPOSES = {
    "cat-file": "to read objects",
    "check-attr": "to read attributes",
    "config": "to read Git's configuration",
    "diff": "to compare what hooks left",
    "diff-tree": "to compare commits",
    "fetch": "to fetch from the remote",
    "for-each-ref": "to list branches",
    "grep": "to find manifests",
    "hook": "to run a hook",
    "log": "to read commits",
    "ls-remote": "to ask the remote for its branches",
    "ls-tree": "to list the files of a commit",
    "merge-tree": "to try a merge",
    "push": "to push a branch",
    "rev-list": "to list commits",
}
_GRACE = 2.0
"""Seconds between asking a group of processes to end and ending it: git removes its lock files meanwhile."""


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """Standard output without its last newline; bytes that are no UTF-8 survive as surrogates."""
        return self.stdout.decode(errors="surrogateescape").removesuffix("\n")


class GitFailed(Unavailable):
    """Git answered with an error; what it printed is kept for those who can read it."""

    remote: str | None = None
    """Of which it was asked."""

    def __init__(self, command: str, ran: Ran) -> None:
        self.ran = ran
        self.said = without_logins(ran.stderr.strip() or ran.text.strip())[-600:] or _end_of(ran.returncode)
        super().__init__(f"git {command} failed ({ran.returncode}): {self.said}")


def _end_of(returncode: int) -> str:
    if returncode < 0:
        return f"it was ended by a signal: {signal.strsignal(-returncode)}"
    return "it printed nothing"


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _is_kept(name)}
    return kept | {
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        # Commits are what their ids say: one that is built on a replacement would take back what the other one has.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": ":",
        "GIT_ADVICE": "0",
        "LC_ALL": "C",
    }


def _is_kept(name: str) -> bool:
    return name in _KEPT or name.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))


@dataclass(frozen=True)
class Runner:
    directory: Path
    timeout: float = 60
    """Seconds for one command."""
    environment: Mapping[str, str] = field(default_factory=_environment, repr=False)
    """As it was when the repository was opened."""

    def configured(self, key: str, value: str) -> dict[str, str]:
        """An environment with one entry more of configuration, after those that the user's has.

        `-c` is for keys of ours alone: it ends a key at the first `=`, and a remote's name may hold one.
        """
        count = int(given) if (given := self.environment.get("GIT_CONFIG_COUNT", "")).isdecimal() else 0
        return {"GIT_CONFIG_COUNT": str(count + 1), f"GIT_CONFIG_KEY_{count}": key, f"GIT_CONFIG_VALUE_{count}": value}

    def run(
        self,
        *arguments: str,
        input: bytes = b"",  # noqa: A002 - subprocess's own word for it
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        check: bool = True,
        keep: Sequence[int] = (),
        meanwhile: Callable[[], object] | None = None,
    ) -> Ran:
        """What git printed.

        `keep` are descriptors that the child inherits: the lock's, so that a child which outlives a killed server
        still holds it. `meanwhile` is short work of ours that is done while git is at its own.
        Raises GitFailed (unless `check` is off) and Unavailable on a time-out or without git.
        """
        child = self.start(*arguments, env=env, cwd=cwd, keep=keep)
        ran = child.finished(input, meanwhile)
        if check and ran.returncode:
            raise GitFailed(child.verb, ran)
        return ran

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, keep: Sequence[int] = ()
    ) -> Child:
        """Git at work, for who talks with it; whoever starts it has to end it."""
        check_wanted()
        command = ["git", "-c", "core.quotePath=off", "-c", "gc.auto=0", "-c", "core.fsmonitor=false", *arguments]
        verb = next((word for word in arguments if not word.startswith("-") and "=" not in word), "git")
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd or self.directory,
                env={**self.environment, **(env or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=tuple(keep),
            )
        except FileNotFoundError as error:
            if not (cwd or self.directory).is_dir():
                raise Unavailable(f"the folder {cwd or self.directory} is gone") from error
            raise Unavailable("git was not found on PATH: install git 2.38 or newer") from error
        except OSError as error:
            raise Unavailable(f"git {verb} could not be started: {error.strerror}; nothing was done") from error
        return Child(process, verb, self.timeout)


class Child:
    """A git process of ours."""

    def __init__(self, process: subprocess.Popen[bytes], verb: str, timeout: float) -> None:
        self.verb = verb
        pipes = (process.stdin, process.stdout, process.stderr)
        self.stdin, self.stdout, self.stderr = (pipe.fileno() for pipe in pipes if pipe)
        self._process = process
        self._timeout = timeout
        self._began = time.monotonic()

    def finished(self, given: bytes, meanwhile: Callable[[], object] | None = None) -> Ran:
        """What it printed, once it has ended by itself."""
        with self._process:
            try:
                if meanwhile:
                    meanwhile()
                stdout, stderr = self._exchanged(given)
            except BaseException:
                _end_group(self._process)
                raise
        self._log()
        return Ran(self._process.returncode, stdout, stderr.decode(errors="replace"))

    def _exchanged(self, given: bytes) -> tuple[bytes, bytes]:
        """What it printed, taken while it is given its input; of its complaints the first."""
        printed = {self.stdout: bytearray(), self.stderr: bytearray()}
        rest = memoryview(given)
        with selectors.DefaultSelector() as pipes:
            for descriptor in printed:
                pipes.register(descriptor, selectors.EVENT_READ)
            pipes.register(self.stdin, selectors.EVENT_WRITE)
            while pipes.get_map():
                ready = pipes.select(self._next_look)
                self._check_time()
                for descriptor in (key.fd for key, _ in ready):
                    if descriptor == self.stdin:
                        rest = _fed(descriptor, rest)
                    elif part := os.read(descriptor, 2**16):
                        self._keep(printed[descriptor], part, is_cut=descriptor == self.stderr)
                        continue
                    if descriptor != self.stdin or not rest:
                        pipes.unregister(descriptor)
                        self._pipe(descriptor).close()
        while self._process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._next_look)
            self._check_time()
        return bytes(printed[self.stdout]), bytes(printed[self.stderr])

    def _check_time(self) -> None:
        check_wanted()
        if self._process.returncode is None and not self._seconds_left:
            raise self.overdue()

    @property
    def _next_look(self) -> float:
        """Seconds to wait at most; where the call can be cancelled, that is looked at every moment."""
        return min(_LOOK, self._seconds_left) if has_end() else self._seconds_left

    @property
    def _seconds_left(self) -> float:
        return max(self._began + self._timeout - time.monotonic(), 0)

    def _pipe(self, descriptor: int) -> IO[bytes]:
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        return next(pipe for pipe in pipes if pipe and not pipe.closed and pipe.fileno() == descriptor)

    def _keep(self, printed: bytearray, part: bytes, *, is_cut: bool) -> None:
        if is_cut:
            printed += part[: MOST_SAID - len(printed)]
            return
        printed += part
        if len(printed) > MOST_PRINTED:
            raise Unavailable(
                f"git {self.verb} ({_PURPOSES.get(self.verb, 'for this request')}) printed more than "
                f"{MOST_PRINTED >> 20} MiB and was ended: the repository holds more than can be looked through here"
            )

    def end(self) -> None:
        """Ends it, after what it is at now; nothing more is read from it."""
        with self._process as process:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe:
                    with suppress(BrokenPipeError):
                        pipe.close()
            try:
                # Its input ends, and with it the process; one that waits for a peer is ended.
                process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                _end_group(process)
        self._log()

    def overdue(self) -> Unavailable:
        return Unavailable(
            f"git {self.verb} did not end within {self._timeout:g} s and was ended: check that the remote answers "
            f"without a prompt, or raise timeouts.git"
        )

    def failure(self, said: bytes) -> GitFailed:
        """Why it ended, when it should still be there; `said` is what was read of its complaints."""
        rest = self._process.communicate(timeout=self._timeout)[1]
        return GitFailed(self.verb, Ran(self._process.returncode, b"", (said + rest).decode(errors="replace")))

    def _log(self) -> None:
        spent = (time.monotonic() - self._began) * 1000
        log.debug("git %s: %s in %.0f ms", self.verb, self._process.returncode, spent)


def _fed(descriptor: int, rest: memoryview) -> memoryview:
    """What is left to be given; a process that does not want it is given nothing more."""
    try:
        return rest[os.write(descriptor, rest[: select.PIPE_BUF]) :]
    except BrokenPipeError:
        return rest[:0]


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """Git removes its lock files when it is asked to end, and cannot when it is killed."""
    _signal(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=_GRACE)
    _signal(child.pid, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)

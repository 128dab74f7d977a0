"""Runs git: an argument list, no inherited GIT_*, no prompt, no terminal, a time-out that ends the whole group.

The server speaks its protocol on its own stdin and stdout, so a child gets neither: its input is what it is given,
its output is captured. Hooks, credential helpers and ssh are grandchildren; they share the child's session, and a
time-out ends them all.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from gitops_mcp.caller import Cancelled, check_wanted, has_end
from gitops_mcp.domain.remote_url import without_logins
from gitops_mcp.errors import Unavailable

log = logging.getLogger(__name__)

_KEPT = frozenset(
    {
        # What a person sets to reach or sign for a remote, or to name themselves; all else that is GIT_* would move
        # the repository, its index, its objects or its configuration under our feet.
        "GIT_ASKPASS",
        "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME",
        "GIT_COMMITTER_EMAIL",
        "GIT_COMMITTER_NAME",
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
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

    def __init__(self, command: str, ran: Ran) -> None:
        self.ran = ran
        self.said = without_logins(ran.stderr.strip() or ran.text.strip())[-600:] or "it printed nothing"
        super().__init__(f"git {command} failed ({ran.returncode}): {self.said}")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    return kept | {
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": ":",
        "GIT_ADVICE": "0",
        "LC_ALL": "C",
    }


@dataclass(frozen=True)
class Runner:
    directory: Path
    timeout: float = 60
    """Seconds for one command."""
    environment: Mapping[str, str] = field(default_factory=_environment, repr=False)
    """As it was when the repository was opened."""

    def run(
        self,
        *arguments: str,
        input: bytes = b"",  # noqa: A002 - subprocess's own word for it
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        check: bool = True,
        keep: Sequence[int] = (),
    ) -> Ran:
        """What git printed.

        `keep` are descriptors that the child inherits: the lock's, so that a child which outlives a killed server
        still holds it. Raises GitFailed (unless `check` is off) and Unavailable on a time-out or without git.
        """
        child = self.start(*arguments, env=env, cwd=cwd, keep=keep)
        ran = child.finished(input)
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

    def finished(self, given: bytes) -> Ran:
        """What it printed, once it has ended by itself."""
        with self._process:
            try:
                stdout, stderr = self._communicate(given)
            except subprocess.TimeoutExpired as error:
                _end_group(self._process)
                raise self.overdue() from error
            except Cancelled:
                _end_group(self._process)
                raise
        self._log()
        return Ran(self._process.returncode, stdout, stderr.decode(errors="replace"))

    def _communicate(self, given: bytes | None) -> tuple[bytes, bytes]:
        """What it printed; where the call can be cancelled, that is looked at every moment."""
        until = self._began + self._timeout
        while has_end() and time.monotonic() + _LOOK < until:
            try:
                return self._process.communicate(given, timeout=_LOOK)
            except subprocess.TimeoutExpired:
                given = None
                check_wanted()
        return self._process.communicate(given, timeout=max(until - time.monotonic(), 0))

    def end(self) -> None:
        """Ends it, after what it is at now; nothing more is read from it."""
        with self._process:
            try:
                # Its input ends, and with it the process; one that waits for a peer is ended.
                self._process.communicate(timeout=_GRACE)
            except subprocess.TimeoutExpired:
                _end_group(self._process)
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


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """Git removes its lock files when it is asked to end, and cannot when it is killed."""
    _signal(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.communicate(timeout=_GRACE)
    _signal(child.pid, signal.SIGKILL)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)

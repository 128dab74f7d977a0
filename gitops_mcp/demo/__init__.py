"""The whole road, played on this machine: the real server as a child over stdio, beside the sandbox.

It is no recording. Each step asks the server, shows what it answered, and checks in Git and in the API itself, not
through the server, that it is so; the first expectation that does not hold ends the demo with exit code 1. No model
takes part: the calls are those that an assistant would make.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from mcp import MCPError

from gitops_mcp.demo.screen import Screen
from gitops_mcp.demo.stage import Failed, Stage, stage
from gitops_mcp.demo.story import INTRODUCTION, STEPS, closing
from gitops_mcp.errors import GitOpsError

_LOG_LINES = 15
"""Of what the server wrote to standard error: as many as are shown where it fails."""


class _Stopped(BaseException):
    """A signal: not an Exception, so that only the clean-up sees it."""


def demo() -> int:
    """0 when all of it held, 1 when something did not, 128 + n when signal n ended it; nothing stays behind."""
    screen = Screen.on(sys.stdout)
    try:
        return _demo(screen)
    except BrokenPipeError:
        # The reader has gone (`| head`). What is still buffered must not fail once more when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _demo(screen: Screen) -> int:
    started = time.monotonic()
    try:
        with _signals(), tempfile.TemporaryDirectory(prefix="gitops-mcp-demo-") as folder, _undisturbed_afterwards():
            _play(screen, Path(folder).resolve())
    except _Stopped as stopped:
        screen.failure("Stopped. What it had started is gone again.")
        return 128 + int(stopped.args[0])
    except BrokenPipeError:
        raise
    except (Failed, GitOpsError, MCPError, ExceptionGroup, OSError) as error:
        screen.failure(f"The demo failed. {error}")
        return 1
    screen.end(f"All of it held, in {time.monotonic() - started:.0f} seconds, and nothing is left behind.")
    return 0


def _play(screen: Screen, folder: Path) -> None:
    log = folder / "server.log"
    screen.paragraphs(*INTRODUCTION, f"Its files are in {folder} until it ends.")
    try:
        screen.status("starting the stand-ins: API, operator, Argo CD, Git remote")
        with stage(screen, folder) as set_up:
            _act(screen, set_up)
    except Exception:
        if log.exists() and (said := log.read_text(errors="replace").splitlines()):
            screen.block("log", said[-_LOG_LINES:])
        raise


def _act(screen: Screen, set_up: Stage) -> None:
    set_up.introduce()
    for number, (title, step) in enumerate(STEPS, 1):
        screen.title(f"{number}/{len(STEPS)}", title)
        step(set_up)
    screen.title("", "What held over all of it")
    closing(set_up)
    screen.status("stopping the server and the stand-ins")


_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def _signals() -> Iterator[None]:
    """The first signal ends the block as an exception would; those that follow do not disturb the clean-up."""

    def stop(number: int, _frame: FrameType | None) -> None:
        _ignore()
        raise _Stopped(number)

    before = {number: signal.signal(number, stop) for number in _ENDS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed_afterwards() -> Iterator[None]:
    """However the block ends, no signal disturbs the clean-up of what is around it."""
    try:
        yield
    finally:
        _ignore()


def _ignore() -> None:
    for number in _ENDS:
        signal.signal(number, signal.SIG_IGN)

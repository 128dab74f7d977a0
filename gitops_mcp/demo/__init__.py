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

from gitops_mcp.demo.cast import Cast
from gitops_mcp.demo.screen import Screen

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Stopped(BaseException):
    """A signal: not an Exception, so that only the clean-up sees it."""


def run_demo(cast: Cast) -> int:
    """0 when all of it held, 1 when something did not, 128 + n when signal n ended it; nothing stays behind."""
    screen = Screen.on(sys.stdout)
    try:
        with _stop_on_signal():
            return _play_story(screen, cast)
    except _Stopped as stopped:
        screen.failure("Stopped. What it had started is gone again.")
        return 128 + int(stopped.args[0])
    except BrokenPipeError:
        # The reader has gone (`| head`). What is still buffered must not fail once more when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _play_story(screen: Screen, cast: Cast) -> int:
    started = time.monotonic()
    screen.status("starting")
    # The SDK takes most of a second to load, in which a signal is a reason to stop and no reason for a traceback.
    from gitops_mcp.demo.stage import DemoFailed
    from gitops_mcp.demo.story import tell_story

    try:
        with tempfile.TemporaryDirectory(prefix="gitops-mcp-demo-") as folder, _undisturbed_afterwards():
            tell_story(screen, Path(folder).resolve(), cast)
    except DemoFailed as failure:
        screen.failure(f"The demo failed: {failure}")
        return 1
    screen.end(f"All of it held, in {time.monotonic() - started:.0f} seconds, and nothing is left behind.")
    return 0


@contextmanager
def _stop_on_signal() -> Iterator[None]:
    """The first signal ends the block as an exception would; those that follow do not disturb the clean-up."""

    def stop(number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
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
        _ignore_signals()


def _ignore_signals() -> None:
    for number in _ENDS:
        signal.signal(number, signal.SIG_IGN)

"""A process that runs templates: with nothing of our environment, and an end that it cannot put off."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MEMORY = 1536 * 2**20
"""Bytes. Helm takes 70 MB for itself."""
PRINTED = 16 * 2**20
"""Bytes of one rendering."""
SAID_MOST = 400
"""Characters of Helm's own words."""
OUT_OF_MEMORY = "Helm ended without an error message: the chart needs more memory than is allowed"
_NOWHERE = "http://127.0.0.1:9"
"""Go sends what it would fetch to this proxy, where nobody listens."""


class Ended(Exception):
    """The process did not get to an answer. `for_ever`: it would not the next time either."""

    def __init__(self, reason: str, *, for_ever: bool) -> None:
        super().__init__(reason)
        self.reason, self.for_ever = reason, for_ever


def clean_environment(folder: str) -> dict[str, str]:
    names = (
        "HELM_CACHE_HOME",
        "HELM_CONFIG_HOME",
        "HELM_DATA_HOME",
        "HELM_PLUGINS",
        "HOME",
        "TMPDIR",
        "XDG_CONFIG_HOME",
    )
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "KUBECONFIG": os.devnull,
        "GOMAXPROCS": "2",
        **dict.fromkeys(names, folder),
        **dict.fromkeys(proxies, _NOWHERE),
    }


@contextmanager
def ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kills its group then; the event says that it did."""
    late = threading.Event()

    def end() -> None:
        late.set()
        end_group(process)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def end_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)

"""One call of a tool: what it asks of git more than once is asked once, and what it has running ends with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.objects import Objects
from gitops_mcp.adapters.git.runner import Runner


class GitCall:
    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.objects = Objects(runner)
        self.proposed: dict[str, Mapping[str, str] | None] = {}
        """The last commits of changes' newest pull requests, by the commit of the base."""

    @cached_property
    def configuration(self) -> Configuration:
        return Configuration.read(self._runner)


class Calls:
    """The calls in one repository; each runs in a thread of its own, and shares nothing with the others."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self._here = threading.local()

    @contextmanager
    def one(self) -> Iterator[GitCall]:
        """The call that this thread is in; outside of any a new one, for as long as the block takes."""
        if current := getattr(self._here, "call", None):
            yield current
            return
        call = self._here.call = GitCall(self.runner)
        try:
            yield call
        finally:
            del self._here.call
            call.objects.end()

    @property
    def configuration(self) -> Configuration:
        with self.one() as call:
            return call.configuration

    def configured_now(self) -> Configuration:
        """What is configured by now; the rest of the call goes on with it."""
        with self.one() as call:
            call.__dict__.pop("configuration", None)
            return call.configuration

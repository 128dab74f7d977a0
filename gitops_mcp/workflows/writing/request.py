"""What every writing tool is told, and a request as functions of what is seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gitops_mcp.app import Ground
from gitops_mcp.domain.objects import Resource
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.subject import Subject
from gitops_mcp.workflows.view import View

PATIENCE = 30.0
"""Seconds for which a write is tried again. Each race lets one writer through, but not each writer soon: of eight that
wrote to one branch without a pause, one needed 28 tries."""


class Patience:
    """How long one request is tried again; the time that a person takes to answer does not count."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._end

    @contextmanager
    def paused(self) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self._end += time.monotonic() - begun


@dataclass(frozen=True)
class WriteRequest:
    """What every writing tool is told besides what to do."""

    tool: str
    environment: str | None
    change: str | None = None
    reason: str | None = None
    dry_run: bool = False
    confirmed: bool = False
    """A person has agreed to what would be lost."""
    outage_confirmed: bool = False
    """The same, to what would stop."""
    cluster: str | None = None
    """metadata.name of the Cluster that it is about."""
    named: tuple[Resource, str] | None = None
    """Kind and metadata.name of the object that it is about, where that is no Cluster."""
    namespace: str | None = None
    """As the caller named it."""
    wait: bool = False
    """Until what was applied is healthy; acts in direct delivery."""
    timeout: int | None = None
    """Seconds to wait at most."""


@dataclass(frozen=True)
class Writing:
    """A request as two functions of what is seen."""

    about: Callable[[View], Subject]
    """What it means, from the desired state alone. Raises NotFound where that does not declare it."""
    plan: Callable[[View], Plan]
    """Asks the API, Git and password providers for what a planner of `domain.plans` needs, and calls that once."""
    finish: Callable[[View], Plan] | None = None
    """What is done in direct delivery where the Cluster is gone and others still name it: all that the view has."""
    on_base: bool = False
    """It is planned on the base although its change is open, and brings that up to the base."""


Settle = Callable[[Ground], tuple[WriteRequest, Writing]]
"""A request that Git alone can tell: its environment, its change, and what it means."""


class NotDelivered(Exception):
    """What a tool would deliver, raised where it is asked what its request means and no more."""

    def __init__(self, request: WriteRequest, writing: Writing | Settle) -> None:
        super().__init__(request.tool)
        self.request = request
        self.writing = writing

    def settled(self, ground: Ground) -> tuple[WriteRequest, Writing]:
        return (self.request, self.writing) if isinstance(self.writing, Writing) else self.writing(ground)

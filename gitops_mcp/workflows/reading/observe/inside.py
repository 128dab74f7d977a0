"""What logs and metrics tell of a Cluster, for an answer about it as a whole: as far as they may be read.

That they may not be read, or do not answer, is no fault of the Cluster: it is named, and the same is not tried again
for a while, so that a status neither waits for it each time nor fills the audit log of the API with refusals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gitops_mcp.app import App
from gitops_mcp.config import Environment, Settings
from gitops_mcp.domain.cnpg.logs.findings import log_findings
from gitops_mcp.domain.cnpg.logs.line import LogLine
from gitops_mcp.domain.cnpg.status.problems import Problem
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Forbidden, GitOpsError, Refused, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.reading.observe.logs import pods_of_interest, read_logs
from gitops_mcp.workflows.reading.observe.measurements import Measured, measure
from gitops_mcp.workflows.reading.observe.metrics import cluster_findings, read_fills
from gitops_mcp.workflows.reading.observe.running_cluster import RunningCluster, RunningPod, as_running

_SINCE = timedelta(hours=1)
_LINES = (300, 20)
"""Of each log: the newest."""
_AGAIN = timedelta(minutes=5)
_MOST = 8
"""Findings that are told."""


@dataclass(frozen=True)
class Inside:
    """What could be read of the pods that there were."""

    pods: tuple[RunningPod, ...]
    lines: tuple[LogLine, ...] = ()
    measured: Measured | None = None
    unread: Mapping[str, GitOpsError] = field(default_factory=dict)
    """Why not, by what: `logs`, `metrics`."""

    def problems(self, seen: RunningCluster, known: Iterable[Problem], now: datetime) -> list[Problem]:
        """What a person should read of it beside what is known already."""
        found = [one for one in log_findings(self.lines, now=now) if one.severity != "info"]
        if self.measured is not None and self.measured.instances:
            found += cluster_findings(seen, self.measured, read_fills(seen, self.measured), now=now)
        said = {one.id for one in known}
        new = {(one.id, one.what): one for one in found if one.id not in said}
        return sorted(new.values(), key=lambda one: one.severity != "critical")[:_MOST]


def _key(app: App, seen: RunningCluster, name: str) -> tuple[object, ...]:
    """What one caller may not read another may."""
    whose = app.caller.identity if app.impersonate else None
    return ("inside", name, whose, seen.environment.name, seen.namespace, seen.name)


@dataclass(frozen=True)
class _Failed:
    when: datetime
    error: GitOpsError


def look_inside_anew(
    app: App, api: ApiOnce, settings: Settings, environment: Environment, live: Object, *, before: Inside | None
) -> tuple[RunningCluster, Inside]:
    """`before`: what was read while the Cluster itself was; it counts where the pods are still the same.

    What failed is remembered here alone, where the Cluster was read: not while the API itself is down.
    """
    try:
        running = as_running(api, settings, environment, live)
    except GitOpsError as error:
        nothing = RunningCluster(settings, environment, api, live, (), [])
        return nothing, Inside((), unread={"logs": error, "metrics": error})
    found = before if before and before.pods == running.pods else look_inside(app, running)
    for name, why in found.unread.items():
        if (
            isinstance(why, Forbidden | Refused | Unavailable)
            and app.asked_before.get(_key(app, running, name)) is None
        ):
            app.asked_before.put(_key(app, running, name), _Failed(datetime.now(UTC), why))
    return running, found


def look_inside(app: App, seen: RunningCluster) -> Inside:
    """Logs and metrics, side by side."""
    ways: dict[str, Callable[[], tuple[LogLine, ...] | Measured]] = {
        "logs": lambda: _lines(seen),
        "metrics": lambda: measure(app, seen),
    }
    names = [*ways]

    def read(name: str) -> tuple[LogLine, ...] | Measured | GitOpsError:
        failed: _Failed | None = app.asked_before.get(_key(app, seen, name))
        if failed is not None and datetime.now(UTC) - failed.when < _AGAIN:
            return failed.error
        app.asked_before.put(_key(app, seen, name), None)
        try:
            return ways[name]()
        except GitOpsError as error:
            return error

    answers = dict(zip(names, seen.api.for_one_part().side_by_side(lambda _, name: read(name), names), strict=True))
    lines, measured = answers["logs"], answers["metrics"]
    return Inside(
        seen.pods,
        lines if isinstance(lines, tuple) else (),
        measured if isinstance(measured, Measured) else None,
        {name: one for name, one in answers.items() if isinstance(one, GitOpsError)},
    )


def _lines(seen: RunningCluster) -> tuple[LogLine, ...]:
    reads, failures = read_logs(seen, pods_of_interest(seen), datetime.now(UTC) - _SINCE, tails=_LINES)
    if failures and not reads:
        raise failures[0]
    return tuple(line for one in reads for line in one.lines)

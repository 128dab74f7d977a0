"""What get_postgres_logs answers: what the lines of a Cluster's pods tell, the worst first.

Each log is read once, its end only, and bounded: a line may have a megabyte, and a Cluster may write thousands of them
a second. Of a container that has ended since, the log before is read too: it tells why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gitops_mcp.answers.base import rows_of, rows_that_fit, shorten_to_fit
from gitops_mcp.answers.cluster_parts import ProblemRow
from gitops_mcp.answers.observed.logs import LogRow, LogSource, PostgresLogs
from gitops_mcp.app import App
from gitops_mcp.domain.cnpg.logs.findings import log_findings
from gitops_mcp.domain.cnpg.logs.groups import LogGroup, group_lines
from gitops_mcp.domain.cnpg.logs.line import Level, LogLine, read_line
from gitops_mcp.domain.cnpg.notation.moment import format_age, format_rfc3339, parse_time
from gitops_mcp.domain.cnpg.status.problems import Problem
from gitops_mcp.domain.names import quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.redact import may_be_secret, words_of_others
from gitops_mcp.errors import GitOpsError, InvalidRequest
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.reading.observe.running_cluster import INSTANCE, RunningCluster, RunningPod, running_cluster

_TAILS = (2_000, 200, 20)
"""Lines of one log that are asked for: fewer where they are so long that the newest would be cut off."""
_BYTES = 10 << 20
_PODS = 12
_SINCE = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FURTHEST = timedelta(days=30)


@dataclass(frozen=True)
class ReadLog:
    source: LogSource
    lines: tuple[LogLine, ...]


def postgres_logs(
    app: App,
    cluster: str,
    *,
    instance: str | None,
    since: str,
    level: Level | None,
    contains: str | None,
    limit: int,
    namespace: str | None,
    environment: str | None,
) -> PostgresLogs:
    now = datetime.now(UTC)
    start = _start(since, now)
    if contains and may_be_secret(contains):
        raise InvalidRequest(
            "contains: it looks like a credential, and is not looked for: what is secret in a log is masked before; a "
            "word such as 'deadlock' works"
        )
    seen = running_cluster(app, cluster, namespace=namespace, environment=environment)
    wanted = [seen.pod(instance)] if instance else pods_of_interest(seen)
    reads, failures = read_logs(seen, wanted, start)
    # A container that is still to start has no log, which is no reason to say nothing.
    if failures and not reads and not isinstance(failures[0], InvalidRequest):
        raise failures[0]
    lines = [line for one in reads for line in one.lines]
    shown = level or ("info" if contains else "warning")
    groups = group_lines(lines, level=shown, contains=contains)
    fitting = rows_that_fit([_row(one, now) for one in groups[:limit]])
    warnings = [*seen.warnings, *(Notice("unreadable", f"not read: {one}") for one in failures)]
    if len(wanted) > _PODS:
        warnings.append(Notice("more-pods", f"{_PODS} of {len(wanted)} pods were read: name one by `instance`"))
    answer = PostgresLogs(
        environment=seen.environment.name,
        namespace=seen.namespace,
        cluster=cluster,
        since=format_rfc3339(start),
        level=shown,
        contains=words_of_others(contains, most=100) if contains else None,
        sources=[one.source for one in reads],
        problems=rows_of(ProblemRow, [*_without_pods(seen), *log_findings(lines, now=now)]),
        items=fitting,
        total=len(groups),
        warnings=[*warnings, *seen.api.unreadable],
    )
    return shorten_to_fit(answer, "items", "problems", "sources", "warnings")


def read_logs(
    seen: RunningCluster, pods: Sequence[RunningPod], start: datetime, *, tails: Sequence[int] = _TAILS
) -> tuple[list[ReadLog], list[GitOpsError]]:
    """`tails`: how many lines of each log are asked for, and how many where they are too long."""
    parts = [(one, previous) for one in pods[:_PODS] for previous in _containers(one, start)]
    answers = seen.api.for_one_part().side_by_side(
        lambda side, part: _read(side, seen.namespace, *part, start=start, tails=tails), parts
    )
    reads = [one for one in answers if isinstance(one, ReadLog)]
    return reads, [one for one in answers if isinstance(one, GitOpsError)]


def _start(since: str, now: datetime) -> datetime:
    """The moment from which on lines count: so long ago, or a time with its zone."""
    works = "a while such as 30m, 2h or 1d, at most 30d, or a time such as 2026-01-31T09:00:00Z"
    if found := _SINCE.fullmatch(since.strip()):
        start = now - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    else:
        time = parse_time(since) if "T" in since and re.search(r"(?:[zZ]|[+-]\d\d:\d\d)$", since) else None
        if time is None:
            raise InvalidRequest(f"since: {quote(since)} is neither a while nor a time with its zone: give {works}")
        start = time
    if start > now:
        raise InvalidRequest(f"since: {quote(since)} is still to come, at {format_rfc3339(now)}: give {works}")
    if now - start > _FURTHEST:
        raise InvalidRequest(f"since: {quote(since)} is too long ago: give {works}; nodes keep logs for less than that")
    return start


def pods_of_interest(seen: RunningCluster) -> list[RunningPod]:
    """The instances, and the Jobs that have not made one yet; a pooler is read where it is named."""
    return [one for one in seen.pods if one.kind == INSTANCE or (one.kind != "pooler" and not one.done)]


def _containers(pod: RunningPod, start: datetime) -> list[bool]:
    """Whether it is the container before that is read: that one first, as it wrote first."""
    return [True, False] if pod.ended and pod.ended >= start else [False]


def _read(
    api: ApiOnce, namespace: str, pod: RunningPod, previous: bool, *, start: datetime, tails: Sequence[int]
) -> ReadLog | GitOpsError:
    body, tail = b"", 0
    try:
        for tail in tails:
            body = api.pod_log(namespace, pod.name, pod.container, lines=tail, since=start, previous=previous)
            if len(body) < _BYTES:
                break
    except GitOpsError as error:
        if previous and isinstance(error, InvalidRequest):  # it is gone by now
            return ReadLog(LogSource(pod=pod.name, container=pod.container, previous=True, lines=0), ())
        return error
    written = body.split(b"\n")
    texts = [_text(one) for one in written if one.strip()]
    lines = tuple(read_line(one, pod=pod.name) for one in texts)
    times = [one.time for one in lines if one.time]
    cut = "the newest lines, since they are too long" if len(body) >= _BYTES else None
    source = LogSource(
        pod=pod.name,
        container=pod.container,
        kind=None if pod.kind == INSTANCE else pod.kind,
        previous=previous or None,
        lines=len(lines),
        first=format_rfc3339(times[0]) if times else None,
        last=format_rfc3339(times[-1]) if times else None,
        left_out=cut or ("older lines" if len(texts) >= tail else None),
    )
    return ReadLog(source, lines)


def _text(line: bytes) -> str:
    return line.decode(errors="replace")


def _row(one: LogGroup, now: datetime) -> LogRow:
    newest = one.newest
    return LogRow(
        level=newest.level,
        severity=newest.word,
        code=newest.code or None,
        count=one.count,
        text=newest.text,
        detail=newest.detail,
        first=format_rfc3339(one.first) if one.first and one.count > 1 else None,
        last=f"{format_rfc3339(one.last)} ({format_age(one.last, now)} ago)" if one.last else None,
        pods=list(one.pods[:5]),
        users=[words_of_others(name, most=80) for name in one.users[:5]] or None,
        databases=[words_of_others(name, most=80) for name in one.databases[:5]] or None,
    )


def _without_pods(seen: RunningCluster) -> list[Problem]:
    if seen.pods:
        return []
    phase = at(seen.cluster, "status", "phase") or "no phase reported"
    what = f"no pod of this Cluster is there, so there is no log ({words_of_others(str(phase), most=100)})"
    return [Problem("warning", "no-pods", what, "see get_cluster_status")]

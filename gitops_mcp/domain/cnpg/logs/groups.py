"""Lines that say the same, once: with how many there are, when the first and the last was, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gitops_mcp.domain.cnpg.logs.line import RANK, Level, LogLine

_NUMBER = re.compile(r"\d+|\b[0-9a-f]{8,}\b")


@dataclass(frozen=True)
class LogGroup:
    newest: LogLine
    count: int
    first: datetime | None
    last: datetime | None
    pods: tuple[str, ...]
    users: tuple[str, ...]
    databases: tuple[str, ...]


def group_lines(lines: Iterable[LogLine], *, level: Level, contains: str | None) -> list[LogGroup]:
    """The worst first, then the most recent. `contains` is looked for in what may be shown of a line, and no more."""
    wanted = contains.casefold() if contains else ""
    groups: dict[tuple[object, ...], list[LogLine]] = {}
    for one in lines:
        if RANK[one.level] < RANK[level]:
            continue
        if wanted and wanted not in " ".join(filter(None, (one.text, one.detail, one.user, one.database))).casefold():
            continue
        groups.setdefault((one.level, one.word, one.code, _NUMBER.sub("#", f"{one.text}\n{one.detail}")), []).append(
            one
        )
    made = [_group(same) for same in groups.values()]
    return sorted(made, key=lambda one: (RANK[one.newest.level], _stamp(one.last)), reverse=True)


def _group(same: list[LogLine]) -> LogGroup:
    times = sorted(one.time for one in same if one.time)
    return LogGroup(
        newest=max(same, key=lambda one: _stamp(one.time)),
        count=len(same),
        first=times[0] if times else None,
        last=times[-1] if times else None,
        pods=tuple(dict.fromkeys(one.pod for one in same)),
        users=tuple(dict.fromkeys(one.user for one in same if one.user)),
        databases=tuple(dict.fromkeys(one.database for one in same if one.database)),
    )


def _stamp(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0

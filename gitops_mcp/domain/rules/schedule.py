"""Schedules as the operator reads them: six fields, seconds first, where crontab has five."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from gitops_mcp.domain.cnpg.notation.cron import DESCRIPTORS, WORDS, next_run, with_seconds
from gitops_mcp.domain.cnpg.notation.golang import parse_duration, parse_integer
from gitops_mcp.domain.names import quote

_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_FIELDS = ("second", "minute", "hour", "day of month", "month", "day of week")
_EVERY = "@every "
_EXAMPLE = "'0 0 2 * * *' is every day at 02:00"
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_OFTEN = timedelta(hours=1)


def schedule_fault(schedule: str) -> str | None:
    """What is wrong with a schedule, and one that works; None for a good one.

    Five fields are accepted by robfig/cron, as second to month, which turns a daily backup into an hourly one.
    """
    if schedule in DESCRIPTORS or (_every(schedule) or 0) >= 1:
        return None
    if schedule.startswith("@"):
        return f"{quote(schedule)} does not exist; there are: {', '.join(sorted(DESCRIPTORS))} and '@every 6h'"
    fields = schedule.split()
    if len(fields) == 5:
        meant = with_seconds(fields)
        works = f"{quote(meant)} is what crontab means by it" if schedule_fault(meant) is None else _EXAMPLE
        return (
            f"{quote(schedule)} has five fields, and the operator reads them as second, minute, hour, day and month: "
            f"{works}"
        )
    if len(fields) != 6:
        return f"{quote(schedule)} has {len(fields)} fields: six, the seconds first; {_EXAMPLE}"
    for position, text in enumerate(fields):
        if not _is_field(text, position):
            low, high = _BOUNDS[position]
            return f"{quote(text)} is not a valid {_FIELDS[position]}, from {low} to {high}, '*' or '*/n'; {_EXAMPLE}"
    return None


def odd_schedule(schedule: str) -> str | None:
    """What hardly anybody means by a good schedule: one that is never due, or all the time."""
    if (seconds := _every(schedule)) is not None:
        gap = timedelta(seconds=float(seconds))
    else:
        runs = [_SOME_DAY]
        while len(runs) < 4:
            due = next_run(schedule, runs[-1])
            if due is None:
                return f"{quote(schedule)} never comes, so no backup is made; {_EXAMPLE}"
            runs.append(due)
        gap = max(later - former for former, later in pairwise(runs[1:]))
    if gap >= _OFTEN:
        return None
    count, unit = (gap.seconds // 60, "minute") if gap.seconds % 60 == 0 else (gap.seconds, "second")
    often = unit if count == 1 else f"{count} {unit}s"
    return f"a backup is asked for every {often}: each reads all data, and its object stays in the API; {_EXAMPLE}"


def is_read_by_operator(schedule: str) -> bool:
    """Whether robfig/cron v1.2 takes it, nonsense too: `+5`, `,1`, `*-5`, and five fields."""
    if schedule.startswith("@"):
        return schedule in DESCRIPTORS or _every(schedule) is not None
    fields = schedule.split()
    return len(fields) in (5, 6) and all(
        _is_read_part(part, position) for position, field in enumerate(fields) for part in field.split(",") if part
    )


def _is_read_part(part: str, position: int) -> bool:
    span, *steps = part.split("/")
    first, *lasts = span.split("-")
    low, high = _BOUNDS[position]
    if any(not (parse_integer(step) or 0) > 0 for step in steps) or len(steps) > 1:
        return False
    if first in {"*", "?"}:
        return True
    bounds = [_read_number(one, position) for one in (first, *lasts)]
    end = bounds[-1] if lasts or not steps else high
    return len(bounds) < 3 and low <= bounds[0] <= end <= high


def _read_number(text: str, position: int) -> int:
    """-1 for what is none."""
    words = WORDS[position]
    if text.lower() in words:
        return _BOUNDS[position][0] + words.index(text.lower())
    number = parse_integer(text)
    return -1 if number is None else number


def _every(schedule: str) -> Fraction | None:
    """The seconds of `@every 6h`."""
    return parse_duration(schedule.removeprefix(_EVERY)) if schedule.startswith(_EVERY) else None


def _is_field(text: str, position: int) -> bool:
    return all(_is_part(part, position) for part in text.split(","))


def _is_part(part: str, position: int) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isascii() and step.isdecimal() and int(step) > 0):
        return False
    first, dash, last = span.partition("-")
    if first in {"*", "?"}:
        return not dash
    low, high = _field_number(first, position), _field_number(last, position) if dash else None
    return low is not None and (not dash or (high is not None and low <= high))


def _field_number(text: str, position: int) -> int | None:
    low, high = _BOUNDS[position]
    words = WORDS[position]
    if text.lower() in words:
        return low + words.index(text.lower())
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else -1
    return number if low <= number <= high else None

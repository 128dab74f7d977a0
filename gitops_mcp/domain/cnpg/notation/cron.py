"""When a ScheduledBackup is next due, by the rules of robfig/cron v1: seconds first, the day of the week optional."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

_BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
WORDS: tuple[tuple[str, ...], ...] = (
    (),
    (),
    (),
    (),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
)
"""What may stand for a number, by field; the first means the least one."""
DESCRIPTORS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
"""Each with the six fields that mean the same."""
_FAR = 4 * 366
"""Days after which a schedule, such as the 30th of February, counts as never due."""


def with_seconds(fields: Sequence[str]) -> str:
    """The five fields of crontab as six that mean the same; Sunday is 0 alone."""
    return " ".join(["0", *fields[:4], "0" if fields[4] == "7" else fields[4]])


def next_run(schedule: str, after: datetime) -> datetime | None:
    """None for what is never due, and for `@every`, which counts from the operator's own start."""
    fields = DESCRIPTORS.get(schedule, schedule).split()
    if len(fields) == 5:
        fields.append("*")
    try:
        rows = zip(fields, _BOUNDS, WORDS, strict=True)
        sets = [_parse_field(text, *bounds, words) for text, bounds, words in rows]
    except ValueError:
        return None
    seconds, minutes, hours, days, months, weekdays = sets
    # Where both the day and the weekday are named, either will do.
    either = len(days) < 31 and len(weekdays) < 7
    for ahead in range(min(_FAR, (date.max - after.date()).days)):
        day = after.date() + timedelta(days=ahead)
        on_day, on_weekday = day.day in days, day.isoweekday() % 7 in weekdays
        if day.month in months and ((on_day or on_weekday) if either else (on_day and on_weekday)):
            for moment in _times(hours, minutes, seconds):
                due = datetime.combine(day, moment, after.tzinfo)
                if due > after:
                    return due
    return None


def _times(hours: frozenset[int], minutes: frozenset[int], seconds: frozenset[int]) -> Iterator[time]:
    return (time(h, m, s) for h in sorted(hours) for m in sorted(minutes) for s in sorted(seconds))


def _parse_field(text: str, least: int, most: int, words: tuple[str, ...]) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if first in {"*", "?"}:
            low, high = least, most
        else:
            low = _number(first, least, words)
            high = _number(last, least, words) if last else most if step else low
        if not least <= low <= high <= most:
            raise ValueError(part)
        found.update(range(low, high + 1, int(step) if step else 1))
    return frozenset(found)


def _number(text: str, least: int, words: tuple[str, ...]) -> int:
    return least + words.index(text.lower()) if text.lower() in words else int(text)

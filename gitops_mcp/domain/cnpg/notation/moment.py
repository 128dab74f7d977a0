"""Points in time as CNPG and Kubernetes write them, and how long ago they were."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_GO = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)? ([+-]\d\d)(\d\d)( \S+)?")
"""What Go prints of a time: `2026-10-20 09:09:03 +0000 UTC`."""


@dataclass(frozen=True)
class Moment:
    at: str
    """RFC 3339, in UTC."""
    age: str
    """`5m`, `3d`; with a leading `in` for what is to come."""


def moment(text: object, *, now: datetime) -> Moment | None:
    found = parse_time(text)
    return None if found is None else Moment(format_rfc3339(found), format_age(found, now))


def parse_time(text: object) -> datetime | None:
    """Aware, in UTC; None for what is no time."""
    if not isinstance(text, str):
        return None
    match = _GO.fullmatch(text)
    if match:
        day, clock, _, hours, minutes, _ = match.groups()
        text = f"{day}T{clock}{hours}:{minutes}"
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def format_rfc3339(value: datetime) -> str:
    return value.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def format_age(then: datetime, now: datetime) -> str:
    """One unit, as kubectl shows it."""
    seconds = int((now - then).total_seconds())
    length = abs(seconds)
    for unit, size, most in (("s", 1, 120), ("m", 60, 120), ("h", 3600, 48), ("d", 86400, 0)):
        if length < size * most or not most:
            return f"{'in ' if seconds < 0 else ''}{length // size}{unit}"
    raise AssertionError("days have no end")  # pragma: no cover


def days_left(until: datetime, now: datetime) -> int:
    """Whole days; negative once it is over."""
    return (until - now).days

"""How long ago something was, in the unit a person would use."""

from __future__ import annotations

from datetime import datetime


def aged(moment: str, *, now: datetime) -> str:
    """`3 days ago`, of an RFC 3339 time; the text itself where it is none."""
    try:
        seconds = (now - datetime.fromisoformat(moment)).total_seconds()
    except (ValueError, TypeError):
        return moment
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} seconds ago"

"""A Cluster in Go's spelling, in which the operator's webhook writes durations, times and quantities back."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from gitops_mcp.domain.cnpg.notation.golang import parse_duration
from gitops_mcp.domain.cnpg.notation.quantity import quantity
from gitops_mcp.domain.objects import Object

_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = ("n", "u", "m", "", "k", "M", "G", "T", "P", "E")
_QUANTITIES = frozenset({"requests", "limits", "ephemeralVolumesSizeLimit"})


def respell(value: Any) -> Any:
    """`minApplyDelay: 4h` as `4h0m0s`, `cpu: 1000m` as `1`; what is no such value stays, for the rules to refuse."""
    if isinstance(value, list):
        return [respell(item) for item in value]
    if not isinstance(value, dict):
        return value
    made: Object = {}
    for key, part in value.items():
        if key in _QUANTITIES and isinstance(part, dict):
            made[key] = {name: go_quantity(one) for name, one in part.items()}
        elif key in {"minApplyDelay", "metricsQueriesTTL"} and isinstance(part, str):
            made[key] = go_duration(part)
        elif key == "validUntil" and isinstance(part, str):
            made[key] = _go_time(part)
        else:
            made[key] = respell(part)
    return made


def go_duration(text: str) -> str:
    seconds = parse_duration(text)
    if seconds is None or seconds.denominator != 1 or seconds < 0:
        return text
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else "") + f"{rest}s"


def go_quantity(text: Any) -> Any:
    """With the largest unit of its own sort that leaves a whole number."""
    value: Fraction | None = quantity(text) if isinstance(text, str) else None
    if not value:
        return text
    units, base, value = (_BINARY, 1024, value) if text.endswith("i") else (_DECIMAL, 1000, value * 10**9)
    place = 0
    while place + 1 < len(units) and (value / base).denominator == 1:
        value, place = value / base, place + 1
    return f"{value}{units[place]}" if value.denominator == 1 else text


def _go_time(text: str) -> str:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return text

"""Amounts as a person reads them."""

from __future__ import annotations

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size_text(size: float) -> str:
    """`312 MiB`, in the units in which volumes are asked for."""
    number = 0
    while size >= 1024 and number < len(_UNITS) - 1:
        size, number = size / 1024, number + 1
    return f"{size:.1f} {_UNITS[number]}" if number and size < 10 else f"{size:.0f} {_UNITS[number]}"


def seconds_text(seconds: float) -> str:
    """`0.2 s`, `14 min`, `3.1 h`, `4 d`."""
    for most, size, unit in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < most:
            return f"{seconds / size:.1f} {unit}" if seconds / size < 10 else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def share_text(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f} %" if whole > 0 else "of nothing"

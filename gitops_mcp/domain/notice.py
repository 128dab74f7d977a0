"""A warning, as it travels from a rule or a planner to the answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """A warning with an id that stays the same between versions."""

    id: str
    message: str

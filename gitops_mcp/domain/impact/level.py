"""What applying a change does to the running database, from harmless to final."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Label = Literal["none", "reload", "rolling_restart", "outage", "data_loss"]


class Level(IntEnum):
    NONE = 0
    RELOAD = 1
    ROLLING_RESTART = 2
    OUTAGE = 3
    DATA_LOSS = 4

    @property
    def label(self) -> Label:
        return _LABELS[self]


_LABELS: dict[Level, Label] = {
    Level.NONE: "none",
    Level.RELOAD: "reload",
    Level.ROLLING_RESTART: "rolling_restart",
    Level.OUTAGE: "outage",
    Level.DATA_LOSS: "data_loss",
}


@dataclass(frozen=True)
class Impact:
    level: Level
    reasons: tuple[str, ...] = ()

    def joined(self, other: Impact) -> Impact:
        return Impact(max(self.level, other.level), (*self.reasons, *other.reasons))


NOTHING = Impact(Level.NONE)


def impact(level: Level, reason: str) -> Impact:
    """One effect, of which the impact of a change is joined."""
    return Impact(level, (reason,))

"""One effect with its reason, of which an impact is joined."""

from __future__ import annotations

from gitops_mcp.domain.impact.level import Impact, Level

NOTHING = Impact(Level.NONE)


def impact(level: Level, reason: str) -> Impact:
    return Impact(level, (reason,))

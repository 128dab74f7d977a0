"""One effect with its reason, of which an impact is joined."""

from __future__ import annotations

from gitops_mcp.domain.plan import Impact, Level

NOTHING = Impact(Level.NONE)


def one(level: Level, reason: str) -> Impact:
    return Impact(level, (reason,))

"""A warning, as it travels from a rule or a planner to the answer."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_mcp.domain.names import one_line


@dataclass(frozen=True)
class Notice:
    """A warning with an id that stays the same between versions."""

    id: str
    message: str

    def __post_init__(self) -> None:
        if not self.message.isprintable():
            object.__setattr__(self, "message", one_line(self.message))

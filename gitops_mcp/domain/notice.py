"""A warning, as it travels from a rule or a planner to the answer."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_mcp.domain.names import one_line
from gitops_mcp.domain.redact import redact_text


@dataclass(frozen=True)
class Notice:
    """A warning with an id that stays the same between versions, on one line and without secrets, as an error is."""

    id: str
    message: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", one_line(redact_text(self.message)))

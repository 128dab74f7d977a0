"""What the configuration says about Git."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class GitSettings:
    remote: str | None = None
    base: str | None = None
    prefix: str = "gitops-mcp/"
    push: Literal["auto", "never"] = "auto"
    timeout: float = 60
    """Seconds for one git command."""
    signoff: bool = False
    hooks: Literal["auto", "off", "required"] = "auto"

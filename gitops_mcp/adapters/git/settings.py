"""What the configuration says about Git."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class GitSettings:
    remote: str | None = None
    base: str | None = None
    base_from: str = ""
    """What names it, for who has to change that."""
    prefix: str = "gitops-mcp/"
    push: Literal["auto", "never"] = "auto"
    timeout: float = 60
    """Seconds for one git command."""
    signoff: bool = False
    hooks: Literal["auto", "off", "required"] = "auto"

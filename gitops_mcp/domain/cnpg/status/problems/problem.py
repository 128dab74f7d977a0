"""One thing that is wrong with a Cluster, or that a person should know about it, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "info"]


@dataclass(frozen=True)
class Problem:
    severity: Severity
    id: str
    what: str
    action: str
    detail: str | None = None
    """The cluster's own words on it: data, cut."""


def without_git(text: str) -> str:
    """The same advice where the API is changed and not Git."""
    return re.sub(r" (?:in|from) Git\b", "", text)

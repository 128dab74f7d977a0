"""Text that the cluster holds, for showing: one line, cut, without credentials. It is data, whoever wrote it."""

from __future__ import annotations

from gitops_mcp.domain.redact import words_of_others

LIMIT = 300
"""Characters of one message."""


def excerpt(text: object, *, limit: int = LIMIT) -> str | None:
    """None for what is no text or empty; control characters become spaces."""
    if not isinstance(text, str):
        return None
    # What lies far behind the cut is not worth a look.
    return words_of_others(text[: limit * 4], most=limit) or None

"""Where a listing goes on, as a text that callers give back and do not look into."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from gitops_mcp.errors import InvalidRequest


def encoded(position: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decoded(cursor: str, length: int, tool: str) -> list[Any]:
    """The position, whose parts may be anything. Raises InvalidRequest where it is none of that length."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise unknown(tool) from error
    if not isinstance(found, list) or len(found) != length:
        raise unknown(tool)
    return found


def unknown(tool: str) -> InvalidRequest:
    return InvalidRequest(f"cursor: it is none of {tool}; leave it out to start again")

"""Where a listing goes on, as a text that callers give back and do not look into."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from gitops_mcp.answers.base import Answer, rows_that_fit
from gitops_mcp.errors import InvalidRequest

Row = TypeVar("Row", bound=Answer)

_PAGE = 100


def encode_cursor(position: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int, tool: str) -> list[Any]:
    """The position, whose parts may be anything. Raises InvalidRequest where it is none of that length."""
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise unknown_cursor(tool) from error
    if not isinstance(found, list) or len(found) != length:
        raise unknown_cursor(tool)
    return found


def page_of_rows(
    rows: Sequence[Row], asked: Sequence[str | None], *, skip: int, limit: int
) -> tuple[list[Row], str | None]:
    """The rows after the first `skip`, as many as an answer holds, and where the listing `asked` for goes on."""
    shown = rows_that_fit(rows[skip : skip + min(limit, _PAGE)])
    end = skip + len(shown)
    return shown, encode_cursor([*asked, end]) if end < len(rows) else None


def rows_to_skip(cursor: str | None, asked: Sequence[str | None], tool: str) -> int:
    """How many rows were shown before. Raises InvalidRequest for a cursor of another question."""
    if cursor is None:
        return 0
    *named, skip = decode_cursor(cursor, len(asked) + 1, tool)
    if named != [*asked] or not isinstance(skip, int) or isinstance(skip, bool) or skip < 0:
        raise unknown_cursor(tool)
    return skip


def unknown_cursor(tool: str) -> InvalidRequest:
    return InvalidRequest(f"cursor: it is none of {tool}; leave it out to start again")

"""The keys that seal what a question leaves with a client, so that another replica can read it with the answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mcp.server import ServerRequestContext
from mcp.server.request_state import RequestStateSecurity

from gitops_mcp.client import SECONDS
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.http.app import caller_of

_SHORTEST = 32
_LONGEST = 64 << 10


def state_security(file: Path | None, *, name: str = "--state-key-file") -> RequestStateSecurity:
    """Without a file, by a key of this process. `name`: where the file was named.

    Raises InvalidRequest, which repeats nothing of the file.
    """
    keys = None if file is None else _read_keys(file, name)
    if keys is None:
        made = RequestStateSecurity.ephemeral(ttl=SECONDS)
        made.bind_principal = _signed_in
        return made
    try:
        return RequestStateSecurity(keys=keys, ttl=SECONDS, bind_principal=_signed_in)
    except ValueError as error:
        raise InvalidRequest(f"{name}: {file}: a key stands twice; keep one") from error


def _read_keys(file: Path, name: str) -> list[bytes]:
    try:
        with file.open("rb") as opened:
            content = opened.read(_LONGEST + 1)
    except OSError as error:
        raise InvalidRequest(f"{name}: {file} cannot be read: {error.strerror}") from error
    lines = content.splitlines() if content.isascii() else [content]
    keys = [key for line in lines if (key := line.strip())]
    if not keys or len(content) > _LONGEST or min(map(len, keys)) < _SHORTEST:
        raise InvalidRequest(
            f"{name}: {file}: expected keys of at least {_SHORTEST} characters, one a line, such as "
            f"`openssl rand -hex 32` prints"
        )
    return keys


def _signed_in(context: ServerRequestContext[Any]) -> str | None:
    """Whose state it is."""
    return caller_of(getattr(context.request, "scope", {}))

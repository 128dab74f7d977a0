"""What hooks, signers and remotes print, fit to be shown: untrusted, so bounded and without control sequences."""

from __future__ import annotations

import re

from gitops_mcp.domain.remote_url import without_logins

_LINES = 20
_WIDTH = 300
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REMOTE = "remote: "


def first_lines(text: str) -> str:
    """The first lines, each cut to its width, and a count of what was left off."""
    lines = [line.rstrip()[:_WIDTH] for line in without_logins(_CONTROL.sub("", text)).split("\n")]
    lines = [line for line in lines if line]
    left = len(lines) - _LINES
    return "\n".join([*lines[:_LINES], f"… {left} more lines"] if left > 0 else lines)


def remote_lines(stderr: str) -> str:
    """What the remote itself said, as git relays it."""
    # A remote that draws progress ends its lines with a carriage return.
    lines = re.split(r"[\r\n]+", stderr)
    return first_lines("\n".join(line.removeprefix(_REMOTE) for line in lines if line.startswith(_REMOTE)))

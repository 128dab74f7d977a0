"""What hooks, signers and remotes print, fit to be shown: untrusted, so bounded and without control sequences.

A remote draws its progress among its messages, and frames an error with empty ones; both tell nobody anything.
"""

from __future__ import annotations

import re

from gitops_mcp.adapters.git.failures import without_controls
from gitops_mcp.domain.redact import words_of_others

_LINES = 20
_WIDTH = 300
_REMOTE = "remote: "
_PROGRESS = re.compile(
    r"\.? ?(Processing \d+|Processed \d+ references|Resolving deltas:|Counting objects:|error:$|fatal:$)"
)


def first_lines(text: str) -> str:
    """The first lines, each cut to its width, and a count of what was left off."""
    lines = [line.rstrip()[:_WIDTH] for line in without_controls(text).split("\n")]
    lines = [line for line in lines if line]
    left = len(lines) - _LINES
    return "\n".join([*lines[:_LINES], f"… {left} more lines"] if left > 0 else lines)


def remote_lines(stderr: str) -> str:
    """What the remote itself said, as git relays it."""
    # A remote that draws progress ends its lines with a carriage return.
    lines = re.split(r"[\r\n]+", stderr)
    said = (line.removeprefix(_REMOTE).rstrip() for line in lines if line.startswith(_REMOTE))
    return first_lines("\n".join(line for line in said if not _PROGRESS.match(line)))


def on_one_line(text: str) -> str:
    """Lines of somebody's, as they stand in a sentence of ours."""
    return words_of_others(" | ".join(text.splitlines()))

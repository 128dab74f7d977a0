"""One line of JSON for each tool call, appended to a file that an operator keeps.

It says who could have changed what: time, tool, arguments, outcome, change and commit. Free text of the caller
(`reason`, `comment`, `parameters`) stays out, and so does what does not look like what an argument is for, since a
secret may be put where it does not belong.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitops_mcp.errors import InvalidRequest

log = logging.getLogger(__name__)

_FREE_TEXT = frozenset({"reason", "comment", "parameters"})
_LOOKS = {
    "password_source": re.compile(r"auto|none|existing:[a-z0-9.-]{1,253}"),
    "valid_until": re.compile(r"never|[0-9TZtz:.+ -]{8,40}"),
}
"""What may be written of arguments for which a password could be taken."""


@dataclass(frozen=True)
class AuditLog:
    path: Path

    @classmethod
    def open(cls, path: Path) -> AuditLog:
        """Raises InvalidRequest for a file that cannot be appended to: a server that must be audited does not start."""
        made = cls(path.absolute())
        try:
            os.close(made._opened())
        except OSError as error:
            raise InvalidRequest(
                f"--audit-log: {path} cannot be appended to ({error.strerror}); name a file in a folder that exists"
            ) from error
        return made

    def write(self, tool: str, arguments: Mapping[str, Any], outcome: str, **facts: Any) -> None:
        """One whole line in one write, so that several servers may share the file."""
        from gitops_mcp.domain.redact import MASK, redact_value

        entry = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "tool": tool,
            "arguments": {
                name: redact_value(value) if _may_be_written(name, value) else MASK
                for name, value in arguments.items()
                if name not in _FREE_TEXT
            },
            "outcome": outcome,
            **{name: value for name, value in facts.items() if value is not None},
        }
        try:
            descriptor = self._opened()
            try:
                os.write(descriptor, (json.dumps(entry, default=str) + "\n").encode())
            finally:
                os.close(descriptor)
        except OSError:
            log.exception("the audit log %s could not be written", self.path)

    def _opened(self) -> int:
        # A pipe that nobody reads is an error, and no reason to wait.
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)


def _may_be_written(name: str, value: Any) -> bool:
    looks = _LOOKS.get(name)
    return looks is None or not isinstance(value, str) or looks.fullmatch(value) is not None

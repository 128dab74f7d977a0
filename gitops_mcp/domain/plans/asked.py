"""What was asked of a tool, as the commit that came of it keeps it: one line of JSON in a trailer.

The line is a claim that anybody can write. Whoever follows it plans it again where the commit began, and believes it
only where that gives exactly what the commit holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.redact import MASK, redact_value
from gitops_mcp.errors import InvalidRequest

TRAILER = "Gitops-Mcp-Request"
LONGEST = 8000
"""Characters of a line; what is longer is not kept, and not read."""
OF_THE_CALL = frozenset({"reason", "dry_run", "confirm_deletion", "confirm_outage", "wait", "timeout"})
"""Arguments of one call, which no commit keeps: above all, nobody's word that something may be lost."""
_LINE = re.compile(rf"^{TRAILER}: (.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class AskedRequest:
    tool: str
    arguments: Mapping[str, Any]
    """Those that say more than their defaults do."""

    @property
    def line(self) -> str:
        """In canonical order, and without what may be secret."""
        said = {name: redact_value(value) for name, value in self.arguments.items() if value is not None}
        return json.dumps({"arguments": said, "tool": self.tool}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def of_line(cls, line: str) -> AskedRequest:
        """Raises InvalidRequest for what no commit of this server says."""
        try:
            said = json.loads(line) if len(line) <= LONGEST else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict) or said.keys() != {"tool", "arguments"}:
            raise InvalidRequest(f"its {TRAILER} is not a request as this server writes one")
        tool, arguments = said["tool"], said["arguments"]
        if not isinstance(tool, str) or not isinstance(arguments, dict):
            raise InvalidRequest(f"its {TRAILER} is not a request as this server writes one")
        if named := sorted(OF_THE_CALL & arguments.keys()):
            raise InvalidRequest(f"its {TRAILER} says {', '.join(named)}, which is taken from the call alone")
        return cls(tool, arguments)

    def in_environment(self, name: str) -> AskedRequest:
        """With the environment that it was for, where the tool takes one."""
        if "environment" not in self.arguments:
            return self
        return replace(self, arguments={**self.arguments, "environment": name})

    @property
    def left_out(self) -> int:
        """How many of its values the line does not tell."""
        return json.dumps(self.arguments).count(MASK)

    def filled(self, values: tuple[str, ...]) -> AskedRequest:
        """With these values, in their order, for the texts that the line does not tell."""
        rest = iter(values)
        return replace(self, arguments=_mapped(self.arguments, lambda text: next(rest) if MASK in text else text))

    def renamed(self, names: Mapping[str, str]) -> AskedRequest:
        """With other names for what it names; `existing:<secret>` names a Secret."""

        def new(text: str) -> str:
            head, colon, tail = text.partition(":")
            if head == "existing" and colon:
                return f"existing:{names.get(tail, tail)}"
            return names.get(text, text)

        return replace(self, arguments=_mapped(self.arguments, new))

    def __str__(self) -> str:
        return quote(self.tool)


def request_lines(message: str) -> tuple[str, ...]:
    """The requests of a commit, in order. A forge that squashes moves trailers into the middle of the message."""
    return tuple(_LINE.findall(message))


def _mapped(value: Any, new: Any) -> Any:
    match value:
        case str():
            return new(value)
        case list():
            return [_mapped(one, new) for one in value]
        case dict() | Mapping():
            return {key: _mapped(one, new) for key, one in value.items()}
        case _:
            return value

"""Git's configuration, asked of git, which alone knows includes, worktrees and precedence, and once in a call.

Values stand as git lists them, the last one winning. Nothing is ever written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_mcp.adapters.git.runner import Runner

_FALSE = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True)
class Configuration:
    entries: Mapping[str, tuple[str, ...]]
    """Section and variable in lower case, the subsection as written: `remote.origin.pushurl`."""

    @classmethod
    def read(cls, runner: Runner) -> Configuration:
        entries: dict[str, tuple[str, ...]] = {}
        for entry in runner.run("config", "-z", "--list").text.split("\0"):
            # A key without a value (`[commit] gpgSign`) means true.
            name, newline, value = entry.partition("\n")
            entries[name] = (*entries.get(name, ()), value if newline else "true")
        return cls(entries)

    def every(self, name: str) -> tuple[str, ...]:
        return self.entries.get(name, ())

    def get(self, name: str) -> str | None:
        return self.every(name)[-1] if self.every(name) else None

    def is_on(self, name: str) -> bool:
        value = self.get(name)
        return value is not None and value.lower() not in _FALSE

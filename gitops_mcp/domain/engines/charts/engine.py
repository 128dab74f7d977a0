"""What renders a chart, as a value that whoever builds is handed.

The templates of a chart are other people's programs, so they run in a process apart, and only the ones that a person
has reviewed: those of the base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

INSTALL = "install gitops-mcp with its extra `helm`, or put `helm` on PATH"


@dataclass(frozen=True)
class ChartRequest:
    """One rendering, with all that it depends on."""

    files: Mapping[str, str | bytes]
    """By path below the chart's folder; all that it depends on lies in `charts`."""
    values: tuple[str, ...]
    """YAML documents; the last wins."""
    parameters: tuple[tuple[str, bool], ...]
    """As `--set` takes them, the last wins; whether the value is text whatever it looks like, as for `--set-string`."""
    release: str
    namespace: str
    kubernetes: str
    apis: tuple[str, ...]
    """What `.Capabilities` says: the version of Kubernetes, and groups with their versions."""


@dataclass(frozen=True)
class NotRendered:
    reason: str


class ChartEngine(Protocol):
    """`helm` on PATH, or Helm as a library in a child process."""

    @property
    def missing(self) -> str | None:
        """Why there is no engine, with what installs one."""

    def render(self, wanted: ChartRequest) -> Mapping[str, str] | NotRendered:
        """What each template gives, by its path."""


@dataclass(frozen=True)
class NoEngine:
    """Where nobody has handed one over."""

    missing: str = f"Helm is not installed here: {INSTALL}"

    def render(self, wanted: ChartRequest) -> NotRendered:  # noqa: ARG002 - of nothing is anything rendered
        return NotRendered(self.missing)


@dataclass(frozen=True)
class Charts:
    """How the charts of one commit are rendered."""

    engine: ChartEngine = field(default_factory=NoEngine)
    binaries: Mapping[str, bytes] = field(default_factory=dict)
    """Files of charts that are no text, by path: packed charts."""
    links: tuple[str, ...] = ()
    """Symlinks in charts, which nothing follows."""
    reviewed: Mapping[str, str | bytes] | None = None
    """The base's files, by path: a template that differs is not run. None: all is the base's."""

"""What holds of the configuration: of the file at the base, the flags, and the defaults."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from gitops_mcp.answers.base import Answer
from gitops_mcp.answers.markdown import bullets, inline_code, table


class EnvironmentRow(Answer):
    name: str
    path: str
    """Folder of its manifests."""
    context: str | None = None
    namespaces: list[str] | None = None
    """The only ones; left out: all."""
    protected: bool
    delivery: str
    engine: str
    passwords: str


class Configuration(Answer):
    base: str | None = None
    base_commit: str | None = None
    remote: str | None = None
    branch_prefix: str
    push: str
    pull_requests: str
    forge: str
    max_instances: int
    storage_classes: list[str] | None = None
    environments: list[EnvironmentRow] = Field(default_factory=list)

    def blocks(self) -> Iterator[str]:
        yield "# Configuration"
        facts = (
            ("base", self.base and f"{self.base} at {self.base_commit}"),
            ("remote", self.remote),
            ("branches of changes", f"{self.branch_prefix}…"),
            ("push", self.push),
            ("pull requests", self.pull_requests),
            ("forge", self.forge),
            ("instances at most", str(self.max_instances)),
            ("storage classes", ", ".join(self.storage_classes) if self.storage_classes is not None else "any"),
        )
        yield bullets(f"{name}: {inline_code(value)}" for name, value in facts if value)
        yield "## Environments"
        yield table(
            ("name", "folder", "context", "namespaces", "protected", "delivery", "engine", "passwords"),
            (
                (
                    one.name,
                    one.path or ".",
                    one.context or "current",
                    "all" if one.namespaces is None else ", ".join(one.namespaces),
                    "yes" if one.protected else "no",
                    one.delivery,
                    one.engine,
                    one.passwords,
                )
                for one in self.environments
            ),
        )

"""What clients read by an address: one row each. What is live is what a reading tool answers, and so within its rights.

The pages of docs/ are the same for everybody and travel with the package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gitops_mcp import tools
from gitops_mcp.answers.configuration import Configuration
from gitops_mcp.app import App
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.errors import NotFound
from gitops_mcp.tools.registry import Tool

_DOCS = "gitops-mcp://docs/"
_PAGE = _DOCS + "{page}"
MARKDOWN = "text/markdown"
_ENDS = frozenset("/?#")
"""What ends a part of an address."""


def configuration(app: App) -> Configuration:
    """What holds of .gitops-mcp.yaml and the flags."""
    from gitops_mcp.workflows.reading.configuration import read_configuration

    return read_configuration(app)


@dataclass(frozen=True)
class Resource:
    uri: str
    """With {name} at its end for what a client fills in."""
    name: str
    title: str
    description: str
    tool: Tool | None
    """What answers; None: a page."""
    arguments: Callable[[Mapping[str, str]], Mapping[str, Any]] = dict

    @property
    def part(self) -> str:
        """What a client fills in; empty: nothing."""
        return self.uri.partition("{")[2].removesuffix("}")

    @property
    def is_template(self) -> bool:
        return bool(self.part)

    def match(self, uri: str) -> Mapping[str, str] | None:
        """What is filled in, where the address is one of this."""
        given = uri.removeprefix(self.uri.partition("{")[0])
        if not self.part:
            return {} if uri == self.uri else None
        if given == uri or not given or not _ENDS.isdisjoint(given):
            return None
        return {self.part: unquote(given)}


def _tool(name: str) -> Tool:
    return next(one for one in tools.ALL if one.name == name)


CONFIGURATION = Tool(configuration, "Configuration", "read", "setup")
"""Answers as tools do, and is none of their list."""
RESOURCES: tuple[Resource, ...] = (
    Resource(
        "gitops-mcp://clusters",
        "clusters",
        "PostgreSQL clusters",
        "The clusters of every environment, with what is wrong with each.",
        _tool("list_postgres_clusters"),
        lambda _: {"environment": "all"},
    ),
    Resource(
        "gitops-mcp://changes/{change}",
        "change",
        "A change",
        "Its diff, impact and pull request, and where it stands.",
        _tool("get_change"),
        lambda given: {"change": given["change"], "detail_level": "detailed"},
    ),
    Resource(
        "gitops-mcp://configuration",
        "configuration",
        "Configuration",
        "The environments and what holds of .gitops-mcp.yaml and the flags.",
        CONFIGURATION,
    ),
    Resource(_PAGE, "page", "A page of the documentation", "By its name, such as changes.", None),
)


def find_resource(uri: str, known: tuple[Resource, ...] = RESOURCES) -> tuple[Resource, Mapping[str, str]]:
    """Raises NotFound with the addresses that there are."""
    for one in known:
        if (given := one.match(uri)) is not None:
            return one, given
    raise NotFound(f"there is no resource {quote(uri)}; {suggest(uri, [one.uri for one in known])}")


def page_names() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in _docs().glob("*.md")))


def page_uri(name: str) -> str:
    return _DOCS + name


def page_title(name: str) -> str:
    return read_page(name).partition("\n")[0].removeprefix("# ")


def read_page(name: str) -> str:
    """Raises NotFound with the pages that there are."""
    if name not in page_names():
        raise NotFound(f"docs: there is no page {quote(name)}; {suggest(name, page_names())}")
    return (_docs() / f"{name}.md").read_text(encoding="utf-8")


def _docs() -> Path:
    from gitops_mcp.template import shipped_folder

    return shipped_folder("docs")

"""What a text says that makes objects of CNPG, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.objects import CNPG_GROUP, Path

MENTIONS = (
    f"{CNPG_GROUP}/",
    f"{CNPG_GROUP}'",
    f'{CNPG_GROUP}"',
    "PostgresqlCnpgIo",
    "postgresql_cnpg_io",
    "cloudnative-pg.github.io/charts",
    "cloudnative-pg/charts",
)
"""What a file says that makes such objects, in whatever case."""
_MENTION = re.compile(
    r"postgresql\.cnpg\.io[/'\"]|PostgresqlCnpgIo|postgresql_cnpg_io|cloudnative-pg(?:\.github\.io)?/charts",
    re.IGNORECASE,
)
_CLUSTER_CHART = re.compile(
    r"cloudnative-pg(?:\.github\.io)?/charts/cluster\b|\b(?:chart|name)\W{1,20}(?:[\w.-]+/)*cluster\b", re.IGNORECASE
)
"""Of what names the charts of CNPG: the one that makes Clusters, not the operator's."""


def find_mention(text: str) -> int | None:
    """Where a text says what makes such an object."""
    for found in _MENTION.finditer(text):
        if not found[0].lower().endswith("charts") or _CLUSTER_CHART.search(text):
            return found.start()
    return None


def texts_inside(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text of a document, with its place."""
    if isinstance(value, str):
        yield path, value
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in parts:
        yield from texts_inside(part, (*path, step if isinstance(step, int) else str(step)))

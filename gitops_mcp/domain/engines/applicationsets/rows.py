"""Sets of parameters, and what generators see besides themselves."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from gitops_mcp.domain.engines.applicationsets.texts import Parameters
from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.reading import Files


@dataclass(frozen=True)
class Row:
    parameters: Parameters
    doubts: tuple[str, ...] = ()
    """Why the Application may not be there, or may be another."""


@dataclass(frozen=True)
class Repository:
    """What a set sees of the repository besides itself."""

    files: Files
    others: Iterable[str]
    """Paths of files that were not read."""
    declared: tuple[LocatedObject, ...]
    """Among others the Secrets that clusters are known by."""
    remotes: tuple[str, ...]
    revision: str

    @cached_property
    def paths(self) -> frozenset[str]:
        return frozenset((*self.files, *self.others))

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """None whose name begins with a dot."""
        found: set[str] = set()
        for path in self.paths:
            folder = posixpath.dirname(path)
            while folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return tuple(sorted(one for one in found if one and not any(part.startswith(".") for part in one.split("/"))))

"""What `kubectl kustomize` makes of a folder, for the objects of CNPG, with the author of every field."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.produced import Build, Fault, Layer, Produced, Word

__all__ = ["Build", "Fault", "Layer", "Produced", "Section", "Tree", "Word", "build", "build_files"]


@dataclass(frozen=True, eq=False)
class Tree:
    """The files of a commit, as far as they matter here."""

    files: Mapping[str, str]
    others: Container[str] = field(default_factory=frozenset)
    """Paths that exist and were not read, since they declare nothing of CNPG."""


@dataclass(frozen=True)
class Section:
    """Fields of a kustomization, and where they stand: the kustomization's own, or what an engine adds to it."""

    path: str
    document: int
    base: Path
    value: Object


Loads = Literal["root only", "any"]


def build(tree: Tree, folder: str, *, extra: tuple[Section, ...] = (), loads: Loads = "root only") -> Build:
    """As `kubectl kustomize folder`; `extra` is what an engine adds (Flux `spec`, Argo CD `source.kustomize`)."""
    raise NotImplementedError


def build_files(
    tree: Tree, folder: str, paths: tuple[str, ...], *, extra: tuple[Section, ...] = (), loads: Loads = "any"
) -> Build:
    """As the kustomization that Flux makes for a folder that has none: these files are its resources."""
    raise NotImplementedError

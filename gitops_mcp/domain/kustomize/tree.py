"""The files of a commit as a build sees them, and which of them it looked at."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from gitops_mcp.domain.kustomize import manifest
from gitops_mcp.domain.kustomize.kustomization import NAMES, Placed
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.errors import InvalidRequest

Loads = Literal["root only", "any"]
"""Which files a kustomization may name: those in its folder and below, as kustomize has it, or any, as Flux has it."""

_REMOTE = re.compile(r"(git@|git::).+|[\w.-]+\.[a-z]{2,}[/:].*|.*//.*|.*[?&](ref|version)=.*", re.ASCII)


class MissingFile(InvalidRequest):
    """Kustomize would not find the file, or not be allowed to read it."""


class UnreadFile(InvalidRequest):
    """The file exists, and what it says is not known here."""


@dataclass(frozen=True, eq=False)
class FileTree:
    """The files of a commit, as far as they matter here."""

    files: Mapping[str, str]
    """Texts by path. Whatever declares an object of CNPG, every kustomization and every patch belongs here."""
    others: Container[str] = field(default_factory=frozenset)
    """Paths that exist and were not read, since they declare nothing of CNPG."""
    memo: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    """Of `kustomize`: builds by folder. Shared by `with_files`, since a build knows which files it rests on."""
    may_mean: Callable[[str | None, str | None], bool] = lambda _group, _kind: True
    """Whether a group and a kind, None for any, may mean an object that is asked for: who asks knows the kinds."""
    charts: Any = None
    """What renders Helm charts, for who knows them."""

    def with_files(
        self, files: Mapping[str, str], others: Container[str] | None = None, charts: Any = None
    ) -> FileTree:
        """Another state of the same repository, which rebuilds only what it changes."""
        return replace(
            self,
            files=files,
            others=self.others if others is None else others,
            charts=self.charts if charts is None else charts,
        )


class TrackedTree:
    """Reads a tree for one build, and keeps what it saw."""

    def __init__(self, tree: FileTree, loads: Loads) -> None:
        self.tree = tree
        self.loads = loads
        self.seen: dict[str, str | bool] = {}

    def peek(self, path: str) -> str | bool:
        """The text, True for a file that was not read, False for none."""
        found = look_up(self.tree, path)
        self.seen[path] = found
        return found

    def kustomizations(self, folder: str) -> list[str]:
        inside = f"{folder}/" if folder else ""
        return [path for name in NAMES if self.peek(path := f"{inside}{name}") is not False]

    def exists(self, folder: str, entry: str) -> bool:
        path = join_path(folder, entry)
        return path is not None and self.peek(path) is not False

    def file(self, folder: str, entry: str) -> str:
        """The path of a file that a kustomization names."""
        path = join_path(folder, entry)
        if path is None or self.peek(path) is False:
            if _REMOTE.fullmatch(entry):
                raise UnreadFile(f"{entry} is elsewhere")
            raise MissingFile(f"there is no file {path or entry}")
        if self.loads == "root only" and folder and not path.startswith(folder + "/"):
            raise MissingFile(f"{path} is outside of {folder}, where kustomize reads no files")
        return path

    def text(self, path: str) -> str:
        found = self.peek(path)
        if isinstance(found, str):
            return found
        raise UnreadFile(f"{path} was not read") if found else MissingFile(f"there is no file {path}")

    def line(self, placed: Placed) -> int:
        text = self.peek(placed.section.path)
        try:
            return manifest.line_of(text, placed.section.document, placed.base) if isinstance(text, str) else 1
        except Unparsable:
            return 1

    def place(self, placed: Placed) -> str:
        return f"{placed.section.path}:{self.line(placed)}"


def look_up(tree: FileTree, path: str) -> str | bool:
    found = tree.files.get(path)
    return found if found is not None else path in tree.others


@lru_cache(maxsize=32_768)
def join_path(folder: str, entry: str) -> str | None:
    """An entry as a path from the root of the repository, "" for the root itself; None where it leaves it."""
    if entry.startswith("/") or "\0" in entry:
        return None
    path = posixpath.normpath(posixpath.join(folder, entry))
    return None if path == ".." or path.startswith("../") else "" if path == "." else path


def is_remote(entry: str) -> bool:
    return bool(_REMOTE.fullmatch(entry))

"""The files of a commit that declare CloudNativePG objects, and the kustomizations that reach them.

Text alone decides what is a candidate, so that a repository of 100,000 files is not parsed to find ten. The first
look at a folder is one `git grep`; a later tree of it costs the difference to the one seen last, whatever its size.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from gitops_mcp.adapters.git.files import File, Files, Listed, object_id
from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.runner import GitFailed
from gitops_mcp.domain.names import shown
from gitops_mcp.errors import InvalidRequest, Refused

_GROUP = "postgresql.cnpg.io/"
# A key or value may be quoted, and an anchor or a tag may stand before the value.
_DECLARES = re.compile(rb"apiVersion[\"']?\s*:\s*(?:[&!]\S*\s+)*[\"']?postgresql\.cnpg\.io/")
_SUFFIXES = (".yaml", ".yml", ".json")
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
LARGEST = 5 * 2**20
"""Bytes. A larger file is no manifest that a person wrote; it is passed over and named."""
_CHANGES_WORTH_READING = 2000
"""Files that differ between two trees; beyond this a new grep is cheaper."""
_KEPT_TREES = 32


@dataclass(frozen=True)
class Manifests:
    files: tuple[File, ...] = ()
    """Those that declare an object of postgresql.cnpg.io, by path."""
    kustomizations: tuple[File, ...] = ()
    """Those in the folders of these files, in the folders above them, and at and above the asked folder; by path."""
    tree: str = ""
    """Says which content this is: equal for equal content of the folder and equal kustomizations above it."""
    skipped: tuple[str, ...] = ()
    """Files that may be of this kind and are not read: too large, or named in no UTF-8 (`?` stands for what is not)."""


@dataclass(frozen=True)
class _Index:
    """One tree: paths are relative to it."""

    tree: str
    declaring: Mapping[str, Listed]
    unread: frozenset[str]


@dataclass(frozen=True)
class _Place:
    """A folder at a commit."""

    tree: str
    above: tuple[Listed, ...]
    """Kustomizations in the folders above it."""

    @property
    def content(self) -> str:
        return "+".join((self.tree, *(entry.id for entry in self.above)))


@dataclass
class Finder:
    files: Files
    _places: Memory[tuple[str, str], _Place | None] = field(default_factory=lambda: Memory(1000))
    _indexes: Memory[str, _Index] = field(default_factory=lambda: Memory(_KEPT_TREES))
    _found: Memory[tuple[str, str], Manifests] = field(default_factory=lambda: Memory(_KEPT_TREES))
    _last: dict[str, _Index] = field(default_factory=dict)
    """By folder, what was indexed last: the next tree is compared with it."""
    _turn: threading.Lock = field(default_factory=threading.Lock)
    """One thread at a time builds; the others then find it built."""

    def manifests(self, commit: str, folder: str) -> Manifests:
        folder = "" if folder == "." else folder.strip("/")
        if ".." in folder.split("/") or "\0" in folder:
            raise InvalidRequest(f"path: {shown(folder)} leaves the repository")
        place = self._places.made((commit, folder), lambda: self._place(commit, folder))
        if place is None:
            return Manifests()
        if found := self._found.get((place.content, folder)):
            return found
        with self._turn:
            return self._found.made((place.content, folder), lambda: self._read(place, folder))

    def _place(self, commit: str, folder: str) -> _Place | None:
        if not folder:
            return _Place(self.files.runner.run("rev-parse", "--verify", f"{object_id(commit)}^{{tree}}").text, ())
        above = {path for parent in _parents(folder) for path in _kustomizations(parent)}
        entries = self.files.entries(commit, (folder, *sorted(above)))
        if folder not in entries or not entries[folder].is_folder:
            if there := self.files.not_a_folder(commit, (folder,)):
                raise Refused(
                    f"path: {folder} is no folder of the repository: {there.path} is {there.kind}; name a folder"
                )
            return None
        return _Place(
            entries[folder].id, tuple(entries[path] for path in sorted(above & entries.keys()) if entries[path].is_file)
        )

    def _read(self, place: _Place, folder: str) -> Manifests:
        index = self._indexes.made(place.tree, lambda: self._indexed(place.tree, folder))
        self._last[folder] = index
        reaching = {path for folder in _folders(index.declaring) for path in _kustomizations(folder)}
        there = self.files.entries(place.tree, sorted(reaching))
        within = [entry for _, entry in sorted(there.items()) if entry.is_file]
        declaring = [entry for _, entry in sorted(index.declaring.items())]
        data = self.files.blobs(entry.id for entry in (*declaring, *within, *place.above))
        kustomizations = [self.files.file(entry, data, folder=folder) for entry in within]
        kustomizations += [self.files.file(entry, data) for entry in place.above]
        return Manifests(
            files=tuple(self.files.file(entry, data, folder=folder) for entry in declaring),
            kustomizations=tuple(sorted(kustomizations, key=lambda file: file.path)),
            tree=place.content,
            skipped=tuple(sorted(_utf8(f"{folder}/{path}".lstrip("/")) for path in index.unread)),
        )

    def _indexed(self, tree: str, folder: str) -> _Index:
        last = self._last.get(folder)
        changes = self._changes(last.tree, tree) if last else None
        if last is None or changes is None:
            return self._searched(tree)
        declaring, unread = self._sifted(entry for entry in changes.values() if _may_declare(entry))
        return _Index(tree, _without(last.declaring, changes) | declaring, last.unread.difference(changes) | unread)

    def _searched(self, tree: str) -> _Index:
        if self.files.is_partial:
            # The grep below would download what it lacks file by file.
            self.files.bring(entry.id for entry in self.files.below(tree) if _may_declare(entry))
        ran = self.files.runner.run(
            "grep",
            *("--files-with-matches", "--null", "--fixed-strings", "--no-color", "--no-recurse-submodules"),
            *("-e", _GROUP, tree, "--", *(f"*{suffix}" for suffix in _SUFFIXES)),
            env={"GIT_LITERAL_PATHSPECS": "0"},
            check=False,
        )
        if ran.returncode not in {0, 1}:  # 1: nothing found
            raise GitFailed("grep", ran)
        paths = [line.removeprefix(f"{tree}:") for line in ran.text.split("\0") if line]
        found = self.files.entries(tree, paths)
        return _Index(tree, *self._sifted(entry for entry in found.values() if _may_declare(entry)))

    def _sifted(self, candidates: Iterable[Listed]) -> tuple[dict[str, Listed], frozenset[str]]:
        """Those that declare what is looked for, and the paths of those that cannot be read to tell."""
        entries = {entry.path: entry for entry in candidates}
        sizes = self.files.sizes(entry.id for entry in entries.values())
        large = {path for path, entry in entries.items() if sizes[entry.id] > LARGEST}
        unread = large | {path for path in entries if path != _utf8(path)}
        readable = {path: entry for path, entry in entries.items() if path not in unread}
        data = self.files.blobs(entry.id for entry in readable.values())
        declaring = {path: entry for path, entry in readable.items() if _DECLARES.search(data[entry.id])}
        return declaring, frozenset(unread)

    def _changes(self, old: str, new: str) -> dict[str, Listed] | None:
        """What differs, as it is in the new tree (mode 000000: gone); None when it is too much."""
        text = self.files.runner.run("diff-tree", "-r", "-z", "--raw", "--no-renames", old, new).text
        parts = text.removesuffix("\0").split("\0") if text else []
        if len(parts) > 2 * _CHANGES_WORTH_READING:
            return None
        changes = {}
        for about, path in zip(parts[::2], parts[1::2], strict=True):
            _, mode, _, name, _ = about.split(" ")
            changes[path] = Listed(path, mode, name)
        return changes


def _may_declare(entry: Listed) -> bool:
    return entry.is_file and entry.path.endswith(_SUFFIXES)


def _utf8(path: str) -> str:
    return path.encode(errors="replace").decode()


def _kustomizations(folder: str) -> Iterator[str]:
    return (f"{folder}/{name}".lstrip("/") for name in _KUSTOMIZATIONS)


def _folders(paths: Iterable[str]) -> set[str]:
    """The folders of these files and all above them; the top is in any case among them."""
    return {"", *(folder for path in paths for folder in _parents(path))}


def _parents(path: str) -> Iterator[str]:
    while path:
        path = path.rpartition("/")[0]
        yield path


def _without(entries: Mapping[str, Listed], paths: Mapping[str, Listed]) -> dict[str, Listed]:
    return {path: entry for path, entry in entries.items() if path not in paths}

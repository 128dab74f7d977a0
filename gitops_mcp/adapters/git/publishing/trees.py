"""Trees, read and written on the touched folders only.

A temporary index of the whole repository takes 0.6 s at 100,000 files; two processes on the touched folders take the
time of two processes. Ids of new trees are computed here, so that one `mktree` writes them all; that git arrives at
the same ids is checked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gitops_mcp.adapters.git.contents.files import FOLDER, SUBMODULE, Files, Folder, FolderEntry
from gitops_mcp.adapters.git.paths import folders_of
from gitops_mcp.adapters.git.publishing.worktree import WorkTree
from gitops_mcp.adapters.git.repository import ATTRIBUTES
from gitops_mcp.errors import Refused

_FILES = frozenset({"100644", "100755", "100664"})


@dataclass(frozen=True)
class Folders:
    """What a commit holds in the folders that some paths lie in."""

    tree: str
    entries: Mapping[str, Folder]
    """By folder, then by name; a folder that the commit does not have is absent."""
    attributes: Mapping[str, bytes]
    """What stands in the `.gitattributes` of those folders, by path."""

    @classmethod
    def read(cls, files: Files, commit: str, paths: Collection[str]) -> Folders:
        entries = files.folders(commit, paths)
        # A symlinked .gitattributes is ignored by git itself.
        named = {
            _join_path(folder, ATTRIBUTES): entry.id
            for folder, names in entries.items()
            if (entry := names.get(ATTRIBUTES)) and entry.mode in _FILES
        }
        data = files.blobs(named.values())
        return cls(files.tree(commit), entries, {name: data[blob] for name, blob in named.items()})

    def file(self, path: str) -> FolderEntry | None:
        """The file at a path, or None where a new one can stand.

        Raises Refused when something else stands there or on the way: git would write through a symlink or into a
        submodule, or would have to replace a file by a folder.
        """
        entry = None
        for here in (*folders_of(path)[1:], path):
            folder, _, name = here.rpartition("/")
            entry = self.entries.get(folder, {}).get(name)
            if entry is None:
                return None
            if entry.mode not in (_FILES if here == path else {FOLDER}):
                raise Refused(f"{path} cannot be written: {here} is {entry.kind}")
        return entry


def write_tree(work: WorkTree, folders: Folders, changes: Mapping[str, FolderEntry | None]) -> str:
    """The id of the commit's tree with these files changed, written to the repository; None removes a file.

    A folder that becomes empty goes with its last file, as it would from git's index.
    """
    entries = {folder: dict(names) for folder, names in folders.entries.items()}
    for path, entry in changes.items():
        for folder in folders_of(path):
            entries.setdefault(folder, {})
        _put_entry(entries, path, entry)
    trees = {}
    for folder in sorted(entries, key=_depth, reverse=True):
        names = entries[folder]
        if folder and not names:
            _put_entry(entries, folder, None)
            continue
        trees[folder] = _tree_id(names, len(folders.tree))
        if folder:
            _put_entry(entries, folder, FolderEntry(FOLDER, trees[folder]))
    listed = b"".join(_mktree_input(entries[folder]) for folder in trees)
    # --missing: blobless clones have ids of siblings without their blobs, and looking would fetch each of them.
    made = work.git("mktree", "-z", "--missing", "--batch", input=listed).text.split("\n")
    if made != list(trees.values()):
        raise RuntimeError(f"git wrote trees {made}, computed were {list(trees.values())}")
    return trees[""]


def _tree_id(names: Mapping[str, FolderEntry], length: int) -> str:
    content = b"".join(
        b"%s %s\0%s" % (entry.mode.lstrip("0").encode(), os.fsencode(name), bytes.fromhex(entry.id))
        for name, entry in sorted(names.items(), key=_git_order)
    )
    # Not for security: git names its objects so.
    digest = hashlib.sha1(usedforsecurity=False) if length == 40 else hashlib.sha256()
    digest.update(b"tree %d\0" % len(content) + content)
    return digest.hexdigest()


def _git_order(named: tuple[str, FolderEntry]) -> bytes:
    name, entry = named
    return os.fsencode(name) + (b"/" if entry.is_folder else b"")


def _mktree_input(names: Mapping[str, FolderEntry]) -> bytes:
    """A tree as `mktree -z --batch` reads it; an empty entry ends it."""
    lines = (f"{entry.mode} {_object_type(entry.mode)} {entry.id}\t{name}" for name, entry in names.items())
    return b"".join(os.fsencode(f"{line}\0") for line in lines) + b"\0"


def _object_type(mode: str) -> str:
    return {FOLDER: "tree", SUBMODULE: "commit"}.get(mode, "blob")


def _put_entry(entries: dict[str, dict[str, FolderEntry]], path: str, entry: FolderEntry | None) -> None:
    folder, _, name = path.rpartition("/")
    if entry is None:
        entries[folder].pop(name, None)
    else:
        entries[folder][name] = entry


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0


def _join_path(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name

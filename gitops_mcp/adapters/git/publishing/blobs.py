"""What is stored for a touched file: exactly what the user's own git would have stored, or nothing.

The bytes given are those of the blob, as it was read from a commit and edited, never those of a checked-out file.
So an existing file is stored as given: converting it once more would turn a one-line edit of a CRLF blob into a
rewritten file. A new file takes git's own conversion of line endings and `$Id$`. A new file under a filter
(git-crypt, LFS) goes through it on git's standard input, never over the disk; an existing one cannot be edited,
since its blob is not the text that the edit is about. An attribute that names a filter which this machine does not
have would make git store clear text without a word, so that is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.contents.files import FolderEntry
from gitops_mcp.adapters.git.publishing.trees import Folders
from gitops_mcp.adapters.git.publishing.worktree import WorkTree
from gitops_mcp.errors import Refused

_NEW = "100644"
_NO_VALUE = frozenset({"unspecified", "unset", "set", ""})
_SET_UP = {"git-crypt": "git-crypt unlock", "lfs": "git lfs install --local"}


@dataclass(frozen=True)
class StoredBlobs:
    entries: Mapping[str, FolderEntry | None]
    filters: frozenset[str]
    """The filters that something went through."""


@dataclass(frozen=True)
class _GitAttributes:
    filter: str | None
    ident: bool
    encoded: bool


def store_blobs(
    tree: WorkTree, configuration: Configuration, folders: Folders, files: Mapping[str, bytes | None]
) -> StoredBlobs:
    """The entries that the files get, their blobs written to the repository; the mode of an existing file stays."""
    before = {path: folders.file(path) for path in files}
    entries: dict[str, FolderEntry | None] = {}
    for path, data in files.items():
        if data is None and before[path] is None:
            raise Refused(f"{path} cannot be deleted: there is no such file in the commit that the change builds on")
    contents = {path: data for path, data in files.items() if data is not None}
    attributes = _read_attributes(tree, tuple(contents))
    _check_filters(configuration, attributes, before)
    converted = {path for path in contents if before[path] is None and _is_converted(attributes[path], contents[path])}
    ids = _store_as_given(tree, {path: data for path, data in contents.items() if path not in converted})
    ids |= {path: _store_converted(tree, path, contents[path], attributes[path].filter) for path in sorted(converted)}
    for path in files:
        mode = entry.mode if (entry := before[path]) else _NEW
        entries[path] = FolderEntry(mode, ids[path]) if path in ids else None
    return StoredBlobs(entries, frozenset(name for path in converted if (name := attributes[path].filter)))


def _read_attributes(tree: WorkTree, paths: tuple[str, ...]) -> dict[str, _GitAttributes]:
    if not paths:
        return {}
    names = ("filter", "ident", "working-tree-encoding")
    asked = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
    printed = tree.git("check-attr", "-z", "--stdin", *names, input=asked).text.split("\0")
    values = {(path, name): value for path, name, value in zip(*[iter(printed)] * 3, strict=False)}
    return {
        path: _GitAttributes(
            filter=None if values[path, "filter"] in _NO_VALUE else values[path, "filter"],
            ident=values[path, "ident"] == "set",
            encoded=values[path, "working-tree-encoding"] not in _NO_VALUE,
        )
        for path in paths
    }


def _check_filters(
    configuration: Configuration, attributes: Mapping[str, _GitAttributes], before: Mapping[str, FolderEntry | None]
) -> None:
    for path, about in attributes.items():
        name = about.filter
        if name is None:
            continue
        if not (configuration.get(f"filter.{name}.clean") or configuration.get(f"filter.{name}.process")):
            command = _SET_UP.get(name, f"git config filter.{name}.clean <the command your team uses>")
            raise Refused(
                f"{path} has filter={name} in .gitattributes, and no such filter is configured here, so git would "
                f"store it unfiltered: run `{command}` in this repository, and try again"
            )
        if before[path] is not None:
            raise Refused(
                f"{path} is stored through the filter {name}, so what Git holds is not the text of the manifest and "
                f"cannot be edited here. Edit it in a checkout, or move what is to be edited to a file without a filter"
            )


def _is_converted(about: _GitAttributes, data: bytes) -> bool:
    if about.filter:
        return True
    # working-tree-encoding is about checked-out files only; the bytes given are the blob's, in UTF-8.
    return not about.encoded and (about.ident or b"\r" in data)


def _store_as_given(tree: WorkTree, contents: Mapping[str, bytes]) -> dict[str, str]:
    if not contents:
        return {}
    # Numbered, outside the tree: a path may hold what --stdin-paths takes for a quote, and needs no folders here.
    named = [tree.lock.work / f"blob-{number}" for number in range(len(contents))]
    for name, data in zip(named, contents.values(), strict=True):
        name.write_bytes(data)
    listed = "".join(f"{name}\n" for name in named).encode(errors="surrogateescape")
    ids = tree.git("hash-object", "-w", "--no-filters", "--stdin-paths", input=listed).text.split("\n")
    return dict(zip(contents, ids, strict=True))


def _store_converted(tree: WorkTree, path: str, data: bytes, name: str | None) -> str:
    """The id of the blob that git makes of a file; a filter that fails stores nothing."""
    required = tree.runner.configured(f"filter.{name}.required", "true")
    # safecrlf warns a person about their checked-out file; here it would refuse what git commit stores.
    options = ("-c", "core.safecrlf=false", "hash-object", "-w", "--stdin", f"--path={path}")
    return tree.git(*options, input=data, env=required if name else None).text

"""What stands in a commit: entries of its trees, and the bytes of its files, which are kept by their id."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import TypeVar

from gitops_mcp.adapters.git.call import Calls
from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.paths import folders_of
from gitops_mcp.adapters.git.refs.configured_remotes import Remotes
from gitops_mcp.adapters.git.refs.remote import Remote
from gitops_mcp.adapters.git.runner import GitFailed, Runner
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import InvalidRequest, Refused, Unavailable

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_KEPT_BYTES = 64 * 2**20
_KEPT_ENTRIES = 100_000
FOLDER = "040000"
SYMLINK = "120000"
SUBMODULE = "160000"
_KINDS = {
    FOLDER: "a folder", SUBMODULE: "a submodule", SYMLINK: "a symbolic link", "100755": "an executable file",
}  # fmt: skip
Value = TypeVar("Value")


@dataclass(frozen=True)
class GitFile:
    path: str
    blob: str
    mode: str
    """As git writes it: 100644, 100755; 120000 is a symlink, whose data is its target; 160000 a submodule, no data."""
    data: bytes


@dataclass(frozen=True)
class FolderEntry:
    """What a folder holds under a name."""

    mode: str
    id: str

    @property
    def is_folder(self) -> bool:
        return self.mode == FOLDER

    @property
    def is_file(self) -> bool:
        """A file with content of its own: no folder, no symlink, no submodule."""
        return self.mode.startswith("100")

    @property
    def kind(self) -> str:
        return _KINDS.get(self.mode, "a file")


@dataclass(frozen=True)
class TreeLine(FolderEntry):
    path: str


Folder = Mapping[str, FolderEntry]
"""A tree, by name."""
Differences = dict[str, "TreeLine | None"]
"""By path."""


@dataclass
class Files:
    calls: Calls
    _blobs: Memory[str, bytes] = field(default_factory=lambda: Memory(_KEPT_BYTES, len))
    _trees: Memory[str, Folder] = field(default_factory=lambda: Memory(_KEPT_ENTRIES, len))
    _tops: Memory[str, str] = field(default_factory=lambda: Memory(1000))
    _folders: Memory[tuple[str, str], bool] = field(default_factory=lambda: Memory(1000))

    @property
    def runner(self) -> Runner:
        return self.calls.runner

    def read(self, commit: str, path: str) -> GitFile | None:
        return self.read_many(commit, (path,)).get(path)

    def read_many(self, commit: str, paths: Iterable[str], *, largest: int | None = None) -> dict[str, GitFile]:
        """The files of these paths that there are; a folder is none. Of one above `largest` bytes only which it is."""
        entries = [entry for entry in self.entries(commit, paths).values() if not entry.is_folder]
        wanted = [entry.id for entry in entries if entry.mode != SUBMODULE]
        sizes = self.sizes(wanted) if largest is not None else {}
        large = {
            one: f"# {size} bytes, not read: {one}\n".encode() for one, size in sizes.items() if size > (largest or 0)
        }
        data = {**self.blobs(one for one in wanted if one not in large), **large}
        return {entry.path: GitFile(entry.path, entry.id, entry.mode, data.get(entry.id, b"")) for entry in entries}

    def tree(self, commit: str) -> str:
        """The id of a commit's tree; a tree's is its own."""
        return self._tops.get(commit) or self.tops((commit,))[commit]

    def tops(self, commits: Iterable[str]) -> dict[str, str]:
        """The ids of their trees, by commit."""
        known = {commit: self._tops.get(object_id(commit)) for commit in commits}
        if unknown := {commit: f"{commit}^{{tree}}" for commit, tree in known.items() if tree is None}:
            with self.calls.one() as call:
                found = call.objects.sizes(unknown.values())
            for commit, name in unknown.items():
                if name not in found:
                    raise Unavailable(f"commit {commit} is not in {self.runner.directory}: fetch, and try again")
                known[commit] = self._tops.put(commit, found[name].id)
        return {commit: tree for commit, tree in known.items() if tree}

    def existing(self, ids: Iterable[str]) -> frozenset[str]:
        """Those objects that are here: git collects what nothing refers to."""
        with self.calls.one() as call:
            return frozenset(call.objects.sizes(map(object_id, ids)))

    def folders(self, tree: str, paths: Iterable[str]) -> dict[str, Folder]:
        """What stands in the folders of a commit or tree that lead to these paths, by the folder's path."""
        ids = {"": self.tree(tree)}
        found: dict[str, Folder] = {}
        wanted = sorted({folder for path in paths for folder in folders_of(path)}, key=_depth)
        for _, level in groupby(wanted, _depth):
            for folder in (some := list(level)):
                above, _, name = folder.rpartition("/")
                if folder and (entry := found.get(above, {}).get(name)) and entry.is_folder:
                    ids[folder] = entry.id
            trees = self.trees(ids[folder] for folder in some if folder in ids)
            found |= {folder: trees[ids[folder]] for folder in some if folder in ids}
        return found

    def entries(self, tree: str, paths: Iterable[str]) -> dict[str, TreeLine]:
        """What stands at these paths of a commit or tree; a path that leaves the repository stands nowhere."""
        legal = [path for path in dict.fromkeys(paths) if _is_legal(path)]
        folders = self.folders(tree, legal)
        found = {}
        for path in legal:
            folder, _, name = path.rpartition("/")
            if entry := folders.get(folder, {}).get(name):
                found[path] = TreeLine(entry.mode, entry.id, path)
        return found

    def differences(self, pairs: Sequence[tuple[str | None, str]], *, most: int | None = None) -> list[Differences]:
        """For each two commits or trees (None: an empty one) what stands in the new one where they differ.

        Folders are looked into, and None stands for what is gone; a renamed file is two. Beyond `most` paths of all
        the search ends.
        """
        found: list[Differences] = [{} for _ in pairs]
        tops = self.tops(one for pair in pairs for one in pair if one)
        ahead = [
            (number, "", old and tops[old], tops.get(new)) for number, (old, new) in enumerate(pairs) if old != new
        ]
        while ahead and (most is None or sum(map(len, found)) <= most):
            trees = self.trees(one for _, _, *two in ahead for one in two if one)
            below = []
            for number, path, *two in ahead:
                old, new = (trees[one] if one else {} for one in two)
                for name in old.keys() | new.keys():
                    before, after = old.get(name), new.get(name)
                    if before == after:
                        continue
                    here = path + name
                    was, became = (one.id if one and one.is_folder else None for one in (before, after))
                    if was or became:
                        below.append((number, f"{here}/", was, became))
                    if after and not after.is_folder:
                        found[number][here] = TreeLine(after.mode, after.id, here)
                    elif before and not before.is_folder:
                        found[number][here] = None
            ahead = below
        return found

    def not_a_folder(self, tree: str, folders: Iterable[str]) -> TreeLine | None:
        """Of these folders and those they lie in one that is something else, such as a symlink; the uppermost."""
        above = {part for folder in folders for part in folders_of(f"{folder}/") if part}
        entries = self.entries(tree, sorted(above, key=_depth)).values()
        return next((entry for entry in entries if not entry.is_folder), None)

    def has_folder(self, commit: str, folder: str) -> bool:
        """Raises Refused where a symlink or a file stands in its place; "" is the top, which is always there."""
        if ".." in folder.split("/") or "\0" in folder:
            raise InvalidRequest(f"path: {quote(folder)} leaves the repository")
        return not folder or self._folders.made((commit, folder), lambda: self._has_folder(commit, folder))

    def _has_folder(self, commit: str, folder: str) -> bool:
        if there := self.not_a_folder(commit, (folder,)):
            raise Refused(
                f"path: {folder} is not a folder of the repository: {there.path} is {there.kind}; name a folder"
            )
        return folder in self.entries(commit, (folder,))

    def below(self, tree: str) -> Iterator[TreeLine]:
        """Everything in a commit or tree that is no folder."""
        return _parse_tree_lines(self.runner.run("ls-tree", "--full-tree", "-r", "-z", object_id(tree)).text)

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Contents by id, asked for together where they are not kept from before."""
        return self._contents(self._blobs, ids, lambda _, data: data, bring=True)

    def trees(self, ids: Iterable[str]) -> dict[str, Folder]:
        return self._contents(self._trees, ids, _parsed)

    def _contents(
        self,
        kept: Memory[str, Value],
        ids: Iterable[str],
        parsed: Callable[[str, bytes], Value],
        *,
        bring: bool = False,
    ) -> dict[str, Value]:
        known = {one: kept.get(one) for one in ids}
        missing = [object_id(one) for one, value in known.items() if value is None]
        found = {one: value for one, value in known.items() if value is not None}
        if missing:
            if bring:
                self.bring(missing)
            with self.calls.one() as call:
                there = call.objects.contents(missing)
            if lacking := next((one for one in missing if one not in there), None):
                raise Unavailable(f"object {lacking} is missing from {self.runner.directory}: run git fsck there")
            found |= {one: kept.put(one, parsed(one, there[one].data)) for one in missing}
        return found

    def sizes(self, ids: Iterable[str]) -> dict[str, int]:
        """Bytes by id, without reading the contents."""
        known = {blob: self._blobs.get(blob) for blob in ids}
        sizes = {blob: len(data) for blob, data in known.items() if data is not None}
        unknown = [object_id(blob) for blob in known if blob not in sizes]
        if unknown:
            self.bring(unknown)
            with self.calls.one() as call:
                sizes |= {blob: found.size for blob, found in call.objects.sizes(unknown).items()}
        return sizes

    def bring(self, ids: Iterable[str]) -> None:
        """Downloads what a partial clone lacks of these, in one request; does nothing in any other repository."""
        if not self._promisor:
            return
        wanted = dict.fromkeys(ids)
        # Names that are not here are passed over instead of being fetched, one request each.
        asked = ("--objects", "--no-object-names", "--missing=print", "--ignore-missing", "--no-walk", "--stdin")
        here = self.runner.run("rev-list", *asked, input=_join_lines(wanted)).text.splitlines()
        lacking = [blob for blob in wanted if blob not in set(here)]
        if lacking:
            try:
                self._promisor.download(lacking)
            except GitFailed as error:
                raise Unavailable(
                    f"this is a partial clone, and the {len(lacking)} files it lacks could not be fetched from "
                    f"{self._promisor.name!r}: {error.said}"
                ) from error

    @property
    def is_partial(self) -> bool:
        return self._promisor is not None

    @cached_property
    def _promisor(self) -> Remote | None:
        remotes = Remotes.configured(self.calls.configuration)
        return Remote(self.runner, remotes.promisor, remotes) if remotes.promisor else None


def object_id(text: str) -> str:
    """An id and nothing that git could take for an option, a range or a name."""
    if not _ID.fullmatch(text):
        raise InvalidRequest(f"{quote(text)} is not a full object id")
    return text


def _is_legal(path: str) -> bool:
    return "\0" not in path and all(part not in {"", ".", ".."} for part in path.split("/"))


def _parse_tree_lines(text: str) -> Iterator[TreeLine]:
    for line in text.split("\0"):
        if line:
            about, _, path = line.partition("\t")
            mode, _, name = about.split(" ")
            yield TreeLine(mode, name, path)


def _join_lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in ids).encode()


def _parsed(tree: str, data: bytes) -> Folder:
    """The entries of a raw tree object, each `mode SP name NUL id`; ids are as long as the tree's own."""
    entries = {}
    start = 0
    while start < len(data):
        space = data.index(b" ", start)
        end = data.index(b"\0", space)
        mode = data[start:space].decode().zfill(6)
        start = end + 1 + len(tree) // 2
        entries[os.fsdecode(data[space + 1 : end])] = FolderEntry(mode, data[end + 1 : start].hex())
    return entries


def _depth(folder: str) -> int:
    return folder.count("/") + 1 if folder else 0

"""What stands in a commit: entries of its trees, and the bytes of its files, which are kept by their id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.remote import Remote
from gitops_mcp.adapters.git.remotes import Remotes
from gitops_mcp.adapters.git.runner import GitFailed, Runner
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import InvalidRequest, Refused, Unavailable

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_KEPT_BYTES = 64 * 2**20
_PATHS_AT_ONCE = 1000
SYMLINK = "120000"
SUBMODULE = "160000"


@dataclass(frozen=True)
class GitFile:
    path: str
    blob: str
    mode: str
    """As git writes it: 100644, 100755; 120000 is a symlink, whose data is its target; 160000 a submodule, no data."""
    data: bytes


@dataclass(frozen=True)
class TreeLine:
    """One line of a tree."""

    path: str
    mode: str
    id: str

    @property
    def is_folder(self) -> bool:
        return self.mode == "040000"

    @property
    def is_file(self) -> bool:
        """A file with content of its own: no folder, no symlink, no submodule."""
        return self.mode.startswith("100")

    @property
    def kind(self) -> str:
        return {"040000": "a folder", SUBMODULE: "a submodule", SYMLINK: "a symbolic link"}.get(self.mode, "a file")


@dataclass
class Files:
    runner: Runner
    _blobs: Memory[str, bytes] = field(default_factory=lambda: Memory(_KEPT_BYTES, len))
    _folders: Memory[tuple[str, str], bool] = field(default_factory=lambda: Memory(1000))

    def read(self, commit: str, path: str) -> GitFile | None:
        return self.read_many(commit, (path,)).get(path)

    def read_many(self, commit: str, paths: Iterable[str]) -> dict[str, GitFile]:
        """The files of these paths that there are; a folder is none."""
        entries = [entry for entry in self.entries(commit, paths).values() if not entry.is_folder]
        data = self.blobs(entry.id for entry in entries if entry.mode != SUBMODULE)
        return {entry.path: self.file(entry, data) for entry in entries}

    @staticmethod
    def file(entry: TreeLine, data: Mapping[str, bytes], *, folder: str = "") -> GitFile:
        """`data` by id; an entry's path is relative to `folder`."""
        return GitFile(f"{folder}/{entry.path}".lstrip("/"), entry.id, entry.mode, data.get(entry.id, b""))

    def entries(self, tree: str, paths: Iterable[str]) -> dict[str, TreeLine]:
        """What stands at these paths of a commit or tree; a path that leaves the repository stands nowhere."""
        legal = iter(dict.fromkeys(path for path in paths if _is_legal(path)))
        found: dict[str, TreeLine] = {}
        while some := list(islice(legal, _PATHS_AT_ONCE)):
            ran = self.runner.run("ls-tree", "--full-tree", "-z", object_id(tree), "--", *some)
            found |= {entry.path: entry for entry in _parse_tree_lines(ran.text)}
        return found

    def not_a_folder(self, tree: str, folders: Iterable[str]) -> TreeLine | None:
        """Of these folders and those they lie in one that is something else, such as a symlink; the uppermost."""
        parts = [folder.split("/") for folder in folders]
        for depth in range(1, max(map(len, parts), default=0) + 1):
            # One level at a time: asked for a folder and a part of it, ls-tree lists all of the folder.
            level = {"/".join(some[:depth]) for some in parts if len(some) >= depth}
            for there in self.entries(tree, sorted(level)).values():
                if not there.is_folder:
                    return there
        return None

    def has_folder(self, commit: str, folder: str) -> bool:
        """Raises Refused where a symlink or a file stands in its place; "" is the top, which is always there."""
        if ".." in folder.split("/") or "\0" in folder:
            raise InvalidRequest(f"path: {quote(folder)} leaves the repository")
        return not folder or self._folders.made((commit, folder), lambda: self._has_folder(commit, folder))

    def _has_folder(self, commit: str, folder: str) -> bool:
        if there := self.not_a_folder(commit, (folder,)):
            raise Refused(f"path: {folder} is no folder of the repository: {there.path} is {there.kind}; name a folder")
        return folder in self.entries(commit, (folder,))

    def below(self, tree: str) -> Iterator[TreeLine]:
        """Everything in a commit or tree that is no folder."""
        return _parse_tree_lines(self.runner.run("ls-tree", "--full-tree", "-r", "-z", object_id(tree)).text)

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Contents by id, in one process for all that are not kept from before."""
        wanted = {blob: self._blobs.get(blob) for blob in ids}
        missing = [object_id(blob) for blob, data in wanted.items() if data is None]
        if missing:
            self.bring(missing)
            output = self.runner.run("cat-file", "--batch", input=_join_lines(missing)).stdout
            read = {blob: self._blobs.put(blob, data) for blob, data in _parse_blobs(output)}
            if lacking := next((blob for blob in missing if blob not in read), None):
                raise Unavailable(f"object {lacking} is missing from {self.runner.directory}: git fsck tells more")
            wanted |= read
        return {blob: data for blob, data in wanted.items() if data is not None}

    def sizes(self, ids: Iterable[str]) -> dict[str, int]:
        """Bytes by id, without reading the contents."""
        known = {blob: self._blobs.get(blob) for blob in ids}
        sizes = {blob: len(data) for blob, data in known.items() if data is not None}
        unknown = [object_id(blob) for blob in known if blob not in sizes]
        if unknown:
            self.bring(unknown)
            text = self.runner.run(
                "cat-file", "--batch-check=%(objectname) %(objectsize)", input=_join_lines(unknown)
            ).text
            rows = (line.split(" ") for line in text.splitlines())
            sizes |= {blob: int(size) for blob, size in rows if size != "missing"}
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
        remotes = Remotes.read(self.runner)
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
            yield TreeLine(path, mode, name)


def _join_lines(ids: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in ids).encode()


def _parse_blobs(output: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        name, *about = output[at:end].decode().split(" ")
        at = end + 1
        if len(about) == 2:  # else one word: missing
            size = int(about[1])
            yield name, output[at : at + size]
            at += size + 1

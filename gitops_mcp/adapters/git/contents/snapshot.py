"""What of a commit is needed to know which clusters it declares: texts of the files that matter, names of all others.

The first look at a commit lists it and greps it once. A later one costs its difference to the last one seen: only
files that changed are looked into, and texts are kept by their blob.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from gitops_mcp.adapters.git.contents.chart_files import ChartFiles
from gitops_mcp.adapters.git.contents.files import SYMLINK, Differences, Files, TreeLine, object_id
from gitops_mcp.adapters.git.memory import Memory
from gitops_mcp.adapters.git.runner import GitFailed
from gitops_mcp.domain.engines.declared import HINTS, MARKS, may_be_engine
from gitops_mcp.domain.repository.needed_files import referenced_paths, value_source_names

_GROUP = "postgresql.cnpg.io/"
_LFS_POINTER = "version https://git-lfs.github.com/spec/"
_MARKS = (_GROUP, _LFS_POINTER, *MARKS, *HINTS)
_SECRETS = ("bitnami.com/", "external-secrets.io/", "secret-generator.v1.mittwald.de/", "ENC[AES256_GCM,")
"""What a file says that makes a Secret: of Sealed Secrets, External Secrets, mittwald's generator and sops."""
_SUFFIXES = (".yaml", ".yml", ".json", ".tpl")
_BY_NAME = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization", "Chart.yaml", ".sourceignore"})
LARGEST = 5 * 2**20
"""Bytes. A larger file is no manifest that a person wrote."""
_CHANGES_WORTH_READING = 2000
_ROUNDS = 4
_MENTIONING_AT_MOST = 400
"""Files that are read to say what may make something."""


@dataclass(frozen=True)
class Snapshot:
    texts: Mapping[str, str]
    others: Container[str]
    """Every other path of the commit."""
    unread: Mapping[str, str]
    """Files that may matter and were not read, with the reason."""
    tree: str
    """Equal for equal content."""
    secrets: frozenset[str] = frozenset()
    """Files that may make Secrets; they are read when a password is asked for."""
    charts: frozenset[str] = frozenset()
    """Those of the texts that belong to charts which speak of CNPG."""
    binaries: Mapping[str, bytes] = field(default_factory=dict)
    """What such charts hold that is no text."""
    links: tuple[str, ...] = ()
    """Symlinks in such charts."""
    sourceless: bool = False
    """Whether it is known that no variables or values come from ConfigMaps or Secrets."""

    @cached_property
    def contents(self) -> Mapping[str, str | bytes]:
        return {**self.texts, **self.binaries}


@dataclass(frozen=True, eq=False)
class _Others(Container[str]):
    """The paths of a listing but for some; a set of them all would be made anew for each commit."""

    entries: Mapping[str, TreeLine]
    known: frozenset[str]

    def __contains__(self, path: object) -> bool:
        return path in self.entries and path not in self.known

    def __iter__(self) -> Iterator[str]:
        return (path for path in self.entries if path not in self.known)


@dataclass(frozen=True)
class _Index:
    tree: str
    entries: dict[str, TreeLine]
    matched: frozenset[str]
    named: frozenset[str]
    """Paths that matter for their name."""
    secrets: frozenset[str]
    """Paths of files that may make Secrets."""
    links: frozenset[str] = frozenset()
    """Symlinks."""
    edited: tuple[str, frozenset[str]] | None = None
    """The tree that was listed before, and the files that differ from it, where none came or went."""


@dataclass
class Snapshots:
    files: Files
    _indexes: Memory[str, _Index] = field(default_factory=lambda: Memory(8))
    _made: Memory[str, Snapshot] = field(default_factory=lambda: Memory(8))
    _last: list[_Index] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def at(self, commit: str) -> Snapshot:
        tree = self.files.tree(commit)
        if found := self._made.get(tree):
            return found
        with self._turn:
            return self._made.made(tree, lambda: self._snapshot(tree))

    def naming(self, commit: str, text: str) -> frozenset[str]:
        """Manifests of a commit that have this text; it is looked for anew, which reads them all."""
        return frozenset(self._grep(object_id(commit), [text]))

    def mentioning(self, commit: str, texts: Collection[str]) -> dict[str, str]:
        """The files of a commit, of any kind, that have one of the texts in whatever case; a bounded number of them.

        Looked for anew, for what was asked for and not found. Of a partial clone only manifests are looked at.
        """
        tree = self.files.tree(commit)
        index = self._indexes.made(tree, lambda: self._indexed(tree))
        found: dict[str, str] = {}
        paths = sorted(self._grep(tree, texts, everywhere=not self.files.is_partial) & index.entries.keys())
        self._read(index, paths[:_MENTIONING_AT_MOST], found, {})
        return found

    def _snapshot(self, tree: str) -> Snapshot:
        index = self._indexes.made(tree, lambda: self._indexed(tree))
        self._last[:] = [index]
        return self._edited(index) or self._collected(index)

    def _edited(self, index: _Index) -> Snapshot | None:
        """As another one with some texts anew, where these are of manifests that name no other file."""
        before, paths = index.edited or ("", frozenset())
        known = self._made.get(before)
        if known is None or not known.unread.keys().isdisjoint(paths):
            return None
        if not known.sourceless and value_source_names(known.texts):
            return None
        if not known.binaries.keys().isdisjoint(paths):
            return None
        texts: dict[str, str] = {}
        unread: dict[str, str] = {}
        self._read(index, paths & known.texts.keys(), texts, unread)
        if any(may_be_engine(one) for path, text in texts.items() for one in (text, known.texts[path])):
            return None
        if unread or value_source_names(texts):
            return None
        others = _Others(index.entries, known.others.known) if isinstance(known.others, _Others) else known.others
        edited = {**known.texts, **texts}
        return replace(known, texts=edited, others=others, tree=index.tree, secrets=index.secrets, sourceless=True)

    def _collected(self, index: _Index) -> Snapshot:
        wanted = set(index.named | index.matched)
        texts: dict[str, str] = {}
        unread: dict[str, str] = {}
        for _ in range(_ROUNDS):
            self._read(index, wanted - texts.keys() - unread.keys(), texts, unread)
            more = referenced_paths(texts, index.entries) - unread.keys()
            names = value_source_names(texts)
            more |= self._naming(index, names) - texts.keys() - unread.keys() if names else set()
            if not more:
                break
            wanted = more
        found = ChartFiles(self.files, index.entries, index.links).read(texts, unread)
        others = _Others(index.entries, frozenset(texts))
        return Snapshot(
            texts, others, unread, index.tree, index.secrets, frozenset(found.texts), found.binaries, found.links
        )

    def _indexed(self, tree: str) -> _Index:
        last = self._last[-1] if self._last else None
        changes = self._changes(last.tree, tree) if last else {}
        if last is None or len(changes) > _CHANGES_WORTH_READING:
            listed = list(self.files.below(tree))
            entries = {entry.path: entry for entry in listed if entry.is_file}
            links = frozenset(entry.path for entry in listed if entry.mode == SYMLINK)
            found = self._found(tree, (*_MARKS, *_SECRETS), entries)
            named = frozenset(path for path in entries if _is_build_file(path, entries))
            matched, secrets = (_paths_marked(found, marks, entries) for marks in (_MARKS, _SECRETS))
            return _Index(tree, entries, matched, named, secrets, links)
        entries = last.entries | {path: entry for path, entry in changes.items() if entry and entry.is_file}
        for path, entry in changes.items():
            if not (entry and entry.is_file):
                entries.pop(path, None)
        renamed = {path for path in entries.keys() & changes.keys() if _is_build_file(path, entries)}
        if any(path.endswith("Chart.yaml") for path in changes):
            renamed |= {path for path in entries if _is_build_file(path, entries)}
        new = [entry for path, entry in changes.items() if entry and entry.is_file and path.endswith(_SUFFIXES)]
        data = self.files.blobs(entry.id for entry in new)
        marked = {
            entry.path: {mark for mark in (*_MARKS, *_SECRETS) if mark.encode() in data[entry.id]} for entry in new
        }
        matched = (last.matched - changes.keys()) | _paths_marked(marked, _MARKS, entries)
        secrets = (last.secrets - changes.keys()) | _paths_marked(marked, _SECRETS, entries)
        named = frozenset((last.named - changes.keys()) | renamed)
        is_edit = (
            all(path in last.entries and path in entries for path in changes)
            and matched == last.matched
            and named.isdisjoint(changes)
        )
        edited = (last.tree, frozenset(changes)) if is_edit else None
        links = (last.links - changes.keys()) | {
            path for path, entry in changes.items() if entry and entry.mode == SYMLINK
        }
        return _Index(tree, entries, matched, named, secrets, links, edited)

    def _found(self, tree: str, marks: Iterable[str], entries: Mapping[str, TreeLine]) -> dict[str, set[str]]:
        """Which of the marks each file has that has any; one that is too large to be read is taken to have all.

        Git is asked for names alone: what it prints of a line of megabytes would have no bound.
        """
        wanted = tuple(marks)
        paths = sorted(self._grep(tree, wanted) & entries.keys())
        sizes = self.files.sizes(entries[path].id for path in paths)
        small = [path for path in paths if sizes.get(entries[path].id, 0) <= LARGEST]
        data = self.files.blobs(entries[path].id for path in small)
        found = {path: set(wanted) for path in paths}
        return found | {path: {mark for mark in wanted if mark.encode() in data[entries[path].id]} for path in small}

    def _grep(self, tree: str, texts: Iterable[str], *, everywhere: bool = False) -> set[str]:
        """The paths of the manifests that hold one of the texts; `everywhere`: of any files, whatever the case."""
        if self.files.is_partial:
            # The grep below would download what it lacks file by file.
            self.files.bring(entry.id for entry in self.files.below(tree) if entry.path.endswith(_SUFFIXES))
        patterns = [part for text in texts for part in ("-e", text)]
        ran = self.files.runner.run(
            "grep",
            *("--files-with-matches", "--null", "--fixed-strings", "--no-color", "--no-line-number", "--no-column"),
            *(("-I", "--ignore-case") if everywhere else ("--text",)),
            "--no-recurse-submodules",
            *(*patterns, tree, "--", *(() if everywhere else (f"*{suffix}" for suffix in _SUFFIXES))),
            env={"GIT_LITERAL_PATHSPECS": "0"},
            check=False,
        )
        if ran.returncode not in {0, 1}:  # 1: nothing found
            raise GitFailed("grep", ran)
        return {one.removeprefix(f"{tree}:") for one in ran.text.split("\0") if one}

    def _naming(self, index: _Index, names: frozenset[str]) -> set[str]:
        """Files that name a ConfigMap or Secret which variables come from; few, so they are looked for as they are."""
        return self._grep(index.tree, sorted(names)) & index.entries.keys()

    def _read(self, index: _Index, paths: Collection[str], texts: dict[str, str], unread: dict[str, str]) -> None:
        unread |= {path: "its name is not UTF-8" for path in paths if path != _utf8(path)}
        entries = [index.entries[path] for path in sorted(paths) if path not in unread]
        sizes = self.files.sizes(entry.id for entry in entries)
        small = [entry for entry in entries if sizes.get(entry.id, 0) <= LARGEST]
        unread |= {entry.path: "it is too large" for entry in entries if sizes.get(entry.id, 0) > LARGEST}
        data = self.files.blobs(entry.id for entry in small)
        for entry in small:
            try:
                texts[entry.path] = data[entry.id].decode("utf-8")
            except UnicodeDecodeError as error:
                unread[entry.path] = f"it is not UTF-8 (byte {error.start})"
            if texts.get(entry.path, "").startswith(_LFS_POINTER):
                del texts[entry.path]
                unread[entry.path] = "it is a pointer of Git LFS: take manifests out of LFS in .gitattributes"

    def _changes(self, old: str, new: str) -> Differences:
        (changes,) = self.files.differences([(old, new)], most=_CHANGES_WORTH_READING)
        return changes


def _paths_marked(
    found: Mapping[str, Collection[str]], marks: Iterable[str], entries: Container[str]
) -> frozenset[str]:
    wanted = set(marks)
    return frozenset(path for path, there in found.items() if path in entries and not wanted.isdisjoint(there))


def _utf8(path: str) -> str:
    return path.encode(errors="replace").decode()


def _is_build_file(path: str, entries: Container[str]) -> bool:
    """Kustomizations, charts, and a chart's own values, which stand beside its Chart.yaml."""
    folder, _, name = path.rpartition("/")
    if name in _BY_NAME or (name.startswith(".argocd-source") and name.endswith(".yaml")):
        return True
    return name.startswith("values") and name.endswith(_SUFFIXES) and f"{folder}/Chart.yaml".lstrip("/") in entries

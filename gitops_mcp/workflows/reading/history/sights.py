"""What Git says of one object at one commit after another.

Most commits that count edit a file or two of those that the object is built from. So what a commit says is built of
what another one says with these files as they were; only where more may be different is the commit read anew.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from gitops_mcp.adapters.git.contents.files import TreeLine
from gitops_mcp.adapters.git.contents.snapshot import LARGEST
from gitops_mcp.app import App, Ground
from gitops_mcp.config import FILE, Environment, resolve_settings
from gitops_mcp.domain.engines.declared import may_be_engine
from gitops_mcp.domain.kustomize.kustomization import NAMES
from gitops_mcp.domain.objects import Identity, Object
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.contributing_files import contributing_files, raw_name, root_of
from gitops_mcp.domain.repository.desired import Declaration, Desired, folders_above
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.repository.render import RenderedRoot
from gitops_mcp.errors import GitOpsError
from gitops_mcp.workflows.api_once import ApiOnce
from gitops_mcp.workflows.view import desired_here, read_texts

Entries = Mapping[str, TreeLine]


@dataclass(frozen=True)
class Sight:
    """What Git says of the object at a commit."""

    commit: str
    desired: Desired
    declared: Declaration | None
    folder: str
    """Of the environment then."""
    unread: str | None = None
    """Why it cannot be told whether there is one."""
    is_whole: bool = True
    """The whole commit was read for it."""

    @cached_property
    def root(self) -> RenderedRoot | None:
        return root_of(self.desired, self.declared) if self.declared else None

    @property
    def object(self) -> Object | None:
        return self.declared.object if self.declared else None

    @property
    def as_built(self) -> Sight:
        """Without an object whose file is there still, and which the kustomization above it does not list."""
        is_unlisted = (
            self.declared is not None
            and self.declared.root is None
            and self.desired.governing(posixpath.dirname(self.declared.path)) is not None
        )
        return replace(self, declared=None) if is_unlisted else self


@dataclass
class ObjectSights:
    app: App
    ground: Ground
    environment: Environment
    engine_api: ApiOnce
    identity: Identity
    head: str
    """The commit of the base that is looked back from."""
    paths: set[str] = field(default_factory=set)
    """All that it is known to be built from, at any commit that was looked at."""
    names: set[str] = field(default_factory=set)
    """What it is called in files that make it."""
    reads: int = 0
    """Commits that were read anew."""
    _sights: dict[str, Sight] = field(default_factory=dict)
    _alike: dict[tuple[object, ...], Sight] = field(default_factory=dict)
    _entries: dict[str, Entries] = field(default_factory=dict)
    _whole: Sight | None = None
    """The last one that was read anew, of which others are built."""

    @property
    def places(self) -> set[str]:
        """The files that it is built from where it was read last, and their folders."""
        there = set(self._entries_at(self._whole.commit)) if self._whole else set()
        return there | {posixpath.dirname(path) for path in there}

    def at(self, commit: str) -> Sight:
        if commit not in self._sights:
            key = tuple(sorted((path, one.mode, one.id) for path, one in self._entries_at(commit).items()))
            sight = self._alike.get(key) or self._built(commit)
            if sight is None:
                return self.read(commit)
            self._sights[commit] = self._alike[key] = sight
        return self._sights[commit]

    def read(self, commit: str) -> Sight:
        """As the whole commit says it."""
        self.reads += 1
        folder = self._whole.folder if self._whole else self.environment.path
        sight = self._read(commit, folder)
        if sight.declared is None and self._whole is not None and self._whole.declared is not None:
            moved = (self._read(commit, other) for other in self._folders_before(commit, self._whole))
            sight = next((one for one in moved if one.declared), sight)
        self.follow(sight)
        return sight

    def follow(self, sight: Sight) -> None:
        """Further commits are built of this one."""
        self._whole = self._sights[sight.commit] = sight
        if sight.declared is None:
            return
        self.names |= {self.identity.name, raw_name(sight.desired, sight.declared)}
        self.expect(contributing_files(sight.desired, sight.declared))

    def expect(self, paths: frozenset[str]) -> None:
        """It may be built from these as well."""
        if not paths <= self.paths:
            self.paths |= paths
            self._alike.clear()
            self._entries.clear()
            self._sights = {commit: one for commit, one in self._sights.items() if one.is_whole}

    def expect_mentions(self) -> None:
        """The manifests that say its name now may have made it once, by what lies above them."""
        self.names.add(self.identity.name)
        there = self.ground.repository.naming(self.head, self.identity.name)
        folders = {above for path in there for above in folders_above(posixpath.dirname(path), "")}
        self.expect(there | {posixpath.join(folder, name) for folder in folders for name in NAMES})

    def _entries_at(self, commit: str) -> Entries:
        if commit not in self._entries:
            self._entries[commit] = self.ground.repository.files.entries(commit, sorted(self.paths))
        return self._entries[commit]

    def _read(self, commit: str, folder: str) -> Sight:
        environment = replace(self.environment, path=folder)
        try:
            desired = desired_here(self.app, self.ground, environment, commit, self.engine_api)
        except GitOpsError as error:
            nothing = Desired(commit, folder, (), (), {}, {})
            return Sight(commit, nothing, None, folder, str(error))
        declared = find_declaration(desired, self.identity)
        unread = None if declared and declared.identity == self.identity else next(self._broken(desired), None)
        return Sight(commit, desired, None if unread else declared, folder, unread)

    def _broken(self, desired: Desired) -> Iterator[str]:
        """Why an object whose files are there is not built: an engine applies nothing then, and removes nothing."""
        paths = self.paths - {path for path in self.paths if path not in desired.texts}
        yield from (str(one) for one in desired.skipped if one.path in paths)
        yield from (note for note in desired.notes if note.partition(": ")[0].rpartition(":")[0] in paths)

    def _built(self, commit: str) -> Sight | None:
        """From the last whole one; None where that is not enough."""
        base = self._whole
        if base is None or base.unread or base.desired.tree is None:
            return None
        if base.declared is None:
            is_gone = not self._is_mentioned(commit)
            return replace(base, commit=commit, is_whole=False) if is_gone else None
        root, changes = base.root, self._changes(base, commit)
        texts = [text for one in changes or () for text in (one.before, one.after) if text is not None]
        if changes is None or root is None or any(map(may_be_engine, texts)):
            return None
        try:
            desired = desired_after(base.desired, changes) if base.declared.release is None else None
        except GitOpsError:  # told once the whole commit is read
            return None
        declared = find_declaration(desired, self.identity) if desired else None
        made = root_of(desired, declared) if desired and declared else None
        if made is None or declared is None or desired is None or not made.seen.keys() <= root.seen.keys():
            return None
        is_same = declared.identity == base.declared.identity
        return Sight(commit, desired, declared, base.folder, is_whole=False) if is_same else None

    def _is_mentioned(self, commit: str) -> bool:
        """Whether a file that may make the object says a name of it."""
        there = [one.id for one in self._entries_at(commit).values() if one.is_file]
        words = [name.encode() for name in self.names]
        return any(word in data for data in self.small_blobs(there).values() for word in words)

    def small_blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Those that a manifest may be."""
        sizes = self.ground.repository.files.sizes(ids)
        return self.ground.repository.blobs(one for one, size in sizes.items() if size <= LARGEST)

    def _changes(self, base: Sight, commit: str) -> list[FileChange] | None:
        """The files that it may be built from, where they differ; None where more than their texts is needed."""
        tree, old, new = base.desired.tree, self._entries_at(base.commit), self._entries_at(commit)
        if tree is None:
            return None
        differing = [path for path in self.paths if old.get(path) != new.get(path)]
        listed = [path for path in differing if path not in tree.files and (path in old or path in tree.others)]
        wanted = [path for path in differing if path not in listed]
        there = {path: new[path] for path in wanted if path in new}
        if any((path in old) != (path in new) for path in listed) or not all(one.is_file for one in there.values()):
            return None
        data = self.small_blobs(one.id for one in there.values())
        texts = {path: _text(data.get(one.id)) for path, one in there.items()}
        if None in texts.values():
            return None
        return [FileChange(path, tree.files.get(path), texts.get(path)) for path in wanted]

    def _folders_before(self, commit: str, later: Sight) -> Iterator[str]:
        """Where the environment's folder was, for a commit in which the object is not found below the one of later."""
        text = read_texts(self.ground, commit, (FILE,)).get(FILE)
        if text is not None:
            try:
                named = resolve_settings(text, self.app.flags).environments.get(self.environment.name)
            except GitOpsError:  # it was wrong then
                named = None
            if named and named.path != later.folder:
                yield named.path
        if later.declared and later.folder:
            yield from self._folders_renamed(commit, later, later.declared)

    def _folders_renamed(self, commit: str, later: Sight, declared: Declaration) -> Iterator[str]:
        """By files that have the same name below another folder."""
        inside = posixpath.relpath(declared.path, later.folder) if _is_below(declared.path, later.folder) else ""
        gone = self.ground.repository.path_history.gone_since(commit, later.commit) if inside else ()
        yield from (path.removesuffix(f"/{inside}") for path in gone if path.endswith(f"/{inside}"))


def find_declaration(desired: Desired, identity: Identity) -> Declaration | None:
    """The first document of an object; one whose namespace nothing says counts where it is the only one of its name."""
    named = desired.named(identity.kind, identity.name)
    same = [one for one in named if one.identity == identity]
    if not same and len(named) == 1 and None in {named[0].identity.namespace, identity.namespace}:
        same = [*named]
    return same[0] if same else None


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")


def _text(data: bytes | None) -> str | None:
    try:
        return data.decode() if data is not None else None
    except UnicodeDecodeError:
        return None

"""What a change reaches, whoever made it: the namespaces of all objects that its files hold, built or not.

What cannot be told lies nowhere, and so outside the rights of everybody but who may see everything.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitops_mcp.config import Environment, Settings
from gitops_mcp.config.narrowed import scope_in
from gitops_mcp.domain.access.rights import Rights
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import Identity, at
from gitops_mcp.domain.repository.changes import changed_objects
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import GitOpsError

if TYPE_CHECKING:
    from gitops_mcp.adapters.git.commits import Commit
    from gitops_mcp.adapters.git.memory import Memory
    from gitops_mcp.adapters.git.refs.listing import ChangeRef
    from gitops_mcp.adapters.git.refs.refs import Base
    from gitops_mcp.adapters.git.repository import Repository

Space = tuple[str, str | None]
"""An environment and a namespace in it; an empty environment is none of those that there are."""
_NOWHERE: Space = ("", None)
_Ends = tuple[tuple[str | None, str], ...]
"""Commits between which something differs."""
_TOLD_BY_OBJECTS = frozenset({"apiVersion", "kind", "resources", "patches"})
"""Keys of a kustomization."""
_LARGEST = 1 << 20
"""Bytes of a file that is looked into."""


@dataclass(frozen=True)
class Reach:
    """Of the changes of one repository, for one caller."""

    rights: Rights
    settings: Settings
    """As the file says it, for everybody."""
    repository: Repository
    desired: Callable[[str, str], Desired]
    """What a commit produces in a folder."""
    kept: Memory[tuple[object, ...], Any]
    writes: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing can lie outside."""
        return self._holds(_NOWHERE)

    def changes(self, base: Base) -> tuple[ChangeRef, ...]:
        """Those of the open changes that lie within the rights."""
        return base.changes if self.is_whole else tuple(one for one in base.changes if self._holds_open(base, one))

    def _holds_open(self, base: Base, change: ChangeRef) -> bool:
        repository = self.repository
        key = ("reach of", repository.root, base.commit, change.tip)
        found: _Ends | None = self.kept.get(key)
        if found is None:
            start, commits = repository.merge_base(base.commit, change.tip), repository.commits(base.commit, change.tip)
            own = ((next(iter(one.parents), None), one.id) for one in commits if len(one.parents) < 2)
            found = self.kept.put(key, ((start, change.tip), *own))
        return all(self.holds(*ends) for ends in found)

    def holds_change(self, start: str | None, tip: str, commits: Iterable[Commit]) -> bool:
        """The same of what a change comes to, and of all that its commits did on the way."""
        return self.holds(start, tip) and all(map(self.holds_commit, commits))

    def holds_commit(self, commit: Commit) -> bool:
        """A merge by itself brings nothing."""
        return len(commit.parents) > 1 or self.holds(next(iter(commit.parents), None), commit.id)

    def holds(self, start: str | None, tip: str) -> bool:
        """Whether all that differs between two commits lies within the rights."""
        if self.is_whole:
            return True
        folders = tuple((one.name, one.path) for one in self.settings.environments.values())
        key = ("reach", self.repository.root, folders, start, tip)
        found: frozenset[Space] | None = self.kept.get(key)
        if found is None:
            if start is None or not (self.repository.has(start) and self.repository.has(tip)):
                return False
            found = self.kept.put(key, self._spaces_between(start, tip))
        return all(map(self._holds, found))

    def _holds(self, space: Space) -> bool:
        name, namespace = space
        if name not in self.settings.environments:
            grants = (one for one in self.rights.grants if ("propose" if self.writes else "read") in one.scopes)
            return any(one.environments is None and one.namespaces is None for one in grants)
        allowed = self.rights.namespaces(name, scope_in(self.settings.environments[name], writes=self.writes))
        return allowed is None or namespace in allowed

    def _spaces_between(self, start: str, tip: str) -> frozenset[Space]:
        found = frozenset(self._spaces(start, tip))
        return found or frozenset({_NOWHERE} if self.repository.changed_files(start, tip) else ())

    def _spaces(self, start: str, tip: str) -> Iterator[Space]:
        paths = self.repository.changed_files(start, tip)
        sides = tuple(_Side(self._texts(commit, paths)) for commit in (start, tip))
        for environment in self.settings.environments.values():
            try:
                states = [self.desired(environment.path, commit) for commit in (start, tip)]
            except GitOpsError:  # its folder is none
                continue
            changed = {one.identity for one in changed_objects(*states)}
            yield from ((environment.name, one.namespace) for one in changed)
            for side, state in zip(sides, states, strict=True):
                side.states[environment.name] = state
                side.told |= set(_places_of(state, changed))
        for path in paths:
            if is_kustomization(path):
                yield from self._spaces_of_kustomization(path, *(one.texts.get(path) for one in sides))
            else:
                yield from self._spaces_of_file(path, *sides)

    def _spaces_of_file(self, path: str, before: _Side, after: _Side) -> Iterator[Space]:
        """Of the documents that differ and are told of by no object of a build."""
        old, new = ([*_objects_in(one.texts.get(path, ""))] for one in (before, after))
        gone = [(before, number, one) for number, one in old if one not in [each for _, each in new]]
        came = [(after, number, one) for number, one in new if one not in [each for _, each in old]]
        differing = gone + came or [(after, *one) for one in new]  # where it is a comment, or their order
        if not differing:
            yield _NOWHERE
        for side, number, one in differing:
            if side.told.isdisjoint({(path, number), (path, None)}):
                yield from self._spaces_of_object(path, one, side)

    def _spaces_of_object(self, path: str, one: Any, side: _Side) -> Iterator[Space]:
        """By what it says itself, and by what a kustomization makes of that; both count."""
        home = self._home(path)
        if home is None or not isinstance(at(one, "kind"), str) or not path.endswith((".yaml", ".yml")):
            yield _NOWHERE
            return
        state = side.states.get(home.name)
        governing = state.governing(posixpath.dirname(path)) if state else None
        said = at(one, "metadata", "name" if one["kind"] == "Namespace" else "namespace")
        spaces = {said, governing.namespace if governing else None} - {None}
        yield from ((home.name, space) for space in spaces or {None})

    def _spaces_of_kustomization(self, path: str, before: str | None, after: str | None) -> Iterator[Space]:
        """Nothing of two that differ in what they list and patch, which is told by the objects that come of it."""
        old, new = (next(_objects_in(text or ""), (0, None))[1] for text in (before, after))
        only = new if before is None else old if after is None else None
        home = self._home(path)
        if isinstance(only, dict) and home is not None:  # a folder that comes or goes
            if isinstance(space := only.get("namespace"), str):
                yield home.name, space
        elif not (isinstance(old, dict) and isinstance(new, dict)) or any(
            old.get(key) != new.get(key) for key in {*old, *new} - _TOLD_BY_OBJECTS
        ):
            yield _NOWHERE

    def _home(self, path: str) -> Environment | None:
        """The environment whose folder a file lies in, the nearest."""
        above = [one for one in self.settings.environments.values() if not one.path or path.startswith(f"{one.path}/")]
        return max(above, key=lambda one: len(one.path), default=None)

    def _texts(self, commit: str, paths: tuple[str, ...]) -> dict[str, str]:
        found = self.repository.read_many(commit, paths, largest=_LARGEST)
        return {path: file.data.decode("utf-8", errors="replace") for path, file in found.items()}


@dataclass(eq=False)
class _Side:
    """One of the two commits that are compared."""

    texts: Mapping[str, str]
    """Of the files that differ."""
    states: dict[str, Desired] = field(default_factory=dict)
    """By environment."""
    told: set[tuple[str, int | None]] = field(default_factory=set)
    """Documents of files, None: all of one, of which the objects that come of builds say whose they are."""


def _places_of(state: Desired, changed: Collection[Identity]) -> Iterator[tuple[str, int | None]]:
    for one in state.declarations:
        if one.identity not in changed:
            continue
        yield one.path, one.document
        yield from ((layer.path, layer.document) for layer in (one.produced.layers if one.produced else ()))
        yield from ((value.place.path, None) for value in (one.release.values if one.release else ()) if value.place)


def _objects_in(text: str) -> Iterator[tuple[int, Any]]:
    """With the number of their document; the items of a List have none that a build could tell of."""
    for document in read_documents(text):
        if at(document.value, "kind") == "List" and isinstance(items := at(document.value, "items"), list):
            yield from ((-1, one) for one in items)
        elif document.value is not None:
            yield document.index, document.value

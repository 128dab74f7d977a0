"""What a change reaches, whoever made it: the namespaces of all objects that its files hold, built or not.

What cannot be told lies nowhere, and so outside the rights of everybody but who may see everything.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitops_mcp.config import Environment, Settings
from gitops_mcp.config.narrowed import scope_in
from gitops_mcp.domain.access.rights import Rights
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.kinds import BY_KIND
from gitops_mcp.domain.kustomize.kustomization import NAMES, is_kustomization
from gitops_mcp.domain.objects import Identity, Object, at, list_at, text_at
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
_LOOKED_INTO = frozenset({"apiVersion", "kind", "resources", "patches"})
"""Keys of a kustomization."""
_OF_ITS_OBJECTS = frozenset({
    *("buildMetadata", "commonAnnotations", "commonLabels", "images", "labels", "namePrefix", "nameSuffix"),
    *("replicas", "sortOptions"),
})  # fmt: skip
"""Those that bring no object, so that one which comes or goes is told by what it lists."""
_DOCUMENT = re.compile(r"(?m)^---(?=\s|\Z)")
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
        before, after = sides = tuple(_Side(commit, self._texts(commit, paths)) for commit in (start, tip))
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
                old, new = (self._kustomization(path, one) for one in sides)
                yield from self._spaces_of_kustomization(path, old, new, before, after)
            else:
                yield from self._spaces_of_file(path, before, after)

    def _spaces_of_file(self, path: str, before: _Side, after: _Side) -> Iterator[Space]:
        """Of the documents that differ, also in a comment."""
        old, new = (_objects_in(one.texts.get(path) or "") for one in (before, after))
        if any(one.texts.get(path) is not None and not found for one, found in ((before, old), (after, new))):
            yield _NOWHERE  # it cannot be read, or is larger than what is
        gone = [(before, one) for one in old if one[1:] not in [each[1:] for each in new]]
        came = [(after, one) for one in new if one[1:] not in [each[1:] for each in old]]
        for side, (number, value, _) in gone + came or [(after, one) for one in new]:  # else it is their order
            yield from self._spaces_of_object(path, number, value, side)

    def _spaces_of_object(self, path: str, number: int, one: Any, side: _Side) -> Iterator[Space]:
        """By what it says itself, and by what a kustomization makes of that; both count. Not of what a build tells."""
        if not side.told.isdisjoint({(path, number), (path, None)}):
            return
        home = self._home(path)
        if home is None or not isinstance(at(one, "kind"), str) or not path.endswith((".yaml", ".yml")):
            yield _NOWHERE
            return
        state = side.states.get(home.name)
        governing = state.governing(posixpath.dirname(path)) if state else None
        said = at(one, "metadata", "name" if one["kind"] == "Namespace" else "namespace")
        spaces = {said, governing.namespace if governing else None} - {None}
        yield from ((home.name, space) for space in spaces or {None})

    def _spaces_of_kustomization(
        self, path: str, old: Object | None, new: Object | None, before: _Side, after: _Side
    ) -> Iterator[Space]:
        """Of its namespace, into which all goes that it builds; without one, of what it lists and patches otherwise."""
        if old is None or new is None or old == new:
            yield _NOWHERE
            return
        home, spaces = self._home(path), {text_at(one, "namespace") for one in (old, new)} - {None}
        others = {key for key in {*old, *new} - _LOOKED_INTO if old.get(key) != new.get(key)}
        if spaces and home and (not others or not (old and new)):
            yield from ((home.name, space) for space in spaces)
        elif spaces or others - (frozenset() if old and new else _OF_ITS_OBJECTS):
            yield _NOWHERE
        else:
            for side, mine, other in ((before, old, new), (after, new, old)):
                yield from self._spaces_of_entries(path, mine, other, side)

    def _spaces_of_entries(self, path: str, mine: Object, other: Object, side: _Side) -> Iterator[Space]:
        folder = posixpath.dirname(path)
        for entry in list_at(mine, "resources"):
            if entry not in list_at(other, "resources"):
                yield from self._spaces_below(posixpath.normpath(posixpath.join(folder, str(entry))), side)
        for patch in list_at(mine, "patches"):
            if patch not in list_at(other, "patches") and not self._is_told(patch, path, side):
                yield _NOWHERE

    def _spaces_below(self, path: str, side: _Side) -> Iterator[Space]:
        """Of all that an entry of a kustomization brings."""
        if (text := self._text(path, side)) is not None:
            objects = _objects_in(text)
            yield from () if objects else (_NOWHERE,)
            for number, one, _ in objects:
                yield from self._spaces_of_object(path, number, one, side)
            return
        inner = (posixpath.normpath(f"{path}/{name}") for name in NAMES)
        found = next((one for one in inner if self._text(one, side) is not None), None)
        if found is None:
            yield _NOWHERE
        elif found not in side.entered:
            side.entered.add(found)
            yield from self._spaces_of_kustomization(found, {}, self._kustomization(found, side), side, side)

    def _is_told(self, patch: Object, path: str, side: _Side) -> bool:
        """Whether a patch is of objects alone that a build tells of, and did something to one that differs."""
        file = text_at(patch, "path")
        source = path if file is None else posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
        text = text_at(patch, "patch") if file is None else self._text(source, side)
        kinds = (
            {at(patch, "target", "kind")}
            if at(patch, "target")
            else {at(one[1], "kind") for one in _objects_in(text or "")}
        )
        return kinds <= BY_KIND.keys() and source in {one for one, _ in side.told}

    def _kustomization(self, path: str, side: _Side) -> Object | None:
        """Empty where there is none; None where it cannot be read."""
        if (text := self._text(path, side)) is None:
            return {}
        value = next((one for _, one, _ in _objects_in(text)), None)
        return value if isinstance(value, dict) else None

    def _text(self, path: str, side: _Side) -> str | None:
        if path not in side.texts:
            side.texts[path] = self._texts(side.commit, (path,)).get(path)
        return side.texts[path]

    def _home(self, path: str) -> Environment | None:
        """The environment whose folder a file lies in, the nearest."""
        above = [one for one in self.settings.environments.values() if not one.path or path.startswith(f"{one.path}/")]
        return max(above, key=lambda one: len(one.path), default=None)

    def _texts(self, commit: str, paths: tuple[str, ...]) -> dict[str, str | None]:
        """What stands in the place of one that is too large has no object in it."""
        found = self.repository.read_many(commit, paths, largest=_LARGEST)
        return {path: file.data.decode("utf-8", errors="replace") for path, file in found.items()}


@dataclass(eq=False)
class _Side:
    """One of the two commits that are compared."""

    commit: str
    texts: dict[str, str | None]
    """Of the files that differ, and of those that were looked into; None: there is none."""
    states: dict[str, Desired] = field(default_factory=dict)
    """By environment."""
    told: set[tuple[str, int | None]] = field(default_factory=set)
    """Documents of files, None: all of one, of which the objects that come of builds say whose they are."""
    entered: set[str] = field(default_factory=set)
    """Kustomizations that were looked into by what lists them."""


def _places_of(state: Desired, changed: Collection[Identity]) -> Iterator[tuple[str, int | None]]:
    for one in state.declarations:
        if one.identity not in changed:
            continue
        yield one.path, one.document
        yield from ((layer.path, layer.document) for layer in (one.produced.layers if one.produced else ()))
        yield from ((value.place.path, None) for value in (one.release.values if one.release else ()) if value.place)


def _objects_in(text: str) -> list[tuple[int, Any, str]]:
    """With the number of their document and its text; the items of a List have none that a build could tell of."""
    documents = read_documents(text)
    head, *parts = _DOCUMENT.split(text)
    if len(parts) < len(documents):
        parts = [head, *parts]
    elif parts:
        parts[0] = head + parts[0]
    if len(parts) != len(documents):
        parts = [text] * len(documents)
    found: list[tuple[int, Any, str]] = []
    for document, part in zip(documents, parts, strict=True):
        if at(document.value, "kind") == "List" and isinstance(items := at(document.value, "items"), list):
            found += ((-1, one, "") for one in items)
        elif part.strip():
            found.append((document.index, document.value, part.strip()))
    return found

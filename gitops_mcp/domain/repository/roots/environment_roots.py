"""The roots of a repository, and which of them an environment has."""

from __future__ import annotations

import copy
import posixpath
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import APPLIER_MARKS
from gitops_mcp.domain.engines.parked import parked_folder
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.kustomize import FileTree, join_path
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.kustomize.tracked_files import is_unchanged
from gitops_mcp.domain.objects import list_at
from gitops_mcp.domain.repository.desired import KustomizationFile, SkippedFile, UnappliedDocument
from gitops_mcp.domain.repository.render import RenderedRoot, render_engine_object, render_plain_file, render_root
from gitops_mcp.domain.repository.roots.idle_engines import engines_by_file, find_idle, takes_manifest
from gitops_mcp.domain.repository.roots.not_applied import MARK, chart_of_template, is_not_understood
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable

MANIFESTS = (".yaml", ".yml", ".json")


class EnvironmentRoots:
    """What is built of a repository, by whom, and what of that is this environment's."""

    def __init__(self, tree: FileTree, found: tuple[EngineObject, ...], folder: str) -> None:
        self.tree, self.engines, self.folder = tree, found, folder
        self._paths = sorted(tree.files)
        built = {
            index: render_engine_object(tree, one, self._below(one, tree))
            for index, one in enumerate(found)
            if one.counts
        }
        idle = find_idle(found, {index: made.reached for index, made in built.items()}, tree.files, folder)
        self.engines = tuple(
            replace(one, excluded=idle[index]) if index in idle else one for index, one in enumerate(found)
        )
        self.applied = {index: made for index, made in built.items() if index not in idle}
        self.idle = {index: made for index, made in built.items() if index in idle}
        self.here = self.engines_of_folder(self.applied, folder)
        self.kustomizations = _kustomizations(tree.files)
        at_work = {index for index, one in enumerate(found) if index not in idle and _is_at_work(one)}
        self.barred = [
            self.engines[index]
            for index, one in enumerate(found)
            if (index in idle or one.excluded) and _governs(one, is_idle=index in idle)
        ]
        self.is_strict = any(
            index in self.here or self.holds(found[index].place.path) or self.holds(found[index].folder)
            for index in at_work
        )
        self.roots, self.elsewhere = self._roots(bool(at_work))
        building = [*self.applied.values(), *self.roots.values(), *(() if at_work else self.elsewhere.values())]
        taken = {path for made in (*building, *self.idle.values()) for path in made.reached}
        self.marked = [path for path in self._inside() if MARK in tree.files[path]]
        self.loose = [path for path in self.marked if path not in taken and not is_kustomization(path)]
        self.plain: dict[str, RenderedRoot] = {}
        if not at_work:
            manifests = [path for path in self.loose if path.endswith(MANIFESTS) and self._may_be_live(path)]
            candidates = [path for path in manifests if chart_of_template(path, tree.files) is None]
            self.plain = {path: render_plain_file(tree, path) for path in candidates}
            self.loose = [path for path in self.loose if path not in set(candidates)]

    def holds(self, path: str | None) -> bool:
        return _is_in(self.folder, path)

    def governor_of(self, path: str) -> EngineObject | None:
        """The nearest engine object that a file is for, and that does not apply it."""
        above = [one for one in self.barred if _is_for(one, path)]
        return max(above, key=lambda one: len(one.folder or ""), default=None)

    @property
    def not_understood(self) -> list[EngineObject]:
        """The engine objects that are at work on what cannot be told."""
        return [one for one in self.engines if is_not_understood(one) and _is_at_work(one)]

    def appliers(self, path: str) -> list[EngineObject]:
        """The engine objects that take a file."""
        found = (self.engines[index] for index, made in self.applied.items() if path in made.reached)
        return [one for one in found if takes_manifest(one, path)]

    def is_taken(self, path: str) -> bool:
        """Whether anything is built with a file that may be applied."""
        known = (*self.roots.values(), *self.elsewhere.values(), *self.plain.values())
        return any(path in made.reached for made in known) or bool(self.appliers(path))

    def _may_be_live(self, path: str) -> bool:
        """Of what no engine object applies."""
        return parked_folder(path, self.folder) is None and self.governor_of(path) is None

    def _below(self, one: EngineObject, tree: FileTree) -> Mapping[str, str]:
        if one.folder is None:
            return {}
        if not one.folder:
            return tree.files
        start = bisect_left(self._paths, f"{one.folder}/")
        end = bisect_left(self._paths, f"{one.folder}0")
        return {path: tree.files[path] for path in self._paths[start:end]}

    def _inside(self) -> Iterator[str]:
        """The files below the environment's path, and below what its engine objects would apply of another commit."""
        left = [one.folder for one in self.engines if not one.counts and self.holds(one.place.path) and one.folder]
        for path in self._paths:
            if self.holds(path) or any(path.startswith(f"{folder}/") for folder in left):
                yield path

    def idle_objects(self) -> Iterator[UnappliedDocument]:
        """What only engine objects would apply here that nothing applies."""
        known = (*self.own, *self.applied.values())
        live = {(one.path, one.document, one.base) for made in known for one in made.declarations}
        for index in self.engines_of_folder(self.idle, self.folder):
            by = self.engines[index]
            for one in self.idle[index].declarations:
                if (one.path, one.document, one.base) not in live:
                    yield UnappliedDocument(one.identity, one.place, f"{by} does not apply it: {by.excluded}")

    def engines_of_folder(self, built: Mapping[int, RenderedRoot], folder: str) -> tuple[int, ...]:
        """Which engine objects an environment of a folder has."""
        found = {
            index
            for index in built
            if _is_in(folder, self.engines[index].place.path) or _is_in(folder, self.engines[index].folder)
        }
        waiting, standing = sorted(found), engines_by_file(self.engines)
        while waiting:
            paths = built[waiting.pop()].reached & standing.keys()
            more = {index for path in paths for index in standing[path] if index in built} - found
            found |= more
            waiting += sorted(more)
        return tuple(sorted(found))

    def _roots(self, has_engines: bool) -> tuple[dict[str, RenderedRoot], dict[str, RenderedRoot]]:
        """Kustomizations that no engine object builds: those of the environment, and the others."""
        inside = {
            folder: one
            for folder, one in self.kustomizations.items()
            if self.holds(folder) and self._may_be_live(one.path)
        }
        taken = {path for made in self.applied.values() for path in made.reached}
        free = [folder for folder in _top_folders(inside) if inside[folder].path not in taken]
        built = {folder: render_root(self.tree, folder) for folder in free}
        if has_engines and self.is_strict:
            # What lists engine objects that are at work is applied by something outside of the repository.
            places = {self.engines[index].place.path for index in self.here}
            built = {folder: made for folder, made in built.items() if not places.isdisjoint(made.reached)}
        return built, self._others(built, taken)

    def _others(self, built: Mapping[str, RenderedRoot], taken: set[str]) -> dict[str, RenderedRoot]:
        """What else is built of the repository, by whom is not known: it may share documents with this environment."""
        own = {self.kustomizations[folder].path for folder in built}
        pool = {folder: one for folder, one in self.kustomizations.items() if self._may_be_live(one.path)}
        while True:
            free = [folder for folder in _top_folders(pool) if folder not in built and pool[folder].path not in taken]
            made = {folder: render_root(self.tree, folder) for folder in free}
            above = [folder for folder, one in made.items() if not own.isdisjoint(one.reached)]
            if not above:
                return made
            # It brings this environment and others together: those below it are what counts.
            for folder in above:
                del pool[folder]

    @property
    def own(self) -> list[RenderedRoot]:
        """What the environment has. What follows another branch has no say in what the base has applied."""
        now = [self.applied[index] for index in self.here if not self.engines[index].is_off_base]
        known = {one.identity for made in now for one in made.declarations}
        behind = [
            replace(made, declarations=tuple(one for one in made.declarations if one.identity not in known))
            for made in (self.applied[index] for index in self.here if self.engines[index].is_off_base)
        ]
        return [*now, *behind, *self.roots.values(), *self.plain.values()]

    @property
    def all(self) -> list[RenderedRoot]:
        """What the repository has, the environment's own first."""
        here = set(self.here)
        rest = [made for index, made in self.applied.items() if index not in here]
        return [*self.own, *rest, *self.elsewhere.values()]

    @cached_property
    def skipped(self) -> tuple[SkippedFile, ...]:
        """Files that cannot be read; those that `again` is asked for can."""
        return tuple(self._skipped())

    def _skipped(self) -> Iterator[SkippedFile]:
        files, own = self.tree.files, [one.path for one in self.kustomizations.values()]
        engines = [path for path in self._paths if any(mark in files[path] for mark in APPLIER_MARKS)]
        for path in dict.fromkeys((*own, *(path for path in (*self.marked, *engines) if path.endswith(MANIFESTS)))):
            if read_documents(files[path]) or chart_of_template(path, files) is not None:
                continue
            try:
                parse_documents(files[path])
            except Unparsable as error:
                yield SkippedFile(path, str(error))

    def again(self, tree: FileTree) -> EnvironmentRoots | None:
        """The same of files that differ in nothing but documents of CNPG; None where that changes what is built."""
        made = copy.copy(self)
        made.tree = tree
        made.applied = {
            index: _again(
                one,
                tree,
                partial(render_engine_object, one=self.engines[index], paths=self._below(self.engines[index], tree)),
            )
            for index, one in self.applied.items()
        }
        made.roots, made.elsewhere = (
            {folder: _again(one, tree, partial(render_root, folder=folder)) for folder, one in known.items()}
            for known in (self.roots, self.elsewhere)
        )
        made.plain = {
            path: _again(one, tree, partial(render_plain_file, path=path)) for path, one in self.plain.items()
        }
        return made if all(map(_makes_the_same, self.all, made.all)) else None


def _is_in(folder: str, path: str | None) -> bool:
    return path is not None and (not folder or f"{path}/".startswith(f"{folder}/"))


def _is_at_work(one: EngineObject) -> bool:
    """Whether it applies folders of this repository; what has Argo CD write this very branch does so on another."""
    builds = one.is_of_repository and one.build != "helm" and one.folder is not None
    return builds and not (one.is_off_base and one.hydrates)


def _governs(one: EngineObject, *, is_idle: bool) -> bool:
    """Whether files of its folder wait for it alone; the root of another repository says nothing of this one's."""
    if one.folder is None or one.build == "helm":
        return False
    return one.is_of_repository or bool(one.folder and not is_idle)


def _is_for(one: EngineObject, path: str) -> bool:
    if one.folder is None or not f"{path}".startswith(f"{one.folder}/" if one.folder else ""):
        return False
    is_flat = one.engine == "argocd" and one.kind == "Application" and one.build == "directory"
    return not is_flat or one.selection.recurse or posixpath.dirname(path) == one.folder


def _again(one: RenderedRoot, tree: FileTree, render: Callable[[FileTree], RenderedRoot]) -> RenderedRoot:
    return one if is_unchanged(one.seen, tree) else render(tree)


def _makes_the_same(one: RenderedRoot, other: RenderedRoot) -> bool:
    """The same objects of the same places, whatever stands in them."""
    if one is other:
        return True
    places = [
        [(made.identity, made.path, made.document, made.base, made.root) for made in root.declarations]
        for root in (one, other)
    ]
    same = places[0] == places[1] and (one.reached, one.notes) == (other.reached, other.notes)
    return same and one.makers == other.makers


def _kustomizations(files: Mapping[str, str]) -> dict[str, KustomizationFile]:
    found = {}
    for path in sorted(files):
        if is_kustomization(path):
            parsed = read_documents(files[path])
            value = parsed[0].value if parsed else None
            folder = posixpath.dirname(path)
            found[folder] = KustomizationFile(path, folder, value if isinstance(value, dict) else {})
    return found


def _top_folders(found: Mapping[str, KustomizationFile]) -> list[str]:
    """Those that no other one of them lists."""
    listed = {
        join_path(folder, entry)
        for folder, one in found.items()
        for name in ("resources", "bases", "components")
        for entry in list_at(one.object, name)
        if isinstance(entry, str)
    }
    return [folder for folder, one in found.items() if folder not in listed and one.object.get("kind") != "Component"]

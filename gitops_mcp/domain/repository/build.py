"""Everything that a commit produces in an environment, as its engines apply it, with where each part of it stands.

Kustomizations are built, variables filled in, Helm values read. An object knows its live identity, the documents and
patches that make it, and the engine object that applies it.

To an environment belongs what the engine objects below its path apply, wherever that lies, and what any engine object
applies from below its path. Where no engine object applies a part of the repository there, it is what the
kustomizations below the path make, and without any engine object in the repository also the files that none lists.
"""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gitops_mcp.domain.budget import build_budget, spend
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import MARKS, find_engine_objects
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.kinds import may_mean_cnpg
from gitops_mcp.domain.kustomize import FileTree, join_path
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import Path, list_at
from gitops_mcp.domain.repository.desired import Declaration, Desired, KustomizationFile, Origin, SkippedFile
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.repository.not_applied import (
    MARK,
    chart_of_template,
    cnpg_documents,
    find_maker_files,
    find_unapplied,
)
from gitops_mcp.domain.repository.render import (
    RenderedRoot,
    declare_as_written,
    render_engine_object,
    render_plain_file,
    render_root,
)
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable

_NONE: Container[str] = frozenset()
_MANIFESTS = (".yaml", ".yml", ".json")
_DEFINES = re.compile(r"kind\W+(ConfigMap|Secret|SealedSecret)\b")


def build_desired(
    files: Mapping[str, str],
    *,
    commit: str,
    folder: str,
    remotes: tuple[str, ...] = (),
    revision: str = "main",
    others: Container[str] = _NONE,
    known: Desired | None = None,
) -> Desired:
    """What the files of a commit produce in the environment whose folder is given.

    `others`: paths that exist and were not read, since they matter to no build. `known`: what was asked before, of
    this or another commit or environment; only what differs is built again.
    """
    with build_budget(len(files)):
        return _build(files, commit, folder, remotes, revision, others, known)


def _build(
    files: Mapping[str, str],
    commit: str,
    folder: str,
    remotes: tuple[str, ...],
    revision: str,
    others: Container[str],
    known: Desired | None,
) -> Desired:
    tree = known.tree if known is not None else None
    if tree is not None and known is not None and tree.files == files and tree.others is others:
        if (known.folder, known.remotes, known.revision) == (folder, remotes, revision):
            return replace(known, commit=commit)
    else:
        tree = (tree or FileTree({}, may_mean=may_mean_cnpg)).with_files(files, others)
    found = _engine_objects(tree, remotes, revision)
    sight = _EnvironmentRoots(tree, found, folder)
    return _assemble_desired(sight, commit, remotes, revision)


class _EnvironmentRoots:
    """The roots of a repository, and which of them an environment has."""

    def __init__(self, tree: FileTree, found: tuple[EngineObject, ...], folder: str) -> None:
        self.tree, self.engines, self.folder = tree, found, folder
        self._paths = sorted(tree.files)
        self.applied = {
            index: render_engine_object(tree, one, self._below(one))
            for index, one in enumerate(found)
            if not one.excluded
        }
        self.here = self._here()
        self.kustomizations = _kustomizations(tree.files)
        reaching = [one for one in found if not one.excluded and one.build != "helm" and one.folder is not None]
        self.is_strict = any(one in reaching for one in (found[index] for index in self.here))
        self.roots, self.elsewhere = self._roots(bool(reaching))
        building = [*self.applied.values(), *self.roots, *([] if reaching else self.elsewhere)]
        taken = {path for made in building for path in made.reached}
        self.marked = [path for path in self._inside() if MARK in tree.files[path]]
        self.loose = [path for path in self.marked if path not in taken and not is_kustomization(path)]
        self.plain: list[RenderedRoot] = []
        if not reaching:
            manifests = [path for path in self.loose if path.endswith(_MANIFESTS)]
            candidates = [path for path in manifests if chart_of_template(path, tree.files) is None]
            self.plain = [render_plain_file(tree, path) for path in candidates]
            self.loose = [path for path in self.loose if path not in set(candidates)]

    def holds(self, path: str | None) -> bool:
        return path is not None and (not self.folder or f"{path}/".startswith(f"{self.folder}/"))

    def _below(self, one: EngineObject) -> Mapping[str, str]:
        if one.folder is None:
            return {}
        if not one.folder:
            return self.tree.files
        start = bisect_left(self._paths, f"{one.folder}/")
        end = bisect_left(self._paths, f"{one.folder}0")
        return {path: self.tree.files[path] for path in self._paths[start:end]}

    def _inside(self) -> Iterator[str]:
        """The files below the environment's path, and below what its engine objects would apply of another commit."""
        left = [one.folder for one in self.engines if one.excluded and self.holds(one.place.path) and one.folder]
        for path in self._paths:
            if self.holds(path) or any(path.startswith(f"{folder}/") for folder in left):
                yield path

    def _here(self) -> tuple[int, ...]:
        found = {
            index
            for index in self.applied
            if self.holds(self.engines[index].place.path) or self.holds(self.engines[index].folder)
        }
        waiting = sorted(found)
        while waiting:
            reached = self.applied[waiting.pop()].reached
            more = {index for index in self.applied if self.engines[index].place.path in reached} - found
            found |= more
            waiting += sorted(more)
        return tuple(sorted(found))

    def _roots(self, has_engines: bool) -> tuple[list[RenderedRoot], list[RenderedRoot]]:
        """Kustomizations that no engine object builds: those of the environment, and the others."""
        inside = {folder: one for folder, one in self.kustomizations.items() if self.holds(folder)}
        taken = {path for made in self.applied.values() for path in made.reached}
        free = [folder for folder in _top_folders(inside) if inside[folder].path not in taken]
        built = {folder: render_root(self.tree, folder) for folder in free}
        if has_engines and self.is_strict:
            # What lists engine objects that are at work is applied by something outside of the repository.
            places = {self.engines[index].place.path for index in self.here}
            built = {folder: made for folder, made in built.items() if not places.isdisjoint(made.reached)}
        return list(built.values()), self._others(built, taken)

    def _others(self, built: Mapping[str, RenderedRoot], taken: set[str]) -> list[RenderedRoot]:
        """What else is built of the repository, by whom is not known: it may share documents with this environment."""
        own = {self.kustomizations[folder].path for folder in built}
        pool = dict(self.kustomizations)
        while True:
            free = [folder for folder in _top_folders(pool) if folder not in built and pool[folder].path not in taken]
            made = {folder: render_root(self.tree, folder) for folder in free}
            above = [folder for folder, one in made.items() if not own.isdisjoint(one.reached)]
            if not above:
                return list(made.values())
            # It brings this environment and others together: those below it are what counts.
            for folder in above:
                del pool[folder]


def _assemble_desired(sight: _EnvironmentRoots, commit: str, remotes: tuple[str, ...], revision: str) -> Desired:
    files = sight.tree.files
    own = [*(sight.applied[index] for index in sight.here), *sight.roots, *sight.plain]
    rest = [made for index, made in sight.applied.items() if index not in set(sight.here)]
    everything = _with_sharers([one for made in (*own, *rest, *sight.elsewhere) for one in made.declarations])
    count = sum(len(made.declarations) for made in own)
    hidden = [*sight.loose, *(path for path in sight.marked if path not in set(sight.loose))]
    return Desired(
        commit,
        sight.folder,
        _without_duplicates(everything[:count]),
        tuple(_skipped_files(files, sight)),
        sight.kustomizations,
        files,
        tree=sight.tree,
        engines=sight.engines,
        everything=everything,
        unreached=tuple(find_unapplied(files, sight.loose, sight.engines)),
        hidden=tuple(find_maker_files(files, hidden)),
        notes=tuple(dict.fromkeys(note for made in own for note in made.notes)),
        remotes=remotes,
        revision=revision,
    )


def _engine_objects(tree: FileTree, remotes: tuple[str, ...], revision: str) -> tuple[EngineObject, ...]:
    """Read again only where something has changed that they may depend on."""
    key = ("engines", f"{remotes} {revision}")
    known = tree.memo.get(key)
    if known is None or not _same_engines(known[0], tree.files):
        known = (tree.files, find_engine_objects(tree.files, remotes=remotes, revision=revision))
    found: tuple[EngineObject, ...] = known[1]
    tree.memo[key] = (tree.files, found)
    return found


def _same_engines(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether two states differ in manifests of CNPG only, in what is in both."""
    if old.keys() != new.keys():
        return False
    for path, text in new.items():
        was = old[path]
        if was is text or was == text:
            continue
        if is_kustomization(path) or not path.endswith(_MANIFESTS):
            return False
        for one in (was, text):
            if MARK not in one or _DEFINES.search(one) or any(mark in one for mark in MARKS):
                return False
    return True


def _with_sharers(found: Sequence[Declaration]) -> tuple[Declaration, ...]:
    """Each with the other live objects that its document makes."""
    users: dict[tuple[str, int, Path], list[Declaration]] = {}
    for one in found:
        if one.release is None:
            users.setdefault((one.path, one.document, one.base), []).append(one)
    spend(sum(len(each) ** 2 for each in users.values()) // 4)
    return tuple(
        one
        if one.release is not None or len(users[one.path, one.document, one.base]) < 2
        else replace(
            one,
            shared=tuple(
                dict.fromkeys(other.label for other in users[one.path, one.document, one.base] if other is not one)
            ),
        )
        for one in found
    )


def _without_duplicates(found: Iterable[Declaration]) -> tuple[Declaration, ...]:
    """By place; a document that is applied to one object twice counts once."""
    kept: dict[tuple[object, ...], Declaration] = {}
    for one in found:
        key = (one.identity, one.path, one.document, one.base)
        kept.setdefault(key, one)
    return tuple(sorted(kept.values(), key=lambda one: (one.path, one.line, str(one.identity))))


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


def _skipped_files(files: Mapping[str, str], sight: _EnvironmentRoots) -> Iterator[SkippedFile]:
    own = [one.path for one in sight.kustomizations.values()]
    for path in (*own, *(path for path in sight.marked if path.endswith(_MANIFESTS) and path not in set(own))):
        if read_documents(files[path]) or chart_of_template(path, files) is not None:
            continue
        try:
            parse_documents(files[path])
        except Unparsable as error:
            yield SkippedFile(path, str(error))


def desired_of_documents(texts: Mapping[str, str], origin: Origin) -> Desired:
    """Of texts that stand each for itself, named for what they hold: nothing builds or applies them."""
    found = tuple(
        replace(declare_as_written(path, text, document, base, value, None), line=0)
        for path, text in texts.items()
        for document, base, value in cnpg_documents(text)
    )
    return Desired("", "", found, (), {}, texts, everything=found, origin=origin)


def desired_after(before: Desired, changes: Iterable[FileChange]) -> Desired:
    """The same, once the files are changed.

    Built of what it was built of, so that texts which were read beside it for something else make no difference.
    """
    made = {one.path: one.after for one in changes}
    texts = _with_changes(before.texts, made)
    if before.tree is None:
        return desired_of_documents(texts, before.origin)
    built = build_desired(
        _with_changes(before.tree.files, made),
        commit=before.commit,
        folder=before.folder,
        remotes=before.remotes,
        revision=before.revision,
        others=before.tree.others,
        known=before,
    )
    return replace(built, texts=texts)


def _with_changes(files: Mapping[str, str], made: Mapping[str, str | None]) -> dict[str, str]:
    return {path: text for path, text in {**files, **made}.items() if text is not None}

"""What `kubectl kustomize` makes of a folder, for the objects of CNPG, with the author of every field.

A re-implementation, since asking kubectl tells what comes out and not where it comes from. It follows kustomize 5:
resources, then generators, components, patches, namespace, prefix, suffix, labels, annotations, JSON6902 patches of
the old field, replicas, images, replacements, transformers of its own. Other kinds are carried along as far as patches
and replacements need them; they are merged as if they had no schema. What is not understood is a fault, and marks what
it may touch as opaque.
"""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from functools import partial

from gitops_mcp.domain.budget import spend, spent_by
from gitops_mcp.domain.kustomize import manifest, unsupported
from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.kustomization import InvalidKustomization, Kustomization, Section, read_kustomization
from gitops_mcp.domain.kustomize.patching import patches
from gitops_mcp.domain.kustomize.produced import Build, Layer, Produced, Word
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.transforming import replacements, transformers, transforms
from gitops_mcp.domain.kustomize.tree import (
    FileTree,
    Loads,
    MissingFile,
    TrackedTree,
    UnreadFile,
    is_remote,
    join_path,
    look_up,
)
from gitops_mcp.domain.names import fault_in_file
from gitops_mcp.domain.objects import CNPG_GROUP, at
from gitops_mcp.domain.yaml.tree import Unparsable

_DEEPEST = 40
_MOST = 5_000
_CNPG = frozenset({CNPG_GROUP})
_LOCAL = "config.kubernetes.io/local-config"


@dataclass(frozen=True)
class _Gathered:
    """A folder as it was built, and all that the result rests on."""

    state: State
    seen: dict[str, str | bool]
    folders: frozenset[str]
    kind: str

    def is_as_seen(self, tree: FileTree) -> bool:
        return all(look_up(tree, path) == text for path, text in self.seen.items())


class _TooDeep(Exception):
    """Folders that lead to folders without an end in sight."""


def build_folder(
    tree: FileTree,
    folder: str,
    *,
    extra: tuple[Section, ...] = (),
    loads: Loads = "root only",
    groups: Container[str] = _CNPG,
) -> Build:
    """As `kubectl kustomize folder`; `extra` is what an engine adds (Flux `spec`, Argo CD `source.kustomize`).

    `groups`: those of the objects that are wanted.
    """
    try:
        return _finish_build(_FolderBuilder(tree, loads, extra).folder(folder).state, groups)
    except _TooDeep:
        return _finish_build(State().unsure(folder or "the root", f"bases more than {_DEEPEST} deep"), groups)


def build_files(
    tree: FileTree,
    folder: str,
    paths: tuple[str, ...],
    *,
    extra: tuple[Section, ...] = (),
    loads: Loads = "any",
    groups: Container[str] = _CNPG,
) -> Build:
    """As the kustomization that Flux makes for a folder that has none: these files are its resources."""
    try:
        return _finish_build(_FolderBuilder(tree, loads, extra).files(folder, paths), groups)
    except _TooDeep:
        return _finish_build(State().unsure(folder or "the root", f"bases more than {_DEEPEST} deep"), groups)


class _FolderBuilder:
    """Of one folder that is not a component; the components that it lists are part of it."""

    def __init__(
        self, tree: FileTree, loads: Loads, extra: tuple[Section, ...] = (), above: tuple[str, ...] = ()
    ) -> None:
        self._tree = tree
        self._loads: Loads = loads
        self._extra = extra
        self._above = above
        self._inside: tuple[str, ...] = ()
        """The folder, and the components that led to where the builder is."""
        self._files = TrackedTree(tree, loads)
        self._folders: set[str] = set()
        self._kind = ""

    def folder(self, folder: str) -> _Gathered:
        extra = self._extra
        key = (f"{self._loads} {folder}", " ".join(f"{one.path} {one.document} {one.base}" for one in extra))
        known = self._tree.memo.get(key)
        if known is None or known[0] != extra or not known[1].is_as_seen(self._tree):
            state = self._directory(State(), folder)
            known = extra, _Gathered(state, self._files.seen, frozenset(self._folders), self._kind)
            self._tree.memo[key] = known
        gathered: _Gathered = known[1]
        return gathered

    def files(self, folder: str, paths: Iterable[str]) -> State:
        self._inside = (folder,)
        state = _merge_parts(State(), ((path, self._file(path, path)) for path in paths))
        return self._finished(state, Kustomization("Kustomization", folder, self._extra))

    def _directory(self, state: State, folder: str) -> State:
        spend(20 + len(state.drafts))
        self._folders.add(folder)
        found = self._files.kustomizations(folder)
        shown = folder or "the root"
        if not found:
            return state.refused(shown, "there is no kustomization.yaml")
        if len(found) > 1:
            return state.refused(shown, f"there is more than one kustomization: {', '.join(found)}")
        try:
            read = read_kustomization(found[0], folder, self._files.text(found[0]), extra=self._extra)
        except UnreadFile as error:
            return replace(state.doubted(found[0], f"{error}"), unknown=True)
        except (InvalidKustomization, Unparsable) as error:
            return state.refused(found[0], f"{error}")
        self._extra, self._kind = (), read.kind
        inside, self._inside = self._inside, (*self._inside, folder)
        listed = [placed for name in ("resources", "bases") for placed in read.items(name)]
        places = ((placed, self._files.place(placed)) for placed in listed)
        state = _merge_parts(state, ((place, self._entry(folder, placed.value, place)) for placed, place in places))
        with spent_by(found[0]):
            state = self._finished(state, read)
        self._inside, self._kind = inside, read.kind
        return state

    def _finished(self, state: State, read: Kustomization) -> State:
        state = unsupported.mark_configurations(state, read, self._files)
        state = unsupported.add_generated(state, read, self._files, partial(self._entry, read.folder))
        for placed in read.items("components"):
            state = self._component(state, read.folder, placed.value, self._files.place(placed))
        return self._transformed(state, read)

    def _transformed(self, state: State, read: Kustomization) -> State:
        state = patches.apply_patches(state, read, self._files)
        state = transforms.apply_names(state, read, self._files)
        state = transforms.apply_labels(state, read, self._files)
        state = patches.apply_json6902(state, read, self._files)
        state = transforms.apply_replicas(state, read, self._files)
        state = transforms.apply_images(state, read, self._files)
        state = replacements.apply_replacements(state, read, self._files)
        state = transformers.apply_transformers(state, read, self._files, partial(self._entry, read.folder))
        return unsupported.mark_uncertain(state, read, self._files)

    def _entry(self, folder: str, entry: str, place: str) -> State:
        path = join_path(folder, entry)
        if path and self._files.peek(path) is not False:
            try:
                return self._file(self._files.file(folder, entry), place)
            except MissingFile as error:
                return State().refused(place, f"{error}")
        is_folder = path is not None and bool(self._files.kustomizations(path))
        if not is_folder and is_remote(entry):
            return replace(State().unsure(place, f"{entry} is elsewhere, what it holds is not known"), unknown=True)
        if path is None or not is_folder:
            return State().refused(
                place, f"{entry}: there is neither such a file nor such a folder with a kustomization"
            )
        return self._below(folder, path, place)

    def _below(self, folder: str, path: str, place: str) -> State:
        if self._leads_back(path):
            return State().refused(place, f"it leads back to {path or 'the root'}")
        below = _FolderBuilder(self._tree, self._loads, above=(*self._above, *self._inside)).folder(path)
        if any(_holds_folder(entered, visited) for entered in below.folders for visited in self._inside):
            return State().refused(place, f"it leads back to {folder or 'the root'}")
        if below.kind == "Component":
            return State().refused(place, f"{path} is a Component, which belongs in components")
        self._files.seen.update(below.seen)
        self._folders |= below.folders
        return below.state

    def _component(self, state: State, folder: str, entry: str, place: str) -> State:
        path = join_path(folder, entry)
        if path is None or not self._files.kustomizations(path):
            if is_remote(entry):
                return replace(state.doubted(place, f"the component {entry} is elsewhere"), unknown=True)
            return state.refused(place, f"the component {entry} is not a folder with a kustomization")
        if self._leads_back(path):
            return state.refused(place, f"it leads back to {path or 'the root'}")
        kind, self._kind = self._kind, ""
        state = self._directory(state, path)
        if self._kind == "Kustomization":
            state = state.refused(place, f"{path} is a Kustomization, which belongs in resources")
        self._kind = kind
        return state

    def _leads_back(self, path: str) -> bool:
        """Kustomize lets no folder lead to itself, or to one that it lies in."""
        if len(self._above) + len(self._inside) > _DEEPEST:
            raise _TooDeep
        return path in self._above or any(_holds_folder(path, visited) for visited in self._inside)

    def _file(self, path: str, place: str) -> State:
        text = self._files.peek(path)
        if not isinstance(text, str):
            return State(unread=True) if text else State().refused(place, f"there is no file {path}")
        try:
            with spent_by(path):
                found = manifest.read_manifests(text)
        except Unparsable as error:
            return State().refused(path, f"{error}")
        # Drafts are never changed, so that what a file gives is the same for each build that takes it.
        key = ("file", path)
        known = self._tree.memo.get(key)
        if known is None or known[0] is not found:
            known = self._tree.memo[key] = (found, tuple(_new_draft(one, path) for one in found))
        drafts: tuple[Draft, ...] = known[1]
        for draft in drafts:
            if not draft.id.kind or not draft.id.name:
                return State().refused(draft.layers[0].place, "an object without kind or metadata.name")
        return State(drafts)


def _merge_parts(state: State, parts: Iterable[tuple[str, State]]) -> State:
    """All that the parts hold, unless it is there already."""
    spend(len(state.drafts))
    drafts, known = list(state.drafts), {_draft_key(draft) for draft in state.drafts}
    for place, part in parts:
        if part.faults or part.unread or part.unknown or part.customs:
            state = replace(
                state.with_faults(part.faults),
                unread=state.unread or part.unread,
                unknown=state.unknown or part.unknown,
                customs=tuple(dict.fromkeys((*state.customs, *part.customs))),
            )
        spend(len(part.drafts))
        keys = [_draft_key(draft) for draft in part.drafts]
        twice = next((draft for draft, key in zip(part.drafts, keys, strict=True) if key in known), None)
        if twice is not None or len(set(keys)) < len(keys):
            state = state.refused(place, f"it brings a second {twice.id if twice else 'object of one name'}")
        elif len(drafts) + len(keys) > _MOST:
            state = replace(state.unsure(place, f"more than {_MOST} objects, of which none is kept"), unknown=True)
            drafts, known = [], set()
        else:
            drafts += part.drafts
            known |= set(keys)
    return replace(state, drafts=tuple(drafts))


def _draft_key(draft: Draft) -> tuple[str, ...]:
    found = draft.id
    return (*found[:4], found.namespace or "default")


def _holds_folder(folder: str, other: str) -> bool:
    return folder in {"", other} or other.startswith(folder + "/")


def _new_draft(one: manifest.Manifest, path: str) -> Draft:
    layer = Layer("document", path, one.document, one.base, None, one.line, posixpath.dirname(path))
    word = Word(0, (), literal=True)
    doubts = (fault_in_file(path, one.odd),) if one.odd else ()
    return Draft(one.value, (layer,), {(): word}, {}, (), one.blanks, doubts, one.as_written, one.quoted)


def _finish_build(state: State, groups: Container[str]) -> Build:
    produced: list[Produced] = []
    opaque: dict[int, str] = {}
    fatal = [fault for fault in state.faults if fault.fatal]
    for draft in map(transforms.finish_annotations, state.drafts):
        if draft.id.group not in groups or _is_local(draft):
            continue
        doubts = (f"kustomize refuses to build it: {fatal[0]}",) if fatal else draft.doubts
        if doubts:
            opaque[len(produced)] = "; ".join(doubts)
        produced.append(draft.produced)
    return Build(tuple(produced), state.faults, opaque)


def _is_local(draft: Draft) -> bool:
    annotation = at(draft.value, "metadata", "annotations", _LOCAL)
    return annotation is not None and annotation != "false"

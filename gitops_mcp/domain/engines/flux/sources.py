"""Whether what a Kustomization of Flux takes its files from is this repository, and from which folder of it.

A source may be declared as an object, made by a FluxInstance (an object, or Helm values of that chart), cut out of
another one by an ArtifactGenerator, or be an artifact that a pipeline pushes. Many stand nowhere in the repository. One
that cannot be told to be another repository counts as this one, and it is said so: what it applies would else look like
files that nobody applies.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from gitops_mcp.domain import regexp
from gitops_mcp.domain.engines import left_out
from gitops_mcp.domain.engines.applies import LocatedObject
from gitops_mcp.domain.engines.flux.instances import BOOTSTRAP, Sync, find_syncs
from gitops_mcp.domain.engines.parked import parked_folder
from gitops_mcp.domain.engines.reading import (
    Files,
    clean_path,
    kustomization_path,
    mappings_in,
    read_documents,
    texts_in,
)
from gitops_mcp.domain.engines.source_url import Elsewhere, OffBranch, why_elsewhere, why_off_branch
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.objects import Object, at, mapping_at

_GIT = "GitRepository"
_ARTIFACT = "ExternalArtifact"
_APPLIERS = frozenset({"kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "argoproj.io"})
"""Groups of what nothing refers to."""
_KINDS = frozenset({_GIT, "OCIRepository", "Bucket", _ARTIFACT})


@dataclass(frozen=True)
class Source:
    """What a `sourceRef` means."""

    excluded: str | None = None
    """Why it is not this repository at this revision."""
    assumed: str | None = None
    """Why it cannot be told, where it cannot."""
    root: str | None = ""
    """The folder of this repository that its paths begin at; None for an artifact that may have been made of any."""
    moves: tuple[tuple[str, str], ...] = ()
    """Folders of its root and where it has them, where it has no others."""
    declared: tuple[LocatedObject, ...] = ()


@dataclass(frozen=True, eq=False)
class FluxContext:
    """What is read beside the object itself."""

    files: Files
    found: tuple[LocatedObject, ...]
    """Every object that may be referred to: sources, instances, ConfigMaps and Secrets."""
    remotes: tuple[str, ...]
    revision: str
    pushed: tuple[tuple[str, str], ...]
    """What its pipelines push, as `pushed_artifacts` has it."""
    folder: str = ""
    """Of the environment that is asked for."""

    @cached_property
    def ignoring(self) -> tuple[str, ...]:
        return tuple(sorted(path for path in self.files if posixpath.basename(path) == left_out.SOURCE_IGNORE))

    @cached_property
    def syncs(self) -> tuple[Sync, ...]:
        return find_syncs(self.files, self.found)

    @cached_property
    def surroundings(self) -> tuple[object, ...]:
        """All that an engine object is read with beside itself and texts of files."""
        referred = [(one, one.produced and one.produced.layers) for same in self._named.values() for one in same]
        said = (self.remotes, self.revision, self.folder, self.syncs, self.pushed, self.has_known_source)
        return (*said, self.ignoring, self.paths, referred)

    def with_found(self, found: tuple[LocatedObject, ...]) -> FluxContext:
        made = replace(self, found=found)
        vars(made).update(ignoring=self.ignoring, paths=self.paths)
        return made

    def reading(self, files: Files) -> FluxContext:
        """The same with files that remember what is asked for; what is found once for all objects is kept."""
        made = object.__new__(FluxContext)
        vars(made).update(vars(self), files=files)
        return made

    @cached_property
    def has_known_source(self) -> bool:
        known = [self.examined(one) for one in self.found if one.kind == _GIT]
        known += [examine_sync(one, self) for one in self.syncs]
        return any(one.excluded is one.assumed is None for one in known)

    @cached_property
    def paths(self) -> list[str]:
        return sorted(self.files)

    @cached_property
    def _named(self) -> Mapping[tuple[str, str], list[LocatedObject]]:
        named: dict[tuple[str, str], list[LocatedObject]] = {}
        for one in self.found:
            if one.group not in _APPLIERS:
                named.setdefault((one.kind, one.name), []).append(one)
        return named

    @cached_property
    def _examined(self) -> dict[int, Source]:
        return {}

    def examined(self, source: LocatedObject) -> Source:
        """Of one of `found`."""
        if id(source) not in self._examined:
            self._examined[id(source)] = _examine_object(source, self)
        return self._examined[id(source)]

    def referred(self, kind: str, name: str, namespace: str | None, path: str) -> tuple[LocatedObject, ...]:
        """The objects of a kind and name; of several, as each cluster has its own, the nearest to the path.

        Where these are as near, those below the environment's folder. One in an archive is not for what is outside.
        """
        named = self._named.get((kind, name), [])
        same = [one for one in named if None in {namespace, one.namespace} or one.namespace == namespace]
        same = [one for one in same if not _is_parked(one.place.path, path)] or same
        if len(same) < 2:
            return tuple(same)
        shared = [_shared_length(one.home, path) for one in same]
        near = tuple(one for one, length in zip(same, shared, strict=True) if length == max(shared))
        below = tuple(one for one in near if self.folder and one.place.path.startswith(f"{self.folder}/"))
        near = below or near
        # Several roots may build one and the same.
        is_one = all((one.place, one.object) == (near[0].place, near[0].object) for one in near)
        return near[:1] if is_one else near

    def holds(self, folder: str) -> bool:
        """Whether a file that matters lies below a folder."""
        start = bisect_left(self.paths, f"{folder}/") if folder else 0
        return start < len(self.paths) and self.paths[start].startswith(f"{folder}/" if folder else "")


def examine_source(reference: object, one: LocatedObject, context: FluxContext) -> Source:
    """What a `sourceRef` means for the object that has it."""
    kind, name = str(at(reference, "kind")), str(at(reference, "name"))
    namespace = at(reference, "namespace") or one.namespace
    if not at(reference, "kind") or not at(reference, "name"):
        return Source(assumed="it names no source, so that something else brings one in")
    if "${" in f"{kind}{name}":
        return Source(assumed=f"it applies {kind} {name}, and nothing here fills that in")
    if kind not in _KINDS:
        return Source(Elsewhere(f"it applies {kind} {name}, which is not a source of files"))
    found = context.referred(kind, name, namespace, one.place.path)
    if found:
        return replace(_clearest([context.examined(each) for each in found]), declared=found)
    made = _generated_artifact(name, namespace, context) if kind == _ARTIFACT else _synced(kind, name, one, context)
    if made is not None or (kind, name) == (_GIT, BOOTSTRAP):
        return made or Source()
    root = "" if kind == _GIT else None
    if kind == "OCIRepository" and len(context.pushed) == 1:
        root = context.pushed[0][1]
    return Source(assumed=f"it applies {kind} {name}, which this repository does not declare", root=root)


def _synced(kind: str, name: str, one: LocatedObject, context: FluxContext) -> Source | None:
    """What a FluxInstance makes: that which applies the object's file, else any, one at this branch first."""
    syncs = [each for each in context.syncs if (each.kind, each.name) == (kind, name)]
    syncs = [each for each in syncs if not _is_parked(each.place.path, one.place.path)] or syncs
    deepest = max((each.holds(one.place.path) for each in syncs), default=0)
    found = [examine_sync(each, context) for each in syncs if each.holds(one.place.path) == deepest]
    return _clearest(found) if found else None


def examine_sync(sync: Sync, context: FluxContext) -> Source:
    """An artifact that is applied as a whole is taken to hold the kustomization that lists the instance itself."""
    found = _examine_url(sync.kind, sync.name, {"url": sync.url}, context, sync.ref)
    if found.root is None and not sync.folder:
        return replace(found, root=_listing_folder(sync.place.path, context.files))
    return found


def _listing_folder(path: str, files: Files) -> str | None:
    """The outermost folder above a file whose kustomization lists it, or the folder that does."""
    found, folder = None, path
    while folder:
        folder = posixpath.dirname(folder)
        documents = read_documents(files.get(kustomization_path(files, folder) or "", ""))
        if {found or path} & {
            join_path(folder, one) for each in documents for one in texts_in(at(each.value, "resources"))
        }:
            found = folder
    return found


def folder_of_path(path: object, source: Source, one: LocatedObject, context: FluxContext) -> str | None:
    """The folder of this repository that a path in a source is; None where nothing here can be it."""
    named = clean_path(path)
    named = next((moved for pair in source.moves if (moved := _moved(named, *pair)) is not None), named)
    inside = clean_path(posixpath.join(source.root or "", named))
    if not source.assumed or _may_be_here(inside, context, source.root):
        return inside
    if not named:
        return None
    part = f"/{named}/"
    found = {path[: path.index(part) + len(part) - 1] for path in context.paths if part in path}
    return max(found, key=lambda folder: (_shared_length(folder, one.place.path), -len(folder)), default=None)


def _may_be_here(folder: str, context: FluxContext, root: str | None) -> bool:
    """Of the root, only where no source is known to be this repository: any repository has one, and any artifact."""
    return context.holds(folder) if folder else root is not None and not context.has_known_source


def _moved(path: str, source: str, target: str) -> str | None:
    if path == target:
        return source
    return (
        posixpath.join(source, path.removeprefix(f"{target}/")) if not target or path.startswith(f"{target}/") else None
    )


def _clearest(found: list[Source]) -> Source:
    """Of several that one name may mean: one that is this repository, or cannot be told, before one that is not."""
    return min(
        found, key=lambda each: (isinstance(each.excluded, Elsewhere), each.excluded is not None, bool(each.assumed))
    )


def _examine_object(source: LocatedObject, context: FluxContext) -> Source:
    """Flux takes the commit before the name, the name before the tag, and `master` where nothing is said."""
    spec = mapping_at(source.object, "spec")
    reference = spec.get("ref") or {}
    found = _examine_url(source.kind, source.name, spec, context, None)
    if source.kind != _GIT or found.excluded:
        return found
    for field in ("commit", "semver", "tag"):
        if at(reference, field) and not (field != "commit" and at(reference, "name")):
            return Source(OffBranch(f"it applies the {field} {at(reference, field)}, not {context.revision}"))
    followed = at(reference, "name") or at(reference, "branch") or "master"
    return found if "${" in str(followed) else replace(found, excluded=why_off_branch(followed, context.revision))


def _examine_url(kind: str, name: str, spec: Object, context: FluxContext, ref: object) -> Source:
    url = spec.get("url") or at(spec, "bucketName")
    told = f"it applies {kind} {name}" + (f" ({url})" if url else "")
    if kind == _GIT and isinstance(url, str) and "${" not in url:
        return Source(why_elsewhere(url, context.remotes) or why_off_branch(ref, context.revision))
    root = next((root for pattern, root in context.pushed if regexp.fullmatch(pattern, str(url))), None)
    if root is not None:
        return Source(root=root)
    told += ", of which nothing here says whether this repository is in it"
    return Source(assumed=told, root="" if kind == _GIT else None)


def _generated_artifact(name: str, namespace: str | None, context: FluxContext) -> Source | None:
    """What an ArtifactGenerator cuts out of its sources."""
    for generator in context.found:
        if generator.kind != "ArtifactGenerator" or namespace not in {None, generator.namespace}:
            continue
        sources = {str(each.get("alias")): each for each in mappings_in(at(generator.object, "spec", "sources"))}
        for made in mappings_in(at(generator.object, "spec", "artifacts")):
            if made.get("name") == name:
                copied = list(_copied_folders(made))
                examined = [examine_source(sources.get(alias), generator, context) for alias, _, _ in copied]
                moves = tuple((source, target) for _, source, target in copied)
                return replace(_clearest(examined or [Source()]), moves=moves)
    return None


def _copied_folders(artifact: Object) -> Iterator[tuple[str, str, str]]:
    """(alias, folder in its source, folder in the artifact) of all that an artifact copies."""
    for copy in mappings_in(artifact.get("copy")):
        origin, target = (str(copy.get(key)) for key in ("from", "to"))
        alias, _, source = origin.removeprefix("@").partition("/")
        _, _, inside = target.partition("/")
        yield alias, clean_path(source.partition("*")[0]), clean_path(inside)


def _is_parked(path: str, user: str) -> bool:
    """Whether it stands in an archive, or among examples, that its user does not stand in."""
    folder = parked_folder(path)
    return folder is not None and not user.startswith(f"{folder}/")


def _shared_length(one: str, other: str) -> int:
    return len(posixpath.commonpath([f"/{one}", f"/{other}"]))


def source_notes(source: Source) -> Iterator[str]:
    """What keeps a source from bringing anything."""
    for one in source.declared:
        if at(one.object, "spec", "suspend") is True:
            yield (
                f"{one.kind} {one.name} ({one.place}), which brings its files, is suspended: nothing is fetched until "
                f"somebody resumes it"
            )

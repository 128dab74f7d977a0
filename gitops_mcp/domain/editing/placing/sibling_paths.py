"""Where a new document goes: as its siblings are kept, else near its Cluster, else by the configured layout.

A repository shows by its siblings how it names files; their way is followed where it can be read off their paths. A
Cluster is placed as everything else is: its siblings are the other Clusters, and it is its own Cluster. Nothing is
decided here: `new_document` tries the places in their order, and builds everything with each.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from gitops_mcp.domain.editing.placing.name_patterns import filled_pattern, path_pattern, says_kind, short_name
from gitops_mcp.domain.editing.placing.own_folders import (
    NAMED_IN_SQL,
    builder_of,
    clusters_of_folder,
    folder_of_dependents,
    folders_of,
    folders_of_bases,
    folders_of_namespace,
    is_below,
    is_built_with,
    is_for_one,
    selected_names,
    stands_in_base,
    takes_file,
)
from gitops_mcp.domain.kinds import CLUSTER
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import at, text_at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.text import parse_documents

_TRIED_AT_MOST = 12
_NAMES_AT_MOST = 2


@dataclass(frozen=True)
class FilePlace:
    path: str
    appended: bool = False
    """The file exists and gets one more document."""
    own_kustomization: bool = False
    """The siblings' folders hold a kustomization each; so will this one."""
    unlisted: bool = field(default=False, compare=False)
    """Nothing lists it: what stands there is applied by itself."""
    top: str | None = field(default=None, compare=False)
    """The folder that is built with it: no kustomization above has to know of it. None: it is not known."""
    left_out: str = field(default="", compare=False)
    """Why what applies the folder does not take such a file."""


@dataclass(frozen=True)
class NewObject:
    """The object that a new document declares."""

    kind: str
    namespace: str
    name: str
    """metadata.name."""
    short: str
    """What tells it from its siblings of the same Cluster, for the name of a file."""
    cluster: str | None
    """None for what belongs to no Cluster, such as an ImageCatalog."""

    @classmethod
    def of_cluster(cls, ref: ClusterRef) -> NewObject:
        return cls(CLUSTER.kind, ref.namespace, ref.name, ref.name, ref.name)


@dataclass(frozen=True)
class Sibling:
    """A document like the one to come."""

    path: str
    name: str
    short: str
    cluster: str | None
    namespace: str | None
    beside: int
    """How many documents its file holds."""

    @property
    def pattern(self) -> str:
        return path_pattern(self.path, self.name, self.short, self.cluster, self.namespace)


def find_siblings(desired: Desired, kind: str) -> tuple[Sibling, ...]:
    """Those that have a document of their own: one of a base would be copied into every overlay."""
    return tuple(
        _sibling(desired, one)
        for one in desired.declarations
        if one.identity.kind == kind and not one.is_rendered and not one.base and not stands_in_base(desired, one)
    )


def _sibling(desired: Desired, one: Declaration) -> Sibling:
    kind, name = one.identity.kind, one.identity.name
    cluster = name if kind == CLUSTER.kind else text_at(one.object, "spec", "cluster", "name")
    said = at(one.object, "spec", "name") if kind in NAMED_IN_SQL else None
    short = said if isinstance(said, str) else short_name(kind, name, cluster)
    beside = len(parse_documents(desired.texts[one.path])) if one.path in desired.texts else 1
    return Sibling(one.path, name, short, cluster, one.identity.namespace, beside)


def candidate_places(
    desired: Desired,
    cluster: Declaration | None,
    new: NewObject,
    layout: str,
    known: Sequence[Sibling],
    *,
    alone: bool = False,
) -> tuple[FilePlace, ...]:
    """The places to try, the likeliest first. `cluster`: what it belongs to. `alone`: it needs a file of its own."""
    near = [one for one in known if _is_near(one, new)]
    far = [one for one in known if not _is_near(one, new)]
    if cluster is None:
        found = _places_of_cluster(desired, new, layout, near, far)
    else:
        found = _places_with_cluster(desired, cluster, new, layout, near, far)
    places = dict.fromkeys(place for place in found if not (alone and place.appended))
    return tuple(with_builder(desired, place, cluster) for place in islice(places, _TRIED_AT_MOST))


def with_builder(desired: Desired, place: FilePlace, like: Declaration | None) -> FilePlace:
    """The place with what is known of who builds it."""
    top, by = builder_of(desired, place.path, like)
    if by is None or by.engine != "argocd" or by.build != "directory":
        return replace(place, top=top)
    said = " and ".join(
        f"directory.{name} is {text}"
        for name, text in (("include", by.selection.include), ("exclude", by.selection.exclude))
        if text
    )
    left_out = "" if takes_file(by, place.path) else f"{by} leaves it out: {said or 'directory.recurse is not set'}"
    return replace(place, top=top, unlisted=True, left_out=left_out)


def _is_near(one: Sibling, new: NewObject) -> bool:
    """Of the same namespace and, but for Clusters, of the same Cluster, as far as it is known."""
    is_of_cluster = new.kind == CLUSTER.kind or one.cluster in {new.cluster, None}
    return is_of_cluster and one.namespace in {new.namespace, None}


def _filled_layout(layout: str, folder: str, new: NewObject) -> str:
    """An empty part is dropped."""
    filled = layout.format(path=folder, namespace=new.namespace, cluster=new.cluster or "", name=new.short)
    return "/".join(part for part in filled.split("/") if part)


def _places_of_cluster(
    desired: Desired, new: NewObject, layout: str, near: Sequence[Sibling], far: Sequence[Sibling]
) -> Iterator[FilePlace]:
    """Beside its siblings, in the overlay of those that stand in a base, else by what applies to its namespace."""
    yield from _places_of_siblings(desired, near, new)
    name, by_layout = f"{new.name}.yaml", _filled_layout(layout, desired.folder, new)
    for folder in folders_of_bases(desired, new.namespace):
        if is_below(by_layout, folder):
            yield FilePlace(by_layout)
        yield FilePlace(posixpath.join(folder, name))
    yield from _places_of_siblings(desired, far, new)
    yield from (FilePlace(posixpath.join(folder, name)) for folder in folders_of_namespace(desired, new.namespace))
    yield FilePlace(by_layout)


def _places_with_cluster(
    desired: Desired, cluster: Declaration, new: NewObject, layout: str, near: Sequence[Sibling], far: Sequence[Sibling]
) -> Iterator[FilePlace]:
    """Beside its siblings of that Cluster, else beside the Cluster, named as others' are; in a folder that is there."""
    folders = tuple(dict.fromkeys(folders_of(desired, cluster)))
    own = {*folders, *_folders_built_with(desired, cluster)}
    beside = [one for one in near if posixpath.dirname(one.path) in own]
    if not beside:
        folders = (*folder_of_dependents(desired, cluster, new.kind), *folders)
        beside = [one for one in near if posixpath.dirname(one.path) == folders[0]] if folders else []
    yield from _places_of_siblings(desired, beside, new)
    own -= {posixpath.dirname(one.path) for one in far} - _common_folders(far, new.kind)
    yield from (one for one in _places_of_siblings(desired, far, new) if posixpath.dirname(one.path) in own)
    for folder in folders:
        if folder == posixpath.dirname(cluster.path):
            yield from _place_in_clusters_file(desired, cluster, new)
        for name in _file_names(desired, cluster, new, layout, [*near, *far], folder):
            yield FilePlace(posixpath.join(folder, name))
    if not desired.engines:
        yield FilePlace(_filled_layout(layout, desired.folder, new))


def _folders_built_with(desired: Desired, cluster: Declaration) -> set[str]:
    """But for those of bases."""
    found = [one for one in desired.declarations if is_built_with(one, cluster)]
    bases = {posixpath.dirname(one.path) for one in found if stands_in_base(desired, one)}
    return {posixpath.dirname(one.path) for one in found} - bases


def _common_folders(known: Sequence[Sibling], kind: str) -> set[str]:
    """Those that are there for a kind, not for one Cluster: it is of several, or the folder is called so."""
    owners = {(posixpath.dirname(one.path), one.cluster, one.namespace) for one in known}
    counted = Counter(folder for folder, *_ in owners)
    called = kind.lower().removeprefix("database") or "database"
    return {folder for folder, number in counted.items() if number > 1 or called in posixpath.basename(folder)}


def _place_in_clusters_file(desired: Desired, cluster: Declaration, new: NewObject) -> Iterator[FilePlace]:
    """Where more stands there that belongs to it."""
    if cluster.release is None and not cluster.base:
        inside = [one for one in desired.declarations if one.path == cluster.path]
        if any(at(one.object, "spec", "cluster", "name") == new.cluster for one in inside):
            yield FilePlace(cluster.path, appended=True)


def _file_names(
    desired: Desired, cluster: Declaration, new: NewObject, layout: str, known: Sequence[Sibling], folder: str
) -> Iterator[str]:
    """As siblings elsewhere are called, as the layout says, and as what builds the folder takes it."""
    in_file = Counter(one.path for one in known)
    alike = [one for one in known if in_file[one.path] == one.beside]
    patterns = [one for one, _ in Counter(posixpath.basename(one.pattern) for one in alike).most_common()]
    name = posixpath.basename(_filled_layout(posixpath.basename(layout), "", new))
    together = clusters_of_folder(desired, folder)
    if len(together) > 1 and "{cluster}" not in posixpath.basename(layout):
        kind = posixpath.basename(layout).partition("{")[0].strip("-_.")
        name = f"{new.cluster}-{kind}-{new.short}.yaml" if kind else f"{new.name}.yaml"
        patterns = [one for one in patterns if "{object}" in one or "{cluster}" in one]
    for pattern in [one for one in patterns if says_kind(one, new.name)][:_NAMES_AT_MOST]:
        filled = filled_pattern(pattern, new.name, new.short, new.cluster, new.namespace)
        if posixpath.join(folder, filled) not in desired.texts:
            yield filled
    yield name
    _, by = builder_of(desired, posixpath.join(folder, name), cluster)
    yield from selected_names(by, new.name, new.kind) if by is not None else ()


def _places_of_siblings(desired: Desired, known: Sequence[Sibling], new: NewObject) -> Iterator[FilePlace]:
    """What most siblings do comes first."""
    explained: dict[FilePlace, set[int]] = {}
    in_file = Counter(one.path for one in known)
    apart = Counter(one.pattern for one in known if in_file[one.path] == 1)
    for one in known:
        pattern = one.pattern
        place = _place_beside(desired, one, new, pattern, shared=in_file[one.path] > 1, apart=apart[pattern] > 1)
        if place is not None:
            fitting = {index for index, other in enumerate(known) if _follows(other, one, pattern, place)}
            explained.setdefault(place, set()).update(fitting)
    yield from sorted(explained, key=lambda place: (-len(explained[place]), place.path))


def _follows(other: Sibling, one: Sibling, pattern: str, place: FilePlace) -> bool:
    if other is one or place.appended:
        return other.path == one.path
    return other.path == filled_pattern(pattern, other.name, other.short, other.cluster, other.namespace)


def _place_beside(
    desired: Desired, one: Sibling, new: NewObject, pattern: str, *, shared: bool, apart: bool
) -> FilePlace | None:
    """Where siblings share a file it goes there; else into one of its own, named as theirs are.

    What belongs to one Cluster may share a file with anything, unless several siblings have theirs `apart`, and one
    whose name says nothing of what it holds takes more. Two Clusters share a file only where Clusters do so already, or
    where it holds more under such a name.
    """
    folder, name = posixpath.split(pattern)
    is_named = "{object}" in name or "{name}" in name
    if new.kind != CLUSTER.kind:
        takes_more = one.cluster == new.cluster and not (is_named and (apart or one.beside == 1))
    else:
        is_named = is_named or "{cluster}" in folder
        if not is_named and one.namespace != new.namespace:
            return None
        if "{cluster}" not in folder and is_for_one(desired, posixpath.dirname(one.path), one.name, one.namespace):
            return None
        takes_more = one.namespace == new.namespace and (shared or (one.beside > 1 and not is_named))
        if not is_named:
            pattern = posixpath.join(folder, "{object}.yaml")
    if takes_more:
        return FilePlace(one.path, appended=True)
    path = filled_pattern(pattern, new.name, new.short, new.cluster, new.namespace)
    own_kustomization = "{cluster}" in folder and posixpath.dirname(one.path) in desired.kustomizations
    if path == one.path:
        return None
    is_there = new.kind != CLUSTER.kind and path in desired.texts and path not in {one.path for one in desired.skipped}
    return FilePlace(path, appended=is_there, own_kustomization=own_kustomization)

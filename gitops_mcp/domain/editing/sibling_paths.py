"""Where a new document goes: as its siblings are kept, else near its Cluster, else by the configured layout.

A repository shows by its siblings how it names files; their way is followed where it can be read off their paths. A
Cluster is placed as everything else is: its siblings are the other Clusters, and it is its own Cluster. Nothing is
decided here: `new_document` tries the places in their order, and builds everything with each.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_mcp.domain.kinds import CLUSTER, DATABASE, DATABASE_ROLE, PUBLICATION, SUBSCRIPTION
from gitops_mcp.domain.names import ClusterRef, slug
from gitops_mcp.domain.objects import at, text_at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.text import parse_documents

_NAMED_IN_SQL = frozenset(one.kind for one in (DATABASE, DATABASE_ROLE, PUBLICATION, SUBSCRIPTION))
"""The kinds whose `spec.name` is what PostgreSQL calls the thing."""


@dataclass(frozen=True)
class FilePlace:
    path: str
    appended: bool = False
    """The file exists and gets one more document."""
    own_kustomization: bool = False
    """The siblings' folders hold a kustomization each; so will this one."""
    unlisted: bool = False
    """Nothing lists it: what stands there is applied by itself."""


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


def find_siblings(desired: Desired, kind: str) -> tuple[Sibling, ...]:
    """Those that have a document of their own: one of a base would be copied into every overlay."""
    return tuple(
        _sibling(desired, one)
        for one in desired.declarations
        if one.identity.kind == kind and not one.shared and not one.is_rendered and not one.base
    )


def _sibling(desired: Desired, one: Declaration) -> Sibling:
    kind, name = one.identity.kind, one.identity.name
    cluster = name if kind == CLUSTER.kind else text_at(one.object, "spec", "cluster", "name")
    said = at(one.object, "spec", "name") if kind in _NAMED_IN_SQL else None
    short = said if isinstance(said, str) else name.removeprefix(f"{cluster}-")
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
    found = [
        *_places_of_siblings(desired, near, new),
        *_places_of_siblings(desired, far, new),
        *(_places_near_cluster(desired, cluster, new, layout) if cluster is not None else ()),
        FilePlace(_filled_layout(layout, desired.folder, new)),
    ]
    return tuple(dict.fromkeys(place for place in found if not (alone and place.appended)))


def _is_near(one: Sibling, new: NewObject) -> bool:
    """Of the same namespace and, but for Clusters, of the same Cluster, as far as it is known."""
    is_of_cluster = new.kind == CLUSTER.kind or one.cluster in {new.cluster, None}
    return is_of_cluster and one.namespace in {new.namespace, None}


def _filled_layout(layout: str, folder: str, new: NewObject) -> str:
    """An empty part is dropped."""
    filled = layout.format(path=folder, namespace=new.namespace, cluster=new.cluster or "", name=new.short)
    return "/".join(part for part in filled.split("/") if part)


def _places_of_siblings(desired: Desired, known: Sequence[Sibling], new: NewObject) -> Iterator[FilePlace]:
    """What most siblings do comes first."""
    explained: dict[FilePlace, set[int]] = {}
    in_file = Counter(one.path for one in known)
    for one in known:
        pattern = _path_pattern(one)
        place = _place_beside(desired, one, new, pattern, shared=in_file[one.path] > 1)
        if place is not None:
            fitting = {index for index, other in enumerate(known) if _follows(other, one, pattern, place)}
            explained.setdefault(place, set()).update(fitting)
    yield from sorted(explained, key=lambda place: (-len(explained[place]), place.path))


def _follows(other: Sibling, one: Sibling, pattern: str, place: FilePlace) -> bool:
    if other is one or place.appended:
        return other.path == one.path
    return other.path == _filled_pattern(pattern, other.name, other.short, other.cluster, other.namespace)


def _place_beside(desired: Desired, one: Sibling, new: NewObject, pattern: str, *, shared: bool) -> FilePlace | None:
    """Where siblings share a file it goes there; else into one of its own, named as theirs are.

    What belongs to one Cluster may share a file with anything, and one whose name says nothing of what it holds takes
    more. Two Clusters share a file only where Clusters do so already, or where it holds more under such a name.
    """
    folder, name = posixpath.split(pattern)
    is_named = "{object}" in name or "{name}" in name
    if new.kind != CLUSTER.kind:
        takes_more = one.cluster == new.cluster and (one.beside > 1 or not is_named)
    else:
        is_named = is_named or "{cluster}" in folder
        if not is_named and one.namespace != new.namespace:
            return None
        takes_more = one.namespace == new.namespace and (shared or (one.beside > 1 and not is_named))
        if not is_named:
            pattern = posixpath.join(folder, "{object}.yaml")
    if takes_more:
        return FilePlace(one.path, appended=True)
    path = _filled_pattern(pattern, new.name, new.short, new.cluster, new.namespace)
    own_kustomization = "{cluster}" in folder and posixpath.dirname(one.path) in desired.kustomizations
    return None if path == one.path else FilePlace(path, own_kustomization=own_kustomization)


def _places_near_cluster(desired: Desired, cluster: Declaration, new: NewObject, layout: str) -> Iterator[FilePlace]:
    """Beside the Cluster's document, else where its own overlay is built."""
    name = posixpath.basename(_filled_layout(posixpath.basename(layout), "", new))
    folder = posixpath.dirname(cluster.path)
    together = {one.identity.name for one in desired.clusters if posixpath.dirname(one.path) == folder}
    if len(together) > 1 and "{cluster}" not in posixpath.basename(layout):
        kind = posixpath.basename(layout).partition("{")[0].strip("-_.")
        name = f"{new.cluster}-{kind}-{new.short}.yaml" if kind else f"{new.name}.yaml"
    if not cluster.shared and not cluster.is_rendered and not cluster.base:
        dependents = [
            one
            for one in desired.declarations
            if one.path == cluster.path and at(one.object, "spec", "cluster", "name") == new.cluster
        ]
        if dependents:
            yield FilePlace(cluster.path, appended=True)
    if not cluster.shared:
        yield FilePlace(posixpath.join(folder, name))
    if cluster.root is not None:
        yield FilePlace(posixpath.join(cluster.root, name))


def _path_pattern(one: Sibling) -> str:
    """Its path with placeholders: what is its own stands in the name of the file, what is shared anywhere.

    `prod/shop/role-app.yaml` of role app in namespace shop is `prod/{namespace}/role-{name}.yaml`.
    """
    folder, name = posixpath.split(one.path.replace("{", "{{").replace("}", "}}"))
    for token, placeholder in ((one.name, "{object}"), (one.short, "{name}"), (slug(one.short), "{name}")):
        name = _with_placeholder(name, token, placeholder)
    pattern = posixpath.join(folder, name)
    for shared, placeholder in ((one.cluster, "{cluster}"), (one.namespace, "{namespace}")):
        pattern = _with_placeholder(pattern, shared, placeholder) if shared else pattern
    return pattern


def _with_placeholder(text: str, token: str, placeholder: str) -> str:
    """In place of the token as a whole word of a path, or as one set off by `-`, `_` or `.`."""
    return re.sub(rf"(?<![A-Za-z0-9{{]){re.escape(token)}(?![A-Za-z0-9}}])", placeholder, text)


def _filled_pattern(pattern: str, name: str, short: str, cluster: str | None, namespace: str | None) -> str:
    return pattern.format(object=name, name=short, cluster=cluster or "", namespace=namespace or "")

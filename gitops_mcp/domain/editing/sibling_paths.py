"""Where a new manifest goes: where the repository keeps its siblings, else by the configured layout."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.repository.desired import Declaration, Desired, KustomizationFile, folders_above
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class FilePlace:
    path: str
    appended: bool = False
    """The file exists and gets one more document."""
    own_kustomization: bool = False
    """The siblings' folders hold a kustomization each; so will this one."""
    alone: bool = False
    """Nothing lists it: what stands there is applied by itself."""


def places_for_cluster(desired: Desired, ref: ClusterRef, layout: str) -> tuple[FilePlace, ...]:
    """The places to try for a new Cluster, the likeliest first; the layout's is the last."""
    shared = [FilePlace(path, appended=True) for path in _shared_files(desired, ref)]
    named = [place for _, place in sorted(_beside_clusters(desired, ref), key=lambda one: one[0])]
    return tuple(dict.fromkeys([*shared, *named, FilePlace(fill_layout(layout, desired.folder, ref))]))


def fill_layout(layout: str, folder: str, ref: ClusterRef) -> str:
    """The layout with its placeholders filled; an empty part is dropped."""
    filled = layout.format(path=folder, namespace=ref.namespace, cluster=ref.name)
    return "/".join(part for part in filled.split("/") if part)


def first_place_in_namespace(desired: Desired, ref: ClusterRef, places: Iterable[FilePlace]) -> FilePlace:
    """The first place whose kustomizations leave the object in its namespace. Raises Refused where none does."""
    refused = []
    for place in places:
        moving = _moving_kustomization(desired, ref, place)
        if moving is None:
            return place
        refused.append(f"{place.path} ({moving.path} sets namespace: {moving.namespace})")
    raise Refused(
        f"no place for Cluster {ref} was found: each one's kustomization would move it to another namespace: "
        f"{'; '.join(refused)}. Set layout.cluster to a folder of namespace {ref.namespace}, or name another namespace"
    )


def _own_clusters(desired: Desired) -> Iterator[Declaration]:
    """Clusters with a document that is theirs alone: one of a base would be copied into every overlay."""
    return (one for one in desired.clusters if not one.shared and one.release is None)


def _shared_files(desired: Desired, ref: ClusterRef) -> Iterator[str]:
    """Files that hold several Clusters, one of them in this namespace: one more belongs there."""
    files: dict[str, list[Declaration]] = {}
    for one in _own_clusters(desired):
        if not one.base:
            files.setdefault(one.path, []).append(one)
    for path, declared in sorted(files.items()):
        if len(declared) > 1 and any(one.identity.namespace == ref.namespace for one in declared):
            yield path


def _beside_clusters(desired: Desired, ref: ClusterRef) -> Iterator[tuple[tuple[bool, int, str], FilePlace]]:
    """Places beside each sibling, with their rank: those of the same namespace first, then what most siblings do."""
    alone = [one for one in _own_clusters(desired) if not one.base]
    for sibling in alone:
        elsewhere = sibling.identity.namespace != ref.namespace
        pattern = _cluster_path_pattern(sibling)
        folder = posixpath.dirname(sibling.path)
        if "{cluster}" in pattern:
            fits = sum(
                _fill_pattern(pattern, one.identity.namespace or "", one.identity.name) == one.path for one in alone
            )
            own = folder in desired.kustomizations and "{cluster}" in posixpath.dirname(pattern)
            path = _fill_pattern(pattern, ref.namespace, ref.name)
            yield (elsewhere, -fits, path), FilePlace(path, own_kustomization=own)
        elif not elsewhere and len(parse_documents(desired.texts[sibling.path])) > 1:
            yield (elsewhere, 0, sibling.path), FilePlace(sibling.path, appended=True)
        elif not elsewhere:
            # Its name does not say what it holds; a second file beside it has to.
            path = posixpath.join(folder, f"{ref.name}.yaml")
            yield (elsewhere, 0, path), FilePlace(path)


def _cluster_path_pattern(sibling: Declaration) -> str:
    escaped = sibling.path.replace("{", "{{").replace("}", "}}")
    pattern = _name_as_word(sibling.identity.name).sub("{cluster}", escaped)
    if sibling.identity.namespace:
        pattern = _name_as_word(sibling.identity.namespace).sub("{namespace}", pattern)
    return pattern


def _name_as_word(name: str) -> re.Pattern[str]:
    """The name as a whole part of a path, or as one set off by `-`, `_` or `.`."""
    return re.compile(rf"(?<![A-Za-z0-9{{]){re.escape(name)}(?![A-Za-z0-9}}])")


def _fill_pattern(pattern: str, namespace: str, cluster: str) -> str:
    return pattern.format(namespace=namespace, cluster=cluster)


def _moving_kustomization(desired: Desired, ref: ClusterRef, place: FilePlace) -> KustomizationFile | None:
    reached = {place.path}
    for folder in folders_above(posixpath.dirname(place.path), desired.top(place.path)):
        kustomization = desired.kustomizations.get(folder)
        if kustomization is None:
            continue
        nearest = len(reached) == 1
        if not nearest and not any(kustomization.reaches(one) for one in reached):
            continue
        if kustomization.namespace not in {None, ref.namespace}:
            return kustomization
        reached.add(folder)
    return None

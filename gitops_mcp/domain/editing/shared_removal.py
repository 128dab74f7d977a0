"""Taking an object out whose document makes other live objects too: for this one alone, and nothing else with it.

`apps/one` and `apps/two` both list the component `components/pg`, which has the Cluster. What a person does is to take
the component out of `apps/one/kustomization.yaml`, where it brings nothing else, or to delete the Cluster there by a
patch. Both are drafts here, to be proven by the build of everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gitops_mcp.domain.editing import proof
from gitops_mcp.domain.editing.patches import folders_to_document
from gitops_mcp.domain.editing.placing.kustomization_list import STRUCTURE
from gitops_mcp.domain.engines.reading import kustomization_path, read_documents, texts_in
from gitops_mcp.domain.kinds import may_mean_cnpg
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.draft import id_of
from gitops_mcp.domain.objects import CNPG_GROUP, Object, Path, at, list_at, mapping_at
from gitops_mcp.domain.repository.desired import Declaration, Desired

Entry = tuple[str, str]
"""The folder of a kustomization, and the file or folder that it lists."""

_IN_COMPONENT = frozenset({"apiVersion", "kind", "metadata", "resources", "bases", "components"})
"""What a component may say without touching other objects than its own."""
_PATCHES = frozenset({"patches", "patchesStrategicMerge", "patchesJson6902"})


def own_entry(desired: Desired, files: Mapping[str, str], one: Declaration) -> Entry | None:
    """The innermost entry on the way to a document that leads to it for this object alone."""
    if one.produced is None:
        return None
    way = folders_to_document(files, one)
    taken = {
        each[index:]
        for other in proof.sharers_of_layer(desired, one, one.produced.layers[0])
        for each in (folders_to_document(files, other),)
        for index in range(len(each))
    }
    alone = [index for index in range(len(way)) if way[index:] not in taken]
    if not alone:
        return None
    last = alone[-1]
    return way[last], way[last + 1] if last + 1 < len(way) else one.path


def brings_only(files: Mapping[str, str], path: str, declared: Iterable[Declaration]) -> bool:
    """Whether what is listed brings nothing but these objects, and changes nothing else."""
    places = {(one.path, one.document, one.base) for one in declared}
    return _brings_only(files, path, places, ())


def keeps_others(files: Mapping[str, str], one: Declaration, declared: Iterable[Declaration]) -> bool:
    """Whether the build of an object goes on to have others; Argo CD does not prune all that an Application has."""
    way = folders_to_document(files, one)
    going = {each.path for each in declared}
    for folder, following in zip(way, (*way[1:], one.path), strict=True):
        value = _kustomization(files, folder)
        listed = {join_path(folder, entry) for entry in _entries(value)} - {following} - going
        if listed or any("enerator" in key for key in value):
            return True
    return False


def _brings_only(
    files: Mapping[str, str], path: str, places: set[tuple[str, int, Path]], above: tuple[str, ...]
) -> bool:
    if kustomization_path(files, path) is None:
        text = files.get(path)
        found = [document for document in read_documents(text or "") if document.value is not None]
        return bool(found) and all((path, document.index, ()) in places for document in found)
    value = _kustomization(files, path)
    allowed = _IN_COMPONENT if value.get("kind") == "Component" else STRUCTURE | _IN_COMPONENT
    if path in above or not value.keys() <= allowed | _PATCHES or not all(_patches_cnpg(value)):
        return False
    below = [join_path(path, entry) for entry in _entries(value)]
    return all(one is not None and _brings_only(files, one, places, (*above, path)) for one in below)


def _patches_cnpg(value: Object) -> Iterator[bool]:
    """Whether each patch can mean nothing but objects of CNPG."""
    for entry in (*list_at(value, "patches"), *list_at(value, "patchesJson6902")):
        target, patch = mapping_at(entry, "target"), read_documents(str(at(entry, "patch") or ""))
        groups = (
            [target.get("group")]
            if target
            else [id_of(one.value).group for one in patch if isinstance(one.value, dict)]
        )
        kinds = target.get("kind")
        yield bool(groups) and all(
            group == CNPG_GROUP or (group is None and bool(kinds) and may_mean_cnpg(None, str(kinds)))
            for group in groups
        )
    yield not value.get("patchesStrategicMerge")


def _kustomization(files: Mapping[str, str], folder: str) -> Object:
    found = read_documents(files.get(kustomization_path(files, folder) or "", ""))
    return found[0].value if found and isinstance(found[0].value, dict) else {}


def _entries(value: Object) -> list[str]:
    return [entry for field in ("resources", "bases", "components") for entry in texts_in(value.get(field))]

"""What a Flux Kustomization changes in the engine objects that it applies itself.

A common layout has one Kustomization for all applications which patches variables into each of theirs, so what stands
in the file of a Kustomization is not all that the cluster has.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gitops_mcp.domain.budget import spend
from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.envsubst import Malformed
from gitops_mcp.domain.engines.reading import Files, kustomization_path, mappings_in, read_documents, texts_in
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.draft import Draft
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.selectors import selects
from gitops_mcp.domain.objects import Object, at, mapping_at

_ENGINES = frozenset({"Kustomization", "HelmRelease"})


Parents = Mapping[str, tuple[EngineObject, ...]]
"""The Kustomizations that can have others below them, by their folder."""


def parents(applied: Iterable[EngineObject]) -> Parents:
    found: dict[str, tuple[EngineObject, ...]] = {}
    for one in applied:
        if one.engine == "flux" and one.kind != "HelmRelease" and not one.excluded and one.folder is not None:
            found[one.folder] = (*found.get(one.folder, ()), one)
    return found


def with_parent_changes(one: LocatedObject, above: Parents) -> LocatedObject:
    """An engine object as the nearest Kustomization above it applies it; as written where there is none, or several.

    By folder: which of the files below it a kustomization lists is not asked.
    """
    if one.kind not in _ENGINES:
        return one
    folder = posixpath.dirname(one.place.path)
    while True:
        nearest = [parent for parent in above.get(folder, ()) if parent.place != one.place]
        if nearest or not folder:
            break
        folder = posixpath.dirname(folder)
    spend(20 * len(nearest))
    results = [_changed_by_parent(one.object, parent) for parent in nearest]
    if not results or any(result != results[0] for result in results):
        return one
    return replace(one, object=results[0])


def with_outer_namespace(one: LocatedObject, files: Files) -> LocatedObject:
    """An object with the namespace of the outermost kustomization, at or above its folder, that reaches it."""
    namespace, reached, folder = None, {one.place.path}, posixpath.dirname(one.place.path)
    while True:
        path = kustomization_path(files, folder)
        value = next((document.value for document in read_documents(files[path])), None) if path else None
        entries = (*texts_in(at(value, "resources")), *texts_in(at(value, "bases")))
        if reached & {join_path(folder, entry) for entry in entries}:
            found = at(value, "namespace")
            namespace = found if isinstance(found, str) and found else namespace
            reached.add(folder)
        if not folder:
            break
        folder = posixpath.dirname(folder)
    if namespace in {None, one.namespace}:
        return one
    return replace(
        one, object={**one.object, "metadata": {**mapping_at(one.object.get("metadata")), "namespace": namespace}}
    )


def value_sources(one: LocatedObject) -> Iterator[tuple[str, str]]:
    """(kind, name) of what the patches of a Kustomization make others take variables or values from."""
    for patch in mappings_in(at(one.object, "spec", "patches")):
        for document in read_documents(str(patch.get("patch", ""))):
            for path in (("spec", "postBuild", "substituteFrom"), ("spec", "valuesFrom")):
                for reference in mappings_in(at(document.value, *path)):
                    yield str(reference.get("kind")), str(reference.get("name"))


def _changed_by_parent(value: Object, parent: EngineObject) -> Object:
    for patch in parent.patches:
        value = apply_merge_patch(value, patch)
    try:
        from gitops_mcp.domain.engines import substitution

        return substitution.substitute_object(value, parent.substitution).object
    except Malformed:
        return value


def apply_merge_patch(value: Object, patch: Object) -> Object:
    """With a merge patch made; other patches do not touch engine objects often enough to be read here."""
    for document in read_documents(str(patch.get("patch", ""))):
        target = patch.get("target")
        if isinstance(document.value, dict) and (
            selects_object(target, value) if target else _names_object(document.value, value)
        ):
            kept = {"metadata": {**mapping_at(document.value, "metadata"), "name": at(value, "metadata", "name")}}
            value = _merge_mappings(value, {**document.value, **kept})
    return value


def _names_object(patch: Object, value: Object) -> bool:
    return all(at(patch, *path) == at(value, *path) for path in (("kind",), ("metadata", "name")))


def selects_object(target: Any, value: Object) -> bool:
    """Whether a target means an object; one that cannot be read means none."""
    try:
        return isinstance(target, dict) and selects(target, Draft(value, (), {}))
    except Unsupported:
        return False


def _merge_mappings(value: Any, patch: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(patch, dict):
        return patch
    kept = {key: one for key, one in value.items() if key not in patch}
    return kept | {key: _merge_mappings(value.get(key), one) for key, one in patch.items() if one is not None}

"""What a Flux Kustomization changes in the engine objects that it applies itself.

A common layout has one Kustomization for all applications which patches variables into each of theirs, so what stands
in the file of a Kustomization is not all that the cluster has.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gitops_mcp.domain import substitution
from gitops_mcp.domain.applied import (
    Applied,
    Declared,
    Files,
    joined,
    kustomization_of,
    mapping,
    mappings,
    read,
    strings,
    texts,
)
from gitops_mcp.domain.envsubst import Malformed
from gitops_mcp.domain.objects import Object, at

_ENGINES = frozenset({"Kustomization", "HelmRelease"})
_SELECTORS = ("group", "version", "kind", "name", "namespace")
_SET = re.compile(r"\s*([^\s!=]+?)\s+(in|notin)\s*\(([^)]*)\)\s*")


Parents = Mapping[str, tuple[Applied, ...]]
"""The Kustomizations that can have others below them, by their folder."""


def parents(applied: Iterable[Applied]) -> Parents:
    found: dict[str, tuple[Applied, ...]] = {}
    for one in applied:
        if one.engine == "flux" and one.kind != "HelmRelease" and not one.excluded and one.folder is not None:
            found[one.folder] = (*found.get(one.folder, ()), one)
    return found


def inherited(one: Declared, above: Parents) -> Declared:
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
    results = [_changed(one.object, parent) for parent in nearest]
    if not results or any(result != results[0] for result in results):
        return one
    return replace(one, object=results[0])


def placed(one: Declared, files: Files) -> Declared:
    """An object with the namespace of the outermost kustomization, at or above its folder, that reaches it."""
    namespace, reached, folder = None, {one.place.path}, posixpath.dirname(one.place.path)
    while True:
        path = kustomization_of(files, folder)
        value = next((document.value for document in read(files[path])), None) if path else None
        entries = (*texts(at(value, "resources")), *texts(at(value, "bases")))
        if reached & {joined(folder, entry) for entry in entries}:
            found = at(value, "namespace")
            namespace = found if isinstance(found, str) and found else namespace
            reached.add(folder)
        if not folder:
            break
        folder = posixpath.dirname(folder)
    if namespace in {None, one.namespace}:
        return one
    return replace(
        one, object={**one.object, "metadata": {**mapping(one.object.get("metadata")), "namespace": namespace}}
    )


def references(one: Declared) -> Iterator[tuple[str, str]]:
    """(kind, name) of what the patches of a Kustomization make others take variables or values from."""
    for patch in mappings(at(one.object, "spec", "patches")):
        for document in read(str(patch.get("patch", ""))):
            for path in (("spec", "postBuild", "substituteFrom"), ("spec", "valuesFrom")):
                for reference in mappings(at(document.value, *path)):
                    yield str(reference.get("kind")), str(reference.get("name"))


def _changed(value: Object, parent: Applied) -> Object:
    for patch in parent.patches:
        value = _patched(value, patch)
    try:
        return substitution.substituted(value, parent.substitution).object
    except Malformed:
        return value


def _patched(value: Object, patch: Object) -> Object:
    """With a merge patch made; other patches do not touch engine objects often enough to be read here."""
    for document in read(str(patch.get("patch", ""))):
        target = patch.get("target")
        if isinstance(document.value, dict) and (_selects(target, value) if target else _names(document.value, value)):
            kept = {"metadata": {**(at(document.value, "metadata") or {}), "name": at(value, "metadata", "name")}}
            value = _merged(value, {**document.value, **kept})
    return value


def _names(patch: Object, value: Object) -> bool:
    return all(at(patch, *path) == at(value, *path) for path in (("kind",), ("metadata", "name")))


def _selects(target: Any, value: Object) -> bool:
    group, _, version = str(value.get("apiVersion")).rpartition("/")
    has = {
        "group": group,
        "version": version,
        "kind": str(value.get("kind")),
        "name": str(at(value, "metadata", "name")),
        "namespace": str(at(value, "metadata", "namespace") or "default"),
    }
    for field in _SELECTORS:
        wanted = at(target, field)
        if wanted and not _matches(str(wanted), has[field]):
            return False
    return _labelled(at(target, "labelSelector"), at(value, "metadata", "labels")) and _labelled(
        at(target, "annotationSelector"), at(value, "metadata", "annotations")
    )


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _labelled(selector: Any, labels: Any) -> bool:
    """`a=b, c!=d, e in (f, g), h notin (i), j, !k`."""
    has = strings(labels)
    for term in re.split(r",(?![^(]*\))", str(selector)) if selector else ():
        text = term.strip()
        if found := _SET.fullmatch(text):
            among = has.get(found.group(1)) in {word.strip() for word in found.group(3).split(",")}
            holds = among if found.group(2) == "in" else not among
        elif "=" in text:
            key, _, wanted = text.partition("=")
            negated = key.endswith("!")
            holds = (has.get(key.rstrip("!").strip()) == wanted.lstrip("=").strip()) != negated
        else:
            holds = (text.removeprefix("!") in has) != text.startswith("!")
        if not holds:
            return False
    return True


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(value, dict) or not isinstance(patch, dict):
        return patch
    kept = {key: one for key, one in value.items() if key not in patch}
    return kept | {key: _merged(value.get(key), one) for key, one in patch.items() if one is not None}

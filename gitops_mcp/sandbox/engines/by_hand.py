"""What a person applies with kubectl before an engine applies the rest: engine objects that nothing in Git applies."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping

from gitops_mcp.domain import kinds
from gitops_mcp.domain.engines.declared import declared_objects
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.kustomize import has_kustomization, render_kustomization
from gitops_mcp.sandbox.store.resources import NAMESPACE

_APPLYING = (kinds.APPLICATION, kinds.APPLICATION_SET, kinds.KUSTOMIZATION)
_KNOWN = {(one.group, one.kind) for one in (*_APPLYING, kinds.APP_PROJECT, kinds.GIT_REPOSITORY)}


def apply_by_hand(store: Store, objects: Iterable[Object]) -> None:
    there = {one["metadata"]["name"] for one in store.list(NAMESPACE)}
    for one in objects:
        if (namespace := at(one, "metadata", "namespace")) and namespace not in there:
            store.create(NAMESPACE, {"metadata": {"name": namespace}})
            there.add(namespace)
        if resource := store.resource_for(one["apiVersion"], one["kind"]):
            store.create(resource, one)


def applied_by_hand(files: Mapping[str, bytes], is_namespaced: Callable[[Object], bool]) -> tuple[Object, ...]:
    """Each once, by the folder of its file: the kustomization there, else the files; nothing where Git has none."""
    found: dict[tuple[str, str, str], Object] = {}
    for folder in sorted(set(_root_folders(files))):
        for one in _objects_of(files, folder, is_namespaced):
            key = (one["kind"], str(at(one, "metadata", "namespace")), one["metadata"]["name"])
            found.setdefault(key, one)
    return tuple(found.values())


def engine_of(objects: Iterable[Object]) -> str | None:
    """`flux` or `argocd`."""
    groups = {one["apiVersion"].partition("/")[0] for one in objects}
    return "flux" if kinds.KUSTOMIZATION.group in groups else "argocd" if groups else None


def _root_folders(files: Mapping[str, bytes]) -> Iterator[str]:
    """Those of engine objects that stand in no folder which another one applies."""
    marks = tuple({f"{one.group}/" for one in _APPLYING})
    applying = [one for one in declared_objects(_texts(files), marks) if (one.group, one.kind) in _KNOWN]
    folders = {one.label: _folder_of(one.object) for one in applying}
    for one in applying:
        above = (folder for label, folder in folders.items() if label != one.label and folder is not None)
        if one.kind != "AppProject" and not any(_is_in(one.place.path, folder) for folder in above):
            yield posixpath.dirname(one.place.path)


def _folder_of(one: Object) -> str | None:
    path = at(one, "spec", "path") or at(one, "spec", "source", "path")
    return posixpath.normpath(path) if isinstance(path, str) and one["kind"] != "ApplicationSet" else None


def _is_in(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def _objects_of(files: Mapping[str, bytes], folder: str, is_namespaced: Callable[[Object], bool]) -> Iterator[Object]:
    if has_kustomization(files, folder):
        every: Iterable[Object] = render_kustomization(files, folder, is_namespaced=is_namespaced, by_model=True)
    else:
        here = {path: text for path, text in _texts(files).items() if posixpath.dirname(path) == folder}
        every = (one.object for one in declared_objects(here, ("apiVersion:",)))
    yield from (one for one in every if (one["apiVersion"].rpartition("/")[0], one["kind"]) in _KNOWN)


def _texts(files: Mapping[str, bytes]) -> dict[str, str]:
    return {path: text.decode(errors="replace") for path, text in files.items() if path.endswith((".yaml", ".yml"))}

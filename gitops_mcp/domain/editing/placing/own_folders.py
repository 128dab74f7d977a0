"""The folders that a new object may stand in: those that are built with what it belongs to, and for it alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import directory_files
from gitops_mcp.domain.kinds import DATABASE, DATABASE_ROLE, PUBLICATION, SUBSCRIPTION
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.desired import Declaration, Desired, folders_above

_CHANGES_NOTHING = frozenset({"apiVersion", "kind", "metadata", "resources", "sortOptions"})
_WORD = re.compile("[a-z0-9]+")
_SAID_OF_ALL = frozenset(
    {
        "cluster",
        "clusters",
        "cnpg",
        "database",
        "databases",
        "db",
        "dbs",
        "main",
        "pg",
        "postgres",
        "postgresql",
        "prod",
    }
)
NAMED_IN_SQL = frozenset(one.kind for one in (DATABASE, DATABASE_ROLE, PUBLICATION, SUBSCRIPTION))
"""The kinds whose `spec.name` is what PostgreSQL calls the thing."""
ApplierKey = tuple[str | None, ...]


def applier_key(one: Declaration) -> ApplierKey:
    """An ApplicationSet is one, whatever Applications it makes."""
    by = one.applied
    return (by.kind, by.namespace, by.name, by.place.path) if by else ()


def is_built_with(one: Declaration, other: Declaration) -> bool:
    """Whether the same engine object applies both, of the same folder."""
    folders = [found.applied.folder if found.applied else None for found in (one, other)]
    return applier_key(one) == applier_key(other) and folders[0] == folders[1]


def stands_in_base(desired: Desired, one: Declaration) -> bool:
    """Whether it comes into the folder that is built from a base or a component, which is there to be used by more."""
    if one.shared:
        return True
    if one.root is None or one.release is not None:
        return False
    folder = posixpath.dirname(one.path)
    if any(_is_component(desired, above) for above in folders_above(folder, "")):
        return True
    built = desired.kustomizations.get(one.root)
    if is_below(folder, one.root) or built is None:
        return False
    return len(built.resources) < 2 or not built.object.keys() <= _CHANGES_NOTHING


def _is_component(desired: Desired, folder: str) -> bool:
    found = desired.kustomizations.get(folder)
    return found is not None and found.object.get("kind") == "Component"


def folders_of(desired: Desired, cluster: Declaration) -> Iterator[str]:
    """Where what belongs to a Cluster may stand: beside it, else where its own overlay is built."""
    if cluster.release is not None:
        yield from _folders_beside_chart(desired, cluster)
        return
    if not stands_in_base(desired, cluster):
        yield posixpath.dirname(cluster.path)
    yield from _overlays_of(cluster)


def _overlays_of(one: Declaration) -> Iterator[str]:
    """The folder that is built, after the one in it that the object comes through first: an app of an environment."""
    if one.root is None:
        return
    for layer in one.produced.layers[1:] if one.produced else ():
        if layer.folder != one.root and is_below(layer.folder, one.root):
            yield layer.folder
            break
    yield one.root


def _folders_beside_chart(desired: Desired, cluster: Declaration) -> Iterator[str]:
    """What applies a chart applies no file: another source of it does, or what is there for the same namespace alone.

    The folder of a HelmRelease is of its namespace too; that of an Application is of Argo CD's.
    """
    by, namespace = cluster.applied, cluster.identity.namespace
    if by is None:
        return
    yield from (one.folder or "" for one in desired.engines if one.place == by.place and applies_folder(one))
    if by.engine == "flux":
        yield posixpath.dirname(by.place.path)
    yield from folders_for_namespace(desired, namespace, by)


def folders_for_namespace(desired: Desired, namespace: str | None, like: EngineObject | None = None) -> Iterator[str]:
    """The folder of the one engine object that applies to a namespace; nothing where there are several.

    `like`: one that applies to the same cluster.
    """
    found = {
        one.folder or ""
        for one in desired.engines
        if applies_folder(one)
        and (like is None or one.destination == like.destination)
        and is_for_namespace(desired, one, namespace)
    }
    if len(found) == 1:
        yield from found


def is_for_namespace(desired: Desired, one: EngineObject, namespace: str | None) -> bool:
    """Whether an engine object puts what it applies there, or the kustomization of its folder does."""
    built = desired.kustomizations.get(one.folder or "")
    by_folder = built.namespace if built is not None and one.build == "kustomize" else None
    return namespace is not None and namespace in {one.target_namespace, one.default_namespace, by_folder}


def applies_folder(one: EngineObject) -> bool:
    return one.folder is not None and one.build != "helm" and one.counts


def folders_of_bases(desired: Desired, namespace: str) -> Iterator[str]:
    """The overlays of a namespace whose Clusters stand in a base."""
    for one in desired.clusters:
        is_here = one.identity.namespace == namespace and stands_in_base(desired, one)
        for folder in _overlays_of(one) if is_here else ():
            if not is_for_one(desired, folder, one.identity.name, namespace):
                yield folder


def clusters_of_folder(desired: Desired, folder: str) -> set[str]:
    """The names of the Clusters whose objects stand there: beside them, or in their overlay."""
    return {
        one.identity.name
        for one in desired.clusters
        if folder in (_overlays_of(one) if stands_in_base(desired, one) else (posixpath.dirname(one.path),))
    }


def folders_of_namespace(desired: Desired, namespace: str) -> Iterator[str]:
    """What is applied as the folder of a namespace: it is called so."""
    for folder in folders_for_namespace(desired, namespace):
        if posixpath.basename(folder) == namespace:
            yield folder


def is_for_one(desired: Desired, folder: str, cluster: str, namespace: str | None) -> bool:
    """Whether a folder is there for one Cluster, or its application: a word in both names says whose it is."""
    if not desired.engines:
        return False
    said = set(_WORD.findall(cluster)) - _SAID_OF_ALL - set(_WORD.findall(namespace or ""))
    return not said.isdisjoint(_WORD.findall(folder))


def dependents_of(desired: Desired, cluster: Declaration) -> list[Declaration]:
    name, namespace = cluster.identity.name, cluster.identity.namespace
    return [
        one
        for one in desired.declarations
        if at(one.object, "spec", "cluster", "name") == name and one.identity.namespace == namespace
    ]


def folder_of_dependents(desired: Desired, cluster: Declaration, kind: str) -> Iterator[str]:
    """Where all that belongs to a Cluster stands, if that is one folder, apart from it, that holds nothing else.

    For what has a name in SQL, all of such kinds: the folder is theirs, of whatever Cluster they are.
    """
    kinds = NAMED_IN_SQL if kind in NAMED_IN_SQL else None
    found = [one for one in dependents_of(desired, cluster) if kinds is None or one.identity.kind in kinds]
    folders = {posixpath.dirname(one.path) for one in found}
    if len(found) > 1 and len(folders) == 1 and not any(stands_in_base(desired, one) for one in found):
        built = desired.kustomizations.get(folder := folders.pop())
        paths = {
            one.path for one in (desired.declarations if kinds else found) if not kinds or one.identity.kind in kinds
        }
        if built is None or {posixpath.join(folder, entry.removeprefix("./")) for entry in built.resources} <= paths:
            yield folder


def is_below(path: str, folder: str) -> bool:
    return not folder or f"{path}/".startswith(f"{folder}/")


def builder_of(desired: Desired, path: str, like: Declaration | None) -> tuple[str | None, EngineObject | None]:
    """The folder that is built with a file in it, and the engine object that builds it; None where none does.

    `like`: what it is to be applied with; else what lies nearest.
    """
    if like is not None and like.root is not None and is_below(path, like.root):
        return like.root, like.applied
    if like is not None and like.applied is not None and _holds(like.applied, path):
        return like.applied.folder, like.applied
    found = max(
        (one for one in desired.engines if _holds(one, path)), key=lambda one: len(one.folder or ""), default=None
    )
    return (found.folder, found) if found is not None else (None, None)


def _holds(one: EngineObject, path: str) -> bool:
    return applies_folder(one) and is_below(path, one.folder or "")


def takes_file(one: EngineObject, path: str) -> bool:
    """Whether a directory of Argo CD takes a file of that name."""
    return bool(directory_files(one, {path: ""}))


def selected_names(one: EngineObject, name: str, kind: str) -> Iterator[str]:
    """What a file would be called that its `include` takes, with a name in place of a `*`; or its `exclude` leaves."""
    pattern = one.selection.include
    options = pattern.removeprefix("{").removesuffix("}").split(",") if pattern else []
    for option in sorted(options, key=lambda option: kind.lower() not in option.lower()):
        last = posixpath.basename(option.strip())
        if last.count("*") == 1 and not set(last) & set("?[]{}\\"):
            yield last.replace("*", name)
    if pattern or one.selection.exclude:
        yield f"{name}.yaml"

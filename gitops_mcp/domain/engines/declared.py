"""The engine objects that a commit declares, and what each of them applies.

Only what the repository itself says: an engine object that was made by hand or by Terraform is not here, and what the
running engines report is in `engine`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.budget import spend, spent_by
from gitops_mcp.domain.engines import argocd, flux, flux_instances, flux_parents, resource_set
from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.flux_instances import CHART
from gitops_mcp.domain.engines.flux_sources import FluxContext
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.engines.other_address import other_address
from gitops_mcp.domain.engines.reading import Files, TextPlace, kustomization_path, read_documents
from gitops_mcp.domain.engines.source_url import PUSHES
from gitops_mcp.domain.kustomize import Build, FileTree, Loads
from gitops_mcp.domain.objects import CNPG_GROUP, Path, at
from gitops_mcp.domain.yaml.text import line_of_path

if TYPE_CHECKING:
    from gitops_mcp.domain.engines.applicationsets.rows import Repository

MARKS = tuple(f"{group}/" for group in (*flux.GROUPS, argocd.GROUP))
"""What a file holds that declares an engine object or a source."""

APPLIER_MARKS = tuple(f"{group}/" for group in (flux.KUSTOMIZE_GROUP, flux_instances.INSTANCE_GROUP, argocd.GROUP))
"""What a file holds that declares an engine object which applies folders."""

HINTS = (CHART, *PUSHES)
"""What a file holds that may say more of a source."""

_GROUPS = frozenset({*flux.GROUPS, argocd.GROUP, ""})
_ROUNDS = 5


def find_engine_objects(
    files: Files,
    *,
    remotes: tuple[str, ...],
    revision: str,
    tree: FileTree | None = None,
    others: Iterable[str] = (),
    folder: str = "",
) -> tuple[EngineObject, ...]:
    """Every engine object; `remotes` are the URLs of this repository, `revision` its base branch.

    Each as the kustomizations that list it, and the Flux Kustomizations that apply it, make it. `others`: the paths
    of all files that were not read. `folder`: of the environment, which says what is meant where each has its own.
    """
    tree = tree or FileTree(files)
    written = tuple(declared_objects(files, MARKS))
    listed: dict[flux_parents.Key, list[LocatedObject]] = {}
    for lister in flux_parents.listing_folders(files, written):
        build = kustomize.build_folder(tree, lister, loads="any", groups=_GROUPS)
        _add_objects(listed, flux_parents.objects_of_build(build, lister, None))
    applied: tuple[EngineObject, ...] = ()
    made: flux_parents.Made = listed
    other = other_address(written, files, remotes)
    known_as = (*remotes, other) if other else remotes
    known: dict[tuple[object, ...], tuple[EngineObject, list[LocatedObject]]] = {}
    for _ in range(_ROUNDS):
        found = tuple(flux_parents.as_built(written, made))
        found = (*found, *_referred_objects(found, files, made))
        again = _engine_objects(FluxContext(files, found, known_as, revision, folder), others)
        if again == applied:
            break
        applied = again
        by_parents: dict[flux_parents.Key, list[LocatedObject]] = {}
        for one in flux_parents.parents(applied):
            key = (one.place, one.generated, one.name)
            if key not in known or known[key][0] != one:
                known[key] = one, list(_objects_below(tree, one))
            _add_objects(by_parents, known[key][1])
        made = {**listed, **by_parents}
    return tuple(_known_as(one, other, remotes) for one in applied) if other else applied


def _known_as(one: EngineObject, other: str, remotes: tuple[str, ...]) -> EngineObject:
    if not one.counts or one.folder is None or one.assumed:
        return one
    return replace(one, assumed=f"it applies {other}, all of which is here, and the remote here is {remotes[0]}")


def _objects_below(tree: FileTree, one: EngineObject) -> Iterator[LocatedObject]:
    paths: Files = tree.files
    if one.build == "directory" and one.folder:
        paths = {path: text for path, text in tree.files.items() if path.startswith(f"{one.folder}/")}
    with spent_by(one.place.path):
        spend(2 + len(paths) * 3 if one.build == "directory" else 20)
        for folder, build in engine_builds(tree, one, paths, groups=_GROUPS):
            spend(10 * len(build.produced))
            yield from flux_parents.objects_of_build(build, folder, one)


def _add_objects(made: dict[flux_parents.Key, list[LocatedObject]], found: Iterable[LocatedObject]) -> None:
    for one in found:
        made.setdefault(flux_parents.key_of(one), []).append(one)


def declared_objects(files: Files, marks: Iterable[str]) -> Iterator[LocatedObject]:
    """Every object of the files that hold one of the marks, items of a `kind: List` too."""
    wanted = tuple(marks)
    for path in sorted(files):
        text = files[path]
        if path.endswith(".tpl") or not any(mark in text for mark in wanted):  # a template is no manifest
            continue
        with spent_by(path):
            documents = read_documents(text)
        for document in documents:
            items = at(document.value, "items") if at(document.value, "kind") == "List" else None
            for index, item in enumerate(items if isinstance(items, list) else ()):
                base: Path = ("items", index)
                if _is_object(item):
                    yield LocatedObject(
                        item, TextPlace(path, document.index, base, line_of_path(text, document.index, base))
                    )
            if items is None and _is_object(document.value):
                yield LocatedObject(document.value, TextPlace(path, document.index, (), document.line))


def all_value_sources(files: Files) -> frozenset[tuple[str, str]]:
    """(kind, name) of every ConfigMap and Secret that variables or values come from, for whoever reads the files."""
    return frozenset(_value_sources(declared_objects(files, MARKS)))


def _value_sources(found: Iterable[LocatedObject]) -> Iterator[tuple[str, str]]:
    return (reference for one in found for each in (flux, flux_parents) for reference in each.value_sources(one))


def directory_files(applied: EngineObject, files: Files) -> tuple[str, ...]:
    """The files that a directory build takes, sorted."""
    return tuple(path for path in sorted(files) if applied.folder is not None and takes_file(applied, path, files))


def directory_folders(applied: EngineObject, files: Files) -> tuple[str, ...]:
    """The folders with a kustomization of their own that a Flux directory build takes as resources."""
    if applied.folder is None or not applied.selection.stops_at_kustomizations:
        return ()
    found = {_first_kustomization(path, applied.folder, files) for path in files if _path_below(path, applied.folder)}
    return tuple(sorted(one for one in found if one is not None))


def engine_builds(
    tree: FileTree, one: EngineObject, paths: Files, *, groups: Container[str] = frozenset({CNPG_GROUP})
) -> Iterator[tuple[str, Build]]:
    """What an engine object builds, folder by folder; `paths` are the files below its own."""
    extra = one.sections
    folder = one.folder or ""
    loads: Loads = "any" if one.engine == "flux" else "root only"
    if one.build == "kustomize":
        yield folder, kustomize.build_folder(tree, folder, extra=extra, loads=loads, groups=groups)
        return
    yield folder, kustomize.build_files(tree, folder, directory_files(one, paths), extra=extra, groups=groups)
    for below in directory_folders(one, paths):
        yield below, kustomize.build_folder(tree, below, extra=extra, loads="any", groups=groups)


def takes_file(applied: EngineObject, path: str, files: Files) -> bool:
    folder, selection = applied.folder or "", applied.selection
    relative = _path_below(path, folder)
    if relative is None or ("/" in relative and not selection.recurse):
        return False
    if applied.engine == "flux":
        named_so = path.endswith((".yaml", ".yml"))
        return named_so and _first_kustomization(path, folder, files) is None
    if not path.endswith((".yaml", ".yml", ".json")) or argocd.SKIPPED in files[path]:
        return False
    if selection.exclude and glob(selection.exclude, crosses=True).fullmatch(relative):
        return False
    return not selection.include or bool(glob(selection.include, crosses=True).fullmatch(relative))


def _path_below(path: str, folder: str) -> str | None:
    """The path from the folder, or None where it is not below it."""
    if not folder:
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None


def _first_kustomization(path: str, top: str, files: Files) -> str | None:
    """The uppermost folder below `top`, on the way to the path, that has a kustomization."""
    relative = posixpath.dirname(_path_below(path, top) or "")
    here = top
    for part in relative.split("/") if relative else ():
        here = posixpath.join(here, part)
        if kustomization_path(files, here):
            return here
    return None


def _referred_objects(found: Iterable[LocatedObject], files: Files, made: flux_parents.Made) -> Iterable[LocatedObject]:
    """The ConfigMaps and Secrets that variables and values come from, and what makes such Secrets."""
    wanted = set(_value_sources(found))
    wanted |= {(flux.SEALED, name) for kind, name in wanted if kind == "Secret"}
    marks = tuple({name for _, name in wanted})
    if not marks:
        return ()
    return flux_parents.with_built(
        (one for one in declared_objects(files, marks) if (one.kind, one.name) in wanted), made, wanted
    )


def _engine_objects(context: FluxContext, others: Iterable[str]) -> tuple[EngineObject, ...]:
    found = context.found
    sets = [one for one in found if (one.group, one.kind) == (flux_instances.INSTANCE_GROUP, resource_set.KIND)]
    found = (*found, *(made for one in sets for made in resource_set.located_objects(one, found)))
    context = replace(context, found=found)
    applied = [flux.interpret_sync(one, context) for one in context.syncs]

    @cache
    def around() -> Repository:
        from gitops_mcp.domain.engines.applicationsets.rows import Repository

        return Repository(context.files, others, found, context.remotes, context.revision)

    for one in found:
        with spent_by(one.place.path):
            for made in _read_by_kind(one, context, around):
                spend(10)
                applied.append(made)
    return tuple(applied)


def _read_by_kind(one: LocatedObject, context: FluxContext, around: Callable[[], Repository]) -> Iterator[EngineObject]:
    """`around`: what ApplicationSets see of the repository, for when there is one."""
    match one.group, one.kind:
        case flux.KUSTOMIZE_GROUP, "Kustomization":
            yield flux.interpret_kustomization(one, context)
        case flux.HELM_GROUP, "HelmRelease":
            from gitops_mcp.domain.engines import helmrelease

            yield helmrelease.interpret_helm_release(one, context)
        case flux_instances.INSTANCE_GROUP, resource_set.KIND:
            yield resource_set.interpret_resource_set(one, context.found)
        case argocd.GROUP, "Application":
            yield from argocd.interpret_application(
                one, context.files, remotes=context.remotes, revision=context.revision
            )
        case argocd.GROUP, "ApplicationSet":
            from gitops_mcp.domain.engines.applicationsets.interpret import interpret_application_set

            yield from interpret_application_set(one, around())


def _is_object(value: object) -> bool:
    return (
        isinstance(at(value, "apiVersion"), str)
        and isinstance(at(value, "kind"), str)
        and isinstance(at(value, "metadata", "name"), str)
    )

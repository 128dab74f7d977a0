"""The engine objects that a commit declares, and what each of them applies.

Only what the repository itself says: an engine object that was made by hand or by Terraform is not here, and what the
running engines report is in `engine`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from gitops_mcp.domain.budget import spend, spent_by
from gitops_mcp.domain.engines import argocd, flux, flux_parents
from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.engines.reading import Files, TextPlace, kustomization_path, read_documents
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.yaml.text import line_of_path

if TYPE_CHECKING:
    from gitops_mcp.domain.engines.applicationsets.rows import Repository

MARKS = tuple(f"{group}/" for group in (*flux.GROUPS, argocd.GROUP))
"""What a file holds that declares an engine object or a source."""

_ROUNDS = 4


def find_engine_objects(
    files: Files,
    *,
    remotes: tuple[str, ...],
    revision: str,
    objects: Iterable[LocatedObject] | None = None,
    others: Iterable[str] = (),
) -> tuple[EngineObject, ...]:
    """Every engine object; `remotes` are the URLs of this repository, `revision` its base branch.

    `others`: the paths of all files that were not read.

    `objects`: the engine objects as they come out of a build, instead of those of the files, which get no more than
    the namespace of the kustomizations that list them. A Flux Kustomization's own patches and variables are worked
    into the engine objects below its path in any case.
    """
    found = tuple(declared_objects(files, MARKS) if objects is None else objects)
    found = (*found, *_referred_objects(found, files))
    if objects is None:
        found = tuple(flux_parents.with_outer_namespace(one, files) for one in found)
    applied = _engine_objects(found, files, remotes, revision, others)
    for _ in range(_ROUNDS):
        if not (above := flux_parents.parents(applied)):
            break
        inherited = tuple(flux_parents.with_parent_changes(one, above) for one in found)
        again = _engine_objects(inherited, files, remotes, revision, others)
        if again == applied:
            break
        applied = again
    return applied


def declared_objects(files: Files, marks: Iterable[str]) -> Iterator[LocatedObject]:
    """Every object of the files that hold one of the marks, items of a `kind: List` too."""
    wanted = tuple(marks)
    for path in sorted(files):
        text = files[path]
        if not any(mark in text for mark in wanted):
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
    return frozenset(reference for one in declared_objects(files, MARKS) for reference in flux.value_sources(one))


def directory_files(applied: EngineObject, files: Files) -> tuple[str, ...]:
    """The files that a directory build takes, sorted."""
    return tuple(path for path in sorted(files) if applied.folder is not None and _takes_file(applied, path, files))


def directory_folders(applied: EngineObject, files: Files) -> tuple[str, ...]:
    """The folders with a kustomization of their own that a Flux directory build takes as resources."""
    if applied.folder is None or not applied.selection.stops_at_kustomizations:
        return ()
    found = {_first_kustomization(path, applied.folder, files) for path in files if _path_below(path, applied.folder)}
    return tuple(sorted(one for one in found if one is not None))


def _takes_file(applied: EngineObject, path: str, files: Files) -> bool:
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


def _referred_objects(found: Iterable[LocatedObject], files: Files) -> Iterator[LocatedObject]:
    """The ConfigMaps and Secrets that variables and values come from, and what makes such Secrets."""
    wanted = {reference for one in found for each in (flux, flux_parents) for reference in each.value_sources(one)}
    wanted |= {(flux.SEALED, name) for kind, name in wanted if kind == "Secret"}
    marks = tuple({name for _, name in wanted})
    return (one for one in declared_objects(files, marks) if (one.kind, one.name) in wanted) if marks else iter(())


def _engine_objects(
    found: tuple[LocatedObject, ...], files: Files, remotes: tuple[str, ...], revision: str, others: Iterable[str]
) -> tuple[EngineObject, ...]:
    context = flux.FluxContext(files, found, remotes, revision)
    applied: list[EngineObject] = []

    @cache
    def around() -> Repository:
        from gitops_mcp.domain.engines.applicationsets.rows import Repository

        return Repository(files, others, found, remotes, revision)

    for one in found:
        with spent_by(one.place.path):
            for made in _read_by_kind(one, context, around):
                spend(10)
                applied.append(made)
    return tuple(applied)


def _read_by_kind(
    one: LocatedObject, context: flux.FluxContext, around: Callable[[], Repository]
) -> Iterator[EngineObject]:
    """`around`: what ApplicationSets see of the repository, for when there is one."""
    match one.group, one.kind:
        case flux.KUSTOMIZE_GROUP, "Kustomization":
            yield flux.interpret_kustomization(one, context)
        case flux.HELM_GROUP, "HelmRelease":
            from gitops_mcp.domain.engines import helmrelease

            yield helmrelease.interpret_helm_release(one, context)
        case flux.INSTANCE_GROUP, "FluxInstance":
            if (made := flux.interpret_instance(one, context)) is not None:
                yield made
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

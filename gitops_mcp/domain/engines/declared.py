"""The engine objects that a commit declares, and what each of them applies.

Only what the repository itself says: an engine object that was made by hand or by Terraform is not here, and what the
running engines report is in `engine`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from gitops_mcp.domain import applicationset, argocd, flux, helmrelease, inheritance
from gitops_mcp.domain.applied import Applied, Declared, Files, Place, kustomization_of, read
from gitops_mcp.domain.globs import glob
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.yamltext import line_of

MARKS = tuple(f"{group}/" for group in (*flux.GROUPS, argocd.GROUP))
"""What a file holds that declares an engine object or a source."""

_ROUNDS = 4


def engines(
    files: Files, *, remotes: tuple[str, ...], revision: str, objects: Iterable[Declared] | None = None
) -> tuple[Applied, ...]:
    """Every engine object; `remotes` are the URLs of this repository, `revision` its base branch.

    `objects`: the engine objects as they come out of a build, instead of those of the files, which get no more than
    the namespace of the kustomizations that list them. A Flux Kustomization's own patches and variables are worked
    into the engine objects below its path in any case.
    """
    found = tuple(declared(files, MARKS) if objects is None else objects)
    found = (*found, *_referred(found, files))
    if objects is None:
        found = tuple(inheritance.placed(one, files) for one in found)
    applied = _applied(found, files, remotes, revision)
    for _ in range(_ROUNDS):
        above = inheritance.parents(applied)
        inherited = tuple(inheritance.inherited(one, above) for one in found)
        again = _applied(inherited, files, remotes, revision)
        if again == applied:
            break
        applied = again
    return applied


def declared(files: Files, marks: Iterable[str]) -> Iterator[Declared]:
    """Every object of the files that hold one of the marks, items of a `kind: List` too."""
    wanted = tuple(marks)
    for path in sorted(files):
        text = files[path]
        if not any(mark in text for mark in wanted):
            continue
        for document in read(text):
            items = at(document.value, "items") if at(document.value, "kind") == "List" else None
            for index, item in enumerate(items if isinstance(items, list) else ()):
                base: Path = ("items", index)
                if _is_object(item):
                    yield Declared(item, Place(path, document.index, base, line_of(text, document.index, base)))
            if items is None and _is_object(document.value):
                yield Declared(document.value, Place(path, document.index, (), document.line))


def definers(files: Files) -> frozenset[tuple[str, str]]:
    """(kind, name) of every ConfigMap and Secret that variables or values come from, for whoever reads the files."""
    return frozenset(reference for one in declared(files, MARKS) for reference in flux.references(one))


def files_of(applied: Applied, files: Files) -> tuple[str, ...]:
    """The files that a directory build takes, sorted."""
    return tuple(path for path in sorted(files) if applied.folder is not None and _takes(applied, path, files))


def folders_of(applied: Applied, files: Files) -> tuple[str, ...]:
    """The folders with a kustomization of their own that a Flux directory build takes as resources."""
    if applied.folder is None or not applied.selection.stops_at_kustomizations:
        return ()
    found = {_first_kustomization(path, applied.folder, files) for path in files if _below(path, applied.folder)}
    return tuple(sorted(one for one in found if one is not None))


def _takes(applied: Applied, path: str, files: Files) -> bool:
    folder, selection = applied.folder or "", applied.selection
    relative = _below(path, folder)
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


def _below(path: str, folder: str) -> str | None:
    """The path from the folder, or None where it is not below it."""
    if not folder:
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None


def _first_kustomization(path: str, top: str, files: Files) -> str | None:
    """The uppermost folder below `top`, on the way to the path, that has a kustomization."""
    relative = posixpath.dirname(_below(path, top) or "")
    here = top
    for part in relative.split("/") if relative else ():
        here = posixpath.join(here, part)
        if kustomization_of(files, here):
            return here
    return None


def _referred(found: Iterable[Declared], files: Files) -> Iterator[Declared]:
    """The ConfigMaps and Secrets that variables and values come from, and what makes such Secrets."""
    wanted = {reference for one in found for each in (flux, inheritance) for reference in each.references(one)}
    wanted |= {(flux.SEALED, name) for kind, name in wanted if kind == "Secret"}
    marks = tuple({name for _, name in wanted})
    return (one for one in declared(files, marks) if (one.kind, one.name) in wanted) if marks else iter(())


def _applied(found: tuple[Declared, ...], files: Files, remotes: tuple[str, ...], revision: str) -> tuple[Applied, ...]:
    context = flux.Context(files, found, remotes, revision)
    return tuple(applied for one in found for applied in _one(one, context))


def _one(one: Declared, context: flux.Context) -> Iterator[Applied]:
    match one.group, one.kind:
        case flux.KUSTOMIZE_GROUP, "Kustomization":
            yield flux.kustomization(one, context)
        case flux.HELM_GROUP, "HelmRelease":
            yield helmrelease.helm_release(one, context)
        case flux.INSTANCE_GROUP, "FluxInstance":
            if (made := flux.instance(one, context)) is not None:
                yield made
        case argocd.GROUP, "Application":
            yield from argocd.application(one, context.files, remotes=context.remotes, revision=context.revision)
        case argocd.GROUP, "ApplicationSet":
            yield from applicationset.applications(
                one, context.files, remotes=context.remotes, revision=context.revision
            )


def _is_object(value: object) -> bool:
    return (
        isinstance(at(value, "apiVersion"), str)
        and isinstance(at(value, "kind"), str)
        and isinstance(at(value, "metadata", "name"), str)
    )

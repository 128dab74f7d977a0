"""The engine objects that a commit declares, and what each of them applies.

Only what the repository itself says: an engine object that was made by hand or by Terraform is not here, and what the
running engines report is in `engine`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator
from dataclasses import replace
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.budget import spend, spent_by
from gitops_mcp.domain.engines import argocd
from gitops_mcp.domain.engines.applies import EngineObject, LocatedObject
from gitops_mcp.domain.engines.flux import flux_parents, instances, kustomizations, resource_set
from gitops_mcp.domain.engines.flux.instances import CHART
from gitops_mcp.domain.engines.flux.sources import FluxContext
from gitops_mcp.domain.engines.globs import glob
from gitops_mcp.domain.engines.left_out import leaving_out
from gitops_mcp.domain.engines.other_address import addresses_without_remote, other_address
from gitops_mcp.domain.engines.parked import parked_folder
from gitops_mcp.domain.engines.reading import Files, TextPlace, kustomization_path, patch_files, read_documents
from gitops_mcp.domain.engines.source_url import PUSHES, pushed_artifacts
from gitops_mcp.domain.kustomize import Build, FileTree, Loads
from gitops_mcp.domain.kustomize.tracked_files import TrackedFiles, made_once
from gitops_mcp.domain.objects import CNPG_GROUP, Path, at
from gitops_mcp.domain.yaml.text import line_of_path

if TYPE_CHECKING:
    from gitops_mcp.domain.engines.applicationsets.rows import Repository

MARKS = tuple(f"{group}/" for group in (*kustomizations.GROUPS, argocd.GROUP))
"""What a file holds that declares an engine object or a source."""

APPLIER_MARKS = tuple(f"{group}/" for group in (kustomizations.KUSTOMIZE_GROUP, instances.INSTANCE_GROUP, argocd.GROUP))
"""What a file holds that declares an engine object which applies folders."""

HINTS = (CHART, *PUSHES)
"""What a file holds that may say more of a source."""

_ENGINE_GROUPS = frozenset({*kustomizations.GROUPS, argocd.GROUP, ""})
_GROUPS = _ENGINE_GROUPS | {CNPG_GROUP}
_PARENTS = frozenset({kustomizations.KUSTOMIZE_GROUP, instances.INSTANCE_GROUP})
"""What may apply engine objects with variables or patches of its own."""
_APPLIERS = _PARENTS | {kustomizations.HELM_GROUP, argocd.GROUP}
_FLUX = frozenset({kustomizations.KUSTOMIZE_GROUP, kustomizations.HELM_GROUP})
_SURROUNDINGS = ("engine", "surroundings")
_ROUNDS = 6


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
    patches = patch_files(files)
    written = tuple(one for one in declared_objects(files, MARKS) if one.place.path not in patches)
    listed: dict[flux_parents.Key, list[LocatedObject]] = {}
    for lister in flux_parents.listing_folders(files, written):
        build = kustomize.build_folder(tree, lister, loads="any", groups=_ENGINE_GROUPS)
        each = (flux_parents.object_of_build(*one, lister, None) for one in build.of_groups(_ENGINE_GROUPS))
        _add_objects(listed, (one for one in each if one is not None))
    made: flux_parents.Made = listed
    other = other_address(written, files, remotes)
    known_as = (*remotes, other) if other else (*addresses_without_remote(written, files, remotes), *remotes)
    context = FluxContext(files, (), known_as, revision, tuple(pushed_artifacts(files, known_as)), folder)
    below: list[tuple[tuple[object, ...], list[LocatedObject]]] = []
    tops = flux_parents.outermost(written)
    for number in range(_ROUNDS):
        found = tuple(flux_parents.as_built(written, made))
        last, context = context, context.with_found((*found, *_referred_objects(found, files, made)))
        # The first round has read no more than the outermost.
        if number > 1 and context.found == last.found and context.surroundings == last.surroundings:
            break
        before, known = below, {(key[0], key[1]): (key, objects) for key, objects in below}
        below = []
        for one in flux_parents.parents(_engine_objects(tree, context, others, _PARENTS, () if number else tops)):
            key = (one.place, one.generated or one.name, *_build_of(one), one.selection, one.substitution)
            same = known.get((key[0], key[1]))
            below.append(same if same and same[0] == key else (key, _objects_below(tree, one)))
        if number and below == before:
            break
        by_parents: dict[flux_parents.Key, list[LocatedObject]] = {}
        for _, objects in below:
            _add_objects(by_parents, objects)
        made = {**listed, **by_parents}
    applied = _engine_objects(tree, context, others, _APPLIERS)
    return tuple(_known_as(one, other, remotes) for one in applied) if other else applied


def _build_of(one: EngineObject) -> tuple[object, ...]:
    """All of an engine object that what it builds depends on, beside the files that it takes."""
    return one.engine, one.build, one.folder, one.sections


def _known_as(one: EngineObject, other: str, remotes: tuple[str, ...]) -> EngineObject:
    if not one.counts or one.folder is None or one.assumed:
        return one
    return replace(one, assumed=f"it applies {other}, all of which is here, and the remote here is {remotes[0]}")


def _objects_below(tree: FileTree, one: EngineObject) -> list[LocatedObject]:
    paths: Files = tree.files
    if one.build == "directory" and one.folder:
        paths = {path: text for path, text in tree.files.items() if path.startswith(f"{one.folder}/")}
    with spent_by(one.place.path):
        spend(2 + len(paths) * 3 if one.build == "directory" else 20)
        builds = engine_builds(tree, one, paths)
        spend(10 * sum(len(build.produced) for _, build in builds))
        return flux_parents.objects_of_builds(tree, ("below", _label(one)), builds, one, _ENGINE_GROUPS)


def _label(one: EngineObject) -> str:
    return f"{one.place}{one.place.base}{one.generated or one.name}{one.folder}"


def _add_objects(made: dict[flux_parents.Key, list[LocatedObject]], found: Iterable[LocatedObject]) -> None:
    for one in found:
        made.setdefault(flux_parents.key_of(one), []).append(one)


def may_be_engine(text: str) -> bool:
    """Whether a file may declare an engine object or a source, or say more of one."""
    return any(mark in text for mark in (*MARKS, *HINTS))


def declared_objects(files: Files, marks: Iterable[str]) -> Iterator[LocatedObject]:
    """Every object of the files that hold one of the marks, items of a `kind: List` too."""
    wanted = tuple(marks)
    for path in sorted(files):
        text = files[path]
        if any(mark in text for mark in wanted) and not path.endswith(".tpl"):  # a template is no manifest
            yield from _objects_of_file(path, text)


@lru_cache(maxsize=8192)
def _objects_of_file(path: str, text: str) -> tuple[LocatedObject, ...]:
    """The same ones for each state of a repository that has the file so."""
    with spent_by(path):
        return tuple(_located_objects(path, text))


def _located_objects(path: str, text: str) -> Iterator[LocatedObject]:
    for document in read_documents(text):
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
    return (reference for one in found for reference in kustomizations.value_sources(one))


def directory_files(applied: EngineObject, files: Files) -> tuple[str, ...]:
    """The files that a directory build takes, sorted."""
    return tuple(path for path in sorted(files) if applied.folder is not None and takes_file(applied, path, files))


def directory_folders(applied: EngineObject, files: Files) -> tuple[str, ...]:
    """The folders with a kustomization of their own that a Flux directory build takes as resources."""
    if applied.folder is None or not applied.selection.stops_at_kustomizations:
        return ()
    paths = (path for path in files if _path_below(path, applied.folder) and not _is_passed_over(applied, path))
    found = {_first_kustomization(path, applied.folder, files) for path in paths}
    return tuple(sorted(one for one in found if one is not None))


def engine_builds(tree: FileTree, one: EngineObject, paths: Files) -> tuple[tuple[str, Build], ...]:
    """What an engine object builds of CNPG, of engines and of what these refer to, folder by folder.

    `paths`: the files below its own folder.
    """
    is_directory, top = one.build != "kustomize", one.folder or ""
    taken = directory_files(one, paths) if is_directory else ()
    folders = directory_folders(one, paths) if is_directory else (top,)

    def build(files: TrackedFiles) -> tuple[tuple[str, Build], ...]:
        seen, extra, loads = replace(tree, files=files), one.sections, _loads(one)
        found = [kustomize.build_folder(seen, each, extra=extra, loads=loads, groups=_GROUPS) for each in folders]
        own = [(top, kustomize.build_files(seen, top, taken, extra=extra, groups=_GROUPS))] if is_directory else []
        return (*own, *zip(folders, found, strict=True))

    return made_once(tree, ("builds", _label(one)), (*_build_of(one), taken, folders), build)


def _loads(one: EngineObject) -> Loads:
    return "any" if one.engine == "flux" else "root only"


def takes_file(applied: EngineObject, path: str, files: Files) -> bool:
    folder, selection = applied.folder or "", applied.selection
    relative = _path_below(path, folder)
    if relative is None or ("/" in relative and not selection.recurse) or _is_passed_over(applied, path):
        return False
    if applied.engine == "flux":
        named_so = path.endswith((".yaml", ".yml"))
        return named_so and _first_kustomization(path, folder, files) is None
    if not path.endswith((".yaml", ".yml", ".json")) or argocd.SKIPPED in files[path]:
        return False
    if selection.exclude and glob(selection.exclude, crosses=True).fullmatch(relative):
        return False
    return not selection.include or bool(glob(selection.include, crosses=True).fullmatch(relative))


def _is_passed_over(applied: EngineObject, path: str) -> bool:
    """Examples below a folder that is applied whole are live where it is known that they are applied."""
    if not (applied.assumed or applied.file_rules) or parked_folder(path, applied.folder or "") is None:
        return False
    return applied.assumed is not None or leaving_out(applied.file_rules, path) is not None


def _path_below(path: str, folder: str) -> str | None:
    """The path from the folder, or None where it is not below it."""
    if not folder:
        return path
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None


def _first_kustomization(path: str, top: str, files: Files) -> str | None:
    """The uppermost folder below `top`, on the way to the path, that has a kustomization."""
    end = path.find("/", len(top) + 1 if top else 0)
    while end >= 0:
        if kustomization_path(files, path[:end]):
            return path[:end]
        end = path.find("/", end + 1)
    return None


def _referred_objects(found: Iterable[LocatedObject], files: Files, made: flux_parents.Made) -> Iterable[LocatedObject]:
    """The ConfigMaps and Secrets that variables and values come from, and what makes such Secrets."""
    wanted = set(_value_sources(found))
    wanted |= {(kustomizations.SEALED, name) for kind, name in wanted if kind == "Secret"}
    marks = tuple({name for _, name in wanted})
    if not marks:
        return ()
    return flux_parents.with_built(
        (one for one in declared_objects(files, marks) if (one.kind, one.name) in wanted), made, wanted
    )


def _engine_objects(
    tree: FileTree,
    context: FluxContext,
    others: Iterable[str],
    groups: Container[str],
    places: Collection[TextPlace] = (),
) -> tuple[EngineObject, ...]:
    """Those of the groups; `places`: no others than what stands there."""
    found = context.found
    sets = [one for one in found if (one.group, one.kind) == (instances.INSTANCE_GROUP, resource_set.KIND)]
    if sets:
        found = (*found, *(made for one in sets for made in resource_set.located_objects(one, found)))
        context = replace(context, found=found)
    applied = [kustomizations.interpret_sync(one, context) for one in context.syncs]
    if tree.memo.get(_SURROUNDINGS) != context.surroundings:
        tree.memo[_SURROUNDINGS] = context.surroundings
    around = tree.memo[_SURROUNDINGS]

    @cache
    def repository() -> Repository:
        from gitops_mcp.domain.engines.applicationsets.rows import Repository

        return Repository(context.files, others, found, context.remotes, context.revision)

    for one in (one for one in found if one.group in groups and (not places or one.place in places)):
        with spent_by(one.place.path):
            if one.group in _FLUX:
                made = made_once(tree, ("engine", one.label), (one, around), partial(_read_flux, one, context))
            else:
                made = tuple(_read_by_kind(one, context, repository))
            spend(10 * len(made))
            applied += made
    return tuple(applied)


def _read_flux(one: LocatedObject, context: FluxContext, files: Files) -> tuple[EngineObject, ...]:
    match one.kind:
        case "Kustomization":
            return (kustomizations.interpret_kustomization(one, context.reading(files)),)
        case "HelmRelease":
            from gitops_mcp.domain.engines.flux import helmrelease

            return (helmrelease.interpret_helm_release(one, context.reading(files)),)
        case _:
            return ()


def _read_by_kind(
    one: LocatedObject, context: FluxContext, repository: Callable[[], Repository]
) -> Iterator[EngineObject]:
    """`repository`: what ApplicationSets see of it, for when there is one."""
    match one.group, one.kind:
        case instances.INSTANCE_GROUP, resource_set.KIND:
            yield resource_set.interpret_resource_set(one, context.found)
        case argocd.GROUP, "Application":
            yield from argocd.interpret_application(
                one, context.files, remotes=context.remotes, revision=context.revision
            )
        case argocd.GROUP, "ApplicationSet":
            from gitops_mcp.domain.engines.applicationsets.interpret import interpret_application_set

            yield from interpret_application_set(one, repository())


def _is_object(value: object) -> bool:
    return (
        isinstance(at(value, "apiVersion"), str)
        and isinstance(at(value, "kind"), str)
        and isinstance(at(value, "metadata", "name"), str)
    )

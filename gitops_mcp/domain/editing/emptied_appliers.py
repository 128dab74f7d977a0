"""Engine objects for which a removal leaves nothing to apply.

One that finds no folder, or no object in it, fails and deletes nothing, so it has to go in the same change: it then
deletes what it had applied. That is done where the repository itself applies its manifest, by what prunes; where not,
the refusal says what a person has to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gitops_mcp.domain.cnpg.protection import blockers, spell_out
from gitops_mcp.domain.editing.placing.kustomization_list import remove_from_kustomizations
from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.engines.declared import directory_files, directory_folders
from gitops_mcp.domain.engines.reading import kustomization_path, mappings_in, value_at_place
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import Object, at, mapping_at
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.repository.roots.environment_roots import MANIFESTS, EnvironmentRoots
from gitops_mcp.errors import Refused

_NAMED_AT_MOST = 5


def remove_emptied_appliers(draft: DraftFiles, desired: Desired) -> None:
    """Takes out those that the draft leaves nothing to.

    Raises Refused where that would not delete what they have applied; one of plain files stays then, and is stranded.
    """
    roots = desired.roots
    if not isinstance(roots, EnvironmentRoots):
        return
    removed, emptied = [], _emptied(desired, roots, draft.changes)
    for index in emptied:
        one = roots.engines[index]
        if (reason := next(_why_not_removed(desired, roots, index, draft.changes, emptied), None)) is None:
            if not one.generated:
                _remove_manifest(draft, desired, one)
            removed.append(index)
        elif one.build == "kustomize":
            raise Refused(
                f"nothing would be left in {_folder_of(one)} for {one}, which then fails and deletes nothing. It is "
                f"not taken out with it, since {reason}. Choose: put another resource there first, or "
                f"{_by_hand(one)}"
            )
    for index in _emptied(desired, roots, draft.changes) if removed else ():
        one = roots.engines[index]
        if index not in removed:
            raise Refused(
                f"nothing would be left in {_folder_of(one)} for {one} either, which applies what would go. Choose: "
                f"put another resource there first, or {_by_hand(one)}"
            )
    for one in (roots.engines[index] for index in roots.applied if index not in removed):
        _check_uncovered(desired, draft.changes, one)


def removed_appliers(desired: Desired, changes: Iterable[FileChange]) -> tuple[EngineObject, ...]:
    """Those that go with a removal."""
    changed = tuple(changes)
    touched = {change.path for change in changed}
    may_go = [one for one in desired.engines if one.place.path in touched or one.generated]
    left = {_name_of(one) for one in desired_after(desired, changed).engines} if may_go else set()
    return tuple(one for one in may_go if _name_of(one) not in left)


def stranded_applier(desired: Desired, changes: Iterable[FileChange], declared: Declaration) -> str | None:
    """Why the engine object of what goes deletes nothing then, and what a person does; None where it works on."""
    one, roots = declared.applied, desired.roots
    if one is None or not isinstance(roots, EnvironmentRoots):
        return None
    changed = tuple(changes)
    emptied = _emptied(desired, roots, changed)
    index = next((each for each in emptied if roots.engines[each] == one), None)
    reason = next(_why_not_removed(desired, roots, index, changed, emptied), None) if index is not None else None
    if reason is None:
        return None
    return (
        f"nothing is left in {_folder_of(one)} for {one}, which then fails and deletes nothing; it is not taken out "
        f"with it, since {reason}. After the merge {_by_hand(one)}"
    )


def _emptied(desired: Desired, roots: EnvironmentRoots, changes: tuple[FileChange, ...]) -> list[int]:
    gone = {one.path for one in changes if one.after is None}
    touched = [index for index, made in roots.applied.items() if not gone.isdisjoint(made.reached)]
    return [
        index
        for index in touched
        if _has_nothing(roots.engines[index], _manifests_left(desired, changes, roots.engines[index]))
    ]


def _manifests_left(desired: Desired, changes: tuple[FileChange, ...], one: EngineObject) -> Mapping[str, str]:
    """The manifests and kustomizations below its folder; those that were not read are empty texts."""
    tree, folder = desired.tree, f"{one.folder}/" if one.folder else ""
    if tree is None:
        return {}
    others = tree.others if isinstance(tree.others, Iterable) else ()
    found = {path: "" for path in others if path.startswith(folder) and path.endswith(MANIFESTS)}
    found |= {path: text for path, text in {**tree.files, **desired.texts}.items() if path.startswith(folder)}
    gone = {change.path for change in changes if change.after is None}
    return {path: text for path, text in found.items() if path not in gone}


def _has_nothing(one: EngineObject, left: Mapping[str, str]) -> bool:
    if one.build == "kustomize":
        return kustomization_path(left, one.folder or "") is None
    return one.build == "directory" and not (directory_files(one, left) or directory_folders(one, left))


def _name_of(one: EngineObject) -> tuple[str | None, ...]:
    return one.engine, one.kind, one.namespace, one.name, one.generated


def _folder_of(one: EngineObject) -> str:
    return one.folder or "the root folder"


def _by_hand(one: EngineObject) -> str:
    if one.generated:
        return f"see to it that {one} makes it no more"
    if one.engine == "argocd":
        return f"delete it in the cluster, `argocd app delete {one.name} --cascade`, and its manifest"
    name = f"{one.name} --namespace {one.namespace or 'NAMESPACE'}"
    return f"delete it in the cluster, `flux delete kustomization {name}`, and its manifest"


def _why_not_removed(
    desired: Desired, roots: EnvironmentRoots, index: int, changes: tuple[FileChange, ...], emptied: list[int]
) -> Iterator[str]:
    one, files = roots.engines[index], {**(desired.tree.files if desired.tree else {}), **desired.texts}
    if one.kind == "ApplicationSet":
        yield from _why_set_keeps(desired, one, files, changes)
        return
    if one.generated or one.kind not in {"Kustomization", "Application"}:
        yield f"{one.kind} {one.name} makes it, which goes on"
    if one.hydrates:
        yield "it has it rendered into another branch"
    beside = [other for other in roots.engines if other is not one and other.place == one.place]
    if beside or (one.overlay is not None and one.overlay.value.get("components")):
        yield "it applies something else besides"
    if one.orphans:
        what = "a finalizer that cascades" if one.engine == "argocd" else "prune, a suspension or its deletionPolicy"
        yield f"by {'the lack of ' if one.engine == 'argocd' else ''}{what} it would leave the database as an orphan"
    yield from _why_manifest_stays(roots, index, value_at_place(one.place, files))
    own = f"{one.namespace}/{one.name}"
    waiting = [
        str(each)
        for number, each in enumerate(roots.engines)
        if each.kind == one.kind and own in each.depends_on and number not in emptied
    ]
    if waiting:
        yield f"{', '.join(waiting[:_NAMED_AT_MOST])} depends on it"


def _why_manifest_stays(roots: EnvironmentRoots, index: int, manifest: Object) -> Iterator[str]:
    one = roots.engines[index]
    above = [
        roots.engines[each] for each, made in roots.applied.items() if each != index and one.place.path in made.reached
    ]
    if not above:
        yield f"nothing in this repository applies {one.place}, so that it would stay in the cluster"
    for by in above:
        if not by.prunes or by.suspended or not by.automatic:
            yield f"{by}, which applies its manifest, does not prune by itself"
    if held := blockers(manifest, above[0].engine if above else None):
        yield f"{spell_out(held)} protects it against pruning"


def _why_set_keeps(
    desired: Desired, one: EngineObject, files: Mapping[str, str], changes: tuple[FileChange, ...]
) -> Iterator[str]:
    """One that makes an Application for each folder deletes it with the folder, and that what it has applied."""
    spec = mapping_at(value_at_place(one.place, files), "spec")
    policy = mapping_at(spec, "syncPolicy")
    if not any(at(each, "git", "directories") for each in mappings_in(spec.get("generators"))):
        yield f"ApplicationSet {one.name} does not make it for the folder, so that it goes on without"
    if policy.get("preserveResourcesOnDeletion") or policy.get("applicationsSync") in {"create-only", "create-update"}:
        yield f"the syncPolicy of ApplicationSet {one.name} keeps what it has applied"
    gone = {change.path for change in changes if change.after is None}
    others = desired.tree.others if desired.tree and isinstance(desired.tree.others, Iterable) else ()
    left = sorted(path for path in (*files, *others) if path.startswith(f"{one.folder}/") and path not in gone)
    if left:
        yield f"the folder stays with {', '.join(left[:_NAMED_AT_MOST])}, and the Application with it"


def _remove_manifest(draft: DraftFiles, desired: Desired, one: EngineObject) -> None:
    place = one.place
    if place.base:
        raise Refused(f"{one} stands in a list, and would have to go with its folder: take both out by hand")
    draft.drop(place.path, place.document)
    if draft.text(place.path) is None:
        remove_from_kustomizations(draft, desired, place.path)


def _check_uncovered(desired: Desired, changes: tuple[FileChange, ...], one: EngineObject) -> None:
    """Raises Refused for a folder whose kustomization went, where what lies beside it would be applied from then on."""
    gone = {change.path: "" for change in changes if change.after is None}
    if not one.selection.stops_at_kustomizations or not any(map(is_kustomization, gone)):
        return
    left = _manifests_left(desired, changes, one)
    inside = {path: "" for path in gone if not one.folder or path.startswith(f"{one.folder}/")}
    before = {**left, **inside}
    new = {*directory_files(one, left)} - {*directory_files(one, before)}
    folders = {*directory_folders(one, left)} - {*directory_folders(one, before)}
    found = sorted({*(path for path in new if not is_kustomization(path)), *folders})
    if found:
        raise Refused(
            f"without its kustomization {one} would apply what lies beside it: {', '.join(found[:_NAMED_AT_MOST])}. "
            f"Move or remove that first, or put another resource into the kustomization"
        )

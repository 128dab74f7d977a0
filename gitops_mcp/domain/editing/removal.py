"""Taking objects out of a repository: their documents, and what lists these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.editing.charts.mapped import list_values_places
from gitops_mcp.domain.editing.emptied_appliers import remove_emptied_appliers
from gitops_mcp.domain.editing.field import all_texts
from gitops_mcp.domain.editing.patches import drafts_with_deletion
from gitops_mcp.domain.editing.placing.kustomization_list import remove_entry, remove_from_kustomizations
from gitops_mcp.domain.editing.proof import labels_of, prove_only_change, still_made
from gitops_mcp.domain.editing.shared_removal import Entry, brings_only, keeps_others, own_entry
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Remove
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.errors import InvalidRequest, Refused


def remove_objects(desired: Desired, *declared: Declaration) -> tuple[FileChange, ...]:
    """These objects go, and nothing else: their documents, or what makes them of documents that others need.

    Raises Refused where that cannot be.
    """
    if declared and declared[0].release is not None:
        from gitops_mcp.domain.editing.charts.entries import remove_entry as remove_chart_entry

        if changes := remove_chart_entry(desired, *declared):
            return changes
    for one in declared:
        _check_removable(desired, one)
    if shared := [one for one in declared if one.shared]:
        return _remove_shared(desired, declared, shared)
    draft = DraftFiles(desired.texts)
    _drop_own(draft, desired, declared)
    return _proven_changes(draft, desired, declared)


def _drop_own(draft: DraftFiles, desired: Desired, declared: Iterable[Declaration]) -> None:
    going = _drop_documents(draft, declared)
    for one in declared:
        if one.encrypted and draft.text(one.path) is not None:
            raise Refused(f"{one.label} at {one.place} cannot be taken out of its file: {one.encrypted}")
    remove_from_kustomizations(draft, desired, *going)


def _proven_changes(draft: DraftFiles, desired: Desired, declared: tuple[Declaration, ...]) -> tuple[FileChange, ...]:
    remove_emptied_appliers(draft, desired)
    if desired.everything:
        _check_rest(desired, declared, draft.changes)
    return draft.changes


def _remove_shared(
    desired: Desired, declared: tuple[Declaration, ...], shared: list[Declaration]
) -> tuple[FileChange, ...]:
    """For these objects alone: out of the lists that lead to the documents, else by patches that delete them."""
    files = all_texts(desired)
    entries = dict.fromkeys(own_entry(desired, files, one) for one in shared)
    own = [one for one in declared if not one.shared]
    for attempt in (_without_entries, _with_deletions):
        with suppress(Refused, InvalidRequest):
            draft = DraftFiles(files)
            _drop_own(draft, desired, own)
            attempt(draft, desired, declared, shared, list(entries))
            return _proven_changes(draft, desired, declared)
    raise _shared_refusal(desired, shared[0], next(iter(entries)))


def _without_entries(
    draft: DraftFiles,
    desired: Desired,
    declared: tuple[Declaration, ...],
    _shared: list[Declaration],
    entries: list[Entry | None],
) -> None:
    for entry in entries:
        if entry is None or not brings_only(draft.before, entry[1], declared):
            raise Refused("what leads to the document brings more")
        remove_entry(draft, desired, desired.kustomizations[entry[0]], entry[1])


def _with_deletions(
    draft: DraftFiles,
    desired: Desired,
    declared: tuple[Declaration, ...],
    shared: list[Declaration],
    _entries: list[Entry | None],
) -> None:
    for one in shared:
        is_flux = one.applied is not None and one.applied.engine == "flux"
        if not is_flux and not keeps_others(draft.before, one, declared):
            raise Refused("Argo CD prunes no Application to nothing")
        texts = {path: text for path in draft.before if (text := draft.text(path)) is not None}
        for found in drafts_with_deletion(desired, texts, one):
            if _goes_alone(desired, one, declared, found.changes):
                for change in found.changes:
                    draft.write(change.path, change.after)
                break
        else:
            raise Refused("no patch takes it out alone")


def _goes_alone(
    desired: Desired, one: Declaration, declared: tuple[Declaration, ...], changes: tuple[FileChange, ...]
) -> bool:
    with suppress(Refused):
        prove_only_change(desired, changes, *(each.identity for each in declared))
        return not still_made(desired, desired_after(desired, changes), one)
    return False


def _check_removable(desired: Desired, one: Declaration) -> None:
    if one.release is not None:
        chart = one.applied.chart if one.applied else None
        folder = f" in {chart.folder}" if chart and chart.folder else ""
        values = list_values_places(one.release, desired.texts)
        raise Refused(
            f"no document declares {one.identity}: the Helm chart{folder} makes it, which {one.applied} applies with "
            f"the values of {values or 'the chart'}. Take the chart's dependency or that object out by hand"
        )
    if one.opaque:
        raise Refused(
            f"{one.label} at {one.place} cannot be removed here, since what depends on it cannot be "
            f"determined: {one.opaque}"
        )


def _shared_refusal(desired: Desired, one: Declaration, entry: Entry | None) -> Refused:
    others = (
        f"{other.label}, built from {other.root or 'the root'}" if other.root is not None else other.label
        for other in desired.everything
        if other is not one and _document_key(other) == _document_key(one) and other.label in one.shared
        if desired.shows(other.identity)
    )
    told = "; ".join(dict.fromkeys(others)) or "of others"
    where = f"{entry[1]} out of {desired.kustomizations[entry[0]].path}" if entry else "it out of what builds it"
    return Refused(
        f"{one.place} declares {one.label}, and makes other live objects as well: {told}. "
        f"It cannot go for one of them alone: take {where} by hand, with all that it brings, or patch it with "
        f"`$patch: delete` in the resources of {one.root or 'the root'}"
    )


def _check_rest(desired: Desired, going: tuple[Declaration, ...], changes: tuple[FileChange, ...]) -> None:
    """That what is left can still be built, and that no other object changes."""
    after = desired_after(desired, changes)
    for one in going:
        patches = (
            [layer.place for layer in one.produced.layers[1:] if layer.kind == "merge patch"] if one.produced else []
        )
        if patches and one.root is not None and (fault := _fault(after, one)) is not None:
            raise Refused(
                f"{one.label} is declared at {one.place} and patched at {', '.join(dict.fromkeys(patches))}: without "
                f"the document the patch finds nothing, so that the build fails ({fault}). Take both out by hand"
            )
        if left := still_made(desired, after, one):
            raise Refused(
                f"{labels_of(desired, left)} would stay: other roots make it too, so take it out of each by hand"
            )
    prove_only_change(desired, changes, *(one.identity for one in going))


def _fault(after: Desired, one: Declaration) -> str | None:
    if after.tree is None or one.root is None:
        return None
    extra = one.applied.sections if one.applied else ()
    built = kustomize.build_folder(after.tree, one.root, extra=extra, loads="any")
    return next((str(fault) for fault in built.faults if fault.fatal), None)


def _document_key(one: Declaration) -> tuple[object, ...]:
    return one.path, one.document, one.base


def _drop_documents(draft: DraftFiles, declared: Iterable[Declaration]) -> tuple[str, ...]:
    """Takes the list items and documents out, and names the files that went with them."""
    by_document: Mapping[tuple[str, int], dict[int | None, Declaration]] = defaultdict(dict)
    for one in declared:
        by_document[one.path, one.document][int(one.base[1]) if one.base else None] = one
    whole: dict[str, list[int]] = defaultdict(list)
    for (path, document), found in sorted(by_document.items()):
        items = sorted((index for index in found if index is not None), reverse=True)
        if not items or len(items) == _count_listed_items(draft, path, document):
            whole[path].append(document)
        else:
            draft.edit(path, document, *(Remove(("items", index)) for index in items))
    for path, indexes in whole.items():
        draft.drop(path, *indexes)
    return tuple(change.path for change in draft.changes if change.after is None)


def _count_listed_items(draft: DraftFiles, path: str, document: int) -> int:
    return len(at(parse_documents(draft.text(path) or "")[document].value, "items") or ())

"""Taking objects out of a repository: their documents, and what lists these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.editing.charts.mapped import list_values_places
from gitops_mcp.domain.editing.kustomization_list import remove_from_kustomizations
from gitops_mcp.domain.editing.proof import prove_only_change
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Remove
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.errors import Refused


def remove_objects(desired: Desired, *declared: Declaration) -> tuple[FileChange, ...]:
    """The documents of these objects go, and nothing else. Raises Refused where other live objects need them."""
    if declared and declared[0].release is not None:
        from gitops_mcp.domain.editing.charts.entries import remove_entry

        if changes := remove_entry(desired, *declared):
            return changes
    for one in declared:
        _check_removable(desired, one)
    draft = DraftFiles(desired.texts)
    going = _drop_documents(draft, declared)
    for one in declared:
        if one.encrypted and draft.text(one.path) is not None:
            raise Refused(f"{one.label} at {one.place} cannot be taken out of its file: {one.encrypted}")
    remove_from_kustomizations(draft, desired, *going)
    if desired.everything:
        _check_rest(desired, declared, draft.changes)
    return draft.changes


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
        raise Refused(f"{one.label} at {one.place} cannot be removed here, nor what depends on it told: {one.opaque}")
    if one.shared:
        others = (
            f"{other.label}, built from {other.root or 'the root'}" if other.root is not None else other.label
            for other in desired.everything
            if other is not one and _document_key(other) == _document_key(one) and other.label in one.shared
        )
        raise Refused(
            f"{one.place} declares {one.label}, and makes other live objects as well: "
            f"{'; '.join(dict.fromkeys(others))}. It cannot go for one of them alone: take it out of the resources "
            f"of {one.root or 'the root'} by hand, or patch it there with `$patch: delete`"
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
    prove_only_change(desired, changes, *(one.identity for one in going))


def _fault(after: Desired, one: Declaration) -> str | None:
    if after.tree is None or one.root is None:
        return None
    extra = (one.applied.overlay,) if one.applied and one.applied.overlay else ()
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

"""Taking objects out of a repository: their documents, and what lists these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from gitops_mcp.domain import kustomize, model
from gitops_mcp.domain.objects import at
from gitops_mcp.domain.placement import unlisted
from gitops_mcp.domain.plan import Draft, FileChange
from gitops_mcp.domain.proof import proved
from gitops_mcp.domain.repository import Declaration, Desired
from gitops_mcp.domain.values import places
from gitops_mcp.domain.yamltext import Remove, documents
from gitops_mcp.errors import Refused


def remove_objects(desired: Desired, *declared: Declaration) -> tuple[FileChange, ...]:
    """The documents of these objects go, and nothing else. Raises Refused where other live objects need them."""
    for one in declared:
        _check_declared(desired, one)
    draft = Draft(desired.texts)
    going = _drop(draft, declared)
    for one in declared:
        if one.encrypted and draft.text(one.path) is not None:
            raise Refused(f"{one.label} at {one.place} cannot be taken out of its file: {one.encrypted}")
    unlisted(draft, desired, *going)
    if desired.everything:
        _check_rest(desired, declared, draft.changes)
    return draft.changes


def _check_declared(desired: Desired, one: Declaration) -> None:
    if one.release is not None:
        chart = one.applied.chart if one.applied else None
        folder = f" in {chart.folder}" if chart and chart.folder else ""
        values = places(one.release, desired.texts)
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
            if other is not one and _spot(other) == _spot(one) and other.label in one.shared
        )
        raise Refused(
            f"{one.place} declares {one.label}, and makes other live objects as well: "
            f"{'; '.join(dict.fromkeys(others))}. It cannot go for one of them alone: take it out of the resources "
            f"of {one.root or 'the root'} by hand, or patch it there with `$patch: delete`"
        )


def _check_rest(desired: Desired, going: tuple[Declaration, ...], changes: tuple[FileChange, ...]) -> None:
    """That what is left can still be built, and that no other object changes."""
    after = model.remodelled(desired, changes)
    for one in going:
        patches = (
            [layer.place for layer in one.produced.layers[1:] if layer.kind == "merge patch"] if one.produced else []
        )
        if patches and one.root is not None and (fault := _fault(after, one)) is not None:
            raise Refused(
                f"{one.label} is declared at {one.place} and patched at {', '.join(dict.fromkeys(patches))}: without "
                f"the document the patch finds nothing, so that the build fails ({fault}). Take both out by hand"
            )
    proved(desired, changes, going[0].identity, None, also=[one.identity for one in going])


def _fault(after: Desired, one: Declaration) -> str | None:
    if after.tree is None or one.root is None:
        return None
    extra = (one.applied.overlay,) if one.applied and one.applied.overlay else ()
    built = kustomize.build(after.tree, one.root, extra=extra, loads="any")
    return next((str(fault) for fault in built.faults if fault.fatal), None)


def _spot(one: Declaration) -> tuple[object, ...]:
    return one.path, one.document, one.base


def _drop(draft: Draft, declared: Iterable[Declaration]) -> tuple[str, ...]:
    """Takes the list items and documents out, and names the files that went with them."""
    by_document: Mapping[tuple[str, int], dict[int | None, Declaration]] = defaultdict(dict)
    for one in declared:
        by_document[one.path, one.document][int(one.base[1]) if one.base else None] = one
    whole: dict[str, list[int]] = defaultdict(list)
    for (path, document), found in sorted(by_document.items()):
        items = sorted((index for index in found if index is not None), reverse=True)
        if not items or len(items) == _listed_items(draft, path, document):
            whole[path].append(document)
        else:
            draft.edit(path, document, *(Remove(("items", index)) for index in items))
    for path, indexes in whole.items():
        draft.drop(path, *indexes)
    return tuple(change.path for change in draft.changes if change.after is None)


def _listed_items(draft: Draft, path: str, document: int) -> int:
    return len(at(documents(draft.text(path) or "")[document].value, "items") or ())

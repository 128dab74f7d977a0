"""A new object as it comes out of the build, held against what was asked for.

A patch or component for all objects of a kind meets a new one too. Where it says otherwise than the request, the field
is written where it decides for this object alone; where there is no such place the request is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from gitops_mcp.domain.editing.field import all_texts, set_field, text_of_value, where_field_stands
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.engines.reading import kustomization_path, read_documents
from gitops_mcp.domain.kustomize import Layer, join_path
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, Path, at, dotted_path, leaves, list_at, mapping_at
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.changes import ObjectChange
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.values import is_same
from gitops_mcp.errors import Refused

NO_DEFAULTS: Mapping[str, Any] = MappingProxyType({})
_ASKED = (("metadata", "annotations"), ("metadata", "labels"), ("spec",))
_PATCHES = frozenset({"merge patch", "json patch"})
_NAMED_AT_MOST = 5


def keep_as_asked(
    desired: Desired, changes: tuple[FileChange, ...], target: Identity, manifest: Object, defaults: Mapping[str, Any]
) -> tuple[tuple[FileChange, ...], tuple[Notice, ...]]:
    """The changes that make the object as `manifest` says, and what a reader should know of it.

    `defaults` count where something says otherwise. Raises Refused, naming each field and who decides it.
    """
    after = desired_after(desired, changes)
    built = next((one for one in after.declarations if one.identity == target), None)
    if built is None:  # Nothing is applied here so far, so what will be cannot be told.
        return changes, ()
    steps, notices = EditSequence(desired), []
    steps.take(changes)
    if edits := list(_escapes(built, manifest)):
        draft = DraftFiles(all_texts(after))
        draft.edit(built.path, built.document, *edits)
        steps.take(draft.changes)
        built = steps.again(built)
    for path, wanted in _overridden(built, manifest, defaults):
        said = f"{where_field_stands(after, built, path)} makes {dotted_path(path)} {_shown(at(built.object, *path))}"
        try:
            steps.take(set_field(steps.desired, steps.again(built), path, wanted))
        except Refused as error:
            raise Refused(
                f"{target} would not come out as asked for: {said}, not {_shown(wanted)}, and it cannot be set for "
                f"this one alone ({error}). Ask for that value, or first narrow by hand what sets it"
            ) from error
        notices.append(Notice("overridden", f"{said} for others too; {_shown(wanted)} is written for {target} alone"))
    return steps.changes, (*notices, *_added_fields(after, built, manifest, defaults))


def _escapes(built: Declaration, manifest: Object) -> Iterator[Set]:
    """What the new document has to say otherwise where variables are filled in."""
    written = text_of_value(built, manifest)
    for part in _ASKED:
        for path, text in leaves(at(written, *part), part):
            if not is_same(text, at(manifest, *path)):
                yield Set((*built.base, *path), text)


def _overridden(built: Declaration, manifest: Object, defaults: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    for part in _ASKED:
        for path, wanted in leaves(at(manifest, *part), part):
            if wanted not in (None, {}) and not is_same(at(built.object, *path), wanted):
                yield path, wanted
    for path, wanted in leaves(dict(defaults)):
        found = at(built.object, *path)
        if found is not None and at(manifest, *path) is None and not is_same(found, wanted):
            yield path, wanted


def _added_fields(
    after: Desired, built: Declaration, manifest: Object, defaults: Mapping[str, Any]
) -> Iterator[Notice]:
    """What patches say that nobody asked for."""
    found = [
        f"{dotted_path(path)}: {_shown(value)} ({where_field_stands(after, built, path)})"
        for path, value in leaves(at(built.object, "spec"), ("spec",))
        if at(manifest, *path) is None and at(defaults, *path) is None and _is_patched(built, path)
    ]
    if found:
        more = f" and {len(found) - _NAMED_AT_MOST} more" if len(found) > _NAMED_AT_MOST else ""
        told = f"{built.identity} gets what was not asked for: {', '.join(found[:_NAMED_AT_MOST])}{more}"
        yield Notice("patched", told)


def wide_patch_notices(change: ObjectChange, after: Desired) -> Iterator[Notice]:
    """That a field was changed in a patch for all objects of a kind, of which there may be more by the merge."""
    built = next((one for one in after.declarations if one.identity == change.identity), None)
    if built is None or built.produced is None or change.before is None:
        return
    for path in change.fields:
        word = built.produced.word(path)
        layer = built.produced.layers[word.layer] if word is not None else None
        target = _target_of(layer, all_texts(after)) if layer is not None and layer.kind in _PATCHES else None
        if target and not at(target, "name"):
            selected = ", ".join(f"{key}: {value}" for key, value in target.items())
            place = f"{where_field_stands(after, built, path)} says {dotted_path(path)} for all that it selects"
            also = f"what is added there gets {_shown(at(built.object, *path))} too"
            yield Notice("wide-patch", f"{place} ({selected}), not for {built.identity} alone: {also}")


def _target_of(layer: Layer, files: Mapping[str, str]) -> Object | None:
    """What the entry selects that names a patch, or holds it."""
    if layer.base[-1:] == ("patch",):
        value = read_documents(files.get(layer.path, ""))[layer.document].value
        return mapping_at(value, *layer.base[:-1], "target")
    kustomization = kustomization_path(files, layer.folder)
    documents = read_documents(files[kustomization]) if kustomization else ()
    entries = list_at(documents[0].value, "patches") if documents else []
    found = (one for one in entries if join_path(layer.folder, str(at(one, "path"))) == layer.path)
    return next((mapping_at(one, "target") for one in found), None)


def _is_patched(built: Declaration, path: Path) -> bool:
    word = built.produced.word(path) if built.produced else None
    return word is not None and built.produced is not None and built.produced.layers[word.layer].kind in _PATCHES


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)

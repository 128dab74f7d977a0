"""Patches of a kustomization: where they stand, which objects they mean, what they do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gitops_mcp.domain.kustomize import manifest, selectors
from gitops_mcp.domain.kustomize.draft import Draft, Id, id_of
from gitops_mcp.domain.kustomize.kustomization import Kustomization, Placed
from gitops_mcp.domain.kustomize.manifest import Manifest
from gitops_mcp.domain.kustomize.patching.jsonpatch import apply_json_patch
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable, apply_merge_patch
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.tree import MissingFile, TrackedTree, UnreadFile
from gitops_mcp.domain.objects import CNPG_GROUP, Object
from gitops_mcp.domain.yaml.tree import Unparsable


@dataclass(frozen=True)
class _Text:
    """The text of a patch, and the layer that all that stands in it shares."""

    text: str
    file: str
    """All of the file that it stands in."""
    layer: Layer


def apply_patches(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """`patchesStrategicMerge`, then `patches`: the order of kustomize, not of the file."""
    for placed in kustomization.items("patchesStrategicMerge"):
        entry: Object = {"path": placed.value}
        if not files.exists(kustomization.folder, placed.value) and is_manifest(placed.value):
            entry = {"patch": placed.value}
        state = _apply_entry(state, placed, entry, kustomization, files, inline=placed.path)
    for placed in kustomization.items("patches"):
        state = _apply_entry(state, placed, placed.value, kustomization, files, inline=(*placed.path, "patch"))
    return state


def apply_json6902(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """`patchesJson6902`, which come after names, namespace and labels."""
    for placed in kustomization.items("patchesJson6902"):
        if not (placed.value.get("target") or {}).get("name"):
            state = state.refused(files.place(placed), "a patch of patchesJson6902 needs a target with a name")
        else:
            state = _apply_entry(
                state, placed, placed.value, kustomization, files, inline=(*placed.path, "patch"), only_json=True
            )
    return state


def is_manifest(text: str) -> bool:
    """Whether an entry of a list of files is what such a file would hold."""
    try:
        return all(isinstance(one.value, dict) for one in manifest.read_manifests(text))
    except Unparsable:
        return False


def _apply_entry(
    state: State,
    placed: Placed,
    entry: Object,
    kustomization: Kustomization,
    files: TrackedTree,
    *,
    inline: tuple[str | int, ...],
    only_json: bool = False,
) -> State:
    place = files.place(placed)
    target: Object | None = entry.get("target")
    try:
        text = _patch_text(placed, entry, kustomization, files, inline)
        merges, operations = _patch_content(text, only_json=only_json)
        if merges is None:
            return _apply_json(state, text, operations, target)
        return _apply_merge(state, text, merges, target, entry.get("options") or {})
    except UnreadFile as error:
        return _doubt_targets(state, target, place, f"{error}")
    except Unsupported as error:
        return _doubt_targets(state, None, place, f"{error} is not understood")
    except (Unpatchable, Unparsable, MissingFile) as error:
        return state.refused(place, f"{error}")


def _doubt_targets(state: State, target: Object | None, place: str, reason: str) -> State:
    """Not understood: whatever the patch may mean is uncertain."""
    state = state.unsure(place, reason)

    def may_mean(draft: Draft) -> bool:
        try:
            return draft.is_cnpg and (target is None or selectors.selects(target, draft))
        except Unsupported:
            return True

    return state.mapped(lambda one: one.doubted(f"{place}: {reason}") if may_mean(one) else one)


def _patch_text(
    placed: Placed, entry: Object, kustomization: Kustomization, files: TrackedTree, inline: tuple[str | int, ...]
) -> _Text:
    path, text = entry.get("path"), entry.get("patch")
    if path and text:
        raise Unpatchable("a patch has both path and patch")
    section, folder = placed.section, kustomization.folder
    if path:
        file = files.file(folder, path)
        whole = files.text(file)
        return _Text(whole, whole, Layer("merge patch", file, 0, (), None, 1, folder))
    if not text or not text.strip():
        raise Unpatchable("a patch has neither path nor patch")
    layer = Layer("merge patch", section.path, section.document, section.at(inline), 0, 1, folder)
    return _Text(text, files.text(section.path), layer)


def _patch_content(text: _Text, *, only_json: bool) -> tuple[tuple[Manifest, ...] | None, list[Any]]:
    """Either the manifests of a strategic merge patch or the operations of a JSON6902 patch."""
    body = text.text.strip() if text.layer.inner is not None else text.text
    if body.startswith("["):
        found = manifest.parse_json(body)
        return None, found
    documents = manifest.read_own_documents(text.text)
    if all(isinstance(one, dict) or one is None for one in documents):
        if only_json:
            raise Unpatchable("patchesJson6902 has a patch that is not a list of operations")
        merges = manifest.read_manifests(text.text)
        for one in merges:
            if not id_of(one.value).kind or not id_of(one.value).name:
                raise Unpatchable("a patch without kind and metadata.name")
        return merges, []
    first = documents[0]
    if first is None:
        return None, []
    if not isinstance(first, list):
        raise Unpatchable("it is neither a manifest nor a list of operations")
    return None, first


def _patch_layer(text: _Text, one: Manifest | None) -> Layer:
    """Of one manifest of the text, or of its operations."""
    document, line, base = (one.document, one.line, one.base) if one else (0, 1, ())
    layer = text.layer if one else replace(text.layer, kind="json patch")
    if layer.inner is None:
        return replace(layer, document=document, base=base, line=line)
    line = manifest.inner_line(text.file, layer.document, layer.base, line)
    return replace(layer, inner=document, line=line)


def _apply_json(state: State, text: _Text, operations: list[Any], target: Object | None) -> State:
    if not operations:
        return state
    if target is None:
        raise Unpatchable("a JSON6902 patch without a target")
    layer = _patch_layer(text, None)
    return state.mapped(lambda one: apply_json_patch(one, operations, layer) if selectors.selects(target, one) else one)


def _apply_merge(
    state: State, text: _Text, merges: tuple[Manifest, ...], target: Object | None, options: Object
) -> State:
    if target is not None and len(merges) > 1:
        raise Unpatchable("several strategic merge patches in an entry that has a target")
    renames, retypes = bool(options.get("allowNameChange")), bool(options.get("allowKindChange"))
    for one in merges:
        layer = _patch_layer(text, one)
        chosen = _chosen_drafts(state, one, target)
        apply = partial(
            apply_merge_patch,
            patch=one,
            layer=layer,
            own=one.base if layer.inner is not None else (),
            renames=renames,
            retypes=retypes,
        )
        state = state.mapped(partial(_change_chosen, chosen, apply))
    return state


def _change_chosen(chosen: frozenset[int], change: Callable[[Draft], Draft | None], draft: Draft) -> Draft | None:
    return change(draft) if id(draft) in chosen else draft


def _chosen_drafts(state: State, one: Manifest, target: Object | None) -> frozenset[int]:
    """The drafts that the patch means; none where what it means is outside of what was read."""
    if target is not None:
        return frozenset(id(draft) for draft in state.drafts if selectors.selects(target, draft))
    wanted = id_of(one.value)
    found = [draft for draft in state.drafts if any(wanted.matches(known) for known in draft.ids)]
    if len(found) > 1:
        raise Unpatchable(f"{wanted} is the name of several objects here: {', '.join(_draft_names(found))}")
    if not found:
        if state.may_hold(wanted.group == CNPG_GROUP):
            return frozenset()
        raise Unpatchable(
            f"there is no {wanted} for the patch; there are: {', '.join(_similar(state, wanted)) or 'none'}"
        )
    return frozenset({id(found[0])})


def _draft_names(drafts: list[Draft]) -> Iterator[str]:
    return (str(draft.id) for draft in drafts)


def _similar(state: State, wanted: Id) -> list[str]:
    return sorted(str(draft.id) for draft in state.drafts if draft.id.kind == wanted.kind)[:10]

"""Patches of a kustomization: where they stand, which objects they mean, what they do to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from gitops_mcp.domain.kustomize import manifest, selectors
from gitops_mcp.domain.kustomize.draft import Draft, Id, id_of
from gitops_mcp.domain.kustomize.jsonpatch import patched
from gitops_mcp.domain.kustomize.kustomization import Kustomization, Placed
from gitops_mcp.domain.kustomize.manifest import Manifest
from gitops_mcp.domain.kustomize.mergepatch import Unpatchable, merged
from gitops_mcp.domain.kustomize.produced import Layer
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.tree import Missing, Tracked, Unread
from gitops_mcp.domain.objects import CNPG_GROUP, Object
from gitops_mcp.domain.yamltree import Unparsable


@dataclass(frozen=True)
class _Text:
    """The text of a patch, and the layer that all that stands in it shares."""

    text: str
    file: str
    """All of the file that it stands in."""
    layer: Layer


def patch(state: State, kustomization: Kustomization, files: Tracked) -> State:
    """`patchesStrategicMerge`, then `patches`: the order of kustomize, not of the file."""
    for placed in kustomization.items("patchesStrategicMerge"):
        entry: Object = {"path": placed.value}
        if not files.exists(kustomization.folder, placed.value) and _is_manifest(placed.value):
            entry = {"patch": placed.value}
        state = _patched(state, placed, entry, kustomization, files, inline=placed.path)
    for placed in kustomization.items("patches"):
        state = _patched(state, placed, placed.value, kustomization, files, inline=(*placed.path, "patch"))
    return state


def patch_json(state: State, kustomization: Kustomization, files: Tracked) -> State:
    """`patchesJson6902`, which come after names, namespace and labels."""
    for placed in kustomization.items("patchesJson6902"):
        if not (placed.value.get("target") or {}).get("name"):
            state = state.refused(files.place(placed), "a patch of patchesJson6902 needs a target with a name")
        else:
            state = _patched(
                state, placed, placed.value, kustomization, files, inline=(*placed.path, "patch"), only_json=True
            )
    return state


def _is_manifest(text: str) -> bool:
    try:
        return all(isinstance(one.value, dict) for one in manifest.manifests(text))
    except Unparsable:
        return False


def _patched(
    state: State,
    placed: Placed,
    entry: Object,
    kustomization: Kustomization,
    files: Tracked,
    *,
    inline: tuple[str | int, ...],
    only_json: bool = False,
) -> State:
    place = files.place(placed)
    target: Object | None = entry.get("target")
    try:
        text = _text(placed, entry, kustomization, files, inline)
        merges, operations = _content(text, only_json=only_json)
        if merges is None:
            return _json(state, text, operations, target)
        return _merge(state, text, merges, target, entry.get("options") or {})
    except Unread as error:
        return _doubted(state, target, place, f"{error}")
    except Unsupported as error:
        return _doubted(state, None, place, f"{error} is not understood")
    except (Unpatchable, Unparsable, Missing) as error:
        return state.refused(place, f"{error}")


def _doubted(state: State, target: Object | None, place: str, reason: str) -> State:
    """Not understood: whatever the patch may mean is uncertain."""
    state = state.unsure(place, reason)

    def may_mean(draft: Draft) -> bool:
        try:
            return draft.is_cnpg and (target is None or selectors.selects(target, draft))
        except Unsupported:
            return True

    return state.mapped(lambda one: one.doubted(f"{place}: {reason}") if may_mean(one) else one)


def _text(
    placed: Placed, entry: Object, kustomization: Kustomization, files: Tracked, inline: tuple[str | int, ...]
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


def _content(text: _Text, *, only_json: bool) -> tuple[tuple[Manifest, ...] | None, list[Any]]:
    """Either the manifests of a strategic merge patch or the operations of a JSON6902 patch."""
    body = text.text.strip() if text.layer.inner is not None else text.text
    if body.startswith("["):
        found = manifest.json_text(body)
        return None, found
    documents = manifest.settings(text.text)
    if all(isinstance(one, dict) or one is None for one in documents):
        if only_json:
            raise Unpatchable("patchesJson6902 has a patch that is no list of operations")
        merges = manifest.manifests(text.text)
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


def _layer(text: _Text, one: Manifest | None) -> Layer:
    """Of one manifest of the text, or of its operations."""
    document, line, base = (one.document, one.line, one.base) if one else (0, 1, ())
    layer = text.layer if one else replace(text.layer, kind="json patch")
    if layer.inner is None:
        return replace(layer, document=document, base=base, line=line)
    line = manifest.inner_line(text.file, layer.document, layer.base, line)
    return replace(layer, inner=document, line=line)


def _json(state: State, text: _Text, operations: list[Any], target: Object | None) -> State:
    if not operations:
        return state
    if target is None:
        raise Unpatchable("a JSON6902 patch without a target")
    layer = _layer(text, None)
    return state.mapped(lambda one: patched(one, operations, layer) if selectors.selects(target, one) else one)


def _merge(state: State, text: _Text, merges: tuple[Manifest, ...], target: Object | None, options: Object) -> State:
    if target is not None and len(merges) > 1:
        raise Unpatchable("several strategic merge patches in an entry that has a target")
    renames, retypes = bool(options.get("allowNameChange")), bool(options.get("allowKindChange"))
    for one in merges:
        layer = _layer(text, one)
        chosen = _chosen(state, one, target)
        apply = partial(
            merged,
            patch=one,
            layer=layer,
            own=one.base if layer.inner is not None else (),
            renames=renames,
            retypes=retypes,
        )
        state = state.mapped(partial(_where, chosen, apply))
    return state


def _where(chosen: frozenset[int], change: Callable[[Draft], Draft | None], draft: Draft) -> Draft | None:
    return change(draft) if id(draft) in chosen else draft


def _chosen(state: State, one: Manifest, target: Object | None) -> frozenset[int]:
    """The drafts that the patch means; none where what it means is outside of what was read."""
    if target is not None:
        return frozenset(id(draft) for draft in state.drafts if selectors.selects(target, draft))
    wanted = id_of(one.value)
    found = [draft for draft in state.drafts if any(wanted.matches(known) for known in draft.ids)]
    if len(found) > 1:
        raise Unpatchable(f"{wanted} is the name of several objects here: {', '.join(_names(found))}")
    if not found:
        if state.may_hold(wanted.group == CNPG_GROUP):
            return frozenset()
        raise Unpatchable(f"there is no {wanted} for the patch; there are: {', '.join(_near(state, wanted)) or 'none'}")
    return frozenset({id(found[0])})


def _names(drafts: list[Draft]) -> Iterator[str]:
    return (str(draft.id) for draft in drafts)


def _near(state: State, wanted: Id) -> list[str]:
    return sorted(str(draft.id) for draft in state.drafts if draft.id.kind == wanted.kind)[:10]

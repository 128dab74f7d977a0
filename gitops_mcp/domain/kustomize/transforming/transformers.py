"""`transformers` that kustomize has built in, each a document of its own instead of a field of the kustomization.

Some are such a field under another name, so they go its way, with places in the document; the others write what their
`fieldSpecs` name and nothing without them. A transformer that leaves an object as it is casts no doubt on it, even
where its own text is out of reach.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gitops_mcp.domain.kustomize import manifest, selectors
from gitops_mcp.domain.kustomize.draft import Draft, Id, Pen, id_of
from gitops_mcp.domain.kustomize.kustomization import InvalidKustomization, Kustomization, Placed, Section, check_patch
from gitops_mcp.domain.kustomize.patching import patches
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.produced import Layer, LayerKind
from gitops_mcp.domain.kustomize.regex import Unsupported
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.transforming import replacements, transforms
from gitops_mcp.domain.kustomize.transforming.fieldspecs import fields_of, is_meant, mapped_or_doubted, scalar_at
from gitops_mcp.domain.kustomize.tree import TrackedTree
from gitops_mcp.domain.objects import Object, Path, at, list_at, mapping_at, texts_at

_Change = Callable[[Draft, Object, Layer], Draft]

_AS_FIELD: Mapping[str, Mapping[str, Mapping[Path, Path]]] = {
    "PatchTransformer": {"patches": {("patches", 0): ()}},
    "PatchJson6902Transformer": {
        "patchesJson6902": {("patchesJson6902", 0): (), ("patchesJson6902", 0, "patch"): ("jsonOp",)}
    },
    "PatchStrategicMergeTransformer": {
        "patchesStrategicMerge": {("patchesStrategicMerge",): ("paths",)},
        "patches": {("patches", 0, "patch"): ("patches",)},
    },
    "ReplacementTransformer": {"replacements": {}},
}
"""Fields of a kustomization, with where the document says what stands there."""


def apply_transformers(
    state: State, kustomization: Kustomization, files: TrackedTree, read: Callable[[str, str], State]
) -> State:
    """`read` gives what a file or folder holds, by its entry and the entry's place."""
    entries = [(patches.is_manifest(one.value), one) for one in kustomization.items("transformers")]
    seen: set[Id] = set()
    for is_inline, placed in sorted(entries, key=lambda entry: not entry[0]):
        place = files.place(placed)
        if is_inline:
            # What it does has no place here: it stands in a string.
            for one in manifest.read_manifests(placed.value):
                state = _checked_name(state, id_of(one.value), seen, place)
                section = Section(placed.section.path, placed.section.document, placed.base, one.value)
                state = _apply_one(state, section, kustomization, files, f"{place}: a transformer that stands inline")
            continue
        found = read(placed.value, place)
        state = state.with_faults(found.faults)
        if found.unread or found.unknown:
            state = state.doubted(place, f"the transformers in {placed.value} were not read")
        for draft in found.drafts:
            first = draft.layers[0]
            state = _checked_name(state, draft.id, seen, place)
            section = Section(first.path, first.document, first.base, draft.value)
            patched = f"{place}: a transformer that is itself patched at {draft.layers[-1].place}"
            state = _apply_one(state, section, kustomization, files, patched if len(draft.layers) > 1 else "")
    return state


def _checked_name(state: State, one: Id, seen: set[Id], place: str) -> State:
    """Kustomize takes no two of one name."""
    named = one._replace(namespace=one.namespace or "default")
    is_second = named in seen
    seen.add(named)
    return state.refused(place, f"it brings a second {one}") if is_second else state


def _apply_one(
    state: State, section: Section, kustomization: Kustomization, files: TrackedTree, unplaced: str
) -> State:
    """One document; `unplaced`: why nothing is edited that it has a say in."""
    value = section.value
    kind, name = str(value.get("kind")), at(value, "metadata", "name")
    placed = Placed(value, section, ())
    place = files.place(placed)
    if value.get("apiVersion") != "builtin":
        reason = f"the plugin {kind} {name} is run only where kustomize is allowed to, and what it does is not known"
        return state.doubted(place, reason)
    try:
        if kind in _AS_FIELD:
            made = _through_fields(state, section, kustomization, files)
        elif kind in _CHANGES:
            made = _through_field_specs(
                state, value, transforms.layer_at(_CHANGES[kind][0], placed, kustomization, files)
            )
        else:
            return state.refused(place, f"there is no transformer {kind}")
    except (Unpatchable, InvalidKustomization) as error:
        return state.refused(place, f"{error}")
    if not unplaced:
        return made
    known = {id(draft) for draft in state.drafts}
    return made.mapped(lambda one: one if id(one) in known or not one.is_cnpg else one.doubted(unplaced))


def _through_fields(state: State, section: Section, kustomization: Kustomization, files: TrackedTree) -> State:
    value, kind = section.value, section.value["kind"]
    entry = {name: value[name] for name in ("path", "patch", "target", "options") if value.get(name) is not None}
    if kind == "PatchJson6902Transformer" and "jsonOp" in value:
        entry["patch"] = value["jsonOp"]
    merges = {"patch": value["patches"]} if kind == "PatchStrategicMergeTransformer" and value.get("patches") else {}
    for each in (entry, merges):
        check_patch(each)
    said: Mapping[str, Object] = {
        "PatchTransformer": {"patches": [entry]},
        "PatchJson6902Transformer": {"patchesJson6902": [entry]},
        "PatchStrategicMergeTransformer": {
            "patchesStrategicMerge": texts_at(value, "paths"),
            "patches": [merges] if merges else [],
        },
        "ReplacementTransformer": {"replacements": _mappings(value, "replacements")},
    }
    places = {path: own for field in _AS_FIELD[kind].values() for path, own in field.items()}
    one = Kustomization(
        kustomization.kind,
        kustomization.folder,
        (Section(section.path, section.document, section.base, said[kind], places),),
    )
    state = patches.apply_patches(state, one, files)
    state = patches.apply_json6902(state, one, files)
    return replacements.apply_replacements(state, one, files)


def _through_field_specs(state: State, value: Object, layer: Layer) -> State:
    kind = str(value["kind"])
    _, change = _CHANGES[kind]
    if kind in _NAMING and not isinstance(value.get("fieldSpecs"), list):
        raise Unpatchable(f"a {kind} without fieldSpecs")
    if kind == "ReplicaCountTransformer" and not state.may_hold(of_cnpg=False):
        name, specs = at(value, "replica", "name"), _mappings(value, "fieldSpecs")
        if not any(_is_counted(draft, name, spec) for draft in state.drafts for spec in specs):
            raise Unpatchable(f"there is no object {name!r} for its replicas")
    made = state.mapped(lambda draft: mapped_or_doubted(draft, lambda one: change(one, value, layer), layer.place))
    return transforms.check_names(made, layer) if kind == "NamespaceTransformer" else made


def _write_pairs(draft: Draft, value: Object, layer: Layer, *, field: str) -> Draft:
    pairs = value.get(field) or {}
    if not isinstance(pairs, dict):
        raise Unpatchable(f"{field} is not a map")
    pen = Pen(draft, layer)
    for holder in list(fields_of(draft, _mappings(value, "fieldSpecs"))) if pairs else ():
        if not isinstance(at(draft.value, *holder), dict | None):
            raise Unpatchable(f"{'/'.join(map(str, holder))} is not a map, so it takes no {field}")
        for key, text in pairs.items():
            pen.put((*holder, key), _text(text), (field, key), literal=isinstance(text, str))
    return _done(pen, draft)


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case int():
            return str(value).lower()
        case _:
            raise Unsupported(f"the value {value!r}")


def _set_namespace(draft: Draft, value: Object, layer: Layer) -> Draft:
    namespace = at(value, "metadata", "namespace")
    if not namespace:
        return draft
    only_unset, own = value.get("unsetOnly") is True, ("metadata", "namespace")
    pen = Pen(draft.renamed(), layer)
    specs = [
        one for one in _mappings(value, "fieldSpecs") if one.get("path") not in {"metadata/namespace", "metadata/name"}
    ]
    metadata = [] if draft.id.kind in transforms.CLUSTER_WIDE else [("metadata", "namespace")]
    for path in [*metadata, *fields_of(draft, specs)]:
        found = scalar_at(draft, path)
        if not (only_unset and found):
            pen.put(path, namespace, own)
    return _done(pen, draft)


def _set_name(draft: Draft, value: Object, layer: Layer, *, before: str, after: str) -> Draft:
    if draft.first_id.kind in transforms.UNPREFIXED:
        return draft
    pen = Pen(draft.renamed(), layer)
    for spec in _mappings(value, "fieldSpecs"):
        if is_meant(spec, draft.first_id):
            for path in fields_of(draft, [spec]):
                found = scalar_at(replace(draft, value=pen.value), path)
                if found is None and path[-1] in mapping_at(pen.value, *path[:-1]) and path not in draft.blanks:
                    found = "null"
                pen.put(path, f"{value.get(before) or ''}{_text(found)}{value.get(after) or ''}", (), literal=False)
    return _done(pen, draft)


def _set_image(draft: Draft, value: Object, layer: Layer) -> Draft:
    image = value.get("imageTag")
    if not isinstance(image, dict):
        return draft
    return transforms.set_images(draft, image, layer, fields_of(draft, _mappings(value, "fieldSpecs"), creates=False))


def _set_count(draft: Draft, value: Object, layer: Layer) -> Draft:
    pen, count = Pen(draft, layer), at(value, "replica", "count") or 0
    if type(count) is not int:
        raise Unpatchable(f"the count {count!r} is not a whole number")
    for spec in _mappings(value, "fieldSpecs"):
        if _is_counted(draft, at(value, "replica", "name"), spec):
            for path in fields_of(draft, [spec]):
                scalar_at(draft, path)
                pen.put(path, count, ("replica", "count"))
    return _done(pen, draft)


def _is_counted(draft: Draft, name: object, spec: Object) -> bool:
    return any(one.name == name and is_meant(spec, one) for one in draft.ids)


def _add_value(draft: Draft, value: Object, _layer: Layer) -> Draft:
    """What it writes is not worked out, only which objects it means."""
    targets = _mappings(value, "targets")
    if value.get("targetFilePath") or any(selectors.selects(one.get("selector") or {}, draft) for one in targets):
        raise Unsupported(f"the ValueAddTransformer {at(value, 'metadata', 'name')}")
    return draft


def _mappings(value: Object, field: str) -> list[Object]:
    return [one for one in list_at(value, field) if isinstance(one, dict)]


def _done(pen: Pen, draft: Draft) -> Draft:
    return draft if pen.value is draft.value else pen.done()


_CHANGES: Mapping[str, tuple[LayerKind, _Change]] = {
    "AnnotationsTransformer": ("annotation", partial(_write_pairs, field="annotations")),
    "LabelTransformer": ("label", partial(_write_pairs, field="labels")),
    "NamespaceTransformer": ("namespace", _set_namespace),
    "PrefixTransformer": ("name", partial(_set_name, before="prefix", after="")),
    "SuffixTransformer": ("name", partial(_set_name, before="", after="suffix")),
    "PrefixSuffixTransformer": ("name", partial(_set_name, before="prefix", after="suffix")),
    "ImageTagTransformer": ("images", _set_image),
    "ReplicaCountTransformer": ("replicas", _set_count),
    "ValueAddTransformer": ("replacement", _add_value),
    "HashTransformer": ("name", lambda draft, _value, _layer: draft),
}
_NAMING = frozenset({"PrefixTransformer", "SuffixTransformer", "PrefixSuffixTransformer"})

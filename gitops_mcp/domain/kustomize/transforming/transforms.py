"""What a kustomization does to all objects alike: namespace, names, labels, annotations, images."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from gitops_mcp.domain.kustomize.draft import Draft, Pen
from gitops_mcp.domain.kustomize.kustomization import Kustomization, Placed
from gitops_mcp.domain.kustomize.patching.mergepatch import Unpatchable
from gitops_mcp.domain.kustomize.produced import Layer, LayerKind
from gitops_mcp.domain.kustomize.state import State
from gitops_mcp.domain.kustomize.transforming.fieldspecs import fields_of, mapped_or_doubted
from gitops_mcp.domain.kustomize.tree import TrackedTree
from gitops_mcp.domain.objects import Object, Path, at

_NAMESPACE: Path = ("metadata", "namespace")
_NAME: Path = ("metadata", "name")
# These keep their names; what has no namespace matters here only where a name is looked up.
UNPREFIXED = frozenset({"CustomResourceDefinition", "APIService", "Namespace"})
CLUSTER_WIDE = frozenset(
    {
        "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
        "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node",
        "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)  # fmt: skip
_COUNTED = frozenset({"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"})
_CONTAINERS = ("containers", "initContainers")


def layer_at(kind: LayerKind, placed: Placed, kustomization: Kustomization, files: TrackedTree) -> Layer:
    section = placed.section
    return Layer(kind, section.path, section.document, placed.base, None, files.line(placed), kustomization.folder)


def apply_names(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """`namespace`, then `namePrefix`, then `nameSuffix`."""
    state = _apply_namespace(state, kustomization, files)
    for field in ("namePrefix", "nameSuffix"):
        placed = kustomization.text(field)
        if placed:
            layer = layer_at("name", placed, kustomization, files)
            state = state.mapped(partial(_rename_draft, placed=placed, layer=layer))
    return state


def _rename_draft(draft: Draft, placed: Placed, layer: Layer) -> Draft:
    if draft.id.kind in UNPREFIXED:
        return draft
    name = draft.id.name
    pen = Pen(draft.renamed(), layer)
    pen.put(_NAME, placed.value + name if placed.path == ("namePrefix",) else name + placed.value, (), literal=False)
    return pen.done()


def _apply_namespace(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    placed = kustomization.text("namespace")
    if placed is None:
        return state
    layer = layer_at("namespace", placed, kustomization, files)

    def moved(draft: Draft) -> Draft:
        is_namespace = draft.id.kind == "Namespace"
        if draft.id.kind in CLUSTER_WIDE and not is_namespace:
            return draft
        pen = Pen(draft, layer)
        pen.put(_NAME if is_namespace else _NAMESPACE, placed.value, ())
        return pen.done(past=draft.ids)

    return check_names(state.mapped(moved), layer)


def check_names(state: State, layer: Layer) -> State:
    """After a namespace was given: kustomize refuses two objects of one name."""
    named = [draft.id for draft in state.drafts if draft.is_cnpg]
    for one, count in Counter(named).items() if len(set(named)) < len(named) else ():
        if count > 1:
            state = state.refused(layer.place, f"the namespace makes one {one} of {count} objects")
    return state


def apply_labels(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """`labels` one after the other, then `commonLabels`, then `commonAnnotations`.

    In CNPG's kinds kustomize knows no selectors and no templates, so nothing but `metadata` gets them.
    """
    for placed in kustomization.items("labels"):
        if placed.value.get("pairs"):
            layer = layer_at("label", placed, kustomization, files)
            state = _apply_pairs(state, placed.value["pairs"], ("pairs",), layer, "labels")
            for spec in placed.value.get("fields") or []:
                try:
                    state = _apply_label_field(state, placed.value["pairs"], spec, layer)
                except Unpatchable as error:
                    state = state.refused(layer.place, f"{error}")
    for placed in kustomization.pairs("commonLabels"):
        layer = layer_at("label", placed, kustomization, files)
        state = _apply_pairs(state, placed.value, (), layer, "labels")
    for placed in kustomization.pairs("commonAnnotations"):
        layer = layer_at("annotation", placed, kustomization, files)
        state = _apply_pairs(state, placed.value, (), layer, "annotations")
    return state


def _apply_pairs(state: State, pairs: Object, own: Path, layer: Layer, field: str) -> State:
    def written(draft: Draft) -> Draft:
        pen = Pen(draft, layer)
        for key, value in pairs.items():
            pen.put(("metadata", field, key), value or "", (*own, key), literal=value is not None)
        return pen.done()

    return state.mapped(written)


def _apply_label_field(state: State, pairs: Object, spec: Any, layer: Layer) -> State:
    """Labels at a place of one's own."""

    def written(draft: Draft) -> Draft:
        pen = Pen(draft, layer)
        for holder in list(fields_of(draft, [spec])):
            for key, value in pairs.items():
                pen.put((*holder, key), value, ("pairs", key))
        return pen.done() if pen.value is not draft.value else draft

    return state.mapped(lambda draft: mapped_or_doubted(draft, written, layer.place))


def apply_replicas(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """`replicas`, which no kind of CNPG has for kustomize."""
    for placed in kustomization.items("replicas"):
        layer = layer_at("replicas", placed, kustomization, files)
        name = placed.value.get("name")
        if any(_has_replicas(draft, name) for draft in state.drafts):
            state = state.mapped(partial(_set_replicas, name=name, count=placed.value.get("count") or 0, layer=layer))
        elif not state.may_hold(of_cnpg=False):
            state = state.refused(layer.place, f"there is no {', '.join(sorted(_COUNTED))} {name!r} for its replicas")
    return state


def _has_replicas(draft: Draft, name: Any) -> bool:
    return any(one.kind in _COUNTED and one.name == name for one in draft.ids)


def _set_replicas(draft: Draft, name: Any, count: Any, layer: Layer) -> Draft:
    if not _has_replicas(draft, name):
        return draft
    pen = Pen(draft, layer)
    pen.put(("spec", "replicas"), count, ("count",))
    return pen.done()


def apply_images(state: State, kustomization: Kustomization, files: TrackedTree) -> State:
    """`images`, which reach every list of containers, a Pooler's too, and no `imageName`."""
    for field in ("imageTags", "images"):
        for placed in kustomization.items(field):
            layer = layer_at("images", placed, kustomization, files)
            state = state.mapped(partial(set_images, image=placed.value, layer=layer))
    return state


def set_images(draft: Draft, image: Object, layer: Layer, fields: Iterable[Path] = ()) -> Draft:
    """In every list of containers, and in fields that are named besides."""
    name = str(image.get("name") or "")
    pattern = re.compile(re.escape(name) + r"(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?")
    pen = Pen(draft, layer)
    found = False
    named = ((path, at(draft.value, *path)) for path in fields)
    for path, text in dict((*_find_images(draft.value, ()), *named)).items():
        match = pattern.fullmatch(str(text))
        if match:
            found = True
            pen.put(path, _image_reference(image, name, match[1] or "", match[2] or ""), (), literal=False)
    done = pen.done() if found else draft
    # Kustomize appends it once or twice, by where the container stands.
    return done.doubted(f"{layer.place}: tagSuffix") if found and image.get("tagSuffix") else done


def _image_reference(image: Object, name: str, tag: str, digest: str) -> str:
    new_tag, new_digest = image.get("newTag"), image.get("digest")
    if new_tag or new_digest:
        tag, digest = f":{new_tag}" if new_tag else "", f"@{new_digest}" if new_digest else ""
    return f"{image.get('newName') or name}{tag}{digest}"


def _find_images(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _find_images(item, (*path, index))
    if not isinstance(value, dict):
        return
    for key, part in value.items():
        if key in _CONTAINERS and isinstance(part, list):
            for index, container in enumerate(part):
                if isinstance(image := at(container, "image"), str):
                    yield (*path, key, index, "image"), image
        else:
            yield from _find_images(part, (*path, key))


def finish_annotations(draft: Draft) -> Draft:
    """Annotations come out as strings, and not at all where there are none."""
    metadata = draft.value.get("metadata")
    if not isinstance(metadata, dict) or "annotations" not in metadata:
        return draft
    found = metadata["annotations"]
    if found and isinstance(found, dict):
        if all(isinstance(value, str) for value in found.values()):
            return draft
        kept: Object = {**metadata, "annotations": {key: _annotation_text(value) for key, value in found.items()}}
    else:
        kept = {key: value for key, value in metadata.items() if key != "annotations"}
    return replace(draft, value={**draft.value, "metadata": kept})


def _annotation_text(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return ""
        case _:
            return str(value)

"""What Flux's Kustomizations in the repository apply, and those that FluxInstances make."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gitops_mcp.domain import kustomize
from gitops_mcp.domain.engines import left_out
from gitops_mcp.domain.engines.applies import EngineObject, FileSelection, FluxVariable, LocatedObject, Substitution
from gitops_mcp.domain.engines.flux import resource_set
from gitops_mcp.domain.engines.flux.instances import INSTANCE_GROUP, Sync
from gitops_mcp.domain.engines.flux.sources import (
    FluxContext,
    Source,
    examine_source,
    examine_sync,
    folder_of_path,
    source_notes,
)
from gitops_mcp.domain.engines.reading import (
    Files,
    TextPlace,
    clean_path,
    kustomization_path,
    mappings_in,
    overlay_section,
    string_values,
    value_at_place,
)
from gitops_mcp.domain.engines.source_url import Elsewhere
from gitops_mcp.domain.kustomize import FileTree, Section
from gitops_mcp.domain.objects import Object, Path, at, mapping_at

KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io"
HELM_GROUP = "helm.toolkit.fluxcd.io"
SOURCE_GROUP = "source.toolkit.fluxcd.io"
EXTENSIONS_GROUP = "source.extensions.fluxcd.io"
GROUPS = (KUSTOMIZE_GROUP, HELM_GROUP, SOURCE_GROUP, EXTENSIONS_GROUP, INSTANCE_GROUP)

SEALED = "SealedSecret"

_MADE = "made by flux-operator.yaml"


def interpret_kustomization(one: LocatedObject, context: FluxContext) -> EngineObject:
    return _interpret(one, examine_source(spec_of(one).get("sourceRef"), one, context), context)


def _interpret(one: LocatedObject, source: Source, context: FluxContext) -> EngineObject:
    spec = spec_of(one)
    there = folder_of_path(spec.get("path"), source, one, context)
    folder = clean_path(spec.get("path")) if there is None else there
    has_own = kustomization_path(context.files, folder) is not None
    cluster = at(spec, "kubeConfig", "secretRef", "name") or at(spec, "kubeConfig", "configMapRef", "name")
    lacking = f"there is no folder {folder} here" if folder else "which folder is its root is not known"
    missing = Elsewhere(f"{source.assumed}, and {lacking}") if there is None else None
    return EngineObject(
        engine="flux",
        kind="Kustomization",
        namespace=one.namespace,
        name=one.name,
        place=one.place,
        build="kustomize" if has_own else "directory",
        folder=folder,
        selection=FileSelection() if has_own else FileSelection(recurse=True, stops_at_kustomizations=True),
        overlay=_overlay(spec, one.place),
        destination=f"the cluster of kubeConfig {cluster}" if cluster else None,
        substitution=_substitution(at(spec, "postBuild"), one, context),
        prunes=spec.get("prune") is True,
        orphans=spec.get("prune") is not True or spec.get("suspend") is True or spec.get("deletionPolicy") == "Orphan",
        forces=spec.get("force") is True,
        suspended=spec.get("suspend") is True,
        automatic=spec.get("suspend") is not True,
        self_heals=True,
        depends_on=dependencies_of(one),
        notes=tuple(source_notes(source)),
        left=tuple(left_out.flux_fields(spec, one.place)),
        file_rules=(
            *left_out.ignore_files(context.files, context.ignoring),
            *(
                rule
                for each in source.declared
                for rule in left_out.source_rules(str(each.place), spec_of(each), source.root or "")
            ),
        ),
        decrypts=at(spec, "decryption", "provider") == "sops",
        excluded=source.excluded or missing,
        assumed=None if missing else source.assumed,
    )


def interpret_sync(sync: Sync, context: FluxContext) -> EngineObject:
    """The Kustomization that flux-operator makes from `spec.sync`, with the patches that the instance has for it."""
    made: Object = {
        "apiVersion": f"{KUSTOMIZE_GROUP}/v1",
        "kind": "Kustomization",
        "metadata": {"name": sync.name, "namespace": sync.namespace},
        "spec": {"path": sync.folder, "prune": True, "sourceRef": {"kind": sync.kind, "name": sync.name}},
    }
    patches = [one for one in mappings_in(at(sync.spec, "kustomize", "patches")) if "Kustomization" in str(one)]
    section = Section(sync.place.path, sync.place.document, sync.place.base, {"patches": patches})
    tree = FileTree({sync.place.path: context.files.get(sync.place.path, ""), _MADE: json.dumps(made)})
    build = kustomize.build_files(tree, "", (_MADE,), extra=(section,), groups={KUSTOMIZE_GROUP})
    made = build.produced[0].object if build.produced else made
    found = _interpret(LocatedObject(made, sync.place), examine_sync(sync, context), context)
    return replace(found, kind="FluxInstance", name=sync.instance, generated=sync.name)


def value_sources(one: LocatedObject) -> Iterator[tuple[str, str]]:
    """(kind, name) of every ConfigMap and Secret that variables or values come from."""
    if one.kind == resource_set.KIND:
        for made in resource_set.located_objects(one, ()):
            yield from value_sources(made)
    spec = spec_of(one)
    for reference in (*mappings_in(at(spec, "postBuild", "substituteFrom")), *mappings_in(spec.get("valuesFrom"))):
        yield str(reference.get("kind")), str(reference.get("name"))


def spec_of(one: LocatedObject) -> Object:
    found = one.object.get("spec")
    return found if isinstance(found, dict) else {}


def dependencies_of(one: LocatedObject) -> tuple[str, ...]:
    listed = mappings_in(spec_of(one).get("dependsOn"))
    return tuple(f"{item.get('namespace') or one.namespace}/{item.get('name')}" for item in listed)


_CALLED: dict[Path, Path] = {
    ("namespace",): ("targetNamespace",),
    ("labels", 0, "pairs"): ("commonMetadata", "labels"),
    ("commonAnnotations",): ("commonMetadata", "annotations"),
}
"""What a Kustomization of Flux calls otherwise than one of kustomize."""


def _overlay(spec: Object, place: TextPlace) -> Section | None:
    labels = string_values(at(spec, "commonMetadata", "labels"))
    return overlay_section(
        place,
        "spec",
        places=_CALLED,
        namespace=spec.get("targetNamespace"),
        namePrefix=spec.get("namePrefix"),
        nameSuffix=spec.get("nameSuffix"),
        labels=[{"pairs": labels}] if labels else [],
        commonAnnotations=string_values(at(spec, "commonMetadata", "annotations")),
        images=spec.get("images"),
        patches=spec.get("patches"),
        components=spec.get("components"),
    )


def _substitution(post_build: object, one: LocatedObject, context: FluxContext) -> Substitution:
    """Later sources win over earlier ones, and what stands in the object itself over all of them."""
    variables: dict[str, FluxVariable] = {}
    unread: list[str] = []
    several: list[str] = []
    for reference in mappings_in(at(post_build, "substituteFrom")):
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        found = context.referred(kind, name, one.namespace, one.place.path)
        if not found and kind == "Secret":
            found = context.referred(SEALED, name, one.namespace, one.place.path)
        if len(found) == 1 and not found[0].doubt:
            variables.update(_defined_variables(found[0], context.files))
            continue
        origin = f"{kind} {one.namespace}/{name}" if one.namespace else f"{kind} {name}"
        if not found and reference.get("optional") is True:
            origin += " (optional)"
        if found:
            places = [place for each in found for place in each.files]
            several += places
            origin += f" ({', '.join(places)}{f': {found[0].doubt}' if len(found) == 1 else ''})"
        unread.append(origin)
        variables = {key: replace(variable, hidden_by=origin) for key, variable in variables.items()}
    own = f"{one.kind} {one.namespace}/{one.name}" if one.namespace else f"{one.kind} {one.name}"
    for key, text in string_values(at(post_build, "substitute")).items():
        place = one.place.below("spec", "postBuild", "substitute", key)
        # What a patch from above brings in, or a variable of its own makes, does not stand there as it comes out.
        stands = value_at_place(place, context.files) == text
        variables[key] = FluxVariable(key, text.replace("\n", ""), own, place if stands else None)
    return Substitution(
        variables, tuple(unread), tuple(several), always=at(post_build, "substituteStrategy") == "Always"
    )


def _defined_variables(source: LocatedObject, files: Files) -> Iterable[tuple[str, FluxVariable]]:
    """The variables of a ConfigMap; of a Secret and of what is encrypted, their names."""
    origin = f"{source.kind} {source.namespace}/{source.name}" if source.namespace else f"{source.kind} {source.name}"
    origin += ", encrypted with sops" if "sops" in source.object else ""
    origin += f", built from {' and '.join(source.files)}," if len(source.files) > 1 else ""
    is_known = source.kind == "ConfigMap" and "sops" not in source.object
    for path in (("data",), ("stringData",), ("spec", "encryptedData"), ("spec", "template", "data")):
        for key, text in mapping_at(source.object, *path).items():
            value = text.replace("\n", "") if is_known and isinstance(text, str) else None
            place, before = _place_of_value(source, (*path, key), files)
            yield key, FluxVariable(key, value, origin, place, before)


def _place_of_value(source: LocatedObject, path: Path, files: Files) -> tuple[TextPlace | None, str]:
    """Where a value of a ConfigMap is written, if there is one such place, and what stands there before it."""
    if source.produced is None:
        return source.place.below(*path), ""
    word = source.produced.word(path)
    layer = source.produced.layers[word.layer] if word is not None else None
    if word is None or layer is None or layer.inner is not None:
        return None, ""
    text, key = at(source.object, *path), f"{path[-1]}="
    if word.literal:
        place = TextPlace(layer.path, layer.document, (*layer.base, *word.path), layer.line)
        return (place, "") if value_at_place(place, files) == text else (None, "")
    match word.path:
        case ("literals", int(index)):
            return TextPlace(layer.path, layer.document, (*layer.base, "literals", index), layer.line), key
        case (int(line),):
            return TextPlace(layer.path, 0, (), line), key
    return None, ""

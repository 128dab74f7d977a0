"""What Flux's Kustomizations in the repository apply, and the one that a FluxInstance makes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from gitops_mcp.domain.engines import left_out, resource_set
from gitops_mcp.domain.engines.applies import EngineObject, FileSelection, FluxVariable, LocatedObject, Substitution
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
from gitops_mcp.domain.engines.source_url import why_elsewhere, why_off_branch
from gitops_mcp.domain.kustomize import Section
from gitops_mcp.domain.objects import Object, Path, at, mapping_at

KUSTOMIZE_GROUP = "kustomize.toolkit.fluxcd.io"
HELM_GROUP = "helm.toolkit.fluxcd.io"
SOURCE_GROUP = "source.toolkit.fluxcd.io"
INSTANCE_GROUP = "fluxcd.controlplane.io"
GROUPS = (KUSTOMIZE_GROUP, HELM_GROUP, SOURCE_GROUP, INSTANCE_GROUP)

SEALED = "SealedSecret"

_BOOTSTRAP = "flux-system"


@dataclass(frozen=True, eq=False)
class FluxContext:
    """What is read beside the object itself."""

    files: Files
    found: tuple[LocatedObject, ...]
    """Every object that may be referred to: sources, instances, ConfigMaps and Secrets."""
    remotes: tuple[str, ...]
    revision: str

    @cached_property
    def ignoring(self) -> tuple[str, ...]:
        return tuple(sorted(path for path in self.files if posixpath.basename(path) == left_out.SOURCE_IGNORE))

    @cached_property
    def instances(self) -> tuple[LocatedObject, ...]:
        return tuple(one for one in self.found if one.kind == "FluxInstance")

    @cached_property
    def _named(self) -> Mapping[tuple[str, str], list[LocatedObject]]:
        named: dict[tuple[str, str], list[LocatedObject]] = {}
        for one in self.found:
            named.setdefault((one.kind, one.name), []).append(one)
        return named

    def referred(self, kind: str, name: str, namespace: str | None, path: str) -> tuple[LocatedObject, ...]:
        """The objects of a kind and name; of several, as each cluster has its own, the nearest to the path."""
        named = self._named.get((kind, name), [])
        same = [one for one in named if None in {namespace, one.namespace} or one.namespace == namespace]
        if len(same) < 2:
            return tuple(same)
        shared = [len(posixpath.commonpath([f"/{one.place.path}", f"/{path}"])) for one in same]
        return tuple(one for one, length in zip(same, shared, strict=True) if length == max(shared))


def interpret_kustomization(one: LocatedObject, context: FluxContext) -> EngineObject:
    spec = spec_of(one)
    folder = clean_path(spec.get("path"))
    has_own = kustomization_path(context.files, folder) is not None
    cluster = at(spec, "kubeConfig", "secretRef", "name") or at(spec, "kubeConfig", "configMapRef", "name")
    excluded, sources = examine_source(spec.get("sourceRef"), one, context)
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
        forces=spec.get("force") is True,
        suspended=spec.get("suspend") is True,
        automatic=spec.get("suspend") is not True,
        self_heals=True,
        depends_on=dependencies_of(one),
        notes=tuple(
            f"GitRepository {source.name} ({source.place}), which brings its files, is suspended: nothing is fetched "
            f"until somebody resumes it"
            for source in sources
            if spec_of(source).get("suspend") is True
        ),
        left=tuple(left_out.flux_fields(spec, one.place)),
        file_rules=(
            *left_out.ignore_files(context.files, context.ignoring),
            *(rule for source in sources for rule in left_out.source_rules(str(source.place), spec_of(source))),
        ),
        decrypts=at(spec, "decryption", "provider") == "sops",
        excluded=excluded,
    )


def interpret_instance(one: LocatedObject, context: FluxContext) -> EngineObject | None:
    """The Kustomization that flux-operator makes from `spec.sync`; it is named after the namespace."""
    sync = at(one.object, "spec", "sync")
    if not isinstance(sync, dict):
        return None
    name = str(sync.get("name") or one.namespace or _BOOTSTRAP)
    folder = clean_path(sync.get("path"))
    excluded = None
    if sync.get("kind", "GitRepository") != "GitRepository":
        excluded = f"it applies a {sync.get('kind')}, not a Git repository"
    excluded = (
        excluded or why_elsewhere(sync.get("url"), context.remotes) or why_off_branch(sync.get("ref"), context.revision)
    )
    has_own = kustomization_path(context.files, folder) is not None
    return EngineObject(
        engine="flux",
        kind="FluxInstance",
        namespace=one.namespace,
        name=one.name,
        generated=name,
        place=one.place,
        build="kustomize" if has_own else "directory",
        folder=folder,
        selection=FileSelection() if has_own else FileSelection(recurse=True, stops_at_kustomizations=True),
        prunes=True,
        self_heals=True,
        file_rules=tuple(left_out.ignore_files(context.files, context.ignoring)),
        decrypts="decryption" in str(at(one.object, "spec", "kustomize")),
        excluded=excluded,
    )


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


def examine_source(
    reference: object, one: LocatedObject, context: FluxContext
) -> tuple[str | None, tuple[LocatedObject, ...]]:
    """Why what a `sourceRef` names is not this repository, and the sources that it may mean."""
    kind, name = str(at(reference, "kind")), str(at(reference, "name"))
    if kind != "GitRepository":
        return f"it applies {kind} {name}, not a Git repository", ()
    namespace = at(reference, "namespace") or one.namespace
    found = context.referred(kind, name, namespace, one.place.path)
    for instance_of in () if found else context.instances:
        sync = at(instance_of.object, "spec", "sync")
        if isinstance(sync, dict):
            made = str(sync.get("name") or instance_of.namespace or _BOOTSTRAP)
            if made == name:
                return why_elsewhere(sync.get("url"), context.remotes) or why_off_branch(
                    sync.get("ref"), context.revision
                ), ()
    if not found:
        unknown = f"it applies GitRepository {name}, which this repository does not declare"
        return (None if name == _BOOTSTRAP else unknown), ()
    reasons = [_why_other_source(spec_of(source), context) for source in found]
    return (None if None in reasons else reasons[0]), found


def _why_other_source(spec: Object, context: FluxContext) -> str | None:
    """Flux takes the commit before the name, the name before the tag, and `master` where nothing is said."""
    reference = spec.get("ref") or {}
    if found := why_elsewhere(spec.get("url"), context.remotes):
        return found
    for field in ("commit", "semver", "tag"):
        if at(reference, field) and not (field != "commit" and at(reference, "name")):
            return f"it applies the {field} {at(reference, field)}, not {context.revision}"
    return why_off_branch(at(reference, "name") or at(reference, "branch") or "master", context.revision)


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
    for reference in mappings_in(at(post_build, "substituteFrom")):
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        found = context.referred(kind, name, one.namespace, one.place.path)
        if not found and kind == "Secret":
            found = context.referred(SEALED, name, one.namespace, one.place.path)
        if len(found) == 1:
            variables.update(_defined_variables(found[0]))
            continue
        origin = f"{kind} {one.namespace}/{name}" if one.namespace else f"{kind} {name}"
        if not found and reference.get("optional") is True:
            origin += " (optional)"
        if found:
            origin += f" ({', '.join(str(each.place) for each in found)})"
        unread.append(origin)
        variables = {key: replace(variable, hidden_by=origin) for key, variable in variables.items()}
    own = f"{one.kind} {one.namespace}/{one.name}" if one.namespace else f"{one.kind} {one.name}"
    for key, text in string_values(at(post_build, "substitute")).items():
        place = one.place.below("spec", "postBuild", "substitute", key)
        # What a patch from above brings in, or a variable of its own makes, does not stand there as it comes out.
        stands = value_at_place(place, context.files) == text
        variables[key] = FluxVariable(key, text.replace("\n", ""), own, place if stands else None)
    return Substitution(variables, tuple(unread), always=at(post_build, "substituteStrategy") == "Always")


def _defined_variables(source: LocatedObject) -> Iterable[tuple[str, FluxVariable]]:
    """The variables of a ConfigMap; of a Secret and of what is encrypted, their names."""
    origin = f"{source.kind} {source.namespace}/{source.name}" if source.namespace else f"{source.kind} {source.name}"
    origin += ", encrypted with sops" if "sops" in source.object else ""
    is_known = source.kind == "ConfigMap" and "sops" not in source.object
    for path in (("data",), ("stringData",), ("spec", "encryptedData"), ("spec", "template", "data")):
        for key, text in mapping_at(source.object, *path).items():
            value = text.replace("\n", "") if is_known and isinstance(text, str) else None
            yield key, FluxVariable(key, value, origin, source.place.below(*path, key))

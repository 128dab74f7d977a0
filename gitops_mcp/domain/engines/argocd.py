"""What the Applications of the repository apply, one for each source; `applicationset` makes further ones."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from gitops_mcp.domain.engines import left_out
from gitops_mcp.domain.engines.applies import EngineObject, FileSelection, HelmChart, LocatedObject, ValuesLayer
from gitops_mcp.domain.engines.reading import (
    Files,
    TextPlace,
    clean_path,
    kustomization_path,
    mappings_in,
    overlay_section,
    string_values,
    texts_in,
)
from gitops_mcp.domain.engines.source_layers import SourceLayer, layers_of_tool, merged_source, source_layers
from gitops_mcp.domain.engines.source_url import OffBranch, why_elsewhere, why_off_branch
from gitops_mcp.domain.kustomize import Section, join_path
from gitops_mcp.domain.objects import Object, Path, at, mapping_at, text_at

GROUP = "argoproj.io"
SKIP_RECONCILE = "argocd.argoproj.io/skip-reconcile"
SKIPPED = "+argocd:skip-file-rendering"

_HYDRATOR: Path = ("spec", "sourceHydrator")
_TYPES = ("kustomize", "helm", "directory", "plugin")
_OTHER_TOOLS = ("helm", "jsonnet", "tanka", "cue", "kcl", "cdk8s", "pkl", "dhall", "ytt", "terraform", "timoni")
_OF_FILE = "file parameter "
_REPLACING = ("Replace=true", "Force=true")
_CASCADES = "resources-finalizer.argocd.argoproj.io"
"""What a finalizer begins with by which an Application deletes what it has applied."""


def interpret_application(
    one: LocatedObject, files: Files, *, remotes: tuple[str, ...], revision: str
) -> Iterator[EngineObject]:
    """One for each source that makes manifests; a source that only lends values (`ref`) makes none."""
    single, several = at(one.object, "spec", "source"), mappings_in(at(one.object, "spec", "sources"))
    dry = at(one.object, "spec", "sourceHydrator", "drySource")
    if isinstance(dry, dict):  # Argo CD takes it before both others.
        made = _engine_object(one, (*_HYDRATOR, "drySource"), dry, {}, files, remotes=remotes, revision=revision)
        spec = mapping_at(one.object, *_HYDRATOR)
        branches = (text_at(spec, key, "targetBranch") for key in ("syncSource", "hydrateTo"))
        folder = clean_path(at(spec, "syncSource", "path"))
        wet = tuple((branch, folder) for branch in branches if branch)
        notes = (*made.notes, *_hydration_notes(one))
        yield replace(made, notes=notes, hydrates=wet, dry=text_at(dry, "targetRevision") or "HEAD")
        return
    # Argo CD ignores `source` where there are `sources`.
    listed = [(("spec", "sources", index), source) for index, source in enumerate(several)]
    if not listed and isinstance(single, dict):
        yield _engine_object(one, ("spec", "source"), single, {}, files, remotes=remotes, revision=revision)
    lent = {f"${source['ref']}": _why_excluded(source, remotes, revision) for _, source in listed if source.get("ref")}
    for base, source in listed:
        if source.get("path") is not None or source.get("chart"):
            yield _engine_object(one, base, source, lent, files, remotes=remotes, revision=revision)


def _engine_object(
    one: LocatedObject,
    base: tuple[str | int, ...],
    source: Object,
    lent: dict[str, str | None],
    files: Files,
    *,
    remotes: tuple[str, ...],
    revision: str,
) -> EngineObject:
    spec = one.object["spec"]
    layers = source_layers(one.name, source, one.place, base, files)
    source = {
        **merged_source(layers),
        **{key: source.get(key) for key in ("chart", "path", "repoURL", "targetRevision")},
    }
    sync = mapping_at(spec.get("syncPolicy"))
    automated, options = at(sync, "automated"), texts_in(at(sync, "syncOptions"))
    folder = None if source.get("chart") else clean_path(source.get("path"))
    said = [kind for kind in _TYPES if _says_something(source.get(kind))]
    build = "helm" if folder is None else said[0] if said else _build_type(files, folder)
    opaque = f"its source says {' and '.join(said)} at once" if len(said) > 1 else None
    guess, plugin = None, ""
    if build == "plugin" and folder is not None:
        plugin = _plugin_name(source)
        if _is_kustomize(_build_type(files, folder), plugin):
            build, guess = "kustomize", f"{plugin} builds it, which is taken for plain kustomize"
        else:
            opaque = opaque or f"{plugin} builds it"
    automatic = isinstance(automated, dict) and automated.get("enabled") is not False
    namespace = at(spec, "destination", "namespace")
    overlay, *overridden = (*_overlays(layers),) or (None,) if build == "kustomize" else (None,)
    directory = mapping_at(source.get("directory"))
    return EngineObject(
        engine="argocd",
        kind="Application",
        namespace=one.namespace,
        name=one.name,
        place=one.place,
        build="kustomize" if build == "kustomize" else "helm" if build == "helm" else "directory",
        folder=folder,
        selection=FileSelection(
            recurse=directory.get("recurse") is True,
            include=str(directory.get("include") or ""),
            exclude=str(directory.get("exclude") or ""),
        ),
        overlay=overlay,
        overridden=tuple(overridden),
        default_namespace=namespace if isinstance(namespace, str) and namespace else None,
        destination=str(at(spec, "destination", "name") or at(spec, "destination", "server") or "") or None,
        chart=_chart(one, layers, source, folder, lent) if build == "helm" else None,
        prunes=automatic and at(automated, "prune") is True and "Prune=false" not in options,
        orphans=not any(one.startswith(_CASCADES) for one in texts_in(at(one.object, "metadata", "finalizers"))),
        forces=any(option in options for option in _REPLACING),
        automatic=automatic,
        self_heals=automatic and at(automated, "selfHeal") is True,
        sync_options=options,
        decrypts="sops" in plugin,
        suspended=at(one.object, "metadata", "annotations", SKIP_RECONCILE) == "true",
        overrides=tuple(left_out.override_notes(one.name, folder, files)),
        left=tuple(left_out.argocd_fields(spec, one.place)),
        respects_left="RespectIgnoreDifferences=true" in options,
        opaque=opaque,
        guess=guess,
        excluded=_why_lent_off_base(source, lent) if folder is None else _why_excluded(source, remotes, revision),
    )


def _hydration_notes(one: LocatedObject) -> Iterator[str]:
    """Where a commit goes before it is applied."""
    hydrator = mapping_at(one.object, *_HYDRATOR)
    synced, staged = at(hydrator, "syncSource", "targetBranch"), at(hydrator, "hydrateTo", "targetBranch")
    if staged and staged != synced:
        yield (
            f"Application {one.name} ({one.place}) has it rendered into branch {staged}, and applies {synced}: "
            f"somebody has to promote it there after the merge"
        )


def _why_excluded(source: Object, remotes: tuple[str, ...], revision: str) -> str | None:
    return why_elsewhere(source.get("repoURL"), remotes) or why_off_branch(source.get("targetRevision"), revision)


def _why_lent_off_base(source: Object, lent: dict[str, str | None]) -> OffBranch | None:
    """Of a chart from elsewhere: the branch or tag that its value files are of."""
    names = {entry.partition("/")[0] for entry in texts_in(at(source, "helm", "valueFiles"))}
    return next((why for name, why in lent.items() if name in names and isinstance(why, OffBranch)), None)


def _plugin_name(source: Object) -> str:
    name = at(source, "plugin", "name")
    return f"the config management plugin {name}" if name else "a config management plugin"


def _is_kustomize(build: str, plugin: str) -> bool:
    """Whether a plugin most likely builds the kustomization that is there: others are called after what they run."""
    return build == "kustomize" and ("kustom" in plugin or not any(tool in plugin for tool in _OTHER_TOOLS))


def _says_something(value: object) -> bool:
    """Argo CD drops what is there and empty before it asks for the type of a source."""
    return isinstance(value, dict) and any(value.values())


def _build_type(files: Files, folder: str) -> str:
    if kustomization_path(files, folder):
        return "kustomize"
    return "helm" if posixpath.join(folder, "Chart.yaml") in files else "directory"


def _overlays(layers: tuple[SourceLayer, ...]) -> Iterator[Section]:
    without_selector = at(merged_source(layers), "kustomize", "labelWithoutSelector") is True
    for layer in layers_of_tool(layers, "kustomize"):
        if section := _overlay(layer, without_selector=without_selector):
            yield section


def _overlay(layer: SourceLayer, *, without_selector: bool) -> Section | None:
    said = layer.value
    labels = string_values(said.get("commonLabels"))
    return overlay_section(
        layer.place,
        *layer.base,
        namespace=said.get("namespace"),
        namePrefix=said.get("namePrefix"),
        nameSuffix=said.get("nameSuffix"),
        commonLabels={} if without_selector else labels,
        labels=[{"pairs": labels}] if labels and without_selector else [],
        commonAnnotations=string_values(said.get("commonAnnotations")),
        replicas=said.get("replicas"),
        patches=said.get("patches"),
        components=said.get("components"),
    )


def _chart(
    one: LocatedObject, layers: tuple[SourceLayer, ...], source: Object, folder: str | None, lent: dict[str, str | None]
) -> HelmChart:
    repository = None if folder is not None else str(source.get("repoURL"))
    name = str(source.get("chart") or folder)
    release = at(source, "helm", "releaseName") or one.name
    hides = _says_something(at(source, "helm", "valuesObject"))
    values = [
        value
        for layer in layers_of_tool(layers, "helm", whole="valuesObject")
        for value in _values(layer.place, layer.base, layer.value, folder, lent)
        if not (hides and value.kind == "text")
    ]
    values.sort(key=_turn)
    version = None if repository is None else str(source.get("targetRevision") or "") or None
    return HelmChart(name, repository, folder, True, str(release), tuple(values), version)


def _turn(layer: ValuesLayer) -> int:
    """Files are read first, whatever an override file says beside them, and parameters last."""
    if layer.kind == "parameter" or layer.name.startswith(_OF_FILE):
        return 2
    return 1 if layer.kind in {"mapping", "text"} else 0


def _values(
    place: TextPlace, base: tuple[str | int, ...], helm: Object, folder: str | None, lent: dict[str, str | None]
) -> Iterator[ValuesLayer]:
    """Files first, then `valuesObject` (which hides `values`), then parameters."""
    for entry in texts_in(helm.get("valueFiles")):
        yield _value_file(entry, folder, lent)
    if _says_something(helm.get("valuesObject")):
        yield ValuesLayer("mapping", place.below(*base, "valuesObject"), value=helm["valuesObject"])
    elif isinstance(helm.get("values"), str) and helm["values"].strip():
        yield ValuesLayer("text", place.below(*base, "values"), value=helm["values"])
    for index, parameter in enumerate(mappings_in(helm.get("parameters"))):
        where, is_text = place.below(*base, "parameters", index, "value"), parameter.get("forceString") is True
        yield ValuesLayer("parameter", where, str(parameter.get("name")), parameter.get("value"), is_text)
    for parameter in mappings_in(helm.get("fileParameters")):
        yield ValuesLayer("unread", None, f"{_OF_FILE}{parameter.get('name')}")


def _value_file(entry: str, folder: str | None, lent: dict[str, str | None]) -> ValuesLayer:
    if "://" in entry:
        return ValuesLayer("unread", None, entry)
    if entry.startswith("$"):
        reference, _, rest = entry.partition("/")
        reason = lent.get(reference, f"{reference} is not a source of this Application")
        return (
            ValuesLayer("unread", None, f"{entry}: {reason}")
            if reason and not isinstance(reason, OffBranch)
            else ValuesLayer("file", TextPlace(clean_path(rest), 0, (), 1))
        )
    if folder is None:
        return ValuesLayer("unread", None, f"{entry} of the chart")
    path = join_path("", entry.lstrip("/")) if entry.startswith("/") else join_path(folder, entry)
    if path is None:
        return ValuesLayer("unread", None, f"{entry}: it is outside of the repository")
    return ValuesLayer("file", TextPlace(path, 0, (), 1))

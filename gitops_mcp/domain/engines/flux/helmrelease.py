"""What Flux's HelmReleases in the repository install, and where their values stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.engines.applies import EngineObject, HelmChart, LocatedObject, ValuesLayer
from gitops_mcp.domain.engines.flux.kustomizations import dependencies_of, spec_of
from gitops_mcp.domain.engines.flux.sources import FluxContext, examine_source, folder_of_path
from gitops_mcp.domain.engines.reading import TextPlace, clean_path, mappings_in, texts_in, value_at_place
from gitops_mcp.domain.engines.source_url import Elsewhere
from gitops_mcp.domain.objects import Object, at, mapping_at


def interpret_helm_release(one: LocatedObject, context: FluxContext) -> EngineObject:
    spec = spec_of(one)
    target = spec.get("targetNamespace")
    chart, excluded = _chart(one, spec, context)
    cluster = at(spec, "kubeConfig", "secretRef", "name") or at(spec, "kubeConfig", "configMapRef", "name")
    return EngineObject(
        engine="flux",
        kind="HelmRelease",
        namespace=one.namespace,
        name=one.name,
        place=one.place,
        build="helm",
        folder=chart.folder,
        default_namespace=target if isinstance(target, str) and target else one.namespace,
        destination=f"the cluster of kubeConfig {cluster}" if cluster else None,
        chart=chart,
        prunes=True,
        suspended=spec.get("suspend") is True,
        automatic=spec.get("suspend") is not True,
        depends_on=dependencies_of(one),
        opaque="spec.postRenderers change what the chart makes" if spec.get("postRenderers") else None,
        excluded=excluded,
    )


def _chart(one: LocatedObject, spec: Object, context: FluxContext) -> tuple[HelmChart, str | None]:
    """The chart of a HelmRelease, and why that is not of this repository where it should be."""
    release, values = spec.get("releaseName"), tuple(_values(one, spec, context))
    if not release:
        target = spec.get("targetNamespace")
        release = f"{target}-{one.name}" if target else one.name
    wanted = mapping_at(spec, "chart", "spec")
    reference = mapping_at(spec.get("chartRef") or wanted.get("sourceRef"))
    kind, name = str(reference.get("kind")), str(reference.get("name"))
    found = context.referred(kind, name, reference.get("namespace") or one.namespace, one.place.path)
    if kind == "HelmChart" and found:  # of source-controller: what `spec.chart` would have made
        one, wanted = found[0], spec_of(found[0])
        reference = mapping_at(wanted.get("sourceRef"))
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        found = context.referred(kind, name, one.namespace, one.place.path)
        spec = {key: value for key, value in spec.items() if key != "chartRef"}
    url = at(found[0].object, "spec", "url") if found else None
    if kind == "GitRepository":
        source = examine_source(reference, one, context)
        there = folder_of_path(wanted.get("chart"), source, one, context)
        folder = clean_path(wanted.get("chart")) if there is None else there
        excluded = source.excluded or (Elsewhere(str(source.assumed)) if there is None else None)
        files = [
            ValuesLayer("file", TextPlace(clean_path(path), 0, (), 1)) for path in texts_in(wanted.get("valuesFiles"))
        ]
        return HelmChart(folder, None, folder, not files, str(release), (*files, *values)), excluded
    if spec.get("chartRef"):
        chart = str(url).rstrip("/").rpartition("/")[2] if url else name
    else:
        chart = str(wanted.get("chart"))
    more = [ValuesLayer("unread", None, f"{path} of the chart") for path in texts_in(wanted.get("valuesFiles"))]
    version = str(wanted.get("version") or "") or None
    repository = str(url or f"{kind} {name}")
    return HelmChart(chart, repository, None, not more, str(release), (*more, *values), version), None


def _values(one: LocatedObject, spec: Object, context: FluxContext) -> Iterator[ValuesLayer]:
    for reference in mappings_in(spec.get("valuesFrom")):
        kind, name = str(reference.get("kind")), str(reference.get("name"))
        key = str(reference.get("valuesKey") or "values.yaml")
        found = context.referred(kind, name, one.namespace, one.place.path)
        readable = len(found) == 1 and kind == "ConfigMap" and isinstance(at(found[0].object, "data", key), str)
        layer = _config_map_layer(found[0], key) if readable and not reference.get("targetPath") else None
        yield layer or ValuesLayer("unread", None, f"{kind} {name}, key {key}")
    place = one.place.below("spec", "values")
    there = value_at_place(place, context.files)
    if isinstance(there, dict):
        yield ValuesLayer("mapping", place, value=spec.get("values"))
    if not _is_as_written(spec.get("values"), there):
        yield ValuesLayer("unread", None, "a patch of the Kustomization that applies it")


def _config_map_layer(one: LocatedObject, key: str) -> ValuesLayer | None:
    """Where the text of a key stands: in a ConfigMap, or as a whole file; None where a build makes it otherwise."""
    word = one.produced.word(("data", key)) if one.produced is not None else None
    text = at(one.object, "data", key)
    if one.produced is None or word is None:
        return ValuesLayer("text", one.place.below("data", key), value=text)
    layer = one.produced.layers[word.layer]
    if word.literal and layer.inner is None:
        place = TextPlace(layer.path, layer.document, (*layer.base, *word.path), layer.line)
        return ValuesLayer("text", place, value=text)
    is_file = not word.literal and word.layer > 0 and not word.path
    return ValuesLayer("file", TextPlace(layer.path, 0, (), 1), value=text) if is_file else None


def _is_as_written(value: Any, there: Any) -> bool:
    """Whether a value is what the file says, but for variables that are filled in."""
    if value == there:
        return True
    if isinstance(value, dict) and isinstance(there, dict):
        return len(value) == len(there) and all(
            key in there and _is_as_written(one, there[key]) for key, one in value.items()
        )
    if isinstance(value, list) and isinstance(there, list):
        return len(value) == len(there) and all(map(_is_as_written, value, there))
    return isinstance(there, str) and "${" in there

"""What Flux's HelmReleases in the repository install, and where their values stand."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from gitops_mcp.domain.engines.applies import EngineObject, HelmChart, LocatedObject, ValuesLayer
from gitops_mcp.domain.engines.flux import FluxContext, dependencies_of, examine_source, spec_of
from gitops_mcp.domain.engines.reading import (
    TextPlace,
    clean_path,
    kustomization_path,
    mappings_in,
    read_documents,
    texts_in,
    value_at_place,
)
from gitops_mcp.domain.kustomize import join_path
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
        folder = clean_path(wanted.get("chart"))
        excluded, _ = examine_source(reference, one, context)
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
        if readable and not reference.get("targetPath"):
            yield ValuesLayer("text", found[0].place.below("data", key), value=at(found[0].object, "data", key))
        elif (made := _generated_file(kind, name, key, one, context)) and not reference.get("targetPath"):
            yield ValuesLayer("file", TextPlace(made, 0, (), 1))
        else:
            yield ValuesLayer("unread", None, f"{kind} {name}, key {key}")
    place = one.place.below("spec", "values")
    there = value_at_place(place, context.files)
    if isinstance(there, dict):
        yield ValuesLayer("mapping", place, value=spec.get("values"))
    if not _is_as_written(spec.get("values"), there):
        yield ValuesLayer("unread", None, "a patch of the Kustomization that applies it")


def _generated_file(kind: str, name: str, key: str, one: LocatedObject, context: FluxContext) -> str | None:
    """The file of which the kustomization around a HelmRelease makes a key of a ConfigMap."""
    folder = one.place.path
    while folder and kind == "ConfigMap":
        folder = posixpath.dirname(folder)
        path = kustomization_path(context.files, folder)
        documents = read_documents(context.files[path]) if path else ()
        for generator in mappings_in(at(documents[0].value, "configMapGenerator")) if documents else ():
            for entry in texts_in(generator.get("files")) if generator.get("name") == name else ():
                said, _, file = entry.rpartition("=")
                found = join_path(folder, file)
                if (said or posixpath.basename(file)) == key and found in context.files:
                    return found
    return None


def _is_as_written(value: Any, there: Any) -> bool:
    """Whether a value is what the file says, but for variables that are filled in."""
    if isinstance(value, dict) and isinstance(there, dict):
        return len(value) == len(there) and all(
            key in there and _is_as_written(one, there[key]) for key, one in value.items()
        )
    if isinstance(value, list) and isinstance(there, list):
        return len(value) == len(there) and all(map(_is_as_written, value, there))
    return bool(value == there) or (isinstance(there, str) and "${" in there)

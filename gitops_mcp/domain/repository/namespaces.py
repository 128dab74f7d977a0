"""Why the namespace of an object is not known: the line or the engine object that leaves it open."""

from __future__ import annotations

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.domain.yaml.text import line_of_path

NAME_IT = "name it to see what is live there"
_NAMESPACE: Path = ("metadata", "namespace")


def why_namespace_is_open(desired: Desired, declared: Declaration) -> str:
    """`nothing says the namespace of a.yaml:1: ...`, or what says it in a way that is not known here."""
    start = f"the namespace of {declared.place}"
    if said := at(declared.object, *_NAMESPACE):
        scalar = declared.substituted.get(_NAMESPACE)
        why = scalar.unknown if scalar is not None and scalar.unknown else "which is not a name of a namespace"
        return f"{start} is {said} ({_line_of(desired, declared)}), {'and ' if scalar else ''}{why}"
    by = declared.applied
    if by is not None and by.default_namespace:
        return f"{start} is {by.default_namespace}, by {_field_of(by)} of {by}, which is not a name of a namespace"
    if by is not None and by.why_no_namespace:
        return f"{start} is not known: {by}: {by.why_no_namespace}"
    gaps = ["it has no metadata.namespace"] if declared.release is None else []
    if declared.root in desired.kustomizations and declared.root is not None:
        gaps.append(f"{desired.kustomizations[declared.root].path} sets no namespace")
    gaps.append(f"{by} has no {_field_of(by)}" if by is not None else "no engine object of this repository applies it")
    return f"nothing in the repository says {start}: {', and '.join(filter(None, (', '.join(gaps[:-1]), gaps[-1])))}"


def _field_of(by: EngineObject) -> str:
    """Where an engine object says the namespace of what has none."""
    if by.engine == "argocd":
        return "spec.destination.namespace"
    return "spec.targetNamespace and no namespace of its own" if by.kind == "HelmRelease" else "spec.targetNamespace"


def _line_of(desired: Desired, declared: Declaration) -> str:
    word = declared.produced.word(_NAMESPACE) if declared.produced is not None else None
    if declared.produced is None or word is None:
        return declared.place
    layer = declared.produced.layers[word.layer]
    text = desired.texts.get(layer.path)
    if text is None or layer.inner is not None:
        return layer.place
    return f"{layer.path}:{line_of_path(text, layer.document, (*layer.base, *word.path))}"

"""The source of an Application, as it says it and as files of its folder say otherwise.

Argo CD merges `.argocd-source.yaml` and `.argocd-source-<application>.yaml` into the source before it builds the
folder, as merge patches: mappings are merged, what else they say takes the place of what was there.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.engines.reading import Files, TextPlace, clean_path, read_documents
from gitops_mcp.domain.objects import Object, Path, mapping_at

TOOLS = ("kustomize", "helm", "directory", "plugin")
"""All else of a source is not taken from these files."""


@dataclass(frozen=True)
class SourceLayer:
    """What one file says of a source, or of a part of it."""

    value: Object
    place: TextPlace
    base: Path


def source_layers(name: str, source: Object, place: TextPlace, base: Path, files: Files) -> tuple[SourceLayer, ...]:
    """The last one has the last word. `name`: of the Application."""
    found = [SourceLayer(source, place, base)]
    for path in override_paths(name, clean_path(source.get("path"))) if not source.get("chart") else ():
        for document in read_documents(files.get(path, ""))[:1]:
            said = {key: value for key, value in mapping_at(document.value).items() if key in TOOLS}
            found.append(SourceLayer(said, TextPlace(path, document.index, (), document.line), ()))
    return tuple(found)


def override_paths(name: str, folder: str) -> tuple[str, ...]:
    return tuple(posixpath.join(folder, file) for file in (".argocd-source.yaml", f".argocd-source-{name}.yaml"))


def merged_source(layers: tuple[SourceLayer, ...]) -> Object:
    found: Any = {}
    for layer in layers:
        found = _merge(found, layer.value)
    return mapping_at(found)


def layers_of_tool(layers: tuple[SourceLayer, ...], tool: str, *, whole: str = "") -> Iterator[SourceLayer]:
    """What each layer says of a tool that no later one says otherwise; of the mapping `whole` all that it says."""
    for index, layer in enumerate(layers):
        said = mapping_at(layer.value, tool)
        for later in layers[index + 1 :]:
            said = _without(said, mapping_at(later.value, tool), whole)
        if said:
            yield SourceLayer(said, layer.place, (*layer.base, tool))


def _without(said: Object, later: Object, whole: str) -> Object:
    kept: Object = {}
    for key, value in said.items():
        if key not in later or key == whole:
            kept[key] = value
        elif isinstance(value, dict) and isinstance(later[key], dict):
            kept[key] = {inner: one for inner, one in value.items() if inner not in later[key]}
    return kept


def _merge(value: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    old = value if isinstance(value, dict) else {}
    kept = {key: one for key, one in old.items() if key not in patch}
    return kept | {key: _merge(old.get(key), one) for key, one in patch.items() if one is not None}

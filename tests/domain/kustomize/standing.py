"""Reads and changes a value where a build says that it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops_mcp.domain.kustomize import Layer
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.yamltext import Set, documents, edited


def own(files: Mapping[str, str], layer: Layer, path: Path) -> Any:
    """The value at a path of the layer's own text."""
    value = at(documents(files[layer.path])[layer.document].value, *layer.base)
    if layer.inner is not None:
        inner = documents(value)
        value = inner[layer.inner].value
    return at(value, *path)


def changed(files: Mapping[str, str], layer: Layer, path: Path, new: Any) -> dict[str, str]:
    """The files with another value at a path of the layer's own text."""
    text = files[layer.path]
    if layer.inner is None:
        return {**files, layer.path: edited(text, layer.document, Set((*layer.base, *path), new))}
    held = at(documents(text)[layer.document].value, *layer.base)
    inner = edited(held, layer.inner, Set(path, new))
    return {**files, layer.path: edited(text, layer.document, Set(layer.base, inner))}

"""Reads and changes a value where a build says that it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gitops_mcp.domain.kustomize import Layer
from gitops_mcp.domain.objects import Path, at
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.text import edit_text, parse_documents


def own(files: Mapping[str, str], layer: Layer, path: Path) -> Any:
    """The value at a path of the layer's own text."""
    value = at(parse_documents(files[layer.path])[layer.document].value, *layer.base)
    if layer.inner is not None:
        inner = parse_documents(value)
        value = inner[layer.inner].value
    return at(value, *path)


def changed(files: Mapping[str, str], layer: Layer, path: Path, new: Any) -> dict[str, str]:
    """The files with another value at a path of the layer's own text."""
    text = files[layer.path]
    if layer.inner is None:
        return {**files, layer.path: edit_text(text, layer.document, Set((*layer.base, *path), new))}
    held = at(parse_documents(text)[layer.document].value, *layer.base)
    inner = edit_text(held, layer.inner, Set(path, new))
    return {**files, layer.path: edit_text(text, layer.document, Set(layer.base, inner))}

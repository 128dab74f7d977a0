"""Which files of a branch say no more than manifests of this server's kinds do, by their text alone.

Hooks run what stands in a repository: scripts, and the configuration of tools that name commands. So a file counts as
a manifest only where no tool can read anything else in it: its name is no configuration's, and its objects have the
fields of a manifest and no others. Who wrote a commit, and what it says of itself, decide nothing.
"""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain import kinds
from gitops_mcp.domain.kustomize.kustomization import InvalidKustomization, is_kustomization, read_kustomization
from gitops_mcp.domain.kustomize.manifest import read_own_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.domain.yaml.values import is_same

_SUFFIXES = (".yaml", ".yml", ".json")
_FIELDS = frozenset({"apiVersion", "kind", "metadata", "spec", "data", "stringData", "type", "immutable", "sops"})
_OPERATION = frozenset({"op", "path", "value", "from"})
_WRITTEN = {
    (one.api_version.partition("/")[0], one.kind)
    for one in (
        *kinds.CNPG_KINDS,
        *(kinds.SECRET, kinds.EXTERNAL_SECRET, kinds.PASSWORD, kinds.SEALED_SECRET),
        *(kinds.APPLICATION, kinds.KUSTOMIZATION, kinds.HELM_RELEASE),
    )
}
_RUNS = ("generators", "transformers", "validators", "helmCharts", "helmChartInflationGenerator", "helmGlobals")
"""What a kustomization may have kustomize execute."""
_LARGEST = 2**20


def is_harmless(path: str, before: str | None, after: str | None) -> bool:
    """Whether a file that differs so (None: it is not there) is nothing but a manifest on both sides."""
    if not (path.endswith(_SUFFIXES) or is_kustomization(path)) or any(part[:1] == "." for part in path.split("/")):
        return False
    try:
        if is_kustomization(path):
            return is_same(_runs(path, before), _runs(path, after))
        return all(_has_manifests(text) for text in (before, after) if text is not None)
    except (Unparsable, InvalidKustomization):
        return False


def _runs(path: str, text: str | None) -> list[Any]:
    if text is None:
        return []
    (section,) = read_kustomization(path, "", text).sections
    return [[name, section.value[name]] for name in _RUNS if section.value.get(name)]


def _has_manifests(text: str) -> bool:
    documents = [one for one in read_own_documents(text) if one is not None] if len(text) <= _LARGEST else []
    return bool(documents) and all(map(_is_manifest, documents))


def _is_manifest(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, dict) and one.keys() <= _OPERATION for one in value)
    if not isinstance(value, dict) or not value.keys() <= _FIELDS or not isinstance(value.get("metadata"), dict):
        return False
    return (str(value.get("apiVersion")).partition("/")[0], str(value.get("kind"))) in _WRITTEN

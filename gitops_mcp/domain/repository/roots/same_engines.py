"""Whether two states of a repository have the same engine objects, told from the files that differ."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Mapping

from gitops_mcp.domain.engines.declared import may_be_engine
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import list_at
from gitops_mcp.domain.repository.roots.environment_roots import MANIFESTS
from gitops_mcp.domain.repository.roots.not_applied import MARK

_DEFINES = re.compile(r"kind\W+(ConfigMap|Secret|SealedSecret)\b")
_MANIFEST = re.compile(r"^kind:", re.MULTILINE)


def have_same_engines(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether they differ in manifests alone that no engine object depends on, and in what lists those."""
    moved = old.keys() ^ new.keys()
    changed = {path for path, text in new.items() if (was := old.get(path)) is not text and was != text}
    differing = {path: [state[path] for state in (old, new) if path in state] for path in moved | changed}
    if not all(
        _lists_others_only(path, texts, moved)
        if is_kustomization(path)
        else path.endswith(MANIFESTS) and all(map(_matters_to_no_engine, texts))
        for path, texts in differing.items()
    ):
        return False
    # An ApplicationSet may ask which files there are, and what they hold.
    is_cnpg = not moved and all(MARK in text for texts in differing.values() for text in texts)
    return is_cnpg or not any("ApplicationSet" in text for text in new.values())


def _matters_to_no_engine(text: str) -> bool:
    is_manifest = MARK in text or _MANIFEST.search(text) is not None
    return is_manifest and not _DEFINES.search(text) and not may_be_engine(text)


def _lists_others_only(path: str, texts: list[str], moved: Container[str]) -> bool:
    """Whether two texts of a kustomization differ only in resources that come or go themselves."""
    values = [found[0].value for text in texts if (found := read_documents(text)) and isinstance(found[0].value, dict)]
    if len(values) < 2:
        return False
    rest = [{key: value for key, value in one.items() if key != "resources"} for one in values]
    listed = [{str(entry) for entry in list_at(one, "resources")} for one in values]
    folder = posixpath.dirname(path)
    return rest[0] == rest[1] and all(join_path(folder, entry) in moved for entry in listed[0] ^ listed[1])

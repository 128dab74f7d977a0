"""Whether two files that make a Secret differ in nothing but what is sealed in them, which is new each time."""

from __future__ import annotations

from typing import Any

from gitops_mcp.domain.kinds import SEALED_SECRET
from gitops_mcp.domain.yaml.text import parse_documents
from gitops_mcp.domain.yaml.tree import Unparsable
from gitops_mcp.domain.yaml.values import is_same

_ENCRYPTED = "ENC["


def is_same_but_sealed(one: str, other: str) -> bool:
    try:
        found = [[_without_sealed(document.value) for document in parse_documents(text)] for text in (one, other)]
    except Unparsable:
        return False
    return is_same(*found)


def _without_sealed(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    if document.get("kind") == SEALED_SECRET.kind and isinstance(spec := document.get("spec"), dict):
        sealed = spec.get("encryptedData")
        keys = (
            sorted(sealed)
            if isinstance(sealed, dict) and all(isinstance(one, str) for one in sealed.values())
            else sealed
        )
        return {**document, "spec": {**spec, "encryptedData": keys}}
    if isinstance(document.get("sops"), dict):
        return {key: key if key == "sops" else _without_encrypted(part) for key, part in document.items()}
    return document


def _without_encrypted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_encrypted(part) for key, part in value.items()}
    return _ENCRYPTED if isinstance(value, str) and value.startswith(_ENCRYPTED) else value

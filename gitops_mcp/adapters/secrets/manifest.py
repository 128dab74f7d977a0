"""The Secret in clear text: for the eyes of the API or of an encryption, never for a file."""

from __future__ import annotations

from collections.abc import Mapping

from gitops_mcp.adapters.secrets.interface import WantedSecret
from gitops_mcp.domain.cnpg.password_secret import BASIC_AUTH, RELOAD
from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.passwords.secret_documents import MANAGED_BY, SERVER


def secret_manifest(
    wanted: WantedSecret,
    password: str,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Object:
    metadata: Object = {
        "name": wanted.written_name,
        "namespace": wanted.namespace,
        "labels": {**reload_label(), **(labels or {})},
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {
        "apiVersion": SECRET.api_version,
        "kind": SECRET.kind,
        "metadata": metadata,
        "type": BASIC_AUTH,
        "stringData": {"username": wanted.username, "password": password},
    }


def document_metadata(wanted: WantedSecret) -> Object:
    """Of a document in Git that becomes the Secret; the label tells what this server may take away again."""
    return {"name": wanted.written_name, "namespace": wanted.namespace, "labels": own_label()}


def own_label() -> dict[str, str]:
    return {MANAGED_BY: SERVER}


def reload_label() -> dict[str, str]:
    return {RELOAD: "true"}

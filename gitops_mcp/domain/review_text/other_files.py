"""Files of a change whose objects are not CloudNativePG's: named, and never shown, since they may be Secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.kustomize.manifest import read_own_documents
from gitops_mcp.domain.objects import CNPG_GROUP, Object, text_at
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.domain.review_text.outside_text import code
from gitops_mcp.domain.yaml.tree import Unparsable

_LARGEST = 2**18


def file_lines(files: Iterable[FileChange], *, every: bool) -> Iterator[str]:
    """`every`: those as well of which the objects are told elsewhere."""
    for one in files:
        old, new = (set(_others(text)) for text in (one.before, one.after))
        told = sorted(old | new)
        if every or told or is_kustomization(one.path) or not one.path.endswith((".yaml", ".yml")):
            named = f": {', '.join(map(code, told[:5]))}" if told else ""
            yield f"{one.action} {code(one.path)}{named}"


def _others(text: str | None) -> Iterator[str]:
    if text is None or len(text) > _LARGEST:
        return
    try:
        documents = read_own_documents(text)
    except Unparsable:
        return
    for one in documents:
        if isinstance(one, dict) and _group(one) != CNPG_GROUP and text_at(one, "metadata", "name"):
            named = filter(None, (text_at(one, "metadata", "namespace"), text_at(one, "metadata", "name")))
            kind, name = one.get("kind"), "/".join(named)
            # `Password x` is what a password in clear text would look like.
            yield f"{kind} {name}" if kind != "Password" else f"{name} ({kind})"


def _group(of: Object) -> str:
    return str(of.get("apiVersion")).partition("/")[0]

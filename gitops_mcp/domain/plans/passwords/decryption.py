"""Whether what applies a file opens what sops has encrypted in it: else the password is the encrypted text."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_mcp.domain.engines.applies import EngineObject
from gitops_mcp.domain.kustomize import join_path
from gitops_mcp.domain.objects import list_at, texts_at
from gitops_mcp.domain.repository.desired import Declaration, Desired

_FIELD = "decryption"
_PATCHES = ("patches", "patchesJson6902")


def why_not_decrypted(declared: Declaration, desired: Desired) -> str:
    """What applies a Secret that sops encrypts and does not open it, with what to add; empty where that is well."""
    by = declared.applied
    if by is None or by.decrypts or by.opaque or by.build == "helm" or _is_patched_in(by, desired):
        return ""
    if by.engine == "flux":
        add = "`decryption: {provider: sops, secretRef: {name: sops-age}}` to its spec, with the Secret of your key"
    else:
        add = "a plugin that decrypts to its source (`plugin: {name: ...}`)"
    return (
        f"{by} applies {declared.path} and does not decrypt: the encrypted text would become the password. Add {add} "
        f"first, at {by.place}, or set another passwords.provider in .gitops-mcp.yaml"
    )


def _is_patched_in(by: EngineObject, desired: Desired) -> bool:
    """Whether a patch from above may add it: which objects patches of engine objects select is not asked."""
    return by.engine == "flux" and any(_FIELD in text for text in _patch_texts(desired))


def _patch_texts(desired: Desired) -> Iterator[str]:
    files = desired.tree.files if desired.tree else desired.texts
    yield from (str(patch) for one in desired.engines for patch in one.patches)
    for listing in desired.kustomizations.values():
        patches = [patch for key in _PATCHES for patch in list_at(listing.object, key) if isinstance(patch, dict)]
        inline = texts_at(listing.object, "patchesStrategicMerge")
        yield from (str(patch) for patch in (*patches, *inline))
        for named in (*(str(patch.get("path")) for patch in patches), *inline):
            yield files.get(join_path(listing.folder, named) or "", "") if "\n" not in named else ""

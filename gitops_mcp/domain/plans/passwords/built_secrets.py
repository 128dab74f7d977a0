"""What makes Secrets as it is applied: its name, namespace and annotations after kustomizations and engines.

A build gives objects of CNPG alone. So that it gives these too, their API groups are written as CNPG's in every text,
in documents and in the targets of patches alike, and everything is built once more.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from gitops_mcp.domain.editing.placing.own_folders import applies_folder
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, SEALED_SECRET
from gitops_mcp.domain.objects import CNPG_GROUP, at
from gitops_mcp.domain.plans.passwords.decryption import why_not_decrypted
from gitops_mcp.domain.plans.passwords.secret_documents import SecretDocument, secret_name, wide_scope
from gitops_mcp.domain.repository.build import desired_after
from gitops_mcp.domain.repository.desired import Declaration, Desired, folders_above
from gitops_mcp.domain.repository.files import FileChange
from gitops_mcp.errors import Refused

_GROUPS = "|".join(re.escape(one.group) for one in (EXTERNAL_SECRET, SEALED_SECRET))
"""Not that of generators: an ExternalSecret names it inside of its spec."""
_CORE = re.compile(r"(?<=apiVersion: )v1(?=\s)")
_ENCRYPTED = "ENC[AES256_GCM,"
"""What sops leaves in a Secret, whose group has no name."""
_NAMED = re.compile(rf"(?<![\w.-])(?:{_GROUPS})(?=/v\d)|(?<=group: )(?:{_GROUPS})(?![\w./-])")


def build_with_makers(desired: Desired, left: Container[str] = ()) -> Desired:
    """The same, where objects of the kinds that make Secrets are declared too, in CNPG's group.

    `left`: files of which nothing is asked, so that they need not be built again.
    """
    before = desired.texts
    after = {path: _with_cnpg_groups(text) for path, text in before.items() if path not in left}
    changed = [FileChange(path, before[path], text) for path, text in after.items() if text != before[path]]
    return desired_after(desired, changed)


def placed_elsewhere(
    documents: Iterable[SecretDocument], desired: Desired, namespace: str | None
) -> tuple[SecretDocument, ...]:
    """Those that an engine object puts into another namespace than this, which it says for all of its folder."""
    spaces: dict[str, set[str | None]] = {}
    for one in desired.engines:
        if applies_folder(one):
            spaces.setdefault(one.folder or "", set()).add(one.target_namespace)
    elsewhere = []
    for document in documents:
        folders = folders_above(posixpath.dirname(document.path), "")
        found = next((spaces[folder] for folder in folders if folder in spaces), {None})
        space = next(iter(found))
        if namespace is not None and len(found) == 1 and space not in {None, namespace}:
            elsewhere.append(replace(document, namespace=space))
    return tuple(elsewhere)


def _with_cnpg_groups(text: str) -> str:
    named = _NAMED.sub(CNPG_GROUP, text)
    return _CORE.sub(f"{CNPG_GROUP}/v1", named) if _ENCRYPTED in text else named


def as_applied(documents: Iterable[SecretDocument], built: Desired) -> Iterator[SecretDocument]:
    """Each as it is applied, once for each live object; as it is written where that is not known."""
    for one in documents:
        made = [
            declared
            for declared in built.declarations
            if (declared.path, declared.document, declared.base) == (one.path, one.document, ())
        ]
        yield from (_applied_document(one, declared, built) for declared in made)
        if not made:
            yield one


def _applied_document(one: SecretDocument, declared: Declaration, built: Desired) -> SecretDocument:
    value = {**declared.object, "apiVersion": one.object["apiVersion"]}
    secret, namespace = secret_name(value) or one.secret, declared.identity.namespace or one.namespace
    unsure, undecrypted = _why_unsure(one, declared), why_not_decrypted(declared, built) if one.way == "sops" else ""
    return replace(one, secret=secret, namespace=namespace, object=value, unsure=unsure, undecrypted=undecrypted)


def _why_unsure(one: SecretDocument, declared: Declaration) -> str:
    """Why values that are written into the document may not be those that are applied, or not for this object alone."""
    if declared.opaque:
        return f"what happens to it cannot be determined ({declared.opaque})"
    if declared.shared:
        return f"the same document makes {', '.join(declared.shared)}"
    values = ("spec", "encryptedData")
    if at(declared.object, *values) != at(one.object, *values):
        return "a kustomization sets its values"
    return _told_scope(declared)


def check_scope(declared: Declaration) -> None:
    """Raises Refused for a SealedSecret that is opened by another label than its namespace and name."""
    if told := _told_scope(declared):
        raise Refused(f"{told}, which is not written here: take the annotation away, or make the Secret with kubeseal")


def _told_scope(declared: Declaration) -> str:
    scope = wide_scope(declared.object) if declared.identity.kind == SEALED_SECRET.kind else None
    if scope is None:
        return ""
    word = declared.produced.word(("metadata", "annotations", scope)) if declared.produced else None
    place = declared.produced.layers[word.layer].place if word and declared.produced else declared.place
    return f"it is sealed for more than its own name, by the annotation {scope} at {place}"

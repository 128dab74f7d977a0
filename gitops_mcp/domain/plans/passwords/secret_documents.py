"""Documents of a repository that become Secrets, and what they say about how its team makes them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gitops_mcp.domain.editing.placing.sibling_paths import Sibling
from gitops_mcp.domain.engines.reading import read_documents
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, PASSWORD, SEALED_SECRET
from gitops_mcp.domain.kustomize.kustomization import is_kustomization
from gitops_mcp.domain.objects import CNPG_GROUP, Object, at, list_at, mapping_at, strings_in
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.domain.repository.files import DraftFiles, FileChange
from gitops_mcp.domain.yaml.edits import Set
from gitops_mcp.domain.yaml.text import parse_documents

Way = Literal["external-secrets", "sealed-secrets", "sops"]
"""The providers that leave a document in Git."""
Maker = Literal[Way, "cluster"]
ProviderName = Literal[Maker, "existing"]

MANAGED_BY = "app.kubernetes.io/managed-by"
SERVER = "gitops-mcp"
CHANGE = "gitops-mcp/change"
"""Label and annotation of a Secret that provider `cluster` wrote. The annotation is exact; a label cannot end in '-',
as the name of a change can."""
KEYS = frozenset({"username", "password"})
"""Of a Secret that this server makes."""
_SCOPES = ("sealedsecrets.bitnami.com/cluster-wide", "sealedsecrets.bitnami.com/namespace-wide")
_STORES = frozenset({"SecretStore", "ClusterSecretStore"})
MITTWALD = "secret-generator.v1.mittwald.de/"


@dataclass(frozen=True)
class SecretDocument:
    path: str
    document: int
    line: int
    """0 where the path says all: a live object stands in no file."""
    way: Way
    secret: str
    """metadata.name of the Secret that comes of it; empty for a store, which only shows what the team uses."""
    namespace: str | None
    """None: the document does not say it."""
    written_name: str
    """metadata.name as the document says it, whatever a kustomization makes of it."""
    object: Object
    beside: int
    """How many documents its file holds."""
    undecrypted: str = ""
    """Of sops: why what applies it would apply the encrypted text."""
    unsure: str = ""
    """Why nothing is sealed into it here."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path

    @property
    def is_ours(self) -> bool:
        """Whether this server made it."""
        return bool(at(self.object, "metadata", "labels", MANAGED_BY) == SERVER)

    def makes(self, namespace: str, name: str) -> bool:
        return self.secret == name and self.namespace in {namespace, None}


def secret_documents(
    texts: Mapping[str, str], paths: Iterable[str], *, in_files: bool = True
) -> Iterator[SecretDocument]:
    """Those that could be read; a generator counts with the ExternalSecret that uses it."""
    for path in sorted(set(paths) & texts.keys()):
        parsed = read_documents(texts[path])
        for document in parsed:
            value = document.value
            way, name = _way_and_name(value)
            namespace = at(value, "metadata", "namespace")
            if way is not None and isinstance(name, str):
                space = namespace if isinstance(namespace, str) else None
                line = document.line if in_files else 0
                own = str(at(value, "metadata", "name"))
                yield SecretDocument(path, document.index, line, way, name, space, own, value, len(parsed))


def secret_name(value: Object) -> str:
    """What the Secret is called that comes of an object; empty where none does."""
    name = _way_and_name(value)[1]
    return name if isinstance(name, str) else ""


def wide_scope(sealed: Object) -> str | None:
    """The annotation by which a SealedSecret is opened under more than its own name and namespace."""
    annotations = mapping_at(sealed, "metadata", "annotations")
    return next((scope for scope in _SCOPES if str(annotations.get(scope)).lower() == "true"), None)


def is_generated(external: Object) -> bool:
    """Whether an ExternalSecret has its values from Password generators, and from nothing else."""
    sources = list_at(external, "spec", "dataFrom")
    kinds = [at(one, "sourceRef", "generatorRef", "kind") for one in sources]
    return bool(kinds) and set(kinds) == {PASSWORD.kind} and not at(external, "spec", "data")


def places_naming_secret(files: Mapping[str, str], namespace: str, secret: str, *, role_at: str) -> Iterator[str]:
    """Places that name a Secret, but for what makes it, and for CNPG's objects, which are told as what they become.

    `role_at`: the file in which its role stands; a patch there is that role.
    """
    word = re.compile(rf"(?<![\w.-]){re.escape(secret)}(?![\w./-])")
    for path, text in sorted(files.items()):
        parsed = read_documents(text)
        if not parsed and word.search(text):  # a template, which is no YAML yet
            yield path
        for document in parsed:
            value = document.value
            is_patch = path == role_at and (isinstance(value, list) or is_kustomization(path))
            if is_patch or _is_in_other_namespace(value, namespace) or _is_maker_or_cnpg(value, secret):
                continue
            if any(word.search(one) for one in strings_in(value)):
                yield f"{path}:{document.line}"


def _is_in_other_namespace(value: object, namespace: str) -> bool:
    said = at(value, "metadata", "namespace")
    return isinstance(said, str) and said != namespace


def _is_maker_or_cnpg(value: object, secret: str) -> bool:
    """Whether a document makes the Secret, or is an object of CNPG."""
    if at(value, "kind") == PASSWORD.kind:
        return bool(at(value, "metadata", "name") == secret)
    return str(at(value, "apiVersion")).startswith(f"{CNPG_GROUP}/") or _way_and_name(value)[1] == secret


def indexes_of_generators(texts: Mapping[str, str], path: str, names: Iterable[str]) -> tuple[int, ...]:
    """The documents of a file that are Password generators of these names and of this server's making."""
    wanted = set(names)
    return tuple(
        one.index
        for one in read_documents(texts[path])
        if at(one.value, "kind") == PASSWORD.kind
        and at(one.value, "metadata", "name") in wanted
        and at(one.value, "metadata", "labels", MANAGED_BY) == SERVER
    )


def secret_siblings(found: Iterable[SecretDocument], way: Way) -> tuple[Sibling, ...]:
    return tuple(
        Sibling(one.path, one.secret, one.secret, None, one.namespace, one.beside)
        for one in found
        if one.way == way and one.secret
    )


def find_mittwald_file(texts: Mapping[str, str], paths: Iterable[str]) -> str | None:
    """A file that uses mittwald's generator, which no provider here writes."""
    return next((path for path in sorted(set(paths) & texts.keys()) if MITTWALD in texts[path]), None)


def ways_near(
    found: Iterable[SecretDocument], *, folders: Iterable[str], namespace: str, folder: str
) -> tuple[frozenset[Way], ...]:
    """What is used, the nearest first: in the Cluster's folders and namespace, the environment, the repository."""
    all_of_it, near = tuple(found), set(folders)
    return (
        frozenset(one.way for one in all_of_it if posixpath.dirname(one.path) in near or one.namespace == namespace),
        frozenset(one.way for one in all_of_it if not folder or one.path.startswith(f"{folder}/")),
        frozenset(one.way for one in all_of_it),
    )


def replace_sealed_values(desired: Desired, path: str, document: int, text: str) -> tuple[FileChange, ...]:
    """The values of a new SealedSecret in the place of those of the old one, and nothing else."""
    sealed = at(parse_documents(text)[0].value, "spec", "encryptedData")
    draft = DraftFiles(desired.texts)
    draft.edit(path, document, *(Set(("spec", "encryptedData", key), value) for key, value in sealed.items()))
    return draft.changes


def replace_file(desired: Desired, path: str, text: str) -> tuple[FileChange, ...]:
    """A whole file anew, as an encryption over all of it needs."""
    return (FileChange(path, desired.texts.get(path), text),)


def next_secret_name(name: str, taken: Iterable[str]) -> str:
    """The next name for a Secret that takes the place of another: `…-2`, `…-3`."""
    stem = first_secret_name(name)
    names = set(taken)
    number = 2
    while f"{stem}-{number}" in names or f"{stem}-{number}" == name or number <= _rotation_number(name):
        number += 1
    return f"{stem}-{number}"


def first_secret_name(name: str) -> str:
    """The name of the first Secret of a role, whatever number a rotation has given to this one."""
    stem, _, number = name.rpartition("-")
    return stem if number.isdecimal() and stem.endswith("-password") else name


def _rotation_number(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdecimal() and first_secret_name(name) != name else 1


def _way_and_name(value: object) -> tuple[Way | None, object]:
    kind, version = at(value, "kind"), str(at(value, "apiVersion"))
    name = at(value, "metadata", "name")
    if kind == SEALED_SECRET.kind and version.startswith(f"{SEALED_SECRET.group}/"):
        return "sealed-secrets", name  # whatever its template says; so does the controller's Unseal
    if kind == EXTERNAL_SECRET.kind and version.startswith(f"{EXTERNAL_SECRET.group}/"):
        return "external-secrets", at(value, "spec", "target", "name") or name
    if kind in _STORES and version.startswith(f"{EXTERNAL_SECRET.group}/"):
        return "external-secrets", ""
    if kind == "Secret" and version == "v1" and isinstance(at(value, "sops"), dict):
        return "sops", name
    return None, None

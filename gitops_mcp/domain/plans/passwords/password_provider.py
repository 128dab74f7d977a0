"""Which provider makes the password of a role.

`auto` is what the configuration names, else what the repository uses: nearest to the Cluster first, and refused where
that leaves a choice.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from gitops_mcp.domain.kinds import EXTERNAL_SECRET, PASSWORD, SEALED_SECRET
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, Resource, at, list_at
from gitops_mcp.domain.plans.passwords.secret_documents import Maker, ProviderName, SecretDocument, Way, ways_near
from gitops_mcp.domain.repository.desired import Declaration, Origin
from gitops_mcp.errors import InvalidRequest, Refused

MAKER_KINDS: Mapping[ProviderName, tuple[Resource, ...]] = {
    "external-secrets": (EXTERNAL_SECRET, PASSWORD),
    "sealed-secrets": (SEALED_SECRET,),
}
"""What a controller makes Secrets of; the first of them has the Secret's name, and owns it."""


_UNWRITABLE = frozenset({(EXTERNAL_SECRET.kind, "v1alpha1")})
"""It knows no generators."""
_NEEDS: Mapping[ProviderName, str] = {
    "external-secrets": "External Secrets 0.16 or newer",
    "sealed-secrets": "a newer Sealed Secrets",
}


@dataclass(frozen=True)
class UnservedKind:
    resource: Resource
    versions: tuple[str, ...]
    """Those that are served instead."""


@dataclass(frozen=True)
class ProviderSigns:
    """What shows how Secrets are made."""

    documents: tuple[SecretDocument, ...]
    has_sops_rules: bool = False
    """At or above the Cluster's folder."""
    generator: str | None = None
    """A file that uses a generator which no provider here writes."""
    unserved: Mapping[ProviderName, UnservedKind | None] = field(default_factory=dict)
    """By provider the first of its kinds that the API does not serve; empty where it could not be asked."""


def can_write(kind: Resource, version: str) -> bool:
    return (kind.kind, version) not in _UNWRITABLE


def version_to_write(kind: Resource, served: tuple[str, ...] | None, documents: Iterable[SecretDocument]) -> Resource:
    """A kind in the version that is served, else in that of the repository. `served`: None where nobody could say."""
    said = (_version_used(kind, one.object) for one in documents)
    used = [version for version, _ in Counter(one for one in said if one is not None).most_common()]
    wanted = (
        [*used, kind.version] if served is None else [one for one in (kind.version, *used, *served) if one in served]
    )
    return replace(kind, version=next((one for one in wanted if can_write(kind, one)), kind.version))


def _version_used(kind: Resource, value: Object) -> str | None:
    """The version of the kind's group that a document names: its own, or that of the generator that it takes from."""
    named = [value, *(at(one, "sourceRef", "generatorRef") for one in list_at(value, "spec", "dataFrom"))]
    versions = [str(at(one, "apiVersion")) for one in named]
    return next((one.partition("/")[2] for one in versions if one.startswith(f"{kind.group}/")), None)


def choose_provider(
    configured: ProviderName | Literal["auto"],
    cluster: Declaration,
    namespace: str,
    signs: ProviderSigns,
    *,
    folder: str,
) -> Maker:
    """Raises Refused where that leaves a choice, or where the API says that the controller's kinds are not there."""
    name = _detect_provider(cluster, namespace, signs, folder) if configured == "auto" else configured
    if name == "existing":
        raise InvalidRequest(
            "password_source: passwords.provider is 'existing', so no password is made here: name the Secret with "
            "password_source='existing:<name>'"
        )
    if missing := signs.unserved.get(name):
        raise Refused(
            f"password_source: provider {name} {_why_unusable(name, missing)}, set another passwords.provider, or name "
            f"a Secret with 'existing:<name>'"
        )
    return name


def _why_unusable(name: ProviderName, missing: UnservedKind) -> str:
    kind = missing.resource
    if not missing.versions:
        return f"is not installed in the cluster: it serves no {kind.kind} of {kind.api_version}. Install it"
    return (
        f"is installed in the cluster in another version than is written here: of {kind.kind} ({kind.group}) it serves "
        f"{', '.join(missing.versions)}; {kind.version} is needed. Upgrade to {_NEEDS[name]}"
    )


def _detect_provider(cluster: Declaration, namespace: str, signs: ProviderSigns, folder: str) -> Way:
    folders = {posixpath.dirname(cluster.path)} | ({cluster.root} if cluster.root else set())
    for ways in ways_near(signs.documents, folders=folders, namespace=namespace, folder=folder):
        if len(ways) == 1:
            return next(iter(ways))
        if ways:
            raise Refused(
                f"password_source: the repository makes Secrets in several ways ({', '.join(sorted(ways))}): say which "
                f"one in passwords.provider of .gitops-mcp.yaml, or name a Secret with 'existing:<name>'"
            )
    if signs.has_sops_rules:
        return "sops"
    seen = f" {signs.generator} uses mittwald's secret generator, which is not written here." if signs.generator else ""
    there = ", ".join(name for name, missing in signs.unserved.items() if missing is None)
    installed = f" Installed in the cluster: {there}." if there else ""
    raise Refused(
        f"password_source: the repository does not show how it makes Secrets, so none is made.{seen}{installed} "
        f"Choose: passwords.provider in .gitops-mcp.yaml ({', '.join(get_args(ProviderName))}), "
        f"password_source='existing:<name of a Secret>', or 'none'"
    )


def version_notices(provider: Maker, signs: ProviderSigns) -> tuple[Notice, ...]:
    """Where nobody could say what is served, and the repository's version knows no generators."""
    if provider != "external-secrets" or signs.unserved:
        return ()
    versions = {str(at(one.object, "apiVersion")): one.place for one in signs.documents if one.way == provider}
    if not versions or any(can_write(EXTERNAL_SECRET, one.partition("/")[2]) for one in versions):
        return ()
    version, place = next(iter(versions.items()))
    told = (
        f"the repository writes {version} ({place}), and this is {EXTERNAL_SECRET.api_version}, which takes "
        f"{_NEEDS[provider]}; what is served there could not be asked"
    )
    return (Notice("other-version", told),)


def provider_notes(provider: Maker, wanted: str, origin: Origin) -> tuple[str, ...]:
    """What a reviewer should know of how the password of a Secret comes to be."""
    match provider:
        case "external-secrets":
            how = (
                f"The External Secrets Operator generates the password of Secret {wanted} once, in the cluster"
                + origin.while_waiting("; Git holds no part of it")
                + ". A Secret that is deleted comes back with another password."
            )
            return how, f"The Secret {wanted} goes with its ExternalSecret, and with it the only copy of the password"
        case "sealed-secrets":
            how = (
                f"The password is generated here and sealed for the Sealed Secrets controller, which alone can open "
                f"it; it opens it for Secret {wanted} only, so neither name may be changed, not by a kustomization "
                f"either."
            )
        case "sops":
            how = (
                f"The password of Secret {wanted} is generated here and encrypted by sops for the keys of the matching "
                f"rule in .sops.yaml. Flux decrypts it where the Kustomization that covers the file has "
                f"spec.decryption.provider: sops; Argo CD needs a plugin for that."
            )
        case _:
            how = (
                f"The password of Secret {wanted} is generated here and goes to the Kubernetes API alone, with this "
                f"change. {_lost_password(origin)}"
            )
    return (how,)


def _lost_password(origin: Origin) -> str:
    in_git = "It is not in Git: a cluster that is built anew from Git needs the Secret restored or made again."
    return origin.while_waiting(in_git) or "A Secret that is lost has to be restored, or made again."

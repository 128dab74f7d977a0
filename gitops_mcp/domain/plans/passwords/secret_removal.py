"""What goes with a role that is dropped: documents that this server made for its password, if nothing needs them."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.plans.passwords.secret_documents import (
    SecretDocument,
    first_secret_name,
    indexes_of_generators,
    places_naming_secret,
)
from gitops_mcp.domain.plans.plan import SecretWrite
from gitops_mcp.domain.plans.roles.declared_roles import DeclaredRole, objects_naming_secret
from gitops_mcp.domain.repository.desired import Desired


@dataclass(frozen=True)
class PasswordRemoval:
    """What goes with the last step."""

    documents: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Files, with the documents of each that go."""
    told: tuple[str, ...] = ()
    """What that means for the Secret, and what becomes of one that Git does not make."""
    writes: tuple[SecretWrite, ...] = ()
    """What goes from the API itself."""


@dataclass(frozen=True)
class RoleSecrets:
    """The Secrets of a role that is dropped, and what was seen of them."""

    ref: ClusterRef
    role: DeclaredRole
    found: Sequence[SecretDocument]
    """What makes Secrets, wherever it stands."""
    unmade: str = ""
    """What is told of a Secret that nothing makes."""
    written_here: bool = False
    """Whether this server wrote it to the API, and may take it away there with this change."""

    @property
    def makers(self) -> list[SecretDocument]:
        return [one for one in self.found if one.makes(self.ref.namespace, str(self.role.secret))]

    @property
    def own(self) -> list[SecretDocument]:
        """What this server made for the role: its Secret, and those of earlier passwords."""
        stem = first_secret_name(str(self.role.secret))
        return [
            one
            for one in self.found
            if one.is_ours and one.namespace in {self.ref.namespace, None} and first_secret_name(one.secret) == stem
        ]

    @property
    def names(self) -> set[str]:
        return {str(self.role.secret), *(one.secret for one in self.own)}


def plan_secret_removal(
    desired: Desired,
    secrets: RoleSecrets,
    manifests: Mapping[str, Mapping[str, str]],
    *,
    generator_paths: Collection[str],
) -> PasswordRemoval:
    """`manifests`: by Secret, those that have its name anywhere. `generator_paths`: where generators may stand."""
    secret, namespace = str(secrets.role.secret), secrets.ref.namespace
    users = {name: _secret_users(desired, secrets, name, manifests[name]) for name in secrets.names}
    makers = secrets.makers
    if users[secret]:
        return PasswordRemoval(told=(f"Secret {secret} stays: {', '.join(users[secret])} uses it",))
    if not makers and secrets.written_here:
        written = SecretWrite("delete", namespace, secret, secrets.role.name)
        return PasswordRemoval(
            told=(f"Secret {secret} goes too, which this server wrote to the API",), writes=(written,)
        )
    if not makers:
        command = f"kubectl -n {shlex.quote(namespace)} delete secret {shlex.quote(secret)}"
        return PasswordRemoval(told=(f"{secrets.unmade}; when nothing needs it: {command}",))
    if not all(one.is_ours for one in makers):
        return PasswordRemoval(told=(f"Secret {secret} stays: {makers[0].place} makes it, which is not this server's",))
    own = [one for one in secrets.own if not users[one.secret]]
    going = _documents_by_path(desired, own, generator_paths)
    names = ", ".join(sorted(one.secret for one in own))
    return PasswordRemoval(tuple(going.items()), (f"Secret {names} goes too, with what makes it: {', '.join(going)}",))


def _documents_by_path(
    desired: Desired, own: Sequence[SecretDocument], generator_paths: Collection[str]
) -> dict[str, tuple[int, ...]]:
    """Those that make the Secrets, and their generators, by path."""
    found: dict[str, tuple[int, ...]] = {}
    names = [one.written_name for one in own]
    for path in sorted({*generator_paths, *(one.path for one in own)} & desired.texts.keys()):
        generators = indexes_of_generators(desired.texts, path, names)
        indexes = {*(one.document for one in own if one.path == path), *generators}
        found |= {path: tuple(sorted(indexes))} if indexes else {}
    return found


def _secret_users(desired: Desired, secrets: RoleSecrets, secret: str, manifests: Mapping[str, str]) -> tuple[str, ...]:
    """What else needs a Secret, in the Cluster's namespace: objects of CNPG, and whatever else stands in Git."""
    namespace = secrets.ref.namespace
    declared = objects_naming_secret(desired, namespace, secret, but=secrets.role)
    role_at = secrets.role.place.rpartition(":")[0]
    return (*declared, *places_naming_secret(manifests, namespace, secret, role_at=role_at))

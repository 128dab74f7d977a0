"""A role's password as a plan tells of it, never the password: where it comes from, and what goes to Git for it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from gitops_mcp.domain.cnpg.password_secret import BASIC_AUTH, RELOAD, checked_secret_name
from gitops_mcp.domain.editing.placing.new_document import FittingPlace, first_fitting_place, put_file
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace, NewObject, candidate_places
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.names import ClusterRef, quote
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.passwords.built_secrets import build_with_makers, check_scope
from gitops_mcp.domain.plans.passwords.decryption import why_not_decrypted
from gitops_mcp.domain.plans.passwords.password_provider import MAKER_KINDS, provider_notes
from gitops_mcp.domain.plans.passwords.secret_documents import (
    Maker,
    SecretDocument,
    Way,
    replace_file,
    replace_sealed_values,
    secret_siblings,
)
from gitops_mcp.domain.plans.plan import Plan, SecretWrite
from gitops_mcp.domain.plans.roles.declared_roles import bootstrap_owner, bootstrap_secret
from gitops_mcp.domain.repository.desired import Declaration, Desired, Origin
from gitops_mcp.errors import InvalidRequest, Refused

_EXISTING = "existing:"


@dataclass(frozen=True)
class PasswordSource:
    """What `password_source` says."""

    how: str
    """`auto`, `none` or `existing`."""
    secret: str | None = None

    @classmethod
    def of(cls, text: str) -> PasswordSource:
        """Raises InvalidRequest; what was given is not repeated, since it may be the password itself."""
        if text in {"auto", "none"}:
            return cls(text)
        if text.startswith(_EXISTING):
            return cls("existing", checked_secret_name(text.removeprefix(_EXISTING)))
        raise InvalidRequest(
            "password_source: it names where a password comes from and never is one. There are: 'auto' (as the "
            "repository makes Secrets), 'none' (no password) and 'existing:<name of a Secret>', such as "
            "'existing:orders-app'. The value was not kept"
        )


@dataclass(frozen=True)
class PasswordOwner:
    """The role that a password is wanted for."""

    cluster: Declaration
    ref: ClusterRef
    role: str
    """In PostgreSQL."""
    object_name: str
    """metadata.name of a DatabaseRole for it, whether or not there is one."""

    @property
    def first_secret(self) -> str:
        return f"{self.object_name}-password"

    @property
    def has_bootstrap_secret(self) -> bool:
        """Whether bootstrap made the role, so that the operator keeps its password."""
        return bootstrap_owner(self.cluster.object) == self.role


@dataclass(frozen=True)
class SecretFile:
    """What a provider made of a Secret for Git."""

    text: str = field(repr=False)
    at: FilePlace | SecretDocument
    """Where it goes as a file of its own; or the document of that Secret that it takes the place of."""

    def put(self, steps: EditSequence) -> tuple[Notice, ...]:
        if isinstance(self.at, FilePlace):
            put = put_file(steps.desired, self.at, self.text)
            steps.take(put.changes)
            return put.notices
        if self.at.way == "sealed-secrets":
            steps.take(replace_sealed_values(steps.desired, self.at.path, self.at.document, self.text))
        else:
            steps.take(replace_file(steps.desired, self.at.path, self.text))
        return ()


@dataclass(frozen=True)
class RolePassword:
    """What a role says of its password, what goes with that, and what it means."""

    secret: str | None
    """The Secret that holds it; None: the role has none, and cannot log in with one."""
    body: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()
    file: SecretFile | None = None
    writes: tuple[SecretWrite, ...] = ()
    caution: str = ""
    """What is said before all else."""

    @property
    def spec(self) -> Object:
        return {"passwordSecret": {"name": self.secret}} if self.secret else {"disablePassword": True}


def with_secret(plan: Plan, desired: Desired, password: RolePassword) -> Plan:
    """The plan for a role with what goes with its password: the file of the Secret, or the write to the API."""
    steps = EditSequence(desired)
    steps.take(plan.files)
    notices = password.file.put(steps) if password.file else ()
    plan = replace(plan, files=steps.changes, writes=password.writes, caution=password.caution)
    if password.caution:
        notice = Notice("secret-unseen", password.caution)
        plan = replace(plan, warnings=(notice, *plan.warnings))
    return plan.warned(one for one in notices if one not in plan.warnings)


NO_PASSWORD = RolePassword(None, ("Without a password (disablePassword), so that nobody can log in with one",))


def has_unknown_origin(owner: PasswordOwner, secret: str, found: Iterable[SecretDocument]) -> bool:
    """Whether only the API can tell if a Secret is there: no document makes it, and the operator does not."""
    is_made = any(one.makes(owner.ref.namespace, secret) for one in found)
    return not is_made and secret != bootstrap_secret(owner.cluster.object, owner.ref)


def existing_password(
    owner: PasswordOwner, secret: str, found: Iterable[SecretDocument], *, is_missing: bool
) -> RolePassword:
    """`is_missing`: the API has no such Secret, and nothing else makes it."""
    namespace = owner.ref.namespace
    must = (
        f"Secret {namespace}/{secret} is not part of this change and was not looked into. It must be of type "
        f"{BASIC_AUTH}, with the keys `username`, which must be {quote(owner.role)}, and `password`. With the label "
        f'`{RELOAD}: "true"` the operator follows each change of the password.'
    )
    maker = next((one for one in found if one.makes(namespace, secret)), None)
    warned: tuple[Notice, ...] = ()
    if maker is not None:
        if maker.undecrypted:
            warned = (Notice("not-decrypted", maker.undecrypted),)
        body = (f"The password comes from Secret {secret}, which {maker.place} makes",)
        return RolePassword(secret, body, (must,), warned)
    if is_missing:
        missing = f"there is no Secret {namespace}/{secret} yet: the operator retries until there is one"
        warned = (Notice("secret-missing", missing),)
    body = (f"The password comes from Secret {secret}, which somebody else provides",)
    return RolePassword(secret, body, (must,), warned)


def bootstrap_password(owner: PasswordOwner) -> RolePassword:
    own = bootstrap_secret(owner.cluster.object, owner.ref)
    body = (f"The password stays in Secret {own}, which the operator keeps for the owner that bootstrap made",)
    return RolePassword(own, body)


def leftover_password(
    owner: PasswordOwner,
    provider: Way,
    secret: str,
    found: Iterable[SecretDocument],
    leftovers: Iterable[SecretDocument],
) -> RolePassword | None:
    """From what a request left that failed half way, or a role that was released; None where nothing makes the Secret.

    Raises InvalidRequest where what makes it is not to be taken up again.
    """
    maker = next((one for one in found if one.makes(owner.ref.namespace, secret)), None)
    if maker is None:
        return None
    if maker in leftovers and maker.way == provider:
        if maker.undecrypted:
            raise Refused(f"password_source: {maker.undecrypted}")
        return RolePassword(secret, (f"The password comes from Secret {secret}, which {maker.place} makes already",))
    raise InvalidRequest(
        f"Secret {secret} is made by {maker.place} already: say password_source='existing:{secret}' to use it, or "
        f"remove that document first"
    )


def secret_places(
    desired: Desired, owner: PasswordOwner, provider: Way, secret: str, found: Iterable[SecretDocument], *, layout: str
) -> tuple[FilePlace, ...]:
    """Where its file may go, beside those of its like."""
    near = {posixpath.dirname(owner.cluster.path), owner.cluster.root}
    known = [
        one
        for one in secret_siblings(found, provider)
        if one.namespace == owner.ref.namespace or posixpath.dirname(one.path) in near
    ]
    return candidate_places(desired, owner.cluster, _new_secret(owner, secret), layout, known, alone=True)


def fitting_secret_place(
    desired: Desired,
    owner: PasswordOwner,
    provider: Way,
    secret: str,
    tried: Iterable[FilePlace],
    found: Sequence[SecretDocument] = (),
) -> FittingPlace:
    """Where its file goes, and what its document and it are called there.

    `found`: what makes Secrets; the files of other namespaces are not built for it.
    """
    kind = MAKER_KINDS.get(provider, (SECRET,))[0].kind
    new = replace(_new_secret(owner, secret), kind=kind)
    here = {one.path for one in found if one.namespace in {owner.ref.namespace, None}}
    left = {one.path for one in found} - here
    built, declared = build_with_makers(desired, left), []

    def check(one: Declaration) -> None:
        check_scope(one)
        declared.append(one)

    place = first_fitting_place(built, owner.cluster, new, tried, check)
    if provider == "sops" and declared and (told := why_not_decrypted(declared[-1], built)):
        raise Refused(f"password_source: {told}")
    return place


def _new_secret(owner: PasswordOwner, secret: str) -> NewObject:
    number = secret.removeprefix(owner.first_secret)
    number = number if number != secret else f"-{secret.rpartition('-')[2]}"
    short = owner.object_name.removeprefix(f"{owner.ref.name}-") + number
    return NewObject(SECRET.kind, owner.ref.namespace, secret, short, owner.ref.name)


def made_password(
    owner: PasswordOwner, provider: Maker, secret: str, file: SecretFile | None = None, *, origin: Origin
) -> RolePassword:
    """From a new Secret of a provider: a file in Git, or without one a write to the API."""
    notes = provider_notes(provider, f"{owner.ref.namespace}/{secret}", origin)
    body = (f"The password comes from Secret {secret}, made by {provider}", *notes)
    written = () if file else (SecretWrite("create", owner.ref.namespace, secret, owner.role),)
    return RolePassword(secret, body, file=file, writes=written)

"""Which provider makes a role's password, where its file goes, and what the answer has to say of it.

`auto` is what the configuration names, else what the repository uses: nearest to the Cluster first, and refused where
that leaves a choice. What a provider has made once for a request is kept while it is planned again.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.adapters.secrets.cluster import ClusterSecrets
from gitops_mcp.adapters.secrets.existing import Existing
from gitops_mcp.adapters.secrets.external import ExternalSecrets
from gitops_mcp.adapters.secrets.interface import Provider, ProviderName, WantedSecret
from gitops_mcp.adapters.secrets.sealed import SealedSecrets
from gitops_mcp.adapters.secrets.sops import Sops
from gitops_mcp.domain.cnpg.password_secret import checked_secret_name
from gitops_mcp.domain.editing.new_document import first_fitting_place, line_ending, put_file
from gitops_mcp.domain.editing.sibling_paths import FilePlace, NewObject, candidate_places
from gitops_mcp.domain.editing.steps import EditSequence
from gitops_mcp.domain.kinds import EXTERNAL_SECRET, PASSWORD, SEALED_SECRET, SECRET
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Identity, Object, at
from gitops_mcp.domain.plans.declared_roles import bootstrap_owner, bootstrap_secret
from gitops_mcp.domain.plans.plan import SecretWrite
from gitops_mcp.domain.plans.role import RolePassword
from gitops_mcp.domain.plans.secret_documents import (
    KEYS,
    MANAGED_BY,
    SERVER,
    SecretDocument,
    find_mittwald_file,
    is_generated,
    next_secret_name,
    replace_file,
    replace_sealed_values,
    secret_documents,
    secret_siblings,
    ways_near,
)
from gitops_mcp.domain.repository.desired import Declaration, folders_above
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotFound, NotInstalled, Refused, Unavailable
from gitops_mcp.workflows.view import View

_EXISTING = "existing:"
_CERTIFICATE = "pub-sealed-secrets.pem"
"""As Flux's documentation names the file that `kubeseal --fetch-cert` writes."""
_MOST = 2000
"""Files that may make Secrets and are read, the nearest first."""
_BOTH = "the username and the password of this role"
_KINDS = {"external-secrets": EXTERNAL_SECRET, "sealed-secrets": SEALED_SECRET}
_MAKERS = {"external-secrets": (EXTERNAL_SECRET, PASSWORD), "sealed-secrets": (SEALED_SECRET,)}


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
            "'existing:orders-app'. What was given was not kept"
        )


@dataclass
class SecretTexts:
    """What was made for one request."""

    texts: dict[tuple[str, WantedSecret, str], str] = field(default_factory=dict)
    certificates: dict[str, bytes] = field(default_factory=dict)

    def text(self, provider: Provider, wanted: WantedSecret, path: str, *, eol: str) -> str:
        key = (provider.name, wanted, path)
        if key not in self.texts:
            self.texts[key] = provider.file(wanted, path, eol=eol)
        return self.texts[key]


@dataclass(frozen=True)
class PreparedPassword:
    """A password that is about to be given to a role."""

    password: RolePassword
    tried: tuple[FilePlace, ...] = ()
    """Where the file of its Secret may go."""
    write: Callable[[EditSequence], tuple[Notice, ...]] | None = None
    """Puts that file into a change."""
    writes: tuple[SecretWrite, ...] = ()


@dataclass(frozen=True)
class PasswordRequest:
    """For whom a password is wanted."""

    view: View
    cluster: Declaration
    ref: ClusterRef
    role: str
    """In PostgreSQL."""
    object_name: str
    """metadata.name of a DatabaseRole for it, whether or not there is one."""

    @property
    def first_secret(self) -> str:
        return f"{self.object_name}-password"


def find_secret_documents(view: View, cluster: Declaration) -> tuple[View, tuple[SecretDocument, ...]]:
    """What becomes a Secret in the repository, and the view that knows its files."""
    paths = view.source.secret_paths()
    folder = posixpath.dirname(cluster.path)

    def distance(path: str) -> tuple[int, str]:
        return -len(posixpath.commonpath([folder, posixpath.dirname(path)])), path

    nearest = sorted(paths, key=distance)[:_MOST]
    view = view.with_files(nearest)
    return view, tuple(secret_documents(view.desired.texts, nearest, in_files=view.desired.origin.in_files))


def prepare_password(
    asked: PasswordRequest,
    source: PasswordSource,
    found: tuple[SecretDocument, ...],
    kept: SecretTexts,
    *,
    adopts: bool,
) -> PreparedPassword:
    if source.how == "none":
        body = ("Without a password (disablePassword), so that nobody can log in with one",)
        return PreparedPassword(RolePassword(None, body))
    if source.how == "existing":
        return PreparedPassword(_use_existing(asked, str(source.secret), found))
    if adopts and bootstrap_owner(asked.cluster.object) == asked.role:
        own = bootstrap_secret(asked.cluster.object, asked.ref)
        body = (f"The password stays in Secret {own}, which the operator keeps for the owner that bootstrap made",)
        return PreparedPassword(RolePassword(own, body))
    provider = _provider(asked, found, kept)
    return _make_secret(asked, provider, asked.first_secret, found, kept)


def prepare_rotation(
    asked: PasswordRequest, secret: str | None, found: tuple[SecretDocument, ...], kept: SecretTexts, *, alone: bool
) -> PreparedPassword:
    """Another value, by the provider that made the one there is. `alone`: nothing else is asked for."""
    if secret is None:
        raise InvalidRequest(
            f"rotate_password cannot work: role {asked.role!r} names no Secret; make one first and name it in Git"
        )
    makers = [one for one in found if one.makes(asked.ref.namespace, secret)]
    if len(makers) > 1:
        places = ", ".join(one.place for one in makers)
        raise Refused(f"several documents make Secret {secret}: {places}. Which one counts cannot be told")
    if not makers:
        return _rotate_in_cluster(asked, secret, alone=alone)
    (maker,) = makers
    match maker.way:
        case "external-secrets":
            return _move_to_new_secret(asked, maker, found, kept)
        case "sealed-secrets":
            return _seal_anew(asked, maker, kept)
        case "sops":
            return _encrypt_anew(asked, maker, kept)


def _use_existing(asked: PasswordRequest, secret: str, found: tuple[SecretDocument, ...]) -> RolePassword:
    namespace = asked.ref.namespace
    maker = next((one for one in found if one.makes(namespace, secret)), None)
    notes = Existing(secret).notes(WantedSecret(namespace, secret, asked.role))
    if maker is not None:
        return RolePassword(secret, (f"The password comes from Secret {secret}, which {maker.place} makes",), notes)
    kube = asked.view.api.kube
    body = (f"The password comes from Secret {secret}, which somebody else provides",)
    if secret == bootstrap_secret(asked.cluster.object, asked.ref):
        return RolePassword(secret, body, notes)
    try:
        kube.metadata(SECRET, namespace, secret)
    except (Forbidden, NotInstalled, Unavailable):
        return RolePassword(secret, body, notes)
    except NotFound:
        missing = f"there is no Secret {namespace}/{secret} yet: the operator retries until there is one"
        return RolePassword(secret, body, notes, (Notice("secret-missing", missing),))
    return RolePassword(secret, body, notes)


def _make_secret(
    asked: PasswordRequest, provider: Provider, secret: str, found: tuple[SecretDocument, ...], kept: SecretTexts
) -> PreparedPassword:
    """A Secret of that name by a provider, its file beside those of its like."""
    view, ref = asked.view, asked.ref
    wanted = WantedSecret(ref.namespace, secret, asked.role)
    notes = provider.notes(wanted)
    body = (f"The password comes from Secret {secret}, made by {provider.name}", *notes)
    if provider.name == "cluster":
        return PreparedPassword(
            RolePassword(secret, body), writes=(SecretWrite("create", ref.namespace, secret, asked.role),)
        )
    clash = next((one for one in found if one.makes(ref.namespace, secret)), None)
    if clash is not None and view.source.keeps_leftovers and clash.is_ours and clash.way == provider.name:
        # What a request made that failed half way, or that a role left behind which was released.
        kept_body = (f"The password comes from Secret {secret}, which {clash.place} makes already",)
        return PreparedPassword(RolePassword(secret, kept_body))
    if clash is not None:
        raise InvalidRequest(
            f"Secret {secret} is made by {clash.place} already: say password_source='existing:{secret}' to use it, or "
            f"remove that document first"
        )
    _check_free(asked, provider, secret)
    number = secret.removeprefix(asked.first_secret)
    number = number if number != secret else f"-{secret.rpartition('-')[2]}"
    short = asked.object_name.removeprefix(f"{ref.name}-") + number
    new = NewObject(SECRET.kind, ref.namespace, secret, short, ref.name)
    near = {posixpath.dirname(asked.cluster.path), asked.cluster.root}
    known = (
        [
            one
            for one in secret_siblings(found, provider.name)
            if one.namespace == ref.namespace or posixpath.dirname(one.path) in near
        ]
        if provider.name != "existing"
        else []
    )
    places = candidate_places(view.desired, asked.cluster, new, view.settings.layout_secret, known, alone=True)
    maker = _KINDS.get(provider.name, SECRET)
    places = view.source.places(Identity(maker.kind, ref.namespace, secret), places)
    tried = tuple(_usable_places(provider, places))

    def write(steps: EditSequence) -> tuple[Notice, ...]:
        desired = steps.desired
        place = first_fitting_place(desired, steps.again(asked.cluster), new, tried)
        text = kept.text(provider, wanted, place.path, eol=line_ending(desired))
        put = put_file(desired, place, text)
        steps.take(put.changes)
        return put.notices

    return PreparedPassword(RolePassword(secret, body), tried, write)


def _check_free(asked: PasswordRequest, provider: Provider, secret: str) -> None:
    """Raises Refused where somebody else's live object has the name. What may not be read is passed over."""
    kube, namespace = asked.view.api.kube, asked.ref.namespace
    for resource in (SECRET, *_MAKERS.get(provider.name, ())):
        try:
            found = kube.metadata(resource, namespace, secret)
        except (NotFound, Forbidden):
            continue
        except Unavailable:
            return
        if not _is_own(kube, found):
            raise Refused(
                f"there is a live {resource.kind} {namespace}/{secret} that this server did not make, and it would be "
                f"taken over: say password_source='existing:{secret}' to use its password, or remove it first"
            )


def _is_own(kube: Kube, found: Object) -> bool:
    """Whether this server made a live object, or what made it."""
    if at(found, "metadata", "labels", MANAGED_BY) == SERVER:
        return True
    owners = at(found, "metadata", "ownerReferences") or []
    return any(_is_own_maker(kube, found["metadata"]["namespace"], one) for one in owners)


def _is_own_maker(kube: Kube, namespace: str, owner: Object) -> bool:
    resource = next((one for one in _KINDS.values() if one.kind == owner.get("kind")), None)
    if resource is None:
        return False
    try:
        maker = kube.metadata(resource, namespace, owner["name"])
    except (NotFound, Forbidden, Unavailable):  # it goes with its owner, or cannot be told
        return True
    return bool(at(maker, "metadata", "labels", MANAGED_BY) == SERVER)


def _usable_places(provider: Provider, places: tuple[FilePlace, ...]) -> Iterator[FilePlace]:
    """The places with the names of files that the provider can use. Raises its error where it can use none."""
    refused: GitOpsError | None = None
    some = False
    for place in places:
        try:
            path = provider.path(place.path)
        except GitOpsError as error:
            refused = refused or error
            continue
        some = True
        yield replace(place, path=path or place.path)
    if not some and refused is not None:
        raise refused


def _move_to_new_secret(
    asked: PasswordRequest, maker: SecretDocument, found: tuple[SecretDocument, ...], kept: SecretTexts
) -> PreparedPassword:
    """A generator makes a value once: another one needs another Secret."""
    if not is_generated(maker.object):
        raise Refused(
            f"{maker.place} reads the password of Secret {maker.secret} from a store or a generator that is not "
            f"written here: change it where it comes from, and the External Secrets Operator brings it"
        )
    taken = {one.secret for one in found if one.namespace in {asked.ref.namespace, None}}
    secret = next_secret_name(maker.secret, taken)
    made = _make_secret(asked, ExternalSecrets(), secret, found, kept)
    told = (
        f"The password changes when this is applied: clients must read Secret {secret} from then on. The old Secret "
        f"{maker.secret} ({maker.place}) stays, and holds the only copy of the old password"
    )
    return replace(made, password=replace(made.password, next=(told,)))


def _seal_anew(asked: PasswordRequest, maker: SecretDocument, kept: SecretTexts) -> PreparedPassword:
    scopes = ("sealedsecrets.bitnami.com/cluster-wide", "sealedsecrets.bitnami.com/namespace-wide")
    annotations = maker.object.get("metadata", {}).get("annotations") or {}
    if any(str(annotations.get(scope)).lower() == "true" for scope in scopes):
        raise Refused(
            f"{maker.place} is sealed for more than its own name, which is not written here: rotate it with kubeseal"
        )
    keys = set(at(maker.object, "spec", "encryptedData") or ())
    if keys != KEYS:
        others = ", ".join(sorted(keys - KEYS))
        holds = f"holds {others} besides" if others else "does not hold both"
        raise Refused(
            f"{maker.place} {holds} {_BOTH}, and what else depends on the password cannot be told here: "
            f"rotate it with kubeseal"
        )
    provider = _sealed_provider(asked, kept)
    wanted = WantedSecret(asked.ref.namespace, maker.secret, asked.role)

    def write(steps: EditSequence) -> tuple[Notice, ...]:
        text = kept.text(provider, wanted, maker.path, eol="\n")
        steps.take(replace_sealed_values(steps.desired, maker.path, maker.document, text))
        return ()

    return PreparedPassword(_rewritten_password(maker), write=write)


def _encrypt_anew(asked: PasswordRequest, maker: SecretDocument, kept: SecretTexts) -> PreparedPassword:
    keys = set(maker.object.get("stringData") or maker.object.get("data") or ())
    if not maker.is_ours or maker.beside != 1 or keys != KEYS:
        what = f"holds more than {_BOTH}" if maker.is_ours else "was not made by this server"
        raise Refused(
            f"{maker.path} {what}, and to change one value of it takes the key: rotate it with `sops {maker.path}`"
        )
    provider = _sops_provider(asked.view)
    wanted = WantedSecret(asked.ref.namespace, maker.secret, asked.role)

    def write(steps: EditSequence) -> tuple[Notice, ...]:
        text = kept.text(provider, wanted, maker.path, eol="\n")
        steps.take(replace_file(steps.desired, maker.path, text))
        return ()

    return PreparedPassword(_rewritten_password(maker), write=write)


def _rewritten_password(maker: SecretDocument) -> RolePassword:
    body = (f"A new password for Secret {maker.secret}, by {maker.way} at {maker.place}",)
    told = (
        f"The password changes when this is applied: clients must read Secret {maker.secret} anew from then on, and "
        f"the old one works no more"
    )
    return RolePassword(maker.secret, body, (told,))


def _rotate_in_cluster(asked: PasswordRequest, secret: str, *, alone: bool) -> PreparedPassword:
    if asked.view.environment.passwords.provider != "cluster":
        nothing = asked.view.source.nothing
        raise Refused(
            f"{nothing} makes Secret {secret}, so its password is changed where it comes from; or have one made "
            f"here: create a Secret by one of the providers and name it in passwordSecret by hand"
        )
    if not alone:
        raise InvalidRequest(
            "rotate_password acts at once on a Secret in the cluster, while attributes wait for a review: ask for one "
            "after the other"
        )
    body = (f"A new password in Secret {secret} of the cluster, at once",)
    told = (f"Clients must read Secret {secret} anew: the old password works no more",)
    return PreparedPassword(
        RolePassword(secret, body, told), writes=(SecretWrite("rotate", asked.ref.namespace, secret, asked.role),)
    )


def _provider(asked: PasswordRequest, found: tuple[SecretDocument, ...], kept: SecretTexts) -> Provider:
    name = asked.view.environment.passwords.provider
    chosen = _detect_provider(asked, found) if name == "auto" else name
    match chosen:
        case "external-secrets":
            _check_installed(asked.view, chosen)
            return ExternalSecrets()
        case "sealed-secrets":
            _check_installed(asked.view, chosen)
            return _sealed_provider(asked, kept)
        case "sops":
            return _sops_provider(asked.view)
        case "cluster":
            return ClusterSecrets(asked.view.api.kube)
        case "existing":
            raise InvalidRequest(
                "password_source: passwords.provider is 'existing', so no password is made here: name the Secret with "
                "password_source='existing:<name>'"
            )


def _detect_provider(asked: PasswordRequest, found: tuple[SecretDocument, ...]) -> ProviderName:
    view, ref = asked.view, asked.ref
    folders = {posixpath.dirname(asked.cluster.path)} | ({asked.cluster.root} if asked.cluster.root else set())
    for ways in ways_near(found, folders=folders, namespace=ref.namespace, folder=view.desired.folder):
        if len(ways) == 1:
            return next(iter(ways))
        if ways:
            raise Refused(
                f"password_source: the repository makes Secrets in several ways ({', '.join(sorted(ways))}): say which "
                f"one in passwords.provider of .gitops-mcp.yaml, or name a Secret with 'existing:<name>'"
            )
    if _has_sops_rules(asked):
        return "sops"
    generator = find_mittwald_file(view.desired.texts, view.source.secret_paths())
    seen = f" {generator} uses mittwald's secret generator, which is not written here." if generator else ""
    raise Refused(
        f"password_source: the repository does not show how it makes Secrets, so none is "
        f"made.{seen}{_installed_providers(view)} Choose: passwords.provider in .gitops-mcp.yaml "
        f"({', '.join(get_args(ProviderName))}), password_source='existing:<name of a Secret>', or 'none'"
    )


def _has_sops_rules(asked: PasswordRequest) -> bool:
    read = asked.view.source.read_reviewed
    folders = folders_above(posixpath.dirname(asked.cluster.path), "")
    return any(read(posixpath.join(folder, ".sops.yaml")) is not None for folder in folders)


def _installed_providers(view: View) -> str:
    """What the API has, for a choice."""
    kube = view.api.kube
    try:
        there = [name for name, kind in _KINDS.items() if kube.serves(kind)]
    except GitOpsError:
        return ""
    return f" Installed in the cluster: {', '.join(there)}." if there else ""


def _check_installed(view: View, name: ProviderName) -> None:
    """Raises Refused where the API says that the controller's kinds are not there."""
    kind = _KINDS[name]
    try:
        served = view.api.kube.serves(kind)
    except GitOpsError:
        return
    if not served:
        raise Refused(
            f"password_source: provider {name} is not installed in the cluster: it serves no {kind.kind} of "
            f"{kind.api_version}. Install it, set another passwords.provider, or name a Secret with 'existing:<name>'"
        )


def _sops_provider(view: View) -> Sops:
    if not view.source.decrypts_files:
        raise Refused(
            "password_source: sops files are decrypted by an engine, and direct delivery has none. Set another "
            "passwords.provider for this environment (external-secrets, sealed-secrets, cluster), or name a Secret "
            "with 'existing:<name>'"
        )
    return Sops(read=view.source.read_reviewed)


def _sealed_provider(asked: PasswordRequest, kept: SecretTexts) -> SealedSecrets:
    passwords = asked.view.environment.passwords
    key = f"{passwords.certificate} {passwords.controller_namespace}/{passwords.controller_name}"
    if key not in kept.certificates:
        kept.certificates[key] = _certificate(asked)
    return SealedSecrets(kept.certificates[key], lambda: datetime.now(UTC))


def _certificate(asked: PasswordRequest) -> bytes:
    """From the file that is configured, one at or above the Cluster's folder, or the controller itself."""
    view, passwords = asked.view, asked.view.environment.passwords
    configured = passwords.certificate
    if configured is not None and configured.startswith("/"):
        try:
            return Path(configured).read_bytes()
        except OSError as error:
            raise InvalidRequest(f"passwords.sealedSecrets.certificate: {configured}: {error.strerror}") from error
    if configured is not None:
        text = view.source.read_reviewed(configured)
        if text is None:
            raise InvalidRequest(f"passwords.sealedSecrets.certificate: there is no file {configured} at the base")
        return text.encode()
    for folder in folders_above(posixpath.dirname(asked.cluster.path), ""):
        text = view.source.read_reviewed(posixpath.join(folder, _CERTIFICATE))
        if text is not None:
            return text.encode()
    kube = view.api.kube
    try:
        return kube.proxied(passwords.controller_namespace, passwords.controller_name, "v1/cert.pem")
    except GitOpsError as error:
        raise type(error)(
            f"no certificate to seal the password for: the repository has no {_CERTIFICATE} at or above the cluster's "
            f"folder, passwords.sealedSecrets.certificate names none, and the controller could not be asked: {error}"
        ) from error

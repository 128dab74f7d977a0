"""What a plan for a role's password needs to be asked first: documents that make Secrets, the API, and a provider.

What is chosen, refused and said of it is `domain.plans.passwords` and `password_rotation`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from gitops_mcp.adapters.secrets.carried import CarriedFiles
from gitops_mcp.adapters.secrets.external import ExternalSecrets
from gitops_mcp.adapters.secrets.interface import Provider, WantedSecret
from gitops_mcp.adapters.secrets.sealed import SealedSecrets, read_certificate
from gitops_mcp.adapters.secrets.sops import Sops
from gitops_mcp.domain.editing.placing.new_document import line_ending
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.objects import Identity, Resource
from gitops_mcp.domain.plans.passwords.built_secrets import as_applied, build_with_makers, placed_elsewhere
from gitops_mcp.domain.plans.passwords.live_secret import caution_of_name, check_secret_is_free, kept_password_notices
from gitops_mcp.domain.plans.passwords.password_provider import (
    MAKER_KINDS,
    ProviderSigns,
    UnservedKind,
    can_write,
    choose_provider,
    version_notices,
    version_to_write,
)
from gitops_mcp.domain.plans.passwords.password_rotation import (
    maker_to_rotate,
    moved_password,
    name_after_rotation,
    password_rotated_in_cluster,
    rewritten_password,
)
from gitops_mcp.domain.plans.passwords.role_password import (
    NO_PASSWORD,
    PasswordOwner,
    PasswordSource,
    RolePassword,
    SecretFile,
    bootstrap_password,
    existing_password,
    fitting_secret_place,
    has_unknown_origin,
    leftover_password,
    made_password,
    secret_places,
)
from gitops_mcp.domain.plans.passwords.secret_documents import (
    Maker,
    ProviderName,
    SecretDocument,
    Way,
    find_mittwald_file,
    secret_documents,
)
from gitops_mcp.domain.repository.desired import Declaration, folders_above
from gitops_mcp.errors import Forbidden, GitOpsError, InvalidRequest, NotInstalled, Unavailable
from gitops_mcp.workflows.view import View
from gitops_mcp.workflows.writing.live_secrets import look_at_name

_CERTIFICATE = "pub-sealed-secrets.pem"
"""As Flux's documentation names the file that `kubeseal --fetch-cert` writes."""
_MOST = 2000
"""Files that may make Secrets and are read, the nearest first."""


def find_secret_documents(view: View, cluster: Declaration) -> tuple[View, tuple[SecretDocument, ...]]:
    """What becomes a Secret in the repository, and the view that knows its files."""
    folder = posixpath.dirname(cluster.path)

    def distance(path: str) -> tuple[int, str]:
        return -len(posixpath.commonpath([folder, posixpath.dirname(path)])), path

    nearest = sorted(view.source.secret_paths(), key=distance)[:_MOST]
    view = view.with_files(nearest)
    written = tuple(secret_documents(view.desired.texts, nearest, in_files=view.desired.origin.in_files))
    if not written:
        return view, ()
    elsewhere = placed_elsewhere(written, view.desired, cluster.identity.namespace)
    left = {one.path for one in elsewhere}
    here = as_applied((one for one in written if one.path not in left), build_with_makers(view.desired, left))
    return view, (*here, *elsewhere)


def password_of_new_role(
    view: View, owner: PasswordOwner, source: PasswordSource, *, exists: bool
) -> tuple[View, RolePassword]:
    """`exists`: PostgreSQL has the role already. The view knows what stands where the Secret's file may go."""
    if source.how == "none":
        return view, NO_PASSWORD
    view, found = find_secret_documents(view, owner.cluster)
    if source.secret is not None:
        asked = has_unknown_origin(owner, source.secret, found)
        is_missing = asked and _is_missing(view, owner.ref.namespace, source.secret)
        return view, existing_password(owner, source.secret, found, is_missing=is_missing)
    if exists and owner.has_bootstrap_secret:
        return view, bootstrap_password(owner)
    signs, configured = _look_for_signs(view, owner.cluster, found), view.environment.passwords.provider
    name = choose_provider(configured, owner.cluster, owner.ref.namespace, signs, folder=view.desired.folder)
    view, made = _make_secret(view, owner, name, owner.first_secret, found)
    return view, replace(made, warnings=(*made.warnings, *version_notices(name, signs)))


def rotated_password(view: View, owner: PasswordOwner, secret: str | None, *, alone: bool) -> tuple[View, RolePassword]:
    """Another value, by the provider that made the one there is. `alone`: nothing else is asked for."""
    view, found = find_secret_documents(view, owner.cluster)
    maker = maker_to_rotate(owner, secret, found)
    if maker is None:
        configured, nothing = view.environment.passwords.provider, view.source.nothing
        return view, password_rotated_in_cluster(
            owner, str(secret), configured=configured, alone=alone, nothing=nothing
        )
    if maker.way == "external-secrets":
        view, made = _make_secret(view, owner, maker.way, _next_free_name(view, owner, maker, found), found)
        return view, moved_password(made, maker)
    provider = _provider(view, owner.cluster, maker.way, found)
    wanted = WantedSecret(owner.ref.namespace, maker.secret, owner.role, maker.written_name)
    return view, rewritten_password(maker, provider.file(wanted, maker.path, eol="\n"))


def _next_free_name(view: View, owner: PasswordOwner, maker: SecretDocument, found: tuple[SecretDocument, ...]) -> str:
    """The first that neither a document nor a live object has."""
    taken: set[str] = set()
    while True:
        name = name_after_rotation(owner, maker, found, taken)
        if all(one.is_free for one in look_at_name(view, owner.ref.namespace, name, maker.way).live):
            return name
        taken.add(name)


def _make_secret(
    view: View, owner: PasswordOwner, name: Maker, secret: str, found: tuple[SecretDocument, ...]
) -> tuple[View, RolePassword]:
    """A Secret of that name by a provider, which makes its file once the place is known."""
    if name == "cluster":
        if view.carried is None or (owner.ref.namespace, secret) not in view.carried.secrets:
            check_secret_is_free(owner, name, secret, look_at_name(view, owner.ref.namespace, secret, name).live)
        return view, made_password(owner, name, secret, origin=view.desired.origin)
    provider = _provider(view, owner.cluster, name, found)
    if left := leftover_password(owner, name, secret, found, view.source.leftovers(found)):
        return view, left
    places = secret_places(view.desired, owner, name, secret, found, layout=view.settings.layout_secret)
    places = view.source.places(Identity(MAKER_KINDS.get(name, (SECRET,))[0].kind, owner.ref.namespace, secret), places)
    tried = tuple(_usable_places(provider, places))
    view = view.with_files(place.path for place in tried)
    fitting = fitting_secret_place(view.desired, owner, name, secret, tried, found)
    seen = look_at_name(view, owner.ref.namespace, fitting.name, name)
    check_secret_is_free(owner, name, fitting.name, seen.live)
    wanted = WantedSecret(owner.ref.namespace, fitting.name, owner.role, fitting.written_name)
    text = provider.file(wanted, fitting.place.path, eol=line_ending(view.desired))
    made = made_password(owner, name, fitting.name, SecretFile(text, fitting.place), origin=view.desired.origin)
    kept = kept_password_notices(name, fitting.name, seen)
    return view, replace(made, caution=caution_of_name(owner, name, fitting.name, seen), warnings=kept)


def _provider(view: View, cluster: Declaration, name: Way, found: tuple[SecretDocument, ...]) -> Provider:
    made = _own_provider(view, cluster, name, found)
    return made if view.carried is None else CarriedFiles(made, view.carried.texts)


def _own_provider(view: View, cluster: Declaration, name: Way, found: tuple[SecretDocument, ...]) -> Provider:
    view.source.check_provider(name)
    kinds = (version_to_write(kind, _served_versions(view, kind), found) for kind in MAKER_KINDS.get(name, ()))
    match name:
        case "external-secrets":
            return ExternalSecrets(*kinds)
        case "sealed-secrets":
            return SealedSecrets(_certificate(view, cluster), lambda: datetime.now(UTC), *kinds)
        case "sops":
            return Sops(read=view.source.read_reviewed)


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
        yield replace(place, path=path)
    if not some and refused is not None:
        raise refused


def _is_missing(view: View, namespace: str, secret: str) -> bool:
    """Whether the API says that there is no such Secret."""
    try:
        return view.api.metadata(SECRET, namespace, secret) is None
    except (Forbidden, NotInstalled, Unavailable):
        return False


def _look_for_signs(view: View, cluster: Declaration, found: tuple[SecretDocument, ...]) -> ProviderSigns:
    folders = folders_above(posixpath.dirname(cluster.path), "")
    read = view.source.read_reviewed
    configured = view.environment.passwords.provider
    try:
        unserved = {name: _unserved_kind(view, name) for name in MAKER_KINDS if configured in {name, "auto"}}
    except GitOpsError:
        unserved = {}
    return ProviderSigns(
        found,
        has_sops_rules=any(read(posixpath.join(folder, ".sops.yaml")) is not None for folder in folders),
        generator=find_mittwald_file(view.desired.texts, view.source.secret_paths()),
        unserved=unserved,
    )


def _unserved_kind(view: View, name: ProviderName) -> UnservedKind | None:
    """The first kind of a provider that the API does not serve in a version that can be written."""
    for kind in MAKER_KINDS[name]:
        served = (kind.version,) if view.api.serves(kind) else view.api.served_versions(kind)
        if not any(can_write(kind, one) for one in served):
            return UnservedKind(kind, served)
    return None


def _served_versions(view: View, kind: Resource) -> tuple[str, ...] | None:
    try:
        return (kind.version,) if view.api.serves(kind) else view.api.served_versions(kind)
    except GitOpsError:
        return None


def _certificate(view: View, cluster: Declaration) -> bytes:
    """From the file that is configured, one at or above the Cluster's folder, or the controller itself."""
    passwords = view.environment.passwords
    configured = passwords.certificate
    if configured is not None and configured.startswith("/"):
        return read_certificate(configured)
    if configured is not None:
        text = view.source.read_reviewed(configured)
        if text is None:
            raise InvalidRequest(f"passwords.sealedSecrets.certificate: there is no file {configured} at the base")
        return text.encode()
    for folder in folders_above(posixpath.dirname(cluster.path), ""):
        text = view.source.read_reviewed(posixpath.join(folder, _CERTIFICATE))
        if text is not None:
            return text.encode()
    try:
        return view.api.proxied(passwords.controller_namespace, passwords.controller_name, "v1/cert.pem")
    except GitOpsError as error:
        raise error.with_text(
            f"no certificate to seal the password for: the repository has no {_CERTIFICATE} at or above the cluster's "
            f"folder, passwords.sealedSecrets.certificate names none, and the controller could not be asked: {error}"
        ) from error


def trial_of_provider(view: View, cluster: Declaration, tried: list[str]) -> None:
    """Raises what a request for a role's password would meet; `tried` gets the provider as soon as it is chosen.

    What is made for the trial goes nowhere.
    """
    view, found = find_secret_documents(view, cluster)
    namespace, folder = str(cluster.identity.namespace), posixpath.dirname(cluster.path)
    signs, configured = _look_for_signs(view, cluster, found), view.environment.passwords.provider
    if configured not in {"auto", "existing"}:
        tried.append(configured)
    name = choose_provider(configured, cluster, namespace, signs, folder=view.desired.folder)
    tried[:] = [name]
    if name != "cluster":
        provider = _provider(view, cluster, name, found)
        path = provider.path(posixpath.join(folder, "secret-trial.yaml"))
        provider.file(WantedSecret(namespace, "trial", "trial"), path)

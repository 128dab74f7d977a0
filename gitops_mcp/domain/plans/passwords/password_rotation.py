"""Another password for a role: by the provider that made the one there is, where this server can tell how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import mapping_at
from gitops_mcp.domain.plans.passwords.role_password import PasswordOwner, RolePassword, SecretFile
from gitops_mcp.domain.plans.passwords.secret_documents import (
    KEYS,
    SecretDocument,
    is_generated,
    next_secret_name,
    wide_scope,
)
from gitops_mcp.domain.plans.plan import SecretWrite
from gitops_mcp.errors import InvalidRequest, Refused

_BOTH = "the username and the password of this role"


def maker_to_rotate(owner: PasswordOwner, secret: str | None, found: Iterable[SecretDocument]) -> SecretDocument | None:
    """The document that makes the Secret; None where none does. Raises where a new value cannot be written there."""
    if secret is None:
        raise InvalidRequest(
            f"rotate_password cannot work: role {owner.role!r} names no Secret; make one first and let "
            f"its passwordSecret name it"
        )
    makers = [one for one in found if one.makes(owner.ref.namespace, secret)]
    if len(makers) > 1:
        places = ", ".join(one.place for one in makers)
        raise Refused(f"several documents make Secret {secret}: {places}. Which one counts cannot be determined")
    for maker in makers:
        _check_rotatable(maker)
    return makers[0] if makers else None


def file_to_rewrite(ref: ClusterRef, secret: str | None, found: Iterable[SecretDocument]) -> str | None:
    """The file that a rotation edits; None where it makes another Secret, or writes to the API."""
    makers = [one for one in found if secret is not None and one.makes(ref.namespace, secret)]
    return makers[0].path if len(makers) == 1 and makers[0].way != "external-secrets" else None


def _check_rotatable(maker: SecretDocument) -> None:
    match maker.way:
        case "external-secrets":
            _check_generated(maker)
        case "sealed-secrets":
            _check_resealable(maker)
        case "sops":
            _check_reencryptable(maker)


def _check_generated(maker: SecretDocument) -> None:
    if not is_generated(maker.object):
        raise Refused(
            f"{maker.place} reads the password of Secret {maker.secret} from a store or a generator that is not "
            f"written here. Change it where it comes from, and the External Secrets Operator brings it"
        )


def _check_resealable(maker: SecretDocument) -> None:
    wide = "it is sealed for more than its own name" if wide_scope(maker.object) else ""
    if why := maker.unsure or wide:
        raise Refused(f"{maker.place}: {why}, so nothing is sealed into it here: rotate it with kubeseal")
    keys = set(mapping_at(maker.object, "spec", "encryptedData"))
    if keys != KEYS:
        others = ", ".join(sorted(keys - KEYS))
        holds = f"holds {others} besides" if others else "does not hold both"
        raise Refused(
            f"{maker.place} {holds} {_BOTH}, and what else depends on the password cannot be determined here: "
            f"rotate it with kubeseal"
        )


def _check_reencryptable(maker: SecretDocument) -> None:
    if maker.undecrypted:
        raise Refused(f"rotate_password: {maker.undecrypted}")
    keys = set(mapping_at(maker.object, "stringData") or mapping_at(maker.object, "data"))
    if not maker.is_ours or maker.beside != 1 or keys != KEYS:
        what = f"holds more than {_BOTH}" if maker.is_ours else "was not made by this server"
        raise Refused(
            f"{maker.path} {what}, and to change one value of it takes the key: rotate it with `sops {maker.path}`"
        )


def name_after_rotation(
    owner: PasswordOwner, maker: SecretDocument, found: Iterable[SecretDocument], live: Iterable[str] = ()
) -> str:
    """A generator makes a value once: another one needs another Secret. `live`: names that others have taken."""
    taken = {one.secret for one in found if one.namespace in {owner.ref.namespace, None}}
    return next_secret_name(maker.secret, {*taken, *live})


def moved_password(made: RolePassword, maker: SecretDocument) -> RolePassword:
    """The password of a new Secret, in the place of the one that the document makes."""
    told = (
        f"The password changes when this is applied: clients must read Secret {made.secret} from then on. The old "
        f"Secret {maker.secret} ({maker.place}) stays, and holds the only copy of the old password"
    )
    return replace(made, next=(told,))


def rewritten_password(maker: SecretDocument, text: str) -> RolePassword:
    body = (f"A new password for Secret {maker.secret}, by {maker.way} at {maker.place}",)
    told = (
        f"The password changes once this is applied and its Secret {maker.secret} is recreated, as get_change and "
        f"list_postgres_roles say; until then the old one works. From then on clients must read that Secret again"
    )
    return RolePassword(maker.secret, body, (told,), file=SecretFile(text, maker))


def password_rotated_in_cluster(
    owner: PasswordOwner, secret: str, *, configured: str, alone: bool, nothing: str
) -> RolePassword:
    """`alone`: nothing else is asked for. `nothing`: where no maker of the Secret was found, as `nothing in Git`."""
    if configured != "cluster":
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
    told = (f"Clients must read Secret {secret} again; the old password works until the operator has seen the new one",)
    return RolePassword(secret, body, told, writes=(SecretWrite("rotate", owner.ref.namespace, secret, owner.role),))

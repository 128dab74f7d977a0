"""What is live under the name of a new Secret: no provider takes over what this server does not make anew.

The name follows from the role's, with no random part: a request that is repeated must give the same change, and who
may read Secrets finds it free or is told. Who may not is warned before all else.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gitops_mcp.domain.kinds import EXTERNAL_SECRET, SECRET
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.passwords.role_password import PasswordOwner
from gitops_mcp.domain.plans.passwords.secret_documents import CHANGE, MANAGED_BY, SERVER, Maker, Way
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class LiveSecretMaker:
    """What the API has under the name of a new Secret, or of what is to make it."""

    kind: str
    metadata: Object
    makers: tuple[Object | None, ...] = ()
    """The metadata of what it belongs to and what makes Secrets; None: that is gone, and it goes too."""
    unread: str = ""
    """What it belongs to and could not be read."""

    @property
    def is_free(self) -> bool:
        """Whether what is made under that name takes the place of this server's own.

        A Secret that nothing makes anew would keep the password that it has, whoever made it.
        """
        if self.kind != SECRET.kind:
            return _is_ours(self.metadata)
        return bool(self.makers) and not self.unread and all(one is None or _is_ours(one) for one in self.makers)


def _is_ours(metadata: Object) -> bool:
    return bool(at(metadata, "labels", MANAGED_BY) == SERVER)


_WRITTEN_OVER: Mapping[Maker, str] = {"cluster": "not be written over"}


def check_secret_is_free(owner: PasswordOwner, provider: Maker, secret: str, live: Iterable[LiveSecretMaker]) -> None:
    """Raises Refused where a live object has the name that is not to be taken over."""
    for one in live:
        if one.is_free and provider != "cluster":
            continue
        whose = f"{one.kind} {owner.ref.namespace}/{secret}"
        use = f"say password_source='existing:{secret}' to use its password"
        if one.unread:
            told = f"that {one.unread} makes, and whether this server made that could not be read"
        elif one.kind != SECRET.kind or not (_is_ours(one.metadata) or one.is_free):
            told = f"that this server did not make, and it would {_WRITTEN_OVER.get(provider, 'be taken over')}"
        else:
            change = at(one.metadata, "annotations", CHANGE)
            made = f" (made for change {change!r})" if change else ""
            told = f"of this server's{made}, with a password that others may know, and it would not get another one"
        command = shlex.join(["kubectl", "-n", owner.ref.namespace, "delete", one.kind.lower(), secret])
        remove = f"or remove it first, where nothing needs it: {command}"
        raise Refused(f"there is a live {whose} {told}: {use}, {remove}")


@dataclass(frozen=True)
class NameInUse:
    """What the API has of a Secret's name, and the kinds of which that could not be seen."""

    live: tuple[LiveSecretMaker, ...]
    unseen: tuple[str, ...] = ()
    why: str = ""


_IF_TAKEN: Mapping[Way, str] = {
    "external-secrets": "the External Secrets Operator makes it its own, keeps the password that it has, and deletes "
    "it with the role",
    "sealed-secrets": "the Sealed Secrets controller leaves it as it is and does not try again, so the role keeps the "
    "password it has",
    "sops": "it is written over",
}


def caution_of_name(owner: PasswordOwner, provider: Way, secret: str, seen: NameInUse) -> str:
    """What is said first of a name that could not be looked at; empty where it could."""
    if not seen.unseen:
        return ""
    kinds = [SECRET.kind] if SECRET.kind in seen.unseen else seen.unseen
    then = _IF_TAKEN[provider] if SECRET.kind in kinds else "it is taken over"
    space, name = shlex.quote(owner.ref.namespace), shlex.quote(secret)
    look = "; ".join(f"`kubectl -n {space} get {kind.lower()} {name}`" for kind in kinds)
    return (
        f"Whether there is a {' or '.join(kinds)} {owner.ref.namespace}/{secret} already could not be checked "
        f"({seen.why}); if there is, {then}. Check first that there is none: {look}"
    )


def kept_password_notices(provider: Maker, secret: str, seen: NameInUse) -> tuple[Notice, ...]:
    """Where what generated the password before is still live: what is applied over it generates no other."""
    if provider != "external-secrets" or not any(one.kind == EXTERNAL_SECRET.kind for one in seen.live):
        return ()
    told = (
        f"an ExternalSecret {secret} of this server's is live, and was made for another role or an earlier one. Unless "
        f"it is gone before this is applied, the role gets the password that it generated then"
    )
    return (Notice("password-kept", told),)

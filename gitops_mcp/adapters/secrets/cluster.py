"""Passwords that this server writes to the API itself; Git gets the name of the Secret and nothing else.

The one place that writes to a cluster in git delivery, so it is narrow: it creates, and never writes over what is
there; it changes and deletes only what says that this server made it, and only as it was just read. A Secret carries
the change it was made for, and the attempt: whoever lost the answer of `put` can take back what that very attempt
made, and nothing that another one did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gitops_mcp.adapters.secrets.interface import WantedSecret, generate_password
from gitops_mcp.adapters.secrets.manifest import secret_manifest
from gitops_mcp.domain.kinds import SECRET
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.domain.plans.passwords.secret_documents import CHANGE, MANAGED_BY, SERVER
from gitops_mcp.errors import NotFound, Refused

REQUEST = "gitops-mcp/request"
"""An annotation: the random id of the attempt that made the Secret."""


class ObjectAnswer(Protocol):
    @property
    def object(self) -> Object:
        """As it is now; its values are not needed."""


class SecretApi(Protocol):
    """The verbs that are used of an API server; each raises one of our errors."""

    def create(self, resource: Resource, manifest: Object) -> ObjectAnswer:
        """Refused where one of that name exists."""

    def metadata(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """An object of which only `metadata` is used. Raises NotFound."""

    def merge(self, resource: Resource, namespace: str | None, name: str, change: Object) -> object:
        """A JSON merge patch. Raises where uid and resourceVersion in it are not those of the object."""

    def delete(
        self, resource: Resource, namespace: str | None, name: str, *, uid: str | None, version: str | None
    ) -> object:
        """Raises NotFound, and where the object of that name has another uid or resourceVersion."""


@dataclass(frozen=True)
class ClusterSecrets:
    api: SecretApi

    def put(self, wanted: WantedSecret, *, change: str, owner: str) -> str:
        """Creates the Secret for an attempt whose random id is `owner`; its uid.

        Where this raises, the Secret may still have been made (the answer was lost): `remove` with `owner` settles it.
        """
        labels = {MANAGED_BY: SERVER, CHANGE: change.rstrip("-")}
        annotations = {CHANGE: change, REQUEST: owner}
        made = self.api.create(
            SECRET, secret_manifest(wanted, generate_password(), labels=labels, annotations=annotations)
        )
        return str(made.object["metadata"]["uid"])

    def remove(
        self, namespace: str, name: str, *, change: str | None = None, uid: str | None = None, owner: str | None = None
    ) -> bool:
        """Deletes a Secret that this server made; False: there was none.

        With `change`, `uid` or `owner` only that of that change, uid or attempt. Refused, and nothing is deleted, for
        any other.
        """
        try:
            found = self.api.metadata(SECRET, namespace, name)
            asked = {"uid": uid, CHANGE: change, REQUEST: owner}
            _check_same_secret(
                found, namespace, name, {key: value for key, value in asked.items() if value is not None}
            )
            seen = found["metadata"]
            self.api.delete(SECRET, namespace, name, uid=seen["uid"], version=seen["resourceVersion"])
        except NotFound:
            return False
        return True

    def rotate(self, wanted: WantedSecret) -> None:
        """A new password in a Secret that this server made, for whichever change; nothing else of it is touched."""
        found = self.api.metadata(SECRET, wanted.namespace, wanted.name)
        _check_same_secret(found, wanted.namespace, wanted.name, {})
        seen = {key: found["metadata"][key] for key in ("uid", "resourceVersion")}
        change = {"metadata": seen, "stringData": {"password": generate_password()}}
        self.api.merge(SECRET, wanted.namespace, wanted.name, change)


def is_own_secret(found: Object) -> bool:
    """Whether this server wrote it to the API; of the object only `metadata` is looked at."""
    return at(found, "metadata", "labels", MANAGED_BY) == SERVER and bool(at(found, "metadata", "annotations", REQUEST))


def _check_same_secret(found: Object, namespace: str, name: str, asked: dict[str, str]) -> None:
    """Refuses a Secret that is not this server's, or not the one that was asked for."""
    if not is_own_secret(found):
        raise Refused(
            f"Secret {namespace}/{name} was not made by this server (it has no label {MANAGED_BY}: {SERVER} with the "
            f"annotation {REQUEST}), so it is left alone. Change or remove it where it comes from"
        )
    for key, value in asked.items():
        is_value = at(found, "metadata", "uid") if key == "uid" else at(found, "metadata", "annotations", key)
        if is_value != value:
            raise Refused(
                f"Secret {namespace}/{name} is not the one that was asked for: its {key} is {is_value!r}, not "
                f"{value!r}, so it is left alone"
            )

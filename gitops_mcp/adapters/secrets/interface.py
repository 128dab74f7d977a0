"""What every password provider can do, so that the planner need not know which one it talks to.

What a provider makes is at last a Secret of type kubernetes.io/basic-auth in the namespace of the Cluster, with
`username` and `password` and the label that makes the operator look at once. Where Git holds a file for it, the file
has no password that anyone without the controller's key could read. A password exists in memory only, from the moment
it is made until it is sealed.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gitops_mcp.domain.cnpg.notation.sql import checked_sql_name
from gitops_mcp.domain.cnpg.password_secret import checked_secret_name
from gitops_mcp.domain.names import check_namespace_name

PASSWORD_LENGTH = 40
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class WantedSecret:
    """The Secret that a role needs, all its names legal; nothing in it is secret."""

    namespace: str
    name: str
    """metadata.name of the Secret."""
    username: str
    """The role's name in PostgreSQL; any text that PostgreSQL takes."""
    written: str = ""
    """metadata.name of its document, where a kustomization makes `name` of that; empty: the same."""

    def __post_init__(self) -> None:
        check_namespace_name(self.namespace)
        for name in (self.name, self.written or self.name):
            checked_secret_name(name, field="metadata.name")
        checked_sql_name(self.username, field="role_name")

    @property
    def written_name(self) -> str:
        return self.written or self.name

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


ReadFile = Callable[[str], str | None]
"""A file of the commit that the change is planned on, by its path from the root; None: there is none."""


class Provider(Protocol):
    """One that leaves a file in Git. Each method raises one of our errors, and then nothing has been made."""

    def path(self, path: str, /) -> str:
        """Where the file for a Secret goes when `path` would be its place by the repository's habits.

        A provider may need another file name in the same folder.
        """

    def file(self, wanted: WantedSecret, path: str, /, *, eol: str = "\n") -> str:
        """The whole text of that file: YAML documents that become the Secret. Raises Refused where it cannot be made.

        A file whose text an encryption covers keeps the line ends that the encryption gave it, whatever `eol` says.
        """


def generate_password() -> str:
    """A new one: letters and digits only, so that no place it is put into needs escaping."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))

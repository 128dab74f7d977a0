"""A Secret that somebody else provides: Git gets its name only, and this server never looks inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from gitops_mcp.adapters.secrets.interface import BASIC_AUTH, RELOAD, ProviderName, WantedSecret
from gitops_mcp.domain.cnpg.password_secret import checked_secret_name
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import Refused


@dataclass(frozen=True)
class Existing:
    secret: str
    """metadata.name, legal; in the namespace of the Cluster."""

    def __post_init__(self) -> None:
        checked_secret_name(self.secret)

    @property
    def name(self) -> ProviderName:
        return "existing"

    def path(self, _path: str, /) -> None:
        return None

    def file(self, _wanted: WantedSecret, _path: str, /, *, eol: str = "\n") -> NoReturn:  # noqa: ARG002 - the Protocol's
        raise Refused(f"Secret {self.secret} is provided by somebody else: Git gets no file for it")

    def notes(self, wanted: WantedSecret, /) -> tuple[str, ...]:
        note = (
            f"Secret {wanted.namespace}/{self.secret} is not part of this change and was not looked into. It must be "
            f"of type {BASIC_AUTH}, with the keys `username`, which must be {quote(wanted.username)}, and `password`. "
            f'With the label `{RELOAD}: "true"` the operator follows each change of the password.'
        )
        return (note,)

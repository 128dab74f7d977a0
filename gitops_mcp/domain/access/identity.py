"""Who was signed in, and who may sign whom in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gitops_mcp.domain.names import one_line

Scope = Literal["read", "propose", "apply"]
"""What a caller may do at most; each has those before it. `apply`: change what is delivered directly."""
SCOPES: tuple[Scope, ...] = ("read", "propose", "apply")
IDENTITY = "gitops_mcp.identity"
"""Under which a request carries who sent it."""


@dataclass(frozen=True)
class Identity:
    subject: str
    issuer: str
    """Its address; empty for a static token, which this server's own file has made known."""
    name: str
    groups: frozenset[str] = field(default=frozenset(), repr=False)
    scopes: frozenset[Scope] = field(default=frozenset(), repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """What tells one caller from every other."""
        return self.issuer, self.subject

    def __str__(self) -> str:
        """As records name them: `jane`, or `jane (0f3a-9c)` where the subject says more."""
        told = self.name if self.name == self.subject else f"{self.name} ({self.subject})"
        return one_line(told)[:200]


def is_plain_name(name: str) -> bool:
    """Whether a name of a caller, or of a group, arrives in a header as what it is.

    Servers take away blanks around it.
    """
    return 1 <= len(name) <= 256 and name.isprintable() and name == name.strip()


def is_of_kubernetes(name: str) -> bool:
    """Whether Kubernetes gives a name, or a group, rights of its own, so that nobody is impersonated by it."""
    return name.strip().casefold().startswith("system:")


@dataclass(frozen=True)
class Issuer:
    """Whose tokens are taken, and how they are read."""

    url: str
    audiences: tuple[str, ...]
    jwks: str | None
    """Where its keys are; None: its metadata says it."""
    algorithms: tuple[str, ...]
    groups_claim: str
    name_claim: str
    scopes_claim: str | None
    """None: its tokens say nothing of scopes, and groups alone decide."""
    requires: Mapping[str, str] = field(default_factory=dict)
    """Claims that a token has to have, with their values."""
    skew: float = 30.0
    """Seconds."""


@dataclass(frozen=True)
class StaticToken:
    """A machine's token, which nobody but the machine has: here is only its digest."""

    name: str
    sha256: str = field(repr=False)
    scopes: frozenset[Scope]
    groups: frozenset[str]

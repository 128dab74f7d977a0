"""What an identity may see and do, from the scopes of its token and the groups that it is in.

A right is a scope in an environment and a namespace. Who is in two groups has what either gives, and a group gives no
scope beyond those of the token. Nothing is inferred: an environment or a namespace that no group names is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gitops_mcp.domain.access.identity import SCOPES, Identity, Scope


@dataclass(frozen=True)
class Grant:
    """What one group gives; None: all environments, or all namespaces."""

    scopes: frozenset[Scope]
    environments: frozenset[str] | None = None
    namespaces: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Rights:
    grants: tuple[Grant, ...]
    scopes: frozenset[Scope]
    """Of the token, whatever the groups give."""
    whose: str

    def may(self, scope: Scope) -> bool:
        """Somewhere."""
        return any(scope in one.scopes for one in self.grants)

    @property
    def are_whole(self) -> bool:
        """Whether they end nowhere, as far as reading goes."""
        return any("read" in one.scopes and one.environments is None and one.namespaces is None for one in self.grants)

    def namespaces(self, environment: str, scope: Scope) -> tuple[str, ...] | None:
        """Where in an environment; None: everywhere, empty: nowhere."""
        found = [
            one.namespaces
            for one in self.grants
            if scope in one.scopes and (one.environments is None or environment in one.environments)
        ]
        if None in found:
            return None
        return tuple(dict.fromkeys(name for one in found for name in one or ()))

    def why_not(self, scope: Scope) -> str | None:
        """What a caller without a scope is told."""
        if self.may(scope):
            return None
        if scope not in self.scopes:
            has = ", ".join(one for one in SCOPES if one in self.scopes) or "none"
            return f"it takes the scope {scope}, and the token of {self.whose} has {has}: sign in for that scope"
        return f"it takes the scope {scope}, which no group of {self.whose} gives: ask who runs this server for it"


@dataclass(frozen=True)
class AccessRules:
    """What groups give; None: who is signed in has their scopes everywhere."""

    groups: Mapping[str, Grant] | None = field(default=None)

    def rights_of(self, identity: Identity | None) -> Rights:
        """Nobody, where somebody should be signed in, has none."""
        if identity is None:
            return Rights((), frozenset(), "a caller who is not signed in")
        scopes = with_those_before(identity.scopes)
        if self.groups is None:
            return Rights((Grant(scopes),), scopes, str(identity))
        grants = (self.groups[one] for one in sorted(identity.groups) if one in self.groups)
        cut = (Grant(one.scopes & scopes, one.environments, one.namespaces) for one in grants)
        return Rights(tuple(cut), scopes, str(identity))


def with_those_before(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Who may apply may propose, and who may propose may read."""
    most = max((SCOPES.index(one) for one in scopes), default=-1)
    return frozenset(SCOPES[: most + 1])

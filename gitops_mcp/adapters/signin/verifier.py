"""A bearer token -> an identity. The configuration alone says what is checked of a JWT, and never the token itself."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any

from gitops_mcp.adapters.signin.errors import BadToken
from gitops_mcp.adapters.signin.keys import Keys
from gitops_mcp.domain.access.identity import SCOPES, Identity, Issuer, Scope, StaticToken, is_plain_name

SHORTEST = 32
"""Characters of a static token."""
_LONGEST = 16 << 10
_MOST_GROUPS = 500
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")


class Verifier:
    """Safe to use from several threads. It may wait for an issuer, and never longer than some seconds."""

    def __init__(
        self,
        issuers: Iterable[Issuer],
        tokens: Iterable[StaticToken],
        scopes: Mapping[str, frozenset[Scope]],
        *,
        between: float = 60.0,
    ) -> None:
        self._issuers = {one.url: (one, Keys(one, between=between)) for one in issuers}
        self._tokens = tuple(tokens)
        self._scopes = scopes

    def identify(self, token: str) -> Identity:
        """Raises BadToken, or NoKeys where the keys of its issuer cannot be had."""
        return self.machine(token) or self._signed(token)

    def machine(self, token: str) -> Identity | None:
        """Whose static token it is: that waits for nobody, and takes the same time whichever it is."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        same = [one for one in self._tokens if hmac.compare_digest(one.sha256, digest)]
        if not same or len(token) < SHORTEST:
            return None
        return Identity(same[0].name, "", same[0].name, same[0].groups, same[0].scopes)

    def issuer(self, token: str) -> Issuer:
        """Whom a token names, which is not known to be true yet. Raises BadToken."""
        return self._unverified(token)[1]

    def _unverified(self, token: str) -> tuple[Mapping[str, Any], Issuer, Keys]:
        """Its header, and the issuer that it names."""
        import jwt

        if len(token) > _LONGEST or not _TOKEN.fullmatch(token):
            raise BadToken("it is not a bearer token")
        if token.count(".") != 2:
            raise BadToken("it is neither a token of this server nor a JWT")
        try:
            header = jwt.get_unverified_header(token)
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise BadToken("it is not a JWT that can be read") from error
        if not isinstance(claimed, str) or claimed not in self._issuers:
            raise BadToken("its issuer is not configured on this server")
        return (header, *self._issuers[claimed])

    def _signed(self, token: str) -> Identity:
        import jwt

        header, issuer, keys = self._unverified(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in issuer.algorithms:
            raise BadToken(f"its algorithm is not accepted from its issuer: {', '.join(issuer.algorithms)}")
        if "crit" in header:
            raise BadToken("it asks for an extension (crit) that is not known here")
        key = keys.find(kid if isinstance(kid, str) else None, algorithm)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=list(issuer.audiences),
                issuer=issuer.url,
                leeway=issuer.skew,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise BadToken(_WHY.get(type(error).__name__, "it is not valid")) from error
        for name, wanted in issuer.requires.items():
            if claims.get(name) != wanted:
                raise BadToken(f"its claim {name} is not the one that is required")
        return self._identity(issuer, claims)

    def _identity(self, issuer: Issuer, claims: Mapping[str, Any]) -> Identity:
        subject, name = claims["sub"], _claim(claims, issuer.name_claim)
        if not _is_text(subject) or (name is not None and not _is_text(name)):
            raise BadToken(
                "its sub, or the claim with the name, is not a text of 1 to 256 characters on one line, with no blank "
                "around it"
            )
        groups = _texts(_claim(claims, issuer.groups_claim))
        if issuer.scopes_claim is None:
            scopes = frozenset(SCOPES)
        else:
            said = _claim(claims, issuer.scopes_claim)
            words = said.split() if isinstance(said, str) else _texts(said)
            scopes = frozenset(one for word in words for one in self._scopes.get(word, ()))
        return Identity(subject, issuer.url, name or subject, frozenset(groups), scopes)


_WHY = {
    "ExpiredSignatureError": "it has expired",
    "ImmatureSignatureError": "it is not valid yet",
    "InvalidAudienceError": "it is for another server: its aud does not name this one",
    "InvalidIssuerError": "its issuer is not configured on this server",
    "InvalidSignatureError": "its signature is not valid",
    "MissingRequiredClaimError": "it lacks a claim: exp, iss, aud and sub are needed",
}


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim, else what dots lead to: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _texts(found: Any) -> list[str]:
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    if len(listed) > _MOST_GROUPS or not all(_is_text(one) for one in listed):
        raise BadToken(
            f"its groups are not at most {_MOST_GROUPS} names of 1 to 256 characters, with no blank around them"
        )
    return listed


def _is_text(found: object) -> bool:
    return isinstance(found, str) and is_plain_name(found)

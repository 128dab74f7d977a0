"""The server's own file for HTTP: who may sign in, and what they may do then.

It is never read from a repository: who may write there must not say who may read.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field

from gitops_mcp.config.file import EnvironmentName, Namespace
from gitops_mcp.config.parts import Part
from gitops_mcp.domain.access.identity import is_plain_name

_URL = r"^https?://[A-Za-z0-9.:\[\]-]+(/[^\s@?#]*)?$"
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_NAME = r"^[^\x00-\x1f\x7f]{1,256}$"
_SHA256 = r"^[0-9a-f]{64}$"


def _checked_url(url: str) -> str:
    if not re.fullmatch(_URL, url) or not urlsplit(url).hostname:
        raise ValueError(
            "expected an address without user, password, query and fragment, such as https://login.example.com/platform"
        )
    if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _LOOPBACK:
        raise ValueError("expected an https address: over http, which only 127.0.0.1 is asked by, anybody may answer")
    return url


def _checked_sha256(digest: str) -> str:
    if not re.fullmatch(_SHA256, digest):
        raise ValueError(
            "expected the SHA-256 of a token, 64 digits of 0-9 and a-f: printf %s TOKEN | sha256sum; what stands here "
            "is not repeated"
        )
    return digest


def _checked_name(name: str) -> str:
    if not is_plain_name(name):
        raise ValueError(
            "expected the name of a caller or a group, as tokens have it, such as team-shop. It has 1 to 256 "
            "characters that can be seen, on one line, with no blank around them"
        )
    return name


Url = Annotated[str, AfterValidator(_checked_url), Field(json_schema_extra={"pattern": _URL})]
Name = Annotated[str, AfterValidator(_checked_name), Field(json_schema_extra={"pattern": _NAME})]
Sha256 = Annotated[
    str, AfterValidator(_checked_sha256), Field(json_schema_extra={"pattern": _SHA256, "writeOnly": True})
]
Text = Annotated[str, Field(min_length=1, max_length=256)]
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Asymmetric ones: with a secret that two share, who checks tokens could make them."""
Scope = Literal["read", "propose", "apply"]
_ONE_OR_MORE: dict[str, Any] = {"min_length": 1}


class IssuerPart(Part):
    """Somebody whose tokens (JWTs) are taken."""

    url: Url
    """The `iss` of its tokens, to the letter."""
    audiences: Annotated[list[Text], Field(**_ONE_OR_MORE)] | None = None
    """One of these has to stand in the `aud` of a token; null: `resource`."""
    jwks: Url | None = None
    """Address of its keys; null: as its metadata says."""
    algorithms: Annotated[list[Algorithm], Field(**_ONE_OR_MORE)] = ["RS256", "ES256"]
    """With which it signs."""
    groups_claim: Text = "groups"
    """Claim with the caller's groups; a dot leads into a claim: realm_access.roles."""
    name_claim: Text = "preferred_username"
    """Claim with the name that commits and records show; a token without it shows its `sub`."""
    scopes_claim: Text | None = "scope"
    """Claim with the scopes; null: groups alone decide what a caller may do."""
    requires: dict[Text, Text] = Field(default={}, json_schema_extra={"default": None})
    """Claims that a token has to have with these values, such as azp or tid."""
    skew: float = Field(default=30.0, ge=0, le=60)
    """Seconds that its clock may be off."""


class TokenPart(Part):
    """A token of a machine."""

    model_config = ConfigDict(json_schema_extra={"writeOnly": True})

    name: Name
    """What commits and records show."""
    sha256: Sha256
    """The SHA-256 of the token, which has at least 32 characters and stands nowhere here."""
    scopes: Annotated[list[Scope], Field(**_ONE_OR_MORE)] = ["read"]
    """What it may do at most."""
    groups: list[Name] = []
    """Those of `groups` that it is in."""


class GroupPart(Part):
    """What the members of a group may see and do."""

    scopes: Annotated[list[Scope], Field(**_ONE_OR_MORE)] = ["read"]
    """At most those of the token; apply is what is delivered directly, and each has those before it."""
    environments: Annotated[list[EnvironmentName], Field(**_ONE_OR_MORE)] | None = None
    """null: all."""
    namespaces: Annotated[list[Namespace], Field(**_ONE_OR_MORE)] | None = None
    """In each of them; null: all."""


class HttpLimitsPart(Part):
    """What one caller may ask for."""

    requests_per_minute: int = Field(default=120, ge=1, le=100_000)
    """More are answered with 429."""
    at_once: int = Field(default=8, ge=1, le=1000)
    """Calls of one caller that run at the same time."""


Groups = Annotated[
    dict[Name, GroupPart], Field(min_length=1, json_schema_extra={"additionalProperties": False, "default": None})
]
Names = Annotated[
    dict[Text, Annotated[list[Scope], Field(**_ONE_OR_MORE)]], Field(min_length=1, json_schema_extra={"default": None})
]


class HttpFile(Part):
    """Who may sign in over HTTP, and what they may do."""

    title: ClassVar[str] = "gitops-mcp over HTTP (the file of --http-config)"
    resource: Url | None = None
    """Address at which clients reach this server, such as https://gitops.example.com/mcp; tokens are made for it."""
    issuers: list[IssuerPart] = []
    """Whose tokens are taken."""
    tokens: list[TokenPart] = []
    """Of machines."""
    scopes: Names | None = None
    """What the scopes of tokens are here; null: they are called read, propose and apply there too."""
    groups: Groups | None = None
    """By the names that tokens have; null: who is signed in has their scopes everywhere."""
    impersonate: bool = False
    """Ask the Kubernetes API as the caller: their name as the user, and their groups."""
    limits: HttpLimitsPart = HttpLimitsPart()
    state_key_file: Text | None = None
    """File of at least 32 bytes, the same for every replica, that seals what is carried between two requests."""

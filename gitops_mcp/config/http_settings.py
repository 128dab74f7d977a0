"""What the file of --http-config comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_mcp.domain.access.identity import SCOPES, Issuer, Scope, StaticToken, is_of_kubernetes
from gitops_mcp.domain.access.rights import AccessRules, Grant, with_those_before
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.errors import InvalidRequest

if TYPE_CHECKING:
    from gitops_mcp.config.document import ConfigDocument
    from gitops_mcp.config.http_file import GroupPart, HttpFile, IssuerPart
    from gitops_mcp.config.reader import Fault

_LONGEST = 256 * 1024


@dataclass(frozen=True)
class HttpSettings:
    resource: str | None
    issuers: tuple[Issuer, ...]
    tokens: tuple[StaticToken, ...]
    scopes: Mapping[str, frozenset[Scope]]
    """By the names that tokens have."""
    access: AccessRules
    impersonate: bool
    requests_per_minute: int
    """Of one caller."""
    at_once: int
    """The same."""
    state_key_file: Path | None

    def names_of(self, scope: Scope) -> str:
        """What a client asks its issuer for to have a scope, and what comes before it."""
        wanted = with_those_before([scope])
        least = [name for name, meant in self.scopes.items() if meant <= wanted]
        enough = any(scope in self.scopes[name] for name in least)
        return " ".join(least if enough else [name for name, meant in self.scopes.items() if scope in meant])


def read_http_config(path: Path) -> HttpSettings:
    """Raises InvalidRequest that names every fault with its line, and neither tokens nor digests."""
    try:
        with path.open("rb") as opened:
            text = opened.read(_LONGEST + 1).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"--http-config: {path}: it is not UTF-8 (byte {error.start})") from error
    except OSError as error:
        raise InvalidRequest(f"--http-config: {path} cannot be read: {error.strerror}") from error
    return resolve_http(text, name=f"--http-config: {path}")


def resolve_http(text: str, *, name: str) -> HttpSettings:
    from gitops_mcp.config.http_file import HttpFile
    from gitops_mcp.config.reader import read_file

    file, _ = read_file(text, HttpFile, name=name, faults_of=_faults_between)
    named = file.scopes if file.scopes is not None else {one: [one] for one in SCOPES}
    groups = None if file.groups is None else {group: _grant(part) for group, part in file.groups.items()}
    return HttpSettings(
        resource=file.resource and file.resource.rstrip("/"),
        issuers=tuple(_issuer(one, str(file.resource)) for one in file.issuers),
        tokens=tuple(
            StaticToken(one.name, one.sha256, with_those_before(one.scopes), frozenset(one.groups))
            for one in file.tokens
        ),
        scopes={name: with_those_before(meant) for name, meant in named.items()},
        access=AccessRules(groups),
        impersonate=file.impersonate,
        requests_per_minute=file.limits.requests_per_minute,
        at_once=file.limits.at_once,
        state_key_file=None if file.state_key_file is None else Path(file.state_key_file),
    )


def _grant(part: GroupPart) -> Grant:
    return Grant(
        with_those_before(part.scopes),
        None if part.environments is None else frozenset(part.environments),
        None if part.namespaces is None else tuple(dict.fromkeys(part.namespaces)),
    )


def _issuer(part: IssuerPart, resource: str) -> Issuer:
    return Issuer(
        url=part.url,
        audiences=tuple(part.audiences or (resource.rstrip("/"), resource.rstrip("/") + "/")),
        jwks=part.jwks,
        algorithms=tuple(part.algorithms),
        groups_claim=part.groups_claim,
        name_claim=part.name_claim,
        scopes_claim=part.scopes_claim,
        requires=part.requires,
        skew=part.skew,
    )


def _faults_between(found: ConfigDocument, file: HttpFile) -> Iterator[Fault]:
    """What is wrong between values that are each as they should be."""
    lines = found.lines
    if not file.issuers and not file.tokens:
        yield 1, "nobody could sign in: name an issuer below `issuers`, or a token below `tokens`"
    if file.issuers and file.resource is None:
        yield (
            lines["issuers",],
            "resource: is missing, and tokens of issuers are made for it: the address of this server",
        )
    for field, key in (("issuers", "url"), ("tokens", "name"), ("tokens", "sha256")):
        seen: dict[str, int] = {}
        for number, part in enumerate(getattr(file, field)):
            line = lines[field, number, key]
            if (first := seen.setdefault(getattr(part, key), line)) != line:
                yield line, f"{field}[{number}].{key}: stands twice, first in line {first}; keep one"
    for number, token in enumerate(file.tokens):
        for at, group in enumerate(token.groups):
            if file.groups is not None and group not in file.groups:
                text = f"no group {quote(group)} below `groups`; {suggest(group, file.groups)}"
                yield lines["tokens", number, "groups", at], f"tokens[{number}].groups[{at}]: {text}"
        if file.impersonate and (bad := [one for one in (token.name, *token.groups) if is_of_kubernetes(one)]):
            text = f"{quote(bad[0])} begins with system:, and Kubernetes gives such names rights of its own"
            yield lines["tokens", number], f"tokens[{number}]: {text}; choose another one, or leave impersonate out"

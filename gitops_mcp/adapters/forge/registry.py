"""The forges there are, and who opens one: the first credential for its host that is there."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gitops_mcp.adapters.forge.credentials import (
    AppKey,
    Credential,
    GitCredential,
    Source,
    app_key,
    sources,
    what_would_help,
)
from gitops_mcp.adapters.forge.gitea.requests import Gitea
from gitops_mcp.adapters.forge.github.requests import HEADERS as GITHUB_HEADERS
from gitops_mcp.adapters.forge.github.requests import GitHub
from gitops_mcp.adapters.forge.gitlab.requests import GitLab
from gitops_mcp.adapters.forge.interface import Forge
from gitops_mcp.adapters.forge.limits import PATIENCE
from gitops_mcp.adapters.forge.place import NAMES, ForgePlace, Kind, NoForge
from gitops_mcp.adapters.forge.wire import Access, ForgeWire


def _bearer(credential: Credential) -> str:
    return f"Bearer {credential.secret}"


def _basic_for_users(credential: Credential) -> str:
    """Gitea takes a token in place of any user's password, so what git sends does whether it is one or the other."""
    if credential.user is None:
        return _bearer(credential)
    return f"Basic {base64.b64encode(f'{credential.user}:{credential.secret}'.encode()).decode()}"


@dataclass(frozen=True)
class _Kind:
    opened: Callable[[ForgeWire, ForgePlace, float], Forge]
    headers: Mapping[str, str]
    authorization: Callable[[Credential], str] = _bearer


_KINDS: dict[Kind, _Kind] = {
    "github": _Kind(GitHub, GITHUB_HEADERS),
    "gitlab": _Kind(GitLab, {"Accept": "application/json"}),
    "gitea": _Kind(Gitea, {"Accept": "application/json"}, _basic_for_users),
}


def open_forge(
    place: ForgePlace,
    *,
    git: GitCredential | None,
    access: Access,
    environ: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> Forge | NoForge:
    """A forge with the credential that acts there, or why there is none. Raises our errors where an App is refused.

    `patience`: seconds in which a branch that was just pushed becomes known.
    """
    environ = dict(os.environ) if environ is None else environ
    kind = _KINDS[place.kind]
    key = app_key(place, environ)
    if isinstance(key, str):
        return NoForge(key, place.kind, place)
    useless = ""
    for source in _app_source(key, place, access) if key else sources(place, environ, git):
        if (credential := source()) is None:
            continue
        wire = ForgeWire(
            NAMES[place.kind],
            place.api,
            source,
            credential,
            authorization=kind.authorization,
            headers=kind.headers,
            access=access,
        )
        if place.kind != "gitlab" or credential.user is None or _may_ask(wire):
            return kind.opened(wire, place, patience)
        useless = f"{credential.name} work for git only there (scope write_repository without api), and there are "
    missing = f"{useless}no {'other ' if useless else ''}credentials for {place.token_host} ({NAMES[place.kind]})"
    return NoForge(f"{missing}: {what_would_help(place)}", place.kind, place)


def _app_source(key: AppKey, place: ForgePlace, access: Access) -> Iterator[Source]:
    from gitops_mcp.adapters.forge.github.app import AppSource

    yield AppSource(key, place, GITHUB_HEADERS, access)


def _may_ask(wire: ForgeWire) -> bool:
    """Whether what git pushes with is for the API as well; without it, push options still do."""
    wire.identity("username", allow=(401, 403))
    return wire.credential.login is not None

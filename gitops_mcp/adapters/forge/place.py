"""Which forge a remote is on, and where its API answers: from the configuration, else for hosts that are known.

An unknown host is never guessed at: what is asked there would carry a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from gitops_mcp.domain.names import quote
from gitops_mcp.domain.remote_url import parse_remote_url

Kind = Literal["github", "gitlab", "gitea"]
NAMES: dict[Kind, str] = {"github": "GitHub", "gitlab": "GitLab", "gitea": "Gitea or Forgejo"}
_KNOWN: dict[str, Kind] = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
}
_APIS: dict[Kind, str] = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}


@dataclass(frozen=True)
class ForgePlace:
    """One repository of one forge, and the one that branches are pushed to."""

    kind: Kind
    url: str
    """For people, without a slash at its end: `https://git.example.com`."""
    api: str
    path: str
    """`org/fleet`, where pull requests are opened."""
    head_path: str
    """Where the branches are: the same, or that of a fork."""
    base: str
    """The branch that changes are for."""

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def has_own_api(self) -> bool:
        """Whether the API is the forge's own, so that what is for the forge may go there."""
        return _origin(self.api) in {_origin(self.url), _origin(_api_address(self.kind, self.url))}

    @property
    def token_host(self) -> str:
        """The host that a token must be for, with its port, and with http where the forge itself has https."""
        if self.has_own_api:
            return self.host
        api = urlsplit(self.api)
        is_open = api.scheme == "http" and urlsplit(self.url).scheme == "https"
        return f"{'http://' if is_open else ''}{api.netloc.rpartition('@')[2].lower()}"

    @property
    def is_across(self) -> bool:
        return self.path.lower() != self.head_path.lower()


@dataclass(frozen=True)
class NoForge:
    """Why there is nobody to ask about pull requests, in a sentence."""

    why: str
    kind: Kind | None = None
    """Set where the forge is known and only credentials are missing."""
    place: ForgePlace | None = None


def forge_place(
    kind: Literal["auto", "github", "gitlab", "gitea", "none"],
    *,
    url: str | None,
    api: str | None,
    remotes: Iterable[str],
    homes: Iterable[str],
    base: str,
) -> ForgePlace | NoForge:
    """`remotes` are the addresses of the base's remote, `homes` those of the one that changes are pushed to."""
    if kind == "none":
        return NoForge("forge.type is none, so no pull request is looked for")
    remotes = tuple(remotes)
    remote = _remote_at(remotes, url or api)
    if remote is None:
        return NoForge(
            f"{'the remote is a folder' if remotes else 'there is no remote'}, so there are no pull requests"
        )
    found = parse_remote_url(remote)
    known = _known_kind(urlsplit(url).hostname or "" if url else found.host)
    chosen = known if kind == "auto" else kind
    if chosen is None:
        host = urlsplit(url).hostname if url else found.host
        return NoForge(
            f"nothing says what kind of forge {quote(host or '')} is: set forge.type in .gitops-mcp.yaml to github, "
            f"gitlab or gitea (Forgejo too), and forge.url where its web address is another one"
        )
    if why := _why_not_there(kind, url, api, found.host):
        return NoForge(why)
    address = url or _web_address(remote)
    place = ForgePlace(chosen, address, api or _api_address(chosen, address), _path_in(remote, address), "", base)
    home = _remote_at(tuple(homes), url or api) or remote
    if parse_remote_url(home).host != found.host:
        return NoForge(
            f"changes are pushed to {parse_remote_url(home).host} and proposed at {found.host}: a pull request cannot "
            f"lead from one forge to another",
            place=replace(place, head_path=place.path),
        )
    return replace(place, head_path=_path_in(home, address))


def is_same_host(remote: str, place: ForgePlace) -> bool:
    """Whether what git sends to a remote may go to the forge's API: over the same protocol, to the same host."""
    found, api = urlsplit(remote), urlsplit(place.api)
    if found.scheme not in {"http", "https"} or (found.scheme == "https" and api.scheme != "https"):
        return False
    return found.hostname in {api.hostname, place.host} and place.has_own_api


def _why_not_there(kind: Kind | Literal["auto"], url: str | None, api: str | None, remote: str) -> str | None:
    """What a configuration says of a known host that is not so: who has a token for it sends that to no other."""
    if _known_kind(remote) and url and urlsplit(url).hostname != remote:
        return f"forge.url is at {urlsplit(url).hostname}, and the remote is at {remote}: leave forge.url out"
    host = urlsplit(url).hostname or "" if url else remote
    known = _known_kind(host)
    if known is None:
        return None
    if kind not in {"auto", known}:
        return f"forge.type is {kind}, and {host} is {known}: leave forge.type out"
    own, named = urlsplit(_api_address(known, f"https://{host}")), urlsplit(api or "")
    if not api or (named.scheme, named.hostname) == (own.scheme, own.hostname):
        return None
    at, right = named.hostname, own.hostname
    if at == right:
        at, right = f"{named.scheme}://{at}", f"{own.scheme}://{right}"
    return f"forge.api is at {at}, and the API of {host} is at {right}: leave forge.api out"


def _origin(address: str) -> tuple[str, str]:
    """Protocol, and host with port."""
    parts = urlsplit(address)
    usual = ":443" if parts.scheme == "https" else ":80"
    return parts.scheme, parts.netloc.rpartition("@")[2].lower().removesuffix(usual)


def _known_kind(host: str) -> Kind | None:
    return "github" if host.endswith(".ghe.com") else _KNOWN.get(host)


def _remote_at(remotes: tuple[str, ...], address: str | None) -> str | None:
    """The address of a remote at the configured host, else at a known one, else at any."""
    wanted = (urlsplit(address).hostname or "").lower() if address else ""
    hosts = {remote: host for remote in remotes if (host := parse_remote_url(remote).host)}
    at_wanted = (remote for remote, host in hosts.items() if host == wanted)
    at_known = (remote for remote, host in hosts.items() if _known_kind(host))
    return next(iter((*at_wanted, *at_known, *hosts)), None)


def _web_address(remote: str) -> str:
    """With the port that a remote over http names; a port of ssh says nothing about the web."""
    parts = urlsplit(remote)
    if parts.scheme in {"http", "https"}:
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return f"https://{parse_remote_url(remote).host}"


def _api_address(kind: Kind, url: str) -> str:
    host = urlsplit(url).hostname or ""
    if kind == "github" and host == "github.com":
        return "https://api.github.com"
    if kind == "github" and host.endswith(".ghe.com"):
        return f"https://api.{host.removeprefix('api.')}"
    return url + _APIS[kind]


def _path_in(remote: str, url: str) -> str:
    """The repository's path without that of a forge in a sub-path, which addresses over ssh lack."""
    below = urlsplit(url).path.strip("/")
    path = parse_remote_url(remote).path
    is_web = re.match(r"https?://", remote, re.IGNORECASE) is not None
    return path.removeprefix(f"{below}/") if below and is_web else path

"""A credential helper of git: what pull requests are opened with, for pushes to the same repository as well.

For a server in a cluster, where nobody has logged in: `helper = !gitops-mcp git-credential` in git's configuration.
Where no variable holds anything for the host, nothing is said, and git asks its next helper.
See https://git-scm.com/docs/git-credential#IOFMT for what git asks and is told.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

from gitops_mcp.adapters.forge.credentials import Credential, app_key, sources
from gitops_mcp.adapters.forge.github.app import AppSource
from gitops_mcp.adapters.forge.github.requests import HEADERS
from gitops_mcp.adapters.forge.place import ForgePlace, Kind, forge_place
from gitops_mcp.adapters.forge.wire import Access
from gitops_mcp.domain.names import quote
from gitops_mcp.errors import InvalidRequest

_USERS: dict[Kind, str] = {"github": "x-access-token", "gitlab": "oauth2", "gitea": "oauth2"}
"""Who a token is the password of."""


def answer_git(asked: str, own: str | None, environ: Mapping[str, str]) -> str:
    """What git is told, empty where there is nothing for that host.

    `own`: a forge whose host is not known by its name, as gitlab=git.example.com; then no other is answered for.
    Raises InvalidRequest where that or a variable cannot be read, and our errors where an App is refused.
    """
    told = dict(line.split("=", 1) for line in asked.splitlines() if "=" in line)
    place = _asked_place(told, *_own_forge(own))
    found = place and _credential(place, environ)
    if not place or not found:
        return ""
    lines = {"username": _USERS[place.kind], "password": found.secret}
    if found.ends is not None:
        lines["password_expiry_utc"] = str(int(time.time() + found.ends - time.monotonic()))
    return "".join(f"{name}={value}\n" for name, value in lines.items())


def _own_forge(own: str | None) -> tuple[Kind | None, str]:
    kind, _, host = (own or "").partition("=")
    if own is None:
        return None, ""
    url = host if "://" in host else f"https://{host}"
    if kind not in _USERS or not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", url):
        raise InvalidRequest(
            f"--forge: expected a kind and its host, such as gitlab=git.example.com, found {quote(own)}"
        )
    return kind, url


def _asked_place(told: Mapping[str, str], kind: Kind | None, own: str) -> ForgePlace | None:
    url = f"{told.get('protocol')}://{told.get('host')}"
    is_own = bool(own) and url.lower() == own.lower()
    if not is_own and (own or told.get("protocol") != "https"):
        return None
    remote = f"{url}/{told.get('path', '')}"
    place = forge_place(
        kind if kind and is_own else "auto", url=url if is_own else None, api=None, remotes=(remote,), homes=(), base=""
    )
    return place if isinstance(place, ForgePlace) else None


def _credential(place: ForgePlace, environ: Mapping[str, str]) -> Credential | None:
    key = app_key(place, environ)
    if isinstance(key, str):
        raise InvalidRequest(key)
    if key is None:
        return next(sources(place, environ, None))()
    if not place.path:
        raise InvalidRequest(
            "git does not say for which repository it asks: set credential.useHttpPath to true in its configuration"
        )
    return AppSource(key, place, HEADERS, Access())()

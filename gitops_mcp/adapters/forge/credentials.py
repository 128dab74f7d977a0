"""Who acts at a forge: the first credential that is there, in the order in which users expect it.

A GitHub App or a token of a variable, then git's own credentials for a remote over https, then those of `gh` and
`glab`. A variable's token goes only to the host that it is for: a public one, the one that another variable names, or
the one that the configuration says is this kind of forge. An API at another host than its forge gets one only where a
variable names that host. Nothing here prints a secret.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gitops_mcp.adapters.forge.place import ForgePlace, Kind

_SECONDS = 10
_PUBLIC = {"github": "github.com", "gitlab": "gitlab.com", "gitea": ""}


GITHUB_APP = "GitHub App"


@dataclass(frozen=True)
class Credential:
    name: str
    """As answers tell it: `the token of GITHUB_TOKEN`."""
    secret: str = field(repr=False)
    user: str | None = None
    """Whose password the secret may be; None: it is a token."""
    login: str | None = None
    """Who it is, where that is known without asking the forge."""
    ends: float | None = None
    """By the monotonic clock; None: nobody knows."""

    @property
    def identity(self) -> str:
        by = "" if self.name == GITHUB_APP else "by "
        return f"{self.login}, {by}{self.name}" if self.login else self.name


GitCredential = Callable[[], tuple[str, str] | None]
"""User and password as git would send them to the remote."""
Source = Callable[[], Credential | None]
"""Looks anew each time: what was refused may have been renewed."""


@dataclass(frozen=True)
class _Variables:
    tokens: tuple[str, ...]
    """In order."""
    hosts: tuple[str, ...]
    """Variables that say which host the tokens are for."""
    elsewhere: tuple[str, ...] = ()
    """Tokens for any host but the public one."""
    elsewhere_hosts: tuple[str, ...] = ()
    """Variables that say which host but the public one is meant."""


_VARIABLES: dict[Kind, _Variables] = {
    "github": _Variables(
        ("GH_TOKEN", "GITHUB_TOKEN"),
        ("GITHUB_SERVER_URL",),
        ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"),
        ("GH_HOST",),
    ),
    "gitlab": _Variables(
        ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN"),
        ("GITLAB_HOST", "GL_HOST", "GITLAB_URI", "CI_SERVER_HOST"),
    ),
    "gitea": _Variables(
        ("GITEA_TOKEN", "FORGEJO_TOKEN"), ("GITEA_SERVER_URL", "GITEA_INSTANCE_URL", "FORGEJO_SERVER_URL")
    ),
}
_APP = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_PATH", "GITHUB_APP_INSTALLATION_ID")


@dataclass(frozen=True)
class AppKey:
    """What a GitHub App signs in with."""

    app_id: str
    key: str = field(repr=False)
    installation: str | None
    """None: that of the repository."""


def is_public(place: ForgePlace) -> bool:
    return place.host == _PUBLIC[place.kind] or place.host.endswith(".ghe.com")


def app_key(place: ForgePlace, environ: Mapping[str, str]) -> AppKey | str | None:
    """The App that the variables name for this host; a text: what is wrong with them."""
    app_id, key, path, installation = (environ.get(name, "").strip() for name in _APP)
    if place.kind != "github" or not app_id or not _is_for(place, environ, variables=_VARIABLES[place.kind].hosts):
        return None
    if not key and not path:
        return "GITHUB_APP_ID is set without its key: set GITHUB_APP_PRIVATE_KEY_PATH or GITHUB_APP_PRIVATE_KEY"
    if not key:
        try:
            key = Path(path).expanduser().read_text(encoding="ascii")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not a PEM file"
            return f"GITHUB_APP_PRIVATE_KEY_PATH: the file that it names cannot be read: {why}"
    # A variable of one line has them written out.
    return AppKey(app_id, key.replace("\\n", "\n"), installation or None)


def sources(place: ForgePlace, environ: Mapping[str, str], git: GitCredential | None) -> Iterator[Source]:
    """In the order in which they are tried. `git` is None where the remote is not reached over https."""
    yield lambda: _of_variables(place, environ)
    if git:
        yield lambda: _of_git(git)
    if "://" in place.token_host:
        return  # they know hosts, and not over which protocol
    if place.kind == "github":
        yield lambda: _of_gh(place, environ)
    if place.kind == "gitlab":
        yield lambda: _of_glab(place, environ)


def what_would_help(place: ForgePlace) -> str:
    """What would help where there is none."""
    variables = _VARIABLES[place.kind]
    names = variables.tokens if is_public(place) or not variables.elsewhere else variables.elsewhere
    login = {
        "github": f" or log in with gh auth login --hostname {place.token_host}",
        "gitlab": ", or log in with glab",
    }
    named = (variables.elsewhere_hosts or variables.hosts)[0]
    host = "" if place.has_own_api else f"{named} to {place.token_host} and "
    return (
        f"set {host}{names[0]} to a token for it{login.get(place.kind, '')}; for https remotes git's own credentials "
        f"work too"
    )


def _is_for(place: ForgePlace, environ: Mapping[str, str], *, variables: tuple[str, ...]) -> bool:
    """Whether tokens may go where the API is: where variables name a host, only there, else to the forge's own."""
    named = {host for name in variables if environ.get(name) for host in _hosts(environ[name])}
    return place.token_host in named if named else place.has_own_api


def _hosts(text: str) -> set[str]:
    """The host that is named, with its port and without; with http where that is named, too."""
    scheme, _, rest = text.strip().lower().rpartition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    found = {host, host.partition(":")[0]}
    return found | {f"http://{one}" for one in found} if scheme == "http" else found


def _of_variables(place: ForgePlace, environ: Mapping[str, str]) -> Credential | None:
    for name in _names(place, environ):
        if token := environ.get(name, "").strip():
            return Credential(f"the token of {name}", token)
    return None


def _names(place: ForgePlace, environ: Mapping[str, str]) -> Iterator[str]:
    """The variables whose tokens may go to this host. What names another host for `gh` leaves the public one to all."""
    variables = _VARIABLES[place.kind]
    hosts = variables.elsewhere_hosts
    is_elsewhere = not hosts or _is_for(place, environ, variables=hosts)
    if not is_public(place) and is_elsewhere:
        yield from variables.elsewhere
    if _is_for(place, environ, variables=variables.hosts) and (is_public(place) or is_elsewhere):
        yield from variables.tokens


def _of_git(git: GitCredential) -> Credential | None:
    found = git()
    if found is None:
        return None
    user, password = found
    if password in {"", "x-oauth-basic"}:
        return Credential("git's credentials", user) if password and user else None
    return Credential("git's credentials", password, user=user)


def _of_gh(place: ForgePlace, environ: Mapping[str, str]) -> Credential | None:
    printed = _printed(("gh", "auth", "token", "--hostname", place.token_host), "", "github", environ)
    return Credential("gh", printed.strip()) if printed and printed.strip() else None


def _of_glab(place: ForgePlace, environ: Mapping[str, str]) -> Credential | None:
    """By its credential helper: `glab config get token` may answer another host's."""
    asked = f"protocol=https\nhost={place.token_host}\n\n"
    printed = _printed(("glab", "auth", "git-credential", "get"), asked, "gitlab", environ)
    told = dict(line.split("=", 1) for line in (printed or "").splitlines() if "=" in line)
    if told.get("password") and told.get("host", place.token_host).partition(":")[0] == place.token_host:
        return Credential("glab", told["password"])
    return None


def _printed(command: tuple[str, ...], given: str, kind: Kind, environ: Mapping[str, str]) -> str | None:
    """What a command prints that finds its own credentials; those of variables are judged here, not there."""
    variables = _VARIABLES[kind]
    left_out = {*variables.tokens, *variables.elsewhere, *variables.hosts, *variables.elsewhere_hosts}
    env = {name: value for name, value in environ.items() if name not in left_out}
    try:
        ran = subprocess.run(
            command, input=given, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return ran.stdout if ran.returncode == 0 else None

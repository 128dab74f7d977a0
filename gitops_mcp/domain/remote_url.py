"""Where a Git remote is: `git@github.com:org/fleet.git`, `ssh://git@host:22/org/fleet`, `https://user@host/org/fleet/`.

Who logs in, and through which port, does not make it another repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^/]*@)?(\[[^\]]*\]|[^/:]*)(?::\d+)?/*([^?#]*)", re.IGNORECASE)
_SCP = re.compile(r"(?:[^@/:]+@)?([^/:@]+):(?!//)([^?#]+)")
_SAME_HOST = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
    "vs-ssh.visualstudio.com": "dev.azure.com",
}
"""By which forges are reached where port 22 is closed."""
_CREDENTIALS = re.compile(r"(?<!\w)(\w+://)[^/?#\s]+@")


@dataclass(frozen=True)
class RemoteUrl:
    host: str
    """In lower case; empty for a path on disk."""
    path: str
    """`org/fleet`, without `.git` and outer slashes."""


def parse_remote_url(text: str) -> RemoteUrl:
    match = _URL.fullmatch(text.strip()) or _SCP.fullmatch(text.strip())
    if match is None:
        return RemoteUrl("", text)
    host = match[1].lower()
    path = match[2].strip("/").removesuffix(".git").removeprefix("~/")
    host = _SAME_HOST.get(host, host)
    if host.endswith(".visualstudio.com"):
        host, path = "dev.azure.com", f"{host.partition('.')[0]}/{path.removeprefix('DefaultCollection/')}"
    if host == "dev.azure.com":  # organization, project and repository, whoever asks
        path = path.removeprefix("v3/").replace("/_git/", "/")
    return RemoteUrl(host, path)


def engine_url(text: str) -> str:
    """The form that Flux takes: `ssh://git@host/path` of `git@host:path`; what is a URL stays."""
    match = _SCP.fullmatch(text)
    return f"ssh://{text[: match.start(2) - 1]}/{match[2].lstrip('/')}" if match else text


def without_logins(text: str) -> str:
    """A text with user names and passwords taken out of its URLs; the whole of what git printed may be given."""
    return _CREDENTIALS.sub(r"\1", text)

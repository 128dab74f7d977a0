"""Whether what an engine object names is this repository, at the branch that changes are proposed against.

Engines and people write the same repository in many ways (ssh, https, with and without `.git`), and an engine in the
cluster may reach a forge by an inner name. What cannot be told counts as this repository.
"""

from __future__ import annotations

import re

_SCP = re.compile(r"(?:[^@/:]+@)?([^/:@]+):(?!//)(.+)")
_URL = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^@/]*@)?(\[[^\]]*\]|[^/:]*)(?::\d+)?/*(.*)", re.IGNORECASE)
_SAME_HOST = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_INNER = (".svc", ".local", ".internal", ".lan")


def why_elsewhere(url: object, remotes: tuple[str, ...]) -> str | None:
    """Why a URL is not that of this repository; None where it is, or where nothing is known to compare it with."""
    if not isinstance(url, str) or not url:
        return "it names no repository"
    known = [found for found in map(_host_and_path, remotes) if found[0]]
    if not known:
        return None
    host, path = _host_and_path(url)
    if any(path == mine and (host == other or _is_inner(host) or _is_inner(other)) for other, mine in known):
        return None
    return f"it applies {url}, another repository than {remotes[0]}"


def why_off_branch(reference: object, branch: str) -> str | None:
    """Why a branch, tag or commit that is named is not the branch; None for the branch, `HEAD` and nothing."""
    if not isinstance(reference, str) or reference in {"", "HEAD", branch, f"refs/heads/{branch}"}:
        return None
    return f"it applies {reference}, not {branch}"


def _host_and_path(url: str) -> tuple[str, str]:
    """("github.com", "org/fleet"); no host for a path on disk."""
    match = _URL.fullmatch(url.strip()) or _SCP.fullmatch(url.strip())
    if match is None:
        return "", url
    host = match.group(1).lower()
    path = match.group(2).strip("/").removesuffix(".git").lower()
    return _SAME_HOST.get(host, host), path.removeprefix("~/")


def _is_inner(host: str) -> bool:
    """A name that only a cluster or a network of one's own resolves."""
    return "." not in host or host.endswith(_INNER)

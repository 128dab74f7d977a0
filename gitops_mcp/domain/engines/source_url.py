"""Whether what an engine object names is this repository, at the branch that changes are proposed against.

Engines and people write the same repository in many ways (ssh, https, with and without `.git`), and an engine in the
cluster may reach a forge by an inner name. What cannot be told counts as this repository.
"""

from __future__ import annotations

from gitops_mcp.domain.remote_url import parse_remote_url

_INNER = (".svc", ".local", ".internal", ".lan")


def why_elsewhere(url: object, remotes: tuple[str, ...]) -> str | None:
    """Why a URL is not that of this repository; None where it is, or where nothing is known to compare it with."""
    if not isinstance(url, str) or not url:
        return "it names no repository"
    known = [found for found in map(parse_remote_url, remotes) if found.host]
    if not known:
        return None
    named = parse_remote_url(url)
    near = [mine for mine in known if mine.path.lower() == named.path.lower()]
    if any(mine.host == named.host or _is_inner(mine.host) or _is_inner(named.host) for mine in near):
        return None
    return f"it applies {url}, another repository than {remotes[0]}"


def why_off_branch(reference: object, branch: str) -> str | None:
    """Why a branch, tag or commit that is named is not the branch; None for the branch, `HEAD` and nothing."""
    if not isinstance(reference, str) or reference in {"", "HEAD", branch, f"refs/heads/{branch}"}:
        return None
    return f"it applies {reference}, not {branch}"


def _is_inner(host: str) -> bool:
    """A name that only a cluster or a network of one's own resolves."""
    return "." not in host or host.endswith(_INNER)


class NotEvaluated(str):
    """Why it cannot be told what an ApplicationSet applies: something below its folder, or nothing."""

    __slots__ = ()

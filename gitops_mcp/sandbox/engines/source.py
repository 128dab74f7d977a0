"""Where an engine finds the newest commit of a branch, and why it does not.

The sandbox's own remote is read as files, since an engine asks many times a second; of any other address git itself is
asked, so that it refuses in earnest. The files of a commit are always those of the sandbox's remote.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from gitops_mcp.domain.remote_url import parse_remote_url
from gitops_mcp.errors import GitOpsError, Unavailable
from gitops_mcp.sandbox.remote import SandboxRemote, git

_THIS_MACHINE = frozenset({"127.0.0.1", "localhost"})
_STATUS = re.compile(r"returned error: (\d+)")


class Unfetchable(GitOpsError):
    """`said` is the library's own word, which both engines repeat; it is empty where only the branch is missing."""

    def __init__(self, url: str, branch: str, said: str = "") -> None:
        self.url, self.branch, self.said = url, branch, said
        super().__init__(said or f"no branch {branch}")


def newest_commit(remote: SandboxRemote, url: str, branch: str) -> str:
    if url != remote.url:
        return _asked_commit(url, branch)
    if not remote.path.is_dir():
        raise Unfetchable(url, branch, "repository not found: ")
    with suppress(OSError):
        return (remote.path / "refs/heads" / branch).read_text().strip()
    found = git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", cwd=remote.path, check=False).decode()
    if not found:
        raise Unfetchable(url, branch)
    return found


def _asked_commit(url: str, branch: str) -> str:
    host = parse_remote_url(url).host
    if not host and not Path(url).exists():
        raise Unfetchable(url, branch, "repository not found: ")
    if host and host not in _THIS_MACHINE:
        raise Unfetchable(url, branch, f"unexpected client error: the sandbox asks this machine alone, not {host}")
    try:
        found = git("ls-remote", "--", url, f"refs/heads/{branch}").decode()
    except Unavailable as error:
        raise Unfetchable(url, branch, _refusal(url, str(error))) from error
    if not found:
        raise Unfetchable(url, branch)
    return found.split("\t")[0]


def _refusal(url: str, told: str) -> str:
    """What git tells, in the words of the library that the engines use."""
    status = _STATUS.search(told)
    if "could not read Username" in told or "Authentication failed" in told:
        return "authentication required: "
    if "not found" in told or "does not appear to be" in told:
        return "repository not found: "
    asked = f'unexpected requesting "{url}/info/refs?service=git-upload-pack"'
    return f"unexpected client error: {asked}" + (f" status code: {status[1]}" if status else f": {told}")

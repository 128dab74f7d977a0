"""What is wrong where there is no base to propose changes against, and what would work."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from gitops_mcp.adapters.git.refs.remote import Remote
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Unavailable


def unknown_base(
    directory: Path, branch: str, remote: str | None, refs: Iterable[str], fault: GitOpsError | None
) -> Exception:
    """Of a base that is not here; `fault` is why it could not be fetched."""
    if remote:
        return (fault or Unavailable()).with_text(
            f"the base {quote(branch)} has never been fetched from {remote!r}, and that failed now: "
            f"{fault or 'the fetch did not find it'}"
        )
    local = [ref.removeprefix("refs/heads/") for ref in refs if ref.startswith("refs/heads/")]
    if not local:
        return nothing_committed(directory, None)
    return NotFound(f"base: no local branch {quote(branch)} and no remote; {suggest(branch, local)}")


def missing_branch(directory: Path, remote: Remote, branch: str, settings: GitSettings) -> Exception:
    """Of a base that the remote does not have."""
    branches = [one for one in remote.branches() if not one.startswith(settings.prefix)]
    if not branches:
        return nothing_committed(directory, remote.name)
    head = f"refs/remotes/{remote.name}/HEAD"
    remedy = (
        f"It is named by {settings.base_from}: name one of them there"
        if settings.base_from
        else f"It is what {head} says here, or the local branch: {follow_head(remote.name)} takes what the remote's "
        f"HEAD names now; or pass --base"
    )
    return NotFound(
        f"base: the remote {remote.name!r} has no branch {quote(branch)}; {suggest(branch, branches)}. {remedy}"
    )


def follow_head(remote: str) -> str:
    """The commands after which the base is what the remote's HEAD names."""
    remote = shlex.quote(remote)
    return f"git fetch {remote} && git remote set-head {remote} --auto"


def nothing_committed(directory: Path, remote: str | None) -> InvalidRequest:
    push = f", then push it: git push --set-upstream {shlex.quote(remote)} HEAD" if remote else ""
    where = f"the remote {remote!r} of {directory}" if remote else str(directory)
    login = f" (or a login page is at its address: look with git ls-remote {shlex.quote(remote)})" if remote else ""
    return InvalidRequest(
        f"{where} has no commit yet{login}, so there is nothing to propose changes against: make a first commit "
        f"(git commit --allow-empty --message Start){push}"
    )

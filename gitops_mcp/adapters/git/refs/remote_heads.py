"""The default branches of remotes: what their HEADs name, which another person may switch at any time."""

from __future__ import annotations

import time
from collections.abc import Mapping

from gitops_mcp.adapters.git.failures import remote_reason
from gitops_mcp.adapters.git.refs.configured_remotes import Remotes
from gitops_mcp.adapters.git.refs.listing import RefListing
from gitops_mcp.adapters.git.refs.remote import remote_of
from gitops_mcp.adapters.git.runner import GitFailed, Runner
from gitops_mcp.adapters.git.settings import GitSettings
from gitops_mcp.errors import Unavailable

_GOOD_FOR = 3_600.0
"""Seconds until a remote is asked again: default branches are switched once in years."""


class RemoteHeads:
    """What remotes said about their HEAD; one that named none is asked again."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._said: dict[tuple[str, str], tuple[float, str]] = {}

    def of(self, name: str, settings: GitSettings, remotes: Remotes) -> str | None:
        """The branch that a remote's HEAD names. Raises Unavailable."""
        key = (name, remotes.urls[name])
        said = self._said.get(key)
        if said is None or time.monotonic() - said[0] > _GOOD_FOR:
            head = remote_of(self._runner, name, remotes, timeout=settings.timeout).head()
            if head is None:
                return None
            said = self._said[key] = (time.monotonic(), head)
        return said[1]

    def known(self, name: str, settings: GitSettings, remotes: Remotes, heads: Mapping[str, str]) -> str | None:
        """The same as it stands here; the remote is asked where nothing does. `heads` are symbolic refs."""
        start = f"refs/remotes/{name}/"
        target = heads.get(f"{start}HEAD", "")
        if target.startswith(start):
            return target.removeprefix(start)
        try:
            return self.of(name, settings, remotes)
        except Unavailable as error:
            reason = remote_reason(error.ran.stderr) if isinstance(error, GitFailed) else str(error)
            raise Unavailable(
                f"the base is not known: {name}/HEAD is not set here and the remote could not be asked "
                f"({reason}); repair the remote, or pass --base with the branch"
            ) from error

    def switched(self, view: RefListing, settings: GitSettings, remotes: Remotes) -> str | None:
        """What the remote's HEAD names now, where that is another branch than the base, which it names here still."""
        if view.remote is None or view.branch not in view.heads:
            return None
        try:
            head = self.of(view.remote.name, settings, remotes)
        except Unavailable:  # it has answered the fetch just now, and is asked again with the next
            return None
        return head if head != view.branch else None

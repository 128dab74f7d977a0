"""What git's own configuration says about remotes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.remote_url import without_logins
from gitops_mcp.errors import InvalidRequest

_NOT_IN_A_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|(^|/)[.]|[.]lock(/|$)|[./]$|^[-/]|^@$|^HEAD$")


@dataclass(frozen=True)
class Remotes:
    urls: Mapping[str, str]
    """The remotes that have an address, as it is written: it may hold credentials."""
    upstreams: Mapping[str, str]
    """Local branch to the remote it follows."""
    promisor: str | None
    """The remote that has the objects which a partial clone lacks."""
    ssh_command: bool

    substitutes: Mapping[str, str]
    """What an address may begin with, to what git puts in its place (`url.<base>.insteadOf`)."""

    @classmethod
    def configured(cls, configuration: Configuration) -> Remotes:
        urls: dict[str, str] = {}
        upstreams: dict[str, str] = {}
        substitutes: dict[str, str] = {}
        promisor = configuration.get("extensions.partialclone")
        for key, values in configuration.entries.items():
            section, _, rest = key.partition(".")
            name, _, word = rest.rpartition(".")
            match section, word:
                case "remote", "url":
                    urls[name] = values[0]
                case "remote", "promisor" if configuration.is_on(key):
                    promisor = promisor or name
                case "branch", "remote":
                    upstreams[name] = values[-1]
                case "url", "insteadof":
                    substitutes |= {start: name for start in values if start not in substitutes}
                case _:
                    continue
        return cls(urls, upstreams, promisor, configuration.get("core.sshcommand") is not None, substitutes)

    def address(self, name: str) -> str:
        """Of a remote, as git would use it, without credentials."""
        url = self.urls[name]
        start = max((one for one in self.substitutes if url.startswith(one)), key=len, default="")
        return without_logins(self.substitutes.get(start, "") + url.removeprefix(start))

    def remote(self, wanted: str | None, branch: str | None) -> str | None:
        """The remote that is wanted, else the one the branch follows, else `origin`, else the only one, else none."""
        if wanted is not None and wanted not in self.urls:
            raise InvalidRequest(f"remote: the repository has no remote {quote(wanted)}; {suggest(wanted, self.urls)}")
        for name in (wanted, self.upstreams.get(branch or ""), "origin"):
            if name in self.urls:
                return name
        return next(iter(self.urls)) if len(self.urls) == 1 else None

    def network(self) -> dict[str, str]:
        """The environment for talking to a remote: ssh asks nobody, unless the user has said how to run it."""
        if self.ssh_command or "GIT_SSH_COMMAND" in os.environ or "GIT_SSH" in os.environ:
            return {}
        return {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}


def branch_name(name: str, *, field: str) -> str:
    """A name that git takes for a branch and can take for nothing else (git-check-ref-format)."""
    if not name or _NOT_IN_A_REF.search(name):
        raise InvalidRequest(
            f"{field}: {quote(name)} is not a branch name: no spaces, control characters or any of ~^:?*[\\, no '..', "
            f"'//' or '@{{', no part that starts with '.' or ends with '.lock', no '-' or '/' at the start, "
            f"no '/' or '.' at the end"
        )
    return name

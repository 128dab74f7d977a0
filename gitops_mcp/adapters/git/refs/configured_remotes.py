"""What git's own configuration says about remotes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.domain.names import quote, suggest
from gitops_mcp.domain.remote_url import parse_remote_url, without_logins
from gitops_mcp.errors import InvalidRequest, Refused

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
    push_substitutes: Mapping[str, str]
    """The same for a push alone (`url.<base>.pushInsteadOf`)."""
    push_urls: Mapping[str, tuple[str, ...]]
    """Where a push goes, in place of `urls`."""
    push_remotes: Mapping[str, str]
    """Local branch to the remote that it is pushed to, where that is another one; under "" that of all branches."""

    @classmethod
    def configured(cls, configuration: Configuration) -> Remotes:
        urls: dict[str, str] = {}
        upstreams: dict[str, str] = {}
        substitutes: dict[str, str] = {}
        push_substitutes: dict[str, str] = {}
        push_urls: dict[str, tuple[str, ...]] = {}
        push_remotes: dict[str, str] = {}
        promisor = configuration.get("extensions.partialclone")
        for key, values in configuration.entries.items():
            section, _, rest = key.partition(".")
            name, _, word = rest.rpartition(".")
            match section, word:
                case "remote", "url":
                    urls[name] = values[0]
                    push_urls.setdefault(name, values)
                case "remote", "pushurl":
                    push_urls[name] = values
                case "remote", "pushdefault":
                    push_remotes[""] = values[-1]
                case "branch", "pushremote":
                    push_remotes[name] = values[-1]
                case "remote", "promisor" if configuration.is_on(key):
                    promisor = promisor or name
                case "branch", "remote":
                    upstreams[name] = values[-1]
                case "url", "insteadof":
                    substitutes |= {start: name for start in values if start not in substitutes}
                case "url", "pushinsteadof":
                    push_substitutes |= {start: name for start in values if start not in push_substitutes}
                case _:
                    continue
        ssh_command = configuration.get("core.sshcommand") is not None
        return cls(urls, upstreams, promisor, ssh_command, substitutes, push_substitutes, push_urls, push_remotes)

    def address(self, name: str) -> str:
        """Of a remote, as git would use it, without credentials."""
        return without_logins(self.own_address(name))

    def own_address(self, name: str) -> str:
        """The same with the credentials that it may hold."""
        return _substituted(self.urls[name], self.substitutes)

    def home(self, name: str, branch: str) -> str:
        """The remote that changes for a branch are pushed to, as `git push` would choose it; `name` is the base's."""
        wanted = self._push_remote(branch)
        return wanted if wanted in self.urls else name

    def _push_remote(self, branch: str) -> str:
        return self.push_remotes.get(branch) or self.push_remotes.get("") or ""

    def check_push(self, name: str, branch: str) -> None:
        """Raises Refused where a push would go to several repositories, or where a fetch would not see it again."""
        wanted = self._push_remote(branch)
        if wanted and wanted not in self.urls:
            key = f"branch.{branch}.pushRemote" if branch in self.push_remotes else "remote.pushDefault"
            raise Refused(
                f"{key} of Git's configuration names {quote(wanted)}, and the repository has no such remote; "
                f"{suggest(wanted, self.urls)}"
            )
        urls = self.push_urls[name]
        if len(urls) > 1:
            raise Refused(
                f"remote {name} pushes to {len(urls)} URLs, so a push could arrive at one and fail at another: "
                f"configure a remote with one URL and name it as `remote`"
            )
        stated = urls[0] != self.urls[name]
        substitutes = (
            self.push_substitutes if not stated and _start(urls[0], self.push_substitutes) else self.substitutes
        )
        here, there = self.address(name), without_logins(_substituted(urls[0], substitutes))
        if not _is_same_repository(here, there):
            key = f"remote.{name}.pushurl" if stated else "url.<base>.pushInsteadOf"
            raise Refused(
                f"remote {name} fetches from {here} and pushes to {there} ({key} of Git's configuration), so a change "
                f"would not be seen again once it is pushed. Leave {key} out; a fork is a remote of its own: "
                f"git remote add fork {there}, and git config remote.pushDefault fork"
            )

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


def _start(url: str, substitutes: Mapping[str, str]) -> str:
    return max((one for one in substitutes if url.startswith(one)), key=len, default="")


def _substituted(url: str, substitutes: Mapping[str, str]) -> str:
    start = _start(url, substitutes)
    return substitutes.get(start, "") + url.removeprefix(start)


def _is_same_repository(one: str, other: str) -> bool:
    """Over whatever protocol; of folders the place counts."""
    found, wanted = parse_remote_url(one), parse_remote_url(other)
    if found.host or wanted.host:
        return found == wanted
    return _folder(one) == _folder(other)


def _folder(address: str) -> str:
    return os.path.realpath(address.removeprefix("file://")).removesuffix(".git")


def branch_name(name: str, *, field: str) -> str:
    """A name that git takes for a branch and can take for nothing else (git-check-ref-format)."""
    if not name or _NOT_IN_A_REF.search(name):
        raise InvalidRequest(
            f"{field}: {quote(name)} is not a branch name: no spaces, control characters or any of ~^:?*[\\, no '..', "
            f"'//' or '@{{'. No part of it starts with '.' or ends with '.lock', it does not start with '-' or '/', "
            f"and does not end with '/' or '.'"
        )
    return name

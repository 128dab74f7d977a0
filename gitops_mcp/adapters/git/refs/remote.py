"""Talking to a remote: fetch, and the few questions that only it can answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gitops_mcp.adapters.git.lock import Lock
from gitops_mcp.adapters.git.refs.configured_remotes import Remotes
from gitops_mcp.adapters.git.runner import GitFailed, Ran, Runner
from gitops_mcp.caller import pause
from gitops_mcp.domain.remote_url import without_logins

_LOST_A_RACE = re.compile(
    r"cannot lock ref|Unable to create '.*\.lock'|unable to update local ref|shallow file has changed"
)
_NO_SUCH_BRANCH = "couldn't find remote ref"
_PAUSES = (0.02, 0.05, 0.1, 0.25)
"""Seconds before each further try; git itself waits 0.1 s for a ref that another git is writing."""


@dataclass(frozen=True)
class Remote:
    runner: Runner
    name: str
    remotes: Remotes

    def ref(self, branch: str) -> str:
        """Where a branch of the remote is followed here."""
        return f"refs/remotes/{self.name}/{branch}"

    @property
    def url(self) -> str:
        return self.remotes.address(self.name)

    @property
    def written_url(self) -> str:
        """The same before what `url.<base>.insteadOf` puts in its place."""
        return without_logins(self.remotes.urls[self.name])

    def fetch(self, branches: Sequence[str], lock: Lock) -> bool:
        """Follows branches, of which one that ends in `*` stands for all that start so; what is gone is dropped.

        Whether anything moved: git prints a line for each ref that it moves, and nothing when it moves none.
        Raises Unavailable; `lacks_branch` tells whether it was for want of the branch.
        """
        lock.intend(*map(self.ref, branches))
        for seconds in (*_PAUSES, None):
            try:
                return bool(self._fetch(branches, lock).stderr.strip())
            except GitFailed as error:
                if seconds is None or not _LOST_A_RACE.search(error.ran.stderr):
                    error.remote = self.name
                    raise
                pause(seconds)
        raise AssertionError("the last try either returns or raises")

    def _fetch(self, branches: Sequence[str], lock: Lock) -> Ran:
        return self.runner.run(
            "fetch",
            "--no-write-fetch-head",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--refmap=",  # else a mirror's own refspecs would move its local branches as well
            "--prune",
            "--",
            self.name,
            *(f"+refs/heads/{branch}:{self.ref(branch)}" for branch in branches),
            env=self.remotes.network() | self._head_stays(),
            keep=(lock.descriptor,),
        )

    def _head_stays(self) -> dict[str, str]:
        """Since 2.48 git writes a missing refs/remotes/<remote>/HEAD when it fetches, unless it is told not to."""
        return self.runner.configured(f"remote.{self.name}.followRemoteHEAD", "never")

    def head(self) -> str | None:
        """The branch that the remote's HEAD names; None when it names none."""
        for line in self._ask("--symref", "--", self.name, "HEAD").splitlines():
            target, _, name = line.partition("\t")
            if name == "HEAD" and target.startswith("ref: refs/heads/"):
                return target.removeprefix("ref: refs/heads/")
        return None

    def branches(self) -> list[str]:
        lines = self._ask("--heads", "--", self.name).splitlines()
        return [line.partition("\t")[2].removeprefix("refs/heads/") for line in lines]

    def tip(self, refs: Sequence[str]) -> str | None:
        """The commit of the first of these that it has.

        Branches and tags are listed, not named: what a caller gives may be a secret by mistake.
        """
        is_named = all(ref.startswith(("refs/heads/", "refs/tags/")) for ref in refs)
        asked = ("--heads", "--tags", "--", self.name) if is_named else ("--", self.name, *refs)
        rows = (line.partition("\t") for line in self._ask(*asked).splitlines())
        found = {ref: commit for commit, _, ref in rows}
        return next((found[ref] for ref in refs if ref in found), None)

    def pull_heads(self) -> dict[int, str]:
        """The last commit of each pull or merge request, newest request first, merged and closed ones too.

        Not every remote shows them.
        """
        found: dict[int, str] = {}
        for line in self._ask("--", self.name, "refs/pull/*/head", "refs/merge-requests/*/head").splitlines():
            commit, _, ref = line.partition("\t")
            if (number := ref.split("/")[2]).isdecimal():
                found[int(number)] = commit
        return dict(sorted(found.items(), reverse=True))

    def pull_head(self, number: int) -> str | None:
        """The last commit of one of them, which stays as it is when its branch's name is used again."""
        refs = (f"refs/pull/{number}/head", f"refs/merge-requests/{number}/head")
        return self._ask("--", self.name, *refs).partition("\t")[0] or None

    def branch_tip(self, branch: str) -> str | None:
        return self._ask("--", self.name, f"refs/heads/{branch}").partition("\t")[0] or None

    def bring(self, commits: Iterable[str]) -> None:
        """Brings commits that the remote shows. Nothing here refers to them, so git collects them in time."""
        self.runner.run(
            "fetch",
            "--no-write-fetch-head",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--refmap=",
            "--",
            self.name,
            *commits,
            env=self.remotes.network() | self._head_stays(),
        )

    def _ask(self, *arguments: str) -> str:
        return self.runner.run("ls-remote", *arguments, env=self.remotes.network()).text

    def download(self, ids: Iterable[str]) -> None:
        """Brings objects that a partial clone lacks, all in one request: git's own way brings them one by one."""
        self.runner.run(
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--no-write-fetch-head",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--filter=blob:none",
            "--stdin",
            "--",
            self.name,
            input="".join(f"{wanted}\n" for wanted in ids).encode(),
            env=self.remotes.network() | self._head_stays(),
        )


def remote_of(runner: Runner, name: str, remotes: Remotes, *, timeout: float) -> Remote:
    return Remote(replace(runner, timeout=timeout), name, remotes)


def lacks_branch(error: Exception) -> bool:
    """Whether a fetch failed because the remote has no such branch."""
    return isinstance(error, GitFailed) and _NO_SUCH_BRANCH in error.ran.stderr

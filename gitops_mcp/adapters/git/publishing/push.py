"""One ref pushed, with a lease, and nothing else whatever the configuration would push along.

The lease makes it a compare-and-swap; that it is a fast-forward is publish's promise. A push that ends without an
answer about its ref may still have arrived (a hook that outlives the time-out, a dropped connection), so the remote
is asked before that is called a failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_mcp.adapters.git.configuration import Configuration
from gitops_mcp.adapters.git.failures import remote_error, telling_line
from gitops_mcp.adapters.git.lock import Lock
from gitops_mcp.adapters.git.publishing.printed import first_lines, on_one_line, remote_lines
from gitops_mcp.adapters.git.refs.configured_remotes import Remotes
from gitops_mcp.adapters.git.runner import Ran, Runner
from gitops_mcp.errors import GitOpsError, MayArrive, NotFound, NotSeen, Raced, Refused, Unavailable

# Lines of `push --porcelain`: flag, tab, from:to, tab, summary, and a reason in brackets.
_ACCEPTED = re.compile(r"^[ *=-]\t[^\t\n]*:refs/heads/", re.MULTILINE)
_REJECTED = re.compile(r"^!\t[^\t\n]*\t\[(?:remote )?rejected\](?: \((.*)\))?$", re.MULTILINE)
_MOVED = re.compile(
    r"stale info|non-fast-forward|fetch first|cannot lock ref|failed to lock|incorrect old value|but expected"
    r"|reference already exists"
)
_UNKNOWN = re.compile(r"remote failure|hung up unexpectedly|RPC failed|unexpected disconnect")
_TAKES_NONE = "does not support push options"
_SECONDS_TO_ASK = 15


class _NoOptions(Exception):
    """The remote does not advertise them, and git does not push then."""


@dataclass(frozen=True)
class Push:
    runner: Runner
    lock: Lock
    configuration: Configuration
    hooks: Path | None
    """The folder with the pre-push hook that runs."""
    remote: str
    uploads: bool = False
    """Whether git-lfs has anything to do in it; where it runs for nothing it writes into Git's configuration."""
    options: tuple[str, ...] = ()
    """For the remote, each on one line. One that takes none gets the push without them."""
    meanwhile: Callable[[], object] | None = None
    """What is done while a push is under way."""

    def tracking(self, branch: str) -> str:
        return f"refs/remotes/{self.remote}/{branch}"

    def moved(self, branch: str, new: str, old: str | None) -> tuple[str, bool]:
        """Moves the branch from `old` (None: it must not exist); what the remote said, and whether it took options."""
        takes = bool(self.options)
        try:
            answered = self._pushed(branch, new, old or "", self.options)
        except _NoOptions:
            takes = False
            answered = self._pushed(branch, new, old or "")
        self._follow(answered, "update-ref", self.tracking(branch), new)
        return remote_lines(answered.stderr) if answered else "", takes

    def deleted(self, branch: str, old: str) -> None:
        """Raises NotFound when the remote has no such branch."""
        try:
            answered = self._pushed(branch, "", old)
        except Raced as error:
            if self._is_at(branch, ""):
                raise NotFound(f"there is no branch {branch} on {self.remote}: it has been deleted already") from error
            raise
        self._follow(answered, "update-ref", "-d", self.tracking(branch))

    def _pushed(self, branch: str, new: str, old: str, options: tuple[str, ...] = ()) -> Ran | None:
        """What git printed of the push; None when it did not end well, but the remote has it."""
        self.lock.intend(self.tracking(branch))
        ref = f"refs/heads/{branch}"
        try:
            ran = self._git(
                # A mirror's push takes no single ref.
                *(("-c", f"core.hooksPath={self.hooks}") if self.hooks else ()),
                # A user's push options are for pushes of their own: one may open a merge request, or a repository.
                *("-c", "push.pushOption="),
                *("-c", f"remote.{self.remote}.mirror=false", "push", "--porcelain", "--no-follow-tags"),
                *("--recurse-submodules=no", f"--force-with-lease={ref}:{old}"),
                *(() if self.hooks else ("--no-verify",)),
                *(f"--push-option={option}" for option in options),
                *("--", self.remote, f"{new}:{ref}"),
                meanwhile=self.meanwhile,
            )
        except Unavailable as error:
            if self._is_at(branch, new):
                return None
            raise MayArrive(f"{error}. {self.remote} may still accept it: list_changes shows whether it did") from error
        if options and _TAKES_NONE in ran.stderr:
            raise _NoOptions
        if ran.returncode == 0 and _ACCEPTED.search(ran.text):
            return ran
        if _UNKNOWN.search(ran.text + ran.stderr) and self._is_at(branch, new):
            return None
        raise self._refusal(f"the push of {branch}" if new else f"the deletion of {branch}", branch, ran)

    def _refusal(self, asked: str, branch: str, ran: Ran) -> GitOpsError:
        rejected = _REJECTED.search(ran.text)
        said = remote_lines(ran.stderr) or first_lines(ran.stderr)
        if rejected is None:
            return self._failure(asked, ran)
        reason = rejected[1] or "rejected"
        # receive-pack says why a ref was not updated only among its messages.
        detail = reason if reason != "failed to update ref" else said
        if "exists; cannot create" in detail:
            return Refused(f"branch {branch} cannot stand beside another one on {self.remote}: {detail}")
        if _MOVED.search(detail):
            kind = NotSeen if "stale info" in detail else Raced
            return kind(f"branch {branch} on {self.remote} was moved by another writer, or is locked by one: {detail}")
        _, cause = telling_line(said)
        # What would make room for a push is no way to have a branch removed.
        by_hand = "ask somebody who has that right, or have it granted"
        advice = cause.advice if cause and asked.startswith("the push") else by_hand
        why = f": {cause.what}; {advice}" if cause else ""
        return Refused(f"{self.remote} refused {asked} ({reason}){why}. It said (untrusted text): {on_one_line(said)}")

    def _failure(self, asked: str, ran: Ran) -> GitOpsError:
        if self.hooks and "fatal:" not in ran.stderr:
            said = on_one_line(first_lines(ran.stderr)) or "nothing"
            return Refused(f"the pre-push hook refused {asked}. It printed (untrusted text): {said}")
        return remote_error(f"{asked} to {self.remote}", ran.stderr)

    def _is_at(self, branch: str, commit: str) -> bool:
        """Whether the remote is seen to have the branch there (`""`: not at all)."""
        quick = replace(self.runner, timeout=min(self.runner.timeout, _SECONDS_TO_ASK))
        try:
            ran = quick.run("ls-remote", "--", self.remote, f"refs/heads/{branch}", env=self._network())
        except Unavailable:
            return False
        return ran.text.partition("\t")[0] == commit

    def _follow(self, answered: Ran | None, *command: str) -> None:
        """Moves the remote-tracking ref where git's own push does not.

        That is in clones of one branch and bare ones, which map no others, and when the push did not end well. The
        commit point has passed: what fails here, the next fetch repairs.
        """
        mapped = {spec.removeprefix("+") for spec in self.configuration.every(f"remote.{self.remote}.fetch")}
        if answered is None or f"refs/heads/*:refs/remotes/{self.remote}/*" not in mapped:
            with suppress(Unavailable):
                self._git(*command)

    def _git(self, *arguments: str, meanwhile: Callable[[], object] | None = None) -> Ran:
        # A pre-push hook's own `git diff -- '*.yaml'` means the pattern.
        env = self._network() | {"GIT_LITERAL_PATHSPECS": "0"}
        env |= {} if self.uploads else {"GIT_LFS_SKIP_PUSH": "1"}
        keep = (self.lock.descriptor,)
        return self.runner.run(*arguments, env=env, check=False, keep=keep, meanwhile=meanwhile)

    def _network(self) -> dict[str, str]:
        return Remotes.configured(self.configuration).network()

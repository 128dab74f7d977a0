"""What a commit and a push would meet, tried without making either.

Nothing that is written here is kept, no ref moves, no hook runs, and nobody is asked for a passphrase.
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from gitops_mcp.adapters.git.failures import remote_error
from gitops_mcp.adapters.git.publishing.hooks import HOOKS, Hooks
from gitops_mcp.adapters.git.publishing.printed import first_lines
from gitops_mcp.adapters.git.refs.configured_remotes import Remotes
from gitops_mcp.adapters.git.refs.refs import Base
from gitops_mcp.adapters.git.repository import Repository
from gitops_mcp.errors import Refused, Unavailable

_NO_PROMPT = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "GPG_TTY": "", "SSH_ASKPASS": "", "SSH_ASKPASS_REQUIRE": "never"}
_GPG = frozenset({"gpg", "gpg2"})


@dataclass(frozen=True)
class TriedHook:
    name: str
    path: Path
    fault: str = ""
    """Why it does not run."""
    mend: str = ""


@dataclass(frozen=True)
class Trial:
    repository: Repository
    seconds: float
    """For one command."""

    def version(self) -> str:
        return self.repository.runner.run("version").text.removeprefix("git version ")

    def identity(self) -> str:
        """Author and committer as git itself would have them. Raises Refused where it knows none."""
        found = []
        for role in ("AUTHOR", "COMMITTER"):
            ran = self.repository.runner.run("-c", "user.useConfigOnly=true", "var", f"GIT_{role}_IDENT", check=False)
            if ran.returncode:
                raise Refused(f"git does not know whose commits these are ({ran.stderr.strip().splitlines()[-1]})")
            found.append(f"{ran.text.rpartition('>')[0]}>")
        return found[0] if found[0] == found[1] else f"{found[0]}, committed by {found[1]}"

    def signer(self, commit: str) -> str | None:
        """By what a commit is signed, once one was; None: they are not. Raises Unavailable where that fails.

        The trial lands in a folder that goes. What would open a page or a window, as gitsign does, is not tried.
        """
        configuration = self.repository.calls.configuration
        if not configuration.is_on("commit.gpgsign"):
            return None
        kind = (configuration.get("gpg.format") or "openpgp").lower()
        program = configuration.get(f"gpg.{kind}.program") or (kind == "openpgp" and configuration.get("gpg.program"))
        program = program or {"openpgp": "gpg", "ssh": "ssh-keygen"}.get(kind, "gpgsm")
        if shutil.which(program) is None:
            raise Unavailable(f"commit.gpgSign is on, and {program} is not on PATH")
        if kind not in {"openpgp", "ssh"} or (kind == "openpgp" and Path(program).name not in _GPG):
            return f"{program}, which exists and was not tried, since it may prompt a person"
        with TemporaryDirectory(prefix="gitops-mcp-trial-") as folder:
            self._sign(commit, Path(folder), program if kind == "openpgp" else None)
        return program

    def _sign(self, commit: str, folder: Path, gpg: str | None) -> None:
        options: tuple[str, ...] = ()
        if gpg:
            wrapper = folder / "gpg"
            wrapper.write_text(f'#!/bin/sh\nexec {shlex.quote(gpg)} --pinentry-mode error "$@"\n')
            wrapper.chmod(0o700)
            options = ("-c", f"gpg.program={wrapper}", "-c", f"gpg.openpgp.program={wrapper}")
        objects = {
            "GIT_OBJECT_DIRECTORY": str(folder),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.repository.common_dir / "objects"),
        }
        who = ("-c", "user.useConfigOnly=true")
        command = (*options, *who, "commit-tree", "-S", "-m", "Trial", f"{commit}^{{tree}}")
        runner = replace(self.repository.runner, timeout=self.seconds)
        ran = runner.run(*command, env=objects | _NO_PROMPT, check=False)
        if ran.returncode:
            raise Unavailable(f"commit.gpgSign is on, and a trial was not signed: {first_lines(ran.stderr)}")

    def hooks(self, base: str) -> Iterator[TriedHook]:
        """Those that lie in the hooks folder, with why one would not run. What they do is not tried."""
        found = Hooks.found(self.repository, self.repository.calls.configuration, base)
        there = {hook.name: hook for hook in (*found.on_commit, *found.on_push)}
        for name in HOOKS:
            path = found.folder / name
            if name in there:
                missing = _missing_interpreter(path)
                told = f"it needs {missing}, which is not there" if missing else ""
                yield TriedHook(name, path, told, f"install {missing}, or set commit.hooks: off in .gitops-mcp.yaml")
            elif path.is_file() and not os.access(path, os.X_OK):
                yield TriedHook(
                    name, path, "it is not executable, so git ignores it", f"chmod +x {shlex.quote(str(path))}"
                )
            elif path.is_file():
                yield TriedHook(
                    name,
                    path,
                    "it is not executable on the base, and only a reviewed hook is run",
                    f"git add --chmod=+x {shlex.quote(str(path))}, then commit that and have it merged",
                )

    def push(self, base: Base, prefix: str) -> str:
        """The address of the remote that a push would reach. Raises what it says no with.

        As far as a remote tells before anything is sent: rules of a forge may still refuse.
        """
        remotes = Remotes.configured(self.repository.calls.configuration)
        home = str(base.home)
        ref = f"refs/heads/{prefix}doctor-trial-{secrets.token_hex(4)}"
        runner = replace(self.repository.runner, timeout=self.seconds)
        ran = runner.run(
            *("-c", "push.pushOption=", "-c", f"remote.{home}.mirror=false"),
            *("push", "--dry-run", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"),
            *(f"--force-with-lease={ref}:", "--", home, f"{base.commit}:{ref}"),
            env=remotes.network(),
            check=False,
        )
        if ran.returncode:
            raise remote_error(f"a push to {home}, tried without sending anything,", ran.stderr)
        return remotes.address(home)

    def addresses(self) -> dict[str, str]:
        """Of all remotes, as git would reach them, without credentials."""
        remotes = Remotes.configured(self.repository.calls.configuration)
        return {name: remotes.address(name) for name in remotes.urls}


def _missing_interpreter(path: Path) -> str:
    """What its first line names and is not there."""
    with suppress(OSError, UnicodeDecodeError), path.open("rb") as file:
        first = file.readline(300)
        words = first[2:].decode().split() if first.startswith(b"#!") else []
        if words and Path(words[0]).name == "env":
            program = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
            return program if program and shutil.which(program) is None else ""
        return words[0] if words and not Path(words[0]).exists() else ""
    return ""

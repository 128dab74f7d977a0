"""The remote: a bare repository whose first commit is the plain part of `repo_template`, and a checkout of it.

Nothing of the person's own Git configuration is read, so that hooks, signing and identities of theirs play no part,
and nothing but the two folders is written. The checkout names an identity of its own, since a fresh machine has none
and the server commits there as whoever the checkout says.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gitops_mcp.errors import Unavailable
from gitops_mcp.template import plain_files

BASE = "main"
IDENTITY = {"user.name": "gitops-mcp sandbox", "user.email": "sandbox@localhost", "commit.gpgSign": "false"}
_TIMEOUT = 60


@dataclass(frozen=True)
class SandboxRemote:
    path: Path
    """The bare repository."""
    address: str | None = None
    """Where a forge has it."""

    @property
    def url(self) -> str:
        """What a checkout and an engine call it."""
        return self.address or str(self.path)

    @classmethod
    def create(cls, path: Path) -> SandboxRemote:
        """A bare repository that holds one commit: the template."""
        made = cls.create_empty(path)
        with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as work:
            tree = Path(work) / "tree"
            for name, content in plain_files().items():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                (tree / name).write_bytes(content)
            git("init", "--quiet", "--template=", f"--initial-branch={BASE}", cwd=tree)
            git("add", "--all", cwd=tree)
            git("commit", "--quiet", "--message=Start from the template", cwd=tree)
            git("push", "--quiet", str(path), BASE, cwd=tree)
        return made

    @classmethod
    def create_empty(cls, path: Path) -> SandboxRemote:
        git("init", "--quiet", "--bare", "--template=", f"--initial-branch={BASE}", str(path))
        git("config", "uploadpack.allowFilter", "true", cwd=path)
        return cls(path)

    def checkout(self, path: Path) -> None:
        kept = (f"--config={name}={value}" for name, value in IDENTITY.items())
        git("clone", "--quiet", "--template=", *kept, str(self.path), str(path))

    def tip(self) -> str | None:
        """The commit the base is at; None while it has no commit.

        Read where git keeps it, since an engine asks many times a second and a process costs more than all else that
        it does; git itself is asked only where the branch is packed or is not there.
        """
        with suppress(OSError):
            return (self.path / "refs/heads" / BASE).read_text().strip()
        return (
            git("rev-parse", "--verify", "--quiet", f"refs/heads/{BASE}", cwd=self.path, check=False).decode() or None
        )

    def files(self, commit: str) -> dict[str, bytes]:
        """Every regular file of a commit; links are left out, as an engine would not follow them out of a folder."""
        with tarfile.open(
            fileobj=io.BytesIO(git("archive", "--format=tar", commit, cwd=self.path, strip=False))
        ) as tar:
            return {
                member.name: content.read() for member in tar if member.isreg() and (content := tar.extractfile(member))
            }


def git(*arguments: str, cwd: Path | None = None, check: bool = True, strip: bool = True) -> bytes:
    """What git printed on standard output."""
    place = ("-C", str(cwd)) if cwd else ()
    command = ["git", *place, *(part for pair in IDENTITY.items() for part in ("-c", "=".join(pair))), *arguments]
    try:
        ran = subprocess.run(
            command, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        raise Unavailable("git was not found on PATH: install git 2.38 or newer") from error
    if check and ran.returncode:
        raise Unavailable(
            f"git {arguments[0]} failed ({ran.returncode}): {ran.stderr.decode(errors='replace').strip()}"
        )
    return ran.stdout.strip() if strip else ran.stdout


def environment() -> dict[str, str]:
    """Of this process, without what is a person's own."""
    # Without HOME and XDG_* git finds no excludes, attributes or configuration of the person who runs this.
    # The engine asks in a thread of its own, and a variable may go meanwhile.
    kept = {
        name: os.environ.get(name, "")
        for name in list(os.environ)
        if not name.startswith(("GIT_", "XDG_")) and name != "HOME"
    }
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }

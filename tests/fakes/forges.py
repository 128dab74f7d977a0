"""A forge that a test serves, and a checkout of its repository to push from."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gitops_mcp.sandbox.forges import ForgeServer, SandboxForge
from gitops_mcp.sandbox.forges.values import ForgeName, Pull
from gitops_mcp.sandbox.remote import SandboxRemote


class PushingCheckout:
    """A folder with `checkout`, whose `origin` is a repository of a forge."""

    folder: Path

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.checkout), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, branch: str, text: str = "one\n", *, file: str = "notes.txt", message: str = "Change") -> str:
        """Pushed on the branch, which starts at the base if it is new."""
        known = self.git("branch", "--list", branch)
        self.git("checkout", "--quiet", *(() if known else ("-b",)), branch, *(() if known else ("origin/main",)))
        (self.checkout / file).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        self.git("push", "--quiet", "--force", "origin", branch)
        return self.git("rev-parse", "HEAD")


@dataclass(frozen=True)
class ServedForge(PushingCheckout):
    """With a folder of its own: `remote.git`, and `checkout`, whose `origin` is that path."""

    folder: Path
    server: ForgeServer

    @property
    def forge(self) -> SandboxForge:
        return self.server.forge

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def api(self) -> str:
        return self.server.api

    def pull(self, branch: str = "change", **options: Any) -> Pull:
        """One that is open, of a branch with one commit."""
        self.commit(branch, file=f"{branch.replace('/', '-')}.txt")
        return self.forge.open_pull(branch, **options)

    def pulls(self, count: int) -> None:
        """So many that are open, alike but for their numbers."""
        first = self.pull()
        kept = self.forge.repository.pulls
        kept |= {number: replace(first, number=number) for number in range(2, count + 1)}


@dataclass
class ForgeServers:
    """Each call serves one more; they are stopped together."""

    folder: Path
    first: Path | None = None
    """A remote to copy, which is faster than to make one."""
    served: list[ServedForge] = field(default_factory=list)

    def __call__(self, name: ForgeName = "github", *, repository: str = "platform/fleet") -> ServedForge:
        folder = self.folder / f"forge-{len(self.served)}"
        place = folder / "remote.git"
        remote = SandboxRemote(Path(shutil.copytree(self.first, place))) if self.first else SandboxRemote.create(place)
        remote.checkout(folder / "checkout")
        made = ServedForge(folder, ForgeServer(SandboxForge(remote, name, repository=repository)))
        made.server.start()
        self.served.append(made)
        return made

    def stop(self) -> None:
        """Together: each takes uvicorn a fifth of a second."""
        with ThreadPoolExecutor(max_workers=len(self.served) or 1) as pool:
            list(pool.map(lambda one: one.server.stop(), self.served))

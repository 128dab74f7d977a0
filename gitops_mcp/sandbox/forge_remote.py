"""The remote as the repository of a forge: its address, its configuration at the base, and who acts there.

Git in the checkout has the bot's token from a file, the server from a variable of its client's configuration, or none:
then the bot's is for git alone. The tokens of the others are in `forge.json`, to play a person with: whoever approves
and merges.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from gitops_mcp.sandbox.forges import ForgeServer, SandboxForge
from gitops_mcp.sandbox.forges.store import BOT, OWNER, REVIEWER
from gitops_mcp.sandbox.forges.values import ForgeName
from gitops_mcp.sandbox.own_repository import OwnRepository
from gitops_mcp.sandbox.remote import BASE, SandboxRemote, git

# GitHub's is for hosts other than github.com.
_VARIABLES: dict[ForgeName, str] = {"github": "GH_ENTERPRISE_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}


@dataclass(frozen=True)
class ForgeRemote:
    server: ForgeServer
    remote: SandboxRemote
    """With the address that it has over HTTP."""
    tokens: dict[str, str]
    api_token: bool = True

    @property
    def environment(self) -> dict[str, str]:
        """What the server under test needs of it."""
        return {} if not self.api_token else {_VARIABLES[self.server.forge.name]: self.tokens[BOT]}

    def write_tokens(self, directory: Path) -> None:
        """For persons and scripts beside the server."""
        server, told = self.server, directory / "forge.json"
        repository = server.forge.repository.full_name
        about = {"type": server.forge.name, "url": server.url, "api": server.api, "repository": repository}
        told.touch(mode=0o600)
        told.write_text(f"{json.dumps({**about, 'tokens': self.tokens}, indent=2)}\n")

    def connect(self, checkout: Path) -> None:
        """Git there pushes over HTTP, as the bot."""
        credentials = checkout / ".git/sandbox-credentials"
        credentials.touch(mode=0o600)
        # As git writes it, which it does after each push: so the file stays as it is.
        host = self.server.url.partition("://")[2].replace(":", "%3a")
        credentials.write_text(f"http://{BOT}:{self.tokens[BOT]}@{host}\n")
        git("config", "credential.helper", f"store --file='{credentials}'", cwd=checkout)
        git("remote", "set-url", "origin", self.remote.url, cwd=checkout)


@contextmanager
def serve_remote(
    remote: SandboxRemote, name: ForgeName, *, api_token: bool = True, own: OwnRepository | None = None
) -> Iterator[ForgeRemote]:
    """Without an API token git can push and nothing else is answered, as for most who work over ssh.

    `own`: what the remote is made of, where that is no template.
    """
    forge = SandboxForge(remote, name)
    server = ForgeServer(forge)
    server.start()
    try:
        address = f"{server.url}/{forge.repository.full_name}.git"
        served, about = replace(remote, address=address), {"type": name, "url": server.url, "api": server.api}
        if own:
            own.name_stand_ins(served, about)
        else:
            _configure(remote, about)
        tokens = {login: forge.token(login) for login in (REVIEWER, OWNER)}
        tokens[BOT] = forge.token(BOT, scopes=None if api_token else frozenset({"write_repository"}))
        yield ForgeRemote(server, served, tokens, api_token)
    finally:
        server.stop()


def _configure(remote: SandboxRemote, about: Mapping[str, str]) -> None:
    """Commit the `forge` of the configuration, as a team with a forge of its own has it."""
    with tempfile.TemporaryDirectory(prefix="gitops-mcp-") as folder:
        tree = Path(folder) / "tree"
        git("clone", "--quiet", "--template=", str(remote.path), str(tree))
        with (tree / ".gitops-mcp.yaml").open("a") as file:
            file.write("\nforge:\n" + "".join(f"  {key}: {value}\n" for key, value in about.items()))
        git("commit", "--quiet", "--all", "--message=Name the forge", cwd=tree)
        git("push", "--quiet", "origin", BASE, cwd=tree)

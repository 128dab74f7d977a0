"""A team on a forge: the sandbox's repository, the forge that it is on, and a checkout that the server works in."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_mcp.app import App
from gitops_mcp.sandbox.forges import SandboxForge
from gitops_mcp.sandbox.forges.server import ForgeServer
from gitops_mcp.sandbox.forges.values import ForgeName, Pull, Repository
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.called_app import called_app
from tests.fakes.forges import ForgeServers, ServedForge

VARIABLES = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}
_DRAFTS = {"github": "", "gitlab": "Draft: ", "gitea": "WIP: "}
URL = "https://git.example.com/platform/fleet.git"
CLUSTER = "clusters/prod/shop/orders-db/cluster.yaml"


@dataclass(frozen=True)
class ForgeTeam:
    served: ServedForge

    @property
    def forge(self) -> SandboxForge:
        return self.served.forge

    @property
    def server(self) -> ForgeServer:
        return self.served.server

    @property
    def checkout(self) -> Path:
        return self.served.checkout

    def app(self, checkout: Path | None = None) -> App:
        return called_app(checkout or self.checkout)

    def newcomer(self) -> App:
        """On a clone that knows nothing but what the remote has now."""
        there = self.served.folder / f"newcomer-{len(list(self.served.folder.iterdir()))}"
        self._run("clone", "--quiet", str(self.forge.remote.path), str(there), where=self.served.folder)
        self._point(there)
        return self.app(there)

    def git(self, *arguments: str) -> str:
        return self._run(*arguments, where=self.checkout)

    def scale(self, app: App, instances: int, change: str = "size") -> str:
        request = WriteRequest("scale_postgres_cluster", None, change=change)
        made = clusters.scale_cluster(app, request, "orders-db", namespace=None, instances=instances)
        assert made.commit is not None
        return made.commit

    def use_fork(self) -> Repository:
        """Pushes go to a fork from now on, as `git push` would take them there."""
        path = self.served.folder / "fork.git"
        made = self.forge.fork("bot", path)
        url = URL.replace("platform", "bot")
        self.git("config", f"url.{path}.insteadOf", url)
        self.git("remote", "add", "fork", url)
        self.git("config", "remote.pushDefault", "fork")
        return made

    def open_pull(self, change: str = "size", *, draft: bool = False, source: Repository | None = None) -> Pull:
        """As a person opens one; but for GitHub a draft is one by its title."""
        title = f"{_DRAFTS[self.forge.name] if draft else ''}Scale"
        return self.forge.open_pull(f"gitops-mcp/{change}", title=title, draft=draft, source=source)

    def commit_to_main(self, path: str, text: str) -> None:
        self.git("checkout", "--quiet", "-B", "main", "origin/main")
        (self.checkout / path).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=By hand")
        self.git("push", "--quiet", "origin", "main")

    def _point(self, there: Path) -> None:
        """The remote is the forge's address, which git reaches by a path."""
        self._run("config", f"url.{self.forge.remote.path}.insteadOf", URL, where=there)
        self._run("remote", "set-url", "origin", URL, where=there)

    @staticmethod
    def _run(*arguments: str, where: Path) -> str:
        ran = subprocess.run(["git", *arguments], cwd=where, check=True, capture_output=True, text=True)
        return ran.stdout.strip()


def forge_team(servers: ForgeServers, name: ForgeName, monkeypatch: pytest.MonkeyPatch) -> ForgeTeam:
    """In which people open the pull requests."""
    served = servers(name)
    made = ForgeTeam(served)
    monkeypatch.setenv(VARIABLES[name], served.forge.token())
    made._point(served.checkout)
    text = (served.checkout / ".gitops-mcp.yaml").read_text()
    forge = f"forge: {{type: {name}, url: {served.url!r}, api: {served.api!r}}}\n"
    made.commit_to_main(".gitops-mcp.yaml", f"{text}{forge}pullRequests: {{open: never}}\n")
    return made

"""A team whose repository is on a forge that a test serves: its checkout, its configuration, and its reviewer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gitops_mcp.adapters.forge.place import ForgePlace
from gitops_mcp.adapters.forge.registry import open_forge
from gitops_mcp.adapters.forge.wire import Access
from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.sandbox.forges.values import Pull
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.called_app import called_app
from tests.fakes.forges import ServedForge

VARIABLES = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}
WRITTEN = "https://git.example.com/platform/fleet.git"
BRANCH = "gitops-mcp/scale-shop-orders-db"


@dataclass(frozen=True)
class ProposingTeam:
    served: ServedForge

    @classmethod
    def of(cls, served: ServedForge, *, more: str = "") -> ProposingTeam:
        """`more` of the configuration file, beside the forge."""
        team = cls(served)
        served.git("config", f"url.{served.folder / 'remote.git'}.insteadOf", WRITTEN)
        served.git("remote", "set-url", "origin", WRITTEN)
        team.configure(more)
        return team

    def push_over_http(self, token: str) -> None:
        """With a login that git has for it, and that is for nothing else but git where the token says so."""
        address = self.served.url.replace("://", f"://anyone:{token}@")
        self.served.git("config", "--unset-all", f"url.{self.served.folder / 'remote.git'}.insteadOf")
        self.served.git("config", f"url.{address}/.insteadOf", "https://git.example.com/")

    def configure(self, more: str = "", *, environments: str = "{prod: {path: clusters/prod}}") -> None:
        forge = f"forge: {{type: {self.served.forge.name}, url: '{self.served.url}'}}\n"
        text = f"base: main\nenvironments: {environments}\n{forge}{more}"
        (self.served.checkout / ".gitops-mcp.yaml").write_text(text)
        self.served.git("add", "--all")
        self.served.git("commit", "--quiet", "--allow-empty", "--message=Configure")
        self.served.git("push", "--quiet", "origin", "main")

    @property
    def variable(self) -> str:
        return VARIABLES[self.served.forge.name]

    def app(self) -> App:
        return called_app(self.served.checkout)

    def impatient_app(self, token: str) -> App:
        """One that waits a second for what a forge does not know yet."""
        app = self.app()
        place = app.forge_place(app.ground(fetch=True))
        assert isinstance(place, ForgePlace)
        opened = open_forge(place, git=None, access=Access(), environ={self.variable: token}, patience=1)
        app._forges[place] = opened  # type: ignore[assignment]
        return app

    @property
    def pulls(self) -> list[Pull]:
        return list(self.served.forge.all_pulls())


def scale(app: App, instances: int, **more: Any) -> WriteResult:
    request = replace(WriteRequest("scale_postgres_cluster", None, reason="More load."), **more)
    return clusters.scale_cluster(app, request, "orders-db", namespace="shop", instances=instances)


def warned(result: WriteResult) -> list[str]:
    return [one.id for one in result.warnings if one.id.startswith("pull-request")]

"""Who plays in a story: the engine that applies, and the forge where the review is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gitops_mcp.sandbox.forges.values import ForgeName

_FORGES: dict[ForgeName, str] = {"github": "GitHub", "gitlab": "GitLab", "gitea": "Gitea"}


@dataclass(frozen=True)
class Cast:
    engine_name: Literal["argocd", "flux"] = "argocd"
    forge_name: ForgeName = "github"

    @property
    def engine(self) -> str:
        return "Flux" if self.engine_name == "flux" else "Argo CD"

    @property
    def forge(self) -> str:
        return _FORGES[self.forge_name]

    @property
    def api_token(self) -> bool:
        """Whether the server may ask the forge's API: on GitLab the push alone does it."""
        return self.forge_name != "gitlab"

    @property
    def apps(self) -> str:
        """The folder of the namespaces' folders."""
        return "apps" if self.engine_name == "flux" else "clusters/prod"

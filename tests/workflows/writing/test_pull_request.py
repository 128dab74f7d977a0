"""What becomes of the pull request of a change, on a forge over a socket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.app import App
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.forges import ServedForge

TOKENS = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "GITEA_TOKEN"}


@dataclass
class Team:
    served: ServedForge
    app: App

    def scale(self, instances: int, **more: Any) -> WriteResult:
        request = WriteRequest("scale_postgres_cluster", None, reason=more.pop("reason", "More load."), **more)
        return clusters.scale_cluster(self.app, request, name="orders-db", namespace="shop", instances=instances)

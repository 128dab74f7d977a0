"""A repository whose environment `dev` is changed directly, and an API without an operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.app import App
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.api_once import ApiOnce
from tests.workflows.conftest import Team

CONFIGURATION = "environments: {dev: {path: clusters/dev, delivery: direct}}\n"


@dataclass(frozen=True)
class Direct:
    world: World
    team: Team

    def app(self) -> App:
        return self.team.app()

    def kube(self) -> Kube:
        return Kube(context=None, timeout=5)

    def look(self) -> ApiOnce:
        return ApiOnce(self.kube(), {})

    def put(self, resource: Resource, name: str, /, *, namespace: str = "dev", **spec: object) -> Object:
        manifest = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        }
        return self.kube().create(resource, manifest).object

    def read(self) -> list[tuple[str, str]]:
        """Path and selectors of all that was read so far."""
        found = [one for one in self.world.asked() if one["method"] == "GET"]
        return [(one["path"], str(sorted(one["query"].items()))) for one in found]


@pytest.fixture
def direct(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Direct]:
    team.commit({".gitops-mcp.yaml": CONFIGURATION})
    with start_sandbox(tmp_path / "world", api_only=True) as world:
        for name in ("dev", "other"):
            world.store.create(NAMESPACE, {"metadata": {"name": name}})
        monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
        yield Direct(world, team)

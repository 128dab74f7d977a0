"""A change of a repository that Argo CD hydrates: from its own pull request to the one that promotes it, and on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import at
from gitops_mcp.sandbox.forges import SandboxForge
from gitops_mcp.sandbox.forges.values import Pull
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.lines import Lines
from tests.e2e.team import Team, until

MOST = 6
"""Requests to the forge for one change."""
SKIP = "argocd.argoproj.io/skip-reconcile"


@dataclass
class Promoted:
    world: World
    lines: Lines

    @property
    def forge(self) -> SandboxForge:
        assert self.world.forge is not None
        return self.world.forge.server.forge

    def ask(self, tool: str, most: int = MOST, **arguments: Any) -> dict[str, Any]:
        assert self.world.forge is not None
        with self.world.forge.server.counted() as asked:
            answer: dict[str, Any] = self.lines.call(tool, **arguments)["structuredContent"]
        assert len(asked) <= most, list(map(str, asked))
        return answer

    def look(self) -> dict[str, Any]:
        return self.ask("get_change", change="size")

    def open_pull(self, branch: str) -> Pull | None:
        self.forge.observe()
        return self.forge.find_open(self.forge.repository, branch)

    def pause_engine(self, *, on: bool) -> None:
        patch = {"metadata": {"annotations": {SKIP: "true" if on else None}}}
        self.world.store.merge(kinds.APPLICATION, "argocd", "gitops", patch)


@pytest.fixture(params=["github", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("gitlab", "gitea"))])
def promoted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Promoted]:
    with start_sandbox(tmp_path / "world", step=0.02, poll=0.05, engine="hydrator", forge=request.param) as world:
        served = json.loads(world.mcp.read_text())["mcpServers"]["gitops-mcp"]
        kept = {name: os.environ[name] for name in ("HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")}
        with Lines(world.checkout, env={**served["env"], **kept}) as lines:
            yield Promoted(world, lines)


@pytest.mark.thorough
def test_a_change_is_followed_to_the_staging_branch_its_pull_request_and_the_sync(promoted: Promoted) -> None:
    world, forge = promoted.world, promoted.forge
    promoted.ask("scale_postgres_cluster", name="orders-db", instances=4, change="size", reason="It is slow")
    dry = promoted.open_pull("gitops-mcp/size")
    assert dry is not None
    found = promoted.look()
    assert (found["state"], found["pull_request"]["number"], found["promotions"]) == ("in_review", dry.number, [])
    assert dry.base == "main"

    promoted.pause_engine(on=True)
    forge.merge(dry, "squash", delete=True)
    found = promoted.look()
    assert (found["state"], found["promotions"]) == ("merged", [])
    promoted.pause_engine(on=False)

    until(world, lambda: promoted.open_pull("env/prod-next") is not None)
    staged = promoted.open_pull("env/prod-next")
    assert staged is not None
    found = promoted.look()
    [promotion] = found["promotions"]
    url = promotion["pull_request"]["url"]
    assert found["state"] == "merged"
    assert "Application argocd/gitops has hydrated the change to env/prod-next at " in found["why"]
    assert (promotion["branch"], promotion["into"], promotion["by"]) == ("env/prod-next", "env/prod", "GitOps Promoter")
    assert (promotion["pull_request"]["number"], promotion["pull_request"]["state"]) == (staged.number, "open")
    assert found["next"] == [
        (
            f"A person reviews and merges pull request #{staged.number} from env/prod-next into env/prod, which GitOps "
            f"Promoter opened: {url}; GitOps Promoter merges it once its commit statuses have passed, unless autoMerge "
            "is false"
        )
    ]
    [row] = promoted.ask("list_changes", 1)["items"]
    assert row["next"].startswith(f"a person reviews and merges pull request #{staged.number} from env/prod-next")
    waited = promoted.ask("get_change", change="size", wait_for="healthy", timeout=30)
    assert waited["waited"].endswith("waiting does not bring healthy: somebody has to act first")

    forge.merge(staged, "squash")
    until(world, lambda: at(world.store.get(kinds.CLUSTER, "shop", "orders-db"), "status", "readyInstances") == 4)
    found = promoted.look()
    assert (found["state"], found["promotions"], found["why"].count("pull request")) == ("healthy", [], 1)


@pytest.mark.thorough
def test_what_cannot_be_hydrated_is_told_with_the_engines_words(promoted: Promoted, tmp_path: Path) -> None:
    promoted.ask("scale_postgres_cluster", name="orders-db", instances=4, change="size")
    dry = promoted.open_pull("gitops-mcp/size")
    assert dry is not None
    person = Team.on(tmp_path / "person", promoted.world.remote)
    person.commit({"clusters/prod/shop/namespace.yaml": None}, branch=dry.branch)
    promoted.forge.merge(dry, "merge")

    def status() -> Any:
        (application,) = promoted.world.store.list(kinds.APPLICATION)
        return at(application, "status", "sourceHydrator", "currentOperation", "phase")

    until(promoted.world, lambda: status() == "Failed")
    found = promoted.look()
    assert found["state"] == "failed"
    assert "Application argocd/gitops fails to hydrate" in found["why"]
    assert "namespace.yaml" in found["why"]
    assert found["next"][0] == "Mend what Application argocd/gitops reports with a new change"

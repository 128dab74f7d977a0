"""The stand-in for the source hydrator and for GitOps Promoter, beside what a real Argo CD left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.sandbox.forges import SandboxForge
from gitops_mcp.sandbox.remote import git
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import Team, until
from tests.fakes.engine_objects import application as recorded
from tests.fakes.engine_shapes import differences, shape_of

NOTE = "clusters/prod/shop/orders-db/database-reporting.yaml"


@dataclass
class Hydrated:
    world: World
    team: Team

    @property
    def forge(self) -> SandboxForge:
        assert self.world.forge is not None
        return self.world.forge.server.forge

    @property
    def application(self) -> Object:
        return self.world.store.get(kinds.APPLICATION, "argocd", "gitops")

    def git(self, *arguments: str) -> str:
        return git(*arguments, cwd=self.world.remote).decode()

    def hydrated(self, commit: str) -> None:
        """Until the hydrator has looked at a commit."""
        path = "status", "sourceHydrator", "lastComparedDryRevision"
        until(self.world, lambda: at(self.application, *path) == commit)


@pytest.fixture(scope="module")
def hydrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hydrated]:
    place = tmp_path_factory.mktemp("hydrator")
    with start_sandbox(place / "world", step=0.02, poll=0.02, engine="hydrator", forge="gitea") as world:
        yield Hydrated(world, Team.on(place / "team", world.remote))


def commented(hydrated: Hydrated, text: str) -> str:
    before = hydrated.git("show", f"main:{NOTE}")
    return hydrated.team.commit({NOTE: f"{before}\n# {text}\n"})


def shape_of_report(application: Object) -> object:
    """Of the hydrator's part, without the specification that an operation repeats, which the recorded ones lack."""
    report = at(application, "status", "sourceHydrator")
    bare = {
        key: {name: part for name, part in one.items() if name != "sourceHydrator"} if isinstance(one, dict) else one
        for key, one in report.items()
    }
    return shape_of({"status": bare})


def test_a_dry_commit_is_rendered_to_the_staging_branch_and_reported(hydrated: Hydrated) -> None:
    tip = commented(hydrated, "one")
    hydrated.hydrated(tip)
    found = hydrated.application
    staged = hydrated.git("rev-parse", "env/prod-next")
    done = at(found, "status", "sourceHydrator", "lastSuccessfulOperation")
    assert (done["drySHA"], done["hydratedSHA"]) == (tip, staged)
    expected = shape_of_report(recorded("hydrated-to-staging-not-promoted"))
    assert differences(shape_of_report(found), expected) == []
    assert done["sourceHydrator"] == found["spec"]["sourceHydrator"]
    assert hydrated.git("ls-tree", "-r", "--name-only", "env/prod-next").splitlines() == [
        ".gitattributes",
        "README.md",
        "clusters/prod/README.md",
        "clusters/prod/hydrator.metadata",
        "clusters/prod/manifest.yaml",
        "hydrator.metadata",
    ]
    about = json.loads(hydrated.git("show", "env/prod-next:hydrator.metadata"))
    assert (about["drySha"], about["repoURL"]) == (tip, found["spec"]["sourceHydrator"]["drySource"]["repoURL"])
    below = json.loads(hydrated.git("show", "env/prod-next:clusters/prod/hydrator.metadata"))
    assert (below["drySha"], below["commands"]) == (tip, ["kustomize build ./clusters/prod"])
    subject = hydrated.git("log", "-1", "--format=%s", "main")
    assert hydrated.git("log", "-1", "--format=%s", "env/prod-next") == f"{tip[:7]}: {subject}"
    assert at(found, "status", "sync", "revision") == hydrated.git("rev-parse", "env/prod")


def test_references_of_a_dry_commit_are_kept(hydrated: Hydrated) -> None:
    reference = "Argocd-reference-commit-sha: 0123456789012345678901234567890123456789"
    hydrated.hydrated(hydrated.team.commit({}, message=f"Refer\n\n{reference}\nOther: word"))
    assert hydrated.git("log", "-1", "--format=%b", "env/prod-next") == reference


def test_a_failed_hydration_keeps_what_was_hydrated_before(hydrated: Hydrated) -> None:
    listed = "clusters/prod/shop/kustomization.yaml"
    before, staged = hydrated.git("show", f"main:{listed}"), hydrated.git("rev-parse", "env/prod-next")
    hydrated.hydrated(hydrated.team.commit({listed: f"{before}\n  - missing.yaml\n"}))
    found = hydrated.application
    working = at(found, "status", "sourceHydrator", "currentOperation")
    assert working["phase"] == "Failed"
    assert "missing.yaml" in working["message"]
    assert sorted(working) == ["finishedAt", "message", "phase", "sourceHydrator", "startedAt"]
    assert at(found, "status", "sync", "status") == "Synced"
    assert hydrated.git("rev-parse", "env/prod-next") == staged
    hydrated.hydrated(hydrated.team.commit({listed: before}))


def test_one_pull_request_is_open_for_all_that_is_not_promoted(hydrated: Hydrated) -> None:
    hydrated.hydrated(commented(hydrated, "two"))
    tip = commented(hydrated, "three")
    title = f"Promote ({tip[:5]}) to `env/prod`"

    def is_open() -> bool:
        hydrated.forge.observe()
        pull = hydrated.forge.find_open(hydrated.forge.repository, "env/prod-next", "env/prod")
        return pull is not None and pull.title == title

    until(hydrated.world, is_open)
    pulls = [one for one in hydrated.forge.all_pulls() if one.is_open]
    assert [(one.branch, one.base, one.user.login) for one in pulls] == [
        ("env/prod-next", "env/prod", "gitops-promoter")
    ]
    hydrated.forge.merge(pulls[0], "merge")
    merged = hydrated.git("rev-parse", "env/prod")
    until(hydrated.world, lambda: at(hydrated.application, "status", "sync", "revision") == merged)
    assert [one for one in hydrated.forge.all_pulls() if one.is_open] == []


def test_without_a_forge_there_is_nobody_to_promote(tmp_path: Path) -> None:
    with (
        pytest.raises(InvalidRequest, match=r"--engine hydrator: .* name a --forge"),
        start_sandbox(tmp_path, engine="hydrator"),
    ):
        pass

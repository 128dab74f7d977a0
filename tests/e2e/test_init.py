"""The server in what `gitops-mcp init` writes: each environment is read, changed, reviewed and applied as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pyrage import x25519

from gitops_mcp.domain import kinds
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.template import ENGINES, NO_REMOTE, SECRETS, Choices, starter_files
from tests.e2e.team import Assistant, Files, Team, assistant, look, until

COMBINATIONS = [
    pytest.param(
        (engine, secrets), marks=() if (engine, secrets) == ("argocd", "external-secrets") else pytest.mark.thorough
    )
    for engine in ENGINES
    for secrets in SECRETS
]
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("scale_postgres_cluster", {"name": "orders-db", "instances": 2, "confirm_deletion": True}),
    ("create_postgres_role", {"cluster_name": "orders-db", "role_name": "clerk", "in_roles": ["reporter"]}),
    ("create_postgres_database", {"cluster_name": "orders-db", "database_name": "archive", "owner": "clerk"}),
    ("create_postgres_pooler", {"cluster_name": "orders-db", "type": "ro"}),
    ("schedule_postgres_backups", {"cluster_name": "orders-db", "schedule": "0 0 4 * * *"}),
]


@dataclass(frozen=True)
class Fleet:
    """A repository of `init`, a sandbox that starts from it, and an assistant there."""

    repository: Team
    team: Team
    world: World
    ask: Assistant
    secrets: str

    def merge(self, change: str) -> None:
        """What the reviewer does at the forge."""
        assert self.world.forge
        forge = self.world.forge.server.forge
        (pull,) = [one for one in forge.repository.pulls.values() if one.branch == f"gitops-mcp/{change}"]
        forge.merge(pull, "merge", delete=True, message="Merged")


@pytest.fixture(scope="module", params=COMBINATIONS)
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    engine, secrets = request.param
    place = tmp_path_factory.mktemp("fleet")
    files: dict[str, bytes] = starter_files(Choices(engine, ("dev", "prod"), secrets, "gitea"))
    key = x25519.Identity.generate()
    (place / "age.key").write_text(f"{key}\n")
    if secrets == "sops":
        files[".sops.yaml"] = files[".sops.yaml"].replace(b"age1placeholder", str(key.to_public()).encode())
    written: Files = files
    repository = Team.of(place / "mine", written)
    before = look(repository.checkout)
    with start_sandbox(
        place / "world", repo=repository.checkout, age_key=place / "age.key", step=0.02, poll=0.02
    ) as world:
        team = Team.on(place / "team", world.remote)
        assert world.forge
        with assistant(team, kubeconfig=world.kubeconfig, repo=world.checkout, env=world.forge.environment) as ask:
            yield Fleet(repository, team, world, ask, secrets)
    assert look(repository.checkout) == before


def test_everything_it_declares_is_applied(fleet: Fleet) -> None:
    for name in ("dev", "prod"):
        (row,) = fleet.ask.answer("list_postgres_clusters", environment=name)["items"]
        assert (row["namespace"], row["name"], row["ready"]) == (f"shop-{name}", "orders-db", 3)
        store = fleet.world.store.get(kinds.OBJECT_STORE, f"shop-{name}", "orders-db-backups")
        assert store["spec"]["configuration"]["destinationPath"] == f"s3://example-postgres-backups/shop-{name}"
        roles = fleet.ask.answer("list_postgres_roles", environment=name, cluster_name="orders-db")["items"]
        assert "reporter" in [one["name"] for one in roles]
        poolers = fleet.ask.answer("list_postgres_poolers", environment=name, cluster_name="orders-db")["items"]
        assert [one["name"] for one in poolers] == ["orders-db-pooler-rw"]


def test_the_remote_is_what_is_checked_out_and_one_commit_that_names_the_stand_ins(fleet: Fleet) -> None:
    commit = fleet.repository.git(fleet.repository.checkout, "rev-parse", "HEAD")
    assert fleet.team.git(fleet.team.remote, "rev-parse", "main^") == commit
    changed = fleet.team.changed(commit, "main")
    assert {line.split(" ")[2] for line in changed} <= {
        ".gitops-mcp.yaml",
        "argocd/applicationset.yaml",
        "argocd/project.yaml",
        "flux/sync.yaml",
    }
    assert NO_REMOTE not in fleet.team.git(fleet.team.remote, "grep", "-h", "-E", "repoURL|url:", "main")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_each_environment_can_be_changed_without_the_other(fleet: Fleet, name: str) -> None:
    change = f"more-in-{name}"
    for tool, arguments in CALLS:
        done = fleet.ask.answer(tool, environment=name, change=change, **arguments)
        assert done["outcome"] == "committed"
        assert {one["path"].rpartition("/")[0] for one in done["files"]} == {f"clusters/{name}/shop-{name}"}
        assert {one["id"] for one in done["warnings"]} <= EXPECTED
    fleet.merge(change)
    ask = fleet.ask
    # The sandbox's operator says nothing of Poolers, so the change is applied and no more.
    until(fleet.world, lambda: ask.answer("get_change", change=change)["state"] == "applied")
    other = "prod" if name == "dev" else "dev"
    clusters = {one: fleet.world.store.get(kinds.CLUSTER, f"shop-{one}", "orders-db") for one in (name, other)}
    assert clusters[name]["spec"]["instances"] == 2
    databases = fleet.ask.answer("list_postgres_databases", environment=name, cluster_name="orders-db")["items"]
    assert sorted(one["name"] for one in databases) == ["archive", "orders", "reporting"]
    secret = fleet.world.store.get(kinds.SECRET, f"shop-{name}", "orders-db-clerk-password")
    assert secret["type"] == "kubernetes.io/basic-auth"
    assert "ENC[" not in str(secret)


EXPECTED = {"guess"}
"""Of a plugin of Argo CD, which is taken for kustomize."""

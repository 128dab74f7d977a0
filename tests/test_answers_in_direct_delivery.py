"""Every tool over the sandbox, in an environment whose changes go to the API at once: it answers as before.

Whoever is asked whether something may be lost says yes, unless the story says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mcp.client import ClientRequestContext
from mcp.types import ElicitRequestParams, ElicitResult

from gitops_mcp.config import Flags
from gitops_mcp.sandbox.api import kubeconfig_text
from gitops_mcp.sandbox.run import World
from tests.e2e.team import Team, world_of
from tests.recording import Recording, api, at_rest, compared, recording

CNPG = "/apis/postgresql.cnpg.io/v1/namespaces/dev"
DB: dict[str, Any] = {"name": "db"}
ON: dict[str, Any] = {"cluster_name": "db"}
YES: dict[str, Any] = {"confirm_deletion": True}
CONFIGURATION = "environments: {dev: {path: clusters/dev, delivery: direct, passwords: {provider: PROVIDER}}}\n"
VERSION = r"(?<=resourceVersion )\d+"


@dataclass
class Person:
    """Who sits at the client."""

    agrees: bool = True
    asked: list[str] = field(default_factory=list)

    async def __call__(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - the client's Protocol
        params: ElicitRequestParams,
    ) -> ElicitResult:
        self.asked.append(params.message)
        return ElicitResult(action="accept", content={"agree": self.agrees})


@dataclass(frozen=True)
class Story:
    world: World
    team: Team
    person: Person
    recording: Recording

    def ask(self, tool: str, **arguments: Any) -> dict[str, Any] | None:
        """Asks when all that came before has been done, and writes down also what the person was asked."""
        at_rest(self.world, self.team.branches()["main"])
        return self.without_rest(tool, **arguments)

    def without_rest(self, tool: str, **arguments: Any) -> dict[str, Any] | None:
        self.person.asked.clear()
        answer = self.recording.ask(tool, **arguments)
        for question in self.person.asked:
            self.recording.heading(f"a person was asked: {question}")
        return answer


@contextmanager
def story(place: Path, monkeypatch: pytest.MonkeyPatch, provider: str = "cluster") -> Iterator[Story]:
    """A namespace `dev` of the sandbox that belongs to no engine."""
    monkeypatch.delenv("GITOPS_MCP_TEST_CRDS", raising=False)  # other CRDs answer in other words
    with world_of(place / "world") as world:
        team = Team.on(place / "team", world.remote)
        team.commit({".gitops-mcp.yaml": CONFIGURATION.replace("PROVIDER", provider)})
        api(world, "POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dev"}})
        config = place / "kubeconfig"
        config.write_text(kubeconfig_text(world.url, None, namespace="dev"))
        monkeypatch.setenv("KUBECONFIG", str(config))
        person = Person()
        flags = Flags(repo=team.checkout)
        names = [(VERSION, "<version>")]
        with recording(world, place, flags, team.remote, team.checkout, names=names, person=person) as made:
            yield Story(world, team, person, made)


ABOUT_GIT = ("is kept by Argo CD 'gitops', as Git says it", "and Git declares no Cluster there")
"""What is true of Git and worth a word where the API is what is changed."""


def test_nothing_else_that_is_said_speaks_of_git() -> None:
    answers = sorted((Path(__file__).parent / "golden/answers").glob("direct-*.txt"))
    lines = [line for one in answers for line in one.read_text().splitlines() if re.search(r"\bGit\b", line)]
    assert len(answers) == 3
    assert [line for line in lines if not any(part in line for part in ABOUT_GIT)] == []


@pytest.mark.thorough
def test_clusters_and_databases_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with story(tmp_path, monkeypatch) as here:
        new: dict[str, Any] = {**DB, "instances": 2, "storage_size": "1Gi", "parameters": {"work_mem": "4MB"}}
        here.ask("create_postgres_cluster", **new, dry_run=True)
        here.ask("create_postgres_cluster", **new, reason="To try things.")
        here.ask("create_postgres_cluster", **new)
        here.ask("create_postgres_cluster", **{**new, "instances": 3})
        here.ask("list_postgres_clusters", namespace="dev", detail_level="detailed")
        here.ask("get_cluster_status", **DB, detail_level="detailed")
        refusals(here)
        here.ask("scale_postgres_cluster", **DB, instances=3, dry_run=True)
        here.ask("scale_postgres_cluster", **DB, instances=3)
        here.ask("scale_postgres_cluster", **DB, instances=3)
        here.ask("update_postgres_cluster", **DB, storage_size="2Gi", parameters={"work_mem": None, "jit": "off"})
        here.ask("update_postgres_cluster", **DB, reload=True, dry_run=True)
        database: dict[str, Any] = {**ON, "database_name": "Shop", "owner": "app"}
        here.ask("create_postgres_database", **database, dry_run=True)
        here.ask("create_postgres_database", **database, extensions=["pg_trgm"], schemas=["sales"])
        here.ask("create_postgres_database", **database, extensions=["pg_trgm"], schemas=["sales"])
        here.ask("list_postgres_databases", **ON)
        here.ask("delete_postgres_database", **ON, database_name="Shop", drop=True)
        here.ask("delete_postgres_database", **ON, database_name="Shop", drop=True, **YES, dry_run=True)
        here.ask("delete_postgres_database", **ON, database_name="Shop", drop=True, **YES)
        here.ask("delete_postgres_database", **ON, database_name="Shop", drop=True, **YES)
        here.ask("list_postgres_databases", **ON)
        here.ask("scale_postgres_cluster", **DB, instances=1, **YES)
        here.ask("delete_postgres_cluster", **DB)
        here.ask("delete_postgres_cluster", **DB, **YES, dry_run=True)
        here.person.agrees = False
        here.ask("delete_postgres_cluster", **DB, **YES)
        here.person.agrees = True
        here.ask("delete_postgres_cluster", **DB, **YES)
        here.ask("delete_postgres_cluster", **DB, **YES)
        here.ask("list_postgres_clusters", namespace="dev")
        here.ask("list_changes", state="all")
        here.ask("get_change", change="create-db")
        here.ask("discard_change", change="create-db", **YES)

        here.recording.heading("the API cannot be reached")
        here.world.api.stop()
        here.without_rest("create_postgres_cluster", **new)
        here.without_rest("scale_postgres_cluster", **DB, instances=2)
        here.without_rest("update_postgres_cluster", **DB, reload=True, dry_run=True)
        here.without_rest("delete_postgres_cluster", **DB, **YES)
        here.without_rest("create_postgres_role", **ON, role_name="ada")
        here.without_rest("list_postgres_clusters")
        compared(here.recording.text(), "direct-clusters-and-databases")


def refusals(here: Story) -> None:
    """A request that is wrong, something that is not there, and a rule that is in the way."""
    here.ask("create_postgres_cluster", name="other", storage_size="much")
    here.ask("create_postgres_cluster", name="other", namespace="nowhere")
    here.ask("scale_postgres_cluster", **DB, instances=1)
    here.ask("scale_postgres_cluster", name="nowhere", instances=2)
    here.ask("scale_postgres_cluster", name="orders-db", instances=2)
    here.ask("scale_postgres_cluster", **DB, instances=3, change="by-name")
    here.ask("update_postgres_cluster", **DB, storage_size="500Mi")
    here.ask("update_postgres_cluster", **DB, postgres_version="12")
    here.ask("delete_postgres_cluster", name="nowhere", **YES)
    here.ask("create_postgres_database", **ON, database_name="app", owner="app")


@pytest.mark.thorough
def test_roles_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inline ones and objects, with passwords that are made in the cluster."""
    roles = [
        {"name": "clerk", "ensure": "present", "login": True, "disablePassword": True},
        {"name": "leaver", "ensure": "present"},
    ]
    cluster = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "db", "namespace": "dev"},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}, "managed": {"roles": roles}},
    }
    with story(tmp_path, monkeypatch) as here:
        api(here.world, "POST", f"{CNPG}/clusters", cluster)
        here.ask("list_postgres_roles", **ON)
        role: dict[str, Any] = {**ON, "role_name": "My Role"}
        here.ask("create_postgres_role", **role, connection_limit=5, dry_run=True)
        here.ask("create_postgres_role", **role, connection_limit=5, reason="For the shop.")
        here.ask("create_postgres_role", **role, connection_limit=5)
        here.ask("create_postgres_role", **role, connection_limit=6)
        here.ask("create_postgres_role", **ON, role_name="pg_mine")
        here.ask("create_postgres_role", **ON, role_name="ada", password_source="existing:nowhere", dry_run=True)
        here.ask("create_postgres_role", cluster_name="nowhere", role_name="ada")
        here.ask("list_postgres_roles", **ON)
        here.ask("update_postgres_role", **role, createdb=True, in_roles=["pg_monitor"])
        here.ask("update_postgres_role", **role, rotate_password=True)
        here.ask("update_postgres_role", **ON, role_name="clerk", connection_limit=3)
        here.ask("update_postgres_role", **ON, role_name="nobody", login=False)
        here.ask("migrate_postgres_roles", **ON, roles=["clerk"], dry_run=True)
        here.ask("migrate_postgres_roles", **ON, roles=["clerk"])
        here.ask("delete_postgres_role", **ON, role_name="leaver")
        here.ask("delete_postgres_role", **ON, role_name="leaver", **YES)
        here.ask("delete_postgres_role", **ON, role_name="leaver", **YES)
        here.ask("delete_postgres_role", **role, **YES, dry_run=True)
        here.ask("delete_postgres_role", **role, **YES)
        here.ask("delete_postgres_role", **role, **YES)
        here.ask("delete_postgres_role", **role, **YES)
        here.ask("list_postgres_roles", **ON)
        compared(here.recording.text(), "direct-roles")


def test_passwords_of_external_secrets_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with story(tmp_path, monkeypatch, "external-secrets") as here:
        here.ask("create_postgres_cluster", **DB, instances=1, storage_size="1Gi")
        role: dict[str, Any] = {**ON, "role_name": "ada"}
        here.ask("create_postgres_role", **role, dry_run=True)
        here.ask("create_postgres_role", **role)
        here.ask("update_postgres_role", **role, rotate_password=True)
        here.ask("list_postgres_roles", **ON)
        here.ask("delete_postgres_role", **role, **YES)
        here.ask("delete_postgres_role", **role, **YES)
        here.ask("get_cluster_status", **DB)
        compared(here.recording.text(), "direct-passwords")

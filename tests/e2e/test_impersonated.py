"""With `impersonate: true` the API is asked as the caller, whoever asked before, and their rights alone count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.e2e.dev import CONFIGURATION
from tests.e2e.signed_in import HttpSite, http_site, machine
from tests.e2e.team import ROOT, Team

CONFIG = "impersonate: true\ntokens:\n" + machine("clerk") + machine("stranger") + machine("member", "readers")
CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: dev}
spec: {instances: 1, storage: {size: 1Gi}}
"""


def bound(name: str, kind: str, subject: str) -> Iterator[Object]:
    """The roles of a file of rbac/, in the namespace dev."""
    for role in yaml.safe_load_all((ROOT / f"rbac/{name}.yaml").read_text()):
        about = {"kind": "ClusterRole", "name": role["metadata"]["name"]}
        yield role
        yield {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": f"{about['name']}-{subject}", "namespace": "dev"},
            "roleRef": about,
            "subjects": [{"kind": kind, "name": subject}],
        }


def impersonating() -> list[Object]:
    [role] = yaml.safe_load_all((ROOT / "rbac/impersonate.yaml").read_text())
    reference = {"kind": "ClusterRole", "name": role["metadata"]["name"]}
    subjects = [{"kind": "User", "name": "sandbox"}]
    return [role, {"kind": "ClusterRoleBinding", "metadata": {"name": "x"}, "roleRef": reference, "subjects": subjects}]


RULES = [
    *bound("read-only", "User", "clerk"),
    *bound("read-only", "Group", "readers"),
    *bound("direct", "User", "clerk"),
    *impersonating(),
]


@dataclass(frozen=True)
class Place:
    world: World
    site: HttpSite


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("impersonated")
    files = {
        ".gitops-mcp.yaml": CONFIGURATION.replace("direct", "direct, namespaces: [dev]"),
        "clusters/dev/db.yaml": CLUSTER,
    }
    with start_sandbox(folder / "world", api_only=True, rules=RULES) as world:
        world.store.create(NAMESPACE, {"metadata": {"name": "dev"}})
        world.store.create(kinds.CLUSTER, yaml.safe_load(CLUSTER))
        with http_site(Team.of(folder / "team", files), CONFIG, world.kubeconfig) as site:
            yield Place(world, site)


def test_reads_dry_runs_and_writes_are_made_as_the_caller(place: Place) -> None:
    before = len(place.world.asked())
    with place.site.assistant("clerk") as clerk:
        assert clerk.answer("get_cluster_status", cluster_name="db")["live"] == "available"
        asked = {"cluster_name": "db", "database_name": "books", "owner": "app"}
        clerk.answer("create_postgres_database", **asked, dry_run=True)
        assert clerk.answer("create_postgres_database", **asked)["outcome"] == "applied"
    made = place.world.asked()[before:]
    assert {one["as"] for one in made} == {"clerk"}
    assert [
        (one["verb"], one["status"]) for one in made if one["verb"] == "create" and one["resource"] == "databases"
    ] == [("create", 201)] * 3
    assert place.world.store.get(kinds.DATABASE, "dev", "db-books")["spec"]["name"] == "books"


def test_who_has_no_rights_reads_nothing_that_somebody_else_has_read(place: Place) -> None:
    with place.site.assistant("clerk") as clerk, place.site.assistant("stranger") as stranger:
        clerk.answer("get_cluster_status", cluster_name="db")
        found = stranger.answer("get_cluster_status", cluster_name="db")
        told = " ".join(one["message"] for one in found["warnings"])
        assert found["live"] == "unavailable"
        assert "403, User 'stranger' may not do that. Missing rule" in told
        writes = stranger.refusal("create_postgres_database", cluster_name="db", database_name="y", owner="app")
    assert "stranger" in writes
    assert {one["as"] for one in place.world.asked()} == {"clerk", "stranger"}


def test_groups_of_the_caller_count(place: Place) -> None:
    with place.site.assistant("member") as member:
        assert member.answer("get_cluster_status", cluster_name="db")["live"] == "available"
        member.refusal("create_postgres_database", cluster_name="db", database_name="z", owner="app")

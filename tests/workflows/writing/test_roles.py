"""What the tools for roles ask of the API before they plan, and what they make of the answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import InvalidRequest, NotFound, Refused
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.resources import NAMESPACE
from gitops_mcp.workflows.writing.request import WriteRequest
from gitops_mcp.workflows.writing.roles import WhichRole, create_role, delete_role, migrate_roles, update_role
from tests.workflows.conftest import Team, cluster

ENTRIES = "{instances: 3, managed: {roles: [{name: dave, ensure: ENSURE, login: true}, {name: eve}]}}"
ROLE = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata: {name: db-bob, namespace: shop}\n"
    "spec: {cluster: {name: db}, name: bob}\n"
)


@pytest.fixture
def world(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An API without an operator, and Git with roles in both forms."""
    inline = cluster(spec=ENTRIES.replace("ENSURE", "present"))
    team.commit(
        {".gitops-mcp.yaml": "environments: {prod: {path: prod}}\n", "prod/db.yaml": inline, "prod/bob.yaml": ROLE}
    )
    with start_sandbox(tmp_path / "world", api_only=True) as world:
        world.store.create(NAMESPACE, {"metadata": {"name": "shop"}})
        monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
        yield world


def request(tool: str, **more: Any) -> WriteRequest:
    return WriteRequest(tool, None, dry_run=True, **more)


def created(team: Team, role: str, **given: Any) -> WriteResult:
    which = WhichRole("db", role, None)
    return create_role(team.app(), request("create_postgres_role"), which, given, password_source="none", adopt=False)


def updated(team: Team, role: str, *, rotate: bool = False, **given: Any) -> WriteResult:
    which = WhichRole("db", role, None)
    return update_role(team.app(), request("update_postgres_role"), which, given, rotate=rotate)


def dropped(team: Team, role: str, *, drop: bool = True) -> WriteResult:
    which = WhichRole("db", role, None)
    return delete_role(team.app(), request("delete_postgres_role", confirmed=True), which, drop=drop)


def added(done: WriteResult) -> list[str]:
    lines = (done.diff or "").splitlines()
    return [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]


@pytest.mark.usefixtures("world")
def test_a_new_role_is_an_object_where_the_kind_is_served(team: Team) -> None:
    done = created(team, "carol", login=True, connection_limit=3, in_roles=["pg_monitor"], comment="reads", valid_until="2030-01-01T00:00:00Z")  # fmt: skip
    assert [one.path for one in done.files] == ["prod/carol.yaml"]
    assert {"kind: DatabaseRole", "name: carol", "connectionLimit: 3", "disablePassword: true"} <= set(added(done))


@pytest.mark.usefixtures("world")
def test_a_role_that_git_declares_is_not_made_twice(team: Team) -> None:
    with pytest.raises(InvalidRequest, match=r"role 'bob' .* is declared already, with other attributes"):
        created(team, "bob", login=True)
    with pytest.raises(InvalidRequest, match="is declared already"):
        created(team, "dave")


@pytest.mark.usefixtures("world")
def test_an_update_sets_and_clears_what_was_named(team: Team) -> None:
    assert "validUntil" in (updated(team, "bob", valid_until="2030-01-01T00:00:00Z").diff or "")
    assert updated(team, "bob", valid_until="never").outcome == "unchanged"
    with pytest.raises(InvalidRequest, match="name at least one argument to update"):
        updated(team, "bob")
    with pytest.raises(InvalidRequest, match="role 'dave' names no Secret"):
        updated(team, "dave", rotate=True)


@pytest.mark.usefixtures("world")
def test_roles_of_the_list_are_moved_to_objects(team: Team) -> None:
    done = migrate_roles(team.app(), request("migrate_postgres_roles"), "db", None, namespace=None)
    assert [one.path for one in done.files] == ["prod/dave.yaml", "prod/db.yaml", "prod/eve.yaml"]
    with pytest.raises(InvalidRequest, match="'bob' is not an inline role of Cluster shop/db"):
        migrate_roles(team.app(), request("migrate_postgres_roles"), "db", ["bob"], namespace="shop")
    team.commit({"prod/db.yaml": cluster()})
    assert (
        migrate_roles(team.app(), request("migrate_postgres_roles"), "db", None, namespace=None).outcome == "unchanged"
    )


def live_list(world: World, team: Team, *, age: timedelta) -> None:
    """Git and the API both ask for the drop of dave, who is gone by the operator's report."""
    team.commit({"prod/db.yaml": cluster(spec=ENTRIES.replace("ENSURE", "absent"))})
    written = {
        "manager": "argocd",
        "operation": "Update",
        "apiVersion": "postgresql.cnpg.io/v1",
        "fieldsType": "FieldsV1",
        "time": (datetime.now(UTC) - age).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fieldsV1": {"f:spec": {"f:managed": {"f:roles": {}}}},
    }
    live: Object = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "db", "namespace": "shop", "managedFields": [written]},
        "spec": {"instances": 3, "managed": {"roles": [{"name": "dave", "ensure": "absent"}]}},
        "status": {"managedRolesStatus": {"byStatus": {"reconciled": ["dave"]}}},
    }
    world.store.create(kinds.CLUSTER, live)


def test_an_entry_goes_once_the_report_is_younger_than_the_list(world: World, team: Team) -> None:
    live_list(world, team, age=timedelta(seconds=5))
    assert dropped(team, "dave").outcome == "unchanged"


@pytest.mark.usefixtures("world")
def test_a_role_that_is_not_declared_cannot_be_dropped(team: Team) -> None:
    with pytest.raises(NotFound, match="Git declares no role 'daev' for Cluster shop/db; there are: dave, eve, bob"):
        dropped(team, "daev")
    assert dropped(team, "bob", drop=False).outcome == "dry_run"


def test_nothing_is_changed_in_a_cluster_that_goes(world: World, team: Team) -> None:
    live_list(world, team, age=timedelta(0))
    world.store.merge(kinds.CLUSTER, "shop", "db", {"metadata": {"finalizers": ["x/y"]}})
    world.store.delete(kinds.CLUSTER, "shop", "db")
    with pytest.raises(Refused, match="the live Cluster shop/db is being deleted"):
        updated(team, "bob", login=True)

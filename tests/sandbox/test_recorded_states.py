"""The sandbox's operator beside what a real one wrote."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.operator import Operator
from gitops_mcp.sandbox.store.checks.admission import WriteOptions
from gitops_mcp.sandbox.store.resources import NAMESPACE
from tests.fakes.recorded import recorded, recorded_list, recorded_names

DEADLINE = 20
KINDS = {
    "cluster": kinds.CLUSTER,
    "database": kinds.DATABASE,
    "databaserole": kinds.DATABASE_ROLE,
    "backup": kinds.BACKUP,
    "scheduledbackup": kinds.SCHEDULED_BACKUP,
    "pooler": kinds.POOLER,
    "publication": kinds.PUBLICATION,
    "subscription": kinds.SUBSCRIPTION,
}
CLUSTER = recorded("cluster-managed-roles")


def bare(found: Object) -> Object:
    """What a person writes of an object: neither status nor what the API and the operator add."""
    kept = {
        key: found["metadata"][key]
        for key in ("name", "namespace", "labels", "annotations")
        if key in found["metadata"]
    }
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": found["kind"], "metadata": kept, "spec": found["spec"]}


@pytest.fixture
def store() -> Store:
    made = Store()
    made.create(NAMESPACE, {"metadata": {"name": "bank"}})
    return made


@pytest.fixture
def running(store: Store) -> Iterator[Operator]:
    operator = Operator(store, step=0.02)
    operator.start()
    yield operator
    operator.stop()


def turn_until_settled(operator: Operator) -> None:
    while operator.reconcile() is not None:
        continue
    operator.reconcile()


def eventually(store: Store, holds: Callable[[], object]) -> None:
    end, seen = time.monotonic() + DEADLINE, 0
    while not holds():
        assert end > time.monotonic(), "it never came about"
        seen = store.changed(seen, end - time.monotonic())


@pytest.mark.parametrize("name", [name for kind in KINDS for name in recorded_names(kind)])
@pytest.mark.few(10)
def test_each_recorded_state_can_be_written_and_stays(store: Store, name: str) -> None:
    wanted = recorded(name)
    resource = KINDS[name.split("-", maxsplit=1)[0]]
    store.create(resource, bare(wanted))
    operator, how = Operator(store, step=0), WriteOptions()
    place = wanted["metadata"]["namespace"], wanted["metadata"]["name"]
    operator.write_state(resource, *place, wanted.get("status"))
    turn_until_settled(operator)
    found = store.get(resource, *place)
    assert found.get("status") == wanted.get("status")
    store.change(resource, *place, lambda live: live, subresource="status", how=how)
    assert how.warnings == []


def test_a_status_without_a_state_is_none_at_all(store: Store, running: Operator) -> None:
    store.create(kinds.CLUSTER, bare(CLUSTER))
    eventually(store, lambda: at(store.get(kinds.CLUSTER, "bank", "ledger"), "status", "phase"))
    running.write_state(kinds.CLUSTER, "bank", "ledger", None)
    assert "status" not in store.get(kinds.CLUSTER, "bank", "ledger")


def shape(value: Any) -> Any:
    """Keys and types, whatever the names of instances and Secrets."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in sorted(value.items())}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def test_a_healthy_cluster_reports_what_a_real_one_reports(store: Store) -> None:
    wanted = recorded("cluster-healthy")
    store.create(kinds.CLUSTER, bare(wanted))
    turn_until_settled(Operator(store, step=0))
    made = store.get(kinds.CLUSTER, "bank", "ledger")["status"]
    mine, real = shape(made), shape(wanted["status"])
    assert set(real) - set(mine) == set()
    assert set(mine) - set(real) == {"latestGeneratedNode", "onlineUpdateEnabled", "phaseReason", "systemID"}
    named = {"certificates", "configMapResourceVersion", "instancesReportedState", "topology"}
    assert {key for key in real if mine[key] != real[key]} <= named
    assert {one["type"] for one in made["conditions"]} == {
        *(one["type"] for one in wanted["status"]["conditions"]),
        "ContinuousArchiving",
    }


def test_databases_and_roles_get_the_statuses_that_a_real_operator_gave_them(store: Store) -> None:
    """But for what needs a real PostgreSQL: templates, locales, and which extensions an image has."""
    beyond = {"database-bad-ext", "database-bad-locale", "database-bad-template", "databaserole-certificate"}
    beyond |= {"database-without-cluster", "databaserole-password"}
    store.create(kinds.CLUSTER, bare(CLUSTER))
    names = [name for kind in ("databaserole", "database") for name in recorded_names(kind) if name not in beyond]
    for name in sorted(names, key=lambda one: recorded(one)["metadata"]["creationTimestamp"]):
        store.create(KINDS[name.split("-")[0]], bare(recorded(name)))
    turn_until_settled(Operator(store, step=0))
    for name in names:
        wanted = recorded(name)
        found = store.get(KINDS[name.split("-")[0]], "bank", wanted["metadata"]["name"])
        assert found["status"] == wanted["status"], name
        assert found["metadata"].get("finalizers") == wanted["metadata"].get("finalizers"), name


def test_backups_and_schedules_fail_and_wait_as_the_recorded_ones(store: Store) -> None:
    operator = Operator(store, step=0)
    store.create(kinds.CLUSTER, bare(CLUSTER))
    turn_until_settled(operator)
    for one in (recorded("backup-no-section"), *recorded_list("scheduledbackups-just-created")):
        store.create(kinds.BACKUP if one["kind"] == "Backup" else kinds.SCHEDULED_BACKUP, bare(one))
    operator.reconcile()
    failed = store.get(kinds.BACKUP, "bank", recorded("backup-no-section")["metadata"]["name"])
    assert at(failed, "status", "error") == "cannot proceed with the backup as the cluster has no backup section"
    for one in recorded_list("scheduledbackups-just-created"):
        found = store.get(kinds.SCHEDULED_BACKUP, "bank", one["metadata"]["name"])
        assert sorted(found.get("status", {})) == sorted(one.get("status", {})), one["metadata"]["name"]
    waiting = [one for one in store.list(kinds.BACKUP) if at(one, "spec", "cluster", "name") == "absent"]
    assert [one["status"] for one in waiting] == [{"phase": "pending"}]
    unplugged = [one for one in store.list(kinds.BACKUP) if at(one, "spec", "method") == "plugin"]
    assert [at(one, "status", "error") for one in unplugged] == [
        "cannot proceed with the backup as the cluster has no plugin configured"
    ]


BELONGING: list[tuple[Resource, Object]] = [
    (kinds.DATABASE, {"name": "books", "owner": "app"}),
    (kinds.DATABASE_ROLE, {"name": "clerk"}),
    (kinds.SCHEDULED_BACKUP, {"schedule": "0 0 2 * * *"}),
    (kinds.POOLER, {"pgbouncer": {}}),
    (kinds.PUBLICATION, {"name": "feed", "dbname": "app", "target": {"allTables": True}}),
]


@pytest.mark.parametrize(("resource", "spec"), BELONGING, ids=lambda one: getattr(one, "kind", ""))
@pytest.mark.few(2)
def test_each_change_and_deletion_of_what_belongs_to_a_cluster_moves_it(
    store: Store, resource: Resource, spec: Object
) -> None:
    operator = Operator(store, step=0)
    store.create(kinds.CLUSTER, bare(CLUSTER))
    turn_until_settled(operator)

    def version() -> str:
        operator.reconcile()
        operator.reconcile()
        return str(store.get(kinds.CLUSTER, "bank", "ledger")["metadata"]["resourceVersion"])

    before = version()
    assert version() == before
    metadata = {"name": "ledger-more", "namespace": "bank"}
    made = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata}
    store.create(resource, {**made, "spec": {"cluster": {"name": "ledger"}, **spec}})
    created = version()
    assert created != before
    store.merge(resource, "bank", "ledger-more", {"metadata": {"labels": {"a": "b"}}})
    changed = version()
    assert changed != created
    store.delete(resource, "bank", "ledger-more")
    assert version() != changed


def test_a_disabled_cluster_is_left_without_a_word(store: Store) -> None:
    store.create(kinds.CLUSTER, bare(recorded("cluster-disabled")))
    operator = Operator(store, step=0)
    assert operator.reconcile() is None
    assert "status" not in store.get(kinds.CLUSTER, "bank", "ledger")
    assert store.list(kinds.POD) == ()

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import Store
from gitops_mcp.sandbox.operator import Operator
from gitops_mcp.sandbox.store.checks.admission import WriteOptions

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
HEALTHY = "Cluster in healthy state"
IMAGE = "registry.example/postgresql:18.4-standard-trixie"
DEADLINE = 20


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    made.create(NAMESPACE, {"metadata": {"name": "shop"}})
    operator = Operator(made, step=0.02)
    operator.start()
    yield made
    operator.stop()


def eventually(store: Store, holds: Callable[[], object]) -> None:
    """Wait until something holds, looking again after each change."""
    end = time.monotonic() + DEADLINE
    seen = 0
    while not holds():
        left = end - time.monotonic()
        assert left > 0, "it never came about"
        seen = store.changed(seen, left)


def create_cluster(store: Store, **spec: object) -> Object:
    image = {} if "imageCatalogRef" in spec else {"imageName": IMAGE}
    bare = {"instances": 3, "storage": {"size": "10Gi"}, **image, **spec}
    metadata = {"name": "orders-db", "namespace": "shop"}
    declared = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": metadata, "spec": bare}
    return store.create(kinds.CLUSTER, declared)


def create(store: Store, resource: Resource, called: str, /, **spec: object) -> None:
    metadata = {"name": called, "namespace": "shop"}
    store.create(
        resource, {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}
    )


def cluster(store: Store) -> Object:
    return store.get(kinds.CLUSTER, "shop", "orders-db")


def edit(store: Store, **spec: object) -> None:
    store.merge(kinds.CLUSTER, "shop", "orders-db", {"spec": spec})


def settled(store: Store, instances: int) -> Callable[[], bool]:
    def holds() -> bool:
        status = cluster(store).get("status", {})
        return (status.get("phase"), status.get("readyInstances")) == (HEALTHY, instances)

    return holds


def names(store: Store, resource: Resource) -> list[str]:
    return [found["metadata"]["name"] for found in store.list(resource, "shop")]


def reasons(store: Store) -> list[str]:
    found = sorted(store.list(kinds.EVENT, "shop"), key=lambda event: int(event["metadata"]["resourceVersion"]))
    return [event["reason"] for event in found]


def phases(store: Store) -> list[str]:
    """Each phase the Cluster has gone through, in order."""
    seen: list[str] = []
    for change in store.since(kinds.CLUSTER, 0)[1]:
        phase = at(change.after.value if change.after else None, "status", "phase")
        if phase and phase != (seen[-1] if seen else None):
            seen.append(phase)
    return seen


def test_a_cluster_comes_up_through_the_phases_of_a_real_one(store: Store) -> None:
    create_cluster(store)
    eventually(store, settled(store, 3))
    assert phases(store) == ["Setting up primary", "Creating a new replica", HEALTHY]
    assert names(store, kinds.POD) == ["orders-db-1", "orders-db-2", "orders-db-3"]
    assert names(store, kinds.PVC) == ["orders-db-1", "orders-db-2", "orders-db-3"]
    assert names(store, kinds.SERVICE) == ["orders-db-r", "orders-db-ro", "orders-db-rw"]
    assert names(store, kinds.PDB) == ["orders-db", "orders-db-primary"]
    assert reasons(store) == ["CreatingInstance"] * 3
    pods = store.list(kinds.POD, "shop", labels="cnpg.io/cluster=orders-db,cnpg.io/instanceRole=primary")
    assert [
        (p["metadata"]["name"], p["status"]["phase"], p["metadata"]["labels"]["cnpg.io/podRole"]) for p in pods
    ] == [("orders-db-1", "Running", "instance")]
    [claim] = store.list(kinds.PVC, "shop", labels="cnpg.io/instanceName=orders-db-3")
    assert (claim["status"]["phase"], claim["status"]["capacity"]) == ("Bound", {"storage": "10Gi"})
    [budget] = store.list(kinds.PDB, "shop", fields="metadata.name=orders-db")
    assert (budget["status"]["currentHealthy"], budget["status"]["disruptionsAllowed"]) == (2, 1)


def test_the_live_cluster_carries_the_defaults_that_git_does_not(store: Store) -> None:
    create_cluster(store)
    eventually(store, settled(store, 3))
    spec = cluster(store)["spec"]
    assert spec["bootstrap"]["initdb"]["database"] == "app"
    assert spec["postgresql"]["parameters"]["wal_level"] == "logical"
    assert spec["imageName"] == IMAGE


def test_passwords_are_random_and_kept(store: Store) -> None:
    create_cluster(store, bootstrap={"initdb": {"database": "orders", "owner": "orders_app"}})
    eventually(store, settled(store, 3))
    assert names(store, kinds.SECRET) == ["orders-db-app", "orders-db-ca", "orders-db-replication", "orders-db-server"]
    secret = store.get(kinds.SECRET, "shop", "orders-db-app")
    values = {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}
    assert secret["type"] == "kubernetes.io/basic-auth"
    assert (values["username"], values["dbname"], values["host"]) == ("orders_app", "orders", "orders-db-rw")
    assert len(values["password"]) == 64
    edit(store, instances=4)
    eventually(store, settled(store, 4))
    assert store.get(kinds.SECRET, "shop", "orders-db-app") == secret


def test_scaling_up_adds_replicas_and_keeps_the_primary(store: Store) -> None:
    create_cluster(store, instances=1)
    eventually(store, settled(store, 1))
    assert names(store, kinds.PDB) == ["orders-db-primary"]
    edit(store, instances=3)
    eventually(store, settled(store, 3))
    assert cluster(store)["status"]["currentPrimary"] == "orders-db-1"
    assert names(store, kinds.PDB) == ["orders-db", "orders-db-primary"]


def test_scaling_down_removes_the_newest_replica_and_its_volumes(store: Store) -> None:
    create_cluster(store, walStorage={"size": "2Gi"})
    eventually(store, settled(store, 3))
    assert cluster(store)["status"]["pvcCount"] == 6
    edit(store, instances=2)
    eventually(store, settled(store, 2))
    assert names(store, kinds.POD) == ["orders-db-1", "orders-db-2"]
    assert names(store, kinds.PVC) == ["orders-db-1", "orders-db-1-wal", "orders-db-2", "orders-db-2-wal"]
    assert names(store, kinds.PDB) == ["orders-db-primary"]
    assert reasons(store)[-1] == "ScaleDown"


def test_scaling_below_what_synchronous_replication_needs_is_undone(store: Store) -> None:
    create_cluster(store, maxSyncReplicas=1, minSyncReplicas=1)
    eventually(store, settled(store, 3))
    edit(store, instances=1)
    eventually(store, settled(store, 2))
    assert cluster(store)["spec"]["instances"] == 2
    assert "NoScaleDown" in reasons(store)


def test_a_new_image_reaches_the_replicas_first_and_the_primary_last(store: Store) -> None:
    create_cluster(store)
    eventually(store, settled(store, 3))
    before = store.version
    edit(store, imageName="registry.example/postgresql:18.5-standard-trixie")
    eventually(store, lambda: at(cluster(store), "status", "image").endswith("18.5-standard-trixie"))
    eventually(store, settled(store, 3))
    made = [change.key for change in store.since(kinds.POD, before)[1] if change.before is None]
    assert made == ["shop/orders-db-3", "shop/orders-db-2", "shop/orders-db-1"]
    assert "Upgrading cluster" in phases(store)


def test_a_new_major_version_takes_every_instance_down_at_once(store: Store) -> None:
    create_cluster(store)
    eventually(store, settled(store, 3))
    edit(store, imageName="registry.example/postgresql:19.0-standard-trixie")
    eventually(store, lambda: at(cluster(store), "status", "pgDataImageInfo", "majorVersion") == 19)
    eventually(store, settled(store, 3))
    assert phases(store)[-2:] == ["Upgrading Postgres major version", HEALTHY]


def test_a_bigger_size_grows_the_volumes(store: Store) -> None:
    create_cluster(store, instances=1)
    eventually(store, settled(store, 1))
    edit(store, storage={"size": "20Gi"})
    eventually(
        store, lambda: at(store.get(kinds.PVC, "shop", "orders-db-1"), "status", "capacity") == {"storage": "20Gi"}
    )
    eventually(store, lambda: "resizingPVC" not in cluster(store)["status"])


def test_a_parameter_is_loaded_without_a_restart(store: Store) -> None:
    create_cluster(store, instances=1)
    eventually(store, settled(store, 1))
    pod = store.get(kinds.POD, "shop", "orders-db-1")["metadata"]["uid"]
    edit(store, postgresql={"parameters": {"work_mem": "8MB"}})
    eventually(store, lambda: "Applying configuration" in phases(store))
    eventually(store, settled(store, 1))
    assert store.get(kinds.POD, "shop", "orders-db-1")["metadata"]["uid"] == pod


def test_a_restart_that_is_asked_for_reaches_every_instance_once(store: Store) -> None:
    create_cluster(store, instances=2)
    eventually(store, settled(store, 2))
    before = store.version
    asked = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-08-21T10:00:00Z"}}}
    store.merge(kinds.CLUSTER, "shop", "orders-db", asked)
    eventually(store, lambda: "Upgrading cluster" in phases(store))
    eventually(store, settled(store, 2))
    made = [change.key for change in store.since(kinds.POD, before)[1] if change.before is None]
    assert made == ["shop/orders-db-2", "shop/orders-db-1"]


def test_volumes_that_are_added_later_reach_every_instance(store: Store) -> None:
    create_cluster(store, instances=2)
    eventually(store, settled(store, 2))
    edit(store, walStorage={"size": "2Gi"}, tablespaces=[{"name": "cold", "storage": {"size": "5Gi"}}])
    eventually(store, lambda: cluster(store)["status"]["pvcCount"] == 6)
    found = {claim["metadata"]["name"]: claim for claim in store.list(kinds.PVC, "shop")}
    assert found["orders-db-2-wal"]["metadata"]["labels"]["cnpg.io/pvcRole"] == "PG_WAL"
    assert found["orders-db-2-tbs-cold"]["metadata"]["labels"]["cnpg.io/tablespaceName"] == "cold"
    assert found["orders-db-1-tbs-cold"]["status"]["capacity"] == {"storage": "5Gi"}


def test_services_and_budgets_that_are_no_longer_wanted_go(store: Store) -> None:
    create_cluster(store, enableSuperuserAccess=True)
    eventually(store, settled(store, 3))
    assert "orders-db-superuser" in names(store, kinds.SECRET)
    edit(store, enablePDB=False, managed={"services": {"disabledDefaultServices": ["ro", "r"]}})
    eventually(store, lambda: names(store, kinds.SERVICE) == ["orders-db-rw"] and names(store, kinds.PDB) == [])


def test_a_pod_that_someone_deletes_comes_back_on_its_volume(store: Store) -> None:
    create_cluster(store, instances=2)
    eventually(store, settled(store, 2))
    claim, pod = store.get(kinds.PVC, "shop", "orders-db-2"), store.get(kinds.POD, "shop", "orders-db-2")
    store.delete(kinds.POD, "shop", "orders-db-2")
    eventually(store, lambda: "Waiting for the instances to become active" in phases(store))
    eventually(store, settled(store, 2))
    assert store.get(kinds.POD, "shop", "orders-db-2")["metadata"]["uid"] != pod["metadata"]["uid"]
    assert store.get(kinds.PVC, "shop", "orders-db-2")["metadata"]["uid"] == claim["metadata"]["uid"]


def test_deleting_a_cluster_removes_all_that_it_owns_and_keeps_its_databases(store: Store) -> None:
    create_cluster(store)
    create(store, kinds.DATABASE, "orders-db-reports", cluster={"name": "orders-db"}, name="reports", owner="app")
    own = {"metadata": {"name": "own", "namespace": "shop"}, "stringData": {"password": "kept"}}
    store.create(kinds.SECRET, own)
    eventually(store, settled(store, 3))
    eventually(store, lambda: at(database(store), "status", "applied"))
    store.delete(kinds.CLUSTER, "shop", "orders-db")
    assert [names(store, resource) for resource in (kinds.POD, kinds.PVC, kinds.SERVICE, kinds.PDB)] == [[], [], [], []]
    assert names(store, kinds.SECRET) == ["own"]
    eventually(store, lambda: not database(store)["metadata"].get("finalizers"))
    assert database(store)["status"]["message"] == "cluster resource has been deleted, skipping reconciliation"
    store.delete(kinds.DATABASE, "shop", "orders-db-reports")
    assert names(store, kinds.DATABASE) == []


def database(store: Store, name: str = "orders-db-reports") -> Object:
    return store.get(kinds.DATABASE, "shop", name)


def test_a_database_waits_for_its_cluster_and_its_owner(store: Store) -> None:
    create(store, kinds.DATABASE, "orders-db-reports", cluster={"name": "orders-db"}, name="reports", owner="writer")
    create_cluster(store, instances=1)
    eventually(store, lambda: at(database(store), "status", "applied") is False)
    assert database(store)["status"]["message"] == (
        'while creating database "reports": ERROR: role "writer" does not exist (SQLSTATE 42704)'
    )
    create(store, kinds.DATABASE_ROLE, "orders-db-writer", cluster={"name": "orders-db"}, name="writer", login=True)
    eventually(store, lambda: at(database(store), "status", "applied") is True)
    assert "message" not in database(store)["status"]
    assert database(store)["status"]["observedGeneration"] == database(store)["metadata"]["generation"]
    assert database(store)["metadata"]["finalizers"] == ["cnpg.io/deleteDatabase"]


def test_a_deleted_database_goes_once_the_operator_has_let_go(store: Store) -> None:
    create_cluster(store, instances=1)
    create(store, kinds.DATABASE, "orders-db-reports", cluster={"name": "orders-db"}, name="reports", owner="app")
    eventually(store, lambda: at(database(store), "status", "applied"))
    store.delete(kinds.DATABASE, "shop", "orders-db-reports")
    eventually(store, lambda: names(store, kinds.DATABASE) == [])


def test_a_schedule_gets_its_defaults_and_is_looked_at(store: Store) -> None:
    create(store, kinds.SCHEDULED_BACKUP, "nightly", cluster={"name": "orders-db"}, schedule="0 30 2 * * *")

    def backup() -> Object:
        return store.get(kinds.SCHEDULED_BACKUP, "shop", "nightly")

    eventually(store, lambda: at(backup(), "status", "lastCheckTime"))
    assert list(backup()["status"]) == ["lastCheckTime"]
    assert (backup()["spec"]["method"], backup()["spec"]["backupOwnerReference"]) == ("barmanObjectStore", "none")


def test_an_image_catalog_that_is_missing_blocks_until_it_is_there(store: Store) -> None:
    reference = {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog", "name": "ours", "major": 18}
    create_cluster(store, instances=1, imageCatalogRef=reference)
    eventually(store, lambda: phases(store) == ["Cluster has incomplete or invalid image catalog"])
    create(store, kinds.IMAGE_CATALOG, "ours", images=[{"major": 18, "image": IMAGE}])
    eventually(store, settled(store, 1))
    assert cluster(store)["status"]["image"] == IMAGE


def test_a_cluster_without_a_size_is_reported_and_waits_for_one(store: Store) -> None:
    create_cluster(store, instances=1, storage={})
    eventually(store, lambda: phases(store) == ["Invalid cluster definition"])
    assert cluster(store)["status"]["phaseReason"] == "spec.storage.size: size not configured"
    edit(store, storage={"size": "1Gi"})
    eventually(store, settled(store, 1))


def test_an_operator_that_has_nothing_to_do_writes_nothing(store: Store) -> None:
    create_cluster(store)
    eventually(store, settled(store, 3))
    quiet = store.version
    while (newest := store.changed(quiet, 0.3)) > quiet:
        quiet = newest
    other = Operator(store, step=0)
    assert other.reconcile() is None
    assert store.version == quiet


def test_one_cluster_that_cannot_be_made_keeps_no_other_from_its_turn(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    # A dot is legal in the name of an object and not in that of a service.
    dotted = {"metadata": {"name": "a.b", "namespace": "shop"}, "spec": {"instances": 1, "storage": {"size": "1Gi"}}}
    store.create(kinds.CLUSTER, {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", **dotted})
    create_cluster(store, instances=1)
    eventually(store, settled(store, 1))
    assert 'Cluster shop/a.b: 422 Invalid: Service "a.b-rw" is invalid' in caplog.text


def test_a_cluster_that_is_deleted_in_the_middle_of_a_turn_leaves_nothing_behind() -> None:
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    operator = Operator(store, step=0)
    create_cluster(store)

    def delete_once_there_is_a_claim() -> None:
        if store.list(kinds.PVC, "shop") and store.list(kinds.CLUSTER, "shop"):
            store.delete(kinds.CLUSTER, "shop", "orders-db")

    store.listen(delete_once_there_is_a_claim)
    operator.reconcile()
    operator.reconcile()
    assert [names(store, resource) for resource in (kinds.POD, kinds.PVC, kinds.SERVICE, kinds.PDB, kinds.SECRET)] == [
        []
    ] * 5


def test_what_is_reported_fits_the_published_schemas() -> None:
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    create_cluster(
        store,
        plugins=[{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}],
        managed={"roles": [{"name": "a", "passwordSecret": {"name": "missing"}}, {"name": "b"}]},
        walStorage={"size": "1Gi"},
    )
    create(
        store,
        kinds.DATABASE,
        "reports",
        cluster={"name": "orders-db"},
        name="reports",
        owner="b",
        schemas=[{"name": "s"}],
    )
    create(
        store,
        kinds.DATABASE_ROLE,
        "c",
        cluster={"name": "orders-db"},
        name="c",
        passwordSecret={"name": "orders-db-app"},
    )
    create(store, kinds.SCHEDULED_BACKUP, "nightly", cluster={"name": "orders-db"}, schedule="0 30 2 * * *")
    operator = Operator(store, step=0)
    while operator.reconcile() is not None:
        continue
    assert settled(store, 3)()
    # What a schema does not know is pruned on the way in, so what was meant must be what is there.
    for resource in (kinds.CLUSTER, kinds.DATABASE, kinds.DATABASE_ROLE, kinds.SCHEDULED_BACKUP):
        [found] = store.list(resource)
        warned = WriteOptions()
        store.change(resource, "shop", found["metadata"]["name"], lambda live: live, subresource="status", how=warned)
        assert warned.warnings == []
    assert at(cluster(store), "status", "certificates", "expirations")
    assert at(database(store, "reports"), "status", "schemas") == [{"name": "s", "applied": True}]

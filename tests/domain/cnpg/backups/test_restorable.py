from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.backups.restorable import restorable
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
REF = ClusterRef("shop", "orders")
BORN = "2026-03-01T00:00:00Z"
PLUGIN = {
    "plugins": [
        {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True, "parameters": {"barmanObjectName": "s3"}}
    ]
}
IN_TREE = {"backup": {"barmanObjectStore": {"destinationPath": "s3://b"}}}


def live(spec: Object | None = None, **status: Any) -> Object:
    metadata = {"name": "orders", "namespace": "shop", "creationTimestamp": BORN}
    return {"kind": "Cluster", "metadata": metadata, "spec": spec or {}, "status": status}


def backup(name: str, ended: str = "2026-03-09T00:00:00Z", *, owner: str | None = None, **status: Any) -> Object:
    owners = {"ownerReferences": [{"kind": owner, "name": "orders"}]} if owner else {}
    return {
        "metadata": {"name": name, "namespace": "shop", **owners},
        "spec": {"cluster": {"name": "orders"}},
        "status": {"phase": "completed", "stoppedAt": ended, **status},
    }


def store(**server: str) -> Object:
    return {"metadata": {"name": "s3", "namespace": "shop"}, "status": {"serverRecoveryWindow": {"orders": server}}}


SNAPSHOT = {"method": "volumeSnapshot"}
WINDOW = {"firstRecoverabilityPoint": "2026-03-02T00:00:00Z", "lastSuccessfulBackupTime": "2026-03-09T12:00:00Z"}


@pytest.mark.parametrize(
    ("cluster", "backups", "stores", "sources"),
    [
        pytest.param(
            live(PLUGIN),
            [],
            [store(**WINDOW)],
            ("ObjectStore s3 (server orders), since 2026-03-02T00:00:00Z, the last backup 24h ago",),
            id="the plugin's store",
        ),
        pytest.param(
            live(IN_TREE, firstRecoverabilityPoint="2026-03-02T00:00:00Z"),
            [],
            [],
            ("its archive in object storage, since 2026-03-02T00:00:00Z",),
            id="in-tree",
        ),
        pytest.param(
            live(PLUGIN),
            [backup("old", "2026-03-05T00:00:00Z"), backup("new", method="plugin")],
            [],
            ("Backup new of 2026-03-09T00:00:00Z",),
            id="a store that says nothing yet: the newest Backup",
        ),
        pytest.param(
            live({}),
            [backup("cold", online=False, **SNAPSHOT)],
            [],
            ("the VolumeSnapshots of Backup cold of 2026-03-09T00:00:00Z",),
            id="a snapshot of a stopped instance needs no WAL",
        ),
        pytest.param(
            live(IN_TREE, firstRecoverabilityPointByMethod={"volumeSnapshot": "2026-03-09T00:00:00Z"}),
            [backup("hot", online=True, **SNAPSHOT)],
            [],
            ("the VolumeSnapshots of Backup hot of 2026-03-09T00:00:00Z",),
            id="a snapshot of a running one, with an archive",
        ),
    ],
)
def test_what_a_cluster_can_be_restored_from(
    cluster: Object, backups: list[Object], stores: list[Object], sources: tuple[str, ...]
) -> None:
    found = restorable(REF, cluster, backups, stores, now=NOW)
    assert found.sources == sources
    assert str(found).startswith("Cluster shop/orders can be restored from ")


@pytest.mark.parametrize(
    ("cluster", "backups", "stores", "why"),
    [
        pytest.param(live(), [], [], "nothing archives its WAL, and it has no Backup", id="nothing at all"),
        pytest.param(live(IN_TREE), [], [], "barmanObjectStore archives its WAL, and it has no Backup", id="WAL alone"),
        pytest.param(
            live(IN_TREE),
            [backup("b", phase="failed"), backup("c", phase="")],
            [],
            "no Backup of it can be used (there are some that are failed, pending)",
            id="none is completed",
        ),
        pytest.param(live(), [backup("hot", **SNAPSHOT)], [], "no Backup of it can be used", id="hot, without WAL"),
        pytest.param(
            live(PLUGIN),
            [],
            [store(firstRecoverabilityPoint="2025-01-01T00:00:00Z", lastSuccessfulBackupTime="2026-02-01T00:00:00Z")],
            "it has no Backup",
            id="the store's entry is of a former Cluster of the name",
        ),
        pytest.param(live(), [backup("b", "2026-02-01T00:00:00Z")], [], "it has no Backup", id="so is the Backup"),
        pytest.param(live(PLUGIN), [], [store()], "it has no Backup", id="an empty window"),
        pytest.param(
            live(PLUGIN), [], [store(firstRecoverabilityPoint="never")], "it has no Backup", id="a window of no time"
        ),
    ],
)
def test_why_there_is_nothing_to_restore_from(
    cluster: Object, backups: list[Object], stores: list[Object], why: str
) -> None:
    found = restorable(REF, cluster, backups, stores, now=NOW)
    assert found.sources == ()
    assert str(found).startswith("there is no backup that Cluster shop/orders could be restored from: ")
    assert why in str(found)


@pytest.mark.parametrize(
    ("owner", "of_backup", "goes"),
    [("none", None, False), ("cluster", None, True), ("backup", "ScheduledBackup", False), ("backup", "Cluster", True)],
)
def test_snapshots_that_the_cluster_owns_are_no_way_back_from_its_deletion(
    owner: str, of_backup: str | None, *, goes: bool
) -> None:
    cluster = live({"backup": {"volumeSnapshot": {"snapshotOwnerReference": owner}}})
    cold = backup("cold", owner=of_backup, online=False, **SNAPSHOT)
    assert restorable(REF, cluster, [cold], [], now=NOW).sources
    found = restorable(REF, cluster, [cold], [], now=NOW, deleted=True)
    assert (found.sources == ()) is goes
    assert ("its VolumeSnapshots are deleted with it" in str(found)) is goes


def test_what_could_not_be_read_is_not_told_as_missing() -> None:
    found = restorable(REF, live(), [], [], now=NOW, unread="403")
    assert str(found) == "whether Cluster shop/orders could be restored from a backup is not known: 403"

"""What the sandbox's operator says of archives: windows, archives that are taken, and restores that do not begin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.operator import Operator
from tests.sandbox.test_operator import HEALTHY, IMAGE, NAMESPACE, eventually

PLUGIN = "barman-cloud.cloudnative-pg.io"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """One archive `vault`, of Cluster `source`, with one base backup in it."""
    made = Store()
    made.create(NAMESPACE, {"metadata": {"name": "shop"}})
    operator = Operator(made, step=0.02)
    operator.start()
    create(made, kinds.OBJECT_STORE, "vault", configuration={"destinationPath": "s3://b"})
    create(made, kinds.CLUSTER, "source", **cluster(plugins=[archive()], bootstrap=INITDB))
    eventually(made, lambda: phase(made, "source") == HEALTHY)
    create(
        made, kinds.BACKUP, "first", cluster={"name": "source"}, method="plugin", pluginConfiguration={"name": PLUGIN}
    )
    eventually(made, lambda: window(made, "source"))
    yield made
    operator.stop()


INITDB = {"initdb": {"database": "orders", "owner": "seller"}}


def create(store: Store, resource: Resource, called: str, /, **spec: object) -> None:
    metadata = {"name": called, "namespace": "shop"}
    store.create(
        resource, {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": spec}
    )


def cluster(**spec: Any) -> dict[str, Any]:
    return {"instances": 1, "storage": {"size": "1Gi"}, "imageName": IMAGE, **spec}


def archive(**parameters: str) -> Object:
    return {
        "name": PLUGIN,
        "enabled": True,
        "isWALArchiver": True,
        "parameters": {"barmanObjectName": "vault", **parameters},
    }


def restored(store: Store, called: str, target: Object | None = None, *, server: str = "source", **spec: Any) -> None:
    parameters = {"barmanObjectName": "vault", "serverName": server}
    external = {"name": "origin", "plugin": {"name": PLUGIN, "parameters": parameters}}
    recovery = {"source": "origin", **({"recoveryTarget": target} if target else {})}
    create(
        store, kinds.CLUSTER, called, **cluster(bootstrap={"recovery": recovery}, externalClusters=[external], **spec)
    )


def phase(store: Store, name: str) -> object:
    return at(store.get(kinds.CLUSTER, "shop", name), "status", "phase")


def window(store: Store, server: str) -> Object | None:
    found: Object | None = at(store.get(kinds.OBJECT_STORE, "shop", "vault"), "status", "serverRecoveryWindow", server)
    return found


def why_not(store: Store, name: str) -> str:
    """What the job of a restore has printed, once it has."""

    def printed() -> str | None:
        try:
            pod = store.get(kinds.POD, "shop", f"{name}-1-full-recovery")
        except ApiError:
            return None
        lines = store.printed(pod, "postgres")
        return json.loads(lines[0].text)["error"] if lines else None

    eventually(store, printed)
    return printed() or ""


def test_a_backup_of_a_plugin_opens_the_window_of_its_archive(store: Store) -> None:
    taken = store.get(kinds.BACKUP, "shop", "first")["status"]
    assert taken["phase"] == "completed"
    assert taken["majorVersion"] == 18
    assert datetime.strptime(taken["backupId"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) <= datetime.now(UTC)
    assert window(store, "source") == dict.fromkeys(
        ("firstRecoverabilityPoint", "lastSuccessfulBackupTime"), taken["stoppedAt"]
    )


def test_a_window_that_was_written_is_left_alone() -> None:
    made = Store()
    made.create(NAMESPACE, {"metadata": {"name": "shop"}})
    operator = Operator(made, step=0)
    create(made, kinds.OBJECT_STORE, "vault", configuration={"destinationPath": "s3://b"})
    create(made, kinds.CLUSTER, "source", **cluster(plugins=[archive()], bootstrap=INITDB))
    how = {"method": "plugin", "pluginConfiguration": {"name": PLUGIN}}
    create(made, kinds.BACKUP, "first", cluster={"name": "source"}, **how)
    for _ in range(5):
        operator.reconcile()
    assert window(made, "source")
    told = {"firstRecoverabilityPoint": "2026-07-22T02:03:12Z"}
    operator.write_state(kinds.OBJECT_STORE, "shop", "vault", {"serverRecoveryWindow": {"source": told}})
    operator.reconcile()
    assert window(made, "source") == told


def test_a_restored_cluster_holds_what_its_source_held(store: Store) -> None:
    restored(store, "again", plugins=[archive(serverName="again")])
    eventually(store, lambda: phase(store, "again") == HEALTHY)


def test_a_cluster_that_writes_to_the_archive_of_another_is_healthy_and_archives_nothing(store: Store) -> None:
    create(store, kinds.CLUSTER, "rival", **cluster(plugins=[archive(serverName="source")], bootstrap=INITDB))
    eventually(store, lambda: phase(store, "rival") == HEALTHY)

    def archiving() -> object:
        conditions = at(store.get(kinds.CLUSTER, "shop", "rival"), "status", "conditions") or []
        return next((one["status"] for one in conditions if one["type"] == "ContinuousArchiving"), None)

    eventually(store, lambda: archiving() == "False")


@pytest.mark.parametrize(
    ("name", "target", "more", "told"),
    [
        pytest.param("early", {"targetTime": "2020-01-01T00:00:00Z"}, {}, "no target backup found", id="before"),
        pytest.param("other", None, {"server": "nobody"}, "no target backup found", id="another server"),
        pytest.param(
            "unknown",
            {"backupID": "20200101T000000", "targetImmediate": True},
            {},
            "no target backup found",
            id="backup",
        ),
        pytest.param(
            "late",
            {"targetTime": format_rfc3339(datetime.now(UTC) + timedelta(days=1))},
            {},
            "recovery ended before configured recovery target was reached",
            id="after",
        ),
        pytest.param("over", None, {"plugins": [archive(serverName="source")]}, "Expected empty archive", id="taken"),
    ],
)
def test_a_restore_that_cannot_be_does_not_begin_and_its_job_says_why(
    store: Store, name: str, target: Object | None, more: dict[str, Any], told: str
) -> None:
    restored(store, name, target, **more)
    assert why_not(store, name) == told
    assert phase(store, name) == "Setting up primary"
    with pytest.raises(ApiError):
        store.get(kinds.POD, "shop", f"{name}-1")

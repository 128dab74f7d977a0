from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gitops_mcp.domain.cnpg.defaults import fill_webhook_defaults
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.cnpg.children import bound_status, running_status, starting_pod, volume_claims
from gitops_mcp.sandbox.cnpg.status import (
    HEALTHY,
    SETTING_UP_PRIMARY,
    ClusterPhase,
    SandboxInstance,
    cluster_status,
    major_of,
)

NOW = datetime(2026, 8, 21, 10, 0, 0, 120394, tzinfo=UTC)
LATER = datetime(2026, 8, 21, 11, 0, 0, tzinfo=UTC)
IMAGE = "registry.example/postgresql:18.4-standard-trixie"


def cluster(**spec: object) -> Object:
    metadata = {"name": "orders-db", "namespace": "shop", "uid": "u1"}
    bare = {"instances": 3, "imageName": IMAGE, "storage": {"size": "20Gi"}, **spec}
    return fill_webhook_defaults(
        {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": metadata, "spec": bare}
    )


def instance(of: Object, serial: int, *, ready: bool = True) -> SandboxInstance:
    name = f"orders-db-{serial}"
    made = starting_pod(of, name, image=IMAGE, role="primary" if serial == 1 else "replica")
    if ready:
        made["status"] = running_status(made)
    claims = tuple({**claim, "status": bound_status(claim)} for claim in volume_claims(of, name))
    return SandboxInstance(name, made, claims)


def conditions(of: Object) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in of["conditions"]}


def test_a_healthy_cluster_reports_all_of_its_instances() -> None:
    of = cluster()
    made = cluster_status(
        of, [instance(of, n) for n in (1, 2, 3)], ClusterPhase(HEALTHY), image=IMAGE, roles=None, now=NOW
    )
    assert made["phase"] == "Cluster in healthy state"
    assert (made["instances"], made["readyInstances"], made["pvcCount"]) == (3, 3, 3)
    assert made["instanceNames"] == ["orders-db-1", "orders-db-2", "orders-db-3"]
    assert made["instancesStatus"] == {"healthy": ["orders-db-1", "orders-db-2", "orders-db-3"]}
    assert (made["currentPrimary"], made["targetPrimary"], made["timelineID"]) == ("orders-db-1", "orders-db-1", 1)
    assert made["currentPrimaryTimestamp"] == "2026-08-21T10:00:00.120394Z"
    assert [one["isPrimary"] for one in made["instancesReportedState"].values()] == [True, False, False]
    assert made["pgDataImageInfo"] == {"image": IMAGE, "majorVersion": 18}
    assert made["certificates"]["expirations"]["orders-db-server"] == "2026-11-19 10:00:00 +0000 UTC"
    assert conditions(made) == {
        "Ready": "True",
        "Initialized": "True",
        "ConsistentSystemID": "True",
        "ContinuousArchiving": "True",
    }


def test_a_cluster_that_starts_has_a_target_but_no_primary() -> None:
    of = cluster()
    starting = [instance(of, 1, ready=False)]
    made = cluster_status(of, starting, ClusterPhase(SETTING_UP_PRIMARY), image=IMAGE, roles=None, now=NOW)
    assert "currentPrimary" not in made
    assert made["targetPrimary"] == "orders-db-1"
    assert made["instancesStatus"] == {"replicating": ["orders-db-1"]}
    assert conditions(made) == {"Ready": "False", "Initialized": "False"}


def test_a_status_that_nothing_happened_to_stays_as_it_was() -> None:
    of = cluster()
    present = [instance(of, n) for n in (1, 2, 3)]
    of["status"] = cluster_status(of, present, ClusterPhase(HEALTHY), image=IMAGE, roles=None, now=NOW)
    assert cluster_status(of, present, ClusterPhase(HEALTHY), image=IMAGE, roles=None, now=LATER) == of["status"]


def test_archiving_is_reported_only_where_a_plugin_archives() -> None:
    of = cluster(plugins=[{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}])
    made = cluster_status(of, [instance(of, 1)], ClusterPhase(HEALTHY), image=IMAGE, roles=None, now=NOW)
    assert conditions(made)["ContinuousArchiving"] == "True"


def test_a_claim_that_grows_is_listed_while_it_does() -> None:
    of = cluster()
    present = instance(of, 1)
    present.claims[0]["spec"]["resources"]["requests"]["storage"] = "40Gi"
    made = cluster_status(of, [present], ClusterPhase(HEALTHY), image=IMAGE, roles=None, now=NOW)
    assert made["resizingPVC"] == ["orders-db-1"]


@pytest.mark.parametrize(
    ("image", "major"), [("r/postgresql:17.5-bookworm", 17), ("r:5000/postgresql:18", 18), ("r/postgresql:beta", 0)]
)
def test_the_major_version_is_read_from_the_tag(image: str, major: int) -> None:
    assert major_of(image) == major


def test_every_enabled_plugin_is_reported_as_known() -> None:
    of = cluster(plugins=[{"name": "one", "enabled": True}, {"name": "two", "enabled": False}])
    made = cluster_status(of, [], ClusterPhase(HEALTHY), image="", roles=None, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert [one["name"] for one in made["pluginStatus"]] == ["one"]

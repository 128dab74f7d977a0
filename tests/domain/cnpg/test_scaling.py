from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.scaling import Scaling
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import InvalidRequest, Refused


def cluster(instances: Any = 3, **spec: Any) -> Object:
    return {"metadata": {"name": "orders"}, "spec": {"instances": instances, **spec}}


def test_scaling_up_loses_nothing() -> None:
    scaling = Scaling.of(cluster(), to=5)
    assert (scaling.before, scaling.after, scaling.removed, scaling.risk, scaling.warnings) == (3, 5, 0, None, ())
    assert scaling.reasons == ("adds 2 replicas, each a full copy on a new PVC; running instances go on",)


def test_the_same_number_changes_nothing_and_is_never_refused() -> None:
    assert Scaling.of(cluster(1, primaryUpdateStrategy="supervised"), to=1) == Scaling(1, 1, 0)


def test_a_cluster_that_says_no_number_has_one_instance() -> None:
    assert Scaling.of({"spec": {}}, to=2).before == 1


def test_scaling_down_says_that_volumes_go_and_asks_nobody_while_a_replica_is_left() -> None:
    scaling = Scaling.of(cluster(), to=2)
    assert (scaling.removed, scaling.risk) == (1, None)
    assert scaling.reasons == ("removes 1 replica and deletes its PVC with the data",)


def test_scaling_down_names_the_volumes_that_would_go_now() -> None:
    live = {
        "status": {
            "currentPrimary": "orders-10",
            "instancesStatus": {"healthy": ["orders-2", "orders-9", "orders-10"], "failed": ["orders-11"]},
        }
    }
    declared = cluster(4, walStorage={"size": "1Gi"}, tablespaces=[{"name": "hot"}])
    assert Scaling.of(declared, to=3, live=live).reasons == (
        "removes 1 replica and deletes PVCs orders-9, orders-9-wal, orders-9-tbs-hot with their data",
    )
    assert Scaling.of(declared, to=2).reasons == ("removes 2 replicas and deletes 3 PVCs each with the data",)


def test_scaling_to_one_needs_a_person() -> None:
    scaling = Scaling.of(cluster(), to=1)
    assert scaling.risk
    assert "no replica is left" in scaling.risk
    assert "leaves one instance" in scaling.reasons[1]
    assert any("PodDisruptionBudget" in text for text in scaling.warnings)
    assert Scaling.of(cluster(enablePDB=False), to=1).warnings == ()


def test_scaling_below_what_legacy_synchronous_replication_needs_is_told_to_be_undone() -> None:
    scaling = Scaling.of(cluster(4, maxSyncReplicas=2), to=2)
    assert scaling.risk == "2 instances are fewer than synchronous replication needs (maxSyncReplicas 2 + 1)"
    assert "sets spec.instances back" in scaling.warnings[0]
    assert Scaling.of(cluster(4, maxSyncReplicas=2), to=3).risk is None


@pytest.mark.parametrize(
    ("declared", "to", "message"),
    [
        pytest.param(
            cluster(3, postgresql={"synchronous": {"number": 2}}), 2, "number is 2, .*at least 3 instances", id="number"
        ),
        pytest.param(
            cluster(3, postgresql={"synchronous": {"number": 3, "standbyNamesPre": ["a"]}}),
            2,
            "number is 3, .*and 1 named standbys: at least 3",
            id="named standbys count",
        ),
        pytest.param(cluster(3, primaryUpdateStrategy="supervised"), 1, "'supervised'", id="supervised"),
        pytest.param(cluster(1, postgresql={"parameters": {"wal_level": "minimal"}}), 2, "'minimal'", id="minimal"),
        pytest.param(cluster(1, postgresql={"parameters": {"wal_log_hints": "off"}}), 2, "wal_log_hints", id="hints"),
    ],
)
def test_what_the_webhook_would_refuse_is_refused(declared: Object, to: int, message: str) -> None:
    with pytest.raises(Refused, match=message):
        Scaling.of(declared, to=to)


def test_named_standbys_count_as_instances() -> None:
    declared = cluster(3, postgresql={"synchronous": {"number": 2, "standbyNamesPost": ["a"]}})
    assert Scaling.of(declared, to=2).removed == 1


def test_a_hibernated_cluster_changes_when_it_is_woken() -> None:
    sleeping = cluster()
    sleeping["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    assert "hibernated" in Scaling.of(sleeping, to=4).warnings[0]


def test_zero_instances_is_no_number() -> None:
    with pytest.raises(InvalidRequest, match="from 1 to 100"):
        Scaling.of(cluster(), to=0)


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"postgresql": "x"}, id="postgresql is a text"),
        pytest.param({"postgresql": {"parameters": ["wal_level"]}}, id="parameters are a list"),
        pytest.param({"postgresql": {"synchronous": {"number": 1, "standbyNamesPre": 5}}}, id="standbys are a number"),
        pytest.param({"tablespaces": 5}, id="tablespaces are a number"),
    ],
)
def test_fields_of_a_shape_that_the_api_would_refuse_do_not_keep_from_scaling(spec: Object) -> None:
    assert Scaling.of(cluster(**spec), to=2).removed == 1

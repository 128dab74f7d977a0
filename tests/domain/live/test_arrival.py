from __future__ import annotations

import copy
from typing import Any

import pytest

from gitops_mcp.domain.live.arrival import Arrival, arrival
from gitops_mcp.domain.objects import Identity, Object, Path
from gitops_mcp.domain.repository.changes import ObjectChange
from tests.fakes.cnpg import NOW

CLUSTER = {
    "apiVersion": "postgresql.cnpg.io/v1",
    "kind": "Cluster",
    "metadata": {"name": "db", "namespace": "shop", "annotations": {"kustomize.toolkit.fluxcd.io/prune": "disabled"}},
    "spec": {"instances": 3, "storage": {"size": "10Gi"}, "bootstrap": {"initdb": {"database": "app", "owner": "app"}}},
}
HEALTHY = {"phase": "Cluster in healthy state", "readyInstances": 3, "instanceNames": ["db-1", "db-2", "db-3"]}


def edited(value: object = 4) -> Object:
    made: Object = copy.deepcopy(CLUSTER)
    made["spec"]["instances"] = value
    return made


def live(base: Object, **status: Any) -> Object:
    return {**copy.deepcopy(base), "status": {**HEALTHY, **status}}


def change(before: Object | None, after: Object | None, *fields: Path) -> ObjectChange:
    return ObjectChange(Identity("Cluster", "shop", "db"), before, after, fields)


def arrived(change: ObjectChange, seen: Object | None, now_in_git: Object | None) -> Arrival:
    return arrival(change, seen, now_in_git, now=NOW)


SCALED = change(CLUSTER, edited(), ("spec", "instances"))


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        pytest.param(None, "not applied", id="there is none"),
        pytest.param(live(CLUSTER), "not applied", id="the old number"),
        pytest.param(live(edited(), readyInstances=3), "applied", id="the new number, not all ready"),
        pytest.param(live(edited(), readyInstances=4, instanceNames=["1", "2", "3", "4"]), "healthy", id="all ready"),
        pytest.param(live(edited(), phase="Waiting for user action"), "failed", id="a person is needed"),
    ],
)
def test_a_field_has_arrived_when_it_is_live(seen: Object | None, state: str) -> None:
    assert arrived(SCALED, seen, None).state == state


def test_other_fields_are_not_waited_for() -> None:
    seen = live(edited(), readyInstances=4, instanceNames=["1", "2", "3", "4"])
    seen["spec"]["storage"]["size"] = "20Gi"
    assert arrived(SCALED, seen, None).state == "healthy"


def test_a_field_that_the_api_refuses_is_not_waited_for_in_silence() -> None:
    shrunk: Object = copy.deepcopy(edited())
    shrunk["spec"]["storage"]["size"] = "5Gi"
    told = arrived(change(CLUSTER, shrunk, ("spec", "instances")), live(CLUSTER), None)
    assert told.state == "not applied"
    assert told.detail.startswith(
        "not live yet: spec.instances; the API refuses the object as Git says it: spec.storage.size: 5Gi is less than 10Gi"
    )


def test_a_field_that_a_later_change_has_set_again_is_not_waited_for() -> None:
    assert arrived(SCALED, live(edited(5), readyInstances=5, instanceNames=list("12345")), edited(5)).state == "healthy"


def test_a_removed_field_has_arrived_when_live_lacks_it() -> None:
    after: Object = copy.deepcopy(CLUSTER)
    del after["metadata"]["annotations"]
    removed = change(CLUSTER, after, ("metadata", "annotations", "kustomize.toolkit.fluxcd.io/prune"))
    assert arrived(removed, live(CLUSTER), None).state == "not applied"
    assert arrived(removed, live(after), None).state == "healthy"


def test_a_new_object_is_compared_whole_but_for_its_bootstrap() -> None:
    made = change(None, CLUSTER)
    grown = live(CLUSTER)
    grown["spec"]["bootstrap"]["initdb"]["encoding"] = "UTF8"
    assert arrived(made, grown, None).state == "healthy"
    assert arrived(made, live(edited()), None).state == "not applied"


def test_an_object_that_goes_has_arrived_when_it_is_gone() -> None:
    gone = change(CLUSTER, None)
    assert arrived(gone, None, None).state == "healthy"
    assert arrived(gone, live(CLUSTER), None).state == "not applied"


def written(when: str, path: str, *, status: bool = False) -> Object:
    fields: Object = {}
    here = fields
    for step in path.split("."):
        here[f"f:{step}"] = here = {}
    return {"manager": "m", "time": when, "fieldsV1": fields, **({"subresource": "status"} if status else {})}


READY = {"readyInstances": 4, "instanceNames": ["1", "2", "3", "4"]}


@pytest.mark.parametrize(
    ("reported", "state"),
    [
        pytest.param("2026-11-29T20:00:00Z", "applied", id="a status from before the change"),
        pytest.param("2026-11-29T20:01:00Z", "healthy", id="of the same second"),
        pytest.param("2026-11-29T20:02:00Z", "healthy", id="a later one"),
    ],
)
def test_a_status_that_is_older_than_the_change_is_no_health(reported: str, state: str) -> None:
    seen = live(edited(), **READY)
    seen["metadata"]["managedFields"] = [
        written("2026-11-29T20:01:00Z", "spec.instances"),
        written("2026-11-29T21:00:00Z", "spec.imageName"),
        written(reported, "status.phase", status=True),
    ]
    found = arrived(SCALED, seen, None)
    assert found.state == state
    if state == "applied":
        assert found.detail == (
            "the operator has not looked at it since the change was applied: "
            "its status is of 2026-11-29T20:00:00Z, the change of 2026-11-29T20:01:00Z"
        )


def test_nothing_is_healthy_whose_reconciliation_is_disabled() -> None:
    seen = live(edited(), **READY)
    seen["metadata"]["annotations"] = {"cnpg.io/reconciliationLoop": "disabled"}
    found = arrived(SCALED, seen, None)
    assert (found.state, found.detail[:28]) == ("applied", "reconciliation is disabled: ")
    assert found.is_stuck

from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    OTHER,
    Accepted,
    Refused,
    cluster,
    database,
    findings_against,
    findings_at_field,
    publication,
    role,
)

FOLLOWER = cluster(
    bootstrap={"recovery": {"source": "old"}},
    externalClusters=[OTHER, {"name": "orders", "connectionParameters": {"host": "orders-rw"}}],
    replica={"primary": "old", "source": "old", "self": "orders"},
)
ASLEEP: Object = {"cnpg.io/hibernation": "on"}
OFF: Object = {"cnpg.io/reconciliationLoop": "disabled"}
ROLES: Object = {"roles": [{"name": "app", "login": True}]}


def live(phase: str, reason: str | None = None, annotations: Object | None = None) -> Object:
    conditions = [{"type": "cnpg.io/hibernation", "status": "False", "reason": reason}] if reason else []
    return {**cluster(annotations), "status": {"phase": phase, "conditions": conditions}}


ACCEPTED = [
    pytest.param(
        Accepted("cluster-waits", Seen(database(), neighbours=(cluster(),))), id="a Cluster that takes writes"
    ),
    pytest.param(Accepted("cluster-waits", Seen(role())), id="a Cluster that is not seen"),
    pytest.param(
        Accepted("roles-wait", Seen({**FOLLOWER, "spec": {**FOLLOWER["spec"], "instances": 2}}, FOLLOWER)),
        id="no role of a replica",
    ),
    *(
        pytest.param(Accepted("hibernation-waits", Seen(cluster(ASLEEP), cluster(), one)), id=what)
        for what, one in (
            ("a healthy cluster", live("Cluster in healthy state")),
            ("a hibernation under way", live("Waiting for the instances to become active", "DeletingPods")),
            ("a cluster that is hibernated", live("Setting up primary", annotations=ASLEEP)),
            ("a cluster that is not seen", None),
        )
    ),
    *(
        pytest.param(Accepted("change-waits", Seen(cluster(), before, one)), id=f"{what} is not switched off")
        for what, before, one in (
            ("a live cluster", cluster(), cluster()),
            ("one that is new", None, None),
            ("one that is switched on by this", cluster(OFF), cluster(OFF)),
        )
    ),
]

REFUSED = [
    *(
        pytest.param(
            Refused(
                "cluster-waits",
                Seen(one, neighbours=(FOLLOWER,)),
                "spec.cluster.name",
                "Cluster orders is a replica cluster.*'waiting for the cluster to become primary'.*that is primary",
                "warning",
            ),
            id=f"a {one['kind']} of a replica",
        )
        for one in (database(), role(), publication())
    ),
    pytest.param(
        Refused(
            "cluster-waits",
            Seen(database(), neighbours=(cluster(ASLEEP),)),
            "spec.cluster.name",
            "Cluster orders is hibernated.*until it is woken",
            "warning",
        ),
        id="a Database of a hibernated cluster",
    ),
    pytest.param(
        Refused(
            "roles-wait",
            Seen({**FOLLOWER, "spec": {**FOLLOWER["spec"], "managed": ROLES}}, FOLLOWER),
            "spec.managed.roles",
            "this Cluster is a replica cluster",
            "warning",
        ),
        id="a role in a replica",
    ),
    *(
        pytest.param(
            Refused(
                "hibernation-waits",
                Seen(cluster(ASLEEP), cluster(), live("Failing over", reason)),
                "metadata.annotations.cnpg.io/hibernation",
                "only once the cluster is healthy, and its phase is 'Failing over' now: until then all pods stay",
                "warning",
            ),
            id=f"hibernation of a cluster that is failing over, condition {reason}",
        )
        for reason in (None, "WaitingForHealthy")
    ),
    pytest.param(
        Refused(
            "hibernation-waits",
            Seen(cluster(ASLEEP), cluster(), cluster()),
            "metadata.annotations.cnpg.io/hibernation",
            "its phase is 'none as yet' now",
            "warning",
        ),
        id="hibernation of a cluster that the operator has not begun with",
    ),
    pytest.param(
        Refused(
            "change-waits",
            Seen(cluster(instances=2), cluster(), cluster(OFF)),
            "metadata.annotations.cnpg.io/reconciliationLoop",
            "on the live Cluster alone: nothing of this takes effect until a person takes it off there",
            "warning",
        ),
        id="a change of a cluster that the operator was told to leave alone",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_what_can_be_done_now_is_not_told_as_waiting(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_what_the_state_of_the_cluster_puts_off_is_told_with_what_it_waits_for(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

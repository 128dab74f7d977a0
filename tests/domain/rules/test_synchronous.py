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
    findings_against,
    findings_at_field,
    synchronous,
)

MAIN = (1, 31, 0)
"""Later than any release."""
FOLLOWER: Object = {
    "replica": {"source": "old", "enabled": True},
    "externalClusters": [OTHER],
    "bootstrap": {"pg_basebackup": {"source": "old"}},
}

DOMAINS = synchronous(podFailureDomainKeys=["topology.kubernetes.io/zone"])


def live(status: str) -> Object:
    condition = {"type": "SyncReplicationTopologySatisfied", "status": status}
    return {**DOMAINS, "status": {"conditions": [condition]}}


ACCEPTED = [
    *(
        pytest.param(Accepted("failure-domains", Seen(DOMAINS, DOMAINS, one, MAIN)), id=f"failure domains: {what}")
        for what, one in (("satisfied", live("True")), ("not seen", None))
    ),
    *(
        pytest.param(Accepted("no-synchronous", Seen(value, operator=operator)), id=f"no standby confirms: {why}")
        for value, operator, why in (
            (cluster(), (1, 30, 0), "no release says so"),
            (cluster(), None, "nor one that nobody knows"),
            (cluster(instances=1), MAIN, "there is none"),
            (synchronous(), MAIN, "one does"),
            (cluster(minSyncReplicas=1, maxSyncReplicas=1), MAIN, "one does, by the legacy fields"),
            (cluster(**FOLLOWER), MAIN, "the other cluster has the writes"),
        )
    ),
    pytest.param(Accepted("synchronous-number", Seen(synchronous(number=2))), id="one fewer than instances"),
    pytest.param(
        Accepted("synchronous-number", Seen(synchronous(1, standbyNamesPre=["away"], dataDurability="required"))),
        id="one instance, and a standby from elsewhere",
    ),
    pytest.param(
        Accepted("failover-quorum", Seen(synchronous(failoverQuorum=True))), id="a quorum without named standbys"
    ),
    pytest.param(
        Accepted("synchronous-legacy", Seen(cluster(minSyncReplicas=1, maxSyncReplicas=1))),
        id="the legacy fields alone",
    ),
    pytest.param(
        Accepted("sync-replicas", Seen(cluster(minSyncReplicas=1, maxSyncReplicas=2))), id="the least below the most"
    ),
    pytest.param(
        Accepted(
            "election-constraint",
            Seen(
                cluster(
                    postgresql={"syncReplicaElectionConstraint": {"enabled": True, "nodeLabelsAntiAffinity": ["zone"]}}
                )
            ),
        ),
        id="a constraint with a label",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "failure-domains",
            Seen(DOMAINS, DOMAINS, live("False"), MAIN),
            "spec.postgresql.synchronous.podFailureDomainKeys",
            "not satisfied now",
            "warning",
        ),
        id="failure domains that are not satisfied",
    ),
    pytest.param(
        Refused(
            "no-synchronous",
            Seen(cluster(), operator=MAIN),
            "spec.postgresql.synchronous",
            "method: any and number: 1",
            "warning",
        ),
        id="no standby confirms",
    ),
    pytest.param(
        Refused(
            "synchronous-number",
            Seen(synchronous(number=3)),
            "spec.postgresql.synchronous.number",
            "at most 2, or at least 4 instances",
        ),
        id="as many as instances",
    ),
    pytest.param(
        Refused(
            "synchronous-number",
            Seen(synchronous(1), synchronous(2)),
            "spec.postgresql.synchronous.number",
            "the number of instances .1.",
        ),
        id="fewer instances than before",
    ),
    pytest.param(
        Refused(
            "synchronous-number",
            Seen(synchronous(1, number=2, standbyNamesPost=["a"])),
            "spec.postgresql.synchronous.number",
            "and the 1 named standbys",
        ),
        id="more than instances and named standbys",
    ),
    pytest.param(
        Refused(
            "failover-quorum",
            Seen(synchronous(failoverQuorum=True, standbyNamesPre=["a"])),
            "spec.postgresql.synchronous.number",
            "at least 2",
        ),
        id="a quorum of named standbys alone",
    ),
    pytest.param(
        Refused(
            "synchronous-legacy",
            Seen({**synchronous(), "spec": {**synchronous()["spec"], "maxSyncReplicas": 1}}),
            "spec.maxSyncReplicas",
            "leave it out",
        ),
        id="a legacy field beside the new section",
    ),
    pytest.param(
        Refused(
            "sync-replicas", Seen(cluster(minSyncReplicas=2, maxSyncReplicas=1)), "spec.minSyncReplicas", "at most 1"
        ),
        id="the least above the most",
    ),
    pytest.param(
        Refused(
            "sync-replicas",
            Seen(cluster(maxSyncReplicas=3)),
            "spec.maxSyncReplicas",
            "at most 2, or at least 4 instances",
        ),
        id="the most as many as instances",
    ),
    pytest.param(
        Refused(
            "election-constraint",
            Seen(cluster(postgresql={"syncReplicaElectionConstraint": {"enabled": True}})),
            "spec.postgresql.syncReplicaElectionConstraint.nodeLabelsAntiAffinity",
            "at least one label",
        ),
        id="a constraint without labels",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_synchronous_replication_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_bad_synchronous_replication_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

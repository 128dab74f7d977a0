from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import OTHER, Accepted, Refused, cluster, findings_against, findings_at_field

CONTENT = {
    "latestCheckpointTimelineID": "1",
    "redoWalFile": "000000010000000000000007",
    "databaseSystemIdentifier": "7512345678901234567",
    "latestCheckpointREDOLocation": "0/7000028",
    "timeOfLatestCheckpoint": "Fri Aug 21 10:00:00 2026",
    "operatorVersion": "1.30.0",
}


def token(**given: Any) -> str:
    return base64.b64encode(json.dumps({**CONTENT, **given}).encode()).decode()


def token_ending(text: str) -> str:
    return base64.b64encode(json.dumps(CONTENT).replace("}", f", {text}}}").encode()).decode()


TOKEN = token()


def replica(**given: Any) -> Object:
    itself = {"name": "orders", "connectionParameters": {"host": "orders-rw"}}
    return cluster(replica=given, bootstrap={"recovery": {"source": "old"}}, externalClusters=[OTHER, itself])


ACCEPTED = [
    pytest.param(Accepted("replica-mode", Seen(replica(primary="old", source="old"))), id="a primary named"),
    pytest.param(
        Accepted("replica-references", Seen(replica(enabled=True, source="old"))), id="a source that is there"
    ),
    pytest.param(
        Accepted("replica-bootstrap", Seen(replica(enabled=True, source="old"))),
        id="a replica that begins with a recovery",
    ),
    pytest.param(
        Accepted(
            "replica-bootstrap",
            Seen(
                cluster(replica={"enabled": True, "source": "old"}, externalClusters=[OTHER]),
                cluster(replica={"enabled": True, "source": "old"}, externalClusters=[OTHER]),
            ),
        ),
        id="a replica that exists",
    ),
    pytest.param(
        Accepted("promotion-token", Seen(replica(primary="orders", source="old", promotionToken=TOKEN))),
        id="a token of a primary to be",
    ),
    pytest.param(
        Accepted(
            "promotion-token",
            Seen(replica(primary="orders", source="old", promotionToken=token_ending('"RedoWalFile": null'))),
        ),
        id="a token with a field twice, at last null, which takes nothing away",
    ),
    pytest.param(
        Accepted(
            "promotion-token",
            Seen(replica(primary="orders", source="old", promotionToken=f"{TOKEN[:60]}\n{TOKEN[60:]}\r\n")),
        ),
        id="a token in two lines",
    ),
    pytest.param(
        Accepted(
            "replica-change", Seen(replica(primary="orders", source="old"), live=replica(primary="old", source="old"))
        ),
        id="a switch with none under way",
    ),
    pytest.param(
        Accepted(
            "replica-risk",
            Seen(replica(primary="orders", source="old", promotionToken=TOKEN), replica(primary="old", source="old")),
        ),
        id="a switch with a token",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "replica-mode",
            Seen(replica(primary="old", enabled=True, source="old")),
            "spec.replica.enabled",
            "excludes primary",
        ),
        id="a primary named, and enabled stated",
    ),
    pytest.param(
        Refused(
            "replica-references",
            Seen(replica(enabled=True, source="odl")),
            "spec.replica.source",
            "'odl'; there are: old",
        ),
        id="a source that is not there",
    ),
    pytest.param(
        Refused(
            "replica-references",
            Seen(replica(primary="odl", source="old")),
            "spec.replica.primary",
            "'odl'; there are: old",
        ),
        id="a primary that is not there",
    ),
    pytest.param(
        Refused(
            "replica-references",
            Seen(replica(primary="old", self="me", source="old")),
            "spec.replica.self",
            "'me'; there are: old",
        ),
        id="a self that is not there",
    ),
    pytest.param(
        Refused(
            "replica-bootstrap",
            Seen(cluster(replica={"enabled": True, "source": "old"}, externalClusters=[OTHER])),
            "spec.replica",
            "begins with spec.bootstrap",
        ),
        id="a new replica without a bootstrap",
    ),
    pytest.param(
        Refused(
            "promotion-token",
            Seen(replica(primary="orders", source="old", promotionToken="e30=")),
            "spec.replica.promotionToken",
            "is not a token: status.demotionToken",
        ),
        id="a token without content",
    ),
    pytest.param(
        Refused(
            "promotion-token",
            Seen(replica(primary="orders", source="old", promotionToken="~")),
            "spec.replica.promotionToken",
            "is not a token",
        ),
        id="a token that is not base64",
    ),
    *(
        pytest.param(
            Refused(
                "promotion-token",
                Seen(replica(primary="orders", source="old", promotionToken=token(**given))),
                "spec.replica.promotionToken",
                "is not a token",
            ),
            id=f"a token with {given}",
        )
        for given in ({"latestCheckpointTimelineID": 3}, {"operatorVersion": ""}, {"redoWalFile": None})
    ),
    *(
        pytest.param(
            Refused(
                "promotion-token",
                Seen(replica(primary="orders", source="old", promotionToken=token_ending(text))),
                "spec.replica.promotionToken",
                "is not a token",
            ),
            id=f"a token that ends with {text}",
        )
        for text in ('"redoWalFile": 5, "redoWalFile": "000000010000000000000007"', '"REDOWALFILE": ""')
    ),
    pytest.param(
        Refused(
            "replica-bootstrap",
            Seen(cluster(replica={"source": "old"}, bootstrap={"initdb": {}}, externalClusters=[OTHER])),
            "spec.replica",
            "begins with spec.bootstrap",
        ),
        id="a source alone, which makes a replica",
    ),
    pytest.param(
        Refused(
            "promotion-token",
            Seen(replica(primary="old", source="old", promotionToken=TOKEN)),
            "spec.replica.promotionToken",
            "becomes primary",
        ),
        id="a token of a replica",
    ),
    pytest.param(
        Refused(
            "promotion-token",
            Seen(replica(primary="orders", source="old", promotionToken=TOKEN, minApplyDelay="1h")),
            "spec.replica.minApplyDelay",
            "excludes promotionToken",
        ),
        id="a token and a delay",
    ),
    pytest.param(
        Refused(
            "replica-change",
            Seen(
                replica(primary="orders", source="old"),
                live={
                    **replica(primary="old", source="old"),
                    "status": {"switchReplicaClusterStatus": {"inProgress": True}},
                },
            ),
            "spec.replica",
            "wait until",
        ),
        id="a switch while one is under way",
    ),
    pytest.param(
        Refused(
            "replica-risk",
            Seen(replica(primary="orders", source="old"), replica(primary="old", source="old")),
            "spec.replica",
            "failover without promotionToken",
            "warning",
        ),
        id="a failover without a token",
    ),
    pytest.param(
        Refused(
            "replica-risk",
            Seen(replica(enabled=False, source="old"), replica(enabled=True, source="old")),
            "spec.replica",
            "for good",
            "warning",
        ),
        id="a replica that is cut off",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_replica_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_replica_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    OTHER,
    Accepted,
    Refused,
    cluster,
    database,
    findings_against,
    findings_at_field,
    initdb,
    role,
    subscription,
)

ACCEPTED = [
    pytest.param(
        Accepted("subscription-source", Seen(subscription(), neighbours=(cluster(externalClusters=[OTHER]),))),
        id="a Subscription to an external Cluster that its own names",
    ),
    pytest.param(Accepted("subscription-source", Seen(subscription())), id="one whose Cluster is not known"),
    pytest.param(Accepted("database-name", Seen(database(name="shop"))), id="a name"),
    pytest.param(
        Accepted(
            "database-once",
            Seen(
                database(
                    extensions=[{"name": "vector"}, {"name": "hstore"}],
                    schemas=[{"name": "vector"}],
                    fdws=[
                        {"name": "a", "options": [{"name": "x", "value": "1"}], "usage": [{"name": "x"}]},
                        {"name": "b", "options": [{"name": "x", "value": "1"}]},
                    ],
                )
            ),
        ),
        id="the same name in two parts",
    ),
    pytest.param(
        Accepted("database-wrappers", Seen(database(fdws=[{"name": "a"}], servers=[{"name": "s", "fdw": "a"}]))),
        id="a server of a wrapper that is there",
    ),
    pytest.param(
        Accepted("database-wrappers", Seen(database(servers=[{"name": "s", "fdw": "gone", "ensure": "absent"}]))),
        id="a server that is dropped with its wrapper",
    ),
    pytest.param(
        Accepted("database-conflict", Seen(database(), neighbours=(database("other", name="billing"),))),
        id="another database of another object",
    ),
    pytest.param(
        Accepted("database-owner", Seen(database(), neighbours=(initdb(database="app", owner="app"),))),
        id="the owner that bootstrap makes",
    ),
    pytest.param(
        Accepted("database-owner", Seen(database(owner="report"), neighbours=(cluster(), role(name="report")))),
        id="an owner of a DatabaseRole",
    ),
    pytest.param(
        Accepted("database-owner", Seen(database(owner="unknown"))), id="an owner of a Cluster that is not seen"
    ),
    pytest.param(
        Accepted("database-danger", Seen(database(databaseReclaimPolicy="retain"))), id="a database that is kept"
    ),
    pytest.param(
        Accepted("database-left", Seen(database(), database(schemas=[{"name": "old", "ensure": "absent"}]))),
        id="a dropped schema that is no longer listed",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "subscription-source",
            Seen(subscription(externalClusterName="odl"), neighbours=(cluster(externalClusters=[OTHER]),)),
            "spec.externalClusterName",
            "Cluster orders has no item of spec.externalClusters that is named 'odl'; there are: old",
        ),
        id="a Subscription to an external Cluster that its own does not name",
    ),
    pytest.param(Refused("database-name", Seen(database(name="")), "spec.name", "is empty"), id="an empty name"),
    *(
        pytest.param(
            Refused(
                "database-once", Seen(database(**{part: [{"name": "a"}] * 2})), f"spec.{part}[1].name", "each name once"
            ),
            id=f"a name twice in {part}",
        )
        for part in ("extensions", "schemas", "fdws")
    ),
    pytest.param(
        Refused(
            "database-once",
            Seen(database(fdws=[{"name": "a", "usage": [{"name": "x"}, {"name": "x"}]}])),
            "spec.fdws[0].usage[1].name",
            "'x' is there already",
        ),
        id="a usage twice",
    ),
    pytest.param(
        Refused(
            "database-once",
            Seen(
                database(
                    fdws=[{"name": "a"}],
                    servers=[{"name": "s", "fdw": "a", "options": [{"name": "x", "value": "1"}] * 2}],
                )
            ),
            "spec.servers[0].options[1].name",
            "'x' is there already",
        ),
        id="an option twice",
    ),
    pytest.param(
        Refused(
            "database-wrappers",
            Seen(database(servers=[{"name": "s", "fdw": "a"}])),
            "spec.servers[0].fdw",
            "named 'a'; there are none",
        ),
        id="a server of a wrapper that is not there",
    ),
    pytest.param(
        Refused(
            "database-conflict",
            Seen(database(), neighbours=(database("other"),)),
            "spec.name",
            "Database other has 'shop' already",
        ),
        id="the same database of another object",
    ),
    pytest.param(
        Refused(
            "database-owner",
            Seen(database(owner="ap"), neighbours=(cluster(), role(name="app"))),
            "spec.owner",
            "there are: app",
            "warning",
        ),
        id="an owner that nobody declares",
    ),
    pytest.param(
        Refused(
            "database-danger",
            Seen(database(databaseReclaimPolicy="delete")),
            "spec.databaseReclaimPolicy",
            "with its data",
            "warning",
        ),
        id="a database that goes with its object",
    ),
    pytest.param(
        Refused("database-danger", Seen(database(ensure="absent")), "spec.ensure", "with its data", "warning"),
        id="a database that is dropped",
    ),
    pytest.param(
        Refused(
            "database-left",
            Seen(database(), database(extensions=[{"name": "vector"}])),
            "spec.extensions",
            "'vector' is no longer listed",
            "warning",
        ),
        id="an extension that is no longer listed",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_database_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_database_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    Accepted,
    Refused,
    catalog,
    cluster,
    database,
    findings_against,
    findings_at_field,
    role,
    synchronous,
)

ACCEPTED = [
    pytest.param(
        Accepted("operator-kind", Seen(role(), operator=(1, 30, 0))), id="a kind that came with this operator"
    ),
    pytest.param(Accepted("operator-kind", Seen(role())), id="a kind with an unknown operator"),
    pytest.param(
        Accepted("operator-kind", Seen(database(), operator=(1, 25, 1))),
        id="a patch release of the operator that brought it",
    ),
    pytest.param(
        Accepted("operator-field", Seen(cluster(primaryLease={}), operator=(1, 30, 0))),
        id="a field that came with this operator",
    ),
    pytest.param(Accepted("operator-field", Seen(cluster(primaryLease={}))), id="a field with an unknown operator"),
    pytest.param(Accepted("operator-field", Seen(catalog(17), operator=(1, 24, 0))), id="no field that came later"),
]

REFUSED = [
    pytest.param(
        Refused(
            "operator-kind",
            Seen(role(), operator=(1, 29, 2)),
            "kind",
            "came with operator 1.30, and this one is 1.29.2",
        ),
        id="a DatabaseRole with 1.29",
    ),
    pytest.param(
        Refused("operator-kind", Seen(database(), operator=(1, 24, 0)), "kind", "1.25"), id="a Database with 1.24"
    ),
    pytest.param(
        Refused(
            "operator-field",
            Seen(cluster(primaryLease={}), operator=(1, 29, 2)),
            "spec.primaryLease",
            "1.30.*1.29.2, drops it",
        ),
        id="a field of the specification",
    ),
    pytest.param(
        Refused(
            "operator-field",
            Seen(synchronous(failoverQuorum=True), operator=(1, 27, 0)),
            "spec.postgresql.synchronous.failoverQuorum",
            "1.28",
        ),
        id="a nested field",
    ),
    pytest.param(
        Refused(
            "operator-field",
            Seen(catalog(images=[{"major": 17, "image": "x:17", "extensions": []}]), operator=(1, 28, 0)),
            "spec.images[0].extensions",
            "1.29",
        ),
        id="a field in a list of a catalog",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_what_the_operator_knows_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_what_the_operator_is_too_old_for_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

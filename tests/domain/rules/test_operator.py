from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.releases import KNOWN, Release
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen, findings
from tests.domain.rules.examples import (
    Accepted,
    Refused,
    catalog,
    cluster,
    database,
    findings_against,
    findings_at_field,
    inline,
    pooler,
    role,
    synchronous,
)


def extension(**more: Any) -> Object:
    return cluster(postgresql={"extensions": [{"name": "vector", "image": {"reference": "x:1"}, **more}]})


def templated(**spec: Any) -> Object:
    return pooler(spec={"template": {"spec": {"containers": [], **spec}}})


def compressed(part: str, by: str) -> Object:
    store = {"destinationPath": "s3://x", "s3Credentials": {"inheritFromIAMRole": True}, part: {"compression": by}}
    return cluster(backup={"barmanObjectStore": store})


ACCEPTED = [
    pytest.param(
        Accepted("operator-kind", Seen(role(), operator=(1, 30, 0))), id="a kind that came with this operator"
    ),
    pytest.param(
        Accepted("operator-kind", Seen(database(), operator=(1, 25, 1))),
        id="a patch release of the operator that brought it",
    ),
    pytest.param(Accepted("operator-kind", Seen(database())), id="a kind that every supported operator has"),
    pytest.param(
        Accepted("operator-field", Seen(cluster(primaryLease={}), operator=(1, 30, 0))),
        id="a field that came with this operator",
    ),
    pytest.param(
        Accepted("operator-field", Seen(synchronous(podFailureDomainKeys=["zone"]), operator=(1, 31, 0))),
        id="a field of an operator that is newer than all that are known",
    ),
    pytest.param(
        Accepted("operator-field", Seen(cluster(probes={"startup": {"type": "streaming"}}))),
        id="a field that every supported operator has",
    ),
    *(
        pytest.param(Accepted("operator-field", Seen(value, operator=operator)), id=f"{name}, operator {operator}")
        for name, value, operators in (
            ("component images", catalog(17, componentImages=[]), ((1, 28, 4), (1, 29, 2), (1, 30, 0))),
            ("paths of an extension", extension(bin_path=["bin"]), ((1, 27, 4), (1, 28, 2), (1, 29, 0))),
        )
        for operator in operators
    ),
    pytest.param(
        Accepted("operator-value", Seen(compressed("data", "lz4"), operator=(1, 28, 4))), id="a compression of 1.28.4"
    ),
    pytest.param(Accepted("operator-value", Seen(compressed("wal", "zstd"))), id="a compression of all supported ones"),
    pytest.param(
        Accepted("operator-value", Seen(pooler(spec={"type": "rw"}), operator=(1, 25, 0))), id="a type of all releases"
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "operator-kind", Seen(role(), operator=(1, 29, 2)), "kind", r"1\.30\.0, and .* this one, 1\.29\.2, serves"
        ),
        id="a DatabaseRole with 1.29",
    ),
    pytest.param(
        Refused("operator-kind", Seen(role()), "kind", "an older one serves none.*before 1.30.0", "warning"),
        id="a DatabaseRole with an unknown operator",
    ),
    pytest.param(
        Refused("operator-kind", Seen(database(), operator=(1, 24, 0)), "kind", "1.25"), id="a Database with 1.24"
    ),
    *(
        pytest.param(
            Refused(
                "operator-field", Seen(value, operator=operator), field, rf"came with operator .*{since}.*, or upgrade"
            ),
            id=f"{field} of a {value['kind']}, operator {operator}",
        )
        for value, field, operator, since in (
            (cluster(primaryLease={}), "spec.primaryLease", (1, 29, 2), "1.30.0"),
            (cluster() | {"spec": {"securityContext": None}}, "spec.securityContext", (1, 27, 4), "1.28.0"),
            (synchronous(failoverQuorum=True), "spec.postgresql.synchronous.failoverQuorum", (1, 27, 0), "1.28.0"),
            (cluster(probes={"startup": {"type": "pg_isready"}}), "spec.probes.startup.type", (1, 25, 4), "1.26.0"),
            (
                cluster(probes={"liveness": {"isolationCheck": {}}}),
                "spec.probes.liveness.isolationCheck",
                (1, 26, 3),
                "1.27.0",
            ),
            (cluster(monitoring={"metricsQueriesTTL": 30}), "spec.monitoring.metricsQueriesTTL", (1, 27, 4), "1.28.0"),
            (extension(env=[]), "spec.postgresql.extensions[0].env", (1, 28, 1), "1.28.2, 1.29.0"),
            (extension(), "spec.postgresql.extensions", (1, 26, 3), "1.27.0"),
            (database(extensions=[]), "spec.extensions", (1, 25, 4), "1.26.0"),
            (database(servers=[]), "spec.servers", (1, 27, 4), "1.28.0"),
            (pooler(clientTLSSecret={"name": "x"}), "spec.pgbouncer.clientTLSSecret", (1, 27, 4), "1.28.0"),
            (pooler(image="x:1"), "spec.pgbouncer.image", (1, 29, 2), "1.30.0"),
            (templated(workloadRef={}), "spec.template.spec.workloadRef", (1, 28, 0), "1.28.1"),
            (templated(schedulingGroup={}), "spec.template.spec.schedulingGroup", (1, 29, 0), "1.29.1"),
            (
                templated(containers=[{"name": "pgbouncer", "lifecycle": {"stopSignal": "SIGINT"}}]),
                "spec.template.spec.containers[0].lifecycle.stopSignal",
                (1, 26, 0),
                "1.26.1",
            ),
            (
                catalog(images=[{"major": 17, "image": "x:17", "extensions": []}]),
                "spec.images[0].extensions",
                (1, 28, 0),
                "1.28.2",
            ),
            (catalog(17, componentImages=[]), "spec.componentImages", (1, 29, 1), "1.29.2"),
        )
    ),
    *(
        pytest.param(
            Refused(
                "operator-field",
                Seen(templated(workloadRef={}), operator=operator),
                "spec.template.spec.workloadRef",
                "gone since",
            ),
            id=f"workloadRef, operator {operator}",
        )
        for operator in ((1, 28, 3), (1, 29, 1), (1, 30, 0))
    ),
    pytest.param(
        Refused(
            "operator-field", Seen(cluster(securityContext={})), "spec.securityContext", "before 1.28.0", "warning"
        ),
        id="a field with an unknown operator",
    ),
    *(
        pytest.param(
            Refused(
                "operator-field",
                Seen(synchronous(podFailureDomainKeys=["zone"]), operator=operator),
                "spec.postgresql.synchronous.podFailureDomainKeys",
                "in no release of the operator yet, and the API refuses the whole object",
            ),
            id=f"a field of no release, operator {operator}",
        )
        for operator in ((1, 30, 0), (1, 25, 0))
    ),
    pytest.param(
        Refused(
            "operator-field",
            Seen(synchronous(podFailureDomainKeys=["zone"])),
            "spec.postgresql.synchronous.podFailureDomainKeys",
            "in no release of the operator yet",
            "warning",
        ),
        id="a field of no release, operator unknown",
    ),
    pytest.param(
        Refused(
            "operator-value",
            Seen(compressed("data", "lz4"), operator=(1, 29, 1)),
            "spec.backup.barmanObjectStore.data.compression",
            "'lz4' came with operator 1.28.4, 1.29.2, 1.30.0",
        ),
        id="a compression",
    ),
    pytest.param(
        Refused("operator-value", Seen(pooler(spec={"type": "r"}), operator=(1, 25, 0)), "spec.type", "1.25.1"),
        id="a type of Pooler",
    ),
    pytest.param(
        Refused(
            "operator-value",
            Seen(cluster(monitoring={"podMonitorRelabelings": [{"sourceLabels": ["a", "a.b"]}]}), operator=(1, 27, 0)),
            "spec.monitoring.podMonitorRelabelings[0].sourceLabels[1]",
            "'a.b' came with operator",
        ),
        id="a label that is not an identifier",
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


@pytest.mark.parametrize("operator", [(1, 27, 3), (1, 27, 4), (1, 28, 1), (1, 28, 2), (1, 29, 0)])
def test_a_field_that_came_and_went_is_known_in_between(operator: Release) -> None:
    assert [one for one in findings(Seen(templated(workloadRef={}), operator=operator)) if "operator" in one.rule] == []


@pytest.mark.parametrize("operator", KNOWN)
def test_nothing_that_is_older_than_every_release_is_held_against_one(operator: Release) -> None:
    about = [one for one in findings(Seen(inline({"name": "app"}), operator=operator)) if "operator" in one.rule]
    assert about == []

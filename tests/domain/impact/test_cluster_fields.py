from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gitops_mcp.crds import packaged_crd
from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.cluster_fields import FIELDS, OWN, decision_of
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object, Path
from gitops_mcp.domain.rules.rollout import POD_FIELDS
from tests.domain.impact.objects import L, N, O, R, assert_impact, cluster

SPEC: Object = packaged_crd("clusters")["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]


def leaves(schema: Object, path: Path = ()) -> Iterator[Path]:
    """Every field of the CRD that holds a value; of a list the fields of its items."""
    inner = schema.get("items", schema)
    if not inner.get("properties"):
        yield path
    for name, part in inner.get("properties", {}).items():
        yield from leaves(part, (*path, name))


def is_field(path: Path, schema: Object = SPEC) -> bool:
    for step in path:
        inner: Object = schema.get("items", schema).get("properties", {})
        if step not in inner:
            return False
        schema = inner[str(step)]
    return True


def test_no_leaf_of_the_crd_is_undecided() -> None:
    found = list(leaves(SPEC))
    assert len(found) > 600
    assert [path for path in found if decision_of(path) is None] == []


def test_every_decision_is_about_a_field_that_there_is() -> None:
    assert [path for path in (*FIELDS, *OWN, *POD_FIELDS) if not is_field(path)] == []


def test_a_field_has_one_decision() -> None:
    every = [*FIELDS, *OWN, *POD_FIELDS]
    assert len(every) == len(set(every))


def service(kind: str, strategy: str | None = None, **labels: str) -> Object:
    made: Object = {"selectorType": kind, "serviceTemplate": {"metadata": {"name": "shop", "labels": labels}}}
    return cluster(managed={"services": {"additional": [made | ({"updateStrategy": strategy} if strategy else {})]}})


def space(**given: Any) -> Object:
    return cluster(tablespaces=[{"name": "hot", "storage": {"size": "1Gi", **given.pop("storage", {})}, **given}])


def following(host: str) -> Object:
    others = [{"name": "other", "connectionParameters": {"host": host}}]
    return cluster(replica={"primary": "other", "source": "other"}, externalClusters=others)


DISABLED = cluster(managed={"services": {"disabledDefaultServices": ["ro"]}})


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(cluster(), cluster(description="x"), N, "a note", id="a note"),
        pytest.param(cluster(), cluster(priorityClassName="high"), N, "made from now on", id="a priority"),
        pytest.param(
            cluster(), cluster(postgresql={"pg_hba": ["local all all peer"]}), L, "pg_hba: a reload", id="hba"
        ),
        pytest.param(
            cluster(),
            cluster(postgresql={"synchronous": {"method": "any", "number": 1}}),
            L,
            "commits wait",
            id="synchronous replication",
        ),
        pytest.param(
            cluster(postgresql={"synchronous": {"method": "any", "number": 1}}),
            cluster(postgresql={"synchronous": {"method": "any", "number": 1, "failoverQuorum": True}}),
            N,
            "spec.postgresql.synchronous.failoverQuorum",
            id="the quorum of failovers, without a reload",
        ),
        pytest.param(
            cluster(),
            cluster(probes={"liveness": {"isolationCheck": {"enabled": False}}}),
            N,
            "at each probe",
            id="a part of a probe that no pod has",
        ),
        pytest.param(
            cluster(),
            cluster(probes={"liveness": {"periodSeconds": 5}}),
            R,
            "spec.probes: part of every pod",
            id="a part that pods have",
        ),
        pytest.param(
            cluster(),
            cluster(replicationSlots={"highAvailability": {"enabled": False}}),
            L,
            "are made or dropped",
            id="slots",
        ),
        pytest.param(
            cluster(),
            cluster(replicationSlots={"updateInterval": 10}),
            N,
            "updateInterval: takes effect the next time",
            id="how often slots are updated",
        ),
        pytest.param(cluster(), cluster(monitoring={"metricsQueriesTTL": "30s"}), N, "metrics", id="metrics"),
        pytest.param(cluster(), cluster(monitoring={"tls": {"enabled": True}}), R, "spec.monitoring.tls", id="TLS"),
        pytest.param(cluster(), cluster(primaryLease={"leaseDurationSeconds": 20}), N, "next time", id="the lease"),
        pytest.param(cluster(), DISABLED, O, "Service orders-ro goes", id="a Service that is switched off"),
        pytest.param(DISABLED, cluster(), N, "Service orders-ro comes back", id="one that is switched on"),
        pytest.param(cluster(), service("rw"), N, "Service shop is made", id="a Service more"),
        pytest.param(service("rw"), cluster(), O, "Service shop goes", id="a Service less"),
        pytest.param(
            service("rw"), service("ro"), O, "leads to ro instances", id="a Service that points to another server"
        ),
        pytest.param(service("rw"), service("rw", team="a"), N, "changed in place", id="labels of a Service"),
        pytest.param(
            service("rw", "replace"), service("rw", "replace", team="a"), O, "recreated", id="a Service replaced"
        ),
        pytest.param(space(name={"x": 1}), space(name={"x": 1}, owner={}), N, "another role owns", id="an odd name"),
        pytest.param(space(), space(owner={"name": "app"}), N, "another role owns it", id="owner of a tablespace"),
        pytest.param(space(), space(temporary=True), L, "temp_tablespaces", id="a tablespace for temporary data"),
        pytest.param(
            space(),
            space(storage={"storageClass": "fast"}),
            N,
            "spec.tablespaces[hot].storage.storageClass: only",
            id="class of a tablespace",
        ),
        pytest.param(
            cluster(),
            cluster(storage={"size": "10Gi", "resizeInUseVolumes": False}),
            N,
            "the next resize",
            id="whether volumes grow in use",
        ),
        pytest.param(following("a"), following("b"), L, "connects to it anew", id="the source of a replica"),
        pytest.param(
            cluster(),
            cluster(externalClusters=[{"name": "x"}]),
            N,
            "spec.externalClusters[x]: read when",
            id="a cluster that nothing follows",
        ),
        pytest.param(
            cluster(), cluster(primaryUpdateStrategy="supervised"), N, "a person has to finish", id="supervised"
        ),
        pytest.param(cluster(), cluster(backup={"retentionPolicy": "7d"}), N, "are deleted from", id="retention"),
    ],
)
def test_what_a_field_of_a_cluster_does(before: Object, after: Object, level: Level, says: str) -> None:
    assert_impact(before, after, level, says)


def test_a_primary_that_waits_for_a_person_restarts_once_nobody_is_asked() -> None:
    live = {**cluster(primaryUpdateStrategy="supervised"), "status": {"phase": "Waiting for user action"}}
    found = assess_impact(cluster(primaryUpdateStrategy="supervised"), cluster(), live=live)
    assert found.level is R
    assert found.reasons[0] == "spec.primaryUpdateStrategy: the primary, which waits for it, restarts now"

from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    NEWEST,
    Accepted,
    Refused,
    cluster,
    database,
    findings_against,
    findings_at_field,
    pooler,
    publication,
    scheduled,
)

ACCEPTED = [
    pytest.param(Accepted("pooler-name", Seen(pooler())), id="a name of its own"),
    pytest.param(
        Accepted("pooler-query", Seen(pooler(authQuery="SELECT 1", authQuerySecret={"name": "a"}))),
        id="a query and its Secret",
    ),
    pytest.param(Accepted("pooler-query", Seen(pooler())), id="neither query nor Secret"),
    pytest.param(Accepted("pooler-parameters", Seen(pooler(parameters={"default_pool_size": "20"}))), id="a parameter"),
    *(
        pytest.param(Accepted("pooler-values", Seen(pooler(parameters={key: value}))), id=f"{key} {value}")
        for key, value in (
            ("default_pool_size", "20"),
            ("query_wait_timeout", "0.5"),
            ("server_reset_query", "DISCARD ALL"),
            ("server_tls_sslmode", "require"),
            ("track_extra_parameters", "IntervalStyle"),
        )
    ),
    *(
        pytest.param(
            Accepted("pooler-parameters", Seen(pooler(parameters={key: "x"}), operator=operator)),
            id=f"{key}, {operator}",
        )
        for key, operator in (
            ("auth_user", (1, 31, 0)),
            ("client_tls_ciphers", (1, 27, 4)),
            ("client_tls13_ciphers", (1, 28, 2)),
            ("server_tls13_ciphers", (1, 30, 0)),
        )
    ),
    pytest.param(Accepted("instances", Seen(pooler(spec={"instances": 0}))), id="no pods"),
    pytest.param(Accepted("pooler-integration", Seen(pooler())), id="what the operator logs in for"),
    pytest.param(
        Accepted("pooler-metrics", Seen(pooler(spec={"monitoring": {"tls": {"enabled": True}}}))),
        id="encrypted metrics without a PodMonitor",
    ),
    pytest.param(
        Accepted(
            "pooler-metrics",
            Seen(
                pooler(
                    spec={"monitoring": {"tls": {"enabled": True}, "enablePodMonitor": True}},
                    clientTLSSecret={"name": "tls"},
                )
            ),
        ),
        id="encrypted metrics with a certificate",
    ),
    pytest.param(Accepted("pooler-deprecated", Seen(pooler())), id="no deprecated field"),
    pytest.param(
        Accepted("pooler-trust", Seen(pooler(pg_hba=["host all all all scram-sha-256"]))), id="records with a password"
    ),
    pytest.param(
        Accepted("cluster-kept", Seen(pooler(paused=True), pooler())), id="a Pooler that stays with its Cluster"
    ),
    pytest.param(
        Accepted("cluster-kept", Seen(scheduled(suspend=True), scheduled())),
        id="a ScheduledBackup that stays with its Cluster",
    ),
]

REFUSED = [
    *(
        pytest.param(
            Refused(
                "pooler-values",
                Seen(pooler(parameters={key: value})),
                f"spec.pgbouncer.parameters.{key}",
                f"'{value}' is not a number, and PgBouncer does not start with it: use one such as '20'",
            ),
            id=f"{key} {value}",
        )
        for key, value in (
            ("default_pool_size", "many"),
            ("max_client_conn", "-1"),
            ("query_timeout", "5s"),
            ("verbose", "on"),
        )
    ),
    *(
        pytest.param(
            Refused(
                "pooler-name", Seen(pooler(name)), "metadata.name", "not a name of a Service, which a Pooler makes"
            ),
            id=name,
        )
        for name in ("orders.pooler", "p" * 64)
    ),
    *(
        pytest.param(
            Refused(
                "pooler-parameters",
                Seen(pooler(parameters={key: "x"}), operator=operator),
                f"spec.pgbouncer.parameters.{key}",
                f"does not let '{key}' be set",
            ),
            id=f"{key}, {operator}",
        )
        for key, operator in (
            ("client_tls_protocols", NEWEST),
            ("auth_user", NEWEST),
            ("auth_user", None),
            ("client_tls_ciphers", (1, 28, 1)),
        )
    ),
    pytest.param(
        Refused(
            "pooler-parameters",
            Seen(pooler(parameters={"client_tls13_ciphers": "x"})),
            "spec.pgbouncer.parameters.client_tls13_ciphers",
            "before 1.27.4, 1.28.2, 1.29.0",
            "warning",
        ),
        id="a parameter that older operators refuse, of an unknown one",
    ),
    pytest.param(
        Refused("instances", Seen(pooler(spec={"instances": -1})), "spec.instances", "-1 is not a number of pods"),
        id="less than no pods",
    ),
    pytest.param(
        Refused("instances", Seen(cluster(instances=2**31)), "spec.instances", "below 2147483648"), id="too many pods"
    ),
    pytest.param(
        Refused(
            "pooler-integration",
            Seen(pooler(authQuery="SELECT 1", serverTLSSecret={"name": "t"})),
            "spec.pgbouncer.serverTLSSecret",
            "in Cluster orders yourself",
            "warning",
        ),
        id="a login of one's own",
    ),
    pytest.param(
        Refused("pooler-name", Seen(pooler("orders")), "metadata.name", "such as 'orders-pooler'"),
        id="the Cluster's own name",
    ),
    pytest.param(Refused("pooler-name", Seen(pooler(cluster="")), "spec.cluster.name", "is needed"), id="no Cluster"),
    pytest.param(
        Refused("pooler-name", Seen(pooler("orders-rw")), "metadata.name", "own Service", "warning"),
        id="the name of the Cluster's Service",
    ),
    pytest.param(
        Refused(
            "pooler-query", Seen(pooler(authQuery="SELECT 1")), "spec.pgbouncer.authQuery", "needs serverTLSSecret"
        ),
        id="a query without a Secret",
    ),
    pytest.param(
        Refused(
            "pooler-query", Seen(pooler(serverTLSSecret={"name": "t"})), "spec.pgbouncer.authQuery", "is needed beside"
        ),
        id="a Secret without a query",
    ),
    pytest.param(
        Refused(
            "pooler-parameters",
            Seen(pooler(parameters={"default_pool_siz": "1"})),
            "spec.pgbouncer.parameters.default_pool_siz",
            "there are: default_pool_size",
        ),
        id="a parameter that does not exist",
    ),
    pytest.param(
        Refused(
            "pooler-metrics",
            Seen(pooler(spec={"monitoring": {"tls": {"enabled": True}, "enablePodMonitor": True}})),
            "spec.monitoring.tls.enabled",
            "clientTLSSecret",
        ),
        id="encrypted metrics without a certificate",
    ),
    pytest.param(
        Refused(
            "pooler-deprecated",
            Seen(pooler(authQuery="SELECT 1", authQuerySecret={"name": "a"})),
            "spec.pgbouncer.authQuerySecret",
            "deprecated",
            "warning",
        ),
        id="a deprecated Secret",
    ),
    pytest.param(
        Refused(
            "pooler-deprecated",
            Seen(pooler(spec={"monitoring": {"enablePodMonitor": True}})),
            "spec.monitoring.enablePodMonitor",
            "deprecated",
            "warning",
        ),
        id="a deprecated PodMonitor",
    ),
    pytest.param(
        Refused(
            "pooler-trust",
            Seen(pooler(pg_hba=["host all all all trust"])),
            "spec.pgbouncer.pg_hba[0]",
            "password",
            "warning",
        ),
        id="trust",
    ),
    pytest.param(
        Refused(
            "cluster-kept", Seen(pooler(cluster="b"), pooler(), operator=NEWEST), "spec.cluster.name", "another Pooler"
        ),
        id="a Pooler of another Cluster",
    ),
    pytest.param(
        Refused(
            "cluster-kept",
            Seen(scheduled(cluster={"name": "b"}), scheduled(), operator=NEWEST),
            "spec.cluster.name",
            "another ScheduledBackup",
        ),
        id="a ScheduledBackup of another Cluster",
    ),
    pytest.param(
        Refused(
            "cluster-kept",
            Seen(database(cluster={"name": "b"}), database(), operator=NEWEST),
            "spec.cluster.name",
            "keep 'orders'",
        ),
        id="a Database of another Cluster",
    ),
    pytest.param(
        Refused(
            "cluster-kept",
            Seen(publication(cluster={"name": "b"}), publication()),
            "spec.cluster.name",
            "keep 'orders'.*since 1.28.4, 1.29.2, 1.30.0",
            "warning",
        ),
        id="a Publication of another Cluster, operator unknown",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_pooler_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_pooler_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

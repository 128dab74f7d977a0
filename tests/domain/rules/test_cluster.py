from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.cnpg.releases import Release
from gitops_mcp.domain.rules import Seen, findings
from tests.domain.rules.examples import PLUGIN, STORE, Accepted, Refused, cluster, findings_against, findings_at_field

ACCEPTED = [
    pytest.param(Accepted("cluster-name", Seen(cluster())), id="a name in small letters"),
    pytest.param(
        Accepted("supervised", Seen(cluster(instances=2, primaryUpdateStrategy="supervised"))),
        id="supervised, with 2 instances",
    ),
    pytest.param(Accepted("env", Seen(cluster(env=[{"name": "TZ", "value": "UTC"}]))), id="a variable of one's own"),
    pytest.param(
        Accepted(
            "webhook-choices", Seen(cluster(affinity={"podAntiAffinityType": "required"}, imagePullPolicy="Always"))
        ),
        id="choices that exist",
    ),
    pytest.param(
        Accepted("ephemeral-volumes", Seen(cluster(ephemeralVolumesSizeLimit={"temporaryData": "1Gi"}))),
        id="a size limit of temporary data alone",
    ),
    pytest.param(
        Accepted("certificates", Seen(cluster(certificates={"serverTLSSecret": "tls", "serverCASecret": "ca"}))),
        id="a server certificate with its CA",
    ),
    pytest.param(
        Accepted("certificates", Seen(cluster(certificates={"serverAltDNSNames": ["db.example"]}))),
        id="names for the operator's own certificate",
    ),
    pytest.param(
        Accepted("superuser-secret", Seen(cluster(superuserSecret={"name": "root"}))), id="a superuser's Secret"
    ),
    pytest.param(
        Accepted(
            "ldap", Seen(cluster(postgresql={"ldap": {"server": "ldap.example", "bindAsAuth": {"prefix": "uid="}}}))
        ),
        id="LDAP with one way of binding",
    ),
    pytest.param(
        Accepted("wal-archivers", Seen(cluster(plugins=[PLUGIN, {**PLUGIN, "name": "other", "enabled": False}]))),
        id="a second archiver that is not enabled",
    ),
    pytest.param(
        Accepted("retention-unused", Seen(cluster(backup={"retentionPolicy": "30d", **STORE}))),
        id="a retention policy with in-tree Barman",
    ),
    pytest.param(Accepted("service-account", Seen(cluster(serviceAccountName="db"))), id="an account that exists"),
    pytest.param(
        Accepted("primary-lease", Seen(cluster(primaryLease={"leaseDurationSeconds": 20, "renewDeadlineSeconds": 15}))),
        id="a lease that outlasts its renewal",
    ),
    *(
        pytest.param(Accepted("durations", Seen(cluster(monitoring={"metricsQueriesTTL": text}))), id=f"{text} long")
        for text in ("30s", "1h30m", "1.5h", "500ms", "+5m")
    ),
    pytest.param(Accepted("unix-identifiers", Seen(cluster(postgresUID=26), cluster())), id="the default UID, stated"),
    pytest.param(
        Accepted("deprecated", Seen(cluster(monitoring={"disableDefaultQueries": True, "metricsQueriesTTL": "30s"}))),
        id="monitoring without deprecated fields",
    ),
    pytest.param(
        Accepted("deprecated", Seen(cluster(backup=STORE, monitoring={"enablePodMonitor": True}), operator=(1, 25, 3))),
        id="what was not deprecated yet",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "cluster-name",
            Seen(cluster(name="Orders")),
            "metadata.name",
            "'Orders' is not a Cluster name.*such as 'orders'",
        ),
        id="a name with a capital letter",
    ),
    pytest.param(
        Refused("cluster-name", Seen(cluster(name="o" * 51)), "metadata.name", "at most 50"), id="a name of 51 letters"
    ),
    pytest.param(
        Refused(
            "supervised",
            Seen(cluster(instances=1, primaryUpdateStrategy="supervised")),
            "spec.primaryUpdateStrategy",
            "2 instances",
        ),
        id="supervised, with one instance",
    ),
    *(
        pytest.param(
            Refused("env", Seen(cluster(env=[{"name": name, "value": "x"}])), "spec.env[0].name", "the operator's own"),
            id=f"the variable {name}",
        )
        for name in ("PGDATA", "cnpg_x", "POD_NAME")
    ),
    pytest.param(
        Refused(
            "webhook-choices",
            Seen(cluster(affinity={"podAntiAffinityType": "strict"})),
            "spec.affinity.podAntiAffinityType",
            "required",
        ),
        id="an anti-affinity that does not exist",
    ),
    pytest.param(
        Refused(
            "ephemeral-volumes",
            Seen(
                cluster(
                    ephemeralVolumeSource={"volumeClaimTemplate": {"spec": {}}},
                    ephemeralVolumesSizeLimit={"temporaryData": "1Gi"},
                )
            ),
            "spec.ephemeralVolumeSource",
            "keep one",
        ),
        id="an ephemeral volume and a limit of its size",
    ),
    pytest.param(
        Refused(
            "certificates",
            Seen(cluster(certificates={"serverTLSSecret": "t"})),
            "spec.certificates.serverCASecret",
            "is needed beside",
        ),
        id="a server certificate without a CA",
    ),
    pytest.param(
        Refused(
            "certificates",
            Seen(cluster(certificates={"serverTLSSecret": "t", "serverCASecret": "c", "serverAltDNSNames": ["x"]})),
            "spec.certificates.serverAltDNSNames",
            "leave it out",
        ),
        id="names for a certificate of one's own",
    ),
    pytest.param(
        Refused(
            "certificates",
            Seen(cluster(certificates={"replicationTLSSecret": "t"})),
            "spec.certificates.clientCASecret",
            "is needed",
        ),
        id="a replication certificate without a CA",
    ),
    pytest.param(
        Refused(
            "superuser-secret", Seen(cluster(superuserSecret={"name": ""})), "spec.superuserSecret.name", "is empty"
        ),
        id="a superuser's Secret without a name",
    ),
    pytest.param(
        Refused("ldap", Seen(cluster(postgresql={"ldap": {"port": 389}})), "spec.postgresql.ldap.server", "is needed"),
        id="LDAP without a server",
    ),
    pytest.param(
        Refused(
            "ldap",
            Seen(
                cluster(
                    postgresql={
                        "ldap": {"server": "l", "bindAsAuth": {"prefix": "u"}, "bindSearchAuth": {"baseDN": "d"}}
                    }
                )
            ),
            "spec.postgresql.ldap.bindAsAuth",
            "excludes bindSearchAuth",
        ),
        id="LDAP with two ways of binding",
    ),
    pytest.param(
        Refused(
            "wal-archivers",
            Seen(cluster(plugins=[PLUGIN, {**PLUGIN, "name": "b"}])),
            "spec.plugins[1].isWALArchiver",
            "at most one",
        ),
        id="two archivers",
    ),
    pytest.param(
        Refused(
            "wal-archivers",
            Seen(cluster(plugins=[PLUGIN], backup=STORE)),
            "spec.plugins[0].isWALArchiver",
            "excludes spec.backup",
        ),
        id="an archiver beside in-tree Barman",
    ),
    pytest.param(
        Refused(
            "retention-unused",
            Seen(cluster(backup={"retentionPolicy": "30d"})),
            "spec.backup.retentionPolicy",
            "ObjectStore",
            "warning",
        ),
        id="a retention policy that nobody reads",
    ),
    pytest.param(
        Refused(
            "service-account",
            Seen(cluster(serviceAccountName="a", serviceAccountTemplate={"metadata": {"labels": {"a": "b"}}})),
            "spec.serviceAccountName",
            "must be left out",
        ),
        id="an account that exists, and a template of one",
    ),
    pytest.param(
        Refused(
            "primary-lease",
            Seen(cluster(primaryLease={"leaseDurationSeconds": 10})),
            "spec.primaryLease.leaseDurationSeconds",
            "at least 11",
        ),
        id="a lease as short as its renewal",
    ),
    pytest.param(
        Refused(
            "primary-lease",
            Seen(cluster(primaryLease={"renewDeadlineSeconds": 6, "retryPeriodSeconds": 5})),
            "spec.primaryLease.renewDeadlineSeconds",
            "at least 7",
        ),
        id="a renewal shorter than 1.2 retries",
    ),
    pytest.param(
        Refused("unix-identifiers", Seen(cluster(postgresUID=1000), cluster()), "spec.postgresUID", "keep 26"),
        id="another UID",
    ),
    pytest.param(
        Refused(
            "unix-identifiers",
            Seen(cluster(postgresGID=26), live=cluster(postgresGID=70)),
            "spec.postgresGID",
            "keep 70",
        ),
        id="another GID than the live one",
    ),
    *(
        pytest.param(Refused("deprecated", Seen(cluster(**spec)), field, says, "warning"), id=f"deprecated {field}")
        for spec, field, says in (
            ({"nodeMaintenanceWindow": {}}, "spec.nodeMaintenanceWindow", "enablePDB"),
            ({"backup": STORE}, "spec.backup.barmanObjectStore", "1.31"),
            ({"externalClusters": [{"name": "a", **STORE}]}, "spec.externalClusters[0].barmanObjectStore", "1.31"),
            ({"monitoring": {"enablePodMonitor": True}}, "spec.monitoring.enablePodMonitor", "PodMonitor of your own"),
        )
    ),
    *(
        pytest.param(
            Refused(
                "durations",
                Seen(cluster(monitoring={"metricsQueriesTTL": text})),
                "spec.monitoring.metricsQueriesTTL",
                "each scrape",
                "warning",
            ),
            id=f"{text} long",
        )
        for text in ("0s", "0h0m0s", "0.0s", "0")
    ),
    *(
        pytest.param(Refused("durations", Seen(seen), field, "not a duration"), id=f"{field}: {seen['spec']}")
        for seen, field in (
            (cluster(monitoring={"metricsQueriesTTL": "1d"}), "spec.monitoring.metricsQueriesTTL"),
            (cluster(monitoring={"metricsQueriesTTL": ""}), "spec.monitoring.metricsQueriesTTL"),
            (cluster(replica={"source": "a", "minApplyDelay": "1m0"}), "spec.replica.minApplyDelay"),
        )
    ),
    pytest.param(
        Refused(
            "ephemeral-volumes",
            Seen(cluster(ephemeralVolumeSource={}, ephemeralVolumesSizeLimit={"temporaryData": 0})),
            "spec.ephemeralVolumeSource",
            "keep one",
        ),
        id="an empty ephemeral volume and a limit of nothing",
    ),
    pytest.param(
        Refused(
            "ldap",
            Seen(cluster(postgresql={"ldap": {"server": "l", "bindAsAuth": {}, "bindSearchAuth": {}}})),
            "spec.postgresql.ldap.bindAsAuth",
            "excludes",
        ),
        id="LDAP with two empty ways of binding",
    ),
    pytest.param(
        Refused("unix-identifiers", Seen(cluster(), live=cluster(postgresUID=1000)), "spec.postgresUID", "keep 1000"),
        id="a UID that goes",
    ),
]


@pytest.mark.parametrize(
    ("operator", "goes"),
    [
        ((1, 26, 0), "1.28.0"),
        ((1, 26, 3), "1.29.0"),
        ((1, 28, 1), "1.29.0"),
        ((1, 28, 3), "1.30.0"),
        ((1, 28, 4), "1.31.0"),
        (None, "1.31.0"),
    ],
)
def test_the_end_of_in_tree_barman_is_told_as_the_running_release_tells_it(operator: Release | None, goes: str) -> None:
    told = [one.message for one in findings(Seen(cluster(backup=STORE), operator=operator)) if one.rule == "deprecated"]
    assert told == [
        f"in-tree Barman is deprecated and goes with operator {goes}: use the plugin barman-cloud.cloudnative-pg.io"
    ]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_cluster_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_cluster_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

"""For every rule an object that it accepts and objects that it refuses."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen, Severity

IMAGE = "example/postgresql"
DIGEST = "sha256:" + "0" * 64
TOKEN = base64.b64encode(
    json.dumps(
        {
            "latestCheckpointTimelineID": "1",
            "redoWalFile": "000000010000000000000007",
            "databaseSystemIdentifier": "7512345678901234567",
            "latestCheckpointREDOLocation": "0/7000028",
            "timeOfLatestCheckpoint": "Fri Aug 21 10:00:00 2026",
            "operatorVersion": "1.30.0",
        }
    ).encode()
).decode()
OTHER: Object = {"name": "old", "connectionParameters": {"host": "old-rw"}}


@dataclass(frozen=True)
class Refused:
    seen: Seen
    field: str
    says: str
    severity: Severity = "error"


def made(kind: str, name: str, spec: Object, annotations: Object | None = None) -> Object:
    metadata = {"name": name, "namespace": "shop", **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "postgresql.cnpg.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def cluster(annotations: Object | None = None, *, name: str = "orders", **spec: Any) -> Object:
    given = {"instances": 3, "imageName": f"{IMAGE}:17.4", "storage": {"size": "10Gi"}, **spec}
    return made("Cluster", name, {key: value for key, value in given.items() if value is not None}, annotations)


def parameters(annotations: Object | None = None, /, *, spec: Object | None = None, **given: Any) -> Object:
    return cluster(annotations, **(spec or {}), postgresql={"parameters": given})


def synchronous(instances: int = 3, **given: Any) -> Object:
    return cluster(instances=instances, postgresql={"synchronous": {"method": "any", "number": 1, **given}})


def initdb(**given: Any) -> Object:
    return cluster(bootstrap={"initdb": given})


def recovery(**given: Any) -> Object:
    return cluster(bootstrap={"recovery": given}, externalClusters=[OTHER])


def imported(**given: Any) -> Object:
    source = {"source": {"externalCluster": "old"}}
    return cluster(bootstrap={"initdb": {"import": {**source, **given}}}, externalClusters=[OTHER])


def replica(**given: Any) -> Object:
    itself = {"name": "orders", "connectionParameters": {"host": "orders-rw"}}
    return cluster(replica=given, bootstrap={"recovery": {"source": "old"}}, externalClusters=[OTHER, itself])


def service(name: str | None, **spec: Any) -> Object:
    template = {"metadata": {"name": name} if name else {}, "spec": spec}
    return {"selectorType": "rw", "serviceTemplate": template}


def inline(*roles: Object) -> Object:
    return cluster(managed={"roles": list(roles)})


def role(label: str = "orders-app", /, **spec: Any) -> Object:
    return made("DatabaseRole", label, {"cluster": {"name": "orders"}, "name": "app", **spec})


def database(label: str = "orders-shop", /, **spec: Any) -> Object:
    return made("Database", label, {"cluster": {"name": "orders"}, "name": "shop", "owner": "app", **spec})


def publication(**spec: Any) -> Object:
    given = {"cluster": {"name": "orders"}, "name": "all", "dbname": "shop", "target": {"allTables": True}, **spec}
    return made("Publication", "orders-all", given)


def pooler(
    name: str = "orders-pooler", *, cluster: str = "orders", spec: Object | None = None, **bouncer: Any
) -> Object:
    given = {"cluster": {"name": cluster}, "pgbouncer": {"poolMode": "session", **bouncer}, **(spec or {})}
    return made("Pooler", name, given)


def scheduled(annotations: Object | None = None, **spec: Any) -> Object:
    given = {"cluster": {"name": "orders"}, "schedule": "0 0 2 * * *", **spec}
    return made("ScheduledBackup", "orders-nightly", given, annotations)


def backup(**spec: Any) -> Object:
    return made("Backup", "orders-now", {"cluster": {"name": "orders"}, **spec})


def catalog(*majors: int, **spec: Any) -> Object:
    images = [{"major": number, "image": f"{IMAGE}:{number}.1"} for number in majors]
    return made("ImageCatalog", "team", {"images": images, **spec})


def listed(major: Any = 17, **more: Any) -> Object:
    reference = {"apiGroup": "postgresql.cnpg.io", "kind": "ImageCatalog", "name": "team", "major": major, **more}
    return cluster(imageName=None, imageCatalogRef=reference)


def tablespaces(*names: str, size: str = "1Gi") -> Object:
    return cluster(tablespaces=[{"name": name, "storage": {"size": size}} for name in names])


def running(value: Object, major: int = 17) -> Object:
    return {**value, "status": {"pgDataImageInfo": {"majorVersion": major}}}


PLUGIN: Object = {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}
STORE: Object = {
    "barmanObjectStore": {"destinationPath": "s3://backups/orders", "s3Credentials": {"inheritFromIAMRole": True}}
}
LOGIC: dict[str, Any] = {"hot_standby_feedback": "on", "sync_replication_slots": "on"}
SLOTS: Object = {"pg_failover_slots.synchronize_slot_names": "x"}
STATEMENTS: Object = {"pg_stat_statements.max": "10000"}
MINIMAL: Object = {"wal_level": "minimal", "max_wal_senders": "0"}
NO_ARCHIVE: Object = {"cnpg.io/skipWalArchiving": "enabled"}

ACCEPTED: dict[str, list[Seen]] = {
    "cluster-name": [Seen(cluster())],
    "supervised": [Seen(cluster(instances=2, primaryUpdateStrategy="supervised"))],
    "env": [Seen(cluster(env=[{"name": "TZ", "value": "UTC"}]))],
    "resources": [Seen(cluster(resources={"requests": {"memory": "1Gi"}, "limits": {"memory": "1024Mi"}}))],
    "tolerations": [
        Seen(
            cluster(
                affinity={
                    "tolerations": [
                        {"operator": "Exists"},
                        {"key": "db", "value": "yes", "effect": "NoExecute", "tolerationSeconds": 30},
                    ]
                }
            )
        )
    ],
    "ephemeral-volumes": [Seen(cluster(ephemeralVolumesSizeLimit={"temporaryData": "1Gi"}))],
    "certificates": [
        Seen(cluster(certificates={"serverTLSSecret": "tls", "serverCASecret": "ca"})),
        Seen(cluster(certificates={"serverAltDNSNames": ["db.example"]})),
    ],
    "superuser-secret": [Seen(cluster(superuserSecret={"name": "root"}))],
    "ldap": [Seen(cluster(postgresql={"ldap": {"server": "ldap.example", "bindAsAuth": {"prefix": "uid="}}}))],
    "wal-archivers": [Seen(cluster(plugins=[PLUGIN, {**PLUGIN, "name": "other", "enabled": False}]))],
    "retention-unused": [Seen(cluster(backup={"retentionPolicy": "30d", **STORE}))],
    "service-account": [Seen(cluster(serviceAccountName="db"))],
    "primary-lease": [Seen(cluster(primaryLease={"leaseDurationSeconds": 20, "renewDeadlineSeconds": 15}))],
    "unix-identifiers": [Seen(cluster(postgresUID=26), cluster())],
    "deprecated": [Seen(cluster(monitoring={"disableDefaultQueries": True, "metricsQueriesTTL": "30s"}))],
    "image-name": [
        Seen(cluster(imageName=f"registry.example:5000/{IMAGE}:18.4-system-trixie")),
        Seen(cluster(imageName=f"{IMAGE}:18@{DIGEST}")),
    ],
    "major-change": [
        Seen(cluster(imageName=f"{IMAGE}:18.1"), cluster(), operator=(1, 30, 0)),
        Seen(cluster(), cluster(imageName=f"{IMAGE}:18.1"), running(cluster(imageName=f"{IMAGE}:18.1"), 17)),
    ],
    "image-in-catalog": [Seen(listed(17), neighbours=(catalog(16, 17),))],
    "storage-size": [
        Seen(cluster(storage={"size": "1.5Ti"})),
        Seen(cluster(storage={"pvcTemplate": {"resources": {"requests": {"storage": "1Gi"}}}})),
    ],
    "storage-twice": [Seen(cluster(storage={"size": "1Gi", "pvcTemplate": {"accessModes": ["ReadWriteOnce"]}}))],
    "storage-shrink": [
        Seen(cluster(storage={"size": "10240Mi"}), cluster()),
        Seen(tablespaces("hot", size="2Gi"), tablespaces("hot", size="1Gi")),
    ],
    "wal-storage-kept": [Seen(cluster(walStorage={"size": "1Gi"}), cluster())],
    "tablespaces-kept": [Seen(tablespaces("hot", "cold"), tablespaces("hot"))],
    "tablespace-names": [Seen(tablespaces("hot", "_cold2"))],
    "tablespace-snapshots": [
        Seen(
            {
                **tablespaces("hot"),
                "spec": {
                    **tablespaces("hot")["spec"],
                    "backup": {"volumeSnapshot": {"tablespaceClassName": {"hot": "fast"}}},
                },
            }
        )
    ],
    "parameters": [
        Seen(parameters(max_connections="200", log_destination="csvlog", **STATEMENTS)),
        Seen(cluster(postgresql={})),
    ],
    "wal-level": [
        Seen(parameters(spec={"instances": 3}, wal_level="replica")),
        Seen(
            parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
            parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
        ),
    ],
    "wal-log-hints": [
        Seen(parameters(wal_log_hints="on")),
        Seen(parameters(spec={"instances": 1}, wal_log_hints="off")),
    ],
    "wal-sizes": [
        Seen(parameters(spec={"walStorage": {"size": "10Gi"}}, min_wal_size="1GB", max_wal_size="8GB")),
        Seen(parameters(spec={"walStorage": {"size": "100Mi"}}, work_mem="4MB")),
    ],
    "shared-buffers": [
        Seen(parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="256MB")),
        Seen(
            parameters(
                spec={"resources": {"requests": {"memory": "1Gi", "hugepages-2Mi": "4Gi"}}}, shared_buffers="2GB"
            )
        ),
    ],
    "shared-buffers-unit": [Seen(parameters(shared_buffers="256MB"))],
    "wal-level-kept": [
        Seen(parameters(wal_level="replica"), parameters(wal_level="logical")),
        Seen(
            parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
            parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
        ),
    ],
    "failover-slots": [Seen(parameters(hot_standby_feedback="on", **SLOTS))],
    "pg-hba": [
        Seen(
            cluster(
                podSelectorRefs=[{"name": "api", "selector": {"matchLabels": {"app": "api"}}}],
                postgresql={
                    "pg_hba": ["# people", "hostssl all all ${podselector:api} scram-sha-256", "", "local all all peer"]
                },
            )
        )
    ],
    "pg-hba-trust": [Seen(cluster(postgresql={"pg_hba": ["host all all all md5 # no trust"]}))],
    "extensions": [
        Seen(cluster(postgresql={"extensions": [{"name": "postgis", "image": {"reference": "example/p:3"}}]}))
    ],
    "extension-images": [
        Seen(cluster(postgresql={"extensions": [{"name": "postgis", "image": {"reference": "example/p:3"}}]})),
        Seen({**listed(), "spec": {**listed()["spec"], "postgresql": {"extensions": [{"name": "postgis"}]}}}),
    ],
    "synchronous-number": [
        Seen(synchronous(number=2)),
        Seen(synchronous(1, standbyNamesPre=["away"], dataDurability="required")),
    ],
    "failover-quorum": [Seen(synchronous(failoverQuorum=True))],
    "synchronous-legacy": [Seen(cluster(minSyncReplicas=1, maxSyncReplicas=1))],
    "sync-replicas": [Seen(cluster(minSyncReplicas=1, maxSyncReplicas=2))],
    "election-constraint": [
        Seen(
            cluster(postgresql={"syncReplicaElectionConstraint": {"enabled": True, "nodeLabelsAntiAffinity": ["zone"]}})
        )
    ],
    "slot-patterns": [Seen(cluster(replicationSlots={"synchronizeReplicas": {"excludePatterns": ["^tmp_"]}}))],
    "logical-slots": [
        Seen(parameters(spec={"replicationSlots": {"highAvailability": {"synchronizeLogicalDecoding": True}}}, **LOGIC))
    ],
    "slot-prefix-kept": [
        Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "_cnpg_"}}), cluster()),
        Seen(
            cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}}),
            cluster(replicationSlots={"highAvailability": {"enabled": False}}),
        ),
    ],
    "bootstrap-method": [Seen(initdb(database="app", owner="app"))],
    "bootstrap-owner": [Seen(initdb(database="app", owner="app")), Seen(initdb(encoding="UTF8"))],
    "initdb-segment": [Seen(initdb(walSegmentSize=64))],
    "initdb-references": [Seen(initdb(postInitSQLRefs={"secretRefs": [{"name": "sql", "key": "a.sql"}]}))],
    "import": [
        Seen(imported(type="microservice", databases=["shop"])),
        Seen(imported(type="monolith", databases=["*"], roles=["*"])),
    ],
    "recovery": [Seen(recovery(source="old")), Seen(recovery(backup={"name": "orders-now"}))],
    "recovery-target": [
        Seen(recovery(source="old", recoveryTarget={"targetTime": "2026-08-21 02:03:12+00", "targetTLI": "2"})),
        Seen(recovery(source="old", recoveryTarget={"targetImmediate": True, "backupID": "20260821T020001"})),
        Seen(recovery(source="old", recoveryTarget={"targetLSN": "0/42000158"})),
    ],
    "base-backup": [
        Seen(cluster(bootstrap={"pg_basebackup": {"source": "old"}}, externalClusters=[OTHER])),
        Seen(
            cluster(
                bootstrap={"pg_basebackup": {"source": "old"}},
                externalClusters=[{"name": "${OLD}", "connectionParameters": {"host": "x"}}],
            )
        ),
    ],
    "external-clusters": [Seen(cluster(externalClusters=[OTHER, {"name": "b", "plugin": {"name": "p"}}]))],
    "bootstrap-once": [
        Seen(recovery(source="old")),
        Seen(initdb(encoding="UTF8"), initdb(encoding="UTF8"), initdb(database="app", owner="app")),
    ],
    "replica-mode": [Seen(replica(primary="old", source="old"))],
    "replica-references": [Seen(replica(enabled=True, source="old"))],
    "replica-bootstrap": [
        Seen(replica(enabled=True, source="old")),
        Seen(
            cluster(replica={"enabled": True, "source": "old"}, externalClusters=[OTHER]),
            cluster(replica={"enabled": True, "source": "old"}, externalClusters=[OTHER]),
        ),
    ],
    "promotion-token": [Seen(replica(primary="orders", source="old", promotionToken=TOKEN))],
    "replica-change": [Seen(replica(primary="orders", source="old"), live=replica(primary="old", source="old"))],
    "replica-risk": [
        Seen(replica(primary="orders", source="old", promotionToken=TOKEN), replica(primary="old", source="old"))
    ],
    "default-services": [Seen(cluster(managed={"services": {"disabledDefaultServices": ["r", "ro"]}}))],
    "additional-services": [Seen(cluster(managed={"services": {"additional": [service("orders-lb")]}}))],
    "role-name": [Seen(inline({"name": "Re port"}))],
    "role-once": [Seen(inline({"name": "app"}, {"name": "report"}))],
    "role-password": [Seen(inline({"name": "app", "passwordSecret": {"name": "app"}, "disablePassword": False}))],
    "role-limit": [Seen(inline({"name": "app", "connectionLimit": -1})), Seen(role(connectionLimit=0))],
    "role-danger": [Seen(role(superuser=False, inRoles=["readers"]))],
    "role-left": [Seen(inline(), inline({"name": "app", "ensure": "absent"}))],
    "role-conflict": [
        Seen(role(), neighbours=(role("other", name="report"), role())),
        Seen(role(), neighbours=(role("other", cluster={"name": "billing"}),)),
    ],
    "role-inline": [Seen(role(), neighbours=(inline({"name": "report"}),))],
    "database-name": [Seen(database(name="shop"))],
    "database-once": [
        Seen(
            database(
                extensions=[{"name": "vector"}, {"name": "hstore"}],
                schemas=[{"name": "vector"}],
                fdws=[
                    {"name": "a", "options": [{"name": "x", "value": "1"}], "usage": [{"name": "x"}]},
                    {"name": "b", "options": [{"name": "x", "value": "1"}]},
                ],
            )
        )
    ],
    "database-wrappers": [Seen(database(fdws=[{"name": "a"}], servers=[{"name": "s", "fdw": "a"}]))],
    "database-conflict": [Seen(database(), neighbours=(database("other", name="billing"),))],
    "database-owner": [
        Seen(database(), neighbours=(initdb(database="app", owner="app"),)),
        Seen(database(owner="report"), neighbours=(cluster(), role(name="report"))),
        Seen(database(owner="unknown")),
    ],
    "database-danger": [Seen(database(databaseReclaimPolicy="retain"))],
    "database-left": [Seen(database(), database(schemas=[{"name": "old", "ensure": "absent"}]))],
    "pooler-name": [Seen(pooler())],
    "pooler-query": [Seen(pooler(authQuery="SELECT 1", authQuerySecret={"name": "a"})), Seen(pooler())],
    "pooler-parameters": [Seen(pooler(parameters={"default_pool_size": "20"}))],
    "pooler-metrics": [
        Seen(pooler(spec={"monitoring": {"tls": {"enabled": True}}})),
        Seen(
            pooler(
                spec={"monitoring": {"tls": {"enabled": True}, "enablePodMonitor": True}},
                clientTLSSecret={"name": "tls"},
            )
        ),
    ],
    "pooler-deprecated": [Seen(pooler())],
    "pooler-trust": [Seen(pooler(pg_hba=["host all all all scram-sha-256"]))],
    "cluster-kept": [Seen(pooler(paused=True), pooler()), Seen(scheduled(suspend=True), scheduled())],
    "schedule": [
        *(Seen(scheduled(schedule=text)) for text in ("0 0 2 * * *", "0 */15 1-5,8 ? JAN,jul MON-FRI")),
        *(Seen(scheduled(schedule=text)) for text in ("@daily", "@every 6h", "@every 1h30m", "0 0 0 1 1 0/2")),
    ],
    "backup-online": [Seen(backup(method="volumeSnapshot", online=True))],
    "backup-plugin": [Seen(scheduled(method="plugin", pluginConfiguration={"name": "p"}))],
    "backup-deadline": [Seen(scheduled({"cnpg.io/volumeSnapshotDeadline": "30"}, method="volumeSnapshot"))],
    "backup-configured": [
        Seen(
            backup(method="plugin", pluginConfiguration={"name": PLUGIN["name"]}),
            neighbours=(cluster(plugins=[PLUGIN]),),
        ),
        Seen(backup(), neighbours=(cluster(backup=STORE),)),
        Seen(backup()),
    ],
    "catalog-versions": [Seen(catalog(17))],
    "catalog-used": [Seen(catalog(17, 18), neighbours=(listed(17), cluster()))],
    "webhook-choices": [Seen(cluster(affinity={"podAntiAffinityType": "required"}, imagePullPolicy="Always"))],
    "dangerous-annotations": [Seen(cluster({"cnpg.io/validation": "enabled", "example.org/team": "shop"}))],
    "annotation-values": [Seen(cluster({"cnpg.io/hibernation": "on", "cnpg.io/fencedInstances": '["orders-1"]'}))],
    "operator-kind": [Seen(role(), operator=(1, 30, 0)), Seen(role()), Seen(database(), operator=(1, 25, 1))],
    "operator-field": [
        Seen(cluster(primaryLease={}), operator=(1, 30, 0)),
        Seen(cluster(primaryLease={})),
        Seen(catalog(17), operator=(1, 24, 0)),
    ],
    "image-and-parameters": [
        Seen(
            parameters(spec={"imageName": f"{IMAGE}:17.5", "primaryUpdateMethod": "restart"}, work_mem="8MB"),
            parameters(work_mem="4MB"),
        ),
        Seen(
            parameters(spec={"imageName": f"{IMAGE}:17.5", "primaryUpdateMethod": "switchover"}, work_mem="8MB"),
            parameters(spec={"primaryUpdateMethod": "switchover"}, work_mem="8MB"),
            parameters(spec={"primaryUpdateMethod": "switchover"}, work_mem="8MB", wal_level="logical"),
        ),
    ],
    "resize-alone": [
        Seen(cluster(storage={"size": "20Gi"}, enablePDB=False), cluster()),
        Seen(cluster(resources={"requests": {"cpu": 1}}), cluster()),
    ],
}

CATALOG: Object = {"apiGroup": "postgresql.cnpg.io", "kind": "ClusterImageCatalog", "name": "newer", "major": 17}
RESTARTED = "kubectl.kubernetes.io/restartedAt"
RESIZED = cluster(storage={"size": "20Gi"}, resources={"requests": {"cpu": 1}})
SWITCHED: Object = {"imageName": f"{IMAGE}:17.5", "primaryUpdateMethod": "switchover"}

REFUSED: dict[str, list[Refused]] = {
    "cluster-name": [
        Refused(Seen(cluster(name="Orders")), "metadata.name", "'Orders' is not a Cluster name.*such as 'orders'"),
        Refused(Seen(cluster(name="o" * 51)), "metadata.name", "at most 50"),
    ],
    "supervised": [
        Refused(
            Seen(cluster(instances=1, primaryUpdateStrategy="supervised")), "spec.primaryUpdateStrategy", "2 instances"
        )
    ],
    "env": [
        Refused(Seen(cluster(env=[{"name": name, "value": "x"}])), "spec.env[0].name", "the operator's own")
        for name in ("PGDATA", "cnpg_x", "POD_NAME")
    ],
    "resources": [
        Refused(
            Seen(cluster(resources={"requests": {name: "2"}, "limits": {name: "1500m"}})),
            f"spec.resources.requests.{name}",
            "more than the limit 1500m",
        )
        for name in ("cpu", "memory", "ephemeral-storage")
    ],
    "tolerations": [
        Refused(Seen(cluster(affinity={"tolerations": [toleration]})), f"spec.affinity.tolerations[0].{field}", says)
        for toleration, field, says in (
            ({"key": "a", "operator": "In"}, "operator", "'In' does not exist"),
            ({"value": "x"}, "operator", "without a key"),
            ({"key": "a", "operator": "Exists", "value": "x"}, "value", "leave it out"),
            ({"key": "a", "value": "a b"}, "value", "no value of a label"),
            ({"key": "a", "effect": "Never"}, "effect", "NoSchedule, PreferNoSchedule, NoExecute"),
            ({"key": "a", "effect": "NoSchedule", "tolerationSeconds": 3}, "effect", "must be 'NoExecute'"),
        )
    ],
    "ephemeral-volumes": [
        Refused(
            Seen(
                cluster(
                    ephemeralVolumeSource={"volumeClaimTemplate": {"spec": {}}},
                    ephemeralVolumesSizeLimit={"temporaryData": "1Gi"},
                )
            ),
            "spec.ephemeralVolumeSource",
            "keep one",
        )
    ],
    "certificates": [
        Refused(
            Seen(cluster(certificates={"serverTLSSecret": "t"})), "spec.certificates.serverCASecret", "is needed beside"
        ),
        Refused(
            Seen(cluster(certificates={"serverTLSSecret": "t", "serverCASecret": "c", "serverAltDNSNames": ["x"]})),
            "spec.certificates.serverAltDNSNames",
            "leave it out",
        ),
        Refused(
            Seen(cluster(certificates={"replicationTLSSecret": "t"})), "spec.certificates.clientCASecret", "is needed"
        ),
    ],
    "superuser-secret": [Refused(Seen(cluster(superuserSecret={"name": ""})), "spec.superuserSecret.name", "is empty")],
    "ldap": [
        Refused(Seen(cluster(postgresql={"ldap": {"port": 389}})), "spec.postgresql.ldap.server", "is needed"),
        Refused(
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
    ],
    "wal-archivers": [
        Refused(
            Seen(cluster(plugins=[PLUGIN, {**PLUGIN, "name": "b"}])), "spec.plugins[1].isWALArchiver", "at most one"
        ),
        Refused(Seen(cluster(plugins=[PLUGIN], backup=STORE)), "spec.plugins[0].isWALArchiver", "excludes spec.backup"),
    ],
    "retention-unused": [
        Refused(
            Seen(cluster(backup={"retentionPolicy": "30d"})), "spec.backup.retentionPolicy", "ObjectStore", "warning"
        )
    ],
    "service-account": [
        Refused(
            Seen(cluster(serviceAccountName="a", serviceAccountTemplate={"metadata": {"labels": {"a": "b"}}})),
            "spec.serviceAccountName",
            "must be left out",
        )
    ],
    "primary-lease": [
        Refused(
            Seen(cluster(primaryLease={"leaseDurationSeconds": 10})),
            "spec.primaryLease.leaseDurationSeconds",
            "at least 11",
        ),
        Refused(
            Seen(cluster(primaryLease={"renewDeadlineSeconds": 6, "retryPeriodSeconds": 5})),
            "spec.primaryLease.renewDeadlineSeconds",
            "at least 7",
        ),
    ],
    "unix-identifiers": [
        Refused(Seen(cluster(postgresUID=1000), cluster()), "spec.postgresUID", "keep 26"),
        Refused(Seen(cluster(postgresGID=26), live=cluster(postgresGID=70)), "spec.postgresGID", "keep 70"),
    ],
    "deprecated": [
        Refused(Seen(cluster(**spec)), field, says, "warning")
        for spec, field, says in (
            ({"nodeMaintenanceWindow": {"inProgress": True}}, "spec.nodeMaintenanceWindow", "enablePDB"),
            ({"backup": STORE}, "spec.backup.barmanObjectStore", "1.31"),
            ({"externalClusters": [{"name": "a", **STORE}]}, "spec.externalClusters[0].barmanObjectStore", "1.31"),
            ({"monitoring": {"enablePodMonitor": True}}, "spec.monitoring.enablePodMonitor", "PodMonitor of your own"),
            ({"monitoring": {"metricsQueriesTTL": "0s"}}, "spec.monitoring.metricsQueriesTTL", "each scrape"),
        )
    ],
    "image-name": [
        Refused(Seen(cluster(imageName=image)), "spec.imageName", says)
        for image, says in (
            (IMAGE, "no tag"),
            (f"registry:5000/{IMAGE}", "no tag"),
            (f"{IMAGE}:latest", "no tag with a version"),
            (f"{IMAGE}@{DIGEST}", "digest alone"),
            (f"{IMAGE}:trixie", "'trixie' does not start with a version"),
            (f"{IMAGE}:12.3", "13 or newer"),
        )
    ],
    "major-change": [
        Refused(Seen(cluster(imageName=f"{IMAGE}:16.9"), cluster()), "spec.imageName", "17 to 16.*keep 17"),
        Refused(Seen(listed(16), cluster()), "spec.imageCatalogRef.major", "17 to 16"),
        Refused(
            Seen(cluster(imageName=f"{IMAGE}:17.5"), cluster(), running(cluster(), 18)), "spec.imageName", "18 to 17"
        ),
        Refused(
            Seen(cluster(imageName=f"{IMAGE}:15.1"), cluster(imageName=f"{IMAGE}:14.1")),
            "spec.imageName",
            "16 or newer",
        ),
        Refused(
            Seen(cluster(imageName=f"{IMAGE}:18.1"), cluster(), operator=(1, 25, 4)),
            "spec.imageName",
            "1.25.4 does not do",
        ),
    ],
    "image-in-catalog": [
        Refused(
            Seen(listed(18), neighbours=(catalog(16, 17),)),
            "spec.imageCatalogRef.major",
            "ImageCatalog team has no image of PostgreSQL 18; there are: 16, 17",
        )
    ],
    "storage-size": [
        Refused(Seen(cluster(storage={"size": "10GB"})), "spec.storage.size", "'10GB' is not a size.*such as 10Gi"),
        Refused(Seen(cluster(storage={})), "spec.storage.size", "is needed"),
        Refused(Seen(cluster(walStorage={"storageClass": "fast"})), "spec.walStorage.size", "is needed"),
        Refused(Seen(tablespaces("hot", size="big")), "spec.tablespaces[0].storage.size", "'big' is not a size"),
        Refused(Seen(cluster(storage=None)), "spec.storage.size", "is needed"),
    ],
    "storage-twice": [
        Refused(
            Seen(cluster(storage={"size": "1Gi", "pvcTemplate": {"resources": {"requests": {"storage": "2Gi"}}}})),
            "spec.storage.size",
            "wins over",
            "warning",
        ),
        Refused(
            Seen(cluster(walStorage={"size": "1Gi", "storageClass": "a", "pvcTemplate": {"storageClassName": "b"}})),
            "spec.walStorage.storageClass",
            "wins over",
            "warning",
        ),
    ],
    "storage-shrink": [
        Refused(Seen(cluster(storage={"size": "9Gi"}), cluster()), "spec.storage.size", "9Gi is less than 10Gi"),
        Refused(
            Seen(cluster(), None, cluster(storage={"size": "20Gi"})), "spec.storage.size", "10Gi is less than 20Gi"
        ),
        Refused(
            Seen(cluster(walStorage={"size": "1G"}), cluster(walStorage={"size": "1Gi"})), "spec.walStorage.size", "1Gi"
        ),
        Refused(
            Seen(tablespaces("cold", "hot"), tablespaces("hot", size="2Gi")),
            "spec.tablespaces[1].storage.size",
            "at least 2Gi",
        ),
    ],
    "wal-storage-kept": [
        Refused(Seen(cluster(), cluster(walStorage={"size": "1Gi"})), "spec.walStorage", "keep it"),
        Refused(Seen(cluster(), None, cluster(walStorage={"size": "1Gi"})), "spec.walStorage", "keep it"),
    ],
    "tablespaces-kept": [
        Refused(Seen(tablespaces("cold"), tablespaces("hot", "cold")), "spec.tablespaces", "'hot' is gone"),
        Refused(Seen(cluster(), tablespaces("hot")), "spec.tablespaces", "'hot' is gone"),
    ],
    "tablespace-names": [
        Refused(Seen(tablespaces("hot", "HOT")), "spec.tablespaces[1].name", "ignores case"),
        Refused(Seen(tablespaces("pg_hot")), "spec.tablespaces[0].name", "'pg_hot' is no name"),
        Refused(Seen(tablespaces("1")), "spec.tablespaces[0].name", "no name"),
    ],
    "tablespace-snapshots": [
        Refused(
            Seen(cluster(backup={"volumeSnapshot": {"tablespaceClassName": {"hot": "fast"}}})),
            "spec.backup.volumeSnapshot.tablespaceClassName.hot",
            "no tablespace",
        )
    ],
    "parameters": [
        Refused(Seen(parameters(**given)), f"spec.postgresql.parameters.{next(iter(given))}", says)
        for given, says in (
            ({"port": "5433"}, "port may not be set"),
            ({"log_destination": "stderr"}, "may not be set"),
            ({"max_connections": 200}, "must be a string, such as .*'200'"),
            ({"max connections": "1"}, "not the name of a parameter"),
            ({"wal_level": "logica"}, "there are: logical"),
            ({"shared_buffers": "25%"}, "no size of PostgreSQL"),
            ({"hot_standby_feedback": "maybe"}, "'on' or 'off'"),
            ({"app.conninfo": "host=x password=y1"}, "looks as if it held a password"),
        )
    ],
    "wal-level": [
        Refused(
            Seen(parameters(NO_ARCHIVE, **MINIMAL)), "spec.postgresql.parameters.wal_level", "there are 3: 'replica'"
        ),
        Refused(
            Seen(parameters(spec={"instances": 1}, **MINIMAL)),
            "spec.postgresql.parameters.wal_level",
            "excludes WAL archiving",
        ),
        Refused(
            Seen(parameters(NO_ARCHIVE, spec={"instances": 1, "replica": {"enabled": True}}, **MINIMAL)),
            "spec.postgresql.parameters.wal_level",
            "excludes a replica cluster",
        ),
        Refused(
            Seen(parameters(NO_ARCHIVE, spec={"instances": 1}, wal_level="minimal")),
            "spec.postgresql.parameters.max_wal_senders",
            "must be '0'",
        ),
    ],
    "wal-log-hints": [
        Refused(Seen(parameters(wal_log_hints="off")), "spec.postgresql.parameters.wal_log_hints", "leave it out")
    ],
    "wal-sizes": [
        Refused(
            Seen(parameters(min_wal_size="2GB")), "spec.postgresql.parameters.min_wal_size", "less than max_wal_size"
        ),
        Refused(Seen(parameters(max_wal_size="64MB")), "spec.postgresql.parameters.max_wal_size", "80MB and 1GB"),
        Refused(Seen(parameters(max_wal_size="2Gi")), "spec.postgresql.parameters.max_wal_size", "'2Gi' is no size"),
        Refused(
            Seen(parameters(spec={"walStorage": {"size": "2Gi"}}, max_wal_size="2GB")),
            "spec.postgresql.parameters.max_wal_size",
            "less than spec.walStorage",
        ),
    ],
    "shared-buffers": [
        Refused(
            Seen(parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="2GB")),
            "spec.postgresql.parameters.shared_buffers",
            "2GB is more than the memory request 1Gi",
        ),
        Refused(
            Seen(
                parameters(spec={"resources": {"requests": {"memory": "100Mi"}}}, shared_buffers="200MB"),
                parameters(spec={"resources": {"requests": {"memory": "1Gi"}}}, shared_buffers="200MB"),
            ),
            "spec.postgresql.parameters.shared_buffers",
            "raise spec.resources.requests.memory",
        ),
    ],
    "shared-buffers-unit": [
        Refused(
            Seen(parameters(shared_buffers="256")), "spec.postgresql.parameters.shared_buffers", "'256MB'", "warning"
        )
    ],
    "wal-level-kept": [
        Refused(
            Seen(
                parameters(NO_ARCHIVE, spec={"instances": 1}, **MINIMAL),
                parameters(NO_ARCHIVE, spec={"instances": 1}),
                parameters(NO_ARCHIVE, spec={"instances": 1}, wal_level="logical"),
            ),
            "spec.postgresql.parameters.wal_level",
            "has 'logical': keep that",
        )
    ],
    "failover-slots": [
        Refused(
            Seen(parameters(**SLOTS)), "spec.postgresql.parameters.hot_standby_feedback", "where pg_failover_slots"
        ),
        Refused(
            Seen(parameters(spec={"replicationSlots": {"highAvailability": {"enabled": False}}}, **LOGIC, **SLOTS)),
            "spec.replicationSlots.highAvailability.enabled",
            "must be true",
        ),
    ],
    "pg-hba": [
        Refused(
            Seen(cluster(postgresql={"pg_hba": ["host all all ${podselector:api} md5"]})),
            "spec.postgresql.pg_hba[0]",
            "named 'api'; there are none",
        ),
        Refused(
            Seen(cluster(postgresql={"pg_hba": ["hosts all all all md5"]})),
            "spec.postgresql.pg_hba[0]",
            "'hosts' starts",
        ),
    ],
    "pg-hba-trust": [
        Refused(
            Seen(cluster(postgresql={"pg_hba": ["", "host all all all trust"]})),
            "spec.postgresql.pg_hba[1]",
            "without a password",
            "warning",
        )
    ],
    "extensions": [
        Refused(
            Seen(
                cluster(
                    postgresql={
                        "extensions": [{"name": one, "image": {"reference": "x:1"}} for one in ("pg_ivm", "pg-ivm")]
                    }
                )
            ),
            "spec.postgresql.extensions[1].name",
            "'_' and '-'",
        )
    ],
    "extension-images": [
        Refused(
            Seen(cluster(postgresql={"extensions": [{"name": "postgis"}]})),
            "spec.postgresql.extensions[0].image",
            "needs a reference",
        )
    ],
    "synchronous-number": [
        Refused(
            Seen(synchronous(number=3)), "spec.postgresql.synchronous.number", "at most 2, or at least 4 instances"
        ),
        Refused(
            Seen(synchronous(1), synchronous(2)), "spec.postgresql.synchronous.number", "the number of instances .1."
        ),
        Refused(
            Seen(synchronous(1, number=2, standbyNamesPost=["a"])),
            "spec.postgresql.synchronous.number",
            "and the 1 named standbys",
        ),
    ],
    "failover-quorum": [
        Refused(
            Seen(synchronous(failoverQuorum=True, standbyNamesPre=["a"])),
            "spec.postgresql.synchronous.number",
            "at least 2",
        )
    ],
    "synchronous-legacy": [
        Refused(
            Seen({**synchronous(), "spec": {**synchronous()["spec"], "maxSyncReplicas": 1}}),
            "spec.maxSyncReplicas",
            "leave it out",
        )
    ],
    "sync-replicas": [
        Refused(Seen(cluster(minSyncReplicas=2, maxSyncReplicas=1)), "spec.minSyncReplicas", "at most 1"),
        Refused(Seen(cluster(maxSyncReplicas=3)), "spec.maxSyncReplicas", "at most 2, or at least 4 instances"),
    ],
    "election-constraint": [
        Refused(
            Seen(cluster(postgresql={"syncReplicaElectionConstraint": {"enabled": True}})),
            "spec.postgresql.syncReplicaElectionConstraint.nodeLabelsAntiAffinity",
            "at least one label",
        )
    ],
    "slot-patterns": [
        Refused(
            Seen(cluster(replicationSlots={"synchronizeReplicas": {"excludePatterns": ["a", "(tmp"]}})),
            "spec.replicationSlots.synchronizeReplicas.excludePatterns[1]",
            "no regular expression",
        )
    ],
    "logical-slots": [
        Refused(
            Seen(
                cluster(
                    imageName=f"{IMAGE}:16.1",
                    replicationSlots={"highAvailability": {"synchronizeLogicalDecoding": True}},
                )
            ),
            "spec.replicationSlots.highAvailability.synchronizeLogicalDecoding",
            "needs PostgreSQL 17, and this is 16",
        ),
        Refused(
            Seen(
                parameters(
                    spec={"replicationSlots": {"highAvailability": {"synchronizeLogicalDecoding": True}}},
                    hot_standby_feedback="on",
                )
            ),
            "spec.postgresql.parameters.sync_replication_slots",
            "must be 'on'",
        ),
    ],
    "slot-prefix-kept": [
        Refused(
            Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}}), cluster()),
            "spec.replicationSlots.highAvailability.slotPrefix",
            "keep '_cnpg_'",
        ),
        Refused(
            Seen(cluster(), cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}})),
            "spec.replicationSlots.highAvailability.slotPrefix",
            "keep '_own_'",
        ),
    ],
    "bootstrap-method": [
        Refused(
            Seen(cluster(bootstrap={"initdb": {}, "recovery": {"source": "old"}}, externalClusters=[OTHER])),
            "spec.bootstrap",
            "initdb and recovery exclude each other",
        )
    ],
    "bootstrap-owner": [
        Refused(Seen(initdb(database="app")), "spec.bootstrap.initdb.owner", "is needed beside database"),
        Refused(
            Seen(recovery(source="old", owner="app")), "spec.bootstrap.recovery.database", "is needed beside owner"
        ),
    ],
    "initdb-segment": [
        Refused(Seen(initdb(walSegmentSize=number)), "spec.bootstrap.initdb.walSegmentSize", "no power of 2")
        for number in (0, 24, 2048)
    ],
    "initdb-references": [
        Refused(
            Seen(initdb(postInitApplicationSQLRefs={"configMapRefs": [{"name": "", "key": "k"}]})),
            "spec.bootstrap.initdb.postInitApplicationSQLRefs.configMapRefs[0]",
            "both name and key",
        )
    ],
    "import": [
        Refused(Seen(imported(**given)), f"spec.bootstrap.initdb.import.{field}", says)
        for given, field, says in (
            ({"type": "microservice", "databases": ["a", "b"]}, "databases", "exactly one"),
            ({"type": "microservice", "databases": ["a*"]}, "databases", "without '\\*'"),
            ({"type": "microservice", "databases": ["a"], "roles": ["r"]}, "roles", "imports no roles"),
            ({"type": "monolith", "databases": ["*", "a"]}, "databases", "'\\*' alone"),
            ({"type": "monolith", "databases": []}, "databases", "needs names"),
            ({"type": "monolith", "databases": ["a"], "roles": ["*", "r"]}, "roles", "stands alone"),
            (
                {"type": "monolith", "databases": ["a"], "postImportApplicationSQL": ["SELECT 1"]},
                "postImportApplicationSQL",
                "leave it out",
            ),
            (
                {"type": "monolith", "databases": ["a"], "source": {"externalCluster": "odl"}},
                "source.externalCluster",
                "named 'odl'; there are: old",
            ),
        )
    ],
    "recovery": [
        Refused(Seen(recovery(source="odl")), "spec.bootstrap.recovery.source", "'odl'; there are: old"),
        Refused(
            Seen(recovery(source="old", backup={"name": "a"})), "spec.bootstrap.recovery.backup", "excludes source"
        ),
        Refused(
            Seen(recovery(backup={"name": "a"}, volumeSnapshots={"storage": {"name": "s", "kind": "VolumeSnapshot"}})),
            "spec.bootstrap.recovery.backup",
            "excludes volumeSnapshots",
        ),
        Refused(
            Seen(
                recovery(
                    volumeSnapshots={
                        part: {"name": "s", "kind": "VolumeSnapshot", "apiGroup": "snapshot.storage.k8s.io"}
                        for part in ("storage", "walStorage")
                    }
                )
            ),
            "spec.bootstrap.recovery.volumeSnapshots.walStorage",
            "needs spec.walStorage",
        ),
    ],
    "recovery-target": [
        Refused(
            Seen(recovery(source="old", recoveryTarget=target)), f"spec.bootstrap.recovery.recoveryTarget.{field}", says
        )
        for target, field, says in (
            ({"targetTime": "2026-08-21T02:03:12Z", "targetLSN": "0/1"}, "targetTime", "excludes targetLSN"),
            ({"targetName": "before"}, "backupID", "is needed with targetName"),
            ({"targetTLI": "0"}, "targetTLI", "'latest' or a number"),
            ({"targetName": "x" * 64, "backupID": "b"}, "targetName", "at most 63 bytes"),
            ({"targetXID": str(2**32), "backupID": "b"}, "targetXID", "below 2"),
            ({"targetLSN": "42000158"}, "targetLSN", "such as '0/42000158'"),
            ({"targetTime": "yesterday"}, "targetTime", "no time"),
        )
    ]
    + [
        Refused(
            Seen(
                recovery(
                    volumeSnapshots={
                        "storage": {"name": "s", "kind": "VolumeSnapshot", "apiGroup": "snapshot.storage.k8s.io"}
                    },
                    recoveryTarget={"backupID": "b"},
                )
            ),
            "spec.bootstrap.recovery.recoveryTarget.backupID",
            "excludes volumeSnapshots",
        )
    ],
    "base-backup": [
        Refused(
            Seen(cluster(bootstrap={"pg_basebackup": {"source": "x"}}, externalClusters=[OTHER])),
            "spec.bootstrap.pg_basebackup.source",
            "named 'x'; there are: old",
        )
    ],
    "external-clusters": [
        Refused(Seen(cluster(externalClusters=[OTHER, OTHER])), "spec.externalClusters[1].name", "each name once"),
        Refused(Seen(cluster(externalClusters=[{"name": "a"}])), "spec.externalClusters[0]", "needs one of"),
        Refused(
            Seen(cluster(externalClusters=[{**OTHER, "name": "../a"}])), "spec.externalClusters[0].name", "without '/'"
        ),
    ],
    "bootstrap-once": [
        Refused(Seen(recovery(source="old"), cluster()), "spec.bootstrap", "goes from initdb to recovery.*new Cluster"),
        Refused(
            Seen(recovery(source="old"), None, initdb(encoding="UTF8")),
            "spec.bootstrap",
            "goes from initdb to recovery",
        ),
        Refused(
            Seen(initdb(database="b", owner="b"), initdb(database="a", owner="a")),
            "spec.bootstrap",
            "changes nothing",
            "warning",
        ),
    ],
    "replica-mode": [
        Refused(Seen(replica(primary="old", enabled=True, source="old")), "spec.replica.enabled", "excludes primary")
    ],
    "replica-references": [
        Refused(Seen(replica(enabled=True, source="odl")), "spec.replica.source", "'odl'; there are: old"),
        Refused(Seen(replica(primary="odl", source="old")), "spec.replica.primary", "'odl'; there are: old"),
        Refused(Seen(replica(primary="old", self="me", source="old")), "spec.replica.self", "'me'; there are: old"),
    ],
    "replica-bootstrap": [
        Refused(
            Seen(cluster(replica={"enabled": True, "source": "old"}, externalClusters=[OTHER])),
            "spec.replica",
            "begins with spec.bootstrap",
        )
    ],
    "promotion-token": [
        Refused(
            Seen(replica(primary="orders", source="old", promotionToken="e30=")),
            "spec.replica.promotionToken",
            "is no token: status.demotionToken",
        ),
        Refused(
            Seen(replica(primary="orders", source="old", promotionToken="~")),
            "spec.replica.promotionToken",
            "is no token",
        ),
        Refused(
            Seen(replica(primary="old", source="old", promotionToken=TOKEN)),
            "spec.replica.promotionToken",
            "becomes primary",
        ),
        Refused(
            Seen(replica(primary="orders", source="old", promotionToken=TOKEN, minApplyDelay="1h")),
            "spec.replica.minApplyDelay",
            "excludes promotionToken",
        ),
    ],
    "replica-change": [
        Refused(
            Seen(
                replica(primary="orders", source="old"),
                live={
                    **replica(primary="old", source="old"),
                    "status": {"switchReplicaClusterStatus": {"inProgress": True}},
                },
            ),
            "spec.replica",
            "wait until",
        )
    ],
    "replica-risk": [
        Refused(
            Seen(replica(primary="orders", source="old"), replica(primary="old", source="old")),
            "spec.replica",
            "failover without promotionToken",
            "warning",
        ),
        Refused(
            Seen(replica(enabled=False, source="old"), replica(enabled=True, source="old")),
            "spec.replica",
            "for good",
            "warning",
        ),
    ],
    "default-services": [
        Refused(
            Seen(cluster(managed={"services": {"disabledDefaultServices": ["ro", "rw"]}})),
            "spec.managed.services.disabledDefaultServices[1]",
            "cannot be disabled",
        )
    ],
    "additional-services": [
        Refused(
            Seen(cluster(managed={"services": {"additional": list(services)}})),
            f"spec.managed.services.additional[{len(services) - 1}].serviceTemplate.{field}",
            says,
        )
        for services, field, says in (
            ((service(None),), "metadata.name", "is needed"),
            ((service("orders-rw"),), "metadata.name", "the operator's own Service.*'orders-lb'"),
            ((service("lb"), service("lb")), "metadata.name", "each name once"),
            ((service("lb", selector={"a": "b"}),), "spec.selector", "leave it out"),
        )
    ],
    "role-name": [
        *(
            Refused(Seen(inline({"name": name})), "spec.managed.roles[0].name", "reserved")
            for name in ("postgres", "streaming_replica", "pg_x", "cnpg_x")
        ),
        Refused(Seen(inline({"name": ""})), "spec.managed.roles[0].name", "is needed"),
    ],
    "role-once": [
        Refused(Seen(inline({"name": "app"}, {"name": "app"})), "spec.managed.roles[1].name", "each role once")
    ],
    "role-password": [
        Refused(
            Seen(inline({"name": "app", "passwordSecret": {"name": "a"}, "disablePassword": True})),
            "spec.managed.roles[0].disablePassword",
            "keep one",
        )
    ],
    "role-limit": [
        Refused(
            Seen(inline({"name": "app", "connectionLimit": -2})), "spec.managed.roles[0].connectionLimit", "-1 for none"
        )
    ],
    "role-danger": [
        Refused(Seen(role(superuser=True)), "spec.superuser", "everything", "warning"),
        Refused(Seen(role(inRoles=["postgres"])), "spec.inRoles", "as good as superuser", "warning"),
        Refused(
            Seen(inline({"name": "app", "ensure": "absent"})),
            "spec.managed.roles[0].ensure",
            "drops the role",
            "warning",
        ),
    ],
    "role-left": [
        Refused(Seen(inline(), inline({"name": "app"})), "spec.managed.roles", "'app' is no longer listed", "warning")
    ],
    "role-conflict": [
        Refused(Seen(role(), neighbours=(role("other"),)), "spec.name", "DatabaseRole other has 'app' already")
    ],
    "role-inline": [
        Refused(
            Seen(role(), neighbours=(inline({"name": "app"}),)), "spec.name", "of Cluster orders, which wins", "warning"
        )
    ],
    "database-name": [Refused(Seen(database(name="")), "spec.name", "is empty")],
    "database-once": [
        *(
            Refused(Seen(database(**{part: [{"name": "a"}] * 2})), f"spec.{part}[1].name", "each name once")
            for part in ("extensions", "schemas", "fdws")
        ),
        Refused(
            Seen(database(fdws=[{"name": "a", "usage": [{"name": "x"}, {"name": "x"}]}])),
            "spec.fdws[0].usage[1].name",
            "'x' is there already",
        ),
        Refused(
            Seen(
                database(
                    fdws=[{"name": "a"}],
                    servers=[{"name": "s", "fdw": "a", "options": [{"name": "x", "value": "1"}] * 2}],
                )
            ),
            "spec.servers[0].options[1].name",
            "'x' is there already",
        ),
    ],
    "database-wrappers": [
        Refused(Seen(database(servers=[{"name": "s", "fdw": "a"}])), "spec.servers[0].fdw", "named 'a'; there are none")
    ],
    "database-conflict": [
        Refused(Seen(database(), neighbours=(database("other"),)), "spec.name", "Database other has 'shop' already")
    ],
    "database-owner": [
        Refused(
            Seen(database(owner="ap"), neighbours=(cluster(), role(name="app"))),
            "spec.owner",
            "there are: app",
            "warning",
        )
    ],
    "database-danger": [
        Refused(
            Seen(database(databaseReclaimPolicy="delete")), "spec.databaseReclaimPolicy", "with its data", "warning"
        ),
        Refused(Seen(database(ensure="absent")), "spec.ensure", "with its data", "warning"),
    ],
    "database-left": [
        Refused(
            Seen(database(), database(extensions=[{"name": "vector"}])),
            "spec.extensions",
            "'vector' is no longer listed",
            "warning",
        )
    ],
    "pooler-name": [
        Refused(Seen(pooler("orders")), "metadata.name", "such as 'orders-pooler'"),
        Refused(Seen(pooler(cluster="")), "spec.cluster.name", "is needed"),
        Refused(Seen(pooler("orders-rw")), "metadata.name", "own Service", "warning"),
    ],
    "pooler-query": [
        Refused(Seen(pooler(authQuery="SELECT 1")), "spec.pgbouncer.authQuery", "needs serverTLSSecret"),
        Refused(Seen(pooler(serverTLSSecret={"name": "t"})), "spec.pgbouncer.authQuery", "is needed beside"),
    ],
    "pooler-parameters": [
        Refused(
            Seen(pooler(parameters={"default_pool_siz": "1"})),
            "spec.pgbouncer.parameters.default_pool_siz",
            "there are: default_pool_size",
        )
    ],
    "pooler-metrics": [
        Refused(
            Seen(pooler(spec={"monitoring": {"tls": {"enabled": True}, "enablePodMonitor": True}})),
            "spec.monitoring.tls.enabled",
            "clientTLSSecret",
        )
    ],
    "pooler-deprecated": [
        Refused(
            Seen(pooler(authQuery="SELECT 1", authQuerySecret={"name": "a"})),
            "spec.pgbouncer.authQuerySecret",
            "deprecated",
            "warning",
        ),
        Refused(
            Seen(pooler(spec={"monitoring": {"enablePodMonitor": True}})),
            "spec.monitoring.enablePodMonitor",
            "deprecated",
            "warning",
        ),
    ],
    "pooler-trust": [
        Refused(Seen(pooler(pg_hba=["host all all all trust"])), "spec.pgbouncer.pg_hba[0]", "password", "warning")
    ],
    "cluster-kept": [
        Refused(Seen(pooler(cluster="b"), pooler()), "spec.cluster.name", "another Pooler"),
        Refused(Seen(scheduled(cluster={"name": "b"}), scheduled()), "spec.cluster.name", "another ScheduledBackup"),
        Refused(Seen(database(cluster={"name": "b"}), database()), "spec.cluster.name", "keep 'orders'"),
        Refused(Seen(publication(cluster={"name": "b"}), publication()), "spec.cluster.name", "keep 'orders'"),
    ],
    "schedule": [
        Refused(Seen(scheduled(schedule=text)), "spec.schedule", says)
        for text, says in (
            ("0 2 * * *", "has five fields.*'0 0 2 \\* \\* \\*' is what crontab means"),
            ("0 1 * * 0", "has five fields.*'0 0 1 \\* \\* 0'"),
            ("@dayly", "there are: @annually, @daily"),
            ("0 0 24 * * *", "'24' is no hour, from 0 to 23"),
            ("0 0 2 * 13 *", "no month"),
            ("0 0 2 * * 7", "no day of week, from 0 to 6"),
            ("0 0 5-2 * * *", "no hour"),
            ("0 */0 2 * * *", "no minute"),
            ("0 0 2", "has 3 fields"),
            ("", "has 0 fields"),
        )
    ],
    "backup-online": [
        Refused(Seen(backup(online=True)), "spec.online", "'volumeSnapshot' only"),
        Refused(
            Seen(scheduled(method="barmanObjectStore", onlineConfiguration={"waitForArchive": True})),
            "spec.onlineConfiguration",
            "leave it out",
        ),
    ],
    "backup-plugin": [Refused(Seen(backup(method="plugin")), "spec.pluginConfiguration", "barman-cloud")],
    "backup-deadline": [
        Refused(
            Seen(scheduled({"cnpg.io/volumeSnapshotDeadline": "10m"})),
            "metadata.annotations.cnpg.io/volumeSnapshotDeadline",
            "such as '10'",
        )
    ],
    "backup-configured": [
        Refused(Seen(backup(), neighbours=(cluster(),)), "spec.method", "which is the default, needs", "warning"),
        Refused(
            Seen(backup(method="volumeSnapshot"), neighbours=(cluster(),)),
            "spec.method",
            "volumeSnapshot of",
            "warning",
        ),
        Refused(
            Seen(backup(method="plugin", pluginConfiguration={"name": "p"}), neighbours=(cluster(plugins=[PLUGIN]),)),
            "spec.pluginConfiguration.name",
            "enables no plugin 'p'; there are: barman-cloud",
            "warning",
        ),
    ],
    "catalog-versions": [
        Refused(
            Seen(catalog(images=[{"major": 17, "image": f"{IMAGE}:16.1"}])),
            "spec.images[0].image",
            "of PostgreSQL 16 by its tag",
            "warning",
        )
    ],
    "catalog-used": [
        Refused(
            Seen(catalog(18), neighbours=(listed(17),)),
            "spec.images",
            "has none of PostgreSQL 17, which Cluster orders",
        )
    ],
    "webhook-choices": [
        Refused(
            Seen(cluster(affinity={"podAntiAffinityType": "strict"})), "spec.affinity.podAntiAffinityType", "required"
        )
    ],
    "dangerous-annotations": [
        *(
            Refused(Seen(cluster({name: value})), f"metadata.annotations.{name}", says)
            for name, value, says in (
                ("cnpg.io/validation", "disabled", "accepts anything.*leave it out"),
                ("cnpg.io/reconciliationLoop", "disabled", "no failover"),
                ("cnpg.io/reconcilePodSpec", "disabled", "never arrive"),
                ("cnpg.io/podPatch", "[]", "past every rule"),
                ("cnpg.io/skipEmptyWalArchiveCheck", "enabled", "one archive"),
                ("cnpg.io/skipWalArchiving", "enabled", "no WAL"),
                ("alpha.cnpg.io/unrecoverable", "true", "destroys an instance"),
            )
        ),
        Refused(
            Seen(cluster({"cnpg.io/validation": "disabled"}), cluster({"cnpg.io/validation": "enabled"})),
            "metadata.annotations.cnpg.io/validation",
            "accepts anything",
        ),
        Refused(
            Seen(scheduled({"cnpg.io/validation": "disabled"})),
            "metadata.annotations.cnpg.io/validation",
            "accepts anything",
        ),
    ],
    "annotation-values": [
        Refused(
            Seen(cluster({"cnpg.io/hibernation": "true"})),
            "metadata.annotations.cnpg.io/hibernation",
            "'on' or 'off', quoted",
        ),
        *(
            Refused(
                Seen(cluster({"cnpg.io/fencedInstances": text})),
                "metadata.annotations.cnpg.io/fencedInstances",
                "no JSON list",
            )
            for text in ("orders-1", '{"a": 1}', "[1]")
        ),
    ],
    "operator-kind": [
        Refused(Seen(role(), operator=(1, 29, 2)), "kind", "came with operator 1.30, and this one is 1.29.2"),
        Refused(Seen(database(), operator=(1, 24)), "kind", "1.25"),
    ],
    "operator-field": [
        Refused(Seen(cluster(primaryLease={}), operator=(1, 29, 2)), "spec.primaryLease", "1.30.*1.29.2, drops it"),
        Refused(
            Seen(synchronous(failoverQuorum=True), operator=(1, 27, 0)),
            "spec.postgresql.synchronous.failoverQuorum",
            "1.28",
        ),
        Refused(
            Seen(catalog(images=[{"major": 17, "image": "x:17", "extensions": []}]), operator=(1, 28)),
            "spec.images[0].extensions",
            "1.29",
        ),
    ],
    "image-and-parameters": [
        Refused(
            Seen(parameters(spec=SWITCHED, work_mem="8MB"), parameters(work_mem="4MB")),
            "spec.imageName",
            "work_mem.*the parameters in one change, and the image in the next",
        ),
        Refused(
            Seen(
                parameters(spec=SWITCHED, work_mem="8MB"),
                parameters(work_mem="8MB"),
                parameters(work_mem="4MB", wal_level="logical"),
            ),
            "spec.imageName",
            ".work_mem.",
        ),
        Refused(
            Seen(parameters(spec=SWITCHED), parameters(jit="off"), parameters(jit="off")), "spec.imageName", ".jit."
        ),
    ],
    "resize-alone": [
        Refused(Seen(RESIZED, cluster()), "spec", "spec.storage grows together with spec.resources.*unknown version"),
        Refused(Seen(RESIZED, cluster(), operator=(1, 29, 0)), "spec", "operator 1.29.0 may wait for ever"),
        Refused(
            Seen(
                cluster(storage={"size": "20Gi"}, imageName=None, imageCatalogRef=CATALOG),
                cluster(imageName=None, imageCatalogRef={**CATALOG, "name": "older"}),
            ),
            "spec",
            "spec.storage grows together with spec.imageCatalogRef",
        ),
        Refused(
            Seen(cluster({RESTARTED: "2026-11-01T00:00:00Z"}, storage={"size": "20Gi"}), cluster()),
            "spec",
            "grows together with metadata.annotations kubectl.kubernetes.io/restartedAt",
        ),
        Refused(Seen(RESIZED, cluster(), operator=(1, 31, 0)), "spec", "easier to follow", "warning"),
    ],
}


ACCEPTED_BY_CRD: list[Seen] = [
    Seen(cluster(instances=1)),
    Seen(cluster(instances=None)),
    Seen(cluster(resources={"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"cpu": 2}})),
    Seen(cluster(backup={"retentionPolicy": "30d", **STORE})),
    Seen(cluster(serviceAccountName="db"), cluster(serviceAccountName="db")),
    Seen(cluster(serviceAccountName="db"), cluster()),
    Seen(listed()),
    Seen(cluster()),
    Seen(cluster(podSelectorRefs=[{"name": one, "selector": {"matchLabels": {"a": "b"}}} for one in ("a", "b")])),
    Seen(synchronous()),
    Seen(synchronous(dataDurability="preferred")),
    Seen(synchronous(podFailureDomainKeys=["zone"])),
    Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "_own_"}})),
    Seen(initdb(localeProvider="icu", icuLocale="de")),
    Seen(role(validUntil="2027-01-31T00:00:00Z")),
    Seen(role(ensure="present")),
    Seen(role(name="Re port", disablePassword=True)),
    Seen(role(clientCertificate={}, login=True)),
    Seen(role(clientCertificate={"enabled": False})),
    Seen(role(login=True), role()),
    Seen(database(owner="new"), database()),
    Seen(database(encoding="UTF8"), database()),
    Seen(database(localeProvider="builtin", builtinLocale="C.UTF-8")),
    Seen(publication(parameters={"publish": "insert"}), publication()),
    Seen(publication(target={"objects": [{"tablesInSchema": "public"}]})),
    Seen(pooler(image="example/pgbouncer:1.25.1")),
    Seen(backup(), backup()),
    Seen(catalog(16, 17, 18)),
    Seen(catalog(17, componentImages=[{"key": "pgbouncer", "image": "example/p:1"}])),
    Seen(cluster(logLevel="debug", backup={"target": "primary"})),
    Seen(database(schemas=[{"name": "a", "ensure": "absent"}])),
    Seen(pooler(spec={"type": "ro"})),
]
"""Of what only the CRDs judge, as they say it in every supported version of the operator."""

REFUSED_BY_CRD: list[Refused] = [
    Refused(Seen(cluster(instances=0)), "spec.instances", "must be at least 1, found 0"),
    Refused(
        Seen(cluster(instances="3")), "spec.instances", "must be an integer, found a string; write it without quotes"
    ),
    Refused(
        Seen(cluster(resources={"limits": {"memory": "1GB"}})),
        "spec.resources.limits.memory",
        "must match ^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE",
    ),
    *(
        Refused(
            Seen(cluster(backup={"retentionPolicy": text, **STORE})), "spec.backup.retentionPolicy", "must match ^[1-9]"
        )
        for text in ("30", "0d", "30y")
    ),
    Refused(
        Seen(cluster(serviceAccountName="b"), cluster(serviceAccountName="a")),
        "spec.serviceAccountName",
        "serviceAccountName is immutable",
    ),
    Refused(
        Seen(pooler(spec={"serviceAccountName": "b"}), pooler(spec={"serviceAccountName": "a"})),
        "spec.serviceAccountName",
        "serviceAccountName is immutable",
    ),
    Refused(
        Seen({**listed(), "spec": {**listed()["spec"], "imageName": IMAGE + ":17"}}),
        "spec",
        "imageName and imageCatalogRef are mutually exclusive",
    ),
    Refused(Seen(listed(kind="Catalog")), "spec.imageCatalogRef", "Only image catalogs are supported"),
    Refused(Seen(listed(apiGroup="cnpg.io")), "spec.imageCatalogRef", "Only image catalogs are supported"),
    Refused(
        Seen(listed("17")), "spec.imageCatalogRef.major", "must be an integer, found a string; write it without quotes"
    ),
    Refused(
        Seen(cluster(podSelectorRefs=[{"name": "a", "selector": {"matchLabels": {"a": "b"}}}] * 2)),
        "spec.podSelectorRefs[1]",
        'name "a" is there already at spec.podSelectorRefs[0]',
    ),
    Refused(
        Seen(synchronous(number=0)),
        "spec.postgresql.synchronous.number",
        "The number of synchronous replicas should be greater than ze",
    ),
    Refused(
        Seen(synchronous(dataDurability="preferred", standbyNamesPre=["a"])),
        "spec.postgresql.synchronous",
        "dataDurability set to 'preferred' requires empty 'standbyNam",
    ),
    Refused(
        Seen(synchronous(podFailureDomainKeys=["a"], nodeFailureDomainKeys=["b"])),
        "spec.postgresql.synchronous",
        "podFailureDomainKeys and nodeFailureDomainKeys are mutually ",
    ),
    Refused(
        Seen(cluster(replicationSlots={"highAvailability": {"slotPrefix": "Own-"}})),
        "spec.replicationSlots.highAvailability.slotPrefix",
        "must match ^[0-9a-z_]*$",
    ),
    Refused(
        Seen(initdb(icuLocale="de", localeProvider="libc")),
        "spec.bootstrap.initdb",
        "icuLocale is only available when localeProvider is set to `i",
    ),
    Refused(
        Seen(initdb(builtinLocale="C")),
        "spec.bootstrap.initdb",
        "builtinLocale is only available when localeProvider is set t",
    ),
    Refused(Seen(role(validUntil="2027-01-31")), "spec.validUntil", "must be a time such as 2030-01-31T00:00:00Z"),
    Refused(Seen(role(ensure="absent")), "spec", "ensure: absent is not supported for DatabaseRole; delete the"),
    Refused(Seen(role(clientCertificate={})), "spec", "clientCertificate requires the role to have login enabled (t"),
    Refused(Seen(role(name="b"), role()), "spec", "name is immutable"),
    Refused(Seen(role(cluster={"name": "b"}), role()), "spec.cluster", "cluster reference is immutable after creation"),
    *(
        Refused(Seen(database(**{name: "b"}), database(**{name: "a"})), f"spec.{name}", f"{name} is immutable")
        for name in ("name", "template", "encoding", "locale", "localeCollate", "localeCType", "collationVersion")
    ),
    *(
        Refused(Seen(database(name=name)), "spec.name", f"the name {name} is reserved")
        for name in ("postgres", "template0", "template1")
    ),
    *(
        Refused(Seen(role(name=name)), "spec", says)
        for name, says in (
            ("postgres", "the role name postgres is reserved"),
            ("streaming_replica", "the role name streaming_replica is reserved"),
            ("pg_x", "role names starting with pg_ are reserved"),
            ("cnpg_x", "role names starting with cnpg_ are reserved"),
            ("", "role name must not be empty"),
        )
    ),
    Refused(
        Seen(role(passwordSecret={"name": "a"}, disablePassword=True)),
        "spec",
        "passwordSecret and disablePassword are mutually exclusive",
    ),
    Refused(
        Seen(pooler(parameters={"verbose": 1})),
        "spec.pgbouncer.parameters.verbose",
        "must be a string, found an integer; write it in quotes",
    ),
    Refused(
        Seen(database(icuLocale="de", localeProvider="libc")),
        "spec",
        "icuLocale is only available when localeProvider is set to `i",
    ),
    Refused(
        Seen(database(builtinLocale="C", localeProvider="icu")),
        "spec",
        "builtinLocale is only available when localeProvider is set t",
    ),
    Refused(Seen(publication(name="b"), publication()), "spec.name", "name is immutable"),
    Refused(Seen(publication(dbname="b"), publication()), "spec.dbname", "dbname is immutable"),
    Refused(Seen(publication(target={})), "spec.target", "allTables and objects are mutually exclusive"),
    Refused(
        Seen(publication(target={"objects": [{"tablesInSchema": "a", "table": {"name": "t"}}]})),
        "spec.target.objects[0]",
        "tablesInSchema and table are mutually exclusive",
    ),
    Refused(
        Seen(
            pooler(
                image="x:1",
                imageCatalogRef={
                    "apiGroup": "postgresql.cnpg.io",
                    "kind": "ImageCatalog",
                    "name": "t",
                    "key": "pgbouncer",
                },
            )
        ),
        "spec.pgbouncer",
        "image and imageCatalogRef are mutually exclusive",
    ),
    Refused(Seen(backup(target="primary"), backup()), "spec", "BackupSpec is immutable once set"),
    Refused(Seen(catalog()), "spec.images", "must have at least 1 items, found 0"),
    Refused(Seen(catalog(*range(10, 19))), "spec.images", "must have at most 8 items, found 9"),
    Refused(Seen(catalog(17, 17)), "spec.images", "Images must have unique major versions"),
    Refused(Seen(catalog(9)), "spec.images[0].major", "must be at least 10, found 9"),
    Refused(
        Seen(catalog(17, componentImages=[{"key": "a", "image": "x:1"}] * 2)),
        "spec.componentImages",
        "Component image keys must be unique",
    ),
    Refused(
        Seen(catalog(17, componentImages=[{"key": f"a{one}", "image": "x:1"} for one in range(33)])),
        "spec.componentImages",
        "must have at most 32 items, found 33",
    ),
    Refused(
        Seen(cluster(logLevel="verbose")), "spec.logLevel", '"verbose" is none of: error, warning, info, debug, trace'
    ),
    Refused(
        Seen(inline({"name": "a", "ensure": "gone"})),
        "spec.managed.roles[0].ensure",
        '"gone" is none of: present, absent',
    ),
    Refused(
        Seen(database(fdws=[{"name": "a", "usage": [{"name": "u", "type": "all"}]}])),
        "spec.fdws[0].usage[0].type",
        '"all" is none of: grant, revoke',
    ),
    Refused(
        Seen(pooler(poolMode="statement")), "spec.pgbouncer.poolMode", '"statement" is none of: session, transaction'
    ),
    Refused(
        Seen(scheduled(backupOwnerReference="me")), "spec.backupOwnerReference", '"me" is none of: none, self, cluster'
    ),
    Refused(
        Seen(cluster(managed={"services": {"disabledDefaultServices": ["any"]}})),
        "spec.managed.services.disabledDefaultServices[0]",
        '"any" is none of: rw, r, ro',
    ),
]

from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import OTHER, Accepted, Refused, cluster, findings_against, findings_at_field, initdb


def recovery(**given: Any) -> Object:
    return cluster(bootstrap={"recovery": given}, externalClusters=[OTHER])


def imported(**given: Any) -> Object:
    source = {"source": {"externalCluster": "old"}}
    return cluster(bootstrap={"initdb": {"import": {**source, **given}}}, externalClusters=[OTHER])


ACCEPTED = [
    pytest.param(Accepted("bootstrap-method", Seen(initdb(database="app", owner="app"))), id="one method"),
    pytest.param(Accepted("bootstrap-owner", Seen(initdb(database="app", owner="app"))), id="a database and its owner"),
    pytest.param(Accepted("bootstrap-owner", Seen(initdb(encoding="UTF8"))), id="neither database nor owner"),
    pytest.param(Accepted("initdb-segment", Seen(initdb(walSegmentSize=64))), id="segments of 64 MB"),
    pytest.param(
        Accepted("initdb-references", Seen(initdb(postInitSQLRefs={"secretRefs": [{"name": "sql", "key": "a.sql"}]}))),
        id="SQL with a name and a key",
    ),
    pytest.param(
        Accepted("import", Seen(imported(type="microservice", databases=["shop"]))), id="a microservice of one database"
    ),
    pytest.param(
        Accepted("import", Seen(imported(type="monolith", databases=["*"], roles=["*"]))), id="a monolith of everything"
    ),
    pytest.param(Accepted("recovery", Seen(recovery(source="old"))), id="a recovery from a source"),
    pytest.param(Accepted("recovery", Seen(recovery(backup={"name": "orders-now"}))), id="a recovery from a backup"),
    pytest.param(
        Accepted(
            "recovery-target",
            Seen(recovery(source="old", recoveryTarget={"targetTime": "2026-08-21 02:03:12+00", "targetTLI": "2"})),
        ),
        id="a time and a timeline",
    ),
    pytest.param(
        Accepted(
            "recovery-target",
            Seen(recovery(source="old", recoveryTarget={"targetImmediate": True, "backupID": "20260821T020001"})),
        ),
        id="at once, from a named backup",
    ),
    pytest.param(
        Accepted("recovery-target", Seen(recovery(source="old", recoveryTarget={"targetLSN": "0/42000158"}))),
        id="an LSN",
    ),
    pytest.param(
        Accepted(
            "base-backup", Seen(cluster(bootstrap={"pg_basebackup": {"source": "old"}}, externalClusters=[OTHER]))
        ),
        id="a base backup of a source",
    ),
    pytest.param(
        Accepted(
            "base-backup",
            Seen(
                cluster(
                    bootstrap={"pg_basebackup": {"source": "old"}},
                    externalClusters=[{"name": "${OLD}", "connectionParameters": {"host": "x"}}],
                )
            ),
        ),
        id="a source that may be the variable",
    ),
    pytest.param(
        Accepted("external-clusters", Seen(cluster(externalClusters=[OTHER, {"name": "b", "plugin": {"name": "p"}}]))),
        id="by parameters, and by a plugin",
    ),
    pytest.param(Accepted("bootstrap-once", Seen(recovery(source="old"))), id="a new Cluster"),
    pytest.param(
        Accepted(
            "bootstrap-once",
            Seen(initdb(encoding="UTF8"), initdb(encoding="UTF8"), initdb(database="app", owner="app")),
        ),
        id="a method that stays",
    ),
]

REFUSED = [
    pytest.param(
        Refused(
            "bootstrap-method",
            Seen(cluster(bootstrap={"initdb": {}, "recovery": {"source": "old"}}, externalClusters=[OTHER])),
            "spec.bootstrap",
            "initdb and recovery exclude each other",
        ),
        id="two methods",
    ),
    pytest.param(
        Refused(
            "bootstrap-owner", Seen(initdb(database="app")), "spec.bootstrap.initdb.owner", "is needed beside database"
        ),
        id="a database without an owner",
    ),
    pytest.param(
        Refused(
            "bootstrap-owner",
            Seen(recovery(source="old", owner="app")),
            "spec.bootstrap.recovery.database",
            "is needed beside owner",
        ),
        id="an owner without a database",
    ),
    *(
        pytest.param(
            Refused(
                "initdb-segment",
                Seen(initdb(walSegmentSize=number)),
                "spec.bootstrap.initdb.walSegmentSize",
                "no power of 2",
            ),
            id=f"segments of {number} MB",
        )
        for number in (0, 24, 2048)
    ),
    pytest.param(
        Refused(
            "initdb-references",
            Seen(initdb(postInitApplicationSQLRefs={"configMapRefs": [{"name": "", "key": "k"}]})),
            "spec.bootstrap.initdb.postInitApplicationSQLRefs.configMapRefs[0]",
            "both name and key",
        ),
        id="SQL without a name",
    ),
    *(
        pytest.param(Refused("import", Seen(imported(**given)), f"spec.bootstrap.initdb.import.{field}", says), id=what)
        for what, given, field, says in (
            (
                "a microservice of two databases",
                {"type": "microservice", "databases": ["a", "b"]},
                "databases",
                "exactly one",
            ),
            (
                "a microservice of a pattern",
                {"type": "microservice", "databases": ["a*"]},
                "databases",
                "without '\\*'",
            ),
            (
                "a microservice with roles",
                {"type": "microservice", "databases": ["a"], "roles": ["r"]},
                "roles",
                "imports no roles",
            ),
            (
                "a monolith of everything and one more",
                {"type": "monolith", "databases": ["*", "a"]},
                "databases",
                "'\\*' alone",
            ),
            ("a monolith of nothing", {"type": "monolith", "databases": []}, "databases", "needs names"),
            (
                "a monolith of all roles and one more",
                {"type": "monolith", "databases": ["a"], "roles": ["*", "r"]},
                "roles",
                "stands alone",
            ),
            (
                "a monolith with SQL afterwards",
                {"type": "monolith", "databases": ["a"], "postImportApplicationSQL": ["SELECT 1"]},
                "postImportApplicationSQL",
                "leave it out",
            ),
            (
                "an import from a source that is not there",
                {"type": "monolith", "databases": ["a"], "source": {"externalCluster": "odl"}},
                "source.externalCluster",
                "named 'odl'; there are: old",
            ),
        )
    ),
    pytest.param(
        Refused("recovery", Seen(recovery(source="odl")), "spec.bootstrap.recovery.source", "'odl'; there are: old"),
        id="a source that is not there",
    ),
    pytest.param(
        Refused(
            "recovery",
            Seen(recovery(source="old", backup={"name": "a"})),
            "spec.bootstrap.recovery.backup",
            "excludes source",
        ),
        id="a source and a backup",
    ),
    pytest.param(
        Refused(
            "recovery",
            Seen(recovery(backup={"name": "a"}, volumeSnapshots={"storage": {"name": "s", "kind": "VolumeSnapshot"}})),
            "spec.bootstrap.recovery.backup",
            "excludes volumeSnapshots",
        ),
        id="a backup and snapshots",
    ),
    pytest.param(
        Refused(
            "recovery",
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
        id="a snapshot for a volume that is not there",
    ),
    *(
        pytest.param(
            Refused(
                "recovery-target",
                Seen(recovery(source="old", recoveryTarget=target)),
                f"spec.bootstrap.recovery.recoveryTarget.{field}",
                says,
            ),
            id=f"a target: {what}",
        )
        for what, target, field, says in (
            (
                "two targets",
                {"targetTime": "2026-08-21T02:03:12Z", "targetLSN": "0/1"},
                "targetTime",
                "excludes targetLSN",
            ),
            ("a name without a backup", {"targetName": "before"}, "backupID", "is needed with targetName"),
            ("a timeline 0", {"targetTLI": "0"}, "targetTLI", "'latest' or a number"),
            ("a name of 64 bytes", {"targetName": "x" * 64, "backupID": "b"}, "targetName", "at most 63 bytes"),
            ("a transaction of 33 bits", {"targetXID": str(2**32), "backupID": "b"}, "targetXID", "below 2"),
            ("an LSN without its slash", {"targetLSN": "42000158"}, "targetLSN", "such as '0/42000158'"),
            ("a day in words", {"targetTime": "yesterday"}, "targetTime", "no time"),
        )
    ),
    pytest.param(
        Refused(
            "recovery-target",
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
        ),
        id="a backup and snapshots of a target",
    ),
    pytest.param(
        Refused(
            "base-backup",
            Seen(cluster(bootstrap={"pg_basebackup": {"source": "x"}}, externalClusters=[OTHER])),
            "spec.bootstrap.pg_basebackup.source",
            "named 'x'; there are: old",
        ),
        id="a base backup of a source that is not there",
    ),
    pytest.param(
        Refused(
            "external-clusters",
            Seen(cluster(externalClusters=[OTHER, OTHER])),
            "spec.externalClusters[1].name",
            "each name once",
        ),
        id="a name twice",
    ),
    pytest.param(
        Refused(
            "external-clusters",
            Seen(cluster(externalClusters=[{"name": "a"}])),
            "spec.externalClusters[0]",
            "needs one of",
        ),
        id="no way to reach it",
    ),
    pytest.param(
        Refused(
            "external-clusters",
            Seen(cluster(externalClusters=[{**OTHER, "name": "../a"}])),
            "spec.externalClusters[0].name",
            "without '/'",
        ),
        id="a name that leaves its folder",
    ),
    pytest.param(
        Refused(
            "bootstrap-once",
            Seen(recovery(source="old"), cluster()),
            "spec.bootstrap",
            "goes from initdb to recovery.*new Cluster",
        ),
        id="another method on a Cluster",
    ),
    pytest.param(
        Refused(
            "bootstrap-once",
            Seen(recovery(source="old"), None, initdb(encoding="UTF8")),
            "spec.bootstrap",
            "goes from initdb to recovery",
        ),
        id="another method than the live one",
    ),
    pytest.param(
        Refused(
            "bootstrap-once",
            Seen(initdb(database="b", owner="b"), initdb(database="a", owner="a")),
            "spec.bootstrap",
            "changes nothing",
            "warning",
        ),
        id="other words of the same method",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_a_good_bootstrap_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_a_bad_bootstrap_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

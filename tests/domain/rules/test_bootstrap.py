from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    NEWEST,
    OTHER,
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
    initdb,
)


def recovery(**given: Any) -> Object:
    return cluster(bootstrap={"recovery": given}, externalClusters=[OTHER])


def imported(*, owner: str | None = None, **given: Any) -> Object:
    source = {"source": {"externalCluster": "old"}}
    made = {"import": {**source, **given}, **({"owner": owner} if owner else {})}
    return cluster(bootstrap={"initdb": made}, externalClusters=[OTHER])


ACCEPTED = [
    pytest.param(Accepted("bootstrap-method", Seen(initdb(database="app", owner="app"))), id="one method"),
    pytest.param(Accepted("bootstrap-owner", Seen(initdb(database="app", owner="app"))), id="a database and its owner"),
    pytest.param(Accepted("bootstrap-owner", Seen(initdb(encoding="UTF8"))), id="neither database nor owner"),
    pytest.param(Accepted("bootstrap-owner", Seen(initdb(database="orders"))), id="a database, whose owner comes"),
    pytest.param(Accepted("bootstrap-owner", Seen(initdb(owner="app"))), id="an owner, whose database comes"),
    pytest.param(
        Accepted(
            "external-cluster-names",
            Seen(cluster(externalClusters=[{**OTHER, "name": "a..b", "sslKey": {"name": "a", "key": "..b"}}])),
        ),
        id="two points that lead nowhere",
    ),
    pytest.param(
        Accepted(
            "external-cluster-names", Seen(cluster(externalClusters=[{**OTHER, "name": "a/b"}]), operator=(1, 29, 1))
        ),
        id="a name with a slash, of an older operator",
    ),
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
            "bootstrap-owner",
            Seen(imported(type="monolith", databases=["*"], owner="app")),
            "spec.bootstrap.initdb.database",
            "is needed beside owner",
        ),
        id="an owner without a database, in an import of all",
    ),
    *(
        pytest.param(
            Refused(
                "initdb-segment",
                Seen(initdb(walSegmentSize=number)),
                "spec.bootstrap.initdb.walSegmentSize",
                "not a power of 2",
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
            "both name and key$",
        ),
        id="SQL without a name",
    ),
    pytest.param(
        Refused(
            "initdb-references",
            Seen(initdb(postInitSQLRefs={"secretRefs": [{"name": "a", "key": ""}]})),
            "spec.bootstrap.initdb.postInitSQLRefs.secretRefs[0]",
            "both name and key .*the API would take it",
        ),
        id="SQL without a key, at which the webhook does not look",
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
                "named 'odl'; there are: old .*the API would take it",
            ),
        )
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
            Seen(cluster(externalClusters=[{**OTHER, "name": ""}])),
            "spec.externalClusters[0].name",
            "is empty.*the API would take it",
        ),
        id="an empty name",
    ),
    pytest.param(
        Refused(
            "external-clusters",
            Seen(cluster(externalClusters=[{"name": "a", "connectionParameters": {}}])),
            "spec.externalClusters[0]",
            "needs one of.*the API would take it",
        ),
        id="no parameters",
    ),
    *(
        pytest.param(
            Refused(
                "external-cluster-names",
                Seen(cluster(externalClusters=[{**OTHER, **item}]), operator=NEWEST),
                f"spec.externalClusters[0].{field}",
                "without '/'",
            ),
            id=f"{field} {item}",
        )
        for field, item in (
            ("name", {"name": "../a"}),
            ("name", {"name": "."}),
            ("sslCert.name", {"sslCert": {"name": "a/b", "key": "tls.crt"}}),
            ("sslKey.key", {"sslKey": {"name": "a", "key": ".."}}),
            ("sslRootCert.key", {"sslRootCert": {"name": "a", "key": "a\\b"}}),
        )
    ),
    pytest.param(
        Refused(
            "external-cluster-names",
            Seen(cluster(externalClusters=[{**OTHER, "name": "a/b"}])),
            "spec.externalClusters[0].name",
            "since 1.28.4, 1.29.2, 1.30.0",
            "warning",
        ),
        id="a name with a slash, of an unknown operator",
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

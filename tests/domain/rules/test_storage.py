from __future__ import annotations

import re

import pytest

from gitops_mcp.domain.rules import Seen
from tests.domain.rules.examples import (
    NEWEST,
    Accepted,
    Refused,
    cluster,
    findings_against,
    findings_at_field,
    tablespaces,
)

ACCEPTED = [
    pytest.param(Accepted("storage-size", Seen(cluster(storage={"size": "1.5Ti"}))), id="a size with a fraction"),
    pytest.param(
        Accepted(
            "storage-size", Seen(cluster(storage={"pvcTemplate": {"resources": {"requests": {"storage": "1Gi"}}}}))
        ),
        id="a size in the template only",
    ),
    pytest.param(
        Accepted(
            "storage-twice", Seen(cluster(storage={"size": "1Gi", "pvcTemplate": {"accessModes": ["ReadWriteOnce"]}}))
        ),
        id="a template without a size",
    ),
    pytest.param(
        Accepted("storage-shrink", Seen(cluster(storage={"size": "10240Mi"}), cluster())),
        id="the same size in another unit",
    ),
    pytest.param(
        Accepted("storage-shrink", Seen(tablespaces("hot", size="2Gi"), tablespaces("hot", size="1Gi"))),
        id="a tablespace that grows",
    ),
    pytest.param(
        Accepted("wal-storage-kept", Seen(cluster(walStorage={"size": "1Gi"}), cluster())),
        id="walStorage that is added",
    ),
    pytest.param(
        Accepted("tablespaces-kept", Seen(tablespaces("hot", "cold"), tablespaces("hot"))),
        id="a tablespace that is added",
    ),
    pytest.param(
        Accepted("tablespace-names", Seen(tablespaces("hot", "_cold2", "PG_old"))),
        id="names with an underscore, a digit, and PG_ in capitals",
    ),
    pytest.param(
        Accepted("tablespace-volumes", Seen(tablespaces("a_b", "ab", "a_b2"), operator=NEWEST)), id="names of volumes"
    ),
    pytest.param(
        Accepted("tablespace-volumes", Seen(tablespaces("a_b", "a$b"), operator=(1, 28, 1))),
        id="one volume of two names, of an older operator",
    ),
    pytest.param(
        Accepted(
            "tablespace-snapshots",
            Seen(
                {
                    **tablespaces("hot"),
                    "spec": {
                        **tablespaces("hot")["spec"],
                        "backup": {"volumeSnapshot": {"tablespaceClassName": {"hot": "fast"}}},
                    },
                }
            ),
        ),
        id="a snapshot class of a tablespace",
    ),
]

REFUSED = [
    *(
        pytest.param(
            Refused(
                "tablespace-volumes",
                Seen(tablespaces(*names), operator=NEWEST),
                "spec.tablespaces[1].name",
                f"makes the volume {volume},",
            ),
            id=f"one volume of {' and '.join(names)}",
        )
        for names, volume in ((("a_b", "A$b"), "tbs-a-b"), (("x$_", "x__"), "tbs-x--"))
    ),
    pytest.param(
        Refused(
            "storage-size",
            Seen(cluster(storage={"size": "10"})),
            "spec.storage.size",
            "less than 1Mi.*the API would take it",
        ),
        id="ten bytes",
    ),
    pytest.param(
        Refused(
            "storage-size",
            Seen(cluster(storage={"size": "10GB"})),
            "spec.storage.size",
            "'10GB' is not a size.*such as 10Gi",
        ),
        id="GB for Gi",
    ),
    pytest.param(
        Refused("storage-size", Seen(cluster(storage={})), "spec.storage.size", "is needed"),
        id="storage without a size",
    ),
    pytest.param(
        Refused(
            "storage-size", Seen(cluster(walStorage={"storageClass": "fast"})), "spec.walStorage.size", "is needed"
        ),
        id="walStorage without a size",
    ),
    pytest.param(
        Refused(
            "storage-size",
            Seen(tablespaces("hot", size="big")),
            "spec.tablespaces[0].storage.size",
            "'big' is not a size",
        ),
        id="a tablespace's size that is none",
    ),
    pytest.param(
        Refused("storage-size", Seen(cluster(storage=None)), "spec.storage.size", "is needed"), id="no storage"
    ),
    pytest.param(
        Refused(
            "storage-twice",
            Seen(cluster(storage={"size": "1Gi", "pvcTemplate": {"resources": {"requests": {"storage": "2Gi"}}}})),
            "spec.storage.size",
            "wins over",
            "warning",
        ),
        id="a size stated twice",
    ),
    pytest.param(
        Refused(
            "storage-twice",
            Seen(cluster(walStorage={"size": "1Gi", "storageClass": "a", "pvcTemplate": {"storageClassName": "b"}})),
            "spec.walStorage.storageClass",
            "wins over",
            "warning",
        ),
        id="a storage class stated twice",
    ),
    pytest.param(
        Refused(
            "storage-shrink",
            Seen(cluster(storage={"size": "9Gi"}), cluster()),
            "spec.storage.size",
            "9Gi is less than 10Gi",
        ),
        id="less than before",
    ),
    pytest.param(
        Refused(
            "storage-shrink",
            Seen(cluster(), None, cluster(storage={"size": "20Gi"})),
            "spec.storage.size",
            "10Gi is less than 20Gi",
        ),
        id="less than live",
    ),
    pytest.param(
        Refused(
            "storage-shrink",
            Seen(cluster(walStorage={"size": "1G"}), cluster(walStorage={"size": "1Gi"})),
            "spec.walStorage.size",
            "1Gi",
        ),
        id="a smaller unit",
    ),
    pytest.param(
        Refused(
            "storage-shrink",
            Seen(tablespaces("cold", "hot"), tablespaces("hot", size="2Gi")),
            "spec.tablespaces[1].storage.size",
            "at least 2Gi",
        ),
        id="a tablespace that moved in the list",
    ),
    pytest.param(
        Refused("wal-storage-kept", Seen(cluster(), cluster(walStorage={"size": "1Gi"})), "spec.walStorage", "keep it"),
        id="walStorage that goes",
    ),
    pytest.param(
        Refused(
            "wal-storage-kept", Seen(cluster(), None, cluster(walStorage={"size": "1Gi"})), "spec.walStorage", "keep it"
        ),
        id="walStorage that only the live Cluster has",
    ),
    pytest.param(
        Refused(
            "tablespaces-kept",
            Seen(tablespaces("cold"), tablespaces("hot", "cold")),
            "spec.tablespaces",
            "'hot' is gone",
        ),
        id="one tablespace that goes",
    ),
    pytest.param(
        Refused("tablespaces-kept", Seen(cluster(), tablespaces("hot")), "spec.tablespaces", "'hot' is gone"),
        id="all tablespaces that go",
    ),
    pytest.param(
        Refused("tablespace-names", Seen(tablespaces("hot", "HOT")), "spec.tablespaces[1].name", "ignores case"),
        id="names that differ in case only",
    ),
    pytest.param(
        Refused("tablespace-names", Seen(tablespaces("pg_hot")), "spec.tablespaces[0].name", "'pg_hot' is not a name"),
        id="a name that starts with pg_",
    ),
    pytest.param(
        Refused("tablespace-names", Seen(tablespaces("1")), "spec.tablespaces[0].name", "not a name"),
        id="a name that is a digit",
    ),
    pytest.param(
        Refused(
            "tablespace-snapshots",
            Seen(cluster(backup={"volumeSnapshot": {"tablespaceClassName": {"hot": "fast"}}})),
            "spec.backup.volumeSnapshot.tablespaceClassName.hot",
            "no tablespace",
        ),
        id="a snapshot class of no tablespace",
    ),
]


@pytest.mark.parametrize("example", ACCEPTED)
def test_good_storage_is_not_found_fault_with(example: Accepted) -> None:
    assert findings_against(example) == []


@pytest.mark.parametrize("example", REFUSED)
def test_bad_storage_is_found_at_its_field_with_what_would_work(example: Refused) -> None:
    (finding,) = findings_at_field(example)
    assert finding.severity == example.severity
    assert re.search(example.says, finding.message)

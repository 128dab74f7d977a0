from __future__ import annotations

import re
from typing import Any

import pytest

from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.rules.limits import (
    broken_limits,
    check_instances_limit,
    check_storage_class_limit,
    notice_missing_backups,
)
from gitops_mcp.errors import InvalidRequest


def cluster(name: str = "db", **spec: Any) -> Object:
    return {"kind": "Cluster", "metadata": {"name": name, "namespace": "shop"}, "spec": spec}


def test_limits_name_the_number_and_the_choices() -> None:
    with pytest.raises(InvalidRequest, match="at most 9"):
        check_instances_limit(10, most=9)
    with pytest.raises(InvalidRequest, match="there are: fast, slow"):
        check_storage_class_limit("other", allowed=("fast", "slow"))
    with pytest.raises(InvalidRequest, match="name one"):
        check_storage_class_limit(None, allowed=("fast",))
    assert (check_instances_limit(9, most=9), check_storage_class_limit("fast", allowed=("fast",))) == (9, "fast")


def test_what_an_object_would_have_is_held_to_the_limits_whoever_sets_it() -> None:
    grown = cluster(instances=12, storage={"size": "1Gi", "storageClass": "slow"}, walStorage={"storageClass": "tape"})
    assert broken_limits(cluster(instances=3), grown, most=9, storage_classes=("fast",)) == (
        "spec.instances: 12 is more than limits.maxInstances of .gitops-mcp.yaml allows; at most 9",
        (
            "spec.storage.storageClass: 'slow' is not one that limits.storageClasses of .gitops-mcp.yaml allows; "
            "there are: fast"
        ),
        (
            "spec.walStorage.storageClass: 'tape' is not one that limits.storageClasses of .gitops-mcp.yaml allows; "
            "there are: fast"
        ),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(cluster(instances=12), cluster(instances=12, logLevel="debug"), id="too many there already"),
        pytest.param(None, cluster(instances=9), id="the most there may be"),
        pytest.param(cluster(storage={"size": "1Gi"}), cluster(storage={"size": "2Gi"}), id="the default, as before"),
        pytest.param(
            cluster(storage={"storageClass": "slow"}), cluster(storage={"storageClass": "slow"}), id="a class it has"
        ),
        pytest.param(
            cluster(storage={"storageClass": "slow"}), cluster(storage={"size": "1Gi"}), id="a class no longer stated"
        ),
        pytest.param(None, {"kind": "Pooler", "spec": {"instances": 12}}, id="another kind"),
        pytest.param(None, cluster(instances="${COUNT}"), id="a variable"),
    ],
)
def test_limits_refuse_no_more_than_what_is_new(before: Object | None, after: Object) -> None:
    assert broken_limits(before, after, most=9, storage_classes=("fast",)) == ()


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        pytest.param({"walStorage": {"size": "1Gi"}}, "spec.walStorage.storageClass: names none", id="the default"),
        pytest.param(
            {"walStorage": {"pvcTemplate": {"storageClassName": "tape"}}},
            "spec.walStorage.storageClass: 'tape'",
            id="in a template",
        ),
        pytest.param(
            {"tablespaces": [{"name": "cold", "storage": {"storageClass": "tape"}}]},
            r"spec.tablespaces\[0\].storage.storageClass: 'tape'",
            id="of a tablespace",
        ),
    ],
)
def test_every_volume_is_held_to_the_storage_classes(spec: Object, field: str) -> None:
    data = {"size": "1Gi", "storageClass": "fast"}
    (fault,) = broken_limits(cluster(storage=data), cluster(storage=data, **spec), most=9, storage_classes=("fast",))
    assert re.match(field, fault)


ARCHIVING = [
    {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True, "parameters": {"barmanObjectName": "store"}}
]
NIGHTLY = {"kind": "ScheduledBackup", "metadata": {"name": "x"}, "spec": {"cluster": {"name": "db"}}}


def test_a_cluster_that_nothing_could_be_restored_from_is_told_with_the_store_beside_it() -> None:
    (told,) = notice_missing_backups(cluster(), [cluster("other", plugins=ARCHIVING)])
    assert told.id == "no-backups"
    assert "no WAL archiver and no ScheduledBackup" in told.message
    assert "clusters beside it use ObjectStore store" in told.message


def test_what_alone_is_missing_is_named_alone() -> None:
    (told,) = notice_missing_backups(cluster(plugins=ARCHIVING), [])
    assert "has no ScheduledBackup:" in told.message
    (told,) = notice_missing_backups(cluster(), [NIGHTLY])
    assert "has no WAL archiver:" in told.message
    assert "ObjectStore" not in told.message


def test_a_cluster_with_both_and_what_is_no_cluster_are_not_told() -> None:
    assert notice_missing_backups(cluster(plugins=ARCHIVING), [NIGHTLY]) == ()
    assert notice_missing_backups({"kind": "Database", "metadata": {"name": "db"}}, []) == ()


def test_a_schedule_of_another_cluster_keeps_nothing_of_this_one() -> None:
    (told,) = notice_missing_backups(cluster("db2", plugins=ARCHIVING), [NIGHTLY])
    assert "no ScheduledBackup" in told.message

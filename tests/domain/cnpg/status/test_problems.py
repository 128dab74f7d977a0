from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitops_mcp.domain.cnpg.status.problems import Problem, problems
from gitops_mcp.domain.cnpg.status.report import Related, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW

ALL: dict[str, Any] = {
    "pods": cnpg.pods(),
    "claims": cnpg.claims(),
    "services": (),
    "budgets": (),
    "events": (),
    "databases": (cnpg.database(),),
    "roles": (cnpg.role(),),
    "poolers": (),
    "backups": (cnpg.backup(),),
    "scheduled_backups": (cnpg.scheduled_backup(),),
    "object_stores": (cnpg.object_store(),),
}


def found(change: Callable[[Object], object] = lambda _: None, **related: Any) -> tuple[Problem, ...]:
    cluster = cnpg.healthy_cluster()
    change(cluster)
    return problems(read_status(cluster, Related(**{**ALL, **related}), now=NOW))


def ids(*args: Any, **related: Any) -> list[tuple[str, str]]:
    return [(one.severity, one.id) for one in found(*args, **related)]


def test_a_healthy_cluster_has_no_problem() -> None:
    assert found() == ()


def test_nothing_is_concluded_from_what_could_not_be_read() -> None:
    assert problems(read_status(cnpg.healthy_cluster(), Related(), now=NOW)) == ()


def in_status(**values: Any) -> Callable[[Object], object]:
    return lambda cluster: cluster["status"].update(values)


def in_spec(**values: Any) -> Callable[[Object], object]:
    return lambda cluster: cluster["spec"].update(values)


def annotated(**values: str) -> Callable[[Object], object]:
    return lambda cluster: cluster["metadata"].update(
        annotations={f"cnpg.io/{key}": value for key, value in values.items()}
    )


def with_condition(type_: str, status_: str, reason: str) -> Callable[[Object], object]:
    def change(cluster: Object) -> None:
        kept = [one for one in cluster["status"]["conditions"] if one["type"] != type_]
        cluster["status"]["conditions"] = [*kept, cnpg.condition(type_, status_, reason, "in its words")]

    return change


def without_conditions(cluster: Object) -> None:
    cluster["status"]["conditions"] = []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(in_status(phase="Failing over"), ("critical", "phase-degraded"), id="degraded"),
        pytest.param(in_status(phase="Upgrading cluster"), ("info", "phase-progressing"), id="progressing"),
        pytest.param(in_status(phase="Waiting for user action"), ("warning", "phase-needs_human"), id="a person"),
        pytest.param(in_status(phase="Polishing"), ("warning", "phase-unknown"), id="unknown phase"),
        pytest.param(in_status(targetPrimary="pending"), ("critical", "failover-undecided"), id="no primary chosen"),
        pytest.param(in_status(targetPrimary="ledger-3"), ("warning", "switch-pending"), id="switching"),
        pytest.param(in_status(readyInstances=2), ("warning", "instances-missing"), id="one is missing"),
        pytest.param(in_status(readyInstances=0), ("critical", "instances-missing"), id="all are missing"),
        pytest.param(
            with_condition("ContinuousArchiving", "False", "ContinuousArchivingFailing"),
            ("critical", "archiving-failing"),
            id="archiving fails while the phase is healthy",
        ),
        pytest.param(without_conditions, ("warning", "archiving-unproven"), id="archiving not reported"),
        pytest.param(in_spec(plugins=[]), ("warning", "no-archiver"), id="nobody archives"),
        pytest.param(
            with_condition("LastBackupSucceeded", "False", "LastBackupFailed"),
            ("critical", "last-backup-failed"),
            id="last backup failed",
        ),
        pytest.param(
            in_status(managedRolesStatus={"cannotReconcile": {"clerk": ["no such role"]}}),
            ("warning", "role-not-reconciled"),
            id="role",
        ),
        pytest.param(
            in_status(tablespacesStatus=[{"name": "hot", "state": "pending", "error": "x"}]),
            ("warning", "tablespace-failing"),
            id="tablespace",
        ),
        pytest.param(in_status(unusablePVC=["ledger-1"]), ("critical", "volume-unusable"), id="unusable volume"),
        pytest.param(in_status(danglingPVC=["ledger-1"]), ("warning", "volume-dangling"), id="dangling volume"),
        pytest.param(in_status(resizingPVC=["ledger-1"]), ("info", "volume-resizing"), id="resizing volume"),
        pytest.param(in_status(pluginStatus=[]), ("warning", "plugin-missing"), id="plugin"),
        pytest.param(
            with_condition("ConsistentSystemID", "False", "Mismatch"),
            ("critical", "system-id-mismatch"),
            id="system id",
        ),
        pytest.param(annotated(fencedInstances='["ledger-1"]'), ("warning", "fenced"), id="a fenced replica"),
        pytest.param(annotated(fencedInstances='["ledger-2"]'), ("critical", "fenced"), id="the fenced primary"),
        pytest.param(annotated(fencedInstances='["*"]'), ("critical", "fenced"), id="all fenced"),
        pytest.param(annotated(reconciliationLoop="disabled"), ("warning", "operator-disabled"), id="operator off"),
        pytest.param(annotated(validation="disabled"), ("warning", "operator-disabled"), id="validation off"),
        pytest.param(in_spec(bootstrap={"recovery": {}}), ("warning", "bootstrap-left"), id="made by recovery"),
        pytest.param(
            in_status(
                instancesReportedState={"ledger-1": {"timeLineID": 6}, "ledger-2": {"timeLineID": 7}, "ledger-3": {}}
            ),
            ("warning", "timelines-differ"),
            id="timelines",
        ),
    ],
)
def test_each_problem_of_the_cluster_is_found_alone(
    change: Callable[[Object], object], expected: tuple[str, str]
) -> None:
    assert ids(change) == [expected]


@pytest.mark.parametrize(
    ("related", "expected"),
    [
        pytest.param({"databases": (cnpg.database(applied=False, message="no owner"),)}, "not-applied", id="database"),
        pytest.param({"databases": (cnpg.database(observedGeneration=2),)}, "not-applied-yet", id="database is behind"),
        pytest.param(
            {"databases": (cnpg.database(extensions=[{"name": "x", "applied": False}]),)}, "database-parts", id="parts"
        ),
        pytest.param({"roles": (cnpg.role(applied=False),)}, "not-applied", id="role"),
        pytest.param(
            {"roles": ({**cnpg.role(), "metadata": {**cnpg.role()["metadata"], "deletionTimestamp": "x"}},)},
            "stuck-deleting",
            id="role that stays",
        ),
        pytest.param({"scheduled_backups": (cnpg.scheduled_backup("0 2 * * *"),)}, "five-field-schedule", id="cron"),
        pytest.param(
            {"scheduled_backups": (cnpg.scheduled_backup(suspend=True),)}, "schedule-suspended", id="suspended"
        ),
        pytest.param({"scheduled_backups": (cnpg.scheduled_backup(method=None),)}, "schedule-method", id="method"),
        pytest.param({"backups": (cnpg.backup(phase="failed"),)}, "backup-failed", id="backup"),
        pytest.param({"backups": (), "scheduled_backups": (), "object_stores": ()}, "no-backup", id="no backup"),
        pytest.param(
            {"claims": (cnpg.claim("ledger-1", "ledger-1", phase="Pending", capacity={}),)},
            "volume-pending",
            id="pending",
        ),
        pytest.param(
            {"claims": (cnpg.claim("ledger-1", "ledger-1", capacity={"storage": "10Gi"}),)},
            "volume-resizing",
            id="small",
        ),
        pytest.param(
            {
                "poolers": (
                    {
                        "metadata": cnpg.metadata("p"),
                        "spec": {"cluster": {"name": "ledger"}},
                        "status": {"phase": "failed"},
                    },
                )
            },
            "pooler",
            id="pooler",
        ),
    ],
)
def test_each_problem_of_what_belongs_to_the_cluster_is_found_alone(related: Any, expected: str) -> None:
    assert [id_ for _, id_ in ids(**related)] == [expected]


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        pytest.param(cnpg.claims(), "update_postgres_cluster wal_storage_size='8Gi'", id="of WAL"),
        pytest.param((cnpg.claim("ledger-1", "ledger-1"),), "update_postgres_cluster storage_size='30Gi'", id="one"),
    ],
)
def test_a_full_disk_names_the_volume_and_how_far_to_grow_it(claims: Any, says: str) -> None:
    full = in_status(phase="Not enough disk space")
    told = [one for one in found(full, claims=claims) if one.id == "volume-full"]
    assert [(one.severity, says in one.action, "cannot shrink again" in one.action) for one in told] == [
        ("critical", True, True)
    ]


def test_a_failing_job_is_told() -> None:
    job = cnpg.pod("ledger-4-join-x", phase="Failed", reason="Error")
    job["metadata"]["labels"]["cnpg.io/jobRole"] = "join"
    assert ids(pods=(*cnpg.pods(), job)) == [("warning", "job-failing")]


def test_instances_on_one_node_are_told() -> None:
    pods = cnpg.pods()
    for one in pods:
        one["spec"]["nodeName"] = "node-a"
    assert ids(pods=pods) == [("warning", "one-node")]


def test_a_missing_instance_is_told_with_what_its_pod_says() -> None:
    crashed = cnpg.pod(
        "ledger-1", containerStatuses=[{"name": "postgres", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
    )
    (one,) = found(in_status(readyInstances=1), pods=(crashed, cnpg.pod("ledger-2")))
    assert one.detail == "ledger-1: postgres: CrashLoopBackOff; ledger-3: no pod"


@pytest.mark.parametrize(
    ("until", "own", "expected"),
    [
        pytest.param("2026-10-02 12:00:00 +0000 UTC", True, [], id="31 days"),
        pytest.param("2026-09-30 12:00:00 +0000 UTC", True, [("info", "certificate-ends")], id="29 days"),
        pytest.param("2026-09-30 12:00:00 +0000 UTC", False, [("warning", "certificate-ends")], id="29 days, not ours"),
        pytest.param("2026-09-05 12:00:00 +0000 UTC", True, [("critical", "certificate-ends")], id="4 days"),
        pytest.param("2026-08-31 12:00:00 +0000 UTC", True, [("critical", "certificate-ends")], id="yesterday"),
    ],
)
def test_certificates_that_end_soon_are_told(until: str, own: bool, expected: list[tuple[str, str]]) -> None:
    def change(cluster: Object) -> None:
        cluster["status"]["certificates"]["expirations"] = {"tls": until}
        if not own:
            cluster["spec"]["certificates"] = {"serverTLSSecret": "tls"}

    assert ids(change) == expected


def test_a_hibernated_cluster_misses_no_instance_and_no_volume() -> None:
    def change(cluster: Object) -> None:
        annotated(hibernation="on")(cluster)
        cluster["status"].update(readyInstances=0, danglingPVC=["ledger-1"], instancesStatus={})

    assert ids(change, pods=()) == [("info", "hibernated")]


def test_a_single_instance_is_told() -> None:
    def change(cluster: Object) -> None:
        cluster["spec"]["instances"] = 1

    assert ids(change) == [("info", "single-instance")]


def test_a_replica_cluster_need_not_archive() -> None:
    assert ids(in_spec(plugins=[], replica={"enabled": True, "source": "north"})) == []


def test_the_in_tree_way_is_deprecated() -> None:
    nightly = (cnpg.scheduled_backup(method="barmanObjectStore"),)
    change = in_spec(plugins=[], backup={"barmanObjectStore": {"destinationPath": "s3://x"}})
    assert ids(change, scheduled_backups=nightly) == [("warning", "in-tree-barman")]


def test_what_git_declares_decides_whether_a_recovery_is_left_there() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["spec"]["bootstrap"] = {"recovery": {"source": "old"}}
    seen = read_status(cluster, Related(**ALL), now=NOW)
    assert problems(seen, desired={"spec": {"bootstrap": {"initdb": {}}}}) == ()
    (left,) = problems(seen, desired={"spec": {"bootstrap": {"recovery": {}}}})
    assert left.what.startswith("Git still declares bootstrap.recovery")


def test_a_failover_with_broken_archiving_is_told_worst_first() -> None:
    def change(cluster: Object) -> None:
        in_status(phase="Failing over", readyInstances=1, targetPrimary="pending")(cluster)
        with_condition("ContinuousArchiving", "False", "ContinuousArchivingFailing")(cluster)
        annotated(reconciliationLoop="disabled")(cluster)

    assert [severity for severity, _ in ids(change)] == ["critical"] * 3 + ["warning"] * 2


def test_words_of_the_cluster_stand_apart_from_ours() -> None:
    (one,) = found(with_condition("ContinuousArchiving", "False", "ContinuousArchivingFailing"))
    assert one.detail == "in its words"
    assert "in its words" not in one.what + one.action


def test_a_cluster_being_deleted_is_told() -> None:
    def change(cluster: Object) -> None:
        cluster["metadata"]["deletionTimestamp"] = "2026-09-01T00:00:00Z"

    assert ids(change) == [("warning", "deleting")]

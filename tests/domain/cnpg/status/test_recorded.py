from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.status.conditions import find_condition
from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.cnpg.status.problems import problems
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.objects import Object
from tests.fakes.recorded import SOON, recorded, recorded_list, recorded_names

ARCHIVING = "critical: WAL archiving fails: no restore to a point after it began, and WAL fills the volume (Ready says nothing of it)"
SEE_ARCHIVE = "read the primary's log: 'Expected empty archive' says that the archive holds another Cluster's WAL: give this one a serverName of its own; else check the object store's address, credentials and space"
NO_ARCHIVE = "warning: nothing archives WAL: this Cluster cannot be restored to a point in time"
ADD_ARCHIVE = "schedule_postgres_backups sets an archive up: an ObjectStore, and a plugin with isWALArchiver"
NO_PLUGIN = (
    "critical: phase 'Cluster cannot proceed to reconciliation due to an unknown plugin being required' (blocked)"
)


def read(cluster: Object, **related: Any) -> Status:
    return read_status(cluster, Related(**related), now=SOON)


def sentences(cluster: Object, **related: Any) -> list[tuple[str, str]]:
    return [(f"{one.severity}: {one.what}", one.action) for one in problems(read(cluster, **related))]


@pytest.mark.parametrize(
    ("name", "kind", "what", "action"),
    [
        (
            "after-failover",
            "ok",
            "warning: WAL archiving was refused while the primary changed, and nothing was archived since",
            "wait for the next WAL file (5 minutes in an idle Cluster); if it stays so, read the primary's log",
        ),
        ("archive-failing", "ok", ARCHIVING, SEE_ARCHIVE),
        ("archive-not-empty", "ok", ARCHIVING, SEE_ARCHIVE),
        (
            "ca-missing",
            "blocked",
            "critical: phase 'Unable to create required cluster objects' (blocked)",
            "make what phaseReason misses, such as a Secret that spec.certificates names, or correct its name in Git; quotas and webhooks do this too: see the operator's log",
        ),
        (
            "catalog",
            "blocked",
            "critical: phase 'Cluster has incomplete or invalid image catalog' (blocked)",
            "see that the catalog of spec.imageCatalogRef exists and has an image for the wanted major",
        ),
        (
            "deleted",
            "deleting",
            "warning: the Cluster has been in deletion for 66m, with all its volumes, held by example.org/hold",
            "nothing, if this is intended; what set the finalizer example.org/hold has to remove it",
        ),
        (
            "disabled",
            "blocked",
            "critical: the annotation cnpg.io/reconciliationLoop is 'disabled': the operator does nothing for this Cluster, and reports nothing of it",
            "remove the annotation; until then no change from Git takes effect, and the status may be an old one",
        ),
        (
            "disk-full",
            "failed",
            "critical: phase 'Not enough disk space' (failed); the database is down",
            "enlarge the volume that is full in Git (spec.storage.size or spec.walStorage.size), and its PersistentVolumeClaim by hand: the operator resizes none while it says this",
        ),
        (
            "fenced",
            "fenced",
            "warning: ledger-2 is fenced: PostgreSQL is stopped there",
            "once the reason is gone, remove the annotation cnpg.io/fencedInstances (`kubectl cnpg fencing off`)",
        ),
        ("healthy", "ok", NO_ARCHIVE, ADD_ARCHIVE),
        (
            "hibernated",
            "hibernated",
            "info: the Cluster is hibernated: no instance runs, the volumes are kept",
            "to wake it set the annotation cnpg.io/hibernation to 'off' in Git",
        ),
        (
            "managed-roles",
            "ok",
            "critical: the last backup failed",
            "see the newest Backup object and the log of the instance it ran on",
        ),
        (
            "notready",
            "progressing",
            "warning: phase 'Waiting for the instances to become active' (progressing) for 66m",
            "look at the instances that are not ready, their pods and events",
        ),
        (
            "plugin-missing",
            "blocked",
            NO_PLUGIN,
            "install the plugin barman-cloud.cloudnative-pg.io (spec.plugins[0] names it) in the operator's namespace, or remove it from Git",
        ),
        (
            "recovering",
            "blocked",
            NO_PLUGIN,
            "install the plugin barman-cloud.cloudnative-pg.io (spec.externalClusters[0].plugin names it) in the operator's namespace, or remove it from Git",
        ),
        (
            "replica",
            "fenced",
            "critical: all instances are fenced: PostgreSQL is stopped there, and no failover happens",
            "wait: the operator fenced them itself to make the Cluster follow its source, and lifts it then; if it lasts, read the instances' log",
        ),
        (
            "replica-unreachable",
            "degraded",
            "warning: 1 of 2 instances are ready, though the phase is healthy",
            "look at the pods, volumes and events of those that are not",
        ),
        (
            "restore-no-target-backup",
            "progressing",
            "warning: phase 'Setting up primary' (progressing) for 20m",
            "get_postgres_logs reads the log of the Job that restores: 'Expected empty archive' asks for a serverName of its own in the archive, 'no target backup found' for a later recoveryTarget; a large backup only takes its time",
        ),
        ("restored", "ok", f"{NO_ARCHIVE} (its condition ContinuousArchiving is True all the same)", ADD_ARCHIVE),
        (
            "running-plugin-missing",
            "blocked",
            NO_PLUGIN,
            "install the plugin barman-cloud.cloudnative-pg.io (spec.plugins[0] names it) in the operator's namespace, or remove it from Git",
        ),
        (
            "statusdown",
            "blocked",
            "critical: phase 'Instance Status Extraction Error: HTTP communication issue' (blocked)",
            "let the operator reach port 8000 of the instances' pods: a NetworkPolicy, or another rule of the network, keeps it away from pods that are ready",
        ),
        (
            "stuck",
            "progressing",
            "warning: phase 'Setting up primary' (progressing) for 66m",
            "look at the pods, jobs and events of the instance it works on",
        ),
        (
            "supervised",
            "needs_human",
            "warning: phase 'Waiting for user action' (needs_human)",
            "the replicas are updated, the primary waits for a person (primaryUpdateStrategy supervised): promote a replica with `kubectl cnpg promote`, or restart the primary with `kubectl cnpg restart`",
        ),
        (
            "unknown-plugin",
            "blocked",
            NO_PLUGIN,
            "install the plugin no-such-plugin.example.org (spec.plugins[0] names it) in the operator's namespace, or remove it from Git",
        ),
    ],
)
def test_each_recorded_cluster_is_told_as_a_person_should_read_it(name: str, kind: str, what: str, action: str) -> None:
    cluster = recorded(f"cluster-{name}")
    assert read(cluster).summary.phase_class == kind
    assert (what, action) in sentences(cluster)


WELL = {
    "after-backup": "2 of 2 instances are ready",
    "after-failover": "2 of 2 instances are ready",
    "archive-failing": "2 of 2 instances are ready",
    "archive-not-empty": "1 of 1 instances are ready",
    "healthy": "3 of 3 instances are ready",
    "hibernated": "it is hibernated",
    "managed-roles": "1 of 1 instances are ready",
    "restored": "1 of 1 instances are ready",
}
AWAITED = {
    "deleted": "it is being deleted, held by example.org/hold",
    "notready": "phase 'Waiting for the instances to become active' for 66m: look at the instances that are not ready, "
    "their pods and events",
    "replica": "the operator has fenced it, to make it follow its source",
    "replica-unreachable": "1 of 2 instances are ready, 2 exist",
    "stuck": "phase 'Setting up primary' for 66m: look at the pods, jobs and events of the instance it works on",
}


@pytest.mark.parametrize("name", [one.removeprefix("cluster-") for one in recorded_names("cluster")])
def test_a_change_of_a_recorded_cluster_is_as_far_as_all_of_it_says(name: str) -> None:
    well, why = judge_health(recorded(f"cluster-{name}"), now=SOON)
    if name in WELL:
        assert (well, why) == (True, WELL[name])
    elif name in AWAITED:
        assert (well, why) == (False, AWAITED[name])
    elif name == "restore-no-target-backup":
        assert well is False
        assert "'Expected empty archive' asks for a serverName of its own" in why
    else:
        assert well is None


@pytest.mark.parametrize(
    ("name", "well", "why"),
    [
        ("backup-completed", True, "phase 'completed'"),
        ("backup-running", False, "phase 'running'"),
        (
            "backup-no-section",
            None,
            "phase 'failed': cannot proceed with the backup as the cluster has no backup section",
        ),
        (
            "backup-pending-another-runs",
            False,
            "phase 'pending' for 17m: its Cluster or its plugin is not there, or another Backup runs",
        ),
        (
            "backup-volumesnapshot-error",
            False,
            (
                "phase 'started': its VolumeSnapshot fails since 2026-11-29T21:42:15Z: see the events and status of "
                "VolumeSnapshots"
            ),
        ),
        ("scheduledbackup-daily", True, "it is there"),
        (
            "scheduledbackup-stuck-behind-pending",
            False,
            "it should have run 6m ago and did not: an earlier Backup of it is not finished, or no operator runs",
        ),
        ("database-applied", True, "it is applied"),
        ("database-absent", True, "it is dropped"),
        (
            "database-bad-ext",
            None,
            (
                "it cannot be applied: database object reconciliation failed; extension no_such_ext: ERROR: extension "
                '"no_such_ext" is not available (SQLSTATE 0A000)'
            ),
        ),
        ("database-second", None, 'it cannot be applied: "books" is already managed by object "ledger-orders"'),
        ("databaserole-certificate", True, "it is applied"),
        ("databaserole-inline-too", None, "it cannot be applied: database role is already managed by the CNPG cluster"),
        (
            "databaserole-no-secret",
            False,
            "it waits for Secret not-there, and the operator tries again until there is one",
        ),
        (
            "subscription-refused",
            None,
            "it cannot be applied: externalCluster 'nothing' not declared in cluster ledger",
        ),
    ],
)
def test_a_change_of_another_recorded_object_is_as_far_as_it_says(name: str, well: bool | None, why: str) -> None:
    assert judge_health(recorded(name), now=SOON) == (well, why)


def test_archiving_is_not_believed_without_an_archive() -> None:
    for name in ("managed-roles", "restored", "disk-full"):
        told = find_condition(read(recorded(f"cluster-{name}")).conditions, "ContinuousArchiving")
        assert told
        assert (told.status, told.message) == ("no archive", None)
    with_archive = find_condition(read(recorded("cluster-after-backup")).conditions, "ContinuousArchiving")
    assert with_archive
    assert with_archive.status == "True"


def test_inline_roles_are_those_of_the_list_and_what_once_failed_is_forgotten_with_it() -> None:
    roles = tuple(recorded(name) for name in recorded_names("databaserole"))
    seen = read(recorded("cluster-managed-roles"), roles=roles)
    assert [(one.name, one.state) for one in seen.inline_roles] == [
        ("teller", "reconciled"),
        ("trainee", "pending-reconciliation"),
    ]
    assert [(one.name, one.state) for one in seen.unmanaged_roles] == [
        ("app", "not-managed"),
        ("cnpg_metrics_exporter", "reserved"),
        ("cnpg_pooler_pgbouncer", "reserved"),
        ("postgres", "reserved"),
        ("streaming_replica", "reserved"),
    ]
    assert [one.name for one in read(recorded("cluster-after-failover")).inline_roles] == ["clerk"]


def test_a_failure_is_never_called_stale() -> None:
    roles = tuple(recorded(name) for name in recorded_names("databaserole"))
    databases = tuple(recorded(name) for name in recorded_names("database"))
    seen = read(recorded("cluster-managed-roles"), roles=roles, databases=databases)
    states = [one.state for one in seen.databases or ()] + [one.state for one in seen.database_roles or ()]
    assert sum(one.applied is False for one in states) == 9
    assert not any(one.stale for one in states)


def claim_in_deletion() -> Object:
    claim = recorded("claim")
    claim["metadata"] |= {"deletionTimestamp": "2026-11-29T21:30:00Z", "finalizers": ["kubernetes.io/pvc-protection"]}
    return claim


def test_a_claim_in_deletion_is_told_as_what_is_waited_for() -> None:
    cluster = recorded("cluster-healthy")
    cluster["status"] = {key: cluster["status"][key] for key in ("conditions", "certificates")}
    seen = read(cluster, claims=(claim_in_deletion(),))
    assert seen.volumes
    assert [(one.phase, one.state) for one in seen.volumes] == [("Terminating", "deleting")]
    told = sentences(cluster, claims=(claim_in_deletion(),))
    assert (
        (
            "warning: PersistentVolumeClaim ledger-1 has been in deletion for 30m, held by kubernetes.io/pvc-protection: "
            "what needs its name waits"
        ),
        "wait; a claim stays as long as a pod uses it",
    ) in told
    assert (
        "info: no phase is reported, though the operator has begun",
        "wait: the operator has begun, and reports a phase once what it waits for is there or gone",
    ) in told
    assert not any("check that it runs" in action for _, action in told)


def test_a_pod_and_a_pooler_in_deletion_are_told_with_what_holds_them() -> None:
    pod, pooler = recorded("pod"), recorded("pooler")
    for one in (pod, pooler):
        one["metadata"] |= {"deletionTimestamp": "2026-11-29T21:55:00Z", "finalizers": ["example.org/hold"]}
    cluster = recorded("cluster-healthy")
    assert next(one.pod for one in read(cluster, pods=(pod,)).instances if one.name == "ledger-1") == "Terminating"
    told = sentences(cluster, pods=(pod,), poolers=(pooler,))
    for whom in ("Pod ledger-1", "Pooler ledger-pool"):
        assert (
            f"warning: {whom} has been in deletion for 5m, held by example.org/hold: what needs its name waits",
            "wait; what set the finalizer example.org/hold has to remove it",
        ) in told


def test_a_failing_restore_points_to_the_log_of_its_job() -> None:
    pod = recorded("pod")
    pod["metadata"]["labels"] |= {"cnpg.io/jobRole": "full-recovery"}
    pod["metadata"]["name"] = "ledger-1-full-recovery-x7x7x"
    pod["status"] = {"phase": "Failed", "message": "exit code 1"}
    told = sentences(recorded("cluster-restore-no-target-backup"), pods=(pod,))
    what, action = next(one for one in told if "the restore does not succeed" in one[0])
    assert what == "critical: the restore does not succeed: the pod ledger-1-full-recovery-x7x7x is Failed"
    assert "'Expected empty archive' asks for a serverName of its own in the archive" in action


@pytest.mark.parametrize(
    ("before", "severity", "action"),
    [
        pytest.param(
            None,
            "warning",
            "mend what its Backup eager-20261129215330 waits for; or delete that Backup, and the schedule goes on",
            id="no status at all",
        ),
        pytest.param(
            {"phase": "running"}, "info", "wait: its Backup eager-20261129215330 still runs", id="it runs for long"
        ),
        pytest.param({"phase": "completed"}, "warning", "see that the operator runs, and read its log", id="all done"),
    ],
)
def test_a_schedule_in_the_past_is_told_with_the_backup_that_it_waits_for(
    before: Object | None, severity: str, action: str
) -> None:
    backup: Object = {
        "kind": "Backup",
        "metadata": {
            "name": "eager-20261129215330",
            "namespace": "bank",
            "creationTimestamp": "2026-11-29T21:53:30Z",
            "labels": {"cnpg.io/scheduled-backup": "eager"},
        },
        "spec": {"cluster": {"name": "ledger"}, "method": "plugin"},
    }
    backup |= {"status": before} if before else {}
    late = recorded("scheduledbackup-stuck-behind-pending")
    told = sentences(recorded("cluster-plugin-missing"), backups=(backup,), scheduled_backups=(late,))
    assert (f"{severity}: ScheduledBackup eager should have run 6m ago and did not", action) in told


def test_schedules_that_are_due_later_suspended_or_new_stand_still_in_no_way() -> None:
    for name in ("scheduledbackups-just-created", "scheduledbackups-after-a-run"):
        told = sentences(recorded("cluster-healthy"), scheduled_backups=tuple(recorded_list(name)))
        still = [what for what, _ in told if "and did not" in what]
        wanted = ["warning: ScheduledBackup hourly should have run 27m ago and did not"]
        assert still == (wanted if name == "scheduledbackups-after-a-run" else [])


def test_the_first_run_of_a_new_schedule_is_computed_since_its_status_does_not_say_it() -> None:
    seen = read(recorded("cluster-healthy"), scheduled_backups=tuple(recorded_list("scheduledbackups-just-created")))
    assert {one.name: one.next and one.next.at for one in seen.schedules or ()} == {
        "hourly": "2026-11-29T21:32:00Z",
        "nightly": "2026-11-30T02:00:00Z",
        "now": "2026-12-06T00:00:00Z",
        "paused": None,
    }


def test_a_backup_that_nothing_begins_is_told_with_the_plugin_that_is_not_there() -> None:
    own = tuple(one for one in recorded_list("backups") if one["metadata"]["name"] == "unheard")
    assert (
        "warning: the Backup unheard has waited for 18m and is not begun",
        (
            "install the plugin barman-cloud.cloudnative-pg.io in the operator's namespace; without it no Backup of it ever "
            "begins"
        ),
    ) in sentences(recorded("cluster-plugin-missing"), backups=own)


def test_a_backup_behind_another_only_waits() -> None:
    pair = recorded("backup-pending-another-runs"), recorded("backup-running")
    assert (
        "info: the Backup snap has waited for 17m and is not begun",
        "wait: the Backup by-hand of this Cluster runs first",
    ) in sentences(recorded("cluster-after-backup"), backups=pair)


def test_a_hibernation_that_the_operator_puts_off_is_no_hibernation() -> None:
    cluster = recorded("cluster-notready")
    cluster["metadata"]["annotations"] = {"cnpg.io/hibernation": "on"}
    why = "Waiting for the cluster to be healthy before proceeding with hibernation"
    cluster["status"]["conditions"] += [
        {"type": "cnpg.io/hibernation", "status": "False", "reason": "WaitingForHealthy", "message": why}
    ]
    assert read(cluster).summary.phase_class == "progressing"
    assert (
        "warning: hibernation is asked for and not done: 1 of 3 instances are ready",
        "wait; the operator begins only in a healthy Cluster, so mend first what keeps it unhealthy",
    ) in sentences(cluster)
    cluster["status"]["phase"] = "Cluster in healthy state"
    assert judge_health(cluster, now=SOON) == (False, f"it is being hibernated: {why}")


def test_a_cluster_with_disabled_reconciliation_is_not_taken_at_its_old_word() -> None:
    cluster = recorded("cluster-healthy")
    cluster["metadata"]["annotations"] = {"cnpg.io/reconciliationLoop": "disabled"}
    assert (read(cluster).summary.phase_class, read(cluster).summary.healthy) == ("blocked", False)
    assert judge_health(cluster, now=SOON)[0] is None

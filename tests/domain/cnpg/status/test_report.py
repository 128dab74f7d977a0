from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_mcp.domain.cnpg.excerpt import excerpt
from gitops_mcp.domain.cnpg.moment import Moment
from gitops_mcp.domain.cnpg.status.backups import schedules
from gitops_mcp.domain.cnpg.status.events import events
from gitops_mcp.domain.cnpg.status.health import judge_health
from gitops_mcp.domain.cnpg.status.pods import Job
from gitops_mcp.domain.cnpg.status.problems import problems
from gitops_mcp.domain.cnpg.status.report import Related, Status, read_status
from gitops_mcp.domain.cnpg.status.summary import Summary
from gitops_mcp.domain.objects import Object, at
from tests.fakes import cnpg
from tests.fakes.cnpg import NOW


def read(cluster: Object | None = None, **related: Any) -> Status:
    return read_status(cluster or cnpg.healthy_cluster(), Related(**related), now=NOW)


def test_a_cluster_at_a_glance() -> None:
    seen = Summary(cnpg.healthy_cluster(), NOW)
    assert (seen.namespace, seen.name, seen.instances, seen.ready) == ("bank", "ledger", 3, 3)
    assert (seen.phase.kind, seen.primary, seen.switching_to) == ("ok", "ledger-2", None)
    assert (seen.major, seen.image, seen.storage, seen.wal_storage) == (18, cnpg.IMAGE, "20Gi", "5Gi")
    assert (seen.created, seen.timeline) == (Moment("2026-06-03T12:00:00Z", "90d"), 7)
    assert seen.healthy


def test_a_cluster_that_no_operator_has_seen_is_read_from_its_spec() -> None:
    ref = {"kind": "ImageCatalog", "name": "pg", "major": 17}
    seen = Summary({"metadata": {"name": "new"}, "spec": {"imageCatalogRef": ref}}, NOW)
    assert (seen.instances, seen.ready, seen.phase.name, seen.created) == (1, 0, None, None)
    assert (seen.image, seen.major) == ("ImageCatalog pg, major 17", 17)
    assert not seen.healthy


@pytest.mark.parametrize(
    ("target", "switching"), [("ledger-2", None), ("ledger-3", "ledger-3"), ("pending", "pending"), ("", None)]
)
def test_a_switch_goes_on_while_target_and_current_primary_differ(target: str, switching: str | None) -> None:
    cluster = cnpg.healthy_cluster()
    cluster["status"]["targetPrimary"] = target
    assert Summary(cluster, NOW).switching_to == switching


def test_hibernated_fenced_deleted_and_following_clusters_are_noticed() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["metadata"] |= {
        "annotations": {"cnpg.io/hibernation": "on", "cnpg.io/fencedInstances": '["ledger-1"]'},
        "deletionTimestamp": "2026-09-01T00:00:00Z",
    }
    cluster["spec"]["replica"] = {"primary": "north", "source": "north-store"}
    seen = Summary(cluster, NOW)
    assert (seen.hibernated, seen.fenced, seen.deleting, seen.replica_of) == (True, ("ledger-1",), True, "north-store")


@pytest.mark.parametrize("annotation", ["", "ledger-1", "{}", None, "[1]"])
def test_a_fencing_annotation_that_cannot_be_read_fences_nothing(annotation: object) -> None:
    assert Summary({"metadata": {"annotations": {"cnpg.io/fencedInstances": annotation}}}, NOW).fenced == ()


def test_a_cluster_that_is_its_own_primary_follows_nobody() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["spec"]["replica"] = {"primary": "ledger", "source": "north"}
    assert Summary(cluster, NOW).replica_of is None


def test_archiving_and_backups_are_told_even_where_nothing_reports_them() -> None:
    found = read({"metadata": {"name": "new"}, "spec": {}}).conditions
    assert [(one.type, one.status) for one in found] == [
        ("Ready", "not reported"),
        ("ContinuousArchiving", "not reported"),
        ("LastBackupSucceeded", "not reported"),
    ]


def test_conditions_come_with_their_age_and_the_important_ones_first() -> None:
    found = read().conditions
    assert [one.type for one in found] == ["Ready", "ContinuousArchiving", "LastBackupSucceeded", "ConsistentSystemID"]
    assert found[2].since == Moment("2026-09-01T00:00:00Z", "12h")


def test_instances_are_joined_from_status_and_pods() -> None:
    first, second, _ = read(pods=cnpg.pods()).instances
    assert (first.name, first.role, first.state, first.timeline) == ("ledger-1", "replica", "healthy", 7)
    assert (first.pod, first.ready, first.restarts, first.node) == ("Running", True, 1, "node-a")
    assert (first.image, first.waiting) == (cnpg.IMAGE, None)
    assert first.started == Moment("2026-08-30T12:00:00Z", "2d")
    assert second.role == "primary"


def test_pods_that_were_not_read_are_not_called_missing() -> None:
    (first, *_) = read().instances
    assert (first.pod, first.ready, first.role) == (None, None, "replica")
    (first, *_) = read(pods=()).instances
    assert (first.pod, first.ready) == ("missing", False)


def test_instances_are_in_the_order_of_their_serials() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["status"]["instanceNames"] = ["ledger-10", "ledger-9"]
    cluster["status"]["instancesReportedState"] = {}
    assert [one.name for one in read(cluster).instances] == ["ledger-9", "ledger-10"]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param(
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
                ]
            },
            "Unschedulable: 0/3 nodes",
            id="no node",
        ),
        pytest.param(
            {
                "containerStatuses": [
                    {
                        "name": "postgres",
                        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                        "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
                    }
                ]
            },
            "postgres: CrashLoopBackOff; postgres stopped: OOMKilled (exit code 137)",
            id="a crash",
        ),
        pytest.param(
            {
                "initContainerStatuses": [
                    {"name": "init", "state": {"waiting": {"reason": "ErrImagePull", "message": "a\nb"}}}
                ]
            },
            "init: ErrImagePull: a b",
            id="an image",
        ),
        pytest.param({"phase": "Failed", "reason": "Evicted", "message": "disk"}, "Evicted: disk", id="evicted"),
        pytest.param(
            {"containerStatuses": [{"name": "postgres", "state": {"waiting": {"reason": "PodInitializing"}}}]},
            None,
            id="starting is no reason",
        ),
    ],
)
def test_a_pod_says_why_it_does_not_run(more: Object, why: str | None) -> None:
    assert read(pods=(cnpg.pod("ledger-1", **more),)).instances[0].waiting == why


def test_pods_of_poolers_jobs_and_other_clusters_are_no_instances() -> None:
    others = [cnpg.pod(name) for name in ("ledger-pooler-x", "ledger-4-join-y", "other-1")]
    others[0]["metadata"]["labels"]["cnpg.io/podRole"] = "pooler"
    others[1]["metadata"]["labels"]["cnpg.io/jobRole"] = "join"
    others[2]["metadata"]["labels"]["cnpg.io/cluster"] = "other"
    seen = read(pods=(*others, *cnpg.pods()))
    assert [one.name for one in seen.instances] == ["ledger-1", "ledger-2", "ledger-3"]
    assert seen.jobs == (Job("ledger-4-join-y", "join", "Running", None),)
    others[1]["status"]["phase"] = "Succeeded"
    assert read(pods=tuple(others)).jobs == ()


def test_volumes_have_sizes_state_and_place() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["status"] |= {"resizingPVC": ["ledger-1"], "danglingPVC": ["ledger-9"]}
    growing: Any = {"capacity": {"storage": "10Gi"}, "conditions": [{"type": "Resizing", "status": "True"}]}
    seen = read(cluster, claims=(*cnpg.claims(), cnpg.claim("ledger-1", "ledger-1", **growing))).volumes
    assert seen is not None
    data = next(one for one in seen if one.capacity == "10Gi")
    assert (data.instance, data.role, data.phase, data.storage_class) == ("ledger-1", "PG_DATA", "Bound", "fast")
    assert (data.requested, data.state, data.resizing, data.is_smaller_than_asked) == (
        "20Gi",
        "resizing",
        "Resizing",
        True,
    )
    wal = next(one for one in seen if one.name == "ledger-3-wal")
    assert (wal.role, wal.requested, wal.state, wal.is_smaller_than_asked) == ("PG_WAL", "5Gi", "healthy", False)
    assert [one.instance for one in seen] == sorted(str(one.instance) for one in seen)


def test_services_say_what_they_serve_and_where() -> None:
    labels = {"cnpg.io/cluster": "ledger"}
    balanced = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
    found = read(
        services=(
            {"metadata": cnpg.metadata("ledger-rw", labels=labels), "spec": {"ports": [{"port": 5432}]}},
            {"metadata": cnpg.metadata("extra", labels=labels), "spec": {"type": "LoadBalancer"}, "status": balanced},
            {"metadata": cnpg.metadata("other-rw", labels={})},
        )
    ).services
    assert found is not None
    extra, writes = found
    assert (writes.host, writes.serves, writes.ports) == (
        "ledger-rw.bank.svc",
        "the primary: reads and writes",
        (5432,),
    )
    assert (extra.type, extra.external, extra.serves) == ("LoadBalancer", ("192.0.2.7",), None)


def test_budgets_say_how_many_pods_may_go() -> None:
    labels = {"cnpg.io/cluster": "ledger"}
    state = {"disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1}
    found = read(budgets=({"metadata": cnpg.metadata("ledger", labels=labels), "status": state},)).budgets
    assert found is not None
    assert (found[0].allowed, found[0].healthy, found[0].needed) == (1, 2, 1)


def test_certificates_have_days_left_the_first_to_end_first() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["spec"]["certificates"] = {"serverTLSSecret": "ledger-server"}
    cluster["status"]["certificates"]["expirations"]["odd"] = "never"
    assert [
        (one.secret, one.expires, one.days_left, one.renewed_by_operator) for one in read(cluster).certificates
    ] == [
        ("odd", None, None, True),
        ("ledger-ca", "2026-11-10T06:30:00Z", 69, True),
        ("ledger-server", "2026-11-20T06:30:00Z", 79, False),
    ]


def test_roles_carry_states_and_errors_and_nothing_of_passwords() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["status"]["managedRolesStatus"]["cannotReconcile"] = {"ghost": ['role "x" does not exist']}
    seen = read(cluster, roles=(cnpg.role(observedGeneration=1),))
    assert [(one.name, one.state, one.errors) for one in seen.inline_roles] == [
        ("app", "not-managed", ()),
        ("clerk", "reconciled", ()),
        ("ghost", "pending-reconciliation", ('role "x" does not exist',)),
        ("postgres", "reserved", ()),
    ]
    assert "4711" not in repr(seen.inline_roles)
    assert seen.database_roles is not None
    auditor = seen.database_roles[0]
    assert (auditor.name, auditor.object, auditor.reclaim) == ("auditor", "ledger-auditor", "retain")
    assert (auditor.state.applied, auditor.state.current, auditor.state.done) == (True, False, False)


def test_databases_say_which_parts_fail() -> None:
    parts = [{"name": "vector", "applied": False, "message": "not available"}, {"name": "ltree", "applied": True}]
    seen = read(databases=(cnpg.database(applied=False, message="no owner", extensions=parts),)).databases
    assert seen is not None
    assert (seen[0].name, seen[0].owner, seen[0].ensure, seen[0].reclaim) == ("books", "clerk", "present", "delete")
    assert (seen[0].state.applied, seen[0].state.message) == (False, "no owner")
    assert seen[0].failing == ("extension vector: not available",)


def test_objects_of_another_cluster_or_namespace_are_left_out() -> None:
    other, elsewhere = cnpg.database(), cnpg.database()
    other["spec"]["cluster"]["name"] = "ledger-2"
    elsewhere["metadata"]["namespace"] = "shop"
    assert read(databases=(other, elsewhere)).databases == ()


def test_backups_come_newest_first_with_a_count_of_the_rest() -> None:
    backups = tuple(cnpg.backup(f"b{day}", startedAt=f"2026-08-0{day}T00:00:00Z") for day in range(1, 9))
    seen = read(backups=(*backups, cnpg.backup("bad", "failed", error="disk full"))).backups
    assert seen is not None
    assert [one.name for one in seen.items] == ["bad", "b8", "b7", "b6", "b5"]
    assert (seen.more, seen.completed, seen.items[0].failed, seen.items[0].error) == (4, 8, True, "disk full")


def test_the_recovery_window_is_that_of_the_store_the_plugin_names() -> None:
    seen = read(object_stores=(cnpg.object_store(),)).windows
    assert seen is not None
    assert (seen[0].store, seen[0].server) == ("vault", "ledger")
    assert seen[0].first == Moment("2026-08-02T00:04:00Z", "30d")
    assert (seen[0].last_success, seen[0].last_failure) == (Moment("2026-09-01T00:04:00Z", "11h"), None)
    assert read(object_stores=()).windows == ()


def test_the_window_of_the_in_tree_way_is_in_the_cluster() -> None:
    cluster = cnpg.healthy_cluster()
    cluster["spec"] |= {"plugins": [], "backup": {"barmanObjectStore": {"serverName": "old"}}}
    cluster["status"]["firstRecoverabilityPoint"] = "2026-08-31T12:00:00Z"
    seen = read(cluster, object_stores=())
    assert seen.archiver == "barmanObjectStore"
    assert seen.windows is not None
    assert (seen.windows[0].server, seen.windows[0].first) == ("old", Moment("2026-08-31T12:00:00Z", "24h"))


@pytest.mark.parametrize(
    ("schedule", "meant"),
    [
        ("0 2 * * *", "0 0 2 * * *"),
        ("0 0 2 * * *", None),
        ("@daily", None),
        ("@every 6h", None),
        ("TZ=Europe/Berlin 0 2 * * 1", "TZ=Europe/Berlin 0 0 2 * * 1"),
        ("TZ=Europe/Berlin 0 0 2 * * 1", None),
        ("", None),
    ],
)
def test_a_schedule_of_five_fields_is_told_with_the_one_that_was_meant(schedule: str, meant: str | None) -> None:
    (found,) = schedules(cnpg.healthy_cluster(), [cnpg.scheduled_backup(schedule)], now=NOW)
    assert found.with_seconds == meant


def test_events_are_those_of_the_cluster_newest_first_with_a_count_of_the_rest() -> None:
    listed = [
        cnpg.event("ledger-1", "2026-09-01T11:00:00Z"),
        cnpg.event("ledger", "2026-09-01T11:30:00Z", kind="Cluster", type_="Warning"),
        cnpg.event("ledger-1-wal", "2026-09-01T10:00:00Z"),
        cnpg.event("ledger-4-join-abc", "2026-09-01T09:00:00Z"),
        cnpg.event("ledger-books", "2026-09-01T08:00:00Z", kind="Database"),
        cnpg.event("ledger-archive-1", "2026-09-01T12:00:00Z"),
        cnpg.event("other-1", "2026-09-01T12:00:00Z"),
    ]
    found = events(listed, cluster="ledger", others={"ledger-books"}, now=NOW, most=4)
    assert [one.object for one in found.items] == [
        "Cluster ledger",
        "Pod ledger-1",
        "Pod ledger-1-wal",
        "Pod ledger-4-join-abc",
    ]
    assert found.more == 1
    assert found.items[0].warning
    assert (found.items[0].last, found.items[0].count) == (Moment("2026-09-01T11:30:00Z", "30m"), 2)


def test_events_of_new_kinds_have_their_time_elsewhere_and_long_messages_are_cut() -> None:
    series = {"lastObservedTime": "2026-09-01T11:59:00.000000Z", "count": 9}
    new = cnpg.event("ledger-1", "", lastTimestamp=None, series=series, message="x" * 1000)
    (found,) = events([new], cluster="ledger", now=NOW).items
    assert (found.last, found.count) == (Moment("2026-09-01T11:59:00Z", "60s"), 9)
    assert found.message == "x" * 300 + "…"


def test_events_of_related_objects_are_found_by_their_names() -> None:
    listed = (cnpg.event("ledger-books", "2026-09-01T08:00:00Z", kind="Database"),)
    assert read(events=listed).events == events(listed, cluster="none-such", now=NOW)
    seen = read(events=listed, databases=(cnpg.database(),)).events
    assert seen is not None
    assert len(seen.items) == 1


def test_poolers_plugins_and_tablespaces_are_told() -> None:
    pooler = {
        "metadata": cnpg.metadata("ledger-pool"),
        "spec": {"cluster": {"name": "ledger"}, "type": "ro"},
        "status": {"phase": "active", "instances": 2},
    }
    seen = read(poolers=(pooler,))
    assert seen.poolers is not None
    assert (seen.poolers[0].name, seen.poolers[0].type, seen.poolers[0].phase) == ("ledger-pool", "ro", "active")
    assert [(one.name, one.version, one.archives) for one in seen.plugins] == [(cnpg.PLUGIN, "0.14.0", True)]
    assert [(one.name, one.state, one.error) for one in seen.tablespaces] == [("hot", "reconciled", None)]
    assert seen.archiver == cnpg.PLUGIN


def test_text_of_the_cluster_is_one_line_and_cut() -> None:
    assert excerpt("a\n\tb\x1b[31m  c") == "a b [31m c"
    assert excerpt("x" * 400) == "x" * 300 + "…"
    assert excerpt("") is excerpt(" \n") is excerpt(None) is excerpt(3) is None


EVERYTHING: Object = {
    "cluster": cnpg.healthy_cluster(),
    "pods": list(cnpg.pods()),
    "claims": list(cnpg.claims()),
    "databases": [cnpg.database(extensions=[{"name": "x", "applied": False}])],
    "roles": [cnpg.role()],
    "backups": [cnpg.backup()],
    "scheduled_backups": [cnpg.scheduled_backup("0 2 * * *")],
    "object_stores": [cnpg.object_store()],
    "events": [cnpg.event("ledger", "2026-09-01T11:00:00Z")],
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here for key, part in steps for here in ((*path, key), *places(part, (*path, key)))]


@settings(deadline=None)
@given(st.sets(st.sampled_from([one for one in places(EVERYTHING) if len(one) > 2]), max_size=5), st.booleans())
def test_a_part_that_is_missing_or_null_never_keeps_the_rest_from_being_read(
    gone: set[tuple[str | int, ...]], null: bool
) -> None:
    world = copy.deepcopy(EVERYTHING)
    for path in gone:
        parent = at(world, *path[:-1])
        if isinstance(parent, list):
            parent[:] = parent[:-1]
        elif isinstance(parent, dict) and null:
            parent[path[-1]] = None
        elif isinstance(parent, dict):
            parent.pop(path[-1], None)
    cluster = world.pop("cluster")
    seen = read_status(cluster, Related(**{key: tuple(value) for key, value in world.items()}), now=NOW)
    assert {one.severity for one in problems(seen)} <= {"critical", "warning", "info"}
    assert seen.summary.name in {"ledger", ""}
    assert judge_health(cluster)[1]

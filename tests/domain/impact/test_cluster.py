from __future__ import annotations

import pytest

from gitops_mcp.domain.impact.assessment import assess_impact
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from tests.domain.impact.objects import FENCED, D, L, N, O, R, assert_impact, cluster, listed, parameters


@pytest.mark.parametrize(
    ("before", "after", "level", "says"),
    [
        pytest.param(None, cluster(), N, "starts 3 new instances", id="a new Cluster"),
        pytest.param(cluster(), None, D, "deletes the Cluster with its pods, its PVCs", id="a Cluster goes"),
        pytest.param(cluster(), cluster(instances=5), N, "spec.instances 3 -> 5: adds 2 replicas", id="up"),
        pytest.param(cluster(), cluster(instances=2), D, "spec.instances 3 -> 2: removes 1 replica", id="down"),
        pytest.param(
            cluster(maxSyncReplicas=2),
            cluster(instances=2, maxSyncReplicas=2),
            D,
            "deletes its PVC",
            id="down, refused",
        ),
        pytest.param(
            cluster(),
            cluster(imageName="example/postgresql:17.5"),
            R,
            "every instance is recreated with the other image",
            id="minor",
        ),
        pytest.param(
            cluster(),
            cluster(imageName="example/postgresql:18.1"),
            O,
            "17 -> 18: the whole cluster is down",
            id="major",
        ),
        pytest.param(listed(17), listed(18), O, "spec.imageCatalogRef: PostgreSQL 17 -> 18", id="major of a catalog"),
        pytest.param(cluster(), listed(17), R, "spec.imageCatalogRef: every instance", id="to a catalog"),
        pytest.param(cluster(), cluster(imageName=None), O, "the operator's own default", id="the image goes"),
        pytest.param(
            cluster(primaryUpdateStrategy="supervised"),
            cluster(primaryUpdateStrategy="supervised", instances=1),
            D,
            "spec.instances 3 -> 1: removes 2 replicas and deletes the PVCs",
            id="down to what the webhook refuses",
        ),
        pytest.param(
            cluster(imageName="example/postgresql:trixie"), cluster(), R, "with the other image", id="an unknown major"
        ),
        pytest.param(cluster(), cluster(storage={"size": "20Gi"}), N, "spec.storage: volumes grow", id="a resize"),
        pytest.param(cluster(), cluster(storage={"size": "10240Mi"}), N, "", id="the same size in other words"),
        pytest.param(cluster(), cluster(walStorage={"size": "1Gi"}), R, "spec.walStorage: every", id="walStorage"),
        pytest.param(
            cluster(),
            cluster(tablespaces=[{"name": "hot", "storage": {"size": "1Gi"}}]),
            R,
            "spec.tablespaces[hot]",
            id="a tablespace",
        ),
        pytest.param(
            cluster(storage={"size": "1Gi"}),
            cluster(storage={"size": "1Gi", "storageClass": "fast"}),
            N,
            "only volumes made from now on",
            id="another storage class",
        ),
        pytest.param(cluster(), cluster(resources={"requests": {"cpu": 1}}), R, "spec.resources", id="resources"),
        pytest.param(
            cluster(resources={"requests": {"cpu": 1}}),
            cluster(resources={"requests": {"cpu": "1000m"}}),
            N,
            "",
            id="the same resources in other words",
        ),
        pytest.param(cluster(), cluster(logLevel="debug"), R, "spec.logLevel", id="logLevel"),
        pytest.param(cluster(), cluster(logLevel="info"), N, "", id="a default that is stated"),
        pytest.param(cluster(), cluster(plugins=[{"name": "p"}]), R, "spec.plugins", id="a plugin"),
        pytest.param(parameters(work_mem="4MB"), parameters(work_mem="8MB"), L, "work_mem: a reload", id="reload"),
        pytest.param(parameters(), parameters(shared_buffers="1GB"), R, "shared_buffers: read when", id="postmaster"),
        pytest.param(parameters(max_connections="100"), parameters(max_connections=100), N, "", id="a quoted number"),
        pytest.param(
            parameters(max_connections="200"),
            parameters(max_connections="100"),
            R,
            "max_connections: lower than before, or maybe so, and no replica may have less",
            id="lower",
        ),
        pytest.param(
            parameters(),
            parameters(**{"pgaudit.log": "all"}),
            R,
            "shared_preload_libraries: pgaudit",
            id="a library comes",
        ),
        pytest.param(
            parameters(**{"cron.timezone": "UTC"}),
            parameters(**{"cron.timezone": "UTC", "cron.database_name": "app"}),
            R,
            "cron.database_name: of an extension that is not known here",
            id="a parameter of an extension",
        ),
        pytest.param(
            listed(18),
            listed(18) | {"spec": listed(18)["spec"] | {"postgresql": {"parameters": {"io_max_combine_limit": "32"}}}},
            R,
            "io_max_combine_limit: read when PostgreSQL starts",
            id="a parameter of 18",
        ),
        pytest.param(
            parameters(**{"pgaudit.log": "all"}),
            parameters(**{"pgaudit.log": "ddl"}),
            L,
            "pgaudit.log: a reload",
            id="a library that is there",
        ),
        pytest.param(
            cluster(),
            cluster(postgresql={"shared_preload_libraries": ["timescaledb"]}),
            R,
            "timescaledb comes or goes",
            id="a listed library",
        ),
        pytest.param(
            cluster(), cluster(postgresql={"pg_hba": ["local all all peer"]}), L, "spec.postgresql.pg_hba", id="hba"
        ),
        pytest.param(
            cluster(), cluster({"cnpg.io/hibernation": "on"}), O, "hibernation: every pod is stopped", id="hibernation"
        ),
        pytest.param(cluster({"cnpg.io/hibernation": "on"}), cluster(), N, "starts again", id="waking"),
        pytest.param(cluster(), cluster({FENCED: '["*"]'}), O, "PostgreSQL stops on *", id="fencing"),
        pytest.param(cluster({FENCED: '["*"]'}), cluster(), N, "starts again where it was fenced", id="unfencing"),
        pytest.param(cluster(), cluster({FENCED: "orders-1"}), O, "what it names", id="fencing that cannot be read"),
        pytest.param(
            cluster(),
            cluster({"kubectl.kubernetes.io/restartedAt": "2026-08-21T10:00:00Z"}),
            R,
            "restart of every",
            id="restart",
        ),
        pytest.param(cluster({"kubectl.kubernetes.io/restartedAt": "x"}), cluster(), N, "", id="a restart that was"),
        pytest.param(cluster(), cluster({"cnpg.io/reloadedAt": "x"}), L, "a reload of every", id="reload asked for"),
        pytest.param(cluster(), cluster({"cnpg.io/skipWalArchiving": "enabled"}), R, "archive_mode", id="no archiving"),
        pytest.param(
            cluster(), cluster({"cnpg.io/reconciliationLoop": "disabled"}), N, "failover included", id="operator off"
        ),
        pytest.param(cluster(), cluster({"example.org/team": "shop"}), N, "", id="an annotation of somebody else"),
        pytest.param(
            cluster(),
            cluster(replica={"primary": "other", "source": "other"}),
            O,
            "takes no more writes",
            id="demotion",
        ),
        pytest.param(
            cluster(replica={"primary": "other"}), cluster(replica={"primary": "orders"}), D, "is lost", id="failover"
        ),
        pytest.param(
            cluster(replica={"primary": "other"}),
            cluster(replica={"primary": "orders", "promotionToken": "x"}),
            O,
            "what the token names",
            id="promotion",
        ),
        pytest.param(
            cluster(replica={"primary": "other", "source": "other"}),
            cluster(replica={"primary": "other", "source": "third"}),
            L,
            "the settings of the replica",
            id="another source",
        ),
        pytest.param(
            cluster(managed={"roles": [{"name": "app", "login": True}]}),
            cluster(managed={"roles": [{"name": "app", "ensure": "absent"}]}),
            O,
            "spec.managed.roles[app]: the role is dropped",
            id="a role is dropped",
        ),
        pytest.param(
            cluster(), cluster(managed={"roles": [{"name": "app"}]}), N, "the role is made", id="a role comes"
        ),
        pytest.param(
            cluster(enableSuperuserAccess=True), cluster(), N, "the password of postgres is disabled", id="no superuser"
        ),
    ],
)
def test_the_impact_of_a_change_to_a_cluster(
    before: Object | None, after: Object | None, level: Level, says: str
) -> None:
    assert_impact(before, after, level, says)


@pytest.mark.parametrize(
    ("key", "image", "level"),
    [
        pytest.param("autovacuum_max_workers", "example/postgresql:17.4", R, id="a restart up to 17"),
        pytest.param("autovacuum_max_workers", "example/postgresql:18.1", L, id="a reload from 18"),
        pytest.param("io_method", "example/postgresql:18.1", R, id="new in 18"),
        pytest.param("autovacuum_max_workers", None, R, id="an unknown major counts as the worse"),
    ],
)
def test_what_a_parameter_does_depends_on_the_major(key: str, image: str | None, level: Level) -> None:
    after = cluster(imageName=image, postgresql={"parameters": {key: "4"}})
    assert assess_impact(cluster(imageName=image), after).level is level


def test_the_live_cluster_says_how_many_instances_go_and_which_major_runs() -> None:
    live = cluster(instances=5)
    live["status"] = {
        "currentPrimary": "orders-1",
        "instancesStatus": {"healthy": ["orders-1", "orders-2", "orders-3", "orders-4", "orders-5"]},
        "pgDataImageInfo": {"majorVersion": 16},
    }
    down = assess_impact(cluster(), cluster(instances=4), live=live)
    assert (down.level, down.reasons) == (
        Level.DATA_LOSS,
        ("spec.instances 5 -> 4: removes 1 replica and deletes PVCs orders-5 with their data",),
    )
    upgrade = assess_impact(cluster(), cluster(imageName="example/postgresql:17.5"), live=live)
    assert upgrade.level is Level.OUTAGE
    assert upgrade.reasons[0].startswith("spec.imageName: PostgreSQL 16 -> 17")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        pytest.param({}, "the primary restarts last", id="usual"),
        pytest.param({"instances": 1}, "the database is down while it restarts", id="one instance"),
        pytest.param(
            {"primaryUpdateStrategy": "supervised"}, "'Waiting for user action' until a person", id="supervised"
        ),
        pytest.param({"primaryUpdateMethod": "switchover"}, "updated by a switchover", id="switchover"),
    ],
)
def test_a_rolling_restart_tells_how_the_primary_takes_part(spec: Object, says: str) -> None:
    found = assess_impact(cluster(**spec), cluster(**spec, resources={"requests": {"cpu": 2}}))
    assert found.level is Level.ROLLING_RESTART
    assert says in found.reasons[-1]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        pytest.param({}, "the primary restarts first, in place: writes pause while it does", id="usual"),
        pytest.param({"primaryUpdateMethod": "switchover"}, "the primary restarts first, in place", id="switchover"),
        pytest.param({"instances": 1}, "the database is down while it restarts", id="one instance"),
        pytest.param(
            {"primaryUpdateStrategy": "supervised"},
            "the primary comes first, and primaryUpdateStrategy",
            id="supervised",
        ),
    ],
)
@pytest.mark.parametrize("name", ["max_connections", "max_wal_senders", "max_locks_per_transaction"])
def test_a_lowered_parameter_of_hot_standby_restarts_the_primary_first_and_never_last(
    name: str, spec: Object, says: str
) -> None:
    before, after = (cluster(**spec, postgresql={"parameters": {name: value}}) for value in ("200", "100"))
    found = assess_impact(before, after)
    assert found.level is Level.ROLLING_RESTART
    assert says in found.reasons[-1]
    assert not any("primary restarts last" in one or "after the replicas" in one for one in found.reasons)


def test_a_lowered_parameter_beside_another_pod_may_restart_the_primary_twice() -> None:
    after = cluster(postgresql={"parameters": {"max_connections": "50"}}, resources={"requests": {"cpu": 2}})
    found = assess_impact(parameters(max_connections="100"), after)
    assert found.reasons[-1].endswith("so the primary may restart twice")


_NEW, _OLD = "example/postgresql:18.1", "example/postgresql:17.4"


@pytest.mark.parametrize(
    ("asked", "back_to", "level", "says"),
    [
        pytest.param(_NEW, _OLD, O, "its job is deleted, even one that still runs", id="failed, or under way"),
        pytest.param(_OLD, _OLD, N, "before it has begun; what runs stays as it is", id="not applied yet"),
        pytest.param(_OLD, "example/postgresql:17.5", R, "with the other image of 17", id="not applied, other minor"),
    ],
)
def test_a_major_upgrade_that_is_taken_back_is_told_by_what_has_become_of_it(
    asked: str, back_to: str, level: Level, says: str
) -> None:
    live = {**cluster(imageName=asked), "status": {"pgDataImageInfo": {"image": _OLD, "majorVersion": 17}}}
    found = assess_impact(cluster(imageName=_NEW), cluster(imageName=back_to), live=live)
    assert found.level is level
    assert found.reasons[0].startswith("spec.imageName: PostgreSQL 18 -> 17: cancels the major upgrade")
    assert says in found.reasons[0]
    assert not any("pg_upgrade" in one for one in found.reasons)


def test_an_older_major_where_nothing_live_is_known_is_no_upgrade() -> None:
    found = assess_impact(cluster(imageName=_NEW), cluster(imageName=_OLD))
    assert found.level is Level.OUTAGE
    assert found.reasons == (
        "spec.imageName: PostgreSQL 18 -> 17: no data directory goes back, and the operator starts nothing on it",
    )


def test_a_resize_beside_a_restart_is_told_for_operators_that_may_get_stuck() -> None:
    after = cluster(storage={"size": "20Gi"}, resources={"requests": {"cpu": 2}})
    assert "a resize and a restart in one change" in assess_impact(cluster(), after).reasons[-1]
    assert "a resize and a restart" not in assess_impact(cluster(), after, operator=(1, 31, 0)).reasons[-1]
    assert "a resize and a restart" not in assess_impact(cluster(), cluster(storage={"size": "20Gi"})).reasons[-1]


def test_an_impact_is_the_worst_of_its_parts_with_every_reason() -> None:
    after = cluster({"cnpg.io/reloadedAt": "x"}, instances=2, logLevel="debug")
    found = assess_impact(cluster(), after)
    assert found.level is Level.DATA_LOSS
    assert [reason.split(":")[0] for reason in found.reasons] == [
        "spec.instances 3 -> 2",
        "spec.logLevel",
        "metadata.annotations cnpg.io/reloadedAt",
    ]

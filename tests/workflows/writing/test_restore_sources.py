"""A Cluster restored beside another: which source, up to where, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.cnpg.notation.moment import format_rfc3339
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.writing.request import WriteRequest
from gitops_mcp.workflows.writing.restore_sources import WhichRestore, restore_cluster
from tests.fakes.api import Answer, status
from tests.workflows.conftest import FORBIDDEN, Api, Team, cluster, listed, live

PLUGIN = "barman-cloud.cloudnative-pg.io"
STORES = "/apis/barmancloud.cnpg.io/v1/namespaces/shop/objectstores?limit=500"
SPEC = """
  instances: 3
  imageName: ghcr.io/example/postgresql:18.1-standard-trixie
  bootstrap: {initdb: {database: orders, owner: seller}}
  storage: {size: 20Gi}
  postgresql: {parameters: {max_connections: "200", shared_buffers: 1GB}}
  resources: {requests: {memory: 4Gi}}
  certificates: {serverCASecret: own-ca, serverTLSSecret: own-tls}
  managed:
    roles: [{name: reader, ensure: present, passwordSecret: {name: reader-password}}]
    services: {additional: [{selectorType: rw, serviceTemplate: {metadata: {name: db-lb}}}]}
"""
ARCHIVED = f"""{SPEC}  plugins:
  - {{name: {PLUGIN}, enabled: true, isWALArchiver: true, parameters: {{barmanObjectName: vault}}}}
"""
IN_TREE = (
    f"{SPEC}  backup: {{barmanObjectStore: {{destinationPath: s3://b, s3Credentials: {{inheritFromIAMRole: true}}}}}}\n"
)
FIRST, LAST = "2026-07-22T02:03:12Z", "2026-08-21T02:03:12Z"


def store(**windows: Object) -> Object:
    return {
        "metadata": {"name": "vault", "namespace": "shop"},
        "spec": {"configuration": {"destinationPath": "s3://b"}},
        "status": {"serverRecoveryWindow": windows},
    }


VAULT: Object = {"name": PLUGIN, "enabled": True, "isWALArchiver": True, "parameters": {"barmanObjectName": "vault"}}
WINDOW = {"firstRecoverabilityPoint": FIRST, "lastSuccessfulBackupTime": LAST}


def backup(name: str = "db-1", method: str = "plugin", phase: str = "completed", **status_: Any) -> Object:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"cluster": {"name": "db"}, "method": method},
        "status": {
            "phase": phase,
            "method": method,
            "backupId": "20260821T020001",
            "stoppedAt": LAST,
            "majorVersion": 18,
            **status_,
        },
    }


def restored(team: Team, new_name: str = "db-new", *, dry_run: bool = False, **asked: Any) -> WriteResult:
    asked = {"cluster_name": "db", "namespace": "shop", **asked}
    request = WriteRequest("restore_postgres_cluster", None, dry_run=dry_run)
    return restore_cluster(team.app(), request, WhichRestore(new_name=new_name, **asked))


def serve(api: Api, *backups: Object, stores: Answer | None = None, source: Answer | None = None) -> None:
    api.cluster("shop", "db", source or Answer(200, live(plugins=[VAULT])))
    gone = status(404, "NotFound", 'clusters.postgresql.cnpg.io "db-new" not found', name="db-new", kind="clusters")
    api.cluster("shop", "db-new", gone)
    api.objects("backups", listed(*backups))
    api.answers[STORES] = stores or listed(store(db=WINDOW))


def spec_of(team: Team, found: WriteResult, name: str = "db-new") -> Object:
    path = next(one.path for one in found.files if one.action == "added")
    made = yaml.safe_load(team.git("show", f"{found.commit}:{path}"))
    assert made["metadata"]["name"] == name
    return {**made["spec"], "metadata": made["metadata"]}


ABSENT = status(404, "NotFound", 'clusters.postgresql.cnpg.io "db" not found', name="db", kind="clusters")


def test_a_restore_takes_over_the_spec_but_for_what_is_the_sources_own(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup())
    found = restored(team)
    made = spec_of(team, found)
    assert made["bootstrap"] == {"recovery": {"source": "db", "database": "orders", "owner": "seller"}}
    assert made["externalClusters"] == [
        {"name": "db", "plugin": {"name": PLUGIN, "parameters": {"barmanObjectName": "vault", "serverName": "db"}}}
    ]
    assert made["plugins"][0]["parameters"] == {"barmanObjectName": "vault", "serverName": "db-new"}
    assert (made["instances"], made["imageName"], made["storage"]) == (
        3,
        "ghcr.io/example/postgresql:18.1-standard-trixie",
        {"size": "20Gi"},
    )
    assert "certificates" not in made
    assert made["managed"] == {
        "roles": [{"name": "reader", "ensure": "present", "passwordSecret": {"name": "reader-password"}}]
    }
    assert made["metadata"]["annotations"]
    told = " ".join(found.about)
    assert "Secrets that have to be in namespace shop: reader-password" in told
    assert f"ObjectStore vault (server db) can restore from {FIRST} to now" in told
    steps = " ".join(found.next)
    assert "to cut over: stop what writes to db; have clients connect to db-new-rw with the Secret db-new-app" in steps
    assert "remove=[spec.bootstrap, spec.externalClusters]" in steps
    assert "Mind" not in found.summary
    assert restored(team).outcome == "unchanged"


@pytest.mark.parametrize(
    ("target", "value", "said"),
    [
        ("time", "2026-08-01T12:00:00Z", {"targetTime": "2026-08-01T12:00:00Z"}),
        ("time", "2026-08-01T14:00:00.5+02:00", {"targetTime": "2026-08-01T12:00:00.500000Z"}),
        ("lsn", "0/42000158", {"targetLSN": "0/42000158"}),
        ("backup", "db-1", {"backupID": "20260821T020001", "targetImmediate": True}),
        ("backup", "20260821T020001", {"backupID": "20260821T020001", "targetImmediate": True}),
        ("restore_point", "before-migration", {"targetName": "before-migration", "backupID": "20260101T000000"}),
    ],
)
@pytest.mark.few(2)
def test_each_target_is_said_as_the_operator_reads_it(
    team: Team, api: Api, target: str, value: str, said: Object
) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup(), backup("db-0", backupId="20260101T000000", stoppedAt=FIRST))
    made = spec_of(team, restored(team, target=target, target_value=value))
    assert made["bootstrap"]["recovery"]["recoveryTarget"] == said


def test_a_drill_is_small_labelled_without_archive_and_says_how_it_goes(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED + "  minSyncReplicas: 1\n  maxSyncReplicas: 1\n")})
    serve(api, backup())
    found = restored(team, drill=True)
    made = spec_of(team, found)
    assert (made["instances"], made["metadata"]["labels"]) == (1, {"gitops-mcp/restore-drill": "db"})
    assert made.keys().isdisjoint({"plugins", "resources", "managed", "minSyncReplicas", "maxSyncReplicas"})
    assert made["postgresql"] == {"parameters": {"max_connections": "200"}}
    assert "annotations" not in made["metadata"]
    assert "undo_change of this change once it is merged" in " ".join(found.next)


def test_an_archive_of_its_own_is_one_that_nobody_has(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup(), stores=listed(store(**{"db": WINDOW, "db-new": WINDOW})))
    made = spec_of(team, restored(team))
    assert made["plugins"][0]["parameters"]["serverName"] == "db-new-2"


def test_an_in_tree_backup_is_restored_by_its_object_and_its_archive_by_its_address(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_TREE)})
    alive = live(backup={"barmanObjectStore": {"destinationPath": "s3://b"}})
    alive["status"]["firstRecoverabilityPoint"] = FIRST
    serve(api, backup(method="barmanObjectStore"), source=Answer(200, alive))
    made = spec_of(team, restored(team, target="backup", target_value="db-1"))
    assert made["bootstrap"]["recovery"]["backup"] == {"name": "db-1"}
    assert made["backup"]["barmanObjectStore"]["serverName"] == "db-new"
    latest = spec_of(team, restored(team, "db-later"), "db-later")
    assert latest["externalClusters"][0]["barmanObjectStore"] == {
        "destinationPath": "s3://b",
        "s3Credentials": {"inheritFromIAMRole": True},
        "serverName": "db",
    }


def test_volume_snapshots_are_named_with_the_archive_that_an_online_one_needs(team: Team, api: Api) -> None:
    team.commit(
        {
            "db.yaml": cluster(
                spec=ARCHIVED.replace("storage: {size: 20Gi}", "storage: {size: 20Gi}\n  walStorage: {size: 5Gi}")
            )
        }
    )
    elements = [{"name": "db-1", "type": "PG_DATA"}, {"name": "db-1-wal", "type": "PG_WAL"}]
    snapshot = backup(method="volumeSnapshot", online=True, snapshotBackupStatus={"elements": elements})
    serve(api, snapshot, stores=FORBIDDEN)
    found = restored(team, target="backup", target_value="db-1")
    group = {"kind": "VolumeSnapshot", "apiGroup": "snapshot.storage.k8s.io"}
    recovery = spec_of(team, found)["bootstrap"]["recovery"]
    assert recovery["volumeSnapshots"] == {
        "storage": {"name": "db-1", **group},
        "walStorage": {"name": "db-1-wal", **group},
    }
    assert (recovery["source"], recovery["recoveryTarget"]) == ("db", {"targetImmediate": True})
    assert "Mind" not in found.summary


def test_of_a_source_that_is_gone_the_last_commit_that_had_it_tells(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED), "other.yaml": cluster("other")})
    team.commit({"db.yaml": None})
    serve(api, backup(), source=ABSENT)
    found = restored(team)
    made = spec_of(team, found)
    assert made["storage"] == {"size": "20Gi"}
    assert made["externalClusters"][0]["plugin"]["parameters"] == {"barmanObjectName": "vault", "serverName": "db"}
    assert "the last that had it (db.yaml:1)" in " ".join(found.about)
    assert f"to at least {LAST}" in " ".join(found.about)


def test_of_a_source_that_nothing_tells_of_what_is_missing_is_asked_for(team: Team, api: Api) -> None:
    team.commit({"other.yaml": cluster("other")})
    serve(api, source=ABSENT)
    with pytest.raises(NotFound, match="name from_store, the ObjectStore that holds its backups, with server_name"):
        restored(team)
    with pytest.raises(InvalidRequest, match="server_name: no manifest of Cluster shop/db is known"):
        restored(team, from_store="vault")
    with pytest.raises(InvalidRequest, match="postgres_version, storage_size: no manifest of Cluster shop/db is known"):
        restored(team, from_store="vault", server_name="db")
    asked: dict[str, Any] = {
        "from_store": "vault",
        "server_name": "db",
        "postgres_version": "18.1",
        "storage_size": "30Gi",
    }
    found = restored(team, **asked)
    assert found.about[0].endswith("server db; the source's spec is not known, so only what was asked for is declared")
    made = spec_of(team, found)
    assert made["storage"] == {"size": "30Gi"}
    assert made["plugins"][0]["parameters"] == {"barmanObjectName": "vault", "serverName": "db-new"}


def _in(days: int) -> str:
    return format_rfc3339(datetime.now(UTC) + timedelta(days=days))


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        (
            {"target": "time", "target_value": "2026-08-01T12:00:00"},
            InvalidRequest,
            "no time zone.*'2026-08-01T12:00:00Z' is",
        ),
        ({"target": "time", "target_value": "yesterday"}, InvalidRequest, "is not a time: RFC 3339 with a zone"),
        ({"target": "time", "target_value": _in(2)}, InvalidRequest, "is in the future.*target='latest'"),
        (
            {"target": "time", "target_value": "2026-01-01T00:00:00Z"},
            InvalidRequest,
            "before the end of the oldest backup",
        ),
        ({"target": "time"}, InvalidRequest, "target_value: target 'time' needs one: 2026-08-21T02:03:12Z"),
        ({"target": "latest", "target_value": "x"}, InvalidRequest, "target 'latest' takes none"),
        ({"target": "lsn", "target_value": "42"}, InvalidRequest, "is not an LSN: use one such as '0/42000158'"),
        ({"target": "restore_point", "target_value": "x" * 64}, InvalidRequest, "at most 63 bytes"),
        (
            {"target": "backup", "target_value": "nowhere"},
            NotFound,
            "no Backup 'nowhere' of Cluster shop/db; there are: db-1",
        ),
        (
            {"target": "backup", "target_value": "failed"},
            Refused,
            "Backup failed is failed, and only one that is completed",
        ),
        ({"new_name": "db"}, Refused, "new_name: Cluster shop/db exists already, declared at db.yaml:1"),
        ({"new_name": "DB"}, InvalidRequest, "new_name: 'DB' is not a Cluster name"),
        ({"from_store": "nowhere"}, NotFound, "no ObjectStore 'nowhere'; there are: vault"),
        ({"server_name": "other"}, Refused, r"server other\) holds no backup.*servers with backups there: db"),
        ({"storage_size": "5Gi"}, InvalidRequest, "storage_size: 5Gi is less than the source's 20Gi"),
    ],
)
def test_what_cannot_be_restored_says_what_would_work_and_changes_nothing(
    team: Team, api: Api, asked: dict[str, Any], error: type[GitOpsError], told: str
) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup(), backup("failed", phase="failed", backupId="x"))
    with pytest.raises(error, match=told):
        restored(team, **{"new_name": "db-new", **asked})
    assert team.git("branch", "--list", "gitops-mcp/*") == ""


def test_a_source_without_backups_is_refused(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, stores=listed(store()))
    with pytest.raises(Refused, match="holds no backup that is known, so Cluster shop/db cannot be restored from it"):
        restored(team)
    team.commit({"db.yaml": cluster(spec=SPEC)})
    with pytest.raises(Refused, match="Cluster shop/db has no archive: from_store and server_name name one"):
        restored(team)


def test_where_archiving_has_failed_no_later_time_can_be_restored(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    alive = live(plugins=[VAULT])
    since = {"type": "ContinuousArchiving", "status": "False", "lastTransitionTime": "2026-08-10T00:00:00Z"}
    alive["status"]["conditions"] = [since]
    serve(api, backup(), source=Answer(200, alive))
    with pytest.raises(InvalidRequest, match=r"is after what is archived: .*to 2026-08-10T00:00:00Z"):
        restored(team, target="time", target_value="2026-08-20T00:00:00Z")


def test_a_window_that_cannot_be_read_is_told_in_the_first_line(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, stores=FORBIDDEN)
    api.objects("backups", FORBIDDEN)
    found = restored(team, dry_run=True)
    assert "Mind: the times that can be restored could not be read" in found.summary


def test_a_live_cluster_of_the_new_name_is_never_restored_over(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup())
    api.cluster("shop", "db-new", Answer(200, live("db-new")))
    with pytest.raises(Refused, match="new_name: a live Cluster shop/db-new exists already"):
        restored(team)


def test_a_backup_of_another_major_is_not_restored_by_this_one(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup(majorVersion=17))
    with pytest.raises(InvalidRequest, match=r"is of PostgreSQL 17, and db\.yaml:1 now says 18. A restore"):
        restored(team)
    made = spec_of(team, restored(team, postgres_version="17.5-standard-trixie"))
    assert made["imageName"] == "ghcr.io/example/postgresql:17.5-standard-trixie"


def test_another_major_that_is_asked_for_is_what_is_refused(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup())
    with pytest.raises(InvalidRequest, match=r"is of PostgreSQL 18, and this asks for 17. .* postgres_version='18'"):
        restored(team, postgres_version="17")


def test_a_source_whose_manifest_names_no_image_is_restored_by_the_image_that_it_runs(team: Team, api: Api) -> None:
    team.commit(
        {
            "db.yaml": cluster(
                spec=ARCHIVED.replace("  imageName: ghcr.io/example/postgresql:18.1-standard-trixie\n", "")
            )
        }
    )
    running = live(plugins=[VAULT])
    running["status"]["image"] = "ghcr.io/example/postgresql:18.3-system-trixie"
    serve(api, backup(), source=Answer(200, running))
    found = restored(team)
    assert spec_of(team, found)["imageName"] == "ghcr.io/example/postgresql:18.3-system-trixie"
    assert "image-unknown" not in {one.id for one in found.warnings}
    serve(api, backup(), source=FORBIDDEN)
    unknown = restored(team, "db-other")
    assert "imageName" not in spec_of(team, unknown, "db-other")
    (told,) = (one.message for one in unknown.warnings if one.id == "image-unknown")
    assert "the operator's default is taken, whose major has to be the source's: say postgres_version" in told


def test_who_looks_at_a_restore_is_sent_to_its_state_and_to_the_logs_that_tell_why(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup())
    told = restored(team, dry_run=True).next[0]
    assert "get_cluster_status cluster_name=db-new says how far the restore is" in told
    assert "get_postgres_logs cluster_name=db-new" in told
    assert "delete_postgres_cluster cluster_name=db-new" in restored(team, dry_run=True, drill=True).next[1]


def test_of_a_source_that_only_the_api_has_its_spec_is_taken_and_no_secret_with_it(team: Team, api: Api) -> None:
    team.commit({"other.yaml": cluster("other")})
    parameters = {"barmanObjectName": "vault"}
    plugin = {"name": PLUGIN, "isWALArchiver": True, "enabled": True, "parameters": parameters}
    storage = {"size": "20Gi"}
    image = "ghcr.io/example/postgresql:18.1-standard-trixie"
    alive = live(imageName=image, storage=storage, plugins=[plugin])
    serve(api, backup(), source=Answer(200, alive))
    found = restored(team)
    assert spec_of(team, found)["storage"]["size"] == "20Gi"
    assert "its spec is that of the live Cluster" in " ".join(found.about)
    alive["spec"]["env"] = [{"name": "API_KEY", "value": "hunter2-hunter2"}]
    with pytest.raises(Refused, match=r"spec\.env\S* of the live Cluster shop/db may hold a secret"):
        restored(team, "db-other")


def test_an_archive_of_another_plugin_is_not_read_and_not_written_to(team: Team, api: Api) -> None:
    foreign = f"{SPEC}  plugins:\n  - {{name: pgbackrest.example.com, isWALArchiver: true}}\n"
    team.commit({"db.yaml": cluster(spec=foreign)})
    elements = {"elements": [{"name": "db-1", "type": "PG_DATA"}]}
    serve(api, backup(method="volumeSnapshot", online=False, snapshotBackupStatus=elements))
    with pytest.raises(Refused, match=r"archives by plugin pgbackrest\.example\.com, whose parameters"):
        restored(team)
    found = restored(team, target="backup", target_value="db-1")
    made = spec_of(team, found)
    assert made.keys().isdisjoint({"plugins", "externalClusters"})
    assert made["bootstrap"]["recovery"].keys() == {"volumeSnapshots", "database", "owner"}
    assert "it would write to the same archive" in str(found.warnings)


def test_where_stores_cannot_be_read_backup_objects_alone_rule_no_time_out(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    serve(api, backup(), stores=FORBIDDEN)
    found = restored(team, target="time", target_value="2026-01-01T00:00:00Z")
    assert "Mind: the times that can be restored could not be read" in found.summary


def test_of_an_archive_that_the_live_cluster_does_not_write_to_its_status_says_nothing(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=ARCHIVED)})
    alive = live(plugins=[VAULT])
    since = {"type": "ContinuousArchiving", "status": "False", "lastTransitionTime": "2026-08-10T00:00:00Z"}
    alive["status"]["conditions"] = [since]
    serve(api, source=Answer(200, alive), stores=listed(store(db=WINDOW, old=WINDOW)))
    found = restored(team, server_name="old")
    assert f"- ObjectStore vault (server old) can restore from {FIRST} to at least {LAST}" in found.about


def test_of_another_archive_in_tree_the_times_of_the_live_one_are_not_taken(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=IN_TREE)})
    alive = live(backup={"barmanObjectStore": {"destinationPath": "s3://b"}})
    alive["status"]["firstRecoverabilityPoint"] = FIRST
    serve(api, source=Answer(200, alive))
    found = restored(team, server_name="old")
    assert "Mind: the times that can be restored could not be read" in found.summary
    assert FIRST not in " ".join(found.about)


def test_every_archive_that_the_source_names_gets_a_server_of_its_own(team: Team, api: Api) -> None:
    parameters = "parameters: {barmanObjectName: vault, serverName: db}"
    entries = (
        f"  plugins:\n  - {{name: {PLUGIN}, enabled: false, {parameters}}}\n"
        f"  - {{name: {PLUGIN}, isWALArchiver: false, {parameters}}}\n"
    )
    team.commit({"db.yaml": cluster(spec=IN_TREE.replace("s3://b,", "s3://b, serverName: db,") + entries)})
    serve(api, backup())
    made = spec_of(team, restored(team))
    assert [one["parameters"]["serverName"] for one in made["plugins"]] == ["db-new", "db-new"]
    assert made["backup"]["barmanObjectStore"]["serverName"] == "db-new"


def test_where_the_api_could_not_be_asked_for_a_source_that_is_said(team: Team, api: Api) -> None:
    team.commit({"other.yaml": cluster("other")})
    serve(api, source=FORBIDDEN)
    with pytest.raises(
        NotFound, match=r"nor the API has a Cluster shop/db \(not read: get clusters.* 403, .*\): name from_store"
    ):
        restored(team)

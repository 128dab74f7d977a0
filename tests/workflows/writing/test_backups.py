"""Schedules and single backups, from the request to the files that they come to."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.backups.schedule import ScheduleRequest
from gitops_mcp.domain.plans.backups.setup import StoreRequest
from gitops_mcp.errors import GitOpsError, InvalidRequest, NotFound, Refused
from gitops_mcp.workflows.writing.backups import create_backup, schedule_backups
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer, status
from tests.workflows.conftest import Api, Team, cluster, listed, live

PLUGIN = "barman-cloud.cloudnative-pg.io"
BARMAN = "/apis/barmancloud.cnpg.io/v1"
ARCHIVED = (
    "{instances: 3, plugins: [{name: barman-cloud.cloudnative-pg.io, enabled: true, isWALArchiver: true, "
    "parameters: {barmanObjectName: vault}}]}"
)
IN_TREE = "{instances: 3, backup: {barmanObjectStore: {destinationPath: s3://b}, retentionPolicy: 7d}}"
STORE = """\
apiVersion: barmancloud.cnpg.io/v1
kind: ObjectStore
metadata: {name: vault, namespace: shop}
spec:
  retentionPolicy: 7d # a week
  configuration: {destinationPath: s3://b/shop, s3Credentials: {inheritFromIAMRole: true}}
"""
NIGHTLY = """\
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: {name: db-nightly, namespace: shop}
spec:
  schedule: "0 0 2 * * *" # every night
  cluster: {name: db}
  method: plugin
  pluginConfiguration: {name: barman-cloud.cloudnative-pg.io}
"""
LIST = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"


def kustomized(**files: str) -> dict[str, str]:
    return {"kustomization.yaml": LIST + "".join(f"- {name}.yaml\n" for name in files)} | {
        f"{name}.yaml": text for name, text in files.items()
    }


def scheduled(team: Team, schedule: str = "0 0 2 * * *", *, dry_run: bool = False, **asked: Any) -> WriteResult:
    keys = ("object_store", "destination_path", "endpoint_url", "credentials_secret")
    store = StoreRequest(**{key: asked.pop(key) for key in keys if key in asked})
    request = WriteRequest("schedule_postgres_backups", None, dry_run=dry_run)
    return schedule_backups(team.app(), request, "db", ScheduleRequest(schedule, store=store, **asked), namespace=None)


def backed_up(team: Team, name: str | None = None, **asked: Any) -> WriteResult:
    request = WriteRequest("create_postgres_backup", None, **asked)
    return create_backup(team.app(), request, "db", namespace=None, name=name, method=None)


def serve(api: Api, *stores: Object, schedules: Answer | None = None, served: bool = True) -> None:
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("scheduledbackups", schedules or listed())
    resources = [{"name": "objectstores", "kind": "ObjectStore"}] if served else []
    api.answers[BARMAN] = Answer(200, {"resources": resources}) if served else status(404, "NotFound", "not found")
    api.answers[f"{BARMAN}/namespaces/shop/objectstores?limit=500"] = listed(*stores)


def shown(team: Team, found: WriteResult, path: str) -> str:
    return team.git("show", f"{found.commit}:{path}")


def test_a_cluster_without_an_archive_gets_store_plugin_and_schedule_in_one_change(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec="\n  instances: 3 # one in each zone")))
    serve(api)
    found = scheduled(
        team,
        "@daily",
        retention="30d",
        destination_path="s3://bucket/shop",
        endpoint_url="https://minio.example.com",
        credentials_secret="s3-keys",
        immediate=True,
    )
    assert shown(team, found, "objectstore-backups.yaml") == (
        "apiVersion: barmancloud.cnpg.io/v1\nkind: ObjectStore\nmetadata:\n  name: db-backups\n  namespace: shop\n"
        "spec:\n  retentionPolicy: 30d\n  configuration:\n    destinationPath: s3://bucket/shop\n"
        "    endpointURL: https://minio.example.com\n    s3Credentials:\n      accessKeyId:\n        name: s3-keys\n"
        "        key: ACCESS_KEY_ID\n      secretAccessKey:\n        name: s3-keys\n        key: ACCESS_SECRET_KEY"
    )
    assert shown(team, found, "db.yaml").endswith(
        "  instances: 3 # one in each zone\n  plugins:\n    - name: barman-cloud.cloudnative-pg.io\n"
        "      enabled: true\n      isWALArchiver: true\n      parameters:\n        barmanObjectName: db-backups"
    )
    assert shown(team, found, "scheduledbackup-backup.yaml") == (
        "apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata:\n  name: db-backup\n  namespace: shop\n"
        "spec:\n  schedule: 0 0 0 * * *\n  cluster:\n    name: db\n  backupOwnerReference: self\n  immediate: true\n"
        "  method: plugin\n  pluginConfiguration:\n    name: barman-cloud.cloudnative-pg.io"
    )
    assert shown(team, found, "kustomization.yaml") == (
        f"{LIST}- db.yaml\n- objectstore-backups.yaml\n- scheduledbackup-backup.yaml"
    )
    assert found.impact is not None
    assert found.impact.level.label == "rolling_restart"
    assert "Secret s3-keys of namespace shop has to hold the keys ACCESS_KEY_ID and ACCESS_SECRET_KEY" in str(
        found.warnings
    )
    again = scheduled(team, "@daily")
    assert again.outcome == "unchanged"
    assert again.change == found.change


def test_a_cluster_that_archives_gets_a_schedule_alone(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE))
    serve(api)
    found = scheduled(team)
    assert [one.path for one in found.files] == ["kustomization.yaml", "scheduledbackup-backup.yaml"]
    assert found.impact is not None
    assert found.impact.level.label == "none"


def test_asked_again_the_schedule_that_is_there_is_changed_in_its_line(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE, nightly=NIGHTLY))
    serve(api)
    assert scheduled(team).outcome == "unchanged"
    found = scheduled(team, "0 0 4 * * *", suspended=True, retention="14d")
    assert shown(team, found, "nightly.yaml") == NIGHTLY.replace('"0 0 2 * * *"', '"0 0 4 * * *"') + "  suspend: true"
    assert shown(team, found, "vault.yaml") + "\n" == STORE.replace("7d # a week", "14d # a week")


def test_only_a_new_schedule_says_that_it_backs_nothing_up_before_its_first_run(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE, nightly=NIGHTLY))
    serve(api)
    assert not any("first run" in one for one in scheduled(team, "0 0 4 * * *").next)
    team.commit({"nightly.yaml": None, **kustomized(db=cluster(spec=ARCHIVED), vault=STORE)})
    told = "it makes no backup before its first run: create_postgres_backup takes one now"
    assert told in scheduled(team, "0 0 5 * * *", dry_run=True).next


@pytest.mark.parametrize(
    ("spec", "path"), [(ARCHIVED, "ObjectStore vault"), (IN_TREE, "spec.backup of Cluster shop/db")]
)
def test_a_shorter_retention_says_what_goes_by_it(team: Team, api: Api, spec: str, path: str) -> None:
    team.commit(kustomized(db=cluster(spec=spec), vault=STORE))
    serve(api)
    (told,) = (one.message for one in scheduled(team, retention="3d", dry_run=True).warnings if one.id == "retention")
    assert told.startswith(f"{path} keeps 3d, and kept 7d: backups that are older are deleted")
    for longer in ("7d", "1w", "2w", "1m"):
        found = scheduled(team, retention=longer, dry_run=True)
        assert "retention" not in {one.id for one in found.warnings}


def test_a_new_store_without_a_retention_says_that_it_keeps_everything(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster()))
    serve(api)
    found = scheduled(team, destination_path="s3://b", dry_run=True)
    assert (
        "- ObjectStore db-backups is new: s3://b, which keeps every backup: retention='30d' would bound it"
        in found.about
    )
    found = scheduled(team, destination_path="s3://b", retention="30d", dry_run=True)
    assert "- ObjectStore db-backups is new: s3://b, which keeps 30d" in found.about


def test_an_in_tree_cluster_keeps_its_retention_in_its_own_spec(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec=IN_TREE)))
    serve(api, served=False)
    found = scheduled(team, retention="30d")
    assert "retentionPolicy: 30d" in shown(team, found, "db.yaml")
    assert "method: barmanObjectStore" in shown(team, found, "scheduledbackup-backup.yaml")


def test_a_sibling_shows_the_way_and_two_clusters_of_one_name_do_not_share_an_archive(team: Team, api: Api) -> None:
    other = STORE.replace("shop", "bank")
    team.commit(
        {
            "db.yaml": cluster(),
            "bank.yaml": cluster(namespace="bank", spec=ARCHIVED),
            "vault.yaml": other.replace("s3://b/bank", "s3://b"),
        }
    )
    serve(api)
    request = WriteRequest("schedule_postgres_backups", None)
    asked = ScheduleRequest("0 0 2 * * *")
    found = schedule_backups(team.app(), request, "db", asked, namespace="shop")
    files = {one.path: shown(team, found, one.path) for one in found.files}
    assert "serverName: shop-db" in files["db.yaml"]
    store = next(text for text in files.values() if "kind: ObjectStore" in text)
    assert "destinationPath: s3://b\n" in store
    assert {"archive-taken", "store-copied"} <= {one.id for one in found.warnings}


def test_an_archive_that_a_predecessor_has_left_is_not_written_to(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(), vault=STORE))
    left = {"metadata": {"name": "vault", "namespace": "shop"}, "status": {"serverRecoveryWindow": {"db": {"x": "y"}}}}
    serve(api, left)
    found = scheduled(team, object_store="vault")
    assert "serverName: shop-db" in shown(team, found, "db.yaml")


def test_a_plugin_that_is_not_installed_is_refused_and_one_of_which_nobody_knows_is_told_first(
    team: Team, api: Api
) -> None:
    team.commit(kustomized(db=cluster()))
    serve(api, served=False)
    with pytest.raises(Refused, match="Install the Barman Cloud plugin in the operator's namespace first"):
        scheduled(team, destination_path="s3://b")
    api.answers[BARMAN] = status(503, "ServiceUnavailable", "not now")
    found = scheduled(team, destination_path="s3://b", dry_run=True)
    assert (
        "Mind: whether the plugin barman-cloud.cloudnative-pg.io is installed there could not be read" in found.summary
    )


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"schedule": "0 2 * * *"}, InvalidRequest, r"schedule: '0 2 \* \* \*' has five fields.*'0 0 2 \* \* \*'"),
        ({"schedule": "every day"}, InvalidRequest, "schedule: 'every day' has 2 fields"),
        ({"schedule": "@dayly"}, InvalidRequest, "schedule: '@dayly' does not exist"),
        ({"retention": "30days"}, InvalidRequest, "retention: '30days' is not a retention policy.*such as '30d'"),
        ({"retention": "0d"}, InvalidRequest, "retention: '0d'"),
        ({"destination_path": "s3://key:secret@b"}, InvalidRequest, "destination_path: .* without credentials"),
        ({"destination_path": "bucket"}, InvalidRequest, "destination_path: .*s3://BUCKET/FOLDER"),
        (
            {"destination_path": "s3://b", "endpoint_url": "https://a:b@minio"},
            InvalidRequest,
            "endpoint_url: .* without credentials",
        ),
        ({"credentials_secret": "keys"}, InvalidRequest, "destination_path: is needed beside"),
        ({}, InvalidRequest, "destination_path: Cluster shop/db has no ObjectStore, and no sibling shows one"),
        ({"object_store": "nowhere"}, NotFound, "object_store: namespace shop has no ObjectStore 'nowhere'"),
        ({"method": "volumeSnapshot"}, Refused, "method: 'volumeSnapshot' needs spec.backup.volumeSnapshot"),
        ({"method": "barmanObjectStore"}, Refused, "method: 'barmanObjectStore' needs .* use method 'plugin'"),
    ],
)
@pytest.mark.few(4)
def test_what_cannot_be_scheduled_says_what_would_work_and_changes_nothing(
    team: Team, api: Api, asked: dict[str, Any], error: type[GitOpsError], told: str
) -> None:
    team.commit(kustomized(db=cluster()))
    serve(api)
    with pytest.raises(error, match=told):
        scheduled(team, **asked)
    assert team.git("branch", "--list", "gitops-mcp/*") == ""


@pytest.mark.parametrize(
    ("spec", "asked", "told"),
    [
        pytest.param(ARCHIVED, {"destination_path": "s3://other"}, "is backed up to ObjectStore vault", id="moved"),
        pytest.param(ARCHIVED, {"object_store": "other"}, "is backed up to ObjectStore vault", id="another store"),
        pytest.param(IN_TREE, {"destination_path": "s3://other"}, "migrate_postgres_backups", id="in-tree"),
    ],
)
def test_an_archive_is_not_moved_in_passing(team: Team, api: Api, spec: str, asked: dict[str, Any], told: str) -> None:
    team.commit(kustomized(db=cluster(spec=spec), vault=STORE))
    serve(api)
    with pytest.raises(GitOpsError, match=told):
        scheduled(team, **asked)


def test_a_live_schedule_of_the_name_is_not_taken_over(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE))
    there = {"metadata": {"name": "db-backup", "namespace": "shop"}, "spec": {"cluster": {"name": "db"}}}
    serve(api, schedules=listed(there))
    with pytest.raises(Refused, match="adopt_live kind=ScheduledBackup object=db-backup"):
        scheduled(team)


def test_of_several_schedules_none_is_guessed(team: Team, api: Api) -> None:
    second = NIGHTLY.replace("db-nightly", "db-weekly")
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE, nightly=NIGHTLY, weekly=second))
    serve(api)
    with pytest.raises(InvalidRequest, match=r"several schedules by plugin .*db-nightly .*db-weekly"):
        scheduled(team, "0 0 5 * * *")


def test_another_plugin_that_archives_is_used_as_it_is(team: Team, api: Api) -> None:
    spec = "{instances: 1, plugins: [{name: pgbackrest.example.com, isWALArchiver: true}]}"
    team.commit(kustomized(db=cluster(spec=spec)))
    serve(api)
    found = scheduled(team)
    assert "name: pgbackrest.example.com" in shown(team, found, "scheduledbackup-backup.yaml")
    with pytest.raises(InvalidRequest, match=r"retention: plugin pgbackrest\.example\.com keeps no retention"):
        scheduled(team, retention="30d")


def test_a_plugin_that_has_nothing_to_do_with_backups_is_not_asked_for_one(team: Team, api: Api) -> None:
    spec = IN_TREE[:-1] + ", plugins: [{name: audit.example.com}]}"
    team.commit(kustomized(db=cluster(spec=spec)))
    serve(api)
    assert "method: barmanObjectStore" in shown(team, found := scheduled(team), "scheduledbackup-backup.yaml")
    assert found.outcome == "committed"


def test_a_backup_has_its_name_from_when_it_was_asked_for_and_its_commit_keeps_it(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE))
    serve(api)
    found = backed_up(team, "db-20260101000000")
    assert shown(team, found, "backup-20260101000000.yaml") == (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Backup\nmetadata:\n  name: db-20260101000000\n  namespace: shop\n"
        "spec:\n  cluster:\n    name: db\n  method: plugin\n  pluginConfiguration:\n"
        "    name: barman-cloud.cloudnative-pg.io"
    )
    told = " ".join((*found.about, *found.next))
    assert "the engine makes it again" in told
    assert "delete_postgres_object kind=Backup name=db-20260101000000" in told


def test_an_open_change_that_asks_for_a_backup_is_continued_and_a_merged_one_is_not(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE))
    serve(api)
    first = backed_up(team, "db-20260101000000")
    again = backed_up(team)
    assert (again.outcome, again.change) == ("unchanged", first.change)
    assert "asks for Backup db-20260101000000 of Cluster shop/db already" in again.summary
    team.merge(str(first.branch))
    second = backed_up(team, "db-20260102000000")
    assert second.outcome == "committed"
    assert second.change != first.change


def test_a_cluster_that_is_not_set_up_for_backups_is_not_asked_for_one(team: Team, api: Api) -> None:
    team.commit(kustomized(db=cluster()))
    serve(api)
    with pytest.raises(Refused, match="schedule_postgres_backups sets it up"):
        backed_up(team)


@pytest.mark.parametrize(
    ("spec", "stays"),
    [
        (IN_TREE, "what is in object storage stays"),
        ("{instances: 3, backup: {volumeSnapshot: {className: fast}}}", "VolumeSnapshots that it owns go with it"),
    ],
)
def test_what_goes_with_the_manifest_of_a_backup_is_said(team: Team, api: Api, spec: str, stays: str) -> None:
    team.commit(kustomized(db=cluster(spec=spec)))
    serve(api)
    told = f"delete_postgres_object kind=Backup name=db-now removes the manifest; {stays}"
    assert any(told in one for one in backed_up(team, "db-now").next)


def test_a_namesake_in_another_namespace_keeps_no_schedule_out(team: Team, api: Api) -> None:
    other = NIGHTLY.replace("db-nightly, namespace: shop", "db-backup, namespace: other")
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE, other=other))
    serve(api)
    assert scheduled(team).about[0] == f"- ScheduledBackup db-backup: 0 0 2 * * *, by plugin {PLUGIN}"


def test_a_schedule_of_a_second_method_gets_a_name_beside_the_first(team: Team, api: Api) -> None:
    both = f"{ARCHIVED[:-1]}, backup: {{volumeSnapshot: {{className: fast}}}}}}"
    first = NIGHTLY.replace("db-nightly", "db-backup")
    team.commit(kustomized(db=cluster(spec=both), vault=STORE, first=first))
    serve(api)
    found = scheduled(team, "0 0 5 * * *", method="volumeSnapshot")
    assert found.about[0] == "- ScheduledBackup db-backup-volumesnapshot: 0 0 5 * * *, by volumeSnapshot"
    again = scheduled(team, "0 0 5 * * *", method="volumeSnapshot")
    assert (again.outcome, again.change) == ("unchanged", found.change)


def test_a_name_that_another_cluster_has_in_the_namespace_is_told_with_its_place(team: Team, api: Api) -> None:
    other = NIGHTLY.replace("db-nightly", "db-backup").replace("{name: db}", "{name: books}")
    team.commit(kustomized(db=cluster(spec=ARCHIVED), vault=STORE, other=other))
    serve(api)
    with pytest.raises(
        Refused, match=r"^a ScheduledBackup shop/db-backup is declared already, at other\.yaml:1: create"
    ):
        scheduled(team)

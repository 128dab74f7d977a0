"""From barmanObjectStore to the plugin, in five repositories: what kubectl renders names the same archives as before."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.writing.backups import migrate_backups
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer, status
from tests.workflows.conftest import Api, Team, listed, live

PLUGIN = "barman-cloud.cloudnative-pg.io"
BARMAN = "/apis/barmancloud.cnpg.io/v1"
HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
CLUSTER = """\
# The orders of the shop.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: db
  namespace: shop
spec:
  instances: 3 # one in each zone
  storage: {size: 1Gi}
"""
BACKUP = """\
  backup:
    # kept for a month
    retentionPolicy: 30d
    target: primary
    barmanObjectStore:
      destinationPath: s3://backups/shop
      endpointURL: https://minio.example.com
      s3Credentials:
        accessKeyId: {name: s3, key: ACCESS_KEY_ID}
        secretAccessKey: {name: s3, key: ACCESS_SECRET_KEY}
      wal: {compression: gzip}
"""
NIGHTLY = """\
apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata: {name: db-nightly, namespace: shop}
spec:
  schedule: "0 0 2 * * *" # every night
  cluster: {name: db}
"""
RECOVERY = """\
  bootstrap:
    recovery: {source: origin}
  externalClusters:
    - name: origin # where it came from
      barmanObjectStore:
        destinationPath: s3://elsewhere
        googleCredentials: {gkeEnvironment: true}
    - name: named
      barmanObjectStore:
        destinationPath: s3://backups/shop
        endpointURL: https://minio.example.com
        serverName: db-old
        s3Credentials:
          accessKeyId: {name: s3, key: ACCESS_KEY_ID}
          secretAccessKey: {name: s3, key: ACCESS_SECRET_KEY}
        wal: {compression: gzip}
"""
ANCHORS = """\
  bootstrap:
    recovery: {source: db-old}
  externalClusters:
    - name: db-old
      barmanObjectStore: *store
"""


def listing(*names: str, more: str = "") -> str:
    return f"{HEAD}resources:\n{''.join(f'- {name}{chr(10)}' for name in names)}{more}"


PLAIN = {
    "prod/kustomization.yaml": listing("db.yaml", "nightly.yaml"),
    "prod/db.yaml": CLUSTER + BACKUP,
    "prod/nightly.yaml": NIGHTLY,
}
OVERLAY = {
    "base/kustomization.yaml": listing("db.yaml", "nightly.yaml"),
    "base/db.yaml": CLUSTER + BACKUP,
    "base/nightly.yaml": NIGHTLY,
    "prod/kustomization.yaml": listing("../base"),
    "dev/kustomization.yaml": listing("../base", more="namespace: dev\n"),
}
COMPONENT = {
    "components/backup/kustomization.yaml": (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources:\n- nightly.yaml\npatches:\n"
        "- path: backup.yaml\n"
    ),
    "components/backup/nightly.yaml": NIGHTLY,
    "components/backup/backup.yaml": CLUSTER.partition("  instances")[0] + BACKUP,
    "base/kustomization.yaml": listing("db.yaml"),
    "base/db.yaml": CLUSTER,
    "prod/kustomization.yaml": listing("../base", more="components:\n- ../components/backup\n"),
    "dev/kustomization.yaml": listing("../base", more="namespace: dev\n"),
}
ANCHORED = {
    **PLAIN,
    "prod/db.yaml": CLUSTER + BACKUP.replace("barmanObjectStore:\n", "barmanObjectStore: &store\n") + ANCHORS,
}
RECOVERED = {**PLAIN, "prod/db.yaml": CLUSTER + BACKUP + RECOVERY}
REPOSITORIES = {"plain": PLAIN, "overlay": OVERLAY, "component": COMPONENT, "anchors": ANCHORED, "recovery": RECOVERED}


def migrated(team: Team, *, dry_run: bool = False) -> WriteResult:
    request = WriteRequest("migrate_postgres_backups", "prod", dry_run=dry_run)
    return migrate_backups(team.app(), request, "db", namespace=None, object_store=None)


def serve(api: Api, *, served: bool = True, schedules: Answer | None = None) -> None:
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("scheduledbackups", schedules or listed())
    body = {"resources": [{"name": "objectstores", "kind": "ObjectStore"}]}
    api.answers[BARMAN] = Answer(200, body) if served else status(404, "NotFound", "not found")
    api.answers[f"{BARMAN}/namespaces/shop/objectstores?limit=500"] = listed()


def start(team: Team, files: dict[str, str]) -> None:
    environments = {name: {"path": name} for name in ("prod", "dev") if f"{name}/kustomization.yaml" in files}
    team.commit({".gitops-mcp.yaml": yaml.safe_dump({"environments": environments}), **files})


def rendered(team: Team, commit: str, folder: str, place: Path) -> list[Object]:
    """As kubectl builds it."""
    team.git("worktree", "add", "--quiet", "--detach", str(place), commit)
    kubectl = shutil.which("kubectl")
    assert kubectl is not None
    ran = subprocess.run([kubectl, "kustomize", str(place / folder)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return list(yaml.safe_load_all(ran.stdout))


Archive = tuple[str, str, str, str]


def archives(objects: Iterable[Object]) -> set[Archive]:
    """What for, address, path and name of every archive that a rendered Cluster names, whichever way it does."""
    every = [*objects]
    stores = {one["metadata"]["name"]: one["spec"]["configuration"] for one in every if one["kind"] == "ObjectStore"}
    found = set()
    for cluster in (one for one in every if one["kind"] == "Cluster"):
        name, spec = cluster["metadata"]["name"], cluster["spec"]
        ways: list[tuple[str, Object | None, str, Object]] = [
            ("own", at(spec, "backup", "barmanObjectStore"), name, {})
        ]
        ways += [("own", None, name, one["parameters"]) for one in spec.get("plugins", ())]
        for one in spec.get("externalClusters", ()):
            parameters = at(one, "plugin", "parameters") or {}
            ways.append(
                (one["name"], one.get("barmanObjectStore"), one["name"] if not parameters else name, parameters)
            )
        for what, own, server, parameters in ways:
            place = own or stores.get(parameters.get("barmanObjectName"))
            if place:
                said = (own or parameters).get("serverName") or server
                found.add((what, place.get("endpointURL", ""), place["destinationPath"], said))
    return found


@pytest.mark.parametrize("name", REPOSITORIES)
@pytest.mark.few(2)
def test_every_archive_keeps_its_name_and_place_as_kubectl_renders_it(
    team: Team, api: Api, tmp_path: Path, name: str
) -> None:
    start(team, REPOSITORIES[name])
    serve(api)
    found = migrated(team)
    before = rendered(team, str(found.base_commit), "prod", tmp_path / "before")
    after = rendered(team, str(found.commit), "prod", tmp_path / "after")
    assert archives(after) == archives(before) != set()
    (cluster,) = [one for one in after if one["kind"] == "Cluster"]
    assert "barmanObjectStore" not in str(cluster)
    assert cluster["spec"]["backup"] == {"target": "primary"}
    (schedule,) = [one for one in after if one["kind"] == "ScheduledBackup"]
    assert schedule["spec"]["method"] == "plugin"
    assert schedule["spec"]["pluginConfiguration"] == {"name": PLUGIN}
    kept = next(one for one in after if one["kind"] == "ObjectStore" and one["metadata"]["name"] == "db-backups")
    assert kept["apiVersion"] == "barmancloud.cnpg.io/v1"
    assert kept["spec"]["retentionPolicy"] == "30d"
    assert found.impact is not None
    assert found.impact.level.label == "rolling_restart"
    if "dev/kustomization.yaml" in REPOSITORIES[name]:
        others = [rendered(team, str(at_), "dev", tmp_path / f"dev-{at_}") for at_ in (found.base_commit, found.commit)]
        assert others[0] == others[1]
    assert migrated(team).outcome == "unchanged"


def test_of_the_manifest_only_the_lines_of_the_archive_differ(team: Team, api: Api) -> None:
    start(team, PLAIN)
    serve(api)
    found = migrated(team)
    assert team.git("show", f"{found.commit}:prod/db.yaml") + "\n" == CLUSTER + (
        "  backup:\n    # kept for a month\n    target: primary\n"
        f"  plugins:\n    - name: {PLUGIN}\n      enabled: true\n      isWALArchiver: true\n      parameters:\n"
        "        barmanObjectName: db-backups\n"
    )
    assert team.git("show", f"{found.commit}:prod/nightly.yaml") + "\n" == (
        NIGHTLY + f'  method: "plugin"\n  pluginConfiguration:\n    name: {PLUGIN}\n'
    )


def test_where_the_plugin_is_not_installed_nothing_is_moved(team: Team, api: Api) -> None:
    start(team, PLAIN)
    serve(api, served=False)
    with pytest.raises(Refused, match="Install the Barman Cloud plugin"):
        migrated(team)
    api.answers[BARMAN] = status(503, "ServiceUnavailable", "not now")
    assert "Mind: whether the plugin" in migrated(team, dry_run=True).summary


def test_a_live_schedule_that_git_does_not_know_is_told(team: Team, api: Api) -> None:
    start(team, PLAIN)
    by_hand = {"metadata": {"name": "by-hand", "namespace": "shop"}, "spec": {"cluster": {"name": "db"}}}
    serve(api, schedules=listed(by_hand))
    assert "the live ScheduledBackup by-hand is not in Git" in str(migrated(team, dry_run=True).warnings)


def test_a_cluster_that_has_moved_or_never_had_one_is_left_alone(team: Team, api: Api) -> None:
    start(team, {**PLAIN, "prod/db.yaml": CLUSTER})
    serve(api)
    found = migrated(team)
    assert found.outcome == "unchanged"
    assert "there is nothing to move" in found.summary


def test_of_backups_that_stay_only_those_of_the_clusters_namespace_are_told(team: Team, api: Api) -> None:
    one = "apiVersion: postgresql.cnpg.io/v1\nkind: Backup\nmetadata: {{name: {}}}\nspec: {{cluster: {{name: db}}}}\n"
    own, other = one.format("own, namespace: shop"), one.format("foreign, namespace: other")
    start(team, {**PLAIN, "prod/own.yaml": own, "prod/other.yaml": other})
    serve(api)
    told = [found.message for found in migrated(team, dry_run=True).warnings if found.id == "backup-in-tree"]
    assert len(told) == 1
    assert told[0].startswith("Backup own stays as it is")

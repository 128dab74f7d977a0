"""Backups from the request to the restored cluster, and the drill that goes again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import at
from tests.e2e.team import Shop, configuration, shop, until

FOLDER = "clusters/prod/shop"
ON: dict[str, Any] = {"cluster_name": "orders-db"}


LEGACY = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: legacy-db, namespace: shop}
spec:
  instances: 1
  imageName: ghcr.io/cloudnative-pg/postgresql:17.10-standard-trixie
  storage: {size: 2Gi}
  bootstrap: {initdb: {database: legacy, owner: legacy}}
  backup:
    barmanObjectStore: {destinationPath: s3://legacy, s3Credentials: {inheritFromIAMRole: true}}
    volumeSnapshot: {className: fast}
"""
LISTED = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
resources:
  - namespace.yaml
  - legacy-db/cluster.yaml
  - orders-db/cluster.yaml
  - orders-db/database-reporting.yaml
  - orders-db/objectstore.yaml
  - orders-db/scheduledbackup-nightly.yaml
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    files = {
        ".gitops-mcp.yaml": configuration("{provider: external-secrets}", protected=True),
        f"{FOLDER}/legacy-db/cluster.yaml": LEGACY,
        f"{FOLDER}/kustomization.yaml": LISTED,
    }
    with shop(tmp_path_factory.mktemp("backups"), files) as made:
        for name, (cluster, method) in SEEDS.items():
            until(made.world, lambda cluster=cluster: made.live(kinds.CLUSTER, cluster))  # type: ignore[misc]
            take(made, name, cluster, method)
        yield made


SEEDS = {
    "seed": ("orders-db", "plugin"),
    "whole": ("legacy-db", "barmanObjectStore"),
    "volumes": ("legacy-db", "volumeSnapshot"),
}


def take(here: Shop, name: str, cluster: str, method: str) -> None:
    """A Backup that somebody asked for by hand, once it is done."""
    plugin = {"pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"}} if method == "plugin" else {}
    metadata = {"name": name, "namespace": "shop"}
    spec = {"cluster": {"name": cluster}, "method": method, **plugin}
    here.world.store.create(
        kinds.BACKUP, {"apiVersion": kinds.BACKUP.api_version, "kind": "Backup", "metadata": metadata, "spec": spec}
    )
    until(here.world, lambda: at(here.live(kinds.BACKUP, name), "status", "phase") == "completed")


def verdict(here: Shop, cluster: str = "orders-db") -> dict[str, Any]:
    found: dict[str, Any] = here.ask.answer("list_postgres_backups", cluster_name=cluster)
    return found


@pytest.mark.thorough
def test_a_backup_a_restore_a_drill_and_its_removal(here: Shop) -> None:
    assert verdict(here, "invoices-db")["verdict"]["restorable"] == "no"
    told = here.refused("restore_postgres_cluster", cluster_name="invoices-db", new_name="invoices-new")
    assert "Cluster billing/invoices-db has no archive" in told

    asked = here.proposed("create_postgres_backup", **ON)
    again = here.ask.answer("create_postgres_backup", **ON)
    assert (again["outcome"], again["change"]) == ("unchanged", asked["change"])
    (path,) = [one["path"] for one in asked["files"] if one["action"] == "added"]
    name = path.rpartition("/backup-")[2].removesuffix(".yaml")
    message = here.team.git(here.team.remote, "log", "-1", "--format=%B", asked["branch"])
    assert f'"backup_name":"orders-db-{name}"' in message
    here.merged(asked)
    seen = until(here.world, lambda: found if (found := verdict(here))["verdict"]["restorable"] == "yes" else None)
    assert seen["archiving"]["server"] == "orders-db"
    assert {one["phase"] for one in seen["items"]} <= {"completed", "pending"}
    until(here.world, lambda: at(here.live(kinds.BACKUP, f"orders-db-{name}"), "status", "phase") == "completed")
    backup_id = at(here.live(kinds.BACKUP, f"orders-db-{name}"), "status", "backupId")

    restored = here.applied("restore_postgres_cluster", **ON, new_name="orders-new")
    assert restored["impact"]["level"] == "none"
    assert f"{FOLDER}/orders-new/cluster.yaml" in [one["path"] for one in restored["files"]]
    assert "reporting" in here.postgres("orders-new").databases
    assert verdict(here, "orders-new")["archiving"]["server"] == "orders-new"

    drill = here.applied(
        "restore_postgres_cluster", **ON, new_name="orders-drill", target="backup", target_value=backup_id, drill=True
    )
    assert "undo_change" in " ".join(drill["next"])
    live = here.live(kinds.CLUSTER, "orders-drill")
    assert live is not None
    assert live["metadata"]["labels"]["gitops-mcp/restore-drill"] == "orders-db"
    gone = here.proposed("undo_change", change=drill["change"], confirm_deletion=True)
    here.team.merge(gone["branch"])
    until(here.world, lambda: here.live(kinds.CLUSTER, "orders-drill") is None)


@pytest.mark.thorough
def test_a_cluster_without_an_archive_gets_one_with_its_schedule(here: Shop) -> None:
    told = here.refused("schedule_postgres_backups", cluster_name="invoices-db", schedule="0 3 * * *")
    assert "'0 0 3 * * *' is what crontab means by it" in told
    done = here.applied(
        "schedule_postgres_backups",
        cluster_name="invoices-db",
        schedule="0 0 3 * * *",
        destination_path="s3://example-postgres-backups/billing",
        retention="14d",
        immediate=True,
    )
    assert done["impact"]["level"] == "rolling_restart"
    seen = until(
        here.world, lambda: found if (found := verdict(here, "invoices-db"))["verdict"]["restorable"] == "yes" else None
    )
    assert seen["archiving"]["store"] == "invoices-db-backups"
    (row,) = seen["schedules"]
    assert (row["name"], row["state"]) == ("invoices-db-backup", "live")
    assert row["next"].partition(" ")[0].endswith("T03:00:00Z")
    back = here.ask.answer("undo_change", change=done["change"], confirm_deletion=True)
    assert {one["path"].rpartition("/")[2] for one in back["files"]} == {
        "cluster.yaml",
        "kustomization.yaml",
        "objectstore.yaml",
        "scheduledbackup-backup.yaml",
    }


def test_a_backup_that_was_asked_for_keeps_its_name_when_its_change_is_carried_on(here: Shop) -> None:
    done = here.proposed("create_postgres_backup", **ON)
    here.team.commit({"README.md": "The base has moved.\n"})
    found = here.ask.answer("refresh_change", change=done["change"])
    assert found["outcome"] in {"committed", "unchanged"}, found
    assert found["change"] == done["change"]


@pytest.mark.thorough
def test_every_target_is_reached_from_every_source_in_the_sandbox(here: Shop) -> None:
    """In one change; each restored Cluster comes up, which the operator lets none that cannot be."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    asked = {
        "t-time": ("orders-db", "time", now),
        "t-lsn": ("orders-db", "lsn", "0/42000158"),
        "t-point": ("orders-db", "restore_point", "before migration"),
        "t-in-tree": ("legacy-db", "latest", None),
        "t-object": ("legacy-db", "backup", "whole"),
        "t-volumes": ("legacy-db", "backup", "volumes"),
    }
    done = [
        here.proposed(
            "restore_postgres_cluster",
            cluster_name=cluster,
            new_name=name,
            target=target,
            **({"target_value": value} if value else {}),
            drill=True,
            change="restores",
        )
        for name, (cluster, target, value) in asked.items()
    ]
    here.merged(done[-1])
    for name in asked:
        owner = {"orders-db": "orders_app", "legacy-db": "legacy"}[asked[name][0]]
        inside = until(here.world, lambda name=name: here.world.inside("shop", name))  # type: ignore[misc]
        assert owner in inside.roles


@pytest.mark.thorough
def test_a_cluster_that_is_gone_is_restored_as_the_last_commit_had_it(here: Shop) -> None:
    listed = here.team.file("main", f"{FOLDER}/kustomization.yaml")
    assert listed
    left = listed.decode().replace("  - legacy-db/cluster.yaml\n", "")
    here.team.commit({f"{FOLDER}/legacy-db/cluster.yaml": None, f"{FOLDER}/kustomization.yaml": left})
    until(here.world, lambda: here.live(kinds.CLUSTER, "legacy-db") is None)
    asked = {"cluster_name": "legacy-db", "namespace": "shop", "target": "backup", "target_value": "whole"}
    done = here.applied("restore_postgres_cluster", **asked, new_name="legacy-again")
    assert "the last that had it" in " ".join(done["about"])
    until(here.world, lambda: here.world.inside("shop", "legacy-again"))
    assert here.postgres("legacy-again").databases["legacy"].owner == "legacy"

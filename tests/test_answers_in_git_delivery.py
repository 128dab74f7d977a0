"""Every tool over the sandbox, where changes are commits that are reviewed, merged and applied: it answers as before.

Each test is one story with operator and engine at work. A call that tells live state comes when all is at rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.config import Flags
from gitops_mcp.domain import kinds
from gitops_mcp.sandbox.api import WriteOptions
from gitops_mcp.sandbox.run import World
from tests.e2e.team import Files, Team, configuration, until, world_of
from tests.recording import Recording, api, at_rest, compared, recording

ORDERS: dict[str, Any] = {"name": "orders-db"}
ON: dict[str, Any] = {"cluster_name": "orders-db"}
YES: dict[str, Any] = {"confirm_deletion": True}
CLUSTER = "clusters/prod/shop/orders-db/cluster.yaml"
INVOICES = "clusters/prod/billing/invoices-db/cluster.yaml"
CNPG = "/apis/postgresql.cnpg.io/v1"
APPLICATION = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/gitops"
SEALED = r"\bA[A-Za-z0-9+/]{120,}={0,2}|\bA[A-Za-z0-9+/]{11}(?=… \(sealed)"
SECRET = r"(?<=Gitops-Mcp-Secret: )(\S+ \S+) [0-9a-f]{16}"

INLINE = """
  managed:
    roles:
      - name: clerk # writes invoices
        ensure: present
        login: true
        disablePassword: true
        connectionLimit: 5
      - name: auditor
        ensure: present
        login: true
        inherit: true
        passwordSecret:
          name: auditor-password
        inRoles:
          - pg_read_all_data
"""


@dataclass(frozen=True)
class Story:
    world: World
    team: Team
    recording: Recording

    def ask(self, tool: str, **arguments: Any) -> dict[str, Any] | None:
        return self.recording.ask(tool, **arguments)

    def proposed(self, tool: str, **arguments: Any) -> dict[str, Any]:
        done = self.ask(tool, **arguments)
        assert done is not None
        assert done["outcome"] == "committed", done["summary"]
        return done

    def merge(self, done: dict[str, Any], *, squash: bool = False) -> None:
        """The reviewer merges, the engine applies, the operator does its work."""
        self.recording.heading(f"{done['branch']} is {'squashed into' if squash else 'merged into'} main")
        self.team.merge(done["branch"], squash=squash)
        self.rest()

    def commit(self, files: Files, message: str) -> None:
        self.recording.heading(message)
        self.team.commit(files, message=message)
        self.rest()

    def rest(self) -> None:
        at_rest(self.world, self.team.branches()["main"])

    def file(self, path: str) -> str:
        text = self.team.file("main", path)
        assert text is not None
        return text.decode()


@contextmanager
def story(place: Path, monkeypatch: pytest.MonkeyPatch, files: Files) -> Iterator[Story]:
    """A sandbox with the clusters of `repo_template`, and these files."""
    monkeypatch.delenv("GITOPS_MCP_TEST_CRDS", raising=False)  # other CRDs answer in other words
    with world_of(place / "world") as world:
        team = Team.on(place / "team", world.remote)
        if files:
            team.commit(files)
        at_rest(world, team.branches()["main"])
        monkeypatch.setenv("KUBECONFIG", str(world.kubeconfig))
        names = [(SEALED, "<sealed>"), (SECRET, r"\1 <id>")]
        with recording(world, place, Flags(repo=team.checkout), team.remote, team.checkout, names=names) as made:
            yield Story(world, team, made)


def test_clusters_and_their_changes_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with story(tmp_path, monkeypatch, {}) as here:
        reads(here)
        refusals(here)
        made = here.proposed("create_postgres_cluster", name="carts-db", namespace="shop", instances=2, reason="Carts.")
        here.ask("create_postgres_cluster", name="carts-db", namespace="shop", instances=2)
        here.ask("create_postgres_cluster", name="carts-db", namespace="shop", instances=1, change="more-carts")
        more = {"change": made["change"], "namespace": "shop"}
        here.proposed("create_postgres_database", cluster_name="carts-db", database_name="old", owner="app", **more)
        here.proposed("scale_postgres_cluster", name="carts-db", instances=3, **more)
        here.ask("list_postgres_clusters")
        here.ask("get_change", change=made["change"], detail_level="detailed")
        dry_runs(here)
        grown = here.proposed("scale_postgres_cluster", **ORDERS, instances=4)
        here.ask("get_cluster_status", **ORDERS)
        here.merge(made)
        here.ask("get_change", change=made["change"], detail_level="detailed")
        here.ask("get_change", change=grown["change"])
        here.ask("scale_postgres_cluster", name="carts-db", namespace="shop", instances=2, change=made["change"])
        here.ask("list_changes", state="all")
        here.ask("list_changes", state="applied")
        here.merge(grown, squash=True)
        here.ask("get_change", change=grown["change"])
        here.ask("undo_change", change=grown["change"])
        here.ask("repeat_change", change=made["change"], names={"carts-db": "more-db"}, dry_run=True)
        again = here.proposed("scale_postgres_cluster", **ORDERS, instances=3, **YES)
        text = here.file(CLUSTER)
        here.commit({CLUSTER: text.replace("instances: 4", "instances: 5")}, "Somebody edits the same line")
        here.ask("get_change", change=again["change"], detail_level="detailed")
        here.ask("refresh_change", change=again["change"], **YES)
        here.ask("refresh_change", change=again["change"])
        here.ask("open_pull_request", change=again["change"])
        here.ask("discard_change", change=again["change"])
        here.ask("discard_change", change=again["change"], **YES, dry_run=True)
        here.ask("discard_change", change=again["change"], **YES)
        here.ask("get_change", change=again["change"])
        here.ask("list_postgres_clusters", detail_level="detailed")
        compared(here.recording.text(), "git-clusters")


def reads(here: Story) -> None:
    here.ask("list_postgres_clusters")
    here.ask("list_postgres_clusters", detail_level="detailed", namespace="shop")
    for level in ("concise", "detailed"):
        here.ask("get_cluster_status", **ORDERS, detail_level=level)
        here.ask("get_cluster_status", name="invoices-db", namespace="billing", detail_level=level)
    here.ask("list_postgres_roles", **ON)
    here.ask("list_postgres_databases", **ON)
    here.ask("list_changes")


def refusals(here: Story) -> None:
    """A request that is wrong, something that is not there, and a rule that is in the way."""
    here.ask("get_cluster_status", name="ordres-db")
    here.ask("get_cluster_status", **ORDERS, environment="production")
    here.ask("get_change", change="nothing")
    here.ask("list_changes", state="closed")
    here.ask("scale_postgres_cluster", **ORDERS)
    here.ask("scale_postgres_cluster", **ORDERS, instances=2, dryrun=True)
    here.ask("scale_postgres_cluster", **ORDERS, instances=9)
    here.ask("scale_postgres_cluster", **ORDERS, instances=1)
    here.ask("scale_postgres_cluster", **ORDERS, instances=2, change="Not A Name")
    here.ask("update_postgres_cluster", **ORDERS)
    here.ask("update_postgres_cluster", **ORDERS, storage_size="1Gi")
    here.ask("update_postgres_cluster", **ORDERS, postgres_version="17")
    here.ask("update_postgres_cluster", **ORDERS, parameters={"listen_addresses": "*"})
    here.ask("create_postgres_cluster", name="orders-db", namespace="shop")
    here.ask("create_postgres_cluster", name="Orders", namespace="shop")
    here.ask("delete_postgres_cluster", **ORDERS)
    here.ask("delete_postgres_cluster", name="nowhere", **YES)
    here.ask("discard_change", change="nothing", **YES)


def dry_runs(here: Story) -> None:
    updates: list[dict[str, Any]] = [
        {"parameters": {"work_mem": "16MB", "log_min_duration_statement": None}},
        {"parameters": {"max_connections": "300"}},
        {"storage_size": "40Gi", "wal_storage_size": "5Gi"},
        {"postgres_version": "18.5-standard-trixie"},
        {"resources": {"requests": {"cpu": "2"}, "limits": {"memory": "8Gi"}}},
        {"hibernation": "on"},
        {"hibernation": "on", **YES},
        {"restart": True},
        {"reload": True},
        {"maintenance_window": {"in_progress": True, "reuse_pvc": False}},
    ]
    for update in updates:
        here.ask("update_postgres_cluster", **ORDERS, **update, dry_run=True)
    here.ask("create_postgres_cluster", name="dry-db", namespace="shop", postgres_version="17", dry_run=True)
    here.ask("scale_postgres_cluster", **ORDERS, instances=1, dry_run=True)
    here.ask("scale_postgres_cluster", **ORDERS, instances=3, dry_run=True)


def test_drift_answers_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Git does not state, an object that nobody declares, and one that somebody has deleted under an open change."""
    pooler = {
        "apiVersion": kinds.POOLER.api_version,
        "kind": "Pooler",
        "metadata": {"name": "orders-db-rw", "namespace": "shop"},
        "spec": {"cluster": {"name": "orders-db"}, "instances": 2, "pgbouncer": {"poolMode": "transaction"}},
    }
    spec = {"logLevel": "debug", "postgresql": {"parameters": {"work_mem": "8MB"}}}
    with story(tmp_path, monkeypatch, {}) as here:
        here.ask("get_drift", **ON)
        here.proposed("update_postgres_cluster", **ORDERS, parameters={"work_mem": "16MB"})
        by_hand = WriteOptions(manager="k9s")
        here.world.store.merge(kinds.CLUSTER, "shop", "orders-db", {"spec": spec}, how=by_hand)
        here.world.store.create(kinds.POOLER, pooler, by_hand)
        here.recording.heading("Somebody edits orders-db with k9s, and makes a Pooler")
        here.rest()
        here.ask("get_drift")
        here.ask("get_drift", **ON, limit=1)
        here.ask("get_drift", cluster_name="ordres-db")
        here.ask("adopt_live", **ON, fields=["spec.storage.size"])
        here.ask("adopt_live", **ON, kind="Database", object="nowhere")
        here.proposed("adopt_live", **ON, fields=["spec.logLevel"], reason="The incident is not over.")
        here.ask("adopt_live", **ON, fields=["spec.logLevel"])
        made = here.proposed("adopt_live", **ON, kind="Pooler")
        here.merge(made)
        here.ask("get_drift", **ON)
        compared(here.recording.text(), "git-drift")


def test_objects_of_any_kind_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with story(tmp_path, monkeypatch, {}) as here:
        pool = {"cluster": {"name": "orders-db"}, "instances": 2, "pgbouncer": {"poolMode": "transaction"}}
        whole = {"kind": "Pooler", "name": "orders-pool"}
        made = here.proposed("create_postgres_object", **whole, spec=pool, reason="Too many connections.")
        here.ask("create_postgres_object", **whole, spec={**pool, "pgbouncer": {"poolMode": "statement"}})
        here.merge(made)
        paused = here.ask("update_postgres_object", **whole, set={"spec.pgbouncer.paused": True})
        assert paused is None
        labelled = {"kind": "Cluster", "name": "orders-db"}
        here.ask("update_postgres_object", **labelled, set={"spec.instnces": 4, "spec.logLevel": "loud"})
        here.ask("update_postgres_object", **labelled, set={"spec.externalClusters[name=old].name": "x"})
        items = {"spec.env": [{"name": "TZ", "value": "UTC"}]}
        here.proposed("update_postgres_object", **labelled, set={"spec.instances": 4}, items=items)
        here.ask("delete_postgres_object", **whole)
        here.proposed("delete_postgres_object", **whole, **YES)
        compared(here.recording.text(), "git-objects")


@pytest.mark.thorough
def test_the_end_of_a_cluster_answers_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both steps, a remote that cannot be reached, and an API that cannot."""
    invoices = {"name": "invoices-db", "namespace": "billing"}
    with story(tmp_path, monkeypatch, {}) as here:
        here.ask("delete_postgres_cluster", **invoices, **YES, dry_run=True)
        first = here.proposed("delete_postgres_cluster", **invoices, **YES, reason="Invoices have moved.")
        here.ask("delete_postgres_cluster", **invoices, **YES)
        here.merge(first)
        here.ask("get_change", change=first["change"])
        second = here.proposed("delete_postgres_cluster", **invoices, **YES)
        here.recording.heading(f"{second['branch']} is merged into main, and Argo CD waits for a person")
        merged = here.team.merge(second["branch"])
        until(here.world, lambda: operation(here.world) == ("Running", merged))
        here.ask("get_change", change=second["change"], detail_level="detailed")
        here.recording.heading("the person confirms")
        approved = {"argocd.argoproj.io/deletion-approved": datetime.now(UTC).isoformat()}
        api(here.world, "PATCH", APPLICATION, {"metadata": {"annotations": approved}})
        until(here.world, lambda: not api(here.world, "GET", f"{CNPG}/namespaces/billing/clusters")["items"])
        here.rest()
        here.ask("get_change", change=second["change"], detail_level="detailed")
        here.ask("list_postgres_clusters")
        here.ask("delete_postgres_cluster", **invoices, **YES)

        here.recording.heading("the remote cannot be reached")
        target = here.team.remote.readlink()
        here.team.remote.unlink()
        here.ask("scale_postgres_cluster", **ORDERS, instances=4)
        here.ask("list_changes")
        here.ask("get_cluster_status", **ORDERS)
        here.team.remote.symlink_to(target)

        here.recording.heading("the API cannot be reached")
        here.world.api.stop()
        for tool in ("list_postgres_clusters", "list_changes"):
            here.ask(tool)
        here.ask("get_cluster_status", **ORDERS)
        here.ask("list_postgres_roles", **ON)
        here.ask("list_postgres_databases", **ON)
        here.ask("scale_postgres_cluster", **ORDERS, instances=4, dry_run=True)
        here.ask("create_postgres_role", **ON, role_name="ada", dry_run=True)
        here.ask("delete_postgres_cluster", **ORDERS, **YES, dry_run=True)
        here.ask("get_change", change=second["change"])
        compared(here.recording.text(), "git-end-of-a-cluster")


def operation(world: World) -> tuple[str, str] | None:
    """How far the engine is with which commit."""
    state = api(world, "GET", APPLICATION).get("status", {}).get("operationState", {})
    return (state["phase"], state["syncResult"]["revision"]) if "syncResult" in state else None


@pytest.mark.thorough
def test_roles_and_databases_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are those that only the cluster holds."""
    files = {".gitops-mcp.yaml": configuration("{provider: cluster}")}
    with story(tmp_path, monkeypatch, files) as here:
        role_refusals(here)
        asked: dict[str, Any] = {**ON, "role_name": "reporter", "connection_limit": 5, "in_roles": ["pg_monitor"]}
        asked |= {"comment": "reads at night", "valid_until": "2099-01-31T00:00:00Z", "createdb": True}
        here.ask("create_postgres_role", **asked, dry_run=True)
        made = here.proposed("create_postgres_role", **asked, reason="The nightly report.")
        here.ask("create_postgres_role", **asked)
        database: dict[str, Any] = {**ON, "database_name": "Night Reports", "owner": "reporter"}
        here.ask("create_postgres_database", **database)
        here.proposed(
            "create_postgres_database",
            **database,
            reclaim_policy="delete",
            extensions=["hstore", "pg_trgm"],
            schemas=["sales"],
            change=made["change"],
        )
        again: dict[str, Any] = {**ON, "database_name": "Night Reports", "change": made["change"]}
        here.ask("update_postgres_database", **again, locale="de_DE")
        here.ask("update_postgres_database", **again, schemas=[{"name": "sales", "ensure": "absent"}])
        here.ask("update_postgres_database", **again, owner="reporter", extensions=["citext"], connection_limit=9)
        here.ask("list_postgres_roles", **ON)
        here.ask("list_postgres_databases", **ON)
        here.ask("get_change", change=made["change"], detail_level="detailed")
        here.merge(made)
        here.ask("list_postgres_roles", **ON)
        here.ask("list_postgres_databases", **ON)
        here.ask("get_change", change=made["change"])
        here.ask("get_cluster_status", **ORDERS)
        here.ask("create_postgres_role", **{**asked, "connection_limit": 6})

        role: dict[str, Any] = {**ON, "role_name": "reporter"}
        here.ask("update_postgres_role", **role)
        here.ask("update_postgres_role", **role, superuser=True, dry_run=True)
        updated = here.proposed("update_postgres_role", **role, connection_limit=3, valid_until="never", in_roles=[])
        here.merge(updated)
        here.ask("update_postgres_role", **role, rotate_password=True, dry_run=True)
        here.ask("update_postgres_role", **role, rotate_password=True)
        here.rest()
        here.ask("list_postgres_roles", **ON)

        gone: dict[str, Any] = {**ON, "database_name": "Night Reports"}
        here.ask("delete_postgres_role", **role, **YES, dry_run=True)
        here.ask("delete_postgres_role", **role)
        here.ask("delete_postgres_database", **gone)
        here.ask("delete_postgres_database", **gone, drop=True, dry_run=True)
        here.merge(here.proposed("delete_postgres_database", **gone, drop=True, **YES))
        here.ask("list_postgres_databases", **ON)
        here.merge(here.proposed("delete_postgres_database", **gone, drop=True, **YES))
        here.ask("delete_postgres_database", **gone, drop=True, **YES)
        here.ask("delete_postgres_database", **ON, database_name="reporting", **YES, dry_run=True)
        here.merge(here.proposed("delete_postgres_role", **role, **YES))
        here.ask("list_postgres_roles", **ON)
        here.merge(here.proposed("delete_postgres_role", **role, **YES))
        here.ask("delete_postgres_role", **role, **YES)
        here.ask("list_postgres_roles", **ON)
        compared(here.recording.text(), "git-roles-and-databases")


@pytest.mark.thorough
def test_backups_and_poolers_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with story(tmp_path, monkeypatch, {}) as here:
        invoices: dict[str, Any] = {"cluster_name": "invoices-db"}
        here.ask("list_postgres_backups", **invoices)
        here.ask("create_postgres_backup", **invoices)
        here.ask("schedule_postgres_backups", **invoices, schedule="0 3 * * *")
        here.ask("schedule_postgres_backups", **invoices, schedule="@daily", retention="30days")
        here.ask("schedule_postgres_backups", **invoices, schedule="@daily", dry_run=True)
        asked = {"schedule": "@daily", "destination_path": "s3://example/billing", "credentials_secret": "s3-keys"}
        here.proposed("schedule_postgres_backups", **invoices, **asked, retention="30d")
        here.ask("migrate_postgres_backups", **ON)
        here.proposed("create_postgres_backup", **ON, backup_name="orders-db-by-hand")
        restore: dict[str, Any] = {**ON, "new_name": "orders-restored"}
        here.ask("restore_postgres_cluster", **restore)
        here.ask("restore_postgres_cluster", **restore, target="time", target_value="2026-08-21T02:03:12")
        here.proposed(
            "restore_postgres_cluster", **restore, target="backup", target_value="20260821T020001", drill=True
        )
        here.ask("create_postgres_pooler", **ON, parameters={"pool_size": "20"})
        here.proposed("create_postgres_pooler", **ON, pool_mode="transaction", parameters={"default_pool_size": "20"})
        here.ask("list_postgres_poolers", **ON)
        compared(here.recording.text(), "git-backups-and-poolers")


def role_refusals(here: Story) -> None:
    here.ask("create_postgres_role", **ON, role_name="postgres")
    here.ask("create_postgres_role", **ON, role_name="ada", password_source="hunter2")
    here.ask("create_postgres_role", **ON, role_name="ada", valid_until="tomorrow")
    here.ask("create_postgres_role", cluster_name="nowhere", role_name="ada")
    here.ask("create_postgres_role", **ON, role_name="ada", password_source="existing:nowhere")
    here.ask("update_postgres_role", **ON, role_name="nobody", login=False)
    here.ask("delete_postgres_role", **ON, role_name="nobody", **YES)
    here.ask("delete_postgres_database", **ON, database_name="nothing", **YES)
    here.ask("create_postgres_database", **ON, database_name="reporting", owner="orders_app")
    here.ask("create_postgres_database", **ON, database_name="x", owner="orders_app", extensions=["no such"])
    here.ask("list_postgres_roles", cluster_name="nowhere")
    here.ask("list_postgres_databases", cluster_name="nowhere")


@pytest.mark.thorough
def test_inline_roles_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are changed and removed where they stand, and then moved into objects of their own."""
    on: dict[str, Any] = {"cluster_name": "invoices-db"}
    with story(tmp_path, monkeypatch, {".gitops-mcp.yaml": configuration("{provider: existing}")}) as here:
        data = {"username": "YXVkaXRvcg==", "password": "bm90aGluZw=="}
        secret = {"metadata": {"name": "auditor-password"}, "type": "kubernetes.io/basic-auth", "data": data}
        api(here.world, "POST", "/api/v1/namespaces/billing/secrets", {"apiVersion": "v1", "kind": "Secret", **secret})
        here.commit({INVOICES: here.file(INVOICES).rstrip() + INLINE}, "Somebody declares two roles in the Cluster")
        here.ask("list_postgres_roles", **on)
        here.ask("create_postgres_role", **on, role_name="ada", dry_run=True)
        here.ask("create_postgres_role", **on, role_name="ada", password_source="existing:auditor-password")
        here.ask("discard_change", change="create-role-billing-invoices-db-ada", **YES)
        here.ask("update_postgres_role", **on, role_name="clerk", connection_limit=9, dry_run=True)
        here.ask("update_postgres_role", **on, role_name="auditor", rotate_password=True)
        here.ask("delete_postgres_role", **on, role_name="clerk")
        here.ask("delete_postgres_role", **on, role_name="clerk", drop=False, **YES, dry_run=True)
        here.ask("delete_postgres_role", **on, role_name="clerk", **YES, dry_run=True)
        here.ask("migrate_postgres_roles", **on, roles=["nobody"])
        here.ask("migrate_postgres_roles", **on, dry_run=True)
        moved = here.proposed("migrate_postgres_roles", **on, reason="One object a role.")
        here.merge(moved)
        here.ask("get_change", change=moved["change"], detail_level="detailed")
        here.ask("list_postgres_roles", **on)
        here.ask("migrate_postgres_roles", **on)
        compared(here.recording.text(), "git-inline-roles")


@pytest.mark.thorough
def test_passwords_that_git_holds_sealed_answer_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One role by each provider that makes an object for a password."""
    with story(tmp_path, monkeypatch, {}) as here:
        for provider in ("external-secrets", "sealed-secrets", "cluster"):
            role: dict[str, Any] = {**ON, "role_name": f"by {provider}"}
            files = {".gitops-mcp.yaml": configuration(f"{{provider: {provider}}}", protected=provider != "cluster")}
            here.commit(files, f"Somebody configures {provider}")
            here.ask("create_postgres_role", **role, dry_run=True)
            here.merge(here.proposed("create_postgres_role", **role))
            here.ask("list_postgres_roles", **ON)
            rotated = here.ask("update_postgres_role", **role, rotate_password=True)
            if rotated and rotated["outcome"] == "committed":
                here.ask("get_change", change=rotated["change"], detail_level="detailed")
                here.ask("discard_change", change=rotated["change"], **YES)
            here.rest()
            here.merge(here.proposed("delete_postgres_role", **role, **YES))
            here.merge(here.proposed("delete_postgres_role", **role, **YES))
        here.commit({".gitops-mcp.yaml": configuration("{provider: sops}")}, "Somebody configures sops, and no key")
        here.ask("create_postgres_role", **ON, role_name="by sops")
        here.commit({".gitops-mcp.yaml": "environment: prod\nbase: 5\n"}, "Somebody breaks the configuration")
        here.ask("list_postgres_clusters")
        here.ask("scale_postgres_cluster", **ORDERS, instances=2)
        compared(here.recording.text(), "git-passwords")

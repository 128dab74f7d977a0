from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store
from gitops_mcp.sandbox.engines.argocd import ArgoCd
from gitops_mcp.sandbox.remote import SandboxRemote

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
ARGOCD = "    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm\n"
FLUX = "    kustomize.toolkit.fluxcd.io/prune: disabled\n    kustomize.toolkit.fluxcd.io/force: disabled\n"
ORDERS = "clusters/prod/shop/orders-db/cluster.yaml"
INVOICES = "clusters/prod/billing/invoices-db/cluster.yaml"
BILLING = "clusters/prod/billing/kustomization.yaml"
DEADLINE = 20


@dataclass
class World:
    store: Store
    checkout: Path

    def git(self, *arguments: str) -> str:
        ran = subprocess.run(["git", *arguments], cwd=self.checkout, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    def push(self, edits: dict[str, str | None]) -> str:
        for path, text in edits.items():
            if text is None:
                (self.checkout / path).unlink()
            else:
                (self.checkout / path).write_text(text)
        self.git("add", "--all")
        self.git("commit", "-q", "-m", "Change")
        self.git("push", "-q")
        return self.git("rev-parse", "HEAD")

    def read(self, path: str) -> str:
        return (self.checkout / path).read_text()

    def application(self) -> Object:
        return self.store.get(kinds.APPLICATION, "argocd", "gitops")

    def conditions(self) -> list[Object]:
        return at(self.application(), "status", "conditions") or []

    def live(self, resource: Resource, namespace: str | None, name: str) -> Object | None:
        try:
            return self.store.get(resource, namespace, name)
        except ApiError:
            return None

    def eventually(self, holds: Callable[[], object]) -> None:
        """Wait until something holds, looking again after each change."""
        end = time.monotonic() + DEADLINE
        seen = 0
        while not holds():
            left = end - time.monotonic()
            assert left > 0, f"it never came about: {self.application().get('status')}"
            seen = self.store.changed(seen, left)

    def synced(self, commit: str) -> Object:
        """The Application's status once it is at a commit, or has ended the sync of it."""

        def holds() -> bool:
            status = self.application().get("status", {})
            operation = status.get("operationState")
            done = at(operation, "syncResult", "revision") == commit and at(operation, "phase") != "Running"
            return done or (at(status, "sync", "revision"), at(status, "sync", "status")) == (commit, "Synced")

        self.eventually(holds)
        status: Object = self.application()["status"]
        return status


def world_of(tmp_path: Path, store: Store, *, age_key: Path | None = None) -> Iterator[World]:
    store.create(NAMESPACE, {"metadata": {"name": "elsewhere"}})
    remote = SandboxRemote.create(tmp_path / "remote.git")
    remote.checkout(tmp_path / "checkout")
    engine = ArgoCd(store, remote, poll=0.02, age_key=age_key)
    engine.start()
    made = World(store, tmp_path / "checkout")
    try:
        made.synced(made.git("rev-parse", "HEAD"))
        yield made
    finally:
        engine.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    yield from world_of(tmp_path, Store())


def resources(status: Object) -> dict[str, Object]:
    return {f"{one['kind']} {one.get('namespace', '')}/{one['name']}": one for one in status["resources"]}


def without_invoices(world: World) -> dict[str, str | None]:
    return {INVOICES: None, BILLING: world.read(BILLING).replace("  - invoices-db/cluster.yaml\n", "")}


def test_the_template_is_applied_with_its_namespaces(world: World) -> None:
    head = world.git("rev-parse", "HEAD")
    status = world.synced(head)
    assert status["sync"]["status"] == "Synced"
    assert status["sync"]["revision"] == head
    assert (status["operationState"]["phase"], status["operationState"]["message"]) == (
        "Succeeded",
        "successfully synced (all tasks run)",
    )
    assert {name: one["status"] for name, one in resources(status).items()} == {
        "Cluster billing/invoices-db": "Synced",
        "Cluster shop/orders-db": "Synced",
        "Database shop/orders-db-reporting": "Synced",
        "Namespace /billing": "Synced",
        "Namespace /shop": "Synced",
        "ObjectStore shop/orders-db-backups": "Synced",
        "ScheduledBackup shop/orders-db-nightly": "Synced",
    }
    # No operator runs here, so nothing makes a Cluster of it.
    assert status["health"]["status"] == "Progressing"
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 3
    tracking = at(
        world.live(kinds.CLUSTER, "shop", "orders-db"), "metadata", "annotations", "argocd.argoproj.io/tracking-id"
    )
    assert tracking == "gitops:postgresql.cnpg.io/Cluster:shop/orders-db"


def test_a_default_that_git_leaves_out_of_a_list_is_reported_as_drift_for_ever(world: World) -> None:
    database = "clusters/prod/shop/orders-db/database-reporting.yaml"
    text = world.read(database)
    status = world.synced(world.push({database: text[: text.index("      ensure:")]}))
    assert resources(status)["Database shop/orders-db-reporting"]["status"] == "OutOfSync"


def test_a_merged_change_becomes_live(world: World) -> None:
    world.synced(world.push({ORDERS: world.read(ORDERS).replace("instances: 3", "instances: 4")}))
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 4


def test_a_field_that_git_drops_goes_and_what_others_added_stays(world: World) -> None:
    patch = {
        "metadata": {"labels": {"team": "orders"}},
        "spec": {"postgresql": {"parameters": {"wal_level": "logical"}}},
    }
    world.store.merge(kinds.CLUSTER, "shop", "orders-db", patch)
    text = world.read(ORDERS).replace("      log_min_duration_statement: 500ms\n", "")
    world.synced(world.push({ORDERS: text}))
    live = world.live(kinds.CLUSTER, "shop", "orders-db")
    assert at(live, "spec", "postgresql", "parameters") == {
        "max_connections": "200",
        "shared_buffers": "1GB",
        "wal_level": "logical",
    }
    assert at(live, "metadata", "labels") == {"team": "orders"}


def test_a_branch_that_is_not_merged_changes_nothing(world: World) -> None:
    world.git("checkout", "-q", "-b", "gitops-mcp/scale")
    (world.checkout / ORDERS).write_text(world.read(ORDERS).replace("instances: 3", "instances: 5"))
    world.git("commit", "-q", "-a", "-m", "Scale")
    world.git("push", "-q", "origin", "gitops-mcp/scale")
    world.git("checkout", "-q", "main")
    # A later commit on the base arrives, so the branch had its chance.
    world.synced(world.push({INVOICES: world.read(INVOICES).replace("instances: 2", "instances: 1")}))
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 3


def test_a_live_edit_is_reported_and_left_until_the_next_commit(world: World) -> None:
    world.store.merge(kinds.CLUSTER, "shop", "orders-db", {"spec": {"instances": 1}})
    world.eventually(lambda: at(world.application(), "status", "sync", "status") == "OutOfSync")
    assert resources(world.application()["status"])["Cluster shop/orders-db"]["status"] == "OutOfSync"
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 1
    world.synced(world.push({"README.md": "# New\n"}))
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 3


def test_what_is_deleted_in_git_is_pruned_when_nothing_protects_it(world: World) -> None:
    world.synced(world.push({INVOICES: world.read(INVOICES).replace(ARGOCD, "").replace(FLUX, "")}))
    status = world.synced(world.push(without_invoices(world)))
    assert world.live(kinds.CLUSTER, "billing", "invoices-db") is None
    assert "Cluster billing/invoices-db" not in resources(status)
    pruned = [one for one in at(status, "operationState", "syncResult", "resources") if one["status"] == "Pruned"]
    assert [one["name"] for one in pruned] == ["invoices-db"]


@pytest.mark.parametrize("protection", ["    argocd.argoproj.io/sync-options: Prune=false,Delete=false\n"])
def test_what_is_protected_outlives_its_manifest_and_is_named(world: World, protection: str) -> None:
    world.synced(world.push({INVOICES: world.read(INVOICES).replace(ARGOCD + FLUX, protection) + "# edited\n"}))
    status = world.synced(world.push(without_invoices(world)))
    assert world.live(kinds.CLUSTER, "billing", "invoices-db") is not None
    left = resources(status)["Cluster billing/invoices-db"]
    assert (left["status"], left["requiresPruning"]) == ("OutOfSync", True)
    assert status["sync"]["status"] == "OutOfSync"
    assert "health" not in left
    skipped = [
        one for one in at(status, "operationState", "syncResult", "resources") if one["status"] == "PruneSkipped"
    ]
    assert [one["name"] for one in skipped] == ["invoices-db"]


def test_an_annotation_of_flux_protects_nothing(world: World) -> None:
    world.synced(world.push({INVOICES: world.read(INVOICES).replace(ARGOCD, "") + "# edited\n"}))
    world.synced(world.push(without_invoices(world)))
    assert world.live(kinds.CLUSTER, "billing", "invoices-db") is None


def test_a_protection_that_was_never_seen_to_go_still_holds(world: World) -> None:
    kept = "    argocd.argoproj.io/sync-options: Prune=false\n"
    world.synced(world.push({INVOICES: world.read(INVOICES).replace(ARGOCD, kept)}))
    (world.checkout / INVOICES).write_text(world.read(INVOICES).replace(kept, "").replace(FLUX, ""))
    world.git("commit", "-q", "-a", "-m", "Remove the protection")
    # The engine only ever sees the tip of what is pushed.
    world.synced(world.push(without_invoices(world)))
    assert world.live(kinds.CLUSTER, "billing", "invoices-db") is not None


def test_a_pruning_that_needs_a_confirmation_waits_for_one_that_is_newer_than_the_sync(world: World) -> None:
    world.synced(world.push({INVOICES: world.read(INVOICES).replace(FLUX, "")}))
    world.push(without_invoices(world))
    waiting = "waiting for pruning confirmation of postgresql.cnpg.io/Cluster/invoices-db"
    world.eventually(lambda: at(world.application(), "status", "operationState", "message") == waiting)
    assert at(world.application(), "status", "operationState", "phase") == "Running"

    def approve(when: datetime) -> None:
        annotations = {"argocd.argoproj.io/deletion-approved": f"{when:%Y-%m-%dT%H:%M:%SZ}"}
        world.store.merge(kinds.APPLICATION, "argocd", "gitops", {"metadata": {"annotations": annotations}})

    approve(datetime.now(UTC) - timedelta(days=1))
    # What is applied meanwhile shows that the engine has seen the old approval.
    world.store.merge(kinds.CLUSTER, "shop", "orders-db", {"spec": {"instances": 1}})
    orders = "Cluster shop/orders-db"
    world.eventually(lambda: resources(world.application()["status"])[orders]["status"] == "OutOfSync")
    assert world.live(kinds.CLUSTER, "billing", "invoices-db") is not None
    approve(datetime.now(UTC) + timedelta(seconds=1))
    world.synced(world.git("rev-parse", "HEAD"))
    assert world.live(kinds.CLUSTER, "billing", "invoices-db") is None


def test_an_object_that_the_engine_never_applied_is_not_pruned(world: World) -> None:
    own = {"metadata": {"name": "own", "namespace": "shop"}, "data": {"a": "1"}}
    config_map = Resource("", "v1", "configmaps", "ConfigMap")
    world.store.create(config_map, own)
    world.synced(world.push({"README.md": "# New\n"}))
    assert world.live(config_map, "shop", "own") is not None


def test_what_the_sandbox_cannot_render_is_a_comparison_error_and_applies_nothing(world: World) -> None:
    before = world.store.get(kinds.CLUSTER, "shop", "orders-db")
    kustomization = "clusters/prod/kustomization.yaml"
    good = world.read(kustomization)
    scaled = world.read(ORDERS).replace("instances: 3", "instances: 5")
    broken = world.push({kustomization: good + "commonLabels:\n  team: shop\n", ORDERS: scaled})
    world.eventually(lambda: at(world.application(), "status", "conditions"))
    status = world.application()["status"]
    [condition] = status["conditions"]
    assert condition["type"] == "ComparisonError"
    assert condition["message"] == (
        "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = "
        "`kustomize build <path to cached source>/clusters/prod` failed exit status 1: Error: "
        "clusters/prod/kustomization.yaml: the sandbox renders only resources, patches and namespace, not commonLabels"
    )
    assert status["sync"]["status"] == "Unknown"
    assert at(status, "operationState", "syncResult", "revision") != broken
    assert world.store.get(kinds.CLUSTER, "shop", "orders-db") == before
    mended = world.synced(world.push({kustomization: good}))
    assert "conditions" not in mended
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 5


def test_what_the_api_refuses_fails_the_sync_after_five_more_tries(world: World) -> None:
    bad = world.read(ORDERS).replace("instances: 3 ", "instances: 0 ")
    status = world.synced(world.push({ORDERS: bad}))
    assert status["operationState"]["phase"] == "Failed"
    assert status["operationState"]["message"].endswith(" (retried 5 times).")
    assert "spec.instances in body should be greater than or equal to 1" in status["operationState"]["message"]
    assert [condition["type"] for condition in status["conditions"]] == ["SyncError"]
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 3


def test_a_kind_that_the_api_does_not_serve_fails_the_sync(world: World) -> None:
    unknown = "apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\n"
    listed = world.read(BILLING) + "  - widget.yaml\n"
    status = world.synced(world.push({"clusters/prod/billing/widget.yaml": unknown, BILLING: listed}))
    assert "failed to discover server resources for group version example.com/v1" in status["operationState"]["message"]
    [told] = at(status, "operationState", "syncResult", "resources")
    assert "could not find example.com/Widget for requested resource billing/w" in told["message"]


def test_an_application_that_is_not_automated_is_compared_only(world: World) -> None:
    world.store.merge(kinds.APPLICATION, "argocd", "gitops", {"spec": {"syncPolicy": {"automated": None}}})
    commit = world.push({ORDERS: world.read(ORDERS).replace("instances: 3", "instances: 4")})
    world.eventually(lambda: at(world.application(), "status", "sync", "revision") == commit)
    assert at(world.application(), "status", "sync", "status") == "OutOfSync"
    assert at(world.live(kinds.CLUSTER, "shop", "orders-db"), "spec", "instances") == 3


def test_a_remote_that_is_gone_is_a_comparison_error_and_deletes_nothing(world: World) -> None:
    (world.checkout.parent / "remote.git").rename(world.checkout.parent / "gone.git")
    world.eventually(lambda: at(world.application(), "status", "conditions"))
    [condition] = world.application()["status"]["conditions"]
    assert condition["message"].endswith("rpc error: code = Unknown desc = failed to list refs: repository not found: ")
    assert world.live(kinds.CLUSTER, "shop", "orders-db") is not None


def test_an_engine_that_has_nothing_to_do_writes_nothing(world: World) -> None:
    quiet = world.store.version
    assert world.store.changed(quiet, 0.3) == quiet


SECRET = """apiVersion: v1
kind: Secret
metadata:
  name: writer-password
  labels:
    cnpg.io/reload: "true"
type: kubernetes.io/basic-auth
stringData:
  username: writer
  password: s3cret
"""
SECRET_FILE = "clusters/prod/billing/secret.sops.yaml"


@dataclass(frozen=True)
class Sops:
    """A key, and what encrypts for it."""

    key: Path
    recipient: str
    binary: str

    def encrypted(self, text: str) -> str:
        command = [self.binary, "encrypt", "--age", self.recipient, "--encrypted-regex", "^(data|stringData)$"]
        command += ["--input-type=yaml", "--output-type=yaml", "/dev/stdin"]
        ran = subprocess.run(command, input=text, check=True, capture_output=True, text=True)
        assert "s3cret" not in ran.stdout
        return ran.stdout


@pytest.fixture
def sops(tmp_path: Path) -> Sops:
    binary = shutil.which("sops") or shutil.which("sops", path=str(Path(sys.executable).parent))
    if binary is None:
        pytest.skip("sops is neither on PATH nor beside this Python")
    pyrage = pytest.importorskip("pyrage")
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "age.key"
    key.write_text(f"{identity}\n")
    return Sops(key, str(identity.to_public()), binary)


def with_secret(world: World, text: str) -> dict[str, str | None]:
    return {SECRET_FILE: text, BILLING: world.read(BILLING) + "  - secret.sops.yaml\n"}


def test_a_file_of_sops_is_decrypted_and_in_sync(tmp_path: Path, sops: Sops) -> None:
    for world in world_of(tmp_path, Store(), age_key=sops.key):
        status = world.synced(world.push(with_secret(world, sops.encrypted(SECRET))))
        made = world.live(kinds.SECRET, "billing", "writer-password")
        assert made is not None
        assert "sops" not in made
        assert made["data"] == {"username": "d3JpdGVy", "password": "czNjcmV0"}
        assert made["metadata"]["labels"] == {"cnpg.io/reload": "true"}
        assert resources(status)["Secret billing/writer-password"]["status"] == "Synced"
        status = world.synced(world.push({SECRET_FILE: sops.encrypted(SECRET.replace("s3cret", "n3w"))}))
        assert at(world.live(kinds.SECRET, "billing", "writer-password"), "data", "password") == "bjN3"


def test_without_a_key_a_file_of_sops_fails_the_sync_and_nothing_else_of_it(world: World, sops: Sops) -> None:
    edits = with_secret(world, sops.encrypted(SECRET))
    edits[INVOICES] = world.read(INVOICES).replace("instances: 2", "instances: 4")
    status = world.synced(world.push(edits))
    why = "Secret billing/writer-password is encrypted with sops, and this engine has no key for it"
    assert why in status["operationState"]["message"]
    assert world.live(kinds.SECRET, "billing", "writer-password") is None
    assert at(world.live(kinds.CLUSTER, "billing", "invoices-db"), "spec", "instances") == 4


@pytest.mark.parametrize(
    ("own_key", "edit"),
    [
        pytest.param(True, ("type: kubernetes.io/basic-auth", "type: Opaque"), id="edited"),
        pytest.param(False, ("", ""), id="for another key"),
    ],
)
def test_a_file_of_sops_that_cannot_be_trusted_or_opened_is_a_comparison_error(
    tmp_path: Path, sops: Sops, edit: tuple[str, str], *, own_key: bool
) -> None:
    other = tmp_path / "other.key"
    other.write_text(str(pytest.importorskip("pyrage").x25519.Identity.generate()))
    for world in world_of(tmp_path, Store(), age_key=sops.key if own_key else other):
        world.push(with_secret(world, sops.encrypted(SECRET).replace(*edit)))
        world.eventually(world.conditions)
        [condition] = world.conditions()
        assert condition["type"] == "ComparisonError"
        assert f"{SECRET_FILE}: sops ended with" in condition["message"]
        assert world.live(kinds.SECRET, "billing", "writer-password") is None


def test_a_secret_in_clear_text_is_in_sync_as_it_is_stored(world: World) -> None:
    status = world.synced(world.push(with_secret(world, SECRET)))
    assert resources(status)["Secret billing/writer-password"]["status"] == "Synced"
    status = world.synced(world.push({SECRET_FILE: SECRET.replace("  username: writer\n", "")}))
    assert at(world.live(kinds.SECRET, "billing", "writer-password"), "data") == {"password": "czNjcmV0"}


def test_what_it_reports_fits_the_published_schema(tmp_path: Path) -> None:
    folder = os.environ.get("GITOPS_MCP_TEST_CRDS")
    if not folder:
        pytest.skip("GITOPS_MCP_TEST_CRDS names no folder of CRDs")
    for world in world_of(tmp_path, Store(crds=Path(folder))):
        world.push(without_invoices(world))
        world.eventually(lambda here=world: at(here.application(), "status", "operationState", "phase") == "Running")  # type: ignore[misc]
        status = world.application()["status"]
        assert status["sync"]["status"] == "OutOfSync"
        assert resources(status)["Cluster billing/invoices-db"]["requiresPruning"] is True
        assert status["reconciledAt"]

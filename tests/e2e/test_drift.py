"""Twenty differences between Git and live, half of them of fields that Git does not state: each found, no more, and adopted.

Beside Argo CD and Flux that are held meanwhile, as an operator does before maintenance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource
from gitops_mcp.sandbox.api import WriteOptions
from gitops_mcp.sandbox.engines.layout import EngineName
from gitops_mcp.sandbox.run import World, start_sandbox
from gitops_mcp.sandbox.store.patches import merge_patch
from tests.e2e.team import ROOT, Assistant, Team, assistant, configuration, text, until

pytestmark = pytest.mark.thorough

ORDERS = {"cluster_name": "orders-db", "namespace": "shop"}
BY_HAND: dict[Resource, Object] = {
    kinds.CLUSTER: {
        "metadata": {"labels": {"team": "orders"}, "annotations": {"example.com/on-call": "anna"}},
        "spec": {
            "instances": 2,
            "storage": {"size": "25Gi"},
            "logLevel": "debug",
            "enablePDB": False,
            "affinity": {"nodeSelector": {"kubernetes.io/arch": "amd64"}},
            "resources": {"limits": {"memory": "8Gi"}},
            "postgresql": {
                "parameters": {"max_connections": "300", "log_min_duration_statement": None, "work_mem": "8MB"}
            },
            "managed": {"roles": [{"name": "clerk", "login": True}]},
        },
    },
    kinds.DATABASE: {"spec": {"owner": "app", "databaseReclaimPolicy": "delete", "connectionLimit": 7}},
    kinds.SCHEDULED_BACKUP: {"spec": {"schedule": "0 0 3 * * *", "suspend": True}},
    kinds.OBJECT_STORE: {"spec": {"retentionPolicy": "60d", "instanceSidecarConfiguration": {"logLevel": "debug"}}},
}
NAMES = {
    kinds.CLUSTER: "orders-db",
    kinds.DATABASE: "orders-db-reporting",
    kinds.SCHEDULED_BACKUP: "orders-db-nightly",
    kinds.OBJECT_STORE: "orders-db-backups",
}
FOUND = {
    ("Cluster", "metadata.annotations.example.com/on-call", "not_stated", "anna"),
    ("Cluster", "metadata.labels.team", "not_stated", "orders"),
    ("Cluster", "spec.affinity.nodeSelector.kubernetes.io/arch", "not_stated", "amd64"),
    ("Cluster", "spec.enablePDB", "not_stated", False),
    ("Cluster", "spec.instances", "differs", 2),
    ("Cluster", "spec.logLevel", "not_stated", "debug"),
    (
        "Cluster",
        "spec.managed.roles",
        "not_stated",
        '(untrusted text) [{"name": "clerk", "login": true, "connectionLimit": -1, "ensure": "present", "inherit": true}]',
    ),
    ("Cluster", "spec.postgresql.parameters.log_min_duration_statement", "differs", None),
    ("Cluster", "spec.postgresql.parameters.max_connections", "differs", "300"),
    ("Cluster", "spec.postgresql.parameters.work_mem", "not_stated", "8MB"),
    ("Cluster", "spec.resources.limits.memory", "differs", "8Gi"),
    ("Cluster", "spec.storage.size", "differs", "25Gi"),
    ("Database", "spec.connectionLimit", "not_stated", 7),
    ("Database", "spec.databaseReclaimPolicy", "differs", "delete"),
    ("Database", "spec.owner", "differs", "app"),
    ("ObjectStore", "spec.instanceSidecarConfiguration.logLevel", "not_stated", "debug"),
    ("ObjectStore", "spec.retentionPolicy", "differs", "60d"),
    ("Pooler", None, "only_live", None),
    ("ScheduledBackup", "spec.schedule", "differs", "0 0 3 * * *"),
    ("ScheduledBackup", "spec.suspend", "not_stated", True),
}
POOLER = {
    "apiVersion": kinds.POOLER.api_version,
    "kind": "Pooler",
    "metadata": {"name": "orders-db-rw", "namespace": "shop"},
    "spec": {"cluster": {"name": "orders-db"}, "instances": 2, "pgbouncer": {"poolMode": "transaction"}},
}


@dataclass(frozen=True)
class House:
    world: World
    team: Team
    ask: Assistant
    engine: EngineName

    def hold(self) -> None:
        """A run that had begun before goes on to its end, which is waited for."""
        self._policy(held=True)
        assert self.world.engine
        self.world.engine.wait_for_turn()

    def release(self) -> None:
        self._policy(held=False)

    def _policy(self, *, held: bool) -> None:
        if self.engine == "flux":
            self.world.store.merge(kinds.KUSTOMIZATION, "flux-system", "shop", {"spec": {"suspend": held}})
        else:
            automated = {"enabled": False} if held else {"enabled": None, "prune": True, "selfHeal": True}
            patch = {"spec": {"syncPolicy": {"automated": automated}}}
            self.world.store.merge(kinds.APPLICATION, "argocd", "gitops", patch)

    def edit(self, resource: Resource, patch: Object, manager: str = "k9s") -> None:
        self.world.store.change(
            resource, "shop", NAMES[resource], lambda live: merge_patch(live, patch), how=WriteOptions(manager=manager)
        )

    def drift(self, **arguments: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask.answer("get_drift", **arguments)["items"]
        return rows


@pytest.fixture(scope="module", params=["argocd", "flux"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place: Path = tmp_path_factory.mktemp(request.param)
    with start_sandbox(place / "world", step=0.02, poll=0.02, engine=request.param) as world:
        team = Team.on(place / "team", world.remote)
        team.commit({".gitops-mcp.yaml": configuration("{provider: external-secrets}")})
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            yield House(world, team, ask, request.param)


def test_what_was_created_merged_and_applied_has_no_drift(house: House) -> None:
    done = house.ask.answer("create_postgres_database", **ORDERS, database_name="fresh", owner="orders_app")
    house.team.merge(done["branch"])
    until(house.world, lambda: house.ask.answer("get_change", change=done["change"])["state"] == "healthy")
    told = house.ask.call("get_drift")
    assert told.structured_content is not None
    assert (told.structured_content["total"], told.structured_content["compared"]) == (0, 6)
    assert text(told).startswith("No drift between main at ")


def test_each_planted_difference_is_found_and_adopted(house: House) -> None:
    house.hold()
    for resource, patch in BY_HAND.items():
        house.edit(resource, patch)
    house.world.store.create(kinds.POOLER, POOLER, WriteOptions(manager="kubectl-create"))
    rows = house.drift(**ORDERS)
    assert {(row["kind"], row.get("field"), row["side"], row.get("live")) for row in rows} == FOUND
    assert len(rows) == len(FOUND)
    assert {row.get("set_by") for row in rows} == {"k9s", "kubectl-create", None}
    assert {row["outcome"] for row in rows} == {"stays"}
    # One field a call, or all that differ of an object.
    calls = {(row["kind"], row["name"], row.get("field") if house.engine == "argocd" else None): row for row in rows}
    for (kind, name, field), row in calls.items():
        asked = {"kind": kind, "object": name, "change": "keep-what-runs", "reason": "It has proved itself"}
        fields = {"fields": [field]} if field else {}
        done = house.ask.answer("adopt_live", **ORDERS, **asked, **fields, confirm_deletion=True)
        assert done["outcome"] == "committed", row
        assert ("added" in {one["action"] for one in done["files"]}) is (row["side"] == "only_live")
    house.team.merge("gitops-mcp/keep-what-runs")
    house.release()
    until(house.world, lambda: house.drift() == [])
    assert house.world.store.get(kinds.CLUSTER, "shop", "orders-db")["spec"]["instances"] == 2


def test_where_half_of_the_kinds_may_not_be_read_the_others_are_compared(tmp_path: Path) -> None:
    hidden = {"backups", "databases", "databaseroles", "poolers", "scheduledbackups"}
    rules = list(yaml.safe_load_all((ROOT / "rbac/read-only.yaml").read_text()))
    for one in (rule for role in rules for rule in role["rules"]):
        one["resources"] = [name for name in one["resources"] if name not in hidden]
    with start_sandbox(tmp_path / "world", step=0.02, poll=0.02, rules=rules) as world:
        team = Team.on(tmp_path / "team", world.remote)
        patch = {"spec": {"logLevel": "debug"}}
        world.store.merge(kinds.CLUSTER, "shop", "orders-db", patch, how=WriteOptions(manager="k9s"))
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            answer = ask.answer("get_drift", **ORDERS)
    assert [(row["kind"], row["field"]) for row in answer["items"]] == [("Cluster", "spec.logLevel")]
    assert answer["complete"] is False
    unread = [one["message"] for one in answer["warnings"] if one["id"] == "unreadable"]
    named = {
        name for name in hidden if any(f"list {name}.postgresql.cnpg.io in namespace 'shop'" in text for text in unread)
    }
    assert named == hidden
    assert len(unread) == len(hidden)

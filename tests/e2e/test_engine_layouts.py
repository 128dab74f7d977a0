"""One object an app, as teams have it: what the server says of changes beside Flux after a bootstrap and an app of apps.

Each sentence that a person acts on is written out: who holds a change up, what it waits for, and what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.sandbox.engines.layout import EngineName
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import Assistant, Team, assistant, configuration, ids, until

pytestmark = pytest.mark.thorough

ORDERS = {"name": "orders-db", "namespace": "shop"}
INVOICES = {"name": "invoices-db", "namespace": "billing"}
LISTED = "apps/shop/kustomization.yaml"
BILLED = "apps/billing/invoices-db/cluster.yaml"
FOR_ALL = """patches:
  - target: {kind: Cluster}
    patch: |
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: any}
      spec: {instances: 3}
"""
RESUMED = "A person resumes it: `flux resume kustomization shop -n flux-system`, or takes spec.suspend out of Git"
SYNCED = "A person syncs it: `argocd app sync shop`, or the button Sync"


@dataclass(frozen=True)
class House:
    world: World
    team: Team
    ask: Assistant
    engine: EngineName

    @property
    def flux(self) -> bool:
        return self.engine == "flux"

    def name(self, app: str) -> str:
        return f"Kustomization flux-system/{app}" if self.flux else f"Application argocd/{app}"

    def proposed(self, tool: str, **arguments: Any) -> dict[str, Any]:
        done = self.ask.answer(tool, **arguments)
        assert done["outcome"] == "committed", done
        return done

    def seen(self, change: str) -> dict[str, Any]:
        """get_change, which list_changes must not contradict."""
        answer = self.ask.answer("get_change", change=change)
        rows = self.ask.answer("list_changes", state="all")["items"]
        (row,) = (one for one in rows if one["change"] == change)
        assert row["state"] == answer["state"]
        return answer

    def merged(self, done: dict[str, Any], state: str = "healthy") -> dict[str, Any]:
        self.team.merge(done["branch"])
        return self.arrived(done, state)

    def arrived(self, done: dict[str, Any], state: str = "healthy") -> dict[str, Any]:
        until(self.world, lambda: self.ask.answer("get_change", change=done["change"])["state"] == state)
        return self.seen(done["change"])

    def hold(self) -> None:
        """What an operator does before maintenance."""
        if self.flux:
            self.world.store.merge(kinds.KUSTOMIZATION, "flux-system", "shop", {"spec": {"suspend": True}})
        else:
            self._policy("gitops", None)  # or it would put the app's policy back
            self._policy("shop", {"enabled": False, "prune": True, "selfHeal": True})

    def release(self) -> None:
        if self.flux:
            self.world.store.merge(kinds.KUSTOMIZATION, "flux-system", "shop", {"spec": {"suspend": False}})
        else:
            self._policy("shop", {"enabled": None})
            self._policy("gitops", {"prune": True, "selfHeal": True})

    def _policy(self, name: str, automated: Object | None) -> None:
        patch = {"spec": {"syncPolicy": {"automated": automated}}}
        self.world.store.merge(kinds.APPLICATION, "argocd", name, patch)

    def edit(self, path: str, old: str, new: str) -> str:
        found = self.team.file("main", path)
        assert found is not None
        assert old in found.decode()
        return self.team.commit({path: found.decode().replace(old, new)})

    def refused_at(self, commit: str) -> bool:
        if self.flux:
            status = self.world.store.get(kinds.KUSTOMIZATION, "flux-system", "billing")["status"]
            tried = (status["lastAttemptedRevision"], status["conditions"][-1]["status"])
            return tried == (f"main@sha1:{commit}", "False")
        state = at(self.world.store.get(kinds.APPLICATION, "argocd", "billing"), "status", "operationState")
        return (at(state, "syncResult", "revision"), at(state, "phase")) == (commit, "Failed")


@pytest.fixture(scope="module", params=["flux", "app-of-apps"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place: Path = tmp_path_factory.mktemp(request.param)
    with start_sandbox(place / "world", step=0.02, poll=0.02, engine=request.param) as world:
        team = Team.on(place / "team", world.remote)
        team.commit({".gitops-mcp.yaml": configuration("{provider: external-secrets}")})
        with assistant(team, kubeconfig=world.kubeconfig) as ask:
            yield House(world, team, ask, request.param)


def test_the_object_that_applies_an_app_is_named_and_followed(house: House) -> None:
    word = (
        "Flux Kustomization flux-system/shop: Ready=True " if house.flux else "Argo CD Application argocd/shop: Synced"
    )

    def named() -> list[bool]:
        engines: list[str] = house.ask.answer("get_cluster_status", **ORDERS)["engines"]
        return [one.startswith(word) for one in engines]

    until(house.world, lambda: all(named()))  # the commit of the configuration may be on its way yet
    assert named() == [True]
    seen = house.merged(house.proposed("scale_postgres_cluster", **ORDERS, instances=4))
    assert seen["next"] == []


def test_a_new_password_arrives_with_the_objects_that_make_it(house: House) -> None:
    role: dict[str, Any] = {"cluster_name": "orders-db", "namespace": "shop", "role_name": "writer"}
    made = house.proposed("create_postgres_role", **role)
    assert "engine-holds-up" not in ids(made)
    house.merged(made)
    house.merged(house.proposed("update_postgres_role", **role, rotate_password=True))


def test_a_new_cluster_under_a_patch_for_all_gets_what_was_asked(house: House) -> None:
    found = house.team.file("main", LISTED)
    assert found is not None
    house.team.commit({LISTED: found.decode() + FOR_ALL})
    made = house.proposed("create_postgres_cluster", name="carts-db", namespace="shop", instances=1, storage_size="1Gi")
    assert ids(made) == {"overridden"}
    house.merged(made)
    assert house.world.store.get(kinds.CLUSTER, "shop", "carts-db")["spec"]["instances"] == 1
    house.edit(LISTED, FOR_ALL.removeprefix("patches:\n"), "")


def test_what_an_operator_holds_waits_for_that_operator_in_every_answer(house: House) -> None:
    house.hold()
    done = house.proposed("scale_postgres_cluster", **ORDERS, instances=5)
    assert "engine-holds-up" in ids(done)
    seen = house.merged(done, "merged")
    assert seen["next"] == [RESUMED if house.flux else SYNCED]
    problems = house.ask.answer("get_cluster_status", **ORDERS)["problems"]
    held = f"{seen['next'][0][0].lower()}{seen['next'][0][1:]}"
    assert [one["action"] for one in problems] == [f"{held}; get_drift says who set what, and what will happen to it"]
    house.release()
    assert house.arrived(done)["next"] == []


def test_a_failing_neighbour_is_told_to_its_own_changes_only(house: House) -> None:
    bad = house.edit(BILLED, "size: 5Gi", "size: 1Gi")
    until(house.world, lambda: house.refused_at(bad))
    house.merged(house.proposed("scale_postgres_cluster", **ORDERS, instances=3))
    behind = house.proposed("scale_postgres_cluster", **INVOICES, instances=3)
    assert "standing-fault" in ids(behind)
    seen = house.merged(behind, "failed")
    assert seen["why"].startswith(f"main holds its last commit; the engine cannot apply it: {house.name('billing')} ")
    assert "its words (untrusted text): " in seen["why"]
    assert "\n" not in seen["why"]
    assert seen["next"][0] == f"Mend what {house.name('billing')} reports with a new change"
    house.edit(BILLED, "size: 1Gi", "size: 5Gi")
    house.arrived(behind)


def test_a_change_that_somebody_reverts_is_waited_for_no_more(house: House) -> None:
    done = house.proposed("scale_postgres_cluster", **ORDERS, instances=6)
    house.merged(done)
    author = house.team.author
    house.team.git(author, "revert", "--no-edit", "--mainline", "1", "HEAD")
    house.team.git(author, "push", "--quiet", "origin", "main")
    seen = house.arrived(done, "reverted")
    assert seen["next"] == ["It is not waited for any more: make a new change, if it is still wanted"]


def test_what_is_deleted_goes_by_the_rules_of_the_engine_in_use(house: House) -> None:
    first = house.proposed("delete_postgres_cluster", **INVOICES, confirm_deletion=True)
    if house.flux:
        assert first["summary"].startswith(
            "Remove the protection of Cluster billing/invoices-db against pruning. Mind: "
        )
        house.merged(first)
        house.merged(house.proposed("delete_postgres_cluster", **INVOICES, confirm_deletion=True))
    else:
        assert "waits-for-confirmation" in ids(first)
        house.team.merge(first["branch"])
        until(house.world, lambda: "waits for a person" in house.seen(first["change"])["why"])
        (step,) = house.seen(first["change"])["next"]
        assert step.startswith("A person confirms it: `kubectl annotate application billing -n argocd ")
        approved = {"argocd.argoproj.io/deletion-approved": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        house.world.store.merge(kinds.APPLICATION, "argocd", "billing", {"metadata": {"annotations": approved}})
        house.arrived(first)
    assert [one["metadata"]["name"] for one in house.world.store.list(kinds.CLUSTER, "billing")] == []

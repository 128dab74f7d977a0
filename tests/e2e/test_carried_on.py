"""Changes that are brought up to the base, taken back and asked for again, with operator and engine at work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.sandbox.api import WriteOptions
from gitops_mcp.sandbox.store.patches import merge_patch
from tests.calls import every_write
from tests.e2e.team import Files, Shop, configuration, orders, shop, text, until

ON: dict[str, Any] = {"cluster_name": "orders-db", "namespace": "shop"}
WORD: dict[str, Any] = {"confirm_deletion": True}
REQUEST = "%(trailers:key=Gitops-Mcp-Request,valueonly)"


@dataclass(frozen=True)
class House:
    shop: Shop
    recipient: str

    def uses(self, provider: str) -> None:
        more: Files = {}
        if provider == "sops":
            more = {".sops.yaml": f"creation_rules:\n  - path_regex: \\.sops\\.yaml$\n    age: {self.recipient}\n"}
        text = configuration(f"{{provider: {provider}}}")
        self.shop.team.commit({".gitops-mcp.yaml": text, **more})

    def net(self, change: str) -> str:
        """What a change would bring."""
        team = self.shop.team
        return team.git(team.remote, "diff", f"main...gitops-mcp/{change}")

    def requests(self, commit: str) -> list[dict[str, Any]]:
        team = self.shop.team
        return [
            json.loads(one)
            for one in team.git(team.remote, "log", "-1", f"--format={REQUEST}", commit).split("\n")
            if one
        ]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("carried-on")
    identity = pyrage.x25519.Identity.generate()
    (place / "age.key").write_text(f"{identity}\n")
    with shop(place, {}, age_key=place / "age.key") as here:
        yield House(here, str(identity.to_public()))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "provider",
    [
        "sops",
        "cluster",
        *(pytest.param(one, marks=pytest.mark.thorough) for one in ("external-secrets", "sealed-secrets")),
    ],
)
@pytest.mark.few(1)
def test_a_password_that_is_made_is_carried_over_and_made_anew_elsewhere(house: House, provider: str) -> None:
    house.uses(provider)
    here, role = house.shop, f"by_{provider.partition('-')[0]}"
    change = f"role-{provider}"
    here.proposed("create_postgres_role", **ON, role_name=role, change=change, connection_limit=3, reason="A reader.")
    secret = f"orders-db-{role.replace('_', '-')}-password"
    made, before = house.net(change), here.live(kinds.SECRET, secret)
    here.team.commit({f"note-{provider}": "x"})
    here.proposed("refresh_change", change=change)
    here.team.commit({f"note-{provider}-too": "x"})
    refreshed = here.proposed("refresh_change", change=change)
    assert house.net(change) == made
    assert here.live(kinds.SECRET, secret) == before
    here.merged(refreshed)
    until(here.world, lambda: here.roles().get(role, {}).get("state") == "reconciled")
    first = here.password(secret, role=role)
    again = here.proposed("repeat_change", change=change, names={role: f"{role}_too"})
    assert again["change"] == f"repeat-{change}-in-prod"
    here.merged(again)
    second = here.password(secret.replace("-password", "-too-password"), role=f"{role}_too")
    assert second != first
    here.ask.refusal("undo_change", change="no-such")
    undone = here.proposed("undo_change", change=again["change"], **WORD)
    here.merged(undone)
    assert f"{role}_too" not in here.roles()


@pytest.mark.thorough
def test_what_is_dropped_or_deleted_does_not_come_back(house: House) -> None:
    here = house.shop
    made = here.applied("create_postgres_database", **ON, database_name="fleeting", owner="orders_app")
    asked = here.applied("delete_postgres_database", **ON, database_name="fleeting", drop=True, **WORD)
    until(here.world, lambda: "fleeting" not in here.postgres().databases)
    assert "was dropped with all its data" in here.refused("undo_change", change=asked["change"], **WORD)
    dropped = here.proposed("delete_postgres_database", **ON, database_name="fleeting", drop=True, **WORD)
    here.merged(dropped)
    told = here.refused("undo_change", change=asked["change"])
    assert "later changes touched the same: Database shop/orders-db-fleeting" in told
    assert "is taken back already" in here.refused("undo_change", change=made["change"])


def test_a_cluster_whose_data_is_gone_does_not_come_back_empty(house: House) -> None:
    here = house.shop
    made = here.applied("create_postgres_cluster", name="brief-db", namespace="shop", instances=1)
    assert "deletes its pods and PVCs with all data" in here.refused("undo_change", change=made["change"])
    undone = here.proposed("undo_change", change=made["change"], **WORD)
    here.team.merge(undone["branch"])
    assert here.team.file("main", "clusters/prod/shop/brief-db/cluster.yaml") is None
    back = here.ask.answer("undo_change", change=undone["change"], dry_run=True)
    assert "Cluster shop/brief-db comes back" in back["about"]
    here.world.store.delete(kinds.CLUSTER, "shop", "brief-db")
    until(here.world, lambda: here.live(kinds.CLUSTER, "brief-db") is None)
    assert "the data of Cluster shop/brief-db is gone" in here.refused("undo_change", change=undone["change"])


@pytest.mark.thorough
def test_what_was_taken_from_live_stays_as_it_was_taken(house: House) -> None:
    here = house.shop

    def set_by_hand(**spec: Any) -> None:
        how = WriteOptions(manager="k9s")
        here.world.store.change(
            kinds.CLUSTER, "shop", "orders-db", lambda one: merge_patch(one, {"spec": spec}), how=how
        )

    set_by_hand(logLevel="debug")
    taken = here.proposed("adopt_live", **ON, change="keep", reason="It has proved itself.")
    (asked,) = house.requests(taken["commit"])
    assert asked["arguments"]["fields"] == ["spec.logLevel"]
    net = house.net("keep")
    set_by_hand(logLevel="trace", maxSyncReplicas=1)
    here.team.commit({"note-taken": "x"})
    refreshed = here.proposed("refresh_change", change="keep")
    assert house.net("keep") == net
    assert house.requests(refreshed["commit"]) == [asked]
    assert "adopt_live takes what is live in one environment" in here.refused("repeat_change", change="keep")
    here.team.commit({"note-taken-too": "x"})
    here.proposed("refresh_change", change="keep")
    assert house.net("keep") == net


@pytest.mark.thorough
def test_the_commit_of_every_tool_keeps_a_request_that_gives_the_same_again(tmp_path: Path) -> None:
    with shop(tmp_path, {".gitops-mcp.yaml": configuration()}) as here:
        house = House(here, "")
        subject = orders(here.team, here.ask.answer)
        unchecked = {}
        for number, (tool, said) in enumerate(every_write(subject)):
            result = here.ask.call(tool.name, **said)
            assert not result.is_error, text(result)
            done = result.structured_content or {}
            if done["outcome"] != "committed":
                unchecked[tool.name] = done["outcome"]
                continue
            assert house.requests(done["commit"]), tool.name
            if here.ask.answer("get_change", change=done["change"])["state"] == "closed":
                unchecked[tool.name] = "all of it is taken back"
                continue
            net = house.net(done["change"])
            here.team.commit({f"note-{number}": "x"})
            again = here.ask.call("refresh_change", change=done["change"], confirm_deletion=True)
            assert not again.is_error, (tool.name, text(again))
            assert house.net(done["change"]) == net, tool.name
        assert unchecked == {
            "adopt_live": "unchanged",
            "discard_change": "discarded",
            "migrate_postgres_backups": "unchanged",
            "open_pull_request": "not_opened",
            "undo_change": "all of it is taken back",
        }

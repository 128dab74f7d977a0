"""What people ask about a running database, through a server in the sandbox."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.sandbox.run import World, start_sandbox
from tests.e2e.team import Assistant, Team, assistant, text, until
from tests.fakes.observed_logs import recorded_log

ON = {"cluster_name": "orders-db"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with start_sandbox(tmp_path_factory.mktemp("observe") / "world", step=0.02, poll=0.02) as made:
        until(made, lambda: made.inside("shop", "orders-db"))
        until(made, lambda: len(made.store.list(kinds.POD, "shop", labels="cnpg.io/cluster=orders-db")) == 3)
        yield made


@pytest.fixture(scope="module")
def ask(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    team = Team.on(tmp_path_factory.mktemp("team") / "team", world.remote)
    with assistant(team, kubeconfig=world.kubeconfig) as made:
        yield made


def test_a_client_is_told_how_to_connect_and_no_password(world: World, ask: Assistant) -> None:
    result = ask.call("get_connection_info", **ON)
    found = result.structured_content
    assert found is not None
    assert (found["database"], found["user"], found["secret"]["name"]) == ("orders", "orders_app", "orders-db-app")
    assert [one["host"] for one in found["endpoints"]] == [f"orders-db-{one}.shop.svc" for one in ("rw", "ro", "r")]
    secret = world.store.get(kinds.SECRET, "shop", "orders-db-app")["data"]
    assert set(secret) == set(found["secret"]["keys"])
    assert base64.b64decode(secret["password"]).decode() not in text(result)
    assert not [one for one in world.asked() if one["resource"] == "secrets"]


def test_what_is_wrong_in_a_log_is_told_first_and_a_quiet_one_is_no_sign(world: World, ask: Assistant) -> None:
    quiet = ask.call("get_postgres_logs", **ON)
    assert "nothing wrong was seen" in text(quiet)
    assert "no lines do not mean trouble" in text(quiet)
    world.store.print_log("shop", "orders-db-1", recorded_log("disk-full"))
    found = ask.answer("get_postgres_logs", **ON)
    assert [(one["severity"], one["id"]) for one in found["problems"]] == [("critical", "disk-full")]
    assert [one["severity"] for one in found["items"]] == ["PANIC"]
    refused = ask.refusal("get_postgres_logs", **ON, instance="kube-proxy-1")
    assert refused.startswith("NotFound: instance: 'kube-proxy-1' is not a pod of Cluster shop/orders-db")


def test_a_cluster_that_is_well_has_metrics_and_no_finding(ask: Assistant) -> None:
    found = ask.answer("get_postgres_metrics", **ON)
    assert (found["problems"], found["warnings"]) == ([], [])
    assert [(one["name"], one["role"], one["as_of"]) for one in found["instances"]] == [
        ("orders-db-1", "primary", "now"),
        ("orders-db-2", "replica", "now"),
        ("orders-db-3", "replica", "now"),
    ]
    assert {one["name"] for one in found["databases"]} >= {"orders", "postgres"}
    assert found["volumes"][0]["used"].startswith("at least 0 %: ")

"""Databases from the request to PostgreSQL, and several objects in one change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from tests.e2e.team import Shop, configuration, ids, shop, until

FOLDER = "clusters/prod/shop/orders-db"
ON: dict[str, Any] = {"cluster_name": "orders-db"}
WORD: dict[str, Any] = {**ON, "confirm_deletion": True}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    files = {".gitops-mcp.yaml": configuration("{provider: external-secrets}", protected=True)}
    with shop(tmp_path_factory.mktemp("databases"), files) as made:
        yield made


def reconciled(here: Shop, database: str, cluster: str = "orders-db") -> Object:
    """The row of a database once it is reconciled."""

    def row() -> Object | None:
        seen = here.databases(cluster).get(database)
        return seen if seen and seen["state"] == "reconciled" else None

    return until(here.world, row)


@pytest.mark.thorough
def test_a_database_comes_with_its_extensions_and_schemas(here: Shop) -> None:
    asked = {
        **ON,
        "database_name": "Archive",
        "owner": "orders_app",
        "extensions": ["pgcrypto", "hstore"],
        "schemas": ["old_orders"],
    }
    before = here.team.branches()
    shown = here.ask.answer("create_postgres_database", **asked, dry_run=True)
    assert here.team.branches() == before
    done = here.proposed("create_postgres_database", **asked)
    assert done["diff"] == shown["diff"]
    assert here.databases()["Archive"]["state"] == "proposed"
    assert here.databases()["Archive"]["pending"] == [done["change"]]
    here.merged(done)
    assert reconciled(here, "Archive") == {
        "name": "Archive",
        "object": "orders-db-archive",
        "owner": "orders_app",
        "reclaim_policy": "retain",
        "extensions": ["pgcrypto", "hstore"],
        "schemas": ["old_orders"],
        "state": "reconciled",
        "declared": f"{FOLDER}/database-archive.yaml:1",
        "pending": [],
    }
    inside = here.postgres().databases["Archive"]
    assert inside.owner == "orders_app"
    assert inside.parts == {("extensions", "pgcrypto"), ("extensions", "hstore")}
    assert set(inside.schemas) == {"old_orders"}

    assert here.ask.answer("create_postgres_database", **asked)["outcome"] == "unchanged"
    told = here.refused("create_postgres_database", **{**asked, "owner": "postgres"})
    assert told.startswith("InvalidRequest: database_name: 'Archive' of Cluster shop/orders-db is declared already")
    assert "with another owner" in told


@pytest.mark.thorough
def test_the_applications_database_is_described_only_to_add_to_it(here: Shop) -> None:
    assert here.databases()["orders"] == {
        "name": "orders",
        "owner": "orders_app",
        "origin": "bootstrap",
        "extensions": [],
        "schemas": [],
        "state": "reconciled",
        "declared": f"{FOLDER}/cluster.yaml:2",
        "pending": [],
    }
    told = here.refused("create_postgres_database", **ON, database_name="orders", owner="orders_app")
    assert "it needs no Database object" in told
    told = here.refused(
        "create_postgres_database", **ON, database_name="orders", owner="postgres", extensions=["pgcrypto"]
    )
    assert told.endswith("Say owner='orders_app'")
    told = here.refused("delete_postgres_database", **WORD, database_name="orders")
    assert told.startswith("Refused: database 'orders' of Cluster shop/orders-db was made by bootstrap")

    done = here.applied(
        "create_postgres_database", **ON, database_name="orders", owner="orders_app", extensions=["pg_stat_statements"]
    )
    assert done["summary"] == "Describe database orders of Cluster shop/orders-db"
    assert reconciled(here, "orders")["object"] == "orders-db-orders"
    assert here.postgres().databases["orders"].parts == {("extensions", "pg_stat_statements")}
    here.applied("delete_postgres_database", **ON, database_name="orders")
    assert "orders" in here.postgres().databases
    assert here.databases()["orders"]["origin"] == "bootstrap"


@pytest.mark.thorough
def test_a_database_that_is_released_stays_with_its_data(here: Shop) -> None:
    here.applied("create_postgres_database", **ON, database_name="kept", owner="orders_app")
    done = here.applied("delete_postgres_database", **ON, database_name="kept")
    assert done["impact"]["level"] == "none"
    assert any("stays in PostgreSQL with all data" in text for text in done["next"])
    assert here.live(kinds.DATABASE, "orders-db-kept") is None
    assert "kept" in here.postgres().databases
    assert "kept" not in here.databases()


@pytest.mark.thorough
def test_dropping_takes_two_changes_and_says_which_is_due(here: Shop) -> None:
    here.applied("create_postgres_database", **ON, database_name="scratch", owner="orders_app")
    told = here.refused("delete_postgres_database", **ON, database_name="scratch", drop=True)
    assert told.startswith("Refused: deleting database 'scratch' of Cluster shop/orders-db drops it with all data")
    first = here.proposed("delete_postgres_database", **WORD, database_name="scratch", drop=True)
    assert (first["about"][0], first["impact"]["level"]) == ("This is step 1 of 2: `ensure: absent`", "data_loss")
    assert here.team.changed(f"{first['commit']}^", first["commit"]) == [f"1 0 {FOLDER}/database-scratch.yaml"]
    waiting = here.ask.answer(
        "delete_postgres_database", **WORD, database_name="scratch", drop=True, change=first["change"]
    )
    told = f"step 1 of 2 is in branch {first['branch']} but not applied yet"
    assert (waiting["outcome"], waiting["summary"]) == ("unchanged", told)
    here.merged(first)
    until(here.world, lambda: here.databases()["scratch"]["state"] == "dropped")
    assert "scratch" not in here.postgres().databases
    second = here.applied("delete_postgres_database", **WORD, database_name="scratch", drop=True)
    assert second["about"][0] == "This is step 2 of 2: the database is dropped, so its manifest goes"
    assert here.live(kinds.DATABASE, "orders-db-scratch") is None
    assert here.ask.refusal("delete_postgres_database", **WORD, database_name="scratch").startswith(
        "NotFound: Git declares no database 'scratch' for Cluster shop/orders-db"
    )


@pytest.mark.thorough
def test_a_live_policy_of_delete_drops_whatever_was_asked(here: Shop) -> None:
    made = here.applied(
        "create_postgres_database", **ON, database_name="fleeting", owner="orders_app", reclaim_policy="delete"
    )
    assert "drops-with-manifest" in ids(made)
    told = here.refused("delete_postgres_database", **ON, database_name="fleeting")
    assert "drops it with all data; to keep it, first set databaseReclaimPolicy: retain" in told
    done = here.applied("delete_postgres_database", **WORD, database_name="fleeting")
    assert "reclaim policy is delete, so it is dropped anyway" in done["about"][0]
    assert done["impact"]["level"] == "data_loss"
    assert "fleeting" not in here.postgres().databases


def test_the_policy_that_is_live_counts_and_not_the_one_in_git(here: Shop) -> None:
    here.applied("create_postgres_database", **ON, database_name="edited", owner="orders_app")
    here.world.store.merge(kinds.DATABASE, "shop", "orders-db-edited", {"spec": {"databaseReclaimPolicy": "delete"}})
    assert here.databases()["edited"]["reclaim_policy"] == "delete"
    told = here.refused("delete_postgres_database", **ON, database_name="edited")
    assert "drops it with all data" in told


@pytest.mark.thorough
def test_a_policy_of_delete_in_git_counts_before_it_is_live(here: Shop) -> None:
    asked = {**ON, "database_name": "marked"}
    here.applied("create_postgres_database", **asked, owner="orders_app", reclaim_policy="delete")
    here.world.store.merge(kinds.DATABASE, "shop", "orders-db-marked", {"spec": {"databaseReclaimPolicy": "retain"}})
    told = here.refused("delete_postgres_database", **asked)
    assert "drops it with all data; to keep it, first set databaseReclaimPolicy: retain" in told
    shown = here.ask.answer("delete_postgres_database", **asked, dry_run=True)
    assert shown["impact"]["level"] == "data_loss"
    assert any("unless the live policy is still retain then" in text for text in shown["next"])


@pytest.mark.thorough
def test_what_one_change_makes_and_takes_back_drops_nothing(here: Shop) -> None:
    made = {"change": "brief"}
    here.proposed("create_postgres_role", **ON, role_name="brief", **made)
    here.proposed("create_postgres_database", **ON, database_name="brief", owner="brief", **made)
    database = here.proposed("delete_postgres_database", **ON, database_name="brief", drop=True, **made)
    role = here.proposed("delete_postgres_role", **ON, role_name="brief", **made)
    for done in (database, role):
        assert done["impact"]["level"] == "none"
        assert any(text.startswith("Nothing is dropped: no live ") for text in done["next"])
    assert here.team.changed("main", role["commit"]) == []
    here.ask.answer("discard_change", change="brief", confirm_deletion=True)


@pytest.mark.thorough
def test_the_secret_of_a_role_that_stays_stays_with_it(here: Shop) -> None:
    done = here.applied("create_postgres_role", **ON, role_name="lasting")
    path = f"{FOLDER}/role-lasting.yaml"
    text = (here.team.file(done["commit"], path) or b"").decode()
    noted = text.replace("metadata:\n", "metadata:\n  annotations:\n    argocd.argoproj.io/sync-options: Prune=false\n")
    here.team.commit({path: noted.replace("spec:\n", "spec:\n  databaseRoleReclaimPolicy: delete\n")})

    def is_protected() -> bool:
        live = here.live(kinds.DATABASE_ROLE, "orders-db-lasting")
        return live is not None and live["spec"].get("databaseRoleReclaimPolicy") == "delete"

    until(here.world, is_protected)
    last = here.applied("delete_postgres_role", **WORD, role_name="lasting", state="merged")
    assert (last["summary"], last["impact"]["level"]) == ("Release role lasting of Cluster shop/orders-db", "none")
    assert not any("drops role" in reason for reason in last["impact"]["reasons"])
    assert any("stays, and so does role 'lasting'" in told for told in last["next"])
    assert "secret-" not in str(here.team.changed(f"{last['commit']}^", last["commit"]))
    assert here.live(kinds.EXTERNAL_SECRET, "orders-db-lasting-password") is not None
    assert "lasting" in here.postgres().roles


def test_a_database_whose_owner_is_missing_is_warned_of_and_shown_failing_until_there_is_one(here: Shop) -> None:
    done = here.proposed("create_postgres_database", **ON, database_name="orphan", owner="order_app")
    (warned,) = [one["message"] for one in done["warnings"] if one["id"] == "owner-missing"]
    assert "no role 'order_app' is declared or was seen live" in warned
    assert "orders_app" in warned
    seen = here.merged(done, state="failed")
    assert 'role "order_app" does not exist' in seen["why"]
    row = here.databases()["orphan"]
    assert row["state"] == "failing"
    assert 'role "order_app" does not exist' in row["message"]
    here.applied("create_postgres_role", **ON, role_name="order_app", password_source="none")
    reconciled(here, "orphan")
    assert here.ask.answer("get_change", change=done["change"])["state"] == "healthy"


def test_a_database_that_a_live_object_manages_is_not_declared_a_second_time(here: Shop) -> None:
    spec = {"cluster": {"name": "orders-db"}, "name": "by_hand", "owner": "orders_app"}
    here.world.store.create(
        kinds.DATABASE,
        {
            "apiVersion": kinds.DATABASE.api_version,
            "kind": "Database",
            "metadata": {"name": "by-hand", "namespace": "shop"},
            "spec": spec,
        },
    )
    until(here.world, lambda: "by_hand" in here.postgres().databases)
    assert here.databases()["by_hand"]["state"] == "only_live"
    told = here.refused("create_postgres_database", **ON, database_name="by_hand", owner="orders_app")
    assert told.startswith("Refused: database_name: the live Database shop/by-hand manages 'by_hand'")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param({"database_name": ""}, "InvalidRequest: database_name: it is empty", id="no name"),
        pytest.param({"database_name": "x" * 64}, "InvalidRequest: database_name: it has 64 bytes", id="64 bytes"),
        pytest.param({"database_name": "a\x00"}, "InvalidRequest: database_name: it holds a control", id="a NUL"),
        pytest.param({"database_name": "postgres"}, "InvalidRequest: database_name: 'postgres' is", id="postgres"),
        pytest.param({"database_name": "template1"}, "InvalidRequest: database_name: 'template1' is", id="a template"),
        pytest.param({"owner": ""}, "InvalidRequest: owner: it is empty", id="no owner"),
        pytest.param({"owner": "password=hunter2"}, "InvalidRequest: owner: it looks as if it held", id="a password"),
        pytest.param({"reclaim_policy": "drop"}, "InvalidRequest: reclaim_policy: ", id="another policy"),
        pytest.param({"extensions": ["a", "a"]}, "InvalidRequest: extensions: one is named twice", id="one twice"),
        pytest.param({"schemas": ["s", "s"]}, "InvalidRequest: schemas: one is named twice", id="a schema twice"),
        pytest.param({"schemas": [""]}, "InvalidRequest: schemas: it is empty", id="a schema without a name"),
        pytest.param({"schemas": "public"}, "InvalidRequest: schemas: input should be a valid list", id="no list"),
    ],
)
def test_what_no_database_can_be_is_refused(here: Shop, arguments: dict[str, object], told: str) -> None:
    asked = {**ON, "database_name": "fine", "owner": "orders_app", **arguments}
    said = here.refused("create_postgres_database", **asked)
    assert said.startswith(told)
    assert "hunter2" not in said + here.team.log.read_text()


def test_cluster_role_database_and_secret_are_one_change_that_is_applied_in_one_go(here: Shop) -> None:
    change = "new-shop"
    new = {"cluster_name": "carts-db", "namespace": "shop"}
    here.proposed(
        "create_postgres_cluster",
        name="carts-db",
        namespace="shop",
        instances=1,
        postgres_version="18.4-standard-trixie",
        change=change,
    )
    told = here.refused("create_postgres_role", **new, role_name="cart_reader")
    assert told.startswith("NotFound: Git declares no Cluster 'carts-db'")
    assert told.endswith(f"the open change '{change}' declares it: repeat this with change='{change}'")

    asked = {**new, "role_name": "cart_owner", "change": change}
    role = here.proposed("create_postgres_role", **asked)
    made = {**new, "database_name": "carts", "owner": "cart_owner", "extensions": ["hstore"], "change": change}
    database = here.proposed("create_postgres_database", **made)
    assert "owner-missing" not in ids(database)
    member = here.proposed(
        "create_postgres_role", **new, role_name="cart_reader", in_roles=["cart_owner"], change=change
    )
    assert "unknown-role" not in ids(member)
    assert {role["branch"], database["branch"], member["branch"]} == {f"gitops-mcp/{change}"}
    assert here.ask.answer("create_postgres_role", **asked)["outcome"] == "unchanged"
    assert here.ask.answer("create_postgres_database", **made)["outcome"] == "unchanged"
    assert len(here.team.commits("main", f"gitops-mcp/{change}")) == 4
    assert here.roles("carts-db")["cart_owner"]["state"] == "proposed"

    seen = here.merged(member)
    assert sorted(one["object"] for one in seen["objects"]) == [
        "Cluster shop/carts-db",
        "Database shop/carts-db-carts",
        "DatabaseRole shop/carts-db-cart-owner",
        "DatabaseRole shop/carts-db-cart-reader",
        "ExternalSecret shop/carts-db-cart-owner-password",
        "ExternalSecret shop/carts-db-cart-reader-password",
        "Password shop/carts-db-cart-owner-password",
        "Password shop/carts-db-cart-reader-password",
    ]
    here.password("carts-db-cart-owner-password", role="cart_owner")
    inside = here.postgres("carts-db")
    assert inside.databases["carts"].owner == "cart_owner"
    assert inside.roles["cart_reader"].in_roles == {"cart_owner"}
    assert {row["state"] for name, row in here.roles("carts-db").items() if name.startswith("cart_")} == {"reconciled"}
    assert reconciled(here, "carts", "carts-db")["declared"]


@pytest.mark.thorough
def test_two_changes_that_add_roles_to_one_cluster_are_told_of_each_other_only_where_they_meet(here: Shop) -> None:
    one = here.proposed("create_postgres_role", **ON, role_name="left", password_source="none")
    other = here.proposed("create_postgres_role", **ON, role_name="right", password_source="none")
    assert one["branch"] != other["branch"]
    assert "overlapping-change" not in ids(other)
    same = here.ask.answer("create_postgres_role", **ON, role_name="left", password_source="none")
    assert (same["outcome"], same["change"]) == ("unchanged", one["change"])
    assert here.roles()["left"]["pending"] == [one["change"]]
    here.merged(one)
    roles = here.roles()
    assert (roles["left"]["state"], roles["left"]["pending"]) == ("reconciled", [])
    here.ask.answer("discard_change", change=other["change"], confirm_deletion=True)

"""Roles from the request to PostgreSQL: both forms, and what comes of it when something is in the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api.call import Route
from gitops_mcp.sandbox.store import managed as written
from gitops_mcp.sandbox.store.resources import Served
from tests.e2e.dev import dev
from tests.e2e.team import Shop, configuration, ids, shop, until

FOLDER = "clusters/prod/shop/orders-db"
CLUSTER = f"{FOLDER}/cluster.yaml"
ON: dict[str, Any] = {"cluster_name": "orders-db"}
WORD: dict[str, Any] = {**ON, "confirm_deletion": True}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Where DatabaseRoles are installed and passwords are written to the API."""
    with shop(tmp_path_factory.mktemp("roles"), {".gitops-mcp.yaml": configuration("{provider: cluster}")}) as made:
        yield made


def object_of(here: Shop, name: str) -> Object:
    found = here.live(kinds.DATABASE_ROLE, name)
    assert found is not None
    return found


def reconciled(here: Shop, role: str) -> Object:
    """The row of a role once it is reconciled."""

    def row() -> Object | None:
        seen = here.roles().get(role)
        return seen if seen and seen["state"] == "reconciled" else None

    return until(here.world, row)


def test_a_role_is_shown_proposed_merged_and_reconciled(here: Shop) -> None:
    asked = {
        **ON,
        "role_name": "reporter",
        "connection_limit": 5,
        "in_roles": ["pg_monitor"],
        "comment": "reads at night",
        "valid_until": "2099-01-31T00:00:00Z",
        "createdb": True,
    }
    before = here.team.branches(), here.written()
    shown = here.ask.answer("create_postgres_role", **asked, dry_run=True)
    assert shown["outcome"] == "dry_run"
    assert (here.team.branches(), here.written()) == before

    done = here.proposed("create_postgres_role", **asked, reason="the nightly report")
    assert (done["diff"], done["impact"]["level"]) == (shown["diff"], "none")
    assert here.written() == [*before[1], ("POST", "secrets")]
    assert here.roles()["reporter"]["state"] == "proposed"
    assert here.roles()["reporter"]["pending"] == [done["change"]]
    assert "reporter" not in here.postgres().roles

    assert here.merged(done)["objects"] == [
        {"object": "DatabaseRole shop/orders-db-reporter", "state": "healthy", "detail": "it is applied"}
    ]
    assert reconciled(here, "reporter") == {
        "name": "reporter",
        "form": "DatabaseRole",
        "object": "orders-db-reporter",
        "attributes": [
            "comment: reads at night",
            "login: true",
            "createdb: true",
            "connection_limit: 5",
            "valid_until: 2099-01-31T00:00:00Z",
            "in_roles: 'pg_monitor'",
        ],
        "password": "Secret orders-db-reporter-password",
        "state": "reconciled",
        "declared": f"{FOLDER}/role-reporter.yaml:1",
        "pending": [],
    }
    inside = here.postgres().roles["reporter"]
    assert (set(inside.attributes.flags), inside.attributes.connection_limit) == ({"login", "createdb"}, 5)
    assert (inside.comment, set(inside.in_roles)) == ("reads at night", {"pg_monitor"})
    here.password("orders-db-reporter-password", role="reporter")
    secret = here.live(kinds.SECRET, "orders-db-reporter-password")
    assert secret is not None
    assert (
        object_of(here, "orders-db-reporter")["status"]["secretResourceVersion"]
        == (secret["metadata"]["resourceVersion"])
    )

    again = here.ask.answer("create_postgres_role", **asked)
    assert (again["outcome"], again.get("commit")) == ("unchanged", None)
    told = here.refused("create_postgres_role", **ON, role_name="reporter", connection_limit=6)
    assert told.startswith("InvalidRequest: role_name: role 'reporter' (DatabaseRole, ")
    assert told.endswith("Change it with update_postgres_role")


@pytest.mark.thorough
def test_an_update_changes_the_lines_of_what_was_named_and_is_altered_in_postgresql(here: Shop) -> None:
    here.applied(
        "create_postgres_role",
        **ON,
        role_name="auditor",
        comment="old",
        valid_until="2099-01-31T00:00:00Z",
        in_roles=["pg_monitor", "pg_read_all_data"],
    )
    done = here.applied(
        "update_postgres_role",
        **ON,
        role_name="auditor",
        connection_limit=3,
        valid_until="never",
        comment="",
        in_roles=["pg_read_all_data"],
    )
    assert [one["path"] for one in done["files"]] == [f"{FOLDER}/role-auditor.yaml"]
    assert here.team.changed(f"{done['commit']}^", done["commit"]) == [f"1 3 {FOLDER}/role-auditor.yaml"]
    assert "revokes" in ids(done)
    text = here.team.file(done["commit"], f"{FOLDER}/role-auditor.yaml")
    assert text is not None
    assert text.decode().partition("spec:\n")[2] == (
        "  cluster:\n    name: orders-db\n  name: auditor\n  login: true\n  inRoles:\n    - pg_read_all_data\n"
        "  passwordSecret:\n    name: orders-db-auditor-password\n  connectionLimit: 3\n"
    )
    assert reconciled(here, "auditor")["attributes"] == [
        "login: true",
        "connection_limit: 3",
        "in_roles: 'pg_read_all_data'",
    ]
    inside = here.postgres().roles["auditor"]
    assert (inside.comment, set(inside.in_roles)) == ("", {"pg_read_all_data"})
    assert inside.attributes.valid_until == "infinity"
    same = here.ask.answer("update_postgres_role", **ON, role_name="auditor", connection_limit=3, comment="")
    assert same["outcome"] == "unchanged"


def test_a_rotated_password_reaches_the_role_without_a_commit(here: Shop) -> None:
    here.applied("create_postgres_role", **ON, role_name="rotated")
    old = here.password("orders-db-rotated-password", role="rotated")
    version = object_of(here, "orders-db-rotated")["status"]["secretResourceVersion"]
    before = here.team.branches()
    done = here.ask.answer("update_postgres_role", **ON, role_name="rotated", rotate_password=True)
    assert (done["outcome"], done.get("commit")) == ("applied", None)
    assert here.team.branches() == before
    assert here.password("orders-db-rotated-password", role="rotated") != old
    until(here.world, lambda: object_of(here, "orders-db-rotated")["status"].get("secretResourceVersion") != version)
    assert reconciled(here, "rotated")["state"] == "reconciled"
    told = here.refused("update_postgres_role", **ON, role_name="rotated", rotate_password=True, createdb=True)
    assert told.startswith("InvalidRequest: rotate_password acts at once")


def test_dropping_takes_two_changes_and_says_which_is_due(here: Shop) -> None:
    here.applied("create_postgres_role", **ON, role_name="leaver")
    told = here.refused("delete_postgres_role", **ON, role_name="leaver")
    assert told.startswith("Refused: deleting role 'leaver' of Cluster shop/orders-db drops it in PostgreSQL")
    assert told.endswith("confirm_deletion=true (dry_run=true shows the diff without it)")

    first = here.proposed("delete_postgres_role", **WORD, role_name="leaver")
    assert first["about"][0] == "This is step 1 of 2: `databaseRoleReclaimPolicy: delete`"
    assert here.team.changed(f"{first['commit']}^", first["commit"]) == [f"1 0 {FOLDER}/role-leaver.yaml"]
    waiting = here.ask.answer("delete_postgres_role", **WORD, role_name="leaver", change=first["change"])
    assert (waiting["outcome"], waiting["summary"]) == (
        "unchanged",
        f"step 1 of 2 is in branch {first['branch']} but not applied yet: the live policy is retain, which drops nothing",
    )
    here.merged(first)
    assert "leaver" in here.postgres().roles

    second = here.proposed("delete_postgres_role", **WORD, role_name="leaver")
    assert second["about"][0].startswith("This is step 2 of 2: the live policy is delete")
    assert second["impact"]["level"] == "data_loss"
    assert any("kubectl -n shop delete secret orders-db-leaver-password" in text for text in second["next"])
    assert here.merged(second)["objects"] == [
        {"object": "DatabaseRole shop/orders-db-leaver", "state": "healthy", "detail": "it is gone"}
    ]
    assert "leaver" not in here.postgres().roles
    assert "leaver" not in here.roles()
    assert here.ask.refusal("delete_postgres_role", **WORD, role_name="leaver").startswith(
        "NotFound: Git declares no role 'leaver' for Cluster shop/orders-db"
    )


@pytest.mark.thorough
def test_a_role_that_is_released_stays_in_postgresql(here: Shop) -> None:
    here.applied("create_postgres_role", **ON, role_name="released", password_source="none")
    done = here.applied("delete_postgres_role", **ON, role_name="released", drop=False)
    assert done["next"][1] == (
        "Role 'released' stays in PostgreSQL as it is and can still log in; nothing manages it any more"
    )
    assert here.live(kinds.DATABASE_ROLE, "orders-db-released") is None
    assert "released" in here.postgres().roles


@pytest.mark.thorough
def test_a_live_policy_of_delete_drops_whatever_was_asked(here: Shop) -> None:
    here.applied("create_postgres_role", **ON, role_name="doomed", password_source="none")
    here.applied("delete_postgres_role", **WORD, role_name="doomed")
    told = here.refused("delete_postgres_role", **ON, role_name="doomed", drop=False)
    assert "drops it in PostgreSQL" in told
    done = here.applied("delete_postgres_role", **WORD, role_name="doomed", drop=False)
    assert "reclaim policy is delete, so it is dropped anyway" in done["about"][0]
    assert "doomed" not in here.postgres().roles


ATTRIBUTES = (
    "comment: none; login: true; superuser: false; createdb: false; createrole: false; inherit: true; replication: "
    "false; bypassrls: false; connection_limit: -1; valid_until: never; in_roles: none"
)


def test_a_role_that_exists_is_taken_over_only_with_a_word_after_every_attribute_was_listed(here: Shop) -> None:
    here.world.store.create(
        kinds.DATABASE_ROLE,
        {
            "apiVersion": kinds.DATABASE_ROLE.api_version,
            "kind": "DatabaseRole",
            "metadata": {"name": "made-by-hand", "namespace": "shop"},
            "spec": {"cluster": {"name": "orders-db"}, "name": "legacy", "login": True, "createdb": True},
        },
    )
    until(here.world, lambda: "legacy" in here.postgres().roles)
    assert here.roles()["legacy"]["state"] == "only_live"
    told = here.refused("create_postgres_role", **ON, role_name="legacy")
    assert told.startswith("Refused: role 'legacy' exists in PostgreSQL already (a live DatabaseRole manages it)")
    assert f"whatever they are now: {ATTRIBUTES};" in told
    assert "adopt=true" in told

    done = here.applied("create_postgres_role", **ON, role_name="legacy", adopt=True, password_source="none")
    assert done["summary"] == "Adopt role legacy of Cluster shop/orders-db"
    listed = [text.removeprefix("- ") for text in done["about"] if text.startswith("- ")]
    assert "; ".join(listed) == ATTRIBUTES
    text = here.team.file(done["commit"], f"{FOLDER}/role-made-by-hand.yaml")
    assert text is not None
    assert "  createdb: false\n" in text.decode(), "the engine leaves a live field that the manifest does not name"
    assert reconciled(here, "legacy")["object"] == "made-by-hand"
    assert here.postgres().roles["legacy"].attributes.flags == {"login"}


@pytest.mark.thorough
def test_the_owner_that_bootstrap_made_keeps_its_password_when_it_is_taken_over(here: Shop) -> None:
    assert here.roles()["orders_app"] == {
        "name": "orders_app",
        "attributes": [],
        "origin": "bootstrap",
        "state": "unmanaged",
        "pending": [],
    }
    told = here.refused("create_postgres_role", **ON, role_name="orders_app", connection_limit=80)
    assert "(bootstrap made it as the owner of the application's database)" in told
    assert "connection_limit: 80" in told
    before = here.live(kinds.SECRET, "orders-db-app")
    done = here.applied("create_postgres_role", **ON, role_name="orders_app", connection_limit=80, adopt=True)
    assert reconciled(here, "orders_app")["password"] == "Secret orders-db-app"
    assert here.live(kinds.SECRET, "orders-db-app") == before
    assert here.live(kinds.SECRET, "orders-db-orders-app-password") is None
    assert here.postgres().roles["orders_app"].attributes.connection_limit == 80
    assert done["impact"]["level"] == "none"


@pytest.mark.thorough
def test_three_names_that_differ_little_are_three_roles_three_objects_and_three_secrets(here: Shop) -> None:
    names = ("my_role", "MyRole", "my-role", "My Role", 'quo"te', "Åse")
    made = [here.proposed("create_postgres_role", **ON, role_name=name, change="names") for name in names]
    assert {one["branch"] for one in made} == {"gitops-mcp/names"}
    here.merged(made[-1])
    rows = {name: reconciled(here, name) for name in names}
    objects = [row["object"] for row in rows.values()]
    assert len(set(objects)) == len(names)
    assert objects[0] == "orders-db-my-role"
    for name, row in rows.items():
        assert object_of(here, row["object"])["spec"]["name"] == name
        here.password(row["password"].removeprefix("Secret "), role=name)
        assert name in here.postgres().roles
    assert len({row["password"] for row in rows.values()}) == len(names)


@pytest.mark.thorough
def test_the_listing_and_the_change_say_why_a_role_does_not_come(here: Shop) -> None:
    done = here.proposed("create_postgres_role", **ON, role_name="waiting", password_source="existing:not-there")
    assert "secret-missing" in ids(done)
    here.merged(done, state="applied")
    waits = "it waits for Secret not-there, and the operator tries again until there is one"
    until(here.world, lambda: waits in here.ask.answer("get_change", change=done["change"])["why"])
    assert here.roles()["waiting"]["state"] == "failing"
    assert here.roles()["waiting"]["message"] == 'secrets "not-there" not found'

    wrong = here.proposed("create_postgres_role", **ON, role_name="stranger", password_source="existing:orders-db-app")
    seen = here.merged(wrong, state="failed")
    assert "username 'orders_app' in secret, expected 'stranger'" in seen["why"]

    member = here.proposed(
        "create_postgres_role", **ON, role_name="member", in_roles=["nobody"], password_source="none"
    )
    assert "unknown-role" in ids(member)
    seen = here.merged(member, state="failed")
    assert 'role "nobody" does not exist' in here.roles()["member"]["message"]


@pytest.mark.thorough
def test_a_role_that_owns_a_database_stays_until_that_has_another_owner(here: Shop) -> None:
    here.proposed("create_postgres_role", **ON, role_name="landlord", password_source="none", change="estate")
    done = here.proposed("create_postgres_database", **ON, database_name="estate", owner="landlord", change="estate")
    here.merged(done)
    first = here.applied("delete_postgres_role", **WORD, role_name="landlord")
    assert "owns-databases" in ids(first)
    second = here.proposed("delete_postgres_role", **WORD, role_name="landlord")
    here.merged(second, state="merged")
    row = until(here.world, lambda: here.roles()["landlord"] if here.roles()["landlord"].get("message") else None)
    assert "cannot be dropped because some objects depend on it" in row["message"]
    seen = here.ask.answer("get_change", change=second["change"])
    assert (seen["state"], seen["objects"][0]["detail"]) == (
        "merged",
        "it is being deleted, held by cnpg.io/deleteRole",
    )
    assert "landlord" in here.postgres().roles

    here.applied("delete_postgres_database", **WORD, database_name="estate", drop=True)
    until(here.world, lambda: "landlord" not in here.postgres().roles)
    until(here.world, lambda: here.live(kinds.DATABASE_ROLE, "orders-db-landlord") is None)
    assert here.ask.answer("get_change", change=second["change"])["state"] == "healthy"


@pytest.mark.thorough
def test_a_role_that_is_declared_twice_is_shown_failing_and_not_edited(here: Shop) -> None:
    here.applied("create_postgres_role", **ON, role_name="twice", password_source="none")
    text = here.team.file("main", CLUSTER)
    assert text is not None
    entry = "  managed:\n    roles:\n      - name: twice\n        ensure: present\n        login: true\n"
    here.team.commit({CLUSTER: text.decode() + entry})
    try:
        rows = [row for row in here.ask.answer("list_postgres_roles", **ON)["items"] if row["name"] == "twice"]
        assert [(row["form"], row["state"]) for row in rows] == [("DatabaseRole", "failing"), ("inline", "failing")]
        assert {row["message"] for row in rows} == {
            "it is declared twice, inline and as a DatabaseRole: remove one of them"
        }
        told = here.refused("update_postgres_role", **ON, role_name="twice", createdb=True)
        assert told.startswith("Refused: role 'twice' of Cluster shop/orders-db is declared twice: inline at ")
        until(here.world, lambda: here.live(kinds.CLUSTER, "orders-db")["spec"].get("managed"))  # type: ignore[index]
        here.applied("create_postgres_role", **ON, role_name="bystander", password_source="none")
    finally:
        here.team.commit({CLUSTER: text})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param({"role_name": ""}, "InvalidRequest: role_name: it is empty", id="no name"),
        pytest.param({"role_name": "x" * 64}, "InvalidRequest: role_name: it has 64 bytes in UTF-8", id="64 bytes"),
        pytest.param({"role_name": "å" * 32}, "InvalidRequest: role_name: it has 64 bytes in UTF-8", id="32 letters"),
        pytest.param({"role_name": "a\x00b"}, "InvalidRequest: role_name: it holds a control character", id="a NUL"),
        pytest.param({"role_name": "a\nb"}, "InvalidRequest: role_name: it holds a control character", id="two lines"),
        pytest.param({"role_name": "postgres"}, "InvalidRequest: role_name: 'postgres' is reserved", id="postgres"),
        pytest.param({"role_name": "pg_mine"}, "InvalidRequest: role_name: 'pg_mine' is reserved", id="pg_"),
        pytest.param({"role_name": "cnpg_mine"}, "InvalidRequest: role_name: 'cnpg_mine' is reserved", id="cnpg_"),
        pytest.param(
            {"in_roles": ["reader"]}, "InvalidRequest: in_roles: a role cannot be a member of itself", id="itself"
        ),
        pytest.param({"in_roles": ["a", "a"]}, "InvalidRequest: in_roles: a role is named twice", id="a role twice"),
        pytest.param({"in_roles": [""]}, "InvalidRequest: in_roles: it is empty", id="a role without a name"),
        pytest.param(
            {"connection_limit": -2},
            "InvalidRequest: connection_limit: input should be greater than or equal to -1",
            id="less than no connection",
        ),
        pytest.param(
            {"connection_limit": 2**31},
            "InvalidRequest: connection_limit: input should be less than or equal to 2147483647",
            id="more connections than fit",
        ),
        pytest.param(
            {"valid_until": "tomorrow"}, "InvalidRequest: valid_until: it is not a time as in RFC 3339", id="no time"
        ),
        pytest.param(
            {"valid_until": "2099-01-31"}, "InvalidRequest: valid_until: it is not a time as in RFC", id="a day"
        ),
        pytest.param(
            {"valid_until": "2099-02-30T00:00:00Z"},
            "InvalidRequest: valid_until: it is not a time as in",
            id="no such day",
        ),
        pytest.param({"superuser": "yes"}, "InvalidRequest: superuser: input should be a valid boolean", id="no flag"),
        pytest.param({"comment": "a\x00b"}, "InvalidRequest: comment: it holds a NUL", id="a NUL in a comment"),
        pytest.param(
            {"password_source": "hunter2"},
            "InvalidRequest: password_source: it names where a password comes from",
            id="a password",
        ),
        pytest.param(
            {"password_source": "existing:Hunter2"},
            "InvalidRequest: password_source: that is not the name of a Secret",
            id="a password where a Secret is named",
        ),
        pytest.param(
            {"password": "hunter2"}, "InvalidRequest: there is no argument 'password'", id="an argument for it"
        ),
    ],
)
def test_what_no_role_can_be_is_refused(here: Shop, arguments: dict[str, object], told: str) -> None:
    said = here.refused("create_postgres_role", **{**ON, "role_name": "reader", "password_source": "none", **arguments})
    assert said.startswith(told)
    assert "unter2" not in said + here.team.log.read_text()


def test_a_time_that_has_passed_is_warned_of(here: Shop) -> None:
    asked = {**ON, "role_name": "late", "password_source": "none", "valid_until": "2001-01-01T00:00:00Z"}
    assert "expired" in ids(here.ask.answer("create_postgres_role", **asked, dry_run=True))


def test_nothing_to_update_is_said_with_what_there_is(here: Shop) -> None:
    told = here.refused("update_postgres_role", **ON, role_name="orders_app")
    assert told.startswith("InvalidRequest: name at least one argument to update; there are: comment, login")
    told = here.refused("update_postgres_role", **ON, role_name="reprter", createdb=True)
    assert told.startswith("NotFound: Git declares no role 'reprter' for Cluster shop/orders-db; there are")


def test_in_a_cluster_that_is_being_deleted_nothing_is_made(here: Shop) -> None:
    on = {"cluster_name": "invoices-db"}
    here.world.store.merge(kinds.CLUSTER, "billing", "invoices-db", {"metadata": {"finalizers": ["example.com/held"]}})
    here.world.store.delete(kinds.CLUSTER, "billing", "invoices-db")
    for tool, more in {
        "create_postgres_role": {"role_name": "late"},
        "create_postgres_database": {"database_name": "late", "owner": "invoices"},
        "migrate_postgres_roles": {},
    }.items():
        told = here.refused(tool, **on, **more)
        assert told.startswith("Refused: the live Cluster billing/invoices-db is being deleted"), tool


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Where the operator knows no DatabaseRole, until it is upgraded."""
    with shop(tmp_path_factory.mktemp("inline"), {".gitops-mcp.yaml": configuration("{provider: cluster}")}) as made:
        yield made


@pytest.fixture
def not_installed(older: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    served = older.world.api._served

    def without(asked: Route) -> Served | None:
        return None if asked.plural == "databaseroles" else served(asked)

    monkeypatch.setattr(older.world.api, "_served", without)


def managed(here: Shop) -> Object:
    found = here.live(kinds.CLUSTER, "orders-db")
    assert found is not None
    status: Object = found["status"].get("managedRolesStatus") or {}
    return status


def is_brought(here: Shop, name: str) -> bool:
    return name in managed(here).get("byStatus", {}).get("reconciled", ())


@pytest.fixture
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API's clock, by which writers are noted, stands still at two minutes ago."""
    monkeypatch.setattr(written, "now", (datetime.now(UTC) - timedelta(minutes=2)).isoformat)


@pytest.mark.thorough
@pytest.mark.usefixtures("not_installed", "long_ago")
def test_without_that_kind_a_role_is_an_entry_of_its_cluster_from_its_making_to_its_end(older: Shop) -> None:
    done = older.applied("create_postgres_role", **ON, role_name="clerk", in_roles=["pg_monitor"])
    text = older.team.file(done["commit"], CLUSTER)
    assert text is not None
    assert text.decode().endswith(
        "  managed:\n    roles:\n      - name: clerk\n        ensure: present\n        login: true\n"
        "        inherit: true\n        connectionLimit: -1\n        inRoles:\n          - pg_monitor\n"
        "        passwordSecret:\n          name: orders-db-clerk-password\n"
    )
    until(older.world, lambda: is_brought(older, "clerk"))
    assert older.roles()["clerk"]["state"] == "reconciled"
    assert older.roles()["clerk"]["form"] == "inline"
    older.password("orders-db-clerk-password", role="clerk")
    secret = older.live(kinds.SECRET, "orders-db-clerk-password")
    assert secret is not None
    version = managed(older)["passwordStatus"]["clerk"]["resourceVersion"]
    assert version == secret["metadata"]["resourceVersion"]

    done = older.applied("update_postgres_role", **ON, role_name="clerk", connection_limit=7)
    assert older.team.changed(f"{done['commit']}^", done["commit"]) == [f"1 1 {CLUSTER}"]
    until(older.world, lambda: older.postgres().roles["clerk"].attributes.connection_limit == 7)
    older.ask.answer("update_postgres_role", **ON, role_name="clerk", rotate_password=True)
    until(older.world, lambda: managed(older)["passwordStatus"]["clerk"]["resourceVersion"] != version)

    first = older.applied("delete_postgres_role", **WORD, role_name="clerk")
    assert first["about"][0] == "This is step 1 of 2: `ensure: absent`"
    assert first["impact"]["level"] == "data_loss"
    until(older.world, lambda: "clerk" not in older.postgres().roles)
    assert until(older.world, lambda: older.roles()["clerk"]["state"] == "dropped")
    second = older.applied("delete_postgres_role", **WORD, role_name="clerk")
    assert second["about"][0] == (
        "This is step 2 of 2: the role is dropped, as the operator last reported, so its entry goes"
    )
    assert "clerk" not in older.roles()


@pytest.mark.parametrize("delivery", ["direct", "git"])
@pytest.mark.few(1)
def test_a_report_from_before_the_drop_was_asked_for_is_not_taken_for_the_drop(tmp_path: Path, delivery: str) -> None:
    """Nobody reconciles here, so the role is never dropped."""
    text = (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db, namespace: dev}\nspec:\n"
        "  instances: 1\n  storage: {size: 1Gi}\n  managed:\n    roles:\n      - name: ada\n        ensure: absent\n"
    )
    configured = f"environments: {{dev: {{path: clusters/dev, delivery: {delivery}}}}}\n"
    with dev(tmp_path, files={".gitops-mcp.yaml": configured, "clusters/dev/db.yaml": text}) as made:
        roles = {"roles": [{"name": "ada", "login": True}]}
        cluster = made.put(kinds.CLUSTER, "db", manager="kubectl", instances=1, storage={"size": "1Gi"}, managed=roles)
        cluster["status"] = {"managedRolesStatus": {"byStatus": {"reconciled": ["ada"]}}}
        made.world.store.replace(kinds.CLUSTER, cluster, subresource="status")
        asked = {"cluster_name": "db", "role_name": "ada", "confirm_deletion": True}
        if delivery == "direct":
            made.applied("delete_postgres_role", **asked)
        else:
            said = made.ask.answer("delete_postgres_role", **asked)
            assert (said["outcome"], said["summary"]) == ("unchanged", "step 1 of 2 is in Git but not applied yet")
            absent = {"roles": [{"name": "ada", "login": True, "ensure": "absent"}]}
            made.set(kinds.CLUSTER, "db", {"spec": {"managed": absent}}, manager="argocd-controller")
        said = made.ask.answer("delete_postgres_role", **asked)
        assert (said["outcome"], said["summary"]) == (
            "unchanged",
            "step 1 of 2 is applied, but not for 60 s yet: the report may be older than that",
        )
        assert made.cluster()["spec"]["managed"]["roles"][0]["ensure"] == "absent"


@pytest.mark.usefixtures("not_installed")
@pytest.mark.thorough
def test_an_entry_that_is_released_leaves_the_role_and_taking_it_back_needs_a_word(older: Shop) -> None:
    asked = {**ON, "password_source": "none", "change": "two"}
    older.proposed("create_postgres_role", **asked, role_name="keeper")
    older.merged(older.proposed("create_postgres_role", **asked, role_name="drifter"))
    older.applied("delete_postgres_role", **ON, role_name="drifter", drop=False)
    until(older.world, lambda: "drifter" in managed(older)["byStatus"].get("not-managed", ()))
    assert older.roles()["drifter"]["state"] == "unmanaged"
    told = older.refused("create_postgres_role", **ON, role_name="drifter", password_source="none")
    assert told.startswith(
        "Refused: role 'drifter' exists in PostgreSQL already (the operator reports it as not-managed)"
    )
    older.applied("create_postgres_role", **ON, role_name="drifter", password_source="none", adopt=True)
    until(older.world, lambda: older.roles()["drifter"]["state"] == "reconciled")


@pytest.mark.usefixtures("not_installed")
def test_why_an_entry_does_not_come_is_said(older: Shop) -> None:
    done = older.proposed("create_postgres_role", **ON, role_name="lost", password_source="existing:not-there")
    older.merged(done)
    row = until(older.world, lambda: older.roles()["lost"] if older.roles()["lost"]["state"] == "failing" else None)
    assert 'secrets "not-there" not found' in row["message"]
    older.applied("delete_postgres_role", **ON, role_name="lost", drop=False)


@pytest.mark.thorough
def test_roles_move_to_objects_of_their_own_and_are_there_all_the_time(
    older: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        served = older.world.api._served
        before.setattr(
            older.world.api, "_served", lambda asked: None if asked.plural == "databaseroles" else served(asked)
        )
        told = older.refused("migrate_postgres_roles", **ON)
        assert told.startswith("Refused: the kind DatabaseRole is not installed there")
        older.proposed("create_postgres_role", **ON, role_name="Mover", comment="moves", createdb=True, change="moving")
        done = older.proposed("create_postgres_role", **ON, role_name="mover", in_roles=["Mover"], change="moving")
        assert "other-case" in ids(done)
        older.merged(done)
        until(older.world, lambda: is_brought(older, "Mover") and is_brought(older, "mover"))
    old = {name: older.roles()[name] for name in ("Mover", "mover")}
    passwords = {name: older.password(old[name]["password"].removeprefix("Secret "), role=name) for name in old}

    gaps = threading.Event()
    postgres = older.postgres()

    def look() -> None:
        if not {"Mover", "mover"} <= postgres.roles.keys():
            gaps.set()

    stop = older.world.store.listen(look)
    try:
        told = older.refused("migrate_postgres_roles", **ON, roles=["nobody"])
        assert told.startswith("InvalidRequest: roles: 'nobody' is not an inline role of Cluster shop/orders-db")
        one = older.applied("migrate_postgres_roles", **ON, roles=["mover"])
        assert older.roles()["mover"]["form"] == "DatabaseRole"
        assert older.roles()["Mover"]["form"] == "inline"
        done = older.applied("migrate_postgres_roles", **ON)
        until(older.world, lambda: older.roles()["Mover"]["state"] == "reconciled")
    finally:
        stop()
    assert not gaps.is_set()
    assert {"one-owner", "not-continuous"} <= ids(one)
    text = older.team.file(done["commit"], CLUSTER)
    assert text is not None
    assert "managed:" not in text.decode()
    for name in ("Mover", "mover"):
        row = older.roles()[name]
        assert (row["form"], row["attributes"], row["password"]) == (
            "DatabaseRole",
            old[name]["attributes"],
            old[name]["password"],
        )
        assert older.password(row["password"].removeprefix("Secret "), role=name) == passwords[name]
    assert older.ask.answer("migrate_postgres_roles", **ON)["outcome"] == "unchanged"

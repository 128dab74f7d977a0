"""What the operator makes of roles, databases and password Secrets, turn by turn and without its thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Object, Resource, at
from gitops_mcp.sandbox.api import ApiError, Store, WriteOptions
from gitops_mcp.sandbox.cnpg.postgres import Postgres, SqlAttributes, SqlDatabase, SqlPassword
from gitops_mcp.sandbox.operator import Operator

NAMESPACE = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
IMAGE = "registry.example/postgresql:18.4-standard-trixie"
NO_WRITER = 'ERROR: role "writer" does not exist (SQLSTATE 42704)'
RESERVED = ["cnpg_metrics_exporter", "postgres", "streaming_replica"]


@dataclass(frozen=True)
class Shop:
    """One Cluster, orders-db of `app`, and the operator that works on it when it is told to."""

    store: Store
    operator: Operator

    def turn(self) -> None:
        """Turns until one changes nothing."""
        seen = -1
        while seen != self.store.version:
            seen = self.store.version
            self.operator.reconcile()

    def create(self, resource: Resource, called: str, /, **spec: Any) -> None:
        head = {"apiVersion": resource.api_version, "kind": resource.kind}
        own = {} if resource == kinds.CLUSTER else {"cluster": {"name": "orders-db"}}
        metadata = {"name": called, "namespace": "shop"}
        self.store.create(resource, {**head, "metadata": metadata, "spec": {**own, **spec}})
        self.turn()

    def cluster(self) -> None:
        self.create(kinds.CLUSTER, "orders-db", instances=1, imageName=IMAGE, storage={"size": "1Gi"})

    def secret(self, name: str, **data: str) -> str:
        """Create or change one; its resourceVersion."""
        try:
            value: Object = {"metadata": {"name": name, "namespace": "shop"}, "stringData": data}
            made = self.store.create(kinds.SECRET, {**value, "type": "kubernetes.io/basic-auth"})
        except ApiError:
            made = self.store.merge(kinds.SECRET, "shop", name, {"data": None, "stringData": data})
        self.turn()
        version: str = made["metadata"]["resourceVersion"]
        return version

    def edit(self, resource: Resource, name: str, **spec: Any) -> None:
        self.store.merge(resource, "shop", name, {"spec": spec})
        self.turn()

    def inline(self, *roles: Object) -> Object:
        """Set the Cluster's list; what is then reported."""
        self.edit(kinds.CLUSTER, "orders-db", managed={"roles": list(roles)})
        return self.managed()

    def managed(self) -> Object:
        reported: Object = self.store.get(kinds.CLUSTER, "shop", "orders-db")["status"]["managedRolesStatus"]
        return reported

    def delete(self, resource: Resource, name: str) -> None:
        self.store.delete(resource, "shop", name)
        self.turn()

    def status(self, resource: Resource, name: str) -> Object:
        found: Object = self.store.get(resource, "shop", name)["status"]
        return found

    def names(self, resource: Resource) -> list[str]:
        return [one["metadata"]["name"] for one in self.store.list(resource, "shop")]

    @property
    def inside(self) -> Postgres:
        found = self.operator.postgres("shop", "orders-db")
        assert found is not None
        return found


@pytest.fixture
def shop() -> Shop:
    store = Store()
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    made = Shop(store, Operator(store, step=0))
    made.cluster()
    return made


def test_bootstrap_leaves_the_database_and_its_owner(shop: Shop) -> None:
    assert shop.inside.roles.keys() == {*RESERVED, "app"}
    assert shop.inside.databases["app"].owner == "app"
    assert shop.store.get(kinds.CLUSTER, "shop", "orders-db")["status"]["managedRolesStatus"] == {}


def test_a_role_of_the_list_is_made_with_its_attributes_and_its_password(shop: Shop) -> None:
    version = shop.secret("writer-password", username="writer", password="s3cret")
    reported = shop.inline(
        {
            "name": "writer",
            "login": True,
            "createdb": True,
            "connectionLimit": 5,
            "comment": "writes",
            "inRoles": ["app", "pg_monitor"],
            "passwordSecret": {"name": "writer-password"},
        }
    )
    role = shop.inside.roles["writer"]
    assert role.attributes.flags == {"login", "createdb"}
    assert (role.attributes.connection_limit, role.comment, role.in_roles) == (
        5,
        "writes",
        frozenset({"app", "pg_monitor"}),
    )
    assert role.password == SqlPassword(version)
    assert reported == {
        "byStatus": {"reconciled": ["writer"], "not-managed": ["app"], "reserved": RESERVED},
        "passwordStatus": {"writer": {"transactionID": role.transaction, "resourceVersion": version}},
    }


def test_a_role_of_the_list_is_brought_back_to_what_the_list_says(shop: Shop) -> None:
    shop.inline({"name": "writer", "login": True, "validUntil": "2030-01-01T00:00:00Z", "inRoles": ["app"]})
    before = shop.inside.roles["writer"]
    shop.inline({"name": "writer"})
    after = shop.inside.roles["writer"]
    assert (after.attributes, after.in_roles) == (SqlAttributes(valid_until="infinity"), frozenset())
    assert after.transaction > before.transaction


def test_a_new_version_of_the_secret_is_a_new_password(shop: Shop) -> None:
    shop.secret("writer-password", username="writer", password="one")
    shop.inline({"name": "writer", "passwordSecret": {"name": "writer-password"}})
    version = shop.secret("writer-password", username="writer", password="two")
    assert shop.inside.roles["writer"].password == SqlPassword(version)
    assert at(shop.managed(), "passwordStatus", "writer", "resourceVersion") == version


def test_a_role_that_is_to_be_absent_is_dropped(shop: Shop) -> None:
    shop.inline({"name": "writer"}, {"name": "reader", "inRoles": ["writer"]})
    reported = shop.inline({"name": "writer", "ensure": "absent"}, {"name": "reader"})
    assert "writer" not in shop.inside.roles
    assert shop.inside.roles["reader"].in_roles == set()
    assert at(reported, "byStatus", "reconciled") == ["reader", "writer"]


def test_a_role_that_owns_something_is_not_dropped_until_it_owns_nothing(shop: Shop) -> None:
    shop.inline({"name": "writer"})
    schemas = [{"name": "a", "owner": "writer"}, {"name": "b", "owner": "writer"}]
    shop.create(kinds.DATABASE, "reports", name="reports", owner="writer", schemas=schemas)
    reported = shop.inline({"name": "writer", "ensure": "absent"})
    assert at(reported, "byStatus", "pending-reconciliation") == ["writer"]
    why = "could not perform DELETE on role writer: owner of database reports\n2 objects in database reports"
    assert reported["cannotReconcile"] == {"writer": [why]}
    shop.edit(kinds.DATABASE, "reports", ensure="absent")
    assert "writer" not in shop.inside.roles
    assert "cannotReconcile" not in shop.managed()


def test_a_role_that_leaves_the_list_stays_and_is_not_managed(shop: Shop) -> None:
    shop.inline({"name": "writer"}, {"name": "reader"})
    assert at(shop.inline({"name": "reader"}), "byStatus", "not-managed") == ["app", "writer"]
    assert "writer" in shop.inside.roles


def test_an_empty_list_is_not_looked_at_so_that_the_report_stays_as_it_was(shop: Shop) -> None:
    before = shop.inline({"name": "writer"})
    assert shop.inline() == before
    assert "writer" in shop.inside.roles


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(None, 'failed to get password secret odd: secrets "odd" not found', id="no Secret"),
        pytest.param({"password": "x"}, "username key doesn't exist inside the secret", id="no user"),
        pytest.param({"username": "writer"}, "password key doesn't exist inside the secret", id="no password"),
        pytest.param(
            {"username": "admin", "password": "hunter2"},
            "wrong username 'admin' in secret, expected 'writer'",
            id="another user",
        ),
    ],
)
@pytest.mark.few(2)
def test_a_secret_that_cannot_be_used_is_reported_and_used_once_it_is_right(
    shop: Shop, data: dict[str, str] | None, why: str
) -> None:
    if data is not None:
        shop.secret("odd", **data)
    reported = shop.inline({"name": "writer", "passwordSecret": {"name": "odd"}}, {"name": "reader"})
    assert reported["cannotReconcile"] == {"writer": [why]}
    assert at(reported, "byStatus", "pending-reconciliation") == ["writer"]
    assert at(reported, "byStatus", "reconciled") == ["reader"]
    assert "writer" not in shop.inside.roles
    shop.create(kinds.DATABASE_ROLE, "other", name="other", passwordSecret={"name": "odd"})
    told = shop.status(kinds.DATABASE_ROLE, "other")
    expected = why.replace("'writer'", "'other'")
    expected = f"while getting the role password: {expected}" if data else 'secrets "odd" not found'
    assert (told["applied"], told["message"]) == (False, expected)
    shop.secret("odd", username="writer", password="right")
    assert at(shop.managed(), "byStatus", "reconciled") == ["reader", "writer"]


def test_a_password_that_is_disabled_is_none_and_one_that_is_not_mentioned_stays(shop: Shop) -> None:
    shop.secret("writer-password", username="writer", password="x")
    shop.inline({"name": "writer", "passwordSecret": {"name": "writer-password"}})
    shop.inline({"name": "writer"})
    assert shop.inside.roles["writer"].password is not None
    shop.inline({"name": "writer", "disablePassword": True})
    assert shop.inside.roles["writer"].password is None


def test_an_unknown_group_fails_a_new_role_and_only_the_membership_of_an_old_one(shop: Shop) -> None:
    reported = shop.inline({"name": "new", "inRoles": ["ghost"]})
    assert reported["cannotReconcile"] == {"new": ['could not perform CREATE on role new: role "ghost" does not exist']}
    assert "new" not in shop.inside.roles
    shop.inline({"name": "new"})
    reported = shop.inline({"name": "new", "login": True, "inRoles": ["ghost"]})
    why = 'could not perform UPDATE_MEMBERSHIPS on role new: role "ghost" does not exist'
    assert reported["cannotReconcile"] == {"new": [why]}
    assert shop.inside.roles["new"].attributes.flags == {"login"}


def test_a_role_cannot_be_a_member_of_itself(shop: Shop) -> None:
    shop.inline({"name": "writer"})
    reported = shop.inline({"name": "writer", "inRoles": ["writer"]})
    why = 'could not perform UPDATE_MEMBERSHIPS on role writer: role "writer" is a member of role "writer"'
    assert reported["cannotReconcile"] == {"writer": [why]}


def test_a_role_object_is_applied_once_for_each_generation_and_each_version_of_its_secret(shop: Shop) -> None:
    first = shop.secret("writer-password", username="writer", password="one")
    shop.create(kinds.DATABASE_ROLE, "w", name="writer", login=True, passwordSecret={"name": "writer-password"})
    status = shop.status(kinds.DATABASE_ROLE, "w")
    [condition] = status.pop("conditions")
    assert status == {"applied": True, "observedGeneration": 1, "secretResourceVersion": first}
    assert (condition["type"], condition["reason"], condition["message"]) == (
        "PasswordSecretChange",
        "ChangeDetected",
        first,
    )
    applied = shop.inside.roles["writer"]
    shop.inside.set_memberships("writer", ["app"])
    shop.edit(kinds.CLUSTER, "orders-db", description="a turn for nothing")
    assert shop.inside.roles["writer"].in_roles == {"app"}, "what somebody grants by hand stays"
    second = shop.secret("writer-password", username="writer", password="two")
    after = shop.inside.roles["writer"]
    assert (after.password, after.in_roles) == (SqlPassword(second), frozenset())
    assert after.transaction > applied.transaction
    assert shop.status(kinds.DATABASE_ROLE, "w")["secretResourceVersion"] == second


def test_a_role_object_whose_new_secret_is_wrong_keeps_the_old_password(shop: Shop) -> None:
    first = shop.secret("writer-password", username="writer", password="one")
    shop.create(kinds.DATABASE_ROLE, "w", name="writer", passwordSecret={"name": "writer-password"})
    second = shop.secret("writer-password", username="admin", password="two")
    status = shop.status(kinds.DATABASE_ROLE, "w")
    assert (status["applied"], status["secretResourceVersion"]) == (False, first)
    assert at(status, "conditions", 0, "message") == second
    assert shop.inside.roles["writer"].password == SqlPassword(first)


def test_taking_over_a_role_resets_what_the_object_leaves_out(shop: Shop) -> None:
    shop.inline({"name": "writer", "login": True, "superuser": True, "inRoles": ["app"], "comment": "old"})
    shop.create(kinds.DATABASE_ROLE, "w", name="writer", createdb=True)
    told = shop.status(kinds.DATABASE_ROLE, "w")
    assert told == {"applied": False, "message": "database role is already managed by the CNPG cluster"}
    assert "finalizers" not in shop.store.get(kinds.DATABASE_ROLE, "shop", "w")["metadata"]
    shop.inline({"name": "reader"})
    role = shop.inside.roles["writer"]
    assert (role.attributes, role.in_roles, role.comment) == (SqlAttributes(frozenset({"createdb"})), frozenset(), "")
    assert shop.status(kinds.DATABASE_ROLE, "w") == {"applied": True, "observedGeneration": 1}
    assert at(shop.managed(), "byStatus", "not-managed") == ["app", "writer"], "the list knows nothing of the object"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param(
            {"name": "writer", "inRoles": ["ghost"]},
            'while creating role writer with role reconciler: ERROR: role "ghost" does not exist (SQLSTATE 42704)',
            id="an unknown group of a new role",
        ),
        pytest.param(
            {"name": "app", "inRoles": ["ghost"]},
            "while updating membership: while updating memberships for role app with role reconciler: "
            'ERROR: role "ghost" does not exist (SQLSTATE 42704)',
            id="an unknown group of a role that is there",
        ),
    ],
)
def test_a_role_object_that_cannot_be_applied_says_why(shop: Shop, spec: Object, message: str) -> None:
    shop.create(kinds.DATABASE_ROLE, "w", **spec)
    assert shop.status(kinds.DATABASE_ROLE, "w") == {"applied": False, "message": message}


def test_a_reserved_role_that_an_older_api_let_in_is_not_applied(shop: Shop) -> None:
    reference = {"cluster": {"name": "orders-db"}, "name": "pg_own"}
    head = {"apiVersion": kinds.DATABASE_ROLE.api_version, "kind": "DatabaseRole", "spec": reference}
    old = {**head, "metadata": {"name": "w", "namespace": "shop"}}
    shop.store.create(kinds.DATABASE_ROLE, old, WriteOptions(checked=False))
    shop.turn()
    message = 'role name "pg_own" is reserved and cannot be managed via DatabaseRole'
    assert shop.status(kinds.DATABASE_ROLE, "w") == {"applied": False, "message": message}


def test_a_role_object_waits_for_the_group_that_comes_after_it(shop: Shop) -> None:
    shop.create(kinds.DATABASE_ROLE, "a", name="writer", inRoles=["writers"])
    shop.create(kinds.DATABASE_ROLE, "b", name="writers")
    assert shop.inside.roles["writer"].in_roles == {"writers"}
    assert shop.status(kinds.DATABASE_ROLE, "a") == {"applied": True, "observedGeneration": 1}


def test_of_two_objects_for_one_name_the_second_fails(shop: Shop) -> None:
    for resource, more in ((kinds.DATABASE_ROLE, {}), (kinds.DATABASE, {"owner": "app"})):
        shop.create(resource, "first", name="same", **more)
        shop.create(resource, "second", name="same", **more)
        assert shop.status(resource, "first")["applied"] is True
        told = shop.status(resource, "second")
        assert told == {"applied": False, "message": '"same" is already managed by object "first"'}


@pytest.mark.parametrize(("policy", "left"), [("retain", True), ("delete", False)])
def test_a_role_object_that_is_deleted_takes_its_role_along_only_where_it_says_so(
    shop: Shop, policy: str, *, left: bool
) -> None:
    shop.create(kinds.DATABASE_ROLE, "w", name="writer", databaseRoleReclaimPolicy=policy)
    assert shop.store.get(kinds.DATABASE_ROLE, "shop", "w")["metadata"]["finalizers"] == ["cnpg.io/deleteRole"]
    shop.delete(kinds.DATABASE_ROLE, "w")
    assert shop.names(kinds.DATABASE_ROLE) == []
    assert ("writer" in shop.inside.roles) is left


def test_a_role_object_stays_as_long_as_its_role_owns_something(shop: Shop) -> None:
    shop.create(kinds.DATABASE_ROLE, "w", name="writer", databaseRoleReclaimPolicy="delete")
    shop.create(kinds.DATABASE, "reports", name="reports", owner="writer", databaseReclaimPolicy="delete")
    shop.delete(kinds.DATABASE_ROLE, "w")
    assert shop.status(kinds.DATABASE_ROLE, "w")["message"] == (
        'while deleting role writer with role reconciler: ERROR: role "writer" cannot be dropped because some '
        "objects depend on it (SQLSTATE 2BP01)"
    )
    shop.delete(kinds.DATABASE, "reports")
    assert "reports" not in shop.inside.databases
    assert "writer" not in shop.inside.roles
    assert shop.names(kinds.DATABASE_ROLE) == []


def test_a_role_object_that_conflicts_with_the_list_is_not_let_go_before_the_list_lets_go(shop: Shop) -> None:
    shop.create(kinds.DATABASE_ROLE, "w", name="writer", databaseRoleReclaimPolicy="delete")
    shop.inline({"name": "writer"}, {"name": "reader"})
    assert shop.status(kinds.DATABASE_ROLE, "w")["applied"] is True, "what was applied is not looked at again"
    shop.delete(kinds.DATABASE_ROLE, "w")
    assert shop.status(kinds.DATABASE_ROLE, "w")["message"] == "database role is already managed by the CNPG cluster"
    shop.inline({"name": "reader"})
    assert shop.names(kinds.DATABASE_ROLE) == []
    assert "writer" not in shop.inside.roles


def test_a_database_without_its_owner_says_so_and_comes_once_there_is_one(shop: Shop) -> None:
    shop.create(kinds.DATABASE, "reports", name="reports", owner="writer")
    told = shop.status(kinds.DATABASE, "reports")
    assert told == {"applied": False, "message": f'while creating database "reports": {NO_WRITER}'}
    shop.create(kinds.DATABASE_ROLE, "w", name="writer")
    assert shop.status(kinds.DATABASE, "reports") == {"applied": True, "observedGeneration": 1}
    assert shop.inside.databases["reports"].owner == "writer"
    shop.edit(kinds.DATABASE, "reports", owner="ghost")
    told = shop.status(kinds.DATABASE, "reports")
    why = 'while altering database "reports" owner to ghost: ERROR: role "ghost" does not exist (SQLSTATE 42704)'
    assert told == {"applied": False, "observedGeneration": 1, "message": why}


def test_only_what_a_database_lists_is_touched(shop: Shop) -> None:
    parts = {"extensions": [{"name": "vector"}, {"name": "pg_trgm"}], "schemas": [{"name": "own", "owner": "app"}]}
    shop.create(kinds.DATABASE, "reports", name="reports", owner="app", **parts)
    assert shop.inside.databases["reports"].schemas == {"own": "app"}
    shop.edit(kinds.DATABASE, "reports", schemas=[{"name": "own", "ensure": "absent"}])
    shop.edit(kinds.DATABASE, "reports", schemas=[{"name": "own", "owner": "app"}])
    shop.edit(kinds.DATABASE, "reports", extensions=[{"name": "vector", "ensure": "absent"}], schemas=None)
    made = shop.inside.databases["reports"]
    assert made == SqlDatabase("app", schemas={"own": "app"}, parts=frozenset({("extensions", "pg_trgm")}))
    assert shop.status(kinds.DATABASE, "reports")["extensions"] == [{"name": "vector", "applied": True}]


def test_a_part_that_cannot_be_made_fails_the_database_and_says_which(shop: Shop) -> None:
    schemas = [{"name": "a", "owner": "writer"}, {"name": "b"}]
    shop.create(kinds.DATABASE, "reports", name="reports", owner="app", schemas=schemas)
    assert shop.status(kinds.DATABASE, "reports") == {
        "applied": False,
        "message": "database object reconciliation failed",
        "schemas": [{"name": "a", "applied": False, "message": NO_WRITER}, {"name": "b", "applied": True}],
    }


def test_a_database_that_is_to_be_absent_is_dropped(shop: Shop) -> None:
    shop.create(kinds.DATABASE, "reports", name="reports", owner="app")
    shop.edit(kinds.DATABASE, "reports", ensure="absent")
    assert "reports" not in shop.inside.databases
    assert shop.status(kinds.DATABASE, "reports") == {"applied": True, "observedGeneration": 2}
    shop.delete(kinds.DATABASE, "reports")
    assert shop.names(kinds.DATABASE) == []


@pytest.mark.parametrize(("policy", "left"), [("retain", True), ("delete", False)])
def test_a_database_object_that_is_deleted_takes_its_database_along_only_where_it_says_so(
    shop: Shop, policy: str, *, left: bool
) -> None:
    shop.create(kinds.DATABASE, "reports", name="reports", owner="app", databaseReclaimPolicy=policy)
    shop.delete(kinds.DATABASE, "reports")
    assert shop.names(kinds.DATABASE) == []
    assert ("reports" in shop.inside.databases) is left


def test_a_database_object_that_was_never_applied_drops_nothing(shop: Shop) -> None:
    shop.create(kinds.DATABASE, "first", name="reports", owner="app")
    shop.create(kinds.DATABASE, "second", name="reports", owner="app", databaseReclaimPolicy="delete")
    shop.delete(kinds.DATABASE, "second")
    assert shop.names(kinds.DATABASE) == ["first"]
    assert "reports" in shop.inside.databases


def test_a_database_that_was_kept_can_be_taken_over_again(shop: Shop) -> None:
    shop.create(kinds.DATABASE, "reports", name="reports", owner="app", schemas=[{"name": "own"}])
    shop.delete(kinds.DATABASE, "reports")
    shop.create(kinds.DATABASE, "again", name="reports", owner="app")
    assert shop.inside.databases["reports"].schemas == {"own": "postgres"}


@pytest.mark.parametrize(
    "replica",
    [
        pytest.param({"enabled": True, "source": "origin"}, id="enabled"),
        pytest.param({"primary": "origin", "source": "origin"}, id="another is the primary"),
    ],
)
def test_on_a_replica_cluster_nothing_is_written_and_nothing_dropped(shop: Shop, replica: Object) -> None:
    shop.create(kinds.DATABASE, "reports", name="reports", owner="app", databaseReclaimPolicy="delete")
    shop.edit(kinds.CLUSTER, "orders-db", replica=replica)
    shop.create(kinds.DATABASE_ROLE, "w", name="writer")
    assert shop.status(kinds.DATABASE_ROLE, "w") == {"message": "waiting for the cluster to become primary"}
    shop.delete(kinds.DATABASE, "reports")
    assert "reports" in shop.inside.databases


def test_what_is_inside_goes_with_the_cluster_and_its_objects_are_let_go(shop: Shop) -> None:
    shop.create(kinds.DATABASE_ROLE, "w", name="writer", databaseRoleReclaimPolicy="delete")
    shop.create(kinds.DATABASE, "reports", name="reports", owner="writer", databaseReclaimPolicy="delete")
    shop.delete(kinds.CLUSTER, "orders-db")
    for resource, name in ((kinds.DATABASE_ROLE, "w"), (kinds.DATABASE, "reports")):
        told = shop.status(resource, name)
        gone = "cluster resource has been deleted, skipping reconciliation"
        assert told == {"applied": False, "message": gone}
        assert "finalizers" not in shop.store.get(resource, "shop", name)["metadata"]
    shop.cluster()
    assert shop.inside.databases["reports"].owner == "writer"


def test_a_cluster_that_is_replaced_between_two_turns_starts_from_nothing(shop: Shop) -> None:
    shop.create(kinds.DATABASE_ROLE, "w", name="writer")
    before = shop.inside
    shop.store.delete(kinds.CLUSTER, "shop", "orders-db")
    shop.cluster()
    assert shop.inside is not before
    assert "writer" in shop.inside.roles
    assert shop.status(kinds.DATABASE_ROLE, "w") == {"applied": True, "observedGeneration": 1}

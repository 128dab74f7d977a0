from __future__ import annotations

from typing import Literal

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.databases.database import (
    NewDatabase,
    check_new_database,
    database_places,
    declared_databases,
    find_database,
    plan_new_database,
    require_database,
)
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles
from gitops_mcp.errors import InvalidRequest, NotFound, Refused
from tests.domain.plans.database_files import DATABASE, REF, REPLICA, database, read

LAYOUT = "{path}/{namespace}/{cluster}/database-{name}.yaml"


def new(
    name: str = "reports",
    owner: str = "reporting",
    *,
    policy: Literal["retain", "delete"] = "retain",
    extensions: tuple[str, ...] = (),
    schemas: tuple[str, ...] = (),
) -> NewDatabase:
    return NewDatabase(name, owner, policy, extensions, schemas)


def created(wanted: NewDatabase, *, live: LiveRoles | None = None, **files: str) -> Plan:
    desired, cluster = read(**files)
    name = f"orders-{wanted.name}"
    places = database_places(desired, cluster, REF, name, LAYOUT)
    return plan_new_database(desired, cluster, REF, wanted, object_name=name, places=places, live=live)


def checked(wanted: NewDatabase, *live: Object, **files: str) -> Plan | None:
    desired, cluster = read(**files)
    return check_new_database(desired, cluster, REF, wanted, live)


SEEN = LiveRoles({}, ())


def test_nothing_is_promised_of_a_replica_cluster() -> None:
    plan = created(new(), live=SEEN, orders=REPLICA)
    (step,) = plan.next
    assert step.startswith("Once applied and Cluster shop/orders is promoted, the operator makes database 'reports'")


def test_a_new_database_says_no_default_but_that_of_its_lists() -> None:
    plan = created(new(extensions=("pg_trgm", "hstore"), schemas=("raw",), policy="delete"), live=SEEN)
    assert {one.path: one.after for one in plan.files} == {
        "prod/database-reports.yaml": DATABASE
        + "  databaseReclaimPolicy: delete\n  extensions:\n    - name: pg_trgm\n      ensure: present\n"
        "    - name: hstore\n      ensure: present\n  schemas:\n    - name: raw\n      ensure: present\n",
        "prod/kustomization.yaml": "resources:\n- orders.yaml\n- database-reports.yaml\n",
    }
    assert plan.subject == "Create database reports of Cluster shop/orders"
    assert plan.body == (
        "- owner: reporting",
        "- reclaim policy: delete",
        "- extensions: pg_trgm, hstore",
        "- schemas: raw",
    )
    assert [one.id for one in plan.warnings] == ["drops-with-manifest"]
    assert (plan.impact.level, plan.destroys) == (Level.NONE, None)


def test_the_plainest_database_says_three_things() -> None:
    plan = created(new(), live=SEEN)
    assert [one.after for one in plan.files if one.path.endswith("reports.yaml")] == [DATABASE]
    assert plan.warnings == ()


@pytest.mark.parametrize(
    ("owner", "live", "warned"),
    [
        pytest.param("reporting", SEEN, None, id="declared"),
        pytest.param("seller", SEEN, None, id="made by bootstrap"),
        pytest.param("postgres", SEEN, None, id="the superuser"),
        pytest.param("byhand", LiveRoles({"status": {"managedRolesStatus": {"byStatus": {"not-managed": ["byhand"]}}}}, ()), None, id="seen live"),
        pytest.param("reportng", SEEN, "no role 'reportng' is declared or was seen live; the operator retries until there is one. Add it with create_postgres_role in the same change, or mend the name; there are: reporting, postgres, seller", id="nearly declared"),
        pytest.param("other", None, "no role 'other' is declared or was seen live (which roles are live could not be read)", id="unread"),
        pytest.param("gone", SEEN, "no role 'gone' is declared", id="being dropped"),
    ],
)  # fmt: skip
def test_an_owner_that_nobody_knows_is_warned_of(owner: str, live: LiveRoles | None, warned: str | None) -> None:
    notices = [one.message for one in created(new(owner=owner), live=live).warnings if one.id == "owner-missing"]
    assert len(notices) == (warned is not None)
    assert warned is None or notices[0].startswith(f"owner: {warned}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(DATABASE, new(), id="to the letter"),
        pytest.param(DATABASE + "  ensure: present\n  databaseReclaimPolicy: retain\n", new(), id="with defaults"),
        pytest.param(DATABASE + "  extensions: [{name: pg_trgm}]\n", new(extensions=("pg_trgm",)), id="a list with defaults left out"),
    ],
)  # fmt: skip
def test_a_database_that_git_declares_just_so_is_unchanged(text: str, wanted: NewDatabase) -> None:
    plan = checked(wanted, d=text)
    assert plan is not None
    assert plan.unchanged == "prod/d.yaml:1 declares exactly this database already"


@pytest.mark.parametrize(
    ("text", "wanted", "differing"),
    [
        pytest.param(DATABASE, new(owner="seller"), "another owner: it", id="owner"),
        pytest.param(DATABASE, new(policy="delete", schemas=("a",)), "another databaseReclaimPolicy, schemas: it", id="what it does not say"),
        pytest.param(DATABASE + "  encoding: UTF8\n", new(), "another encoding: it", id="what was not asked for"),
        pytest.param(DATABASE + "  ensure: absent\n", new(), "another ensure: it", id="being dropped"),
        pytest.param(DATABASE + "  extensions: [{name: a, version: '1'}]\n", new(extensions=("a",)), "another extensions: it", id="a version"),
    ],
)  # fmt: skip
def test_a_database_that_git_declares_otherwise_is_not_made_twice(
    text: str, wanted: NewDatabase, differing: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked(wanted, d=text)
    assert f"'reports' of Cluster shop/orders is declared already, at prod/d.yaml:1, with {differing}" in str(
        refused.value
    )


def test_a_live_database_that_git_does_not_declare_is_not_made_twice() -> None:
    with pytest.raises(Refused, match="the live Database shop/theirs manages 'reports' of Cluster shop/orders already"):
        checked(new(), database())


@pytest.mark.parametrize("live", [database(cluster="carts"), database("Reports")], ids=["another cluster", "case"])
def test_a_live_database_of_another_name_or_cluster_is_no_rival(live: Object) -> None:
    assert checked(new(), live) is None


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        pytest.param(new("shop", "seller"), "database_name: 'shop' is the application's database, which bootstrap makes", id="nothing to add"),
        pytest.param(new("shop", "reporting", extensions=("pg_trgm",)), "owner: the application's database 'shop' of Cluster shop/orders belongs to 'seller'", id="another owner"),
    ],
)  # fmt: skip
def test_the_applications_database_is_described_only_to_add_to_it(wanted: NewDatabase, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked(wanted)
    assert str(refused.value).startswith(said)


def test_the_applications_database_may_get_extensions() -> None:
    wanted = new("shop", "seller", extensions=("pg_trgm",), policy="delete")
    assert checked(wanted) is None
    plan = created(wanted, live=SEEN)
    assert plan.subject == "Describe database shop of Cluster shop/orders"
    assert plan.body[0] == "The database exists already: bootstrap made it for the application"
    assert "the application's database is dropped with all data" in plan.warnings[0].message


def test_a_database_that_is_declared_twice_is_not_edited() -> None:
    desired, _ = read(a=DATABASE, b=DATABASE.replace("orders-reports", "other"))
    with pytest.raises(Refused, match=r"declared twice: prod/a\.yaml:1 and prod/b\.yaml:1"):
        find_database(desired, REF, "reports")


def test_databases_of_other_clusters_and_namespaces_are_not_this_ones() -> None:
    a, b = DATABASE.replace("name: orders\n", "name: carts\n"), DATABASE.replace("namespace: shop", "namespace: other")
    c = DATABASE.replace("  namespace: shop\n", "").replace("reports", "loose")
    found = declared_databases(read(a=a, b=b, c=c)[0], REF)
    assert [one.path for one in found] == ["prod/c.yaml"]


def test_an_unknown_database_is_told_with_the_near_ones() -> None:
    desired, cluster = read(d=DATABASE)
    with pytest.raises(NotFound, match="Git declares no database 'report' for Cluster shop/orders; there are: reports"):
        require_database(desired, cluster, REF, "report")


def test_the_applications_database_cannot_be_removed_from_git() -> None:
    desired, cluster = read()
    with pytest.raises(Refused, match="database 'shop' of Cluster shop/orders was made by bootstrap"):
        require_database(desired, cluster, REF, "shop")

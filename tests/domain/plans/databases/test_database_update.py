from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.plans.databases.database_update import (
    DatabaseUpdate,
    plan_database_update,
    require_database_to_update,
)
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles
from gitops_mcp.errors import InvalidRequest, NotFound, Refused
from tests.domain.plans.database_files import DATABASE, REF, REPLICA, read

FULL = (
    DATABASE
    + "  extensions:  # of the application\n    - name: pg_trgm\n    - name: vector\n      version: 0.7.0 # pinned\n"
)
SEEN = LiveRoles({}, ())


def update(owner: str | None = None, limit: int | None = None, **lists: Any) -> DatabaseUpdate:
    return DatabaseUpdate.of(owner, limit, lists)


def updated(asked: DatabaseUpdate, text: str = DATABASE, name: str = "reports", **files: str) -> Plan:
    desired, cluster = read(**{"database_reports": text, **files})
    declared = require_database_to_update(desired, cluster, REF, name)
    return plan_database_update(desired, cluster, REF, declared, asked, live=SEEN)


def text_of(plan: Plan) -> str | None:
    (one,) = plan.files
    return one.after


def test_items_that_are_named_are_added_or_changed_and_all_others_stay_with_their_comments() -> None:
    plan = updated(update(extensions=["hstore", {"name": "vector", "version": "0.8.0"}]), FULL)
    assert text_of(plan) == FULL.replace("0.7.0", '"0.8.0"') + "    - name: hstore\n      ensure: present\n"
    assert plan.subject == "Update database reports of Cluster shop/orders"
    assert plan.body == ("extensions: changes vector", "extensions: adds hstore")
    assert (plan.impact.level, plan.destroys, plan.warnings) == (Level.NONE, None, ())


def test_a_list_that_is_not_there_is_made_with_the_name_first() -> None:
    plan = updated(update(servers=[{"fdw": "postgres_fdw", "name": "old", "options": {"host": "a"}}]))
    assert text_of(plan) == DATABASE + (
        "  servers:\n    - name: old\n      fdw: postgres_fdw\n      options:\n        - name: host\n          value: a\n"
        "          ensure: present\n"
        "      ensure: present\n"
    )


def test_options_that_are_named_change_and_the_others_stay() -> None:
    text = DATABASE + (
        "  servers:\n    - name: old\n      fdw: postgres_fdw\n      options:\n        - name: host\n          value: a\n"
        '        - name: port\n          value: "5432"\n'
    )
    plan = updated(update(servers=[{"name": "old", "options": {"host": "b", "dbname": "shop"}}]), text)
    assert text_of(plan) == text.replace("value: a\n", "value: b\n          ensure: present\n") + (
        "        - name: dbname\n          value: shop\n          ensure: present\n"
    )


def test_another_owner_and_limit_change_one_line_each() -> None:
    plan = updated(update("analytics", 20))
    assert text_of(plan) == DATABASE.replace("owner: reporting", "owner: analytics") + "  connectionLimit: 20\n"
    assert plan.body == ("owner: 'reporting' -> 'analytics'", "connectionLimit: not stated -> 20")
    assert [one.id for one in plan.warnings] == ["owner-missing"]
    assert "no role 'analytics' is declared" in plan.warnings[0].message


def test_what_is_dropped_is_a_loss_that_a_person_has_to_agree_to() -> None:
    plan = updated(update(extensions=[{"name": "vector", "ensure": "absent"}]), FULL)
    assert text_of(plan) == FULL + "      ensure: absent\n"
    assert (plan.impact.level, plan.destroys) == (
        Level.DATA_LOSS,
        "spec.extensions[vector]: is dropped from database reports",
    )
    assert plan.body == ("extensions: drops vector",)


def test_what_is_named_comes_back_where_it_was_absent() -> None:
    gone = DATABASE + "  schemas:\n    - name: s\n      ensure: absent\n"
    plan = updated(update(schemas=["s"]), gone)
    assert text_of(plan) == gone.replace("absent", "present")
    assert (plan.body, plan.destroys) == (("schemas: changes s",), None)


def test_what_is_so_already_is_said() -> None:
    same = updated(update("reporting", extensions=["pg_trgm", {"name": "vector", "ensure": "present"}]), FULL)
    assert same.files == ()
    assert same.unchanged == "prod/database_reports.yaml:1 says so already: owner, extensions"
    partly = updated(update("reporting", 5), FULL)
    assert [str(one.message) for one in partly.warnings] == ["prod/database_reports.yaml:1 says so already: owner"]


def test_nothing_is_promised_of_a_replica_cluster() -> None:
    (step,) = updated(update(limit=5), orders=REPLICA).next
    assert step.startswith("Once applied and Cluster shop/orders is promoted, the operator changes the database")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param(
            {}, "name at least one argument to update; there are: owner, connection_limit, extensions", id="nothing"
        ),
        pytest.param({"extensions": [{"nam": "x"}]}, r"extensions\[0\]: 'nam' is not a field; .*name", id="no field"),
        pytest.param({"schemas": [{"owner": "x"}]}, r"schemas\[0\]\.name: is needed", id="no name"),
        pytest.param({"schemas": ["a", "a"]}, "schemas: 'a' is named twice", id="twice"),
        pytest.param({"fdws": [{"name": "f", "ensure": "gone"}]}, "must be 'present' or 'absent'", id="no ensure"),
        pytest.param({"schemas": [""]}, r"schemas\[0\]\.name", id="an empty name"),
        pytest.param(
            {"servers": [{"name": "s", "fdw": "f", "options": [{"name": "password", "value": "Tr0ub4dor"}]}]},
            r"servers\[0\]\.options: one looks as if it held a password.*USER MAPPING",
            id="a password in clear text",
        ),
        pytest.param(
            {"extensions": [{"name": "x", "version": "password=Tr0ub4dor"}]},
            r"extensions\[0\]\.version: looks as if it held a password",
            id="a password in another field",
        ),
        pytest.param({"servers": [{"name": "s", "options": {"port": 5432}}]}, "both texts", id="an option of no text"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_would_work(given: Any, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as error:
        update(**given)
    assert "Tr0ub4dor" not in str(error.value)


def test_a_database_that_is_being_dropped_or_not_declared_is_not_changed() -> None:
    with pytest.raises(Refused, match="so it is being dropped: finish that with delete_postgres_database"):
        updated(update(limit=5), DATABASE + "  ensure: absent\n")
    with pytest.raises(Refused, match=r"'shop' of Cluster shop/orders was made by bootstrap.*create_postgres_database"):
        updated(update(limit=5), name="shop")
    with pytest.raises(NotFound, match="no database 'report' for Cluster shop/orders; there are: reports"):
        updated(update(limit=5), name="report")

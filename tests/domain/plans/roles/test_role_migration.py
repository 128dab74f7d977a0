from __future__ import annotations

import pytest

from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.impact.level import Level
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles, declared_roles
from gitops_mcp.domain.plans.roles.role import role_places
from gitops_mcp.domain.plans.roles.role_migration import (
    check_migratable,
    names_after_migration,
    plan_nothing_to_migrate,
    plan_role_migration,
    roles_to_migrate,
)
from gitops_mcp.domain.repository.desired import Declaration, Desired
from gitops_mcp.errors import InvalidRequest, Refused
from tests.domain.plans.role_files import CLUSTER, KUSTOMIZATION, LAYOUT, LISTED, NOTHING_LIVE, OBJECT, REF, ids, read


def migrated(text: str, *names: str, object_names: dict[str, str] | None = None, **files: str) -> Plan:
    desired, cluster = read(text, **files)
    inline = [one for one in declared_roles(desired, cluster, REF) if one.name in names and one.form == "inline"]
    check_migratable(inline)
    called = object_names or {one.name: f"orders-{one.name}" for one in inline}

    def places(now: Desired, declared: Declaration, name: str) -> tuple[FilePlace, ...]:
        return role_places(now, declared, REF, name, LAYOUT)

    return plan_role_migration(desired, cluster, REF, inline, names=called, places=places)


def test_an_entry_becomes_an_object_attribute_for_attribute() -> None:
    text = LISTED.replace("        comment: reads\n", "        comment: reads\n        password: {mode: generate}\n")
    plan = migrated(text, "reporting")
    after = {one.path: one.after for one in plan.files}
    assert after == {
        "prod/kustomization.yaml": KUSTOMIZATION + "- role-reporting.yaml\n",
        "prod/orders.yaml": CLUSTER + "  managed:\n    roles:\n      # Nobody's.\n      - name: bare\n",
        "prod/role-reporting.yaml": (
            "apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\nmetadata:\n  name: orders-reporting\n"
            "  namespace: shop\nspec:\n  cluster:\n    name: orders\n  name: reporting\n  login: true\n"
            "  connectionLimit: 5\n  comment: reads\n  password:\n    mode: generate\n"
            '  validUntil: "2027-06-01T00:00:00Z"\n  inRoles:\n    - readers\n    - pg_monitor\n'
            "  passwordSecret:\n    name: orders-reporting\n"
        ),
    }
    assert plan.subject == "Move 1 role of Cluster shop/orders to DatabaseRole objects"
    assert plan.body == ("- reporting: DatabaseRole orders-reporting",)
    assert ids(plan) == ["comments-go", "one-owner", "not-continuous"]
    assert plan.warnings[0].message.startswith("2 comments in prod/orders.yaml would go with the entries")
    assert (plan.impact.level, plan.destroys) == (Level.NONE, None)


TWIN = """\
apiVersion: postgresql.cnpg.io/v1
kind: DatabaseRole
metadata: {name: orders-bare, namespace: shop}
spec: {cluster: {name: orders}, name: bare, login: false, inherit: true, databaseRoleReclaimPolicy: retain}
"""


def test_an_entry_whose_object_says_the_same_has_only_to_go() -> None:
    plan = migrated(LISTED, "bare", twin=TWIN)
    assert [(one.path, one.action) for one in plan.files] == [("prod/orders.yaml", "modified")]
    assert "name: bare" not in str(plan.files[0].after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("login: false", "login: true", id="attribute"),
        pytest.param("login: false", "disablePassword: true", id="no password"),
        pytest.param("login: false", "passwordSecret: {name: x}", id="password"),
    ],
)
def test_an_entry_whose_object_says_otherwise_stays(old: str, new: str) -> None:
    with pytest.raises(Refused, match="role 'bare' of Cluster shop/orders is declared twice, with different"):
        migrated(LISTED, "bare", twin=TWIN.replace(old, new))


def test_an_entry_with_a_field_that_is_not_known_stays_where_the_object_lacks_it() -> None:
    text = LISTED.replace("- name: bare\n", "- name: bare\n        password: {mode: generate}\n")
    assert text != LISTED
    with pytest.raises(Refused, match=r"password \{'mode': 'generate'\}"):
        migrated(text, "bare", twin=TWIN)


def test_an_entry_without_comments_loses_none() -> None:
    text = CLUSTER + "  managed:\n    roles:\n      # The first.\n      - name: a\n\n      - name: bare\n"
    assert ids(migrated(text, "bare")) == ["one-owner", "not-continuous"]


def test_the_list_goes_with_its_last_entry() -> None:
    plan = migrated(LISTED, "reporting", "bare")
    after = {one.path: one.after for one in plan.files}
    assert after["prod/orders.yaml"] == CLUSTER
    assert sorted(after) == [
        "prod/kustomization.yaml",
        "prod/orders.yaml",
        "prod/role-bare.yaml",
        "prod/role-reporting.yaml",
    ]


def test_objects_go_beside_those_that_are_there() -> None:
    plan = migrated(LISTED, "bare", orders=LISTED, app=OBJECT)
    assert [one.path for one in plan.files] == ["prod/bare.yaml", "prod/kustomization.yaml", "prod/orders.yaml"]


def test_what_is_being_dropped_is_not_moved() -> None:
    with pytest.raises(
        InvalidRequest, match="roles: 'reporting' says `ensure: absent`, which a DatabaseRole cannot say"
    ):
        migrated(LISTED.replace("ensure: present", "ensure: absent"), "reporting", "bare")


def test_a_cluster_without_inline_roles_has_nothing_to_move() -> None:
    desired, _ = read(CLUSTER)
    assert plan_nothing_to_migrate(desired, REF).unchanged == "Cluster shop/orders has no inline roles in Git"


@pytest.mark.parametrize(
    ("wanted", "live", "names"),
    [
        pytest.param(None, None, ["reporting", "bare"], id="all"),
        pytest.param(("bare",), NOTHING_LIVE, ["bare"], id="one"),
    ],
)
def test_inline_roles_are_moved(wanted: tuple[str, ...] | None, live: LiveRoles | None, names: list[str]) -> None:
    desired, cluster = read(LISTED, app=OBJECT)
    inline = roles_to_migrate(desired, cluster, REF, wanted, live)
    assert [one.name for one in inline] == names
    assert names_after_migration(desired, REF, inline, live) == {name: f"orders-{name}" for name in names}


@pytest.mark.parametrize(
    ("wanted", "live", "why"),
    [
        pytest.param(
            ("app",), None, "roles: 'app' is not an inline role of Cluster shop/orders", id="an object already"
        ),
        pytest.param(None, LiveRoles({}, None), "the kind DatabaseRole is not installed there", id="an old operator"),
        pytest.param(None, LiveRoles({"metadata": {"deletionTimestamp": "x"}}, ()), "is being deleted", id="going"),
    ],
)
def test_roles_that_cannot_be_objects_are_not_moved(
    wanted: tuple[str, ...] | None, live: LiveRoles | None, why: str
) -> None:
    desired, cluster = read(LISTED, app=OBJECT)
    with pytest.raises((InvalidRequest, Refused), match=why):
        roles_to_migrate(desired, cluster, REF, wanted, live)

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.role import RoleAttributes
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.roles.declared_roles import (
    DeclaredRole,
    LiveRoles,
    bootstrap_database,
    bootstrap_owner,
    bootstrap_secret,
    declared_roles,
    find_role,
    objects_naming_secret,
    require_role,
)
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import NotFound, Refused

REF = ClusterRef("shop", "orders")
OWN = "own"
CLUSTER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: orders, namespace: shop}
spec:
  managed:
    roles:
      - name: app
        login: true
        passwordSecret: {name: orders-app}
      - name: old
        ensure: absent
      - name: MyRole
"""


def role_object(name: str, *, cluster: str = "orders", namespace: str = "shop", secret: str = OWN) -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: DatabaseRole\n"
        f"metadata: {{name: {cluster}-{name.lower()}, namespace: {namespace}}}\n"
        f"spec: {{cluster: {{name: {cluster}}}, name: {name}, connectionLimit: 3, passwordSecret: {{name: {secret}}}}}\n"
    )


def read(**files: str) -> Desired:
    return build_desired({f"{name}.yaml": text for name, text in files.items()}, commit="0" * 40, folder="")


def declared(desired: Desired) -> tuple[DeclaredRole, ...]:
    return declared_roles(desired, desired.cluster("orders", "shop", environment="prod"), REF)


def one(desired: Desired, name: str) -> DeclaredRole:
    return require_role(desired, desired.cluster("orders", "shop", environment="prod"), REF, name)


def test_roles_are_declared_in_two_forms_each_with_its_line() -> None:
    found = declared(read(cluster=CLUSTER, reporting=role_object("reporting")))
    assert [(role.name, role.form, role.place, role.index) for role in found] == [
        ("app", "inline", "cluster.yaml:7", 0),
        ("old", "inline", "cluster.yaml:10", 1),
        ("MyRole", "inline", "cluster.yaml:12", 2),
        ("reporting", "DatabaseRole", "reporting.yaml:1", None),
    ]
    assert [role.is_absent for role in found] == [False, True, False, False]
    assert [role.secret for role in found] == ["orders-app", None, None, "own"]
    assert [role.path for role in found] == [
        ("spec", "managed", "roles", 0),
        ("spec", "managed", "roles", 1),
        ("spec", "managed", "roles", 2),
        ("spec",),
    ]
    assert found[0].attributes == RoleAttributes(login=True)
    assert found[3].attributes == RoleAttributes(connection_limit=3)
    assert found[0].label == "role 'app' (inline, cluster.yaml:7)"


def test_roles_of_other_clusters_and_namespaces_are_not_this_ones() -> None:
    found = declared(
        read(
            cluster=CLUSTER,
            carts=role_object("one", cluster="carts"),
            elsewhere=role_object("two", namespace="billing"),
        )
    )
    assert [role.name for role in found] == ["app", "old", "MyRole"]


def test_a_role_without_a_namespace_may_be_this_ones() -> None:
    text = role_object("one").replace(", namespace: shop", "")
    assert [role.name for role in declared(read(cluster=CLUSTER, one=text))][3:] == ["one"]


@pytest.mark.parametrize(
    "roles",
    [
        pytest.param("", id="no managed"),
        pytest.param("  managed: {}\n", id="nothing managed"),
        pytest.param("  managed: {roles: null}\n", id="null"),
        pytest.param("  managed: {roles: {}}\n", id="a mapping"),
        pytest.param("  managed: {roles: [app, {login: true}]}\n", id="entries without a name"),
    ],
)
def test_a_cluster_without_a_list_has_no_inline_roles(roles: str) -> None:
    assert declared(read(cluster=CLUSTER.split("  managed:", maxsplit=1)[0] + "  instances: 3\n" + roles)) == ()


def test_an_entry_of_a_patch_stands_in_the_patch() -> None:
    files = {
        "base/orders.yaml": CLUSTER.replace(", namespace: shop", ""),
        "base/kustomization.yaml": "resources: [orders.yaml]\n",
        "prod/kustomization.yaml": (
            "namespace: shop\nresources: [../base]\npatches:\n- target: {kind: Cluster}\n  patch: |-\n"
            "    - op: add\n      path: /spec/managed/roles/-\n      value: {name: extra}\n"
        ),
    }
    found = declared(build_desired(files, commit="0" * 40, folder="prod"))
    assert [(role.name, role.place) for role in found][2:] == [
        ("MyRole", "base/orders.yaml:12"),
        ("extra", "prod/kustomization.yaml:8"),
    ]


def test_names_are_compared_as_postgresql_does() -> None:
    desired = read(cluster=CLUSTER)
    cluster = desired.cluster("orders", "shop", environment="prod")
    assert find_role(desired, cluster, REF, "myrole") is None
    assert one(desired, "MyRole").index == 2


def test_an_unknown_role_is_told_with_the_near_ones() -> None:
    with pytest.raises(
        NotFound, match=r"Git declares no role 'ap' for Cluster shop/orders; there are: app, MyRole, old"
    ):
        one(read(cluster=CLUSTER), "ap")


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"cluster": CLUSTER, "role": role_object("app")}, id="in both forms"),
        pytest.param({"cluster": CLUSTER, "a": role_object("x"), "b": role_object("x").replace("orders-x", "y")}, id="by two objects"),
        pytest.param({"cluster": CLUSTER.replace("MyRole", "app")}, id="twice in the list"),
    ],
)  # fmt: skip
def test_a_role_that_is_declared_twice_is_not_edited(files: dict[str, str]) -> None:
    name = "x" if "a" in files else "app"
    with pytest.raises(Refused, match=f"role '{name}' of Cluster shop/orders is declared twice: .* and .*remove one"):
        one(read(**files), name)


LIVE = LiveRoles(
    cluster={
        "spec": {"managed": {"roles": [{"name": "app", "login": True}]}},
        "status": {
            "managedRolesStatus": {
                "byStatus": {"reconciled": ["app"], "not-managed": ["handmade"], "reserved": None},
                "cannotReconcile": {"app": ["could not", "again"], "odd": "text"},
            }
        },
    },
    objects=(
        {"spec": {"name": "reporting", "cluster": {"name": "carts"}}},
        {"spec": {"name": "reporting", "cluster": {"name": "orders"}}},
    ),
)


def test_what_the_api_shows_of_a_role() -> None:
    assert LIVE.inline("app") == {"name": "app", "login": True}
    assert (LIVE.state("app"), LIVE.state("handmade"), LIVE.state("none")) == ("reconciled", "not-managed", None)
    assert (LIVE.errors("app"), LIVE.errors("odd"), LIVE.errors("none")) == (("could not", "again"), (), ())
    found = LIVE.named(REF, "reporting")
    assert found is not None
    assert found["spec"]["cluster"]["name"] == "orders"


@pytest.mark.parametrize(
    ("name", "exists"), [("app", True), ("handmade", True), ("reporting", True), ("App", False), ("none", False)]
)
def test_a_role_exists_where_the_api_shows_it_in_any_way(name: str, exists: bool) -> None:
    assert LIVE.exists(REF, name) is exists


def test_a_live_entry_counts_before_the_operator_has_seen_it() -> None:
    live = LiveRoles({"spec": {"managed": {"roles": [{"name": "new"}]}}}, None)
    assert live.exists(REF, "new")
    assert live.named(REF, "new") is None


def test_without_a_live_cluster_nothing_is_there() -> None:
    live = LiveRoles(None, ())
    assert (live.inline("app"), live.state("app"), live.errors("app"), live.exists(REF, "app")) == (
        None,
        None,
        (),
        False,
    )


POOLER = """\
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: {name: orders-rw, namespace: shop}
spec:
  cluster: {name: orders}
  pgbouncer: {authQuerySecret: {name: orders-app}}
"""


@pytest.mark.parametrize(
    ("files", "users"),
    [
        pytest.param({}, (), id="only the role itself"),
        pytest.param({"pooler": POOLER}, ("Pooler shop/orders-rw (pooler.yaml:1)",), id="another object, anywhere in it"),
        pytest.param({"pooler": POOLER.replace("shop", "billing")}, (), id="in another namespace"),
        pytest.param({"pooler": POOLER.replace("orders-app", "orders-app-2")}, (), id="another Secret of which it is a part"),
        pytest.param({"role": role_object("x", secret="orders-app")}, ("DatabaseRole shop/orders-x (role.yaml:1)",), id="another role"),
        pytest.param({"cluster": CLUSTER.replace("- name: MyRole", "- {name: MyRole, passwordSecret: {name: orders-app}}")}, ("Cluster shop/orders (cluster.yaml:1)",), id="another entry of the same list"),
        pytest.param({"cluster": CLUSTER + "  superuserSecret: {name: orders-app}\n"}, ("Cluster shop/orders (cluster.yaml:1)",), id="the Cluster itself"),
    ],
)  # fmt: skip
def test_a_secret_is_needed_by_whatever_else_names_it(files: dict[str, str], users: tuple[str, ...]) -> None:
    desired = read(**{"cluster": CLUSTER, **files})
    assert objects_naming_secret(desired, REF.namespace, "orders-app", but=one(desired, "app")) == users


def test_the_secret_of_an_object_is_its_own() -> None:
    desired = read(cluster=CLUSTER, role=role_object("x"))
    assert objects_naming_secret(desired, REF.namespace, "own", but=one(desired, "x")) == ()
    assert len(objects_naming_secret(desired, REF.namespace, "own")) == 1


def cluster(bootstrap: Any) -> Object:
    return {"spec": {"bootstrap": bootstrap} if bootstrap is not None else {}}


@pytest.mark.parametrize(
    ("bootstrap", "database", "owner", "secret"),
    [
        pytest.param(None, "app", "app", "orders-app", id="nothing said"),
        pytest.param({}, "app", "app", "orders-app", id="nothing in it"),
        pytest.param({"initdb": {}}, "app", "app", "orders-app", id="initdb"),
        pytest.param({"initdb": {"database": "shop"}}, "shop", "shop", "orders-app", id="a database"),
        pytest.param({"initdb": {"database": "shop", "owner": "o"}}, "shop", "o", "orders-app", id="an owner"),
        pytest.param({"initdb": {"owner": "o", "secret": {"name": "s"}}}, "app", "o", "s", id="a Secret"),
        pytest.param({"initdb": {"import": {"type": "microservice"}}}, "app", "app", "orders-app", id="microservice"),
        pytest.param({"initdb": {"import": {"type": "monolith"}}}, None, None, "orders-app", id="monolith"),
        pytest.param({"recovery": {"source": "old"}}, None, None, "orders-app", id="recovery"),
        pytest.param({"recovery": {"owner": "o"}}, "app", "o", "orders-app", id="recovery with an owner"),
        pytest.param({"recovery": {"database": "shop"}}, "shop", "shop", "orders-app", id="recovery with a database"),
        pytest.param({"pg_basebackup": {"source": "old"}}, None, None, "orders-app", id="pg_basebackup"),
        pytest.param({"pg_basebackup": {"database": "shop", "owner": "o"}}, "shop", "o", "orders-app", id="the same with a database"),
    ],
)  # fmt: skip
def test_what_bootstrap_makes_for_the_application(
    bootstrap: Any, database: str | None, owner: str | None, secret: str
) -> None:
    value = cluster(bootstrap)
    assert (bootstrap_database(value), bootstrap_owner(value), bootstrap_secret(value, REF)) == (
        database,
        owner,
        secret,
    )

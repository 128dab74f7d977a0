from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.plans.passwords.role_password import RolePassword
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.plans.roles.declared_roles import require_role
from gitops_mcp.domain.plans.roles.role_update import plan_role_update
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.errors import InvalidRequest, Refused
from tests.domain.plans.role_files import KUSTOMIZATION, LISTED, NOW, OBJECT, REF, ids, read


def updated(
    name: str,
    wanted: dict[str, Any],
    *,
    text: str = LISTED,
    password: RolePassword | None = None,
    certificate: bool | None = None,
) -> Plan:
    desired, cluster = read(text, app=OBJECT)
    role = require_role(desired, cluster, REF, name)
    return plan_role_update(desired, REF, role, wanted, now=NOW, password=password, certificate=certificate
    )  # fmt: skip


def lines(plan: Plan) -> list[str]:
    (change,) = plan.files
    return [line for line in change.diff.split("\n")[2:] if line.startswith(("+", "-"))]


@pytest.mark.parametrize(
    ("wanted", "changed", "body"),
    [
        pytest.param({"connection_limit": 6}, ["-        connectionLimit: 5", "+        connectionLimit: 6"], ("connection_limit: 5 -> 6",), id="a number"),
        pytest.param({"connection_limit": -1}, ["-        connectionLimit: 5", "+        connectionLimit: -1"], ("connection_limit: 5 -> -1",), id="no limit is said, as the list needs it"),
        pytest.param({"login": False}, ["-        login: true", "+        login: false"], ("login: true -> false",), id="false is said"),
        pytest.param({"valid_until": None}, ['-        validUntil: "2027-06-01T00:00:00Z"'], ("valid_until: 2027-06-01T00:00:00Z -> never",), id="never"),
        pytest.param({"valid_until": "2028-01-01T00:00:00Z"}, ['-        validUntil: "2027-06-01T00:00:00Z"', '+        validUntil: "2028-01-01T00:00:00Z"'], ("valid_until: 2027-06-01T00:00:00Z -> 2028-01-01T00:00:00Z",), id="another time"),
        pytest.param({"comment": ""}, ["-        comment: reads"], ("comment: reads -> none",), id="no comment"),
        pytest.param({"createdb": True}, ["+        createdb: true"], ("createdb: false -> true",), id="what it did not say"),
        pytest.param({"in_roles": ("pg_monitor", "readers", "app")}, ["+          - app"], ("grants membership in 'app'",), id="a grant"),
        pytest.param({"in_roles": ("readers",)}, ["-          - pg_monitor"], ("revokes membership in 'pg_monitor'",), id="a revoke"),
        pytest.param({"in_roles": ()}, ["-        inRoles:", "-          - readers   # all tables", "-          - pg_monitor"], ("revokes membership in 'readers'", "revokes membership in 'pg_monitor'"), id="all revoked"),
        pytest.param({"login": True, "connection_limit": 6}, ["-        connectionLimit: 5", "+        connectionLimit: 6"], ("connection_limit: 5 -> 6",), id="one of two differs"),
    ],
)  # fmt: skip
def test_an_update_changes_the_lines_of_the_named_attributes(
    wanted: dict[str, Any], changed: list[str], body: tuple[str, ...]
) -> None:
    plan = updated("reporting", wanted)
    assert lines(plan) == changed
    assert plan.body == body
    assert plan.subject == "Update role reporting of Cluster shop/orders"


@pytest.mark.parametrize(
    "wanted", [{}, {"login": True}, {"in_roles": ("pg_monitor", "readers")}, {"superuser": False, "inherit": True}]
)
def test_what_is_so_already_changes_nothing(wanted: dict[str, Any]) -> None:
    plan = updated("reporting", wanted)
    assert plan.unchanged == ": ".join(
        ["prod/orders.yaml:11 says so already", *([", ".join(wanted)] if wanted else [])]
    )
    assert plan.files == ()


def test_a_revoke_is_a_warning_and_a_grant_is_none() -> None:
    plan = updated("reporting", {"in_roles": ("readers", "pg_read_all_data")})
    assert plan.body == ("grants membership in 'pg_read_all_data'", "revokes membership in 'pg_monitor'")
    assert ids(plan) == ["revokes"]
    assert ids(updated("reporting", {"in_roles": ("readers", "pg_monitor", "app")})) == []


def test_a_power_that_it_has_already_is_no_news() -> None:
    text = LISTED.replace("login: true", "superuser: true")
    assert ids(updated("reporting", {"connection_limit": 7}, text=text)) == []
    assert ids(updated("reporting", {"createrole": True}, text=text)) == ["powerful-role"]


def test_an_attribute_of_an_object_changes_in_its_document() -> None:
    plan = updated("app", {"connection_limit": 6})
    assert [one.path for one in plan.files] == ["prod/app.yaml"]
    assert lines(plan) == ["+  connectionLimit: 6"]
    assert (plan.target.kind, plan.target.name) == ("DatabaseRole", "orders-app")


def test_another_secret_takes_the_place_of_no_password() -> None:
    plan = updated("app", {}, password=RolePassword("orders-app-2", ("from orders-app-2",)))
    assert lines(plan) == ["-  disablePassword: true", "+  passwordSecret:", "+    name: orders-app-2"]
    assert plan.body == ("from orders-app-2",)


def test_a_new_value_in_the_same_secret_changes_no_line_of_the_role() -> None:
    plan = updated("reporting", {}, password=RolePassword("orders-reporting", ("new value",), ("read it anew",)))
    assert (plan.files, plan.unchanged, plan.body) == ((), None, ("new value",))
    assert plan.next[-1] == "read it anew"


def test_what_of_several_attributes_is_so_already_is_said() -> None:
    plan = updated("reporting", {"login": True, "connection_limit": 6})
    assert [str(one.message) for one in plan.warnings] == ["prod/orders.yaml:11 says so already: login"]


def test_a_client_certificate_is_asked_for_in_the_object_and_taken_back_there() -> None:
    plan = updated("app", {"login": True}, certificate=True)
    assert lines(plan) == ["+  clientCertificate:", "+    enabled: true"]
    assert plan.body[-1] == (
        "client certificate: Secret orders-app-client-cert (tls.crt, tls.key) is made by the operator, and renewed"
    )
    assert updated("app", {}, certificate=False).unchanged == "prod/app.yaml:1 says so already: client_certificate"


def test_a_client_certificate_needs_an_object_and_a_login() -> None:
    with pytest.raises(Refused, match=r"client_certificate: .* DatabaseRole objects only .* migrate_postgres_roles"):
        updated("reporting", {}, certificate=True)
    with pytest.raises(InvalidRequest, match="client_certificate: is for a role that may log in: say login=true"):
        updated("app", {"login": False}, certificate=True)


def test_a_role_that_is_being_dropped_is_not_updated() -> None:
    text = LISTED.replace("ensure: present", "ensure: absent")
    with pytest.raises(Refused, match="says `ensure: absent`, so it is being dropped"):
        updated("reporting", {"login": False}, text=text)


def test_a_suspended_engine_is_told_of() -> None:
    engine = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: dbs, namespace: flux-system}
spec: {path: ./prod, prune: true, suspend: true, sourceRef: {kind: GitRepository, name: fleet}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: fleet, namespace: flux-system}
spec: {url: "https://git.example.com/fleet.git", ref: {branch: main}}
"""
    files = {"prod/orders.yaml": LISTED, "prod/kustomization.yaml": KUSTOMIZATION, "flux/dbs.yaml": engine}
    remotes = ("https://git.example.com/fleet.git",)
    desired = build_desired(files, commit="0" * 40, folder="prod", remotes=remotes)
    cluster = desired.cluster("orders", "shop", environment="prod")
    role = require_role(desired, cluster, REF, "bare")
    plan = plan_role_update(desired, REF, role, {"login": True}, now=NOW)
    assert ids(plan) == ["suspended"]
    assert plan.body[-1] == "Applied by Flux Kustomization flux-system/dbs (flux/dbs.yaml:1), which prunes"


def test_nothing_is_promised_of_a_replica_cluster() -> None:
    plan = updated("reporting", {"login": False}, text=LISTED + "  replica: {source: north}\n")
    assert plan.next[0].startswith("Once applied and Cluster shop/orders is promoted, the operator alters the role")

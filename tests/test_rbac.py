from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Resource
from gitops_mcp.workflows.setup.rights import ROLES
from tests.fakes.rbac import granted

RBAC = Path(__file__).parents[1] / "rbac"
READ_ONLY = (RBAC / "read-only.yaml").read_text()


def test_only_known_kinds_are_granted_and_every_one_of_cloudnativepg() -> None:
    known = {(kind.group, kind.plural) for kind in vars(kinds).values() if isinstance(kind, Resource)}
    assert {(group, plural) for group, plural, _ in granted(READ_ONLY)} <= known
    assert {(kind.group, kind.plural, "get") for kind in kinds.CNPG_KINDS} <= granted(READ_ONLY)


def test_nothing_is_granted_but_reads_by_name() -> None:
    assert {verb for *_, verb in granted(READ_ONLY)} == {"get", "list"}
    assert not [triple for triple in granted(READ_ONLY) if "*" in triple]


def test_no_secret_log_or_proxy_is_granted() -> None:
    resources = {resource for _, resource, _ in granted(READ_ONLY)}
    assert not [resource for resource in resources if "/" in resource or "secret" in resource]


def test_the_file_holds_roles_only_so_that_applying_it_binds_nobody() -> None:
    assert [(role["apiVersion"], role["kind"]) for role in yaml.safe_load_all(READ_ONLY)] == [
        ("rbac.authorization.k8s.io/v1", "ClusterRole")
    ] * 3


def test_kinds_without_a_namespace_stand_in_a_role_of_their_own() -> None:
    of_the_cluster = {
        kind.plural for kind in vars(kinds).values() if isinstance(kind, Resource) and not kind.namespaced
    }
    holding = [
        {resource for rule in role["rules"] for resource in rule["resources"]} for role in yaml.safe_load_all(READ_ONLY)
    ]
    assert [resources for resources in holding if resources & of_the_cluster] == [of_the_cluster]


CNPG = "postgresql.cnpg.io"
WHAT_ELSE = {
    "direct": {(CNPG, "clusters", "get")}
    | {
        (CNPG, plural, verb)
        for plural in ("clusters", "databaseroles", "databases", "scheduledbackups")
        for verb in ("create", "patch", "delete")
    }
    | {(CNPG, "poolers", "create"), (CNPG, "poolers", "delete"), (CNPG, "backups", "create")}
    | {("barmancloud.cnpg.io", "objectstores", "create")},
    "direct-objects": {
        (CNPG, plural, verb)
        for plural in ("imagecatalogs", "poolers", "publications", "scheduledbackups", "subscriptions")
        for verb in ("create", "patch", "delete")
    }
    | {(CNPG, "backups", verb) for verb in ("create", "delete")}
    | {("barmancloud.cnpg.io", "objectstores", verb) for verb in ("get", "create", "patch", "delete")},
    "direct-passwords": {
        (kind.group, kind.plural, verb)
        for kind in (kinds.EXTERNAL_SECRET, kinds.PASSWORD, kinds.SEALED_SECRET)
        for verb in ("get", "list", "create", "delete")
    }
    | {(kinds.SEALED_SECRET.group, kinds.SEALED_SECRET.plural, "patch")},
    "impersonate": {("", "users", "impersonate"), ("", "groups", "impersonate")},
    "logs": {("", "pods/log", "get")},
    "metrics": {("", "pods/proxy", "get")},
    "password-conditions": {
        (kind.group, kind.plural, verb)
        for kind in (kinds.EXTERNAL_SECRET, kinds.SEALED_SECRET)
        for verb in ("get", "list")
    },
    "password-secrets": {("", "secrets", verb) for verb in ("get", "create", "patch", "delete")},
    "promote": {(CNPG, "clusters/status", "patch"), ("", "pods", "get")},
    "restart": {(CNPG, "clusters/status", "patch"), ("", "pods", "get"), ("", "pods", "delete")},
    "read-schemas": {("apiextensions.k8s.io", "customresourcedefinitions", "get")},
    "sealing-certificate": {("", "services/proxy", "get")},
}


@pytest.mark.parametrize("name", WHAT_ELSE)
def test_what_else_may_be_granted_stands_apart_in_one_role_and_is_exactly_this(name: str) -> None:
    text = (RBAC / f"{name}.yaml").read_text()
    [role] = yaml.safe_load_all(text)
    assert (role["kind"], role["metadata"]["name"]) == ("ClusterRole", f"gitops-mcp-{name}")
    assert granted(text) == WHAT_ELSE[name]


def test_no_file_of_roles_is_left_untested() -> None:
    assert {path.stem for path in RBAC.glob("*.yaml")} == {"read-only", *WHAT_ELSE}


@pytest.mark.parametrize(
    ("name", "only"),
    [
        ("read-schemas", [f"{kind}.{CNPG}" for kind in ("clusters", "databaseroles", "databases")]),
        ("sealing-certificate", ["http:sealed-secrets-controller:", "http:sealed-secrets-controller:http"]),
    ],
)
def test_rights_to_what_reaches_far_are_for_named_objects_only(name: str, only: list[str]) -> None:
    [rule] = yaml.safe_load((RBAC / f"{name}.yaml").read_text())["rules"]
    assert rule["resourceNames"] == only


@pytest.mark.parametrize("name", ["read-only", *WHAT_ELSE])
def test_each_file_says_how_to_bind_each_of_its_roles(name: str) -> None:
    text = (RBAC / f"{name}.yaml").read_text()
    assert f"kubectl apply -f rbac/{name}.yaml" in text
    for role in yaml.safe_load_all(text):
        assert f" --clusterrole {role['metadata']['name']} " in text


def test_what_the_doctor_asks_for_is_what_the_files_grant() -> None:
    written = {
        (path.stem, role["metadata"]["name"], group, resource, verb, *(sorted(rule.get("resourceNames") or ())))
        for path in RBAC.glob("*.yaml")
        # The certificate itself is asked for; whom a server may impersonate, it is asked for as somebody else.
        if path.stem not in {"sealing-certificate", "impersonate"}
        for role in yaml.safe_load_all(path.read_text())
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    asked = {(role.file, role.name, *right, *sorted(role.names.split())) for role in ROLES for right in role.rights}
    assert asked == written

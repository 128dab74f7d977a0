from __future__ import annotations

from pathlib import Path

import yaml

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import Resource
from tests.fakes.rbac import granted

READ_ONLY = (Path(__file__).parents[1] / "rbac" / "read-only.yaml").read_text()


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

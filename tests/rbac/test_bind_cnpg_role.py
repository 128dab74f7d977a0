"""The script as a process of its own, against the sandbox's API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from gitops_mcp.domain.objects import Object
from gitops_mcp.sandbox.api import SandboxApi, Store, kubeconfig_text
from gitops_mcp.sandbox.api.access import Access, AccessAttributes
from gitops_mcp.sandbox.store.resources import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    NAMESPACE,
    ROLE_BINDING,
    SERVICE_ACCOUNT,
)
from tests.fakes.api import Answer, ReplayingApi

RBAC = Path(__file__).parents[2] / "rbac"
OPERATOR = {"app.kubernetes.io/name": "cloudnative-pg"}
OURS = ["gitops-mcp-read", "gitops-mcp-read-catalogs", "gitops-mcp-read-engine"]
SUBJECT = {"kind": "ServiceAccount", "name": "cnpg-mcp-server", "namespace": "default"}


def cluster_role(name: str, *rules: Object, labels: Object | None = None) -> Object:
    return {"metadata": {"name": name, "labels": labels or OPERATOR}, "rules": list(rules)}


def rule(group: str, resources: list[str], verbs: list[str]) -> Object:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


@pytest.fixture
def store() -> Store:
    """With what the operator's chart installs under the release name `pg`."""
    store = Store()
    cnpg, kinds = "postgresql.cnpg.io", ["clusters", "clusters/status", "databases"]
    for role in (
        cluster_role("pg-cloudnative-pg", rule("", ["secrets"], ["*"]), rule(cnpg, kinds, ["*"])),
        cluster_role("pg-cloudnative-pg-view", rule(cnpg, kinds, ["get", "list", "watch"])),
        cluster_role(
            "pg-cloudnative-pg-edit", rule(cnpg, kinds, ["create", "delete", "deletecollection", "patch", "update"])
        ),
        cluster_role("somebody-elses-view", rule(cnpg, kinds, ["get"]), labels={"app.kubernetes.io/name": "else"}),
    ):
        store.create(CLUSTER_ROLE, role)
    return store


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str


Script = Callable[..., Run]


@pytest.fixture
def api(store: Store, tmp_path: Path) -> Iterator[SandboxApi]:
    api = SandboxApi(store, token="letmein", requests_log=tmp_path / "requests.jsonl")
    (tmp_path / "kubeconfig").write_text(kubeconfig_text(api.start(), "letmein"))
    yield api
    api.stop()


@pytest.fixture
def script(api: SandboxApi, tmp_path: Path) -> Script:
    def run(*arguments: str) -> Run:
        environment = {**os.environ, "KUBECONFIG": str(tmp_path / "kubeconfig")}
        done = subprocess.run(
            [sys.executable, RBAC / "bind_cnpg_role.py", *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


def bound(store: Store) -> list[str]:
    """The roles of all bindings that are for the account, each of which must be for it alone."""
    bindings = [*store.list(CLUSTER_ROLE_BINDING), *store.list(ROLE_BINDING)]
    assert [one["subjects"] for one in bindings] == [[SUBJECT]] * len(bindings)
    assert {one["roleRef"]["kind"] for one in bindings} <= {"ClusterRole"}
    return sorted(one["roleRef"]["name"] for one in bindings)


def may(store: Store, verb: str, group: str, resource: str, namespace: str = "shop") -> bool:
    """What whoever is bound in this store may do."""
    kinds = ((CLUSTER_ROLE, "ClusterRole"), (CLUSTER_ROLE_BINDING, "ClusterRoleBinding"), (ROLE_BINDING, "RoleBinding"))
    manifests = [{**one, "kind": kind} for resource_, kind in kinds for one in store.list(resource_)]
    return Access(manifests=manifests).allows(AccessAttributes(verb, group, resource, namespace))


def test_view_binds_our_reading_roles_and_the_operators_view_under_any_release_name(
    script: Script, store: Store
) -> None:
    run = script()
    assert (run.code, run.err) == (0, "")
    assert store.get(SERVICE_ACCOUNT, "default", "cnpg-mcp-server")
    assert bound(store) == [*OURS, "pg-cloudnative-pg-view"]
    assert may(store, "list", "postgresql.cnpg.io", "clusters")
    assert may(store, "list", "", "pods")
    assert not may(store, "get", "", "secrets")
    assert not may(store, "patch", "postgresql.cnpg.io", "clusters")
    assert "auth can-i list clusters.postgresql.cnpg.io --all-namespaces --as system:serviceaccount:default:" in run.out


def test_a_second_run_changes_nothing(script: Script, store: Store) -> None:
    script()
    before = store.version
    run = script()
    assert (run.code, store.version) == (0, before)
    outcomes = [line.rpartition(": ")[2] for line in run.out.splitlines()[1:-1]]
    assert outcomes == ["unchanged"] * 8


@pytest.mark.thorough
def test_edit_binds_our_own_role_and_compares_it_with_the_operators(script: Script, store: Store) -> None:
    run = script("--role", "edit")
    assert (run.code, run.err) == (0, "")
    assert bound(store) == ["gitops-mcp-direct", *OURS, "pg-cloudnative-pg-view"]
    assert may(store, "patch", "postgresql.cnpg.io", "clusters")
    assert may(store, "patch", "postgresql.cnpg.io", "databaseroles")
    assert may(store, "get", "postgresql.cnpg.io", "clusters")
    assert not may(store, "deletecollection", "postgresql.cnpg.io", "clusters")
    assert not may(store, "patch", "postgresql.cnpg.io", "clusters/status")
    assert not may(store, "get", "", "secrets")
    [note] = [line for line in run.out.splitlines() if line.startswith("note: ")]
    assert note == (
        "note: ClusterRole pg-cloudnative-pg-edit is not bound; rbac/direct.yaml has what direct delivery needs (beyond "
        "that it grants deletecollection, update on clusters, databases; create, delete, deletecollection, patch, update "
        "on clusters/status; of that it lacks create, delete, patch on databaseroles, scheduledbackups; create, delete on "
        "poolers; create on backups, objectstores.barmancloud.cnpg.io)"
    )
    before = store.version
    assert script("--role", "edit").code == 0
    assert store.version == before


EVERYTHING = (
    "create, delete, patch on clusters, databaseroles, databases, scheduledbackups; create, delete on poolers; create on "
    "backups, objectstores.barmancloud.cnpg.io"
)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param(
            [rule("postgresql.cnpg.io", ["*"], ["*"])],
            "beyond that it grants * on *; of that it lacks create on objectstores.barmancloud.cnpg.io",
            id="everything of CloudNativePG",
        ),
        pytest.param(
            [
                rule(
                    "postgresql.cnpg.io",
                    ["clusters", "databases", "databaseroles", "scheduledbackups"],
                    ["create", "patch", "delete"],
                ),
                rule("postgresql.cnpg.io", ["poolers"], ["create", "delete"]),
                rule("postgresql.cnpg.io", ["backups"], ["create"]),
                rule("barmancloud.cnpg.io", ["objectstores"], ["create"]),
            ],
            "beyond that it grants nothing; of that it lacks nothing",
            id="just what is needed",
        ),
        pytest.param(
            [rule("", ["secrets"], ["get"]), rule("apps", ["deployments"], ["patch"])],
            f"beyond that it grants get on secrets; patch on deployments.apps; of that it lacks {EVERYTHING}",
            id="something else",
        ),
        pytest.param(
            [rule("postgresql.cnpg.io", ["clusters"], ["patch"]) | {"resourceNames": ["orders"]}],
            f"beyond that it grants nothing; of that it lacks {EVERYTHING}",
            id="one object only",
        ),
    ],
)
@pytest.mark.few(2)
def test_an_edit_role_is_judged_by_its_rules_and_not_by_its_name(
    script: Script, store: Store, rules: list[Object], said: str
) -> None:
    store.delete(CLUSTER_ROLE, None, "pg-cloudnative-pg-edit")
    store.create(CLUSTER_ROLE, cluster_role("x-edit", *rules))
    run = script("--role", "edit")
    assert f"note: ClusterRole x-edit is not bound; rbac/direct.yaml has what direct delivery needs ({said})" in run.out
    assert "x-edit" not in bound(store)


@pytest.mark.parametrize("role", ["view", "edit"])
@pytest.mark.few(1)
def test_a_binding_of_the_operators_edit_role_that_was_made_before_is_told(
    script: Script, store: Store, role: str
) -> None:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pg-cloudnative-pg-edit"}
    name = "default-cnpg-mcp-server-pg-cloudnative-pg-edit"
    store.create(CLUSTER_ROLE_BINDING, {"metadata": {"name": name}, "roleRef": reference, "subjects": [SUBJECT]})
    run = script("--role", role)
    assert f"note: ClusterRoleBinding {name} still grants writing; to take it away: kubectl delete" in run.out
    assert "pg-cloudnative-pg-edit" in bound(store)


@pytest.mark.thorough
def test_view_after_edit_says_that_edit_is_still_bound(script: Script, store: Store) -> None:
    script("--role", "edit")
    run = script("--role", "view")
    assert "kubectl delete clusterrolebindings default-cnpg-mcp-server-gitops-mcp-direct" in run.out
    assert "gitops-mcp-direct" in bound(store)


@pytest.mark.thorough
def test_a_dry_run_says_the_same_and_writes_nothing(script: Script, store: Store, tmp_path: Path) -> None:
    before = store.version
    dry = script("--dry-run", "--role", "edit")
    assert (dry.code, store.version) == (0, before)
    asked = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert {one["verb"] for one in asked} == {"get", "list"}
    real = script("--role", "edit")
    assert dry.out.splitlines()[1:] == real.out.replace(": created", ": would be created").splitlines()[1:]


@pytest.mark.thorough
def test_namespaced_binds_in_that_namespace_and_leaves_out_what_has_none(script: Script, store: Store) -> None:
    store.create(NAMESPACE, {"metadata": {"name": "shop"}})
    run = script("--namespaced", "--namespace", "shop", "--service-account", "gitops-mcp")
    assert run.code == 0
    assert store.list(CLUSTER_ROLE_BINDING) == ()
    names = [(one["metadata"]["namespace"], one["roleRef"]["name"]) for one in store.list(ROLE_BINDING)]
    assert names == [
        ("shop", "gitops-mcp-read"),
        ("shop", "gitops-mcp-read-engine"),
        ("shop", "pg-cloudnative-pg-view"),
    ]
    assert "gitops-mcp-read-catalogs is left out" in run.out
    assert may(store, "list", "", "pods", "shop")
    assert not may(store, "list", "", "pods", "default")
    before = store.version
    assert script("--namespaced", "--namespace", "shop", "--service-account", "gitops-mcp").code == 0
    assert store.version == before


@pytest.mark.parametrize(
    ("role", "names"),
    [pytest.param("view", OURS, id="view"), pytest.param("edit", ["gitops-mcp-direct", *OURS], id="edit")],
)
@pytest.mark.few(1)
def test_where_the_operators_roles_are_not_installed_ours_alone_are_bound(
    script: Script, store: Store, role: str, names: list[str]
) -> None:
    for name in ("pg-cloudnative-pg-view", "pg-cloudnative-pg-edit"):
        store.delete(CLUSTER_ROLE, None, name)
    assert script("--role", role).code == 0
    assert bound(store) == names
    assert may(store, "list", "postgresql.cnpg.io", "clusters")
    assert may(store, "patch", "postgresql.cnpg.io", "clusters") == (role == "edit")


def test_a_role_with_the_operators_label_that_grants_more_is_never_bound(script: Script, store: Store) -> None:
    store.create(CLUSTER_ROLE, cluster_role("cloudnative-pg-view", rule("", ["secrets"], ["get"])))
    store.create(CLUSTER_ROLE, cluster_role("too-much-view", rule("postgresql.cnpg.io", ["clusters"], ["*"])))
    run = script()
    assert bound(store) == [*OURS, "pg-cloudnative-pg-view"]
    assert "note: ClusterRole cloudnative-pg-view is left out" in run.out
    assert "note: ClusterRole too-much-view is left out" in run.out


def test_a_binding_to_another_role_is_told_and_left_as_it_is(script: Script, store: Store) -> None:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    name = "default-cnpg-mcp-server-gitops-mcp-read"
    there = store.create(CLUSTER_ROLE_BINDING, {"metadata": {"name": name}, "roleRef": reference})
    run = script()
    assert run.code == 1
    assert f"{name}: binds ClusterRole cluster-admin, not gitops-mcp-read: not overwritten" in run.err
    assert store.get(CLUSTER_ROLE_BINDING, None, name) == there
    assert store.get(CLUSTER_ROLE_BINDING, None, "default-cnpg-mcp-server-gitops-mcp-read-engine")


def test_a_role_of_ours_that_was_widened_is_told_and_not_bound(script: Script, store: Store) -> None:
    store.create(CLUSTER_ROLE, cluster_role("gitops-mcp-read", rule("", ["secrets"], ["get"])))
    run = script()
    assert run.code == 1
    assert (
        "ClusterRole gitops-mcp-read: is there with other rules than in rbac/ (beyond that it grants get on secrets; of "
        in run.err
    )
    assert bound(store) == [*OURS[1:], "pg-cloudnative-pg-view"]


def test_a_role_of_ours_whose_rules_are_only_cut_otherwise_is_the_same(script: Script, store: Store) -> None:
    [engine] = [
        one
        for one in yaml.safe_load_all((RBAC / "read-only.yaml").read_text())
        if one["metadata"]["name"] == "gitops-mcp-read-engine"
    ]
    store.create(CLUSTER_ROLE, {**engine, "rules": engine["rules"][::-1]})
    run = script()
    assert run.code == 0
    assert "ClusterRole gitops-mcp-read-engine: unchanged" in run.out


@pytest.mark.thorough
def test_others_that_a_binding_has_stay_in_it(script: Script, store: Store) -> None:
    script()
    name = "default-cnpg-mcp-server-gitops-mcp-read"
    other = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "alice"}
    store.merge(CLUSTER_ROLE_BINDING, None, name, {"subjects": [other]})
    run = script()
    assert f"ClusterRoleBinding {name}: extended by this account" in run.out
    assert store.get(CLUSTER_ROLE_BINDING, None, name)["subjects"] == [other, SUBJECT]


@pytest.mark.parametrize(
    ("verb", "resource", "said"),
    [
        pytest.param(
            "create",
            "clusterrolebindings",
            "create /apis/rbac.authorization.k8s.io/v1/clusterrolebindings: ",
            id="to bind",
        ),
        pytest.param(
            "list",
            "clusterroles",
            "list /apis/rbac.authorization.k8s.io/v1/clusterroles?labelSelector=",
            id="to look for roles",
        ),
    ],
)
@pytest.mark.few(1)
def test_a_missing_right_is_named_with_what_would_help(
    api: SandboxApi, script: Script, verb: str, resource: str, said: str
) -> None:
    api.deny(verb, "rbac.authorization.k8s.io", resource)
    run = script()
    assert run.err.rstrip().endswith("what is told above as created or extended is done")
    assert run.code == 1
    assert run.err.startswith(f"error: {said}")
    assert f'403, {resource}.rbac.authorization.k8s.io is forbidden: User "sandbox" cannot {verb}' in run.err
    assert "run this as somebody who may, such as a cluster administrator" in run.err


@pytest.mark.parametrize("arguments", [(), ("--dry-run",)], ids=["for real", "in a dry run"])
@pytest.mark.few(1)
def test_where_nothing_was_written_yet_nothing_is_said_to_be_done(
    api: SandboxApi, script: Script, arguments: tuple[str, ...]
) -> None:
    api.deny("get", "", "serviceaccounts")
    run = script(*arguments)
    assert run.code == 1
    assert run.err.startswith("error: get /api/v1/namespaces/default/serviceaccounts/cnpg-mcp-server: 403, ")
    assert run.err.rstrip().endswith(
        "run this as somebody who may, such as a cluster administrator; nothing was written"
    )


def test_a_dry_run_that_fails_half_way_says_that_nothing_was_written(api: SandboxApi, script: Script) -> None:
    api.deny("get", "rbac.authorization.k8s.io", "clusterrolebindings")
    run = script("--dry-run")
    assert "ServiceAccount default/cnpg-mcp-server: would be created" in run.out
    assert run.err.rstrip().endswith("such as a cluster administrator; nothing was written")


def test_a_namespace_that_is_not_there_is_told(script: Script) -> None:
    run = script("--namespace", "nowhere")
    assert run.code == 1
    assert "create /api/v1/namespaces/nowhere/serviceaccounts: there is no such namespace" in run.err


def test_a_login_page_is_taken_for_no_answer(script: Script, tmp_path: Path) -> None:
    with ReplayingApi({"*": Answer(200, b"<html>")}).running() as page:
        (tmp_path / "kubeconfig").write_text(kubeconfig_text(page.url, "letmein"))
        run = script()
    assert run.code == 1
    assert "the answer is no Kubernetes object" in run.err
    assert [request.method for request in page.requests] == ["GET"]


@pytest.mark.thorough
def test_without_a_cluster_it_says_what_to_set(script: Script, tmp_path: Path) -> None:
    assert "context 'prod': " in script("--context", "prod").err
    (tmp_path / "kubeconfig").unlink()
    run = script()
    assert (run.code, run.out) == (1, "")
    assert "set KUBECONFIG" in run.err

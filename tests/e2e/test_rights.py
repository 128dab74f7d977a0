"""The optional roles of rbac/: what they grant is asked for by some tool, and what is asked for they grant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gitops_mcp.domain import kinds
from gitops_mcp.domain.objects import at
from tests.e2e.dev import Dev, dev, rbac
from tests.e2e.team import ROOT, until
from tests.fakes.rbac import Triple, granted

CLUSTER = """apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: dev}
spec: {instances: 2, storage: {size: 1Gi}}
"""


def configuration(delivery: str, provider: str) -> str:
    return f"environments: {{dev: {{path: clusters/dev, delivery: {delivery}, passwords: {{provider: {provider}}}}}}}\n"


def asked(made: Dev) -> frozenset[Triple]:
    """What was asked for and not refused."""
    return frozenset(
        (one["group"], "/".join(filter(None, (one["resource"], one["subresource"]))), one["verb"])
        for one in made.world.asked()
        if one["resource"] and (one["status"] < 400 or one["status"] == 404) and "reviews" not in one["resource"]
    )


def rights(*names: str) -> frozenset[Triple]:
    return frozenset().union(*(granted((ROOT / f"rbac/{name}.yaml").read_text()) for name in names))


def test_secrets_are_read_written_and_deleted_as_the_file_says(tmp_path: Path) -> None:
    files = {".gitops-mcp.yaml": configuration("git", "cluster"), "clusters/dev/db.yaml": CLUSTER}
    with dev(tmp_path, files=files, rules=rbac("read-only", "password-secrets")) as made:
        made.put(kinds.CLUSTER, "db", instances=2, storage={"size": "1Gi"})
        role = {"cluster_name": "db", "role_name": "ada"}
        change = made.ask.answer("create_postgres_role", **role)["change"]
        made.ask.answer("update_postgres_role", **role, change=change, rotate_password=True)
        made.ask.answer("discard_change", change=change, confirm_deletion=True)
        found = asked(made)
        assert {one for one in found if one[1] == "secrets"} == rights("password-secrets")
        assert found <= rights("read-only", "password-secrets")


@pytest.mark.thorough
def test_sealed_secrets_and_their_certificate_are_asked_for_as_the_files_say(tmp_path: Path) -> None:
    names = ("read-only", "direct", "direct-passwords", "sealing-certificate")
    files = {".gitops-mcp.yaml": configuration("direct", "sealed-secrets")}
    with dev(tmp_path, files=files, rules=rbac(*names), whole=True) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage={"size": "1Gi"})
        role = {"cluster_name": "db", "role_name": "ada"}
        made.applied("create_postgres_role", **role)
        made.applied("update_postgres_role", **role, rotate_password=True)
        for _ in range(2):
            made.applied("delete_postgres_role", **role, confirm_deletion=True)
        found = asked(made)
        assert rights("sealing-certificate") <= found
        # Applying what is not there takes `create`, though the request may be a patch.
        sealed = {one for one in rights("direct-passwords") if one[1] == "sealedsecrets"}
        assert {one for one in sealed if one[2] != "create"} <= found
        assert found <= rights(*names)
        proxied = {one["name"] for one in made.world.asked() if one["subresource"] == "proxy"}
        assert proxied == resource_names("sealing-certificate")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("tool", "file", "right"),
    [
        ("get_postgres_logs", "logs", ("", "pods/log", "get")),
        ("get_postgres_metrics", "metrics", ("", "pods/proxy", "get")),
    ],
)
def test_what_runs_is_read_as_its_file_says_and_without_it_the_rule_is_named(
    tmp_path: Path, tool: str, file: str, right: Triple
) -> None:
    rule = f'- {{apiGroups: [""], resources: [{right[1]}], verbs: [get]}}'
    for names in (("read-only", file), ("read-only",)):
        place = tmp_path / "-".join(names)
        place.mkdir()
        with dev(place, files={"clusters/dev/db.yaml": CLUSTER}, rules=rbac(*names), whole=True) as made:
            made.put(kinds.CLUSTER, "db", instances=1, storage={"size": "1Gi"})
            wait_until_up(made)
            before = len(made.world.asked())
            if file in names:
                assert made.ask.answer(tool, cluster_name="db", namespace="dev")["problems"] is not None
                assert {one for one in asked(made) if "/" in one[1]} == {right} == rights(file)
            else:
                assert rule in made.ask.refusal(tool, cluster_name="db", namespace="dev")
            new = made.world.asked()[before:]
            assert {one["status"] for one in new if one["subresource"]} == {200 if file in names else 403}


def wait_until_up(made: Dev) -> None:
    def is_up() -> bool:
        live = made.world.store.get(kinds.CLUSTER, "dev", "db")
        return bool(at(live, "status", "phase") == "Cluster in healthy state")

    until(made.world, is_up)


def resource_names(name: str) -> set[str]:
    [rule] = yaml.safe_load((ROOT / f"rbac/{name}.yaml").read_text())["rules"]
    return set(rule["resourceNames"])


@pytest.mark.thorough
@pytest.mark.parametrize("bound", [True, False])
def test_the_crds_that_are_asked_for_are_those_of_the_file_and_may_be_refused(tmp_path: Path, *, bound: bool) -> None:
    names = ("read-only", "direct", *(["read-schemas"] if bound else []))
    with dev(tmp_path, rules=rbac(*names)) as made:
        made.put(kinds.CLUSTER, "db", instances=1, storage={"size": "1Gi"})
        on = {"cluster_name": "db", "dry_run": True}
        made.ask.answer("scale_postgres_cluster", name="db", instances=2, dry_run=True)
        made.ask.answer("create_postgres_role", **on, role_name="ada", password_source="none")
        made.ask.answer("create_postgres_database", **on, database_name="shop", owner="app")
        crds = [one for one in made.world.asked() if one["resource"] == "customresourcedefinitions"]
        assert {one["name"] for one in crds} == resource_names("read-schemas")
        assert {one["status"] for one in crds} == {200 if bound else 403}
        assert {(one["group"], one["resource"], one["verb"]) for one in crds} == rights("read-schemas")
        assert len(crds) == 3

"""What is said to go with an object of each kind, and what keeps it from going."""

from __future__ import annotations

import pytest

from gitops_mcp.domain.kinds import CNPG_KINDS, OBJECT_STORE
from gitops_mcp.domain.objects import Object
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.domain.plans.generic.object_deletion import plan_object_deletion
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import build_desired
from gitops_mcp.errors import Refused

OWN_TOOLS = {"Cluster", "Database", "DatabaseRole"}
KINDS = [one.kind for one in (*CNPG_KINDS, OBJECT_STORE) if one.kind not in OWN_TOOLS]


def manifest(kind: str, name: str, spec: str) -> str:
    return (
        f"apiVersion: postgresql.cnpg.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )


def deleted(kind: str, spec: str = "{}", *, beside: str | None = None, live: Object | None = None) -> Plan:
    files = {"one.yaml": manifest(kind, "one", spec), **({"beside.yaml": beside} if beside else {})}
    desired = build_desired(files, commit="0" * 40, folder="")
    declared = desired.one(kind, "one", None, environment="prod")
    return plan_object_deletion(declared, desired, declared.identity, live=LiveCluster(live), merged=declared.object)


@pytest.mark.parametrize("kind", KINDS)
def test_a_deletion_of_each_kind_says_what_goes_and_takes_a_persons_word(kind: str) -> None:
    plan = deleted(kind)
    whom = f"{kind} one" if kind == "ClusterImageCatalog" else f"{kind} shop/one"
    assert str(plan.destroys).startswith(f"deleting {whom}: ")
    assert [(one.path, one.after) for one in plan.files] == [("one.yaml", None)]


@pytest.mark.parametrize(
    ("kind", "policy"), [("Publication", "publicationReclaimPolicy"), ("Subscription", "subscriptionReclaimPolicy")]
)
def test_replication_is_dropped_where_git_or_the_live_object_says_so(kind: str, policy: str) -> None:
    dropped = f"deleting {kind} shop/one: it is dropped in PostgreSQL ({policy} is delete), and replication by it ends"
    assert deleted(kind, f"{{{policy}: delete}}").destroys == dropped
    assert deleted(kind, live={"metadata": {}, "spec": {policy: "delete"}}).destroys == dropped
    assert "it stays in PostgreSQL" in str(deleted(kind).destroys)


@pytest.mark.parametrize(
    ("kind", "spec", "lost"),
    [
        ("ScheduledBackup", "{backupOwnerReference: self}", "no backup is made by this schedule any more; its Backup objects go with it, and what is in object storage stays"),
        ("ScheduledBackup", "{backupOwnerReference: cluster}", "no backup is made by this schedule any more; Backup objects and what is in object storage stays"),
        ("Backup", "{method: volumeSnapshot}", "the object goes; the backup in object storage stays, VolumeSnapshots that it owns go"),
    ],
)  # fmt: skip
def test_of_backups_what_the_object_owns_goes_with_it(kind: str, spec: str, lost: str) -> None:
    assert deleted(kind, spec).destroys == f"deleting {kind} shop/one: {lost}"


@pytest.mark.parametrize(
    ("kind", "user", "spec"),
    [
        ("ImageCatalog", "Cluster", "{imageCatalogRef: {kind: ImageCatalog, name: one, major: 18}}"),
        ("ImageCatalog", "Pooler", "{pgbouncer: {imageCatalogRef: {kind: ImageCatalog, name: one, key: x}}}"),
        ("Backup", "Cluster", "{bootstrap: {recovery: {backup: {name: one}}}}"),
        ("ObjectStore", "Cluster", "{plugins: [{name: x, parameters: {barmanObjectName: one}}]}"),
        ("ObjectStore", "Cluster", "{externalClusters: [{name: o, plugin: {name: x, parameters: {barmanObjectName: one}}}]}"),
    ],
)  # fmt: skip
def test_what_something_names_is_not_deleted(kind: str, user: str, spec: str) -> None:
    with pytest.raises(Refused, match=rf"{kind} shop/one is named by {user} shop/user, beside\.yaml:1"):
        deleted(kind, beside=manifest(user, "user", spec))
    with pytest.raises(Refused, match=rf"{kind} shop/one is named by {user} user, beside\.yaml:1"):
        deleted(kind, beside=manifest(user, "user", spec).replace(", namespace: shop", ""))
    assert deleted(kind, beside=manifest(user, "user", spec).replace("namespace: shop", "namespace: other")).files
    assert deleted(kind, beside=manifest(user, "user", spec.replace("one", "other"))).files

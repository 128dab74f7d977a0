"""What a new object becomes where a patch for all its kind meets it."""

from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.domain.cnpg.manifest import cluster_manifest
from gitops_mcp.domain.editing.placing.sibling_paths import FilePlace
from gitops_mcp.domain.kustomize.build import build_folder
from gitops_mcp.domain.kustomize.tree import FileTree
from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.objects import Object, at
from gitops_mcp.domain.plans.clusters.cluster import plan_new_cluster
from gitops_mcp.domain.plans.databases.database import NewDatabase, plan_new_database
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.domain.repository.build import build_desired, desired_after
from gitops_mcp.domain.repository.desired import Desired
from gitops_mcp.errors import Refused

REF = ClusterRef("trade", "quotes")
BILLS = (
    "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: bills, namespace: trade}\n"
    "spec: {instances: 3, storage: {size: 1Gi}}\n"
)
PATCH = "{kind: Cluster, apiVersion: postgresql.cnpg.io/v1, metadata: {name: any}, spec: {instances: 1, primaryUpdateMethod: switchover}}"
OPERATION = (
    '[{"op": "add", "path": "/spec/instances", "value": 1}, '
    '{"op": "add", "path": "/spec/primaryUpdateMethod", "value": "switchover"}]'
)
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: stores, namespace: flux-system}
spec:
  path: ./stores
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
"""
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


def patches(patch: str) -> str:
    return f"patches:\n  - target: {{kind: Cluster}}\n    patch: |-\n      {patch}\n"


def indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


LISTED = {"stores/bills.yaml": BILLS, "stores/kustomization.yaml": "resources: [bills.yaml]\n"}
OF_THE_ENGINE = {"prod/stores.yaml": FLUX + indented(patches(PATCH)), **LISTED}
OF_A_COMPONENT = {
    **LISTED,
    "prod/stores.yaml": FLUX + "  components: [../small]\n",
    "small/kustomization.yaml": COMPONENT + patches(OPERATION),
}


def of_the_folder(patch: str) -> dict[str, str]:
    listing = "resources:\n  - bills.yaml\n" + patches(patch)
    return {"prod/stores.yaml": FLUX, "stores/bills.yaml": BILLS, "stores/kustomization.yaml": listing}


def read(files: dict[str, str]) -> Desired:
    return build_desired(files, commit="0" * 40, folder="prod")


def manifest(instances: int) -> Object:
    return cluster_manifest(
        "quotes", "trade", instances=instances, image="pg:17", database="app", owner="app", storage_size="1Gi"
    )


def created(files: dict[str, str], instances: int = 2) -> tuple[Plan, Object]:
    """The plan, and the Cluster as it is applied then."""
    desired = read(files)
    plan = plan_new_cluster(desired, REF, manifest(instances), tried=[FilePlace("stores/quotes.yaml")], proposed=False)
    after = desired_after(desired, plan.files)
    return plan, after.cluster("quotes", "trade", environment="prod").object


@pytest.mark.parametrize("patch", [PATCH, OPERATION], ids=["merge patch", "operations"])
def test_a_field_that_a_patch_for_all_sets_is_written_behind_it_for_the_new_one_alone(patch: str) -> None:
    plan, found = created(of_the_folder(patch))
    assert at(found, "spec", "instances") == 2
    [told] = [one.message for one in plan.warnings if one.id == "overridden"]
    assert told == (
        "stores/kustomization.yaml:7 makes spec.instances 1 for others too; 2 is written for Cluster trade/quotes alone"
    )


def test_what_kustomize_makes_of_it_is_what_was_asked_for_and_nothing_of_the_others_changes() -> None:
    files = of_the_folder(PATCH)
    plan, _ = created(files)
    after = {**files, **{one.path: one.after or "" for one in plan.files}}
    made = {str(one.identity): one.object for one in build_folder(FileTree(after), "stores").produced}
    assert made["Cluster trade/quotes"]["spec"]["instances"] == 2
    assert made["Cluster trade/bills"]["spec"]["instances"] == 1


def test_a_field_that_a_patch_adds_and_nobody_asked_for_is_told_with_its_place() -> None:
    plan, _ = created(of_the_folder(PATCH))
    assert [one.message for one in plan.warnings if one.id == "patched"] == [
        (
            "Cluster trade/quotes gets what was not asked for: spec.primaryUpdateMethod: 'switchover' "
            "(stores/kustomization.yaml:7)"
        )
    ]


@pytest.mark.parametrize(
    ("files", "place", "written"),
    [
        pytest.param(OF_THE_ENGINE, "prod/stores.yaml:11", "prod/stores.yaml", id="of the Kustomization of Flux"),
        pytest.param(
            OF_A_COMPONENT, "small/kustomization.yaml:6", "stores/kustomization.yaml", id="of a component of it"
        ),
    ],
)
def test_a_patch_of_the_engine_is_met_where_it_is_outdone(files: dict[str, str], place: str, written: str) -> None:
    plan, found = created(files)
    assert at(found, "spec", "instances") == 2
    assert written in {one.path for one in plan.files}
    assert [one.message for one in plan.warnings if one.id == "overridden"] == [
        f"{place} makes spec.instances 1 for others too; 2 is written for Cluster trade/quotes alone"
    ]


REPLACEMENT = """\
resources: [bills.yaml, size.yaml]
replacements:
  - source: {kind: ConfigMap, name: size, fieldPath: data.size}
    targets:
      - select: {kind: Cluster}
        fieldPaths: [spec.storage.size]
"""
SIZE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: size}\ndata: {size: 5Gi}\n"


def test_where_no_place_is_its_own_the_request_is_refused_with_who_says_it() -> None:
    files = {"prod/stores.yaml": FLUX, "stores/bills.yaml": BILLS, "stores/size.yaml": SIZE}
    with pytest.raises(Refused) as told:
        created({**files, "stores/kustomization.yaml": REPLACEMENT})
    assert str(told.value).startswith(
        "Cluster trade/quotes would not come out as asked for: stores/kustomization.yaml:3 makes spec.storage.size "
        "'5Gi', not '1Gi', and it cannot be set for this one alone (spec.storage.size of Cluster trade/quotes (Flux"
    )


def test_what_is_asked_as_the_patch_says_it_is_created() -> None:
    plan, found = created(OF_THE_ENGINE, instances=1)
    assert at(found, "spec", "instances") == 1
    assert "overridden" not in {one.id for one in plan.warnings}


def test_an_annotation_that_a_patch_takes_away_is_asked_for_too() -> None:
    files = of_the_folder('[{"op": "remove", "path": "/metadata/annotations"}]')
    files["stores/kustomization.yaml"] = files["stores/kustomization.yaml"].replace("kind: Cluster", "name: quotes")
    kept = {**manifest(2), "metadata": {"name": "quotes", "namespace": "trade", "annotations": {"keep": "me"}}}
    with pytest.raises(Refused) as told:
        plan_new_cluster(read(files), REF, kept, tried=[FilePlace("stores/quotes.yaml")], proposed=False)
    assert "makes metadata.annotations.keep nothing, not 'me', and it cannot be set for this one alone" in str(
        told.value
    )


DATABASES = '[{"op": "add", "path": "/spec/databaseReclaimPolicy", "value": "delete"}]'


@pytest.mark.parametrize("policy", ["retain", "delete"])
def test_a_database_keeps_the_reclaim_policy_that_was_asked_for(policy: Any) -> None:
    files = of_the_folder(DATABASES)
    files["stores/kustomization.yaml"] = files["stores/kustomization.yaml"].replace("kind: Cluster", "kind: Database")
    desired = read(files)
    plan = plan_new_database(
        desired,
        desired.cluster("bills", "trade", environment="prod"),
        ClusterRef("trade", "bills"),
        NewDatabase("cards", "app", policy),
        object_name="bills-cards",
        places=[FilePlace("stores/database-cards.yaml")],
        live=None,
    )
    after = desired_after(desired, plan.files)
    found = after.one("Database", "bills-cards", "trade", environment="prod")
    assert at(found.object, "spec", "databaseReclaimPolicy") == policy


def test_text_of_a_new_object_that_flux_would_fill_in_is_written_escaped() -> None:
    desired = read({**LISTED, "prod/stores.yaml": FLUX + "  postBuild: {substitute: {TIER: gold}}\n"})
    new = manifest(2)
    new["spec"]["description"] = "${TIER} $$ "
    plan = plan_new_cluster(desired, REF, new, tried=[FilePlace("stores/quotes.yaml")], proposed=False)
    (text,) = [one.after for one in plan.files if one.path == "stores/quotes.yaml"]
    assert text is not None
    assert '  description: "$${TIER} $$$ "\n' in text
    after = desired_after(desired, plan.files).cluster("quotes", "trade", environment="prod").object
    assert after["spec"]["description"] == "${TIER} $$ "
    assert [one.id for one in plan.warnings] == []

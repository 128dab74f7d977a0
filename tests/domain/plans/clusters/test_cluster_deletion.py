"""What a deletion tells of what applies the Cluster."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gitops_mcp.domain.names import ClusterRef
from gitops_mcp.domain.plans.clusters.cluster import LiveCluster
from gitops_mcp.domain.plans.clusters.cluster_deletion import plan_cluster_deletion
from gitops_mcp.domain.plans.plan import Plan
from gitops_mcp.errors import Refused
from tests.domain.editing.test_emptied_appliers import ARGOCD, DB, FLUX, OTHER, OWN, PRUNES
from tests.domain.editing.test_shared_removal import APPS, PG
from tests.domain.repository.test_build import application, cluster, listing, model

KEEPS = {"metadata": {"annotations": {"argocd.argoproj.io/sync-options": "Delete=false"}}}
REF = ClusterRef("shop", "db")


def deleted(files: Mapping[str, str], live: LiveCluster | None = None) -> Plan:
    desired = model(files, "clusters/prod")
    declared = desired.cluster("db", "shop", environment="prod")
    return plan_cluster_deletion(declared, desired, ref=REF, live=live)


def told(plan: Plan, name: str) -> list[str]:
    return [one.message for one in plan.warnings if one.id == name]


def test_what_goes_with_the_last_object_of_its_folder_is_told() -> None:
    plan = deleted(FLUX)
    assert told(plan, "applier-removed") == [
        (
            "Flux Kustomization flux-system/orders (apps/orders.yaml:1) is removed as well, since nothing is left for it: what "
            "applies it prunes it, and it then deletes what it has applied"
        )
    ]
    assert (plan.caution, plan.next[0].partition(":")[0]) == (
        "",
        "Once merged, an engine that prunes deletes Cluster shop/db",
    )


def test_what_fails_then_and_deletes_nothing_is_told_first() -> None:
    plan = deleted(
        {"clusters/prod/app.yaml": application("orders", "db") + PRUNES, "db/db.yaml": cluster(namespace="shop")}
    )
    assert plan.headline.startswith(
        "Delete Cluster shop/db. Mind: the live Cluster stays until a person has acted: nothing is left in db for Argo CD"
    )
    assert "an engine that prunes deletes Cluster shop/db only once a person has acted: nothing is left" in plan.next[0]


@pytest.mark.parametrize("live", [None, LiveCluster(KEEPS)], ids=["in Git", "on the live object"])
def test_an_application_whose_deletion_keeps_the_database_does_not_go(live: LiveCluster | None) -> None:
    said = cluster(namespace="shop")
    kept = said.replace("spec:", '  annotations: {argocd.argoproj.io/sync-options: "Delete=false"}\nspec:')
    assert told(deleted(ARGOCD), "applier-removed")
    with pytest.raises(Refused, match=r"would have to go with the last object of its folder, and .*Delete=false"):
        deleted({**ARGOCD, "db/db.yaml": said if live else kept}, live)


def test_of_a_document_that_stays_for_others_is_told_what_goes() -> None:
    desired = model({**APPS, **PG}, "")
    declared = desired.cluster("db", "one", environment="home")
    plan = plan_cluster_deletion(declared, desired, ref=ClusterRef("one", "db"), live=None)
    assert plan.body[:2] == (
        "Takes out of what is built for this one, since the documents make others too:",
        "- Cluster one/db, components/pg/db.yaml:1",
    )


def test_a_health_check_of_what_goes_is_told() -> None:
    checks = "  healthChecks:\n    - {apiVersion: v1, kind: ConfigMap, name: db}\n    - kind: Cluster\n      name: db\n"
    files = {**FLUX, "apps/orders.yaml": OWN + checks, "db/other.yaml": OTHER}
    plan = deleted({**files, "db/kustomization.yaml": listing("db.yaml", "other.yaml")})
    assert told(plan, "health-check") == [
        (
            "Flux Kustomization flux-system/orders (apps/orders.yaml:1) waits for Cluster shop/db by its healthChecks "
            "(apps/orders.yaml:14), and is no longer Ready once that is gone: remove the check as well"
        )
    ]
    both = {**FLUX, "db/kustomization.yaml": listing("db.yaml", "other.yaml"), "db/other.yaml": OTHER}
    assert told(deleted(both), "health-check") == []
    gone = deleted({**files, **DB, "db/other.yaml": ""})
    assert (told(gone, "health-check"), len(told(gone, "applier-removed"))) == ([], 1)

"""What never arrives is said in the first line of the answer, and in the commit."""

from __future__ import annotations

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer
from tests.workflows.conftest import Api, Team, cluster, live

SSA = "kustomize.toolkit.fluxcd.io/ssa"
FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: db, namespace: flux-system}\n"
    "spec: {path: ./stores, sourceRef: {kind: GitRepository, name: flux-system}}\n"
)
ARGO = (
    "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: orders, namespace: argocd}\nspec:\n"
    "  destination: {server: https://kubernetes.default.svc, namespace: shop}\n"
    "  source: {repoURL: https://git.example.com/fleet.git, targetRevision: main, path: stores}\n"
)
CONFIGURATION = "environments: {prod: {path: prod}}\n"


def scaled(team: Team) -> WriteResult:
    request = WriteRequest("scale_postgres_cluster", None)
    return clusters.scale_cluster(team.app(), request, "db", namespace=None, instances=5)


def test_an_object_that_flux_leaves_alone_is_told_before_all_else(team: Team) -> None:
    text = cluster(more=f", annotations: {{{SSA}: Ignore}}")
    team.commit({".gitops-mcp.yaml": CONFIGURATION, "prod/flux.yaml": FLUX, "stores/db.yaml": text})
    done = scaled(team)
    told = (
        f"Cluster shop/db stays as it is: Flux leaves it alone for `{SSA}: Ignore` at stores/db.yaml:3. Take that away "
        f"first, and merge that"
    )
    assert done.summary == f"Scale Cluster shop/db to 5 instances. Mind: {told}"
    assert [one.message for one in done.warnings if one.id == "left-alone"] == [told]
    assert f"{told}\n" in team.git("log", "-1", "--format=%b", str(done.commit))


def test_what_the_live_object_alone_says_counts_too(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": CONFIGURATION, "prod/flux.yaml": FLUX, "stores/db.yaml": cluster()})
    found = live()
    found["metadata"]["annotations"] = {SSA: "Ignore"}
    api.cluster("shop", "db", Answer(200, found))
    assert (
        f"`{SSA}: Ignore`, which the live object alone has: a person takes it away with `kubectl"
        in scaled(team).summary
    )


@pytest.mark.parametrize("name", [".argocd-source.yaml", ".argocd-source-orders.yaml"])
def test_a_file_that_overrides_an_application_is_read_and_told(team: Team, name: str) -> None:
    override = "kustomize:\n  patches:\n    - target: {kind: Cluster}\n      patch: '[]'\n"
    team.commit(
        {
            ".gitops-mcp.yaml": CONFIGURATION,
            "prod/app.yaml": ARGO,
            "stores/db.yaml": cluster(),
            "stores/kustomization.yaml": "resources: [db.yaml]\n",
            f"stores/{name}": override,
        }
    )
    assert [one.message for one in scaled(team).warnings if one.id == "held-up"] == [
        f"stores/{name} overrides kustomize.patches of its source, and has the last word there"
    ]


def test_a_new_cluster_is_not_put_where_flux_never_looks(team: Team) -> None:
    team.commit(
        {
            ".gitops-mcp.yaml": CONFIGURATION,
            "prod/flux.yaml": FLUX.replace("./stores", "./prod/stores"),
            "prod/stores/drafts/db.yaml": cluster(),
            "prod/stores/live/other.yaml": cluster("other", "trade"),
            ".sourceignore": "drafts/\n",
        }
    )
    new = clusters.NewCluster("quotes", "shop", 3, "1Gi", "18", None, {}, "app", None)
    done = clusters.create_cluster(team.app(), WriteRequest("create_postgres_cluster", None), new)
    assert [one.path for one in done.files] == ["prod/stores/live/quotes.yaml"]

from __future__ import annotations

import pytest

from gitops_mcp.answers.cluster_status import ClusterInGit
from gitops_mcp.domain.notice import Notice
from gitops_mcp.domain.objects import Object
from gitops_mcp.errors import Refused
from gitops_mcp.workflows.api_once import ApisOnce
from gitops_mcp.workflows.reading.cluster_in_git import cluster_in_git, declared_cluster, unknown_cluster
from tests.fakes.api import Answer
from tests.workflows.conftest import FORBIDDEN, Api, Team, cluster, listed, live

FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\n"
    "spec: {path: ./apps, interval: 1m, sourceRef: {kind: GitRepository, name: flux-system}}\n"
)


def said(team: Team, alive: Object | None) -> ClusterInGit:
    app = team.app()
    settings, ground = app.settings()
    assert ground
    environment = app.environment(settings, None)
    declared = declared_cluster(app, ground, environment, "db", None, [], known=False)
    assert declared
    return cluster_in_git(app, ground, environment, declared, alive)


def declared(team: Team, name: str, *, known: bool = True) -> tuple[str | None, list[Notice]]:
    app = team.app()
    settings, ground = app.settings()
    warnings: list[Notice] = []
    found = declared_cluster(app, ground, app.environment(settings, None), name, None, warnings, known=known)
    return found.place if found else None, warnings


def test_git_says_where_the_cluster_is_declared_and_in_what_live_differs(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec="{instances: 3, logLevel: debug}")})
    found = said(team, live(instances=5))
    assert found.declared == "db.yaml:1"
    assert [(one.field, one.git, one.live) for one in found.differs] == [
        ("spec.instances", 3, 5),
        ("spec.logLevel", "debug", None),
    ]
    assert found.differs_more is None


def test_what_may_hold_a_secret_is_not_shown_among_the_differences(team: Team) -> None:
    team.commit({"db.yaml": cluster(spec="{externalClusters: [{name: a, connectionParameters: {password: hunter2}}]}")})
    found = said(team, live(externalClusters=[{"name": "a", "connectionParameters": {"password": "hunter3"}}]))
    assert "hunter" not in str(found.differs)
    assert found.differs


def test_differences_are_bounded_and_the_rest_is_counted(team: Team) -> None:
    team.commit(
        {"db.yaml": cluster(spec=f"{{postgresql: {{parameters: {{{', '.join(f'p{n}: a' for n in range(20))}}}}}}}")}
    )
    found = said(team, live(postgresql={"parameters": {f"p{n}": "b" for n in range(20)}}))
    assert (len(found.differs), found.differs_more) == (15, 5)


def test_only_another_document_of_the_same_cluster_was_not_chosen(team: Team) -> None:
    stale = {"old": cluster(), "open": cluster(namespace=None), "staging": cluster(namespace="staging")}
    files = {f"apps/{name}.yaml": text for name, text in stale.items()}
    base = {
        "apps.yaml": FLUX,
        "apps/db.yaml": cluster(),
        "apps/books.yaml": cluster().replace("kind: Cluster", "kind: Database"),
    }
    team.commit({"apps/kustomization.yaml": "resources: [db.yaml]\n", **base, **files})
    assert [one.partition(":")[0] for one in said(team, None).not_chosen] == ["apps/old.yaml", "apps/open.yaml"]


def test_where_nothing_is_live_nothing_differs(team: Team) -> None:
    team.commit({"db.yaml": cluster()})
    assert said(team, None).differs == []


def test_open_changes_that_touch_the_file_are_named_until_they_are_merged(team: Team) -> None:
    team.commit({"db.yaml": cluster(), "other.yaml": cluster("other")})
    for name, path in (("more", "db.yaml"), ("else", "other.yaml")):
        team.git("checkout", "--quiet", "-b", f"gitops-mcp/{name}", "main")
        team.commit({path: cluster(path.removesuffix(".yaml"), spec="{instances: 4}")})
        team.git("checkout", "--quiet", "main")
    assert said(team, live()).pending == ["more"]
    team.merge("gitops-mcp/more", squash=True)
    assert said(team, live()).pending == []


def test_a_cluster_that_git_does_not_declare_is_no_error(team: Team) -> None:
    team.commit({"db.yaml": cluster(), "helm.yaml": cluster("{{ .name }}")})
    place, warnings = declared(team, "other")
    assert place is None
    assert [one.id for one in warnings] == ["passed-over"]


def test_what_git_says_twice_is_an_error_only_where_there_is_nothing_else_to_tell(team: Team) -> None:
    team.commit({"a.yaml": cluster(), "b.yaml": cluster()})
    place, warnings = declared(team, "db")
    assert place is None
    assert [one.id for one in warnings] == ["git-unclear"]
    with pytest.raises(Refused, match="two documents declare Cluster 'db'"):
        declared(team, "db", known=False)


@pytest.mark.parametrize("readable", [True, False])
def test_an_unknown_cluster_is_told_with_near_names_of_git_and_api(team: Team, api: Api, readable: bool) -> None:
    team.commit({"a.yaml": cluster("orders-git"), "b.yaml": cluster("elsewhere", "billing")})
    api.answers["/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters?limit=500"] = (
        listed(live("orders-api")) if readable else FORBIDDEN
    )
    app = team.app()
    settings, ground = app.settings()
    environment = app.environment(settings, None)
    once = ApisOnce(app, settings).at_environment(environment)
    text = str(unknown_cluster(once, app, ground, environment, "orders", "shop"))
    assert text.startswith(f"no Cluster 'orders' in {environment.name}, namespace shop, neither live nor in Git")
    assert "orders-git" in text
    assert ("orders-api" in text) is readable
    assert "elsewhere" not in text


def test_where_the_api_is_changed_an_unknown_cluster_is_none_that_is_live(team: Team, api: Api) -> None:
    configured = "environments: {dev: {delivery: direct}}\n"
    team.commit({".gitops-mcp.yaml": configured, "a.yaml": cluster("orders-git")})
    api.answers["/apis/postgresql.cnpg.io/v1/namespaces/shop/clusters?limit=500"] = listed(live("orders-api"))
    app = team.app()
    settings, ground = app.settings()
    environment = app.environment(settings, None)
    once = ApisOnce(app, settings).at_environment(environment)
    text = str(unknown_cluster(once, app, ground, environment, "orders", "shop"))
    assert text == "no Cluster 'orders' in dev, namespace shop, none is live; there are: orders-api"


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (listed(live("orders-api")), "orders-api"),
        (FORBIDDEN, "other live names could not be looked for: list clusters"),
    ],
)
def test_near_names_are_looked_for_on_every_page(team: Team, api: Api, second: Answer, told: str) -> None:
    team.commit({})
    api.clusters("shop", listed(*[live(f"audit-{number}") for number in range(20)], cursor="more"))
    api.clusters("shop", second, cursor="more")
    app = team.app()
    settings, ground = app.settings()
    environment = app.environment(settings, None)
    once = ApisOnce(app, settings).at_environment(environment)
    assert told in str(unknown_cluster(once, app, ground, environment, "orders", "shop"))

"""A Cluster in a namespace that is new to its environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitops_mcp.answers.writes import WriteResult
from gitops_mcp.domain.access.rights import Grant, Rights, with_those_before
from gitops_mcp.workflows.writing import clusters
from gitops_mcp.workflows.writing.request import WriteRequest
from tests.fakes.api import Answer, status
from tests.workflows.conftest import Api, Team, cluster


def created(team: Team, namespace: str | None, *, environment: str | None = None) -> WriteResult:
    new = clusters.NewCluster("quotes", namespace, 3, "1Gi", "18", None, {}, "app", None)
    return clusters.create_cluster(team.app(), WriteRequest("create_postgres_cluster", environment), new)


def space(name: str, labels: str = "") -> str:
    return f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n{labels}"


def shown(team: Team, done: WriteResult, path: str) -> str:
    return team.git("show", f"{done.commit}:{path}")


CONFIGURATION = "environments: {prod: {path: prod}}\n"
KEPT = {
    ".gitops-mcp.yaml": CONFIGURATION,
    "prod/kustomization.yaml": "resources:\n  - shop\n",
    "prod/shop/kustomization.yaml": "resources:\n  - namespace.yaml\n  - db.yaml\n",
    "prod/shop/namespace.yaml": space("shop"),
    "prod/shop/db.yaml": cluster(),
}


def test_its_namespace_is_written_as_the_others_are_and_told_first(team: Team) -> None:
    team.commit(KEPT)
    done = created(team, "shopp")
    assert done.summary == (
        "Create Cluster shopp/quotes. Mind: no manifest of this environment has namespace shopp (there are: shop); it is "
        "made with this change, at prod/shopp/namespace.yaml"
    )
    assert shown(team, done, "prod/shopp/namespace.yaml") == space("shopp").rstrip()
    assert "- shopp/namespace.yaml" in shown(team, done, "prod/kustomization.yaml")
    assert "Mind:" not in team.git("log", "-1", "--format=%s", str(done.commit))
    assert "no manifest of this environment has namespace shopp" in team.git(
        "log", "-1", "--format=%b", str(done.commit)
    )


def test_labels_that_all_namespaces_have_are_given_to_it(team: Team) -> None:
    ours = "  labels:\n    backup: daily\n    team: {0}\n"
    team.commit(
        {
            **KEPT,
            "prod/kustomization.yaml": "resources:\n  - shop\n  - bank\n",
            "prod/shop/namespace.yaml": space("shop", ours.format("a")),
            "prod/bank/kustomization.yaml": "resources:\n  - namespace.yaml\n",
            "prod/bank/namespace.yaml": space("bank", ours.format("b")),
        }
    )
    done = created(team, "quotes")
    assert shown(team, done, "prod/quotes/namespace.yaml") == space("quotes", "  labels:\n    backup: daily").rstrip()


def test_where_one_file_holds_them_all_it_gets_one_more(team: Team) -> None:
    spaces = f"{space('shop')}---\n{space('bank')}"
    team.commit({**KEPT, "prod/shop/namespace.yaml": spaces})
    done = created(team, "quotes")
    assert shown(team, done, "prod/shop/namespace.yaml") == f"{spaces}---\n{space('quotes')}".rstrip()


def test_what_nothing_makes_is_warned_of_first(team: Team) -> None:
    team.commit({"prod/db.yaml": cluster(), ".gitops-mcp.yaml": CONFIGURATION})
    assert created(team, "quotes").summary == (
        "Create Cluster quotes/quotes. Mind: no manifest of this environment has namespace quotes (there are: shop); "
        "nothing here makes it: unless it is there, nothing is applied until somebody has made it"
    )


def application(options: str) -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: NAME, namespace: argocd}\nspec:\n"
        "  destination: {server: https://kubernetes.default.svc, namespace: NAME}\n"
        "  source: {repoURL: https://git.example.com/fleet.git, path: prod/NAME, directory: {recurse: true}}\n"
        f"  syncPolicy: {{syncOptions: [{options}]}}\n"
    )


def test_what_argo_cd_makes_is_told_to_come_from_there(team: Team) -> None:
    text = application("CreateNamespace=true").replace("NAME", "quotes")
    team.commit({".gitops-mcp.yaml": CONFIGURATION, "prod/apps.yaml": text, "prod/quotes/notes.yaml": "kind: none\n"})
    done = created(team, "quotes")
    assert done.summary == (
        "Create Cluster quotes/quotes. Mind: no manifest of this environment has namespace quotes (there are none); "
        "Argo CD Application argocd/quotes (prod/apps.yaml:1) makes it (CreateNamespace=true)"
    )


def test_a_namespace_of_another_environment_is_told(team: Team) -> None:
    team.commit(
        {
            **KEPT,
            ".gitops-mcp.yaml": "environments: {prod: {path: prod}, dev: {path: dev}}\n",
            "dev/kustomization.yaml": "resources: [db.yaml]\n",
            "dev/db.yaml": cluster("db", "shop-dev"),
        }
    )
    told = created(team, "shop-dev", environment="prod").summary
    assert "Mind: namespace shop-dev is one of environment dev, and no manifest of this environment has it" in told


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(KEPT | {"prod/quotes.yaml": cluster("other", "quotes")}, id="something is there"),
        pytest.param(KEPT | {"prod/spaces/quotes.yaml": space("quotes")}, id="a manifest makes it"),
        pytest.param(
            KEPT | {".gitops-mcp.yaml": "environments: {prod: {path: prod, namespaces: [shop, quotes]}}\n"},
            id="the configuration names it",
        ),
    ],
)
def test_a_namespace_that_is_known_is_not_talked_of(team: Team, files: dict[str, str]) -> None:
    if "prod/quotes.yaml" in files:
        files = files | {"prod/kustomization.yaml": "resources: [shop, quotes.yaml]\n"}
    team.commit(files)
    assert created(team, "quotes").summary == "Create Cluster quotes/quotes"


SPACE = "/api/v1/namespaces/quotes"
DENIED = status(403, "Forbidden", 'namespaces "quotes" is forbidden: User "alice" cannot get resource "namespaces"')
GONE = status(404, "NotFound", 'namespaces "quotes" not found', name="quotes", kind="namespaces")


def test_a_live_namespace_is_known_and_not_written(team: Team, api: Api) -> None:
    team.commit(KEPT)
    api.answers[SPACE] = Answer(200, {"metadata": {"name": "quotes"}})
    done = created(team, "quotes")
    assert done.summary == "Create Cluster quotes/quotes"
    assert "prod/quotes/namespace.yaml" not in [one.path for one in done.files]


def test_one_that_is_not_live_either_is_told_first_and_written(team: Team, api: Api) -> None:
    team.commit(KEPT)
    api.answers[SPACE] = GONE
    done = created(team, "quotes")
    assert (
        "Mind: no manifest of this environment has namespace quotes, and no live Namespace has that name (there are: shop); "
        "it is made with this change, at prod/quotes/namespace.yaml"
    ) in done.summary


def test_the_right_that_is_missing_to_look_for_it_is_named(team: Team, api: Api) -> None:
    team.commit(KEPT)
    api.answers[SPACE] = DENIED
    done = created(team, "quotes")
    assert "Mind: no manifest of this environment has namespace quotes (there are: shop)" in done.summary
    [told] = [one.message for one in done.warnings if one.id == "live-unavailable" and "Namespace" in one.message]
    assert told.startswith("whether there is a live Namespace quotes could not be read: ")
    assert "get namespaces 'quotes' cluster-wide" in told
    assert "an administrator adds it to a ClusterRole that is bound to that user" in told


def test_a_live_one_of_another_environment_is_told_all_the_same(team: Team, api: Api) -> None:
    team.commit(
        {**KEPT, ".gitops-mcp.yaml": "environments: {prod: {path: prod}, dev: {path: dev, namespaces: [quotes]}}\n"}
    )
    api.answers[SPACE] = Answer(200, {"metadata": {"name": "quotes"}})
    done = created(team, "quotes", environment="prod")
    assert "namespace quotes is one of environment dev, and no manifest of this environment has it" in done.summary
    assert done.summary.endswith("(there are: shop); it is there already")
    assert "prod/quotes/namespace.yaml" not in [one.path for one in done.files]


@pytest.mark.parametrize(
    ("own", "told"),
    [
        pytest.param({}, "(there are none); nothing here makes it: unless", id="none of their own"),
        pytest.param(
            {"prod/shop/namespace.yaml": space("shop"), "prod/shop/db.yaml": cluster()},
            "(there are: shop); it is made with this change, at prod/nova/namespace.yaml",
            id="one of their own",
        ),
    ],
)
def test_namespaces_outside_the_rights_are_neither_told_nor_followed(
    team: Team, own: dict[str, str], told: str
) -> None:
    ours = "  labels: {of: bank}\n"
    team.commit(
        {
            ".gitops-mcp.yaml": CONFIGURATION,
            "prod/a/bank/ledger/space.yaml": space("bank", ours) + "---\n" + space("bank-two", ours),
            "prod/a/bank/ledger/db.yaml": cluster("ledger", "bank"),
            **own,
        }
    )
    grant = Grant(with_those_before(["propose"]), namespaces=("shop", "nova"))
    asks = replace(team.app(), rights=Rights((grant,), grant.scopes, "jane"), writes=True)
    new = clusters.NewCluster("quotes", "nova", 3, "1Gi", "18", None, {}, "app", None)
    done = clusters.create_cluster(asks, WriteRequest("create_postgres_cluster", None), new)
    assert told in done.summary
    assert "bank" not in done.summary + str([one.path for one in done.files]) + str(done.warnings)
    if own:
        assert shown(team, done, "prod/nova/namespace.yaml") == space("nova").rstrip()

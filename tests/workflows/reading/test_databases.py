from __future__ import annotations

from typing import Any

import pytest

from gitops_mcp.answers.members import DatabaseList, DatabaseRow
from gitops_mcp.domain.objects import Object
from gitops_mcp.workflows.reading.databases import list_databases
from tests.fakes.api import Answer, status
from tests.workflows.conftest import ABSENT, FORBIDDEN, Api, Team, cluster, listed, live

INITDB = "{instances: 3, bootstrap: {initdb: {database: app, owner: app}}}"


def document(name: str, spec: str = ", owner: app") -> str:
    return (
        "apiVersion: postgresql.cnpg.io/v1\nkind: Database\n"
        f"metadata: {{name: db-{name}, namespace: shop}}\nspec: {{name: {name}, cluster: {{name: db}}{spec}}}\n"
    )


def database(name: str, *, applied: bool = True, message: str = "", **spec: Any) -> Object:
    return {
        "metadata": {"name": f"db-{name}", "namespace": "shop", "generation": 1},
        "spec": {"name": name, "cluster": {"name": "db"}, "owner": "app", **spec},
        "status": {"applied": applied, "observedGeneration": 1, "message": message},
    }


def listing(team: Team) -> DatabaseList:
    return list_databases(team.app(), "db", namespace=None, environment=None, limit=50, cursor=None)


def rows(team: Team) -> dict[str, DatabaseRow]:
    return {row.name: row for row in listing(team).items}


@pytest.mark.parametrize(
    ("said", "alive", "state", "message"),
    [
        pytest.param("", [database("books")], "reconciled", None, id="as Git says"),
        pytest.param(
            "", [database("books", owner="b")], "pending", "it is not applied yet as Git says it", id="another owner"
        ),
        pytest.param("", [database("books", applied=False, message="no role")], "failing", "no role", id="refused"),
        pytest.param(", ensure: absent", [database("books", ensure="absent")], "dropped", None, id="dropped"),
        pytest.param(
            ", ensure: absent",
            [database("books")],
            "pending",
            "it is not applied yet as Git says it",
            id="to be dropped",
        ),
        pytest.param("", [], "only_in_git", None, id="not live"),
        pytest.param("", [database("books", cluster={"name": "x"})], "only_in_git", None, id="of another Cluster"),
    ],
)
@pytest.mark.few(2)
def test_a_database_of_git_is_where_its_status_says(
    team: Team, api: Api, said: str, alive: list[Object], state: str, message: str | None
) -> None:
    team.commit({"db.yaml": cluster(), "books.yaml": document("books", f", owner: app{said}")})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databases", listed(*alive))
    found = rows(team)["books"]
    assert (found.state, found.message) == (state, message)
    assert (found.object, found.owner, found.declared) == ("db-books", "app", "books.yaml:1")


def test_the_live_reclaim_policy_is_told_since_it_decides(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "books.yaml": document("books")})
    api.cluster("shop", "db", Answer(200, live()))
    assert rows(team)["books"].reclaim_policy == "retain"
    api.objects("databases", listed(database("books", databaseReclaimPolicy="delete")))
    assert rows(team)["books"].reclaim_policy == "delete"


def test_extensions_and_schemas_are_named_with_those_that_are_to_go(team: Team, api: Api) -> None:
    parts = ", extensions: [{name: vector}, {name: ltree, ensure: absent}], schemas: [{name: audit}]"
    team.commit({"db.yaml": cluster(), "books.yaml": document("books", parts)})
    found = rows(team)["books"]
    assert (found.extensions, found.schemas) == (["vector", "ltree (absent)"], ["audit"])


def test_databases_that_only_the_api_has_are_told_so_unless_it_is_what_is_changed(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects(
        "databases",
        listed(
            database("by_hand"), database("broken", applied=False, message="no"), database("x", cluster={"name": "x"})
        ),
    )
    assert {name: (row.state, row.message) for name, row in rows(team).items()} == {
        "broken": ("failing", "no"),
        "by_hand": ("only_live", None),
        "app": ("pending", None),
    }
    team.commit({".gitops-mcp.yaml": "environments: {dev: {delivery: direct}}\n"})
    assert rows(team)["by_hand"].state == "reconciled"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        pytest.param(
            Answer(200, live() | {"status": {"currentPrimary": "db-1"}}), "reconciled", id="the primary is up"
        ),
        pytest.param(Answer(200, live()), "pending", id="no primary yet"),
        pytest.param(ABSENT, "only_in_git", id="no Cluster yet"),
        pytest.param(status(503, "ServiceUnavailable", "down"), "unknown", id="no API"),
    ],
)
def test_the_database_of_the_bootstrap_needs_no_object(team: Team, api: Api, answer: Answer, state: str) -> None:
    team.commit({"db.yaml": cluster(spec=INITDB)})
    alive = answer.body
    if answer.status == 200:
        alive["spec"]["bootstrap"] = {"initdb": {"database": "app", "owner": "app"}}
    api.cluster("shop", "db", answer)
    found = rows(team)["app"]
    assert (found.state, found.origin, found.owner, found.declared) == (state, "bootstrap", "app", "db.yaml:1")


def test_a_database_object_of_that_name_is_shown_instead_of_the_bootstrap(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec=INITDB), "app.yaml": document("app")})
    api.cluster("shop", "db", Answer(200, live()))
    assert [(row.name, row.origin) for row in listing(team).items] == [("app", None)]


def test_open_changes_are_named_at_the_databases_they_touch(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "books.yaml": document("books")})
    for name, files in (
        ("owner", {"books.yaml": document("books", ", owner: other")}),
        ("add", {"more.yaml": document("more")}),
        ("remove", {"books.yaml": None}),
    ):
        team.git("checkout", "--quiet", "-b", f"gitops-mcp/{name}", "main")
        team.commit(files)
        team.git("checkout", "--quiet", "main")
    api.cluster("shop", "db", Answer(200, live()))
    found = rows(team)
    assert sorted(found["books"].pending) == ["owner", "remove"]
    assert (found["more"].state, found["more"].pending, found["more"].declared) == ("proposed", ["add"], None)


def test_databases_that_may_not_be_read_are_named_and_git_is_shown(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "books.yaml": document("books")})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databases", FORBIDDEN)
    found = listing(team)
    assert {row.name: row.state for row in found.items} == {"app": "pending", "books": "unknown"}
    assert [one.id for one in found.warnings] == ["unreadable"]


def test_databases_of_a_cluster_whose_namespace_nothing_says_are_those_that_git_declares(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace=None)})
    api.clusters(None, listed(), named="db")
    found = list_databases(team.app(), "db", namespace=None, environment=None, limit=50, cursor=None)
    assert [(one.name, one.state) for one in found.items] == [("app", "only_in_git")]
    assert (found.namespace, [one.id for one in found.warnings]) == (None, ["namespace-unknown"])

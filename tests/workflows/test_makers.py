"""A Cluster that no document declares: what the repository has that may make it, in every answer that knows none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitops_mcp import tools
from gitops_mcp.app import App
from gitops_mcp.caller import Nobody
from gitops_mcp.errors import GitOpsError, NotFound, Unavailable
from tests.fakes.api import status
from tests.workflows.conftest import Api, Team, cluster, listed

PROGRAM = 'db = cnpg.PostgresqlCnpgIoV1Cluster {\n    metadata.name = "orders"\n}\n'
MODULES = '[submodule "x"]\n\tpath = databases\n\turl = https://git.example.com/databases.git\n'
TOLD = (
    "files that may make one: apps/db.k:1 is a KCL program: change what it makes there by hand, and run it; databases "
    "is a Git submodule of https://git.example.com/databases.git: what it holds is in that repository, and is "
    "changed there"
)
FILES: dict[str, str | None] = {"apps/db.k": PROGRAM, ".gitmodules": MODULES}


def call(app: App, asked: str, **arguments: Any) -> Any:
    tool = next(one for one in tools.ALL if one.name == asked)
    with app.called(Nobody()) as called:
        return tool.function(called, **arguments)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda app: call(app, "get_cluster_status", cluster_name="orders"), id="status"),
        pytest.param(lambda app: call(app, "scale_postgres_cluster", cluster_name="orders", instances=4), id="scale"),
        pytest.param(lambda app: call(app, "delete_postgres_cluster", cluster_name="orders"), id="deletion"),
        pytest.param(lambda app: call(app, "create_postgres_role", cluster_name="orders", role_name="x", password_source="none"), id="a role"),
        pytest.param(lambda app: call(app, "list_postgres_roles", cluster_name="orders"), id="roles"),
        pytest.param(lambda app: call(app, "list_postgres_databases", cluster_name="orders"), id="databases"),
    ],
)  # fmt: skip
@pytest.mark.few(2)
def test_what_asks_for_an_unknown_cluster_is_told_what_may_make_it(
    team: Team, api: Api, ask: Callable[[App], object]
) -> None:
    team.commit(FILES)
    for space in (None, "shop"):
        api.clusters(space, listed())
        api.clusters(space, listed(), named="orders")
    with pytest.raises(NotFound) as raised:
        ask(team.app())
    assert TOLD in str(raised.value)


def test_a_list_without_the_api_says_what_may_make_clusters(team: Team, api: Api) -> None:
    team.commit(FILES)
    api.clusters(None, status(401, "Unauthorized", "Unauthorized"), limit=50)
    with pytest.raises(Unavailable, match=r"and Git declares no Cluster there; files that may make one: apps/db\.k:1"):
        call(team.app(), "list_postgres_clusters")


def test_an_empty_list_of_the_api_says_what_may_make_clusters(team: Team, api: Api) -> None:
    team.commit(FILES)
    api.clusters(None, listed(), limit=50)
    found = call(team.app(), "list_postgres_clusters")
    assert [(one.id, one.message) for one in found.warnings] == [("made-otherwise", TOLD)]


def test_nothing_is_looked_for_where_a_cluster_is_found(team: Team, api: Api) -> None:
    team.commit({**FILES, "orders.yaml": cluster("orders")})
    api.clusters(None, status(401, "Unauthorized", "Unauthorized"), limit=50)
    found = call(team.app(), "list_postgres_clusters")
    assert [one.id for one in found.warnings] == ["live-unavailable"]


def test_a_repository_that_mentions_none_says_no_more_than_before(team: Team, api: Api) -> None:
    team.commit({"README.md": "postgresql.cnpg.io/v1\n", "a.yaml": "kind: ConfigMap\n"})
    with pytest.raises(GitOpsError) as raised:
        call(team.app(), "scale_postgres_cluster", cluster_name="orders", instances=4)
    assert "files that may make one" not in str(raised.value)

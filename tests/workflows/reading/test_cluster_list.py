from __future__ import annotations

import base64
import json

import pytest

from gitops_mcp.answers.base import TEXT_MAX
from gitops_mcp.answers.clusters import ClusterList
from gitops_mcp.errors import InvalidRequest, Unavailable
from gitops_mcp.workflows.reading.cluster_list import list_clusters
from tests.fakes.api import status
from tests.workflows.conftest import FORBIDDEN, Api, Team, cluster, listed, live

TWO = "environments: {dev: {namespaces: [shop, billing]}}\n"


def shown(team: Team, *, detailed: bool = False, limit: int = 50, cursor: str | None = None) -> ClusterList:
    return list_clusters(team.app(), environment=None, namespace=None, detailed=detailed, limit=limit, cursor=cursor)


def cursor_of(*values: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param(base64.urlsafe_b64encode(b"[" * 3000).decode(), id="too deep"),
        pytest.param(cursor_of("default", None, False, 50, 7, None, 0, 0, False), id="no such namespace"),
        pytest.param(cursor_of("default", None, False, 50, 0, {"a": 1}, 0, 0, False), id="a token that is no text"),
        pytest.param(cursor_of("default", None, False, 50, 0, None, True, 0, False), id="a boolean"),
        pytest.param(cursor_of("default", None, False, 50, 0, None, 0, 0, 5), id="a number"),
        pytest.param("é", id="not base64"),
    ],
)
def test_a_cursor_that_was_tampered_with_is_refused(team: Team, api: Api, cursor: str) -> None:
    team.commit({"db.yaml": cluster()})
    with pytest.raises(InvalidRequest, match="leave it out to start again"):
        shown(team, cursor=cursor)


def test_a_namespace_that_may_not_be_listed_is_named_and_the_others_are_shown(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": TWO, "db.yaml": cluster()})
    api.clusters("shop", FORBIDDEN, limit=50)
    api.clusters("billing", listed(live(namespace="billing")), limit=50)
    found = shown(team)
    assert [(row.namespace, row.live) for row in found.items] == [("billing", None)]
    assert [one.id for one in found.warnings] == ["forbidden"]
    assert found.total is None


def test_where_no_namespace_may_be_listed_git_answers(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": TWO, "db.yaml": cluster(), "odd.yaml": cluster("odd", None)})
    api.clusters("shop", FORBIDDEN, limit=50)
    api.clusters("billing", FORBIDDEN, limit=50)
    found = shown(team)
    assert [(row.namespace, row.name, row.live) for row in found.items] == [
        ("shop", "db", "unavailable"),
        (None, "odd", "unavailable"),
    ]
    assert [one.id for one in found.warnings] == ["live-unavailable"]


def test_what_git_says_is_not_continued_with_what_is_live_nor_the_other_way_round(team: Team, api: Api) -> None:
    team.commit({"a.yaml": cluster("a"), "b.yaml": cluster("b")})
    down = status(503, "ServiceUnavailable", "down")
    api.clusters(None, down, limit=1)
    first = shown(team, limit=1)
    assert ([row.name for row in first.items], first.items[0].live) == (["a"], "unavailable")
    api.clusters(None, listed(live("a"), cursor="next", remaining=1), limit=1)
    second = shown(team, limit=1, cursor=first.cursor)
    assert [(row.name, row.live) for row in second.items] == [("b", "unavailable")]
    of_live = shown(team, limit=1)
    api.clusters(None, down, limit=1, cursor="next")
    with pytest.raises(Unavailable):
        shown(team, limit=1, cursor=of_live.cursor)


def test_what_git_does_not_say_as_a_number_is_not_told_as_one(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(spec="{instances: '${N}'}"), "one.yaml": cluster("one", spec="{}")})
    found = shown(team)
    assert [row.instances for row in found.items] == [None, 1]
    assert "| shop/db | ?/? |" in found.markdown()


def test_files_that_cannot_be_read_are_counted_where_git_answers(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(), "helm.yaml": cluster("x") + "{{ if }}\n"})
    assert [(one.id, one.message[:42]) for one in shown(team).warnings][1:] == [
        ("passed-over", "1 file passed over as unreadable, the firs")
    ]


def test_without_a_repository_nothing_is_said_about_git(team: Team, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from gitops_mcp.app import App
    from gitops_mcp.config import Flags

    monkeypatch.chdir(team.root.parent)
    api.clusters(None, listed(live()), limit=30)
    found = list_clusters(App.open(Flags()), environment=None, namespace=None, detailed=True, limit=50, cursor=None)
    assert found.items[0].declared is None


def test_many_clusters_of_long_names_and_images_fit_into_one_answer(team: Team, api: Api) -> None:
    items = [live(f"db-{n}", imageName="|" * 5000) for n in range(80)]
    api.clusters(None, listed(*items), limit=80)
    team.commit({"db.yaml": cluster()})
    found = shown(team, limit=500)
    assert found.fits
    assert len(found.markdown()) <= TEXT_MAX
    assert found.cursor is not None

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from gitops_mcp.adapters.kube import Kube
from gitops_mcp.app import App
from gitops_mcp.domain.kinds import CLUSTER, DATABASE, POD
from gitops_mcp.errors import Forbidden, NotInstalled, Unavailable
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from tests.fakes.api import Answer, ReplayingApi, status
from tests.workflows.conftest import ABSENT, FORBIDDEN, GROUP, Api, Team, listed, live

DB = f"{GROUP}/namespaces/shop/clusters/db"
PODS = "/api/v1/namespaces/shop/pods"
DOWN = status(503, "ServiceUnavailable", "down")


def once() -> ApiOnce:
    return ApiOnce(Kube(context=None, timeout=5), {})


def test_an_object_is_asked_for_once(api: Api) -> None:
    api.answers[DB] = Answer(200, live())
    seen = once()
    assert seen.get(CLUSTER, "shop", "db") == seen.get(CLUSTER, "shop", "db") == live()
    assert api.asked == [DB]


def test_that_there_is_no_such_object_is_remembered_too(api: Api) -> None:
    api.answers[DB] = ABSENT
    seen = once()
    assert [seen.get(CLUSTER, "shop", "db") for _ in range(2)] == [None, None]
    assert api.asked == [DB]


def test_a_list_is_asked_for_once_for_each_selection(api: Api) -> None:
    api.answers[f"{PODS}?limit=500&labelSelector=a%3Db"] = listed({"metadata": {"name": "one"}})
    api.answers[f"{PODS}?limit=500"] = listed({"metadata": {"name": "one"}}, {"metadata": {"name": "two"}})
    seen = once()
    for _ in range(2):
        assert len(seen.every(POD, "shop", labels="a=b")) == 1
        assert len(seen.every(POD, "shop")) == 2
    assert api.asked == [PODS, PODS]


def test_what_a_list_has_and_what_a_whole_list_has_not_is_not_asked_for_again(api: Api) -> None:
    clusters = f"{GROUP}/namespaces/shop/clusters"
    api.answers[f"{clusters}?limit=500"] = listed(live())
    seen = once()
    assert len(seen.every(CLUSTER, "shop")) == 1
    assert (seen.get(CLUSTER, "shop", "db"), seen.get(CLUSTER, "shop", "other")) == (live(), None)
    assert api.asked == [clusters]


def test_what_a_selection_has_not_is_asked_for(api: Api) -> None:
    clusters = f"{GROUP}/namespaces/shop/clusters"
    api.answers[f"{clusters}?limit=500&labelSelector=a%3Db"] = listed()
    api.answers[DB] = Answer(200, live())
    seen = once()
    seen.every(CLUSTER, "shop", labels="a=b")
    assert seen.get(CLUSTER, "shop", "db") == live()
    assert api.asked == [clusters, DB]


def test_each_page_of_a_list_is_asked_for_once(api: Api) -> None:
    api.answers[f"{PODS}?limit=1"] = listed({"metadata": {"name": "one"}}, cursor="next")
    api.answers[f"{PODS}?limit=1&continue=next"] = listed({"metadata": {"name": "two"}})
    seen = once()
    for _ in range(2):
        first = seen.page(POD, "shop", limit=1)
        assert [one["metadata"]["name"] for one in first.items] == ["one"]
        second = seen.page(POD, "shop", limit=1, cursor=first.cursor)
        assert [one["metadata"]["name"] for one in second.items] == ["two"]
    assert len(api.requests) == 2


def test_any_one_of_many_is_the_first_of_a_page_of_one(api: Api) -> None:
    api.answers[f"{PODS}?limit=1&labelSelector=a%3Db"] = listed({"metadata": {"name": "one"}})
    api.answers[f"{PODS}?limit=1&labelSelector=a%3Dc"] = listed()
    assert (once().first(POD, "shop", labels="a=b") or {})["metadata"]["name"] == "one"
    assert once().first(POD, "shop", labels="a=c") is None


def test_what_may_not_be_read_is_refused_again_without_being_asked_again(api: Api) -> None:
    api.answers[DB] = FORBIDDEN
    seen = once()
    for _ in range(2):
        with pytest.raises(Forbidden):
            seen.get(CLUSTER, "shop", "db")
    with pytest.raises(NotInstalled):  # asked all the same: only that object may not be read
        seen.every(DATABASE, "shop")
    assert len(api.requests) == 2


def test_an_api_that_does_not_answer_is_left_alone(api: Api) -> None:
    api.answers[DB] = DOWN
    seen = once()
    with pytest.raises(Unavailable) as first:
        seen.get(CLUSTER, "shop", "db")
    with pytest.raises(Unavailable) as second:
        seen.every(POD, "shop")
    assert second.value is first.value
    assert api.asked == [DB]


def test_what_was_read_before_the_outage_is_still_known(api: Api) -> None:
    api.answers[DB] = Answer(200, live())
    api.answers[f"{PODS}?limit=500"] = DOWN
    seen = once()
    seen.get(CLUSTER, "shop", "db")
    with pytest.raises(Unavailable):
        seen.every(POD, "shop")
    assert seen.get(CLUSTER, "shop", "db") == live()


def test_a_part_that_fails_beside_others_stops_none_of_them_and_is_not_asked_for_again(api: Api) -> None:
    api.answers[f"{PODS}?limit=500"] = DOWN
    api.answers[DB] = Answer(200, live())
    seen = once()
    for _ in range(2):
        with pytest.raises(Unavailable):
            seen.for_one_part().every(POD, "shop")
    assert seen.for_one_part().get(CLUSTER, "shop", "db") == seen.get(CLUSTER, "shop", "db") == live()
    assert api.asked == [PODS, DB]


def test_environments_and_engines_of_one_context_share_what_was_said(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {path: dev}, prod: {path: prod, context: kind-dev}}\n"})
    app: App = team.app()
    settings, _ = app.settings()
    apis = ApisOnce(app, settings)
    dev, prod = settings.environments["dev"], settings.environments["prod"]
    assert apis.at_environment(dev) is apis.at_engine(dev)
    assert apis.at_environment(prod) is not apis.at_environment(dev), "the same API by another context's rights"


def test_parts_are_read_side_by_side_and_told_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(4, timeout=20)

    class Waiting(ReplayingApi):
        def answer(self, path: str) -> Answer:
            """Nobody is answered before four have asked."""
            together.wait()
            return listed({"metadata": {"name": path.split("/")[5]}})

    with Waiting().running() as running:
        config = {
            "current-context": "dev",
            "clusters": [{"name": "here", "cluster": {"server": running.url}}],
            "contexts": [{"name": "dev", "context": {"cluster": "here"}}],
        }
        (tmp_path / "kubeconfig").write_text(json.dumps(config))
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
        spaces = ["d", "a", "c", "b"]
        read = once().side_by_side(lambda api, space: api.every(CLUSTER, space), spaces)
    assert [one["metadata"]["name"] for part in read for one in part] == spaces


def test_of_parts_that_fail_the_first_is_told_and_none_is_left_out_for_another(api: Api) -> None:
    for space, answer in (("a", listed()), ("b", FORBIDDEN), ("c", DOWN), ("d", ABSENT)):
        api.clusters(space, answer)
    for _ in range(5):
        api.requests.clear()
        with pytest.raises(Forbidden, match="in namespace 'b'"):
            once().side_by_side(lambda api, space: api.every(CLUSTER, space), ["a", "b", "c", "d"])
        assert len(api.asked) == 4


def test_an_api_that_answers_for_no_part_is_left_alone_afterwards(api: Api) -> None:
    for space, answer in (("a", DOWN), ("b", DOWN), ("c", listed())):
        api.clusters(space, answer)
    seen = once()
    with pytest.raises(Unavailable):
        seen.side_by_side(lambda there, space: there.every(CLUSTER, space), ["a", "c"])
    assert seen.every(CLUSTER, "c") == ()
    other = once()
    with pytest.raises(Unavailable):
        other.side_by_side(lambda there, space: there.every(CLUSTER, space), ["a", "b"])
    api.requests.clear()
    with pytest.raises(Unavailable):
        other.every(CLUSTER, "c")
    assert api.asked == []

"""The clusters of every environment in one list."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gitops_mcp.answers.clusters import ClusterList
from gitops_mcp.errors import InvalidRequest
from gitops_mcp.workflows.reading.clusters.every_environment import list_all_clusters
from tests.fakes.api import ReplayingApi, status
from tests.workflows.conftest import GROUP, Team, cluster, listed, live

HEALTHY = {"type": "ContinuousArchiving", "status": "True"}


def kubeconfig(path: Path, servers: dict[str, str]) -> Path:
    named = [{"name": name, "cluster": {"server": url}} for name, url in servers.items()]
    contexts = [{"name": name, "context": {"cluster": name, "user": "u"}} for name in servers]
    users = [{"name": "u", "user": {"token": "t"}}]
    path.write_text(yaml.safe_dump({"clusters": named, "contexts": contexts, "users": users, "current-context": ""}))
    return path


@pytest.fixture
def two(team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Environments `dev` and `prod`, each with an API of its own."""
    dev, prod = ReplayingApi(), ReplayingApi()
    with dev.running(), prod.running():
        config = kubeconfig(tmp_path / "kubeconfig", {"dev": dev.url, "prod": prod.url})
        monkeypatch.setenv("KUBECONFIG", str(config))
        team.commit(
            {
                ".gitops-mcp.yaml": "environments:\n  dev: {context: dev, path: dev}\n  prod: {context: prod, path: prod}\n",
                "dev/db.yaml": cluster(),
                "prod/db.yaml": cluster(),
            }
        )
        yield dev, prod


def serve(api: ReplayingApi, limit: int, *names: str) -> None:
    api.answers[f"{GROUP}/clusters?limit={limit}"] = listed(*map(live, names))


def listing(team: Team, *, limit: int = 50, cursor: str | None = None) -> ClusterList:
    return list_all_clusters(team.app(), namespace=None, detailed=False, limit=limit, cursor=cursor, unwell=False)


def test_each_cluster_is_told_with_its_environment(team: Team, two: tuple[ReplayingApi, ReplayingApi]) -> None:
    serve(two[0], 50, "db")
    serve(two[1], 49, "db", "orders")
    found = listing(team)
    assert [(one.environment, one.name) for one in found.items] == [("dev", "db"), ("prod", "db"), ("prod", "orders")]
    assert (found.environment, found.total, found.cursor) == ("all", 3, None)
    assert "prod: shop/orders" in found.markdown()


def test_one_that_does_not_answer_is_named_and_the_others_are_listed(
    team: Team, two: tuple[ReplayingApi, ReplayingApi]
) -> None:
    team.commit({"dev/db.yaml": None, "dev/none.yaml": ""})
    two[0].answers["*"] = status(503, "ServiceUnavailable", "not now")
    serve(two[1], 50, "db")
    found = listing(team)
    assert [(one.environment, one.name) for one in found.items] == [("prod", "db")]
    assert found.total is None
    assert [one.message.partition(":")[0] for one in found.warnings] == ["dev"]


def test_a_list_goes_on_in_the_next_environment(team: Team, two: tuple[ReplayingApi, ReplayingApi]) -> None:
    serve(two[0], 2, "a", "b")
    serve(two[1], 2, "c")
    first = listing(team, limit=2)
    assert [one.name for one in first.items] == ["a", "b"]
    assert first.cursor
    second = listing(team, limit=2, cursor=first.cursor)
    assert [(one.environment, one.name) for one in second.items] == [("prod", "c")]
    assert second.cursor is None
    with pytest.raises(InvalidRequest, match="cursor: it belongs to other arguments"):
        listing(team, limit=3, cursor=first.cursor)


def test_findings_are_what_the_cluster_itself_shows_to_be_wrong(
    team: Team, two: tuple[ReplayingApi, ReplayingApi]
) -> None:
    broken = live("broken")
    broken["status"] |= {"readyInstances": 1, "phase": "Failing over"}
    two[0].answers[f"{GROUP}/clusters?limit=50"] = listed(broken)
    serve(two[1], 49)
    (row,) = listing(team).items
    assert row.findings == "critical phase-degraded, instances-missing, no-archiver"
    assert "no-archiver" in listing(team).markdown()

"""What a status tells of logs and metrics: as far as they may be read, and first what is wrong."""

from __future__ import annotations

from gitops_mcp.answers.cluster_status import ClusterStatus
from gitops_mcp.app import App
from gitops_mcp.domain.objects import Object
from gitops_mcp.workflows.reading.clusters.status import read_cluster_status
from tests.fakes.api import Answer, status
from tests.fakes.observed_logs import recorded_log
from tests.fakes.observed_metrics import recorded_page, recorded_status
from tests.workflows.conftest import Api, Team, cluster, listed, live

PODS = "/api/v1/namespaces/shop/pods"
REFUSED = status(403, "Forbidden", 'pods "db-1" is forbidden: User "bob" cannot get it', name="db-1", kind="pods")
UNREACHED = status(503, "ServiceUnavailable", "error trying to reach service: dial tcp 10.244.0.9:9187: i/o timeout")


def told(app: App, *, detailed: bool = False) -> ClusterStatus:
    return read_cluster_status(app, "db", namespace="shop", environment=None, detailed=detailed)


def ids(found: ClusterStatus) -> list[str]:
    return [one.id for one in found.problems]


def serve(api: Api, *lines: str, page: Answer | str = "primary-healthy", log: Answer | None = None) -> None:
    """A healthy Cluster of one instance, what that has logged, and what its exporter says."""
    own = {"cnpg.io/cluster": "db", "cnpg.io/podRole": "instance"}
    pod: Object = {
        "metadata": {"name": "db-1", "namespace": "shop", "labels": own},
        "spec": {"containers": [{"name": "postgres"}]},
        "status": {"phase": "Running"},
    }
    api.cluster("shop", "db", Answer(200, live(instances=1)))
    api.answers[f"{PODS}?limit=500&labelSelector=cnpg.io%2Fcluster%3Ddb"] = listed(pod)
    body = "".join(f"{one}\n" for one in lines).encode()
    api.logs[f"{PODS}/db-1/log", False] = log or Answer(200, body)
    measured = page if isinstance(page, Answer) else Answer(200, recorded_page(page))
    api.answers[f"{PODS}/db-1:9187/proxy/metrics"] = measured
    api.answers[f"{PODS}/https:db-1:8000/proxy/pg/status"] = Answer(200, recorded_status("primary"))


def paths(api: Api) -> list[str]:
    return [one.path for one in api.requests if "/log" in one.path or "/proxy/" in one.path]


def test_what_the_log_alone_tells_is_among_the_problems_of_a_healthy_cluster(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    serve(api, *recorded_log("reload-bad-parameter"))
    found = told(team.app())
    assert (found.phase, found.not_read) == ("Cluster in healthy state", [])
    # The worst stands first, wherever it was seen.
    refused, *others = found.problems
    assert (refused.id, refused.severity) == ("parameters-refused", "critical")
    assert {one.severity for one in others} == {"warning", "info"}
    assert "PostgreSQL refuses its configuration" in refused.what
    assert found.markdown().index("PostgreSQL refuses its configuration") < found.markdown().index("## Summary")


def test_what_the_metrics_alone_tell_is_among_them_too(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    serve(api, page="primary-too-many-connections")
    assert "not-collected" in ids(told(team.app()))


def test_of_a_cluster_that_is_well_logs_and_metrics_tell_nothing(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    before = ids(told_without(team, api))
    serve(api, *recorded_log("start-up-primary"), *recorded_log("healthy-running"))
    assert ids(told(team.app())) == before


def told_without(team: Team, api: Api) -> ClusterStatus:
    """What is told of it where neither may be read."""
    serve(api, page=REFUSED, log=REFUSED)
    api.answers[f"{PODS}/https:db-1:8000/proxy/pg/status"] = REFUSED
    return told(team.app())


def test_what_may_not_be_read_is_named_and_not_asked_for_each_time(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    serve(api, page=UNREACHED, log=REFUSED)
    app = team.app()
    found = told(app)
    assert found.not_read == ["logs", "metrics"]
    assert "(logs and metrics could not be read)" in found.markdown().splitlines()[0]
    assert not [one for one in found.warnings if "log" in one.message]
    api.requests.clear()
    assert told(app).not_read == ["logs", "metrics"]
    assert paths(api) == []


def test_the_next_status_asks_for_them_with_everything_else_and_once(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    serve(api, *recorded_log("archiver-failing"))
    app = team.app()
    first = told(app)
    asked = sorted(one.partition("?")[0] for one in paths(api))
    assert len(asked) == len(set(asked)) == 3
    api.requests.clear()
    assert ids(told(app)) == ids(first)
    assert sorted(one.partition("?")[0] for one in paths(api)) == asked


def test_what_is_known_already_is_not_told_twice(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    serve(api, *recorded_log("archiver-failing"), page="primary-archive-failing")
    found = ids(told(team.app()))
    assert len(found) == len(set(found))

from __future__ import annotations

import pytest

from gitops_mcp.answers.members import MemberState
from gitops_mcp.domain.plans.roles.declared_roles import LiveRoles
from gitops_mcp.errors import Forbidden, InvalidRequest, NotFound, Unavailable
from gitops_mcp.workflows.reading.members import ClusterReading, read_cluster
from tests.fakes.api import Answer, status
from tests.workflows.conftest import ABSENT, FORBIDDEN, GROUP, Api, Team, cluster, listed, live


def read(team: Team, namespace: str | None = None) -> ClusterReading:
    return read_cluster(team.app(), "db", namespace=namespace, environment=None)


def ids(found: ClusterReading) -> list[str]:
    return [one.id for one in found.warnings]


def test_git_and_the_api_are_read_and_the_namespace_is_that_of_git(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", listed())
    found = read(team)
    assert (found.ref.namespace, found.ref.name) == ("shop", "db")
    assert found.declared
    assert found.declared.place == "db.yaml:1"
    assert (found.cluster, found.warnings) == (live(), [])
    assert api.asked == [f"{GROUP}/namespaces/shop/clusters/db", f"{GROUP}/namespaces/shop/databaseroles"]


def test_a_cluster_that_only_the_api_knows_has_the_namespace_of_the_api(team: Team, api: Api) -> None:
    team.commit({})
    api.clusters(None, listed(live(namespace="billing")), named="db")
    found = read(team)
    assert (found.ref.namespace, found.declared) == ("billing", None)


def test_a_cluster_that_an_open_change_is_to_make_is_known(team: Team, api: Api) -> None:
    start = team.commit({"other.yaml": cluster("other")})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/new", "main")
    team.commit({"db.yaml": cluster()})
    team.git("checkout", "--quiet", "main")
    api.cluster("shop", "db", ABSENT)
    found = read(team)
    assert found.declared
    assert found.declared.place == "db.yaml:1"
    (change,) = found.proposed
    assert (change.name, change.before.commit) == ("new", start)
    assert [one.identity.name for one in change.after.clusters] == ["db", "other"]


def test_an_open_change_is_compared_with_where_it_left_the_base(team: Team, api: Api) -> None:
    start = team.commit({"db.yaml": cluster()})
    team.git("checkout", "--quiet", "-b", "gitops-mcp/more", "main")
    team.commit({"db.yaml": cluster(spec="{instances: 4}")})
    team.git("checkout", "--quiet", "main")
    team.commit({"other.yaml": cluster("other")})
    api.cluster("shop", "db", Answer(200, live()))
    (change,) = read(team).proposed
    assert change.before.commit == start
    team.merge("gitops-mcp/more", squash=True)
    assert read(team).proposed == ()


def test_a_cluster_that_nobody_knows_is_told_with_near_names(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster("dbs")})
    api.clusters(None, listed(), named="db")
    with pytest.raises(NotFound, match="dbs"):
        read(team)


def test_without_git_an_api_that_does_not_answer_is_the_error(
    team: Team, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitops_mcp.app import App
    from gitops_mcp.config import Flags

    monkeypatch.chdir(team.root.parent)
    api.cluster("shop", "db", status(503, "ServiceUnavailable", "down"))
    with pytest.raises(Unavailable):
        read_cluster(App.open(Flags()), "db", namespace="shop", environment=None)
    api.cluster("shop", "db", ABSENT)
    with pytest.raises(NotFound, match="no Cluster 'db' is live in"):
        read_cluster(App.open(Flags()), "db", namespace="shop", environment=None)


@pytest.mark.parametrize("delivery", ["git", "direct"])
def test_an_api_that_cannot_be_read_is_the_error_where_git_does_not_know_the_cluster(
    team: Team, api: Api, delivery: str
) -> None:
    team.commit({".gitops-mcp.yaml": f"environments: {{dev: {{delivery: {delivery}}}}}\n"})
    for answer, error in ((status(401, "Unauthorized", ""), Unavailable), (FORBIDDEN, Forbidden)):
        api.answers["*"] = answer
        with pytest.raises(error):
            read(team)


@pytest.mark.parametrize(
    ("answer", "near"),
    [
        pytest.param(listed(live("dbs")), "; there are: dbs", id="live names are near"),
        pytest.param(listed(), "", id="the list was read"),
        pytest.param(FORBIDDEN, "; other live names could not be looked for: list clusters.", id="it may not be read"),
    ],
)
def test_with_direct_delivery_a_cluster_that_nobody_knows_is_told_with_near_live_names(
    team: Team, api: Api, answer: Answer, near: str
) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {delivery: direct}}\n", "other.yaml": cluster("other")})
    api.clusters(None, listed(), named="db")
    api.clusters(None, answer)
    with pytest.raises(NotFound) as raised:
        read(team)
    told, _, live_names = str(raised.value).partition(" in dev")
    assert told == "cluster_name: no Cluster 'db' is live"
    assert live_names.startswith(near)
    assert bool(live_names) is bool(near)


def test_git_answers_where_the_api_does_not(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.cluster("shop", "db", status(503, "ServiceUnavailable", "down"))
    found = read(team)
    assert (found.live, ids(found)) == (None, ["live-unavailable"])


def test_git_answers_where_nothing_says_the_namespace_and_the_api_does_not_answer(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace=None)})
    api.answers["*"] = status(503, "ServiceUnavailable", "down")
    found = read(team)
    assert (found.ref.namespace, found.live, ids(found)) == (None, None, ["live-unavailable", "namespace-unknown"])
    assert found.warnings[1].message == (
        "nothing in the repository says the namespace of db.yaml:1: it has no metadata.namespace, and no engine object "
        "of this repository applies it; name it to see what is live there"
    )


def test_where_nothing_says_the_namespace_and_nothing_of_the_name_is_live_git_answers(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace=None)})
    api.clusters(None, listed(), named="db")
    found = read(team)
    assert (found.ref.namespace, found.live, ids(found)) == (None, LiveRoles(None, ()), ["namespace-unknown"])


def test_a_namespace_that_is_named_is_the_one_that_nothing_says(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster(namespace=None)})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", listed())
    found = read(team, "shop")
    assert (found.ref.namespace, found.cluster, found.warnings) == ("shop", live(), [])


def test_an_older_cnpg_has_no_roles_of_their_own_and_nothing_is_missing(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.cluster("shop", "db", Answer(200, live()))
    found = read(team)
    assert found.live
    assert (found.live.objects, found.warnings) == (None, [])


def test_roles_that_may_not_be_read_are_named_and_the_cluster_is_there(team: Team, api: Api) -> None:
    team.commit({"db.yaml": cluster()})
    api.cluster("shop", "db", Answer(200, live()))
    api.objects("databaseroles", FORBIDDEN)
    found = read(team)
    assert found.live
    assert (found.live.cluster, found.live.objects, ids(found)) == (live(), (), ["unreadable"])
    assert not found.whole


def test_a_cluster_of_a_namespace_that_is_not_allowed_is_not_shown(team: Team, api: Api) -> None:
    team.commit({".gitops-mcp.yaml": "environments: {dev: {namespaces: [shop]}}\n", "db.yaml": cluster(namespace="x")})
    api.cluster("x", "db", Answer(200, live(namespace="x")))
    with pytest.raises(InvalidRequest, match="'x' is not one of environment 'dev'"):
        read(team)


@pytest.mark.parametrize(
    ("delivery", "state", "told"),
    [
        pytest.param("git", "reconciled", "only_live", id="made by hand"),
        pytest.param("git", "failing", "failing", id="that it fails is told first"),
        pytest.param("direct", "reconciled", "reconciled", id="nothing is missing in Git"),
        pytest.param("direct", "pending", "pending", id="still on its way"),
        pytest.param("direct", "failing", "failing", id="failing in both"),
    ],
)
@pytest.mark.few(2)
def test_what_only_the_api_has(team: Team, api: Api, delivery: str, state: MemberState, told: MemberState) -> None:
    team.commit({".gitops-mcp.yaml": f"environments: {{dev: {{delivery: {delivery}}}}}\n", "db.yaml": cluster()})
    api.cluster("shop", "db", Answer(200, live()))
    assert read(team).live_only_state(state) == told

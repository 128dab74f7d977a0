from __future__ import annotations

import pytest

from gitops_mcp.errors import Forbidden, InvalidRequest, NotInstalled
from gitops_mcp.workflows.api_once import ApiOnce, ApisOnce
from gitops_mcp.workflows.reading.live_cluster import live_cluster, read_related
from tests.fakes.api import Answer, status
from tests.workflows.conftest import ABSENT, FORBIDDEN, GROUP, Api, Team, listed, live

NAMED = "fieldSelector=metadata.name%3Ddb"


def found(team: Team, namespace: str | None = None, allowed: str = "") -> tuple[object, object]:
    team.commit({".gitops-mcp.yaml": f"environments: {{dev: {{{allowed}}}}}\n"})
    app = team.app()
    settings, _ = app.settings()
    dev = settings.environments["dev"]
    return live_cluster(ApisOnce(app, settings).at_environment(dev), dev, "db", namespace)


@pytest.fixture
def once(team: Team, api: Api) -> ApiOnce:
    app = team.app()
    team.commit({})
    settings, _ = app.settings()
    (only,) = settings.environments.values()
    return ApisOnce(app, settings).at_environment(only)


def test_a_cluster_of_a_known_namespace_is_read_by_its_name(team: Team, api: Api) -> None:
    api.cluster("shop", "db", Answer(200, live()))
    assert found(team, "shop") == (live(), None)
    assert api.asked == [f"{GROUP}/namespaces/shop/clusters/db"]


def test_a_cluster_of_that_name_is_looked_for_everywhere(team: Team, api: Api) -> None:
    api.clusters(None, listed(live()), named="db")
    assert found(team) == (live(), None)


def test_it_is_looked_for_only_where_the_environment_may_reach(team: Team, api: Api) -> None:
    api.clusters("shop", listed(), named="db")
    api.clusters("billing", listed(live(namespace="billing")), named="db")
    assert found(team, allowed="namespaces: [shop, billing]") == (live(namespace="billing"), None)
    assert api.asked == [f"{GROUP}/namespaces/{one}/clusters" for one in ("shop", "billing")]


def test_where_there_is_none_that_is_no_error(team: Team, api: Api) -> None:
    api.cluster("shop", "db", ABSENT)
    assert found(team, "shop") == (None, None)
    api.clusters(None, listed(), named="db")
    assert found(team) == (None, None)


def test_a_name_in_two_namespaces_is_asked_about(team: Team, api: Api) -> None:
    api.clusters(None, listed(live(), live(namespace="billing")), named="db")
    with pytest.raises(InvalidRequest, match="dev has a Cluster 'db' in several: billing, shop; name one"):
        found(team)


def test_who_may_not_look_everywhere_looks_in_the_own_namespace(team: Team, api: Api) -> None:
    api.clusters(None, FORBIDDEN, named="db")
    api.clusters("shop", listed(live()), named="db")
    assert found(team) == (live(), None)


def test_that_it_is_not_in_the_own_namespace_does_not_mean_that_it_is_nowhere(team: Team, api: Api) -> None:
    api.clusters(None, FORBIDDEN, named="db")
    api.clusters("shop", listed(), named="db")
    cluster, why = found(team)
    assert cluster is None
    assert isinstance(why, Forbidden)


def test_rights_in_one_of_the_namespaces_are_enough_for_what_lies_in_it(team: Team, api: Api) -> None:
    api.clusters("shop", FORBIDDEN, named="db")
    api.clusters("billing", listed(live(namespace="billing")), named="db")
    assert found(team, allowed="namespaces: [shop, billing]") == (live(namespace="billing"), None)
    api.clusters("billing", listed(), named="db")
    cluster, why = found(team, allowed="namespaces: [shop, billing]")
    assert cluster is None
    assert isinstance(why, Forbidden)


def test_who_may_not_look_everywhere_is_told_both_ways_out(team: Team, api: Api) -> None:
    api.answers["*"] = FORBIDDEN
    _, why = found(team)
    assert isinstance(why, Forbidden)
    assert "to a ClusterRole" in str(why)
    assert str(why).endswith("or name the namespaces that this user may read in `namespaces:` of .gitops-mcp.yaml")


def test_an_api_without_cnpg_says_so(team: Team, api: Api) -> None:
    assert isinstance(found(team)[1], NotInstalled)


def test_what_belongs_to_a_cluster_is_read_by_its_label_or_in_its_namespace(once: ApiOnce, api: Api) -> None:
    pod = {"metadata": {"name": "db-1", "namespace": "shop"}}
    api.answers["/api/v1/namespaces/shop/pods?limit=500&labelSelector=cnpg.io%2Fcluster%3Ddb"] = listed(pod)
    api.objects("databases", listed({"metadata": {"name": "app", "namespace": "shop"}}))
    related, _ = read_related(once, live())
    assert [one["metadata"]["name"] for one in related.pods or ()] == ["db-1"]
    assert [one["metadata"]["name"] for one in related.databases or ()] == ["app"]


def test_a_part_that_cannot_be_read_is_named_and_the_rest_is_there(once: ApiOnce, api: Api) -> None:
    api.objects("databases", status(503, "ServiceUnavailable", "down"))
    api.objects("backups", FORBIDDEN)
    api.objects("poolers", listed())
    related, warnings = read_related(once, live())
    assert (related.databases, related.backups, related.poolers) == (None, None, ())
    unreadable = [one.message.split(" are missing")[0] for one in warnings if one.id == "unreadable"]
    assert unreadable == ["databases", "backups"]


def test_kinds_that_are_not_installed_are_told_in_one_warning_and_count_as_none(once: ApiOnce, api: Api) -> None:
    related, warnings = read_related(once, live())
    assert (related.object_stores, related.roles) == ((), ())
    (absent,) = [one.message for one in warnings if one.id == "not-installed"]
    assert "objectstores.barmancloud.cnpg.io" in absent
    assert "databaseroles.postgresql.cnpg.io" in absent
